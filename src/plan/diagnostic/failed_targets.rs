//! The failed targets of an action, for a person: what happened where, without saying the same twice.

use crate::model::{Failure, ResultSet, Status, TargetResult, a_few};

/// How many different failures are shown. More than a screen helps nobody; the results are kept.
const FAILURES_MAX: usize = 5;
/// How many names stand before a failure that many targets share.
const NAMES_MAX: usize = 5;
/// How many of its last lines are shown of what a failed process wrote.
const LINES_MAX: usize = 3;

/// One line or more for each failure, targets with the same one together, and a line for those left out.
pub(super) fn failed_targets(results: &ResultSet) -> Vec<String> {
    let mut groups: Vec<(String, Vec<&TargetResult>)> = Vec::new();
    for result in results.iter().filter(|result| !result.is_ok()) {
        let reason = reason(result);
        match groups.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, members)) => members.push(result),
            None => groups.push((reason, vec![result])),
        }
    }
    let mut lines: Vec<String> = groups
        .iter()
        .take(FAILURES_MAX)
        .flat_map(|(reason, members)| group_lines(reason, members))
        .collect();
    let left: usize = groups
        .iter()
        .skip(FAILURES_MAX)
        .map(|(_, members)| members.len())
        .sum();
    if left > 0 {
        let targets = if left == 1 { "target" } else { "targets" };
        lines.push(format!("... and {left} more {targets} with other failures"));
    }
    lines
}

fn reason(result: &TargetResult) -> String {
    match (&result.failure, result.status) {
        (Some(failure), _) => failure.message.trim().to_owned(),
        (None, Status::Unreached) => "was not reached".to_owned(),
        (None, Status::Skipped) => "was skipped".to_owned(),
        (None, Status::Lost) => "was started; what became of it is not known".to_owned(),
        (None, _) => "failed".to_owned(),
    }
}

fn group_lines(reason: &str, members: &[&TargetResult]) -> Vec<String> {
    let names = a_few(members.iter().map(|result| &result.target), NAMES_MAX);
    let mut reason_lines = reason.lines();
    let mut lines = vec![format!(
        "{names}: {}",
        reason_lines.next().unwrap_or_default()
    )];
    lines.extend(reason_lines.take(LINES_MAX).map(|line| format!("  {line}")));
    if let [only] = members {
        lines.extend(last_output(only, reason));
    }
    lines
}

/// The last lines that the process wrote, if they are not in the message already.
fn last_output(result: &TargetResult, reason: &str) -> Vec<String> {
    let said = result.failure.as_ref().and_then(|failure| {
        let stderr = failure.details.get(Failure::STDERR);
        stderr?.as_str()
    });
    let written = ["stderr", "_output", "stdout"]
        .iter()
        .filter_map(|key| result.value.get(key)?.as_str());
    let text = said
        .into_iter()
        .chain(written)
        .find(|text| !text.trim().is_empty())
        .unwrap_or_default();
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(LINES_MAX)..]
        .iter()
        .filter(|line| !reason.contains(line.trim()))
        .map(|line| format!("  | {line}"))
        .collect()
}
