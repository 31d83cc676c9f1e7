//! One job as `job show` prints it: in the layout of Puppet's `job show`, failures first.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::{self, Write as _},
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};

use super::{cut_cleanup::CutCleanup, json::status_word};
use crate::{
    event::{EffectView, JobKind, JobView, Reply, StepView},
    model::{
        Failure, Map, Secret, Status, StepStatus, TargetName, TargetResult, Value, format_duration,
    },
};

/// How many columns labels take.
const LABEL_WIDTH: usize = 14;
/// The dashes below the head of a section: as many as a narrow window has columns.
const RULE_WIDTH: usize = 60;
/// Descriptions of effects are cut to this in tables: the rest is in their results.
const OBJECT_MAX: usize = 48;

/// The page of one job.
pub struct JobPage<'a> {
    pub view: &'a JobView,
    /// How it stands, which its events alone can't tell: its process may be gone.
    pub state: &'a str,
    /// The process that runs it, if one does.
    pub holder: Option<String>,
}

impl fmt::Display for JobPage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut page = String::new();
        self.head(&mut page)?;
        self.what(&mut page)?;
        if self.view.what == Some(JobKind::Plan) {
            self.steps(&mut page)?;
            self.effects(&mut page)?;
            self.cut_cleanups(&mut page)?;
        }
        if let Some(failure) = &self.view.failure {
            section(&mut page, "ERROR")?;
            for line in failure.message.lines() {
                writeln!(page, "{line}")?;
            }
        }
        self.targets(&mut page)?;
        f.write_str(&page)
    }
}

impl JobPage<'_> {
    fn head(&self, page: &mut String) -> fmt::Result {
        let view = self.view;
        label(page, "Job ID", view.job.as_ref())?;
        label(page, "Status", Some(self.state))?;
        label(page, "Run by", self.holder.as_ref())?;
        label(page, "Job type", view.what.map(JobKind::as_str))?;
        label(page, "Start time", view.started_at.map(local_time))?;
        label(page, "Finish time", view.finished_at.map(local_time))?;
        let took = view
            .started_at
            .zip(view.finished_at)
            .map(|(start, end)| format_duration(end.duration_since(start).unsigned_abs()));
        label(page, "Duration", took)?;
        let origin = &view.origin;
        label(page, "User", not_empty(&origin.user))?;
        label(page, "Host", not_empty(&origin.host))?;
        label(page, "Project", not_empty(&origin.project))?;
        label(page, "Segue", not_empty(&origin.segue))?;
        // As much of the hash as tells versions of a plan apart.
        label(page, "Plan version", origin.plan_hash.get(..12))?;
        let targets = view.target_counts().total().max(view.targets.len());
        label(page, "Targets", (targets > 0).then_some(targets))?;
        for resume in &view.resumes {
            let origin = &resume.origin;
            let by = [&origin.user, &origin.host]
                .into_iter()
                .filter(|name| !name.is_empty())
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join("@");
            let mut told = vec![local_time(resume.at)];
            told.extend((!by.is_empty()).then(|| format!("by {by}")));
            told.extend(resume.flags.iter().cloned());
            label(page, "Resumed", Some(told.join("  ")))?;
        }
        Ok(())
    }

    fn what(&self, page: &mut String) -> fmt::Result {
        let view = self.view;
        let kind = view.what.map_or("job", JobKind::as_str);
        let mut title = kind.to_owned();
        title[..1].make_ascii_uppercase();
        let name = match view.what {
            Some(JobKind::Command) => "",
            _ => " name",
        };
        writeln!(page, "\n{title}{name}: {}", view.object)?;
        if !view.params.is_empty() {
            writeln!(page, "{title} parameters:")?;
            entries(page, &view.params, 2)?;
        }
        if view.value != Value::Null {
            writeln!(page, "Value: {}", view.value)?;
        }
        Ok(())
    }

    fn steps(&self, page: &mut String) -> fmt::Result {
        if self.view.steps.is_empty() {
            return Ok(());
        }
        section(page, &format!("STEPS ({})", self.view.steps.len()))?;
        let mut steps: Vec<(&String, &StepView)> = self
            .view
            .steps
            .iter()
            .map(|((_, name), step)| (name, step))
            .collect();
        steps.sort_by_key(|(_, step)| !is_bad(step.status));
        let width = width_of(steps.iter().map(|(name, _)| name.as_str()));
        for (name, step) in steps {
            let took = step
                .started_at
                .zip(step.finished_at)
                .map(|(start, end)| format_duration(end.duration_since(start).unsigned_abs()));
            let because = step
                .failure
                .as_ref()
                .map(|failure| first_line(&failure.message).to_owned())
                .or_else(|| step.because.clone());
            let line = format!(
                "{:<12}{name:width$}  {:<10}  {}",
                step_word(step.status),
                took.unwrap_or_default(),
                because.unwrap_or_default()
            );
            writeln!(page, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn effects(&self, page: &mut String) -> fmt::Result {
        let effects: Vec<_> = self
            .view
            .effects
            .iter()
            // Those of the controller are many, small and never what somebody looks for, unless they failed.
            .filter(|(_, effect)| effect.asked.action.is_some() || is_failed(effect))
            .collect();
        if effects.is_empty() {
            return Ok(());
        }
        section(page, &format!("EFFECTS ({})", effects.len()))?;
        for (id, effect) in effects {
            let asked = &effect.asked;
            let object = asked.description.as_deref().unwrap_or(&asked.object);
            let object: String = first_line(object).chars().take(OBJECT_MAX).collect();
            let line = format!(
                "{:<12}{} {object}  {}  {id}",
                effect_word(effect),
                asked.function,
                counted(effect),
            );
            writeln!(page, "{line}")?;
        }
        Ok(())
    }

    fn cut_cleanups(&self, page: &mut String) -> fmt::Result {
        let cut: Vec<CutCleanup<'_>> = self.view.cut_cleanups().map(CutCleanup).collect();
        if cut.is_empty() {
            return Ok(());
        }
        section(page, &format!("NOT CLEANED UP ({})", cut.len()))?;
        cut.iter().try_for_each(|cut| writeln!(page, "{cut}"))
    }

    /// Targets by the worst that happened on them, failures first.
    fn targets(&self, page: &mut String) -> fmt::Result {
        let is_plan = self.view.what == Some(JobKind::Plan);
        let mut of_target: HashMap<&TargetName, usize> = HashMap::new();
        let mut targets: Vec<(&TargetName, Vec<&TargetResult>, Status)> = Vec::new();
        // In the order in which they were named, not in that in which they answered.
        let named = self.view.effects.values().flat_map(|effect| {
            let names = effect.asked.targets.iter();
            names.filter_map(|name| effect.results.get(name))
        });
        for result in named {
            let at = *of_target.entry(&result.target).or_insert_with(|| {
                targets.push((&result.target, Vec::new(), result.status));
                targets.len() - 1
            });
            let (_, results, worst) = &mut targets[at];
            results.push(result);
            if rank(result.status) < rank(*worst) {
                *worst = result.status;
            }
        }
        let total = targets.len();
        let mut sections: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
        for (at, (_, _, worst)) in targets.iter().enumerate() {
            sections.entry(rank(*worst)).or_default().push(at);
        }
        for members in sections.values() {
            let status = targets[members[0]].2;
            let head = format!("{} ({}/{total})", head(status), members.len());
            section(page, &head)?;
            for at in members {
                let (target, results, _) = &targets[*at];
                writeln!(page, "{target}")?;
                for result in results {
                    if is_plan && result.is_ok() {
                        continue;
                    }
                    if is_plan {
                        let object = first_line(&result.object);
                        writeln!(page, "    {object}: {}", status_word(result.status))?;
                    }
                    answer(page, result)?;
                }
            }
        }
        self.running(page)
    }

    fn running(&self, page: &mut String) -> fmt::Result {
        let running = self
            .view
            .effects
            .values()
            .filter(|view| view.reply.is_none());
        let names: Vec<String> = running
            .flat_map(|effect| {
                let object = first_line(&effect.asked.object);
                let names = effect.running.keys();
                names.map(move |target| format!("{target}  {object}"))
            })
            .collect();
        if names.is_empty() {
            return Ok(());
        }
        section(page, &format!("RUNNING ({})", names.len()))?;
        names.iter().try_for_each(|name| writeln!(page, "{name}"))
    }
}

/// A time as the person at this terminal reads it.
#[must_use]
pub fn local_time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system())
        .strftime("%Y-%m-%d %H:%M:%S %Z")
        .to_string()
}

fn label(page: &mut String, name: &str, value: Option<impl fmt::Display>) -> fmt::Result {
    match value {
        Some(value) => {
            let name = format!("{name}:");
            writeln!(page, "{name:LABEL_WIDTH$}{value}")
        }
        None => Ok(()),
    }
}

fn not_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn section(page: &mut String, head: &str) -> fmt::Result {
    writeln!(page, "\n{head}\n{}", "-".repeat(RULE_WIDTH))
}

/// What a target answered, indented: the error, then what it wrote or the entries of its value.
fn answer(page: &mut String, result: &TargetResult) -> fmt::Result {
    if let Some(failure) = &result.failure {
        error(page, failure)?;
    }
    for (key, entry) in result.value.map() {
        match (key.as_str(), entry) {
            ("_error" | "exit_code" | "merged_output", _) => {}
            ("_output" | "stdout", Value::String(text)) => written(page, "STDOUT", text)?,
            ("stderr", Value::String(text)) => written(page, "STDERR", text)?,
            _ => value(page, key, entry, 4)?,
        }
    }
    Ok(())
}

fn error(page: &mut String, failure: &Failure) -> fmt::Result {
    let mut lines = failure.message.lines();
    writeln!(page, "    Error: {}", lines.next().unwrap_or(&failure.kind))?;
    lines.try_for_each(|line| writeln!(page, "      {line}"))?;
    let said: Vec<&str> = failure.stderr_lines(usize::MAX).collect();
    written(page, "stderr", &said.join("\n"))
}

fn written(page: &mut String, stream: &str, text: &str) -> fmt::Result {
    if text.trim().is_empty() {
        return Ok(());
    }
    writeln!(page, "    {stream}:")?;
    text.lines()
        .try_for_each(|line| writeln!(page, "      {line}"))
}

fn entries(page: &mut String, map: &Map, indent: usize) -> fmt::Result {
    map.iter()
        .try_for_each(|(key, entry)| value(page, key, entry, indent))
}

fn value(page: &mut String, key: &str, entry: &Value, indent: usize) -> fmt::Result {
    match entry {
        Value::Map(map) if !map.is_empty() => {
            writeln!(page, "{:indent$}{key} :", "")?;
            entries(page, map, indent + 2)
        }
        Value::String(text) if text.contains('\n') => {
            writeln!(page, "{:indent$}{key} :", "")?;
            let inner = indent + 2;
            text.lines()
                .try_for_each(|line| writeln!(page, "{:inner$}{line}", ""))
        }
        Value::Sensitive(_) => {
            writeln!(page, "{:indent$}{key} : {}", "", Secret::<()>::REDACTED)
        }
        other => writeln!(page, "{:indent$}{key} : {other}", ""),
    }
}

/// Failures first.
const fn rank(status: Status) -> u8 {
    match status {
        Status::Failed => 0,
        Status::Lost => 1,
        Status::Unreached => 2,
        Status::Skipped => 3,
        Status::Succeeded => 4,
    }
}

const fn head(status: Status) -> &'static str {
    match status {
        Status::Failed => "FAILED",
        Status::Lost => "LOST",
        Status::Unreached => "UNREACHED",
        Status::Skipped => "SKIPPED",
        Status::Succeeded => "SUCCEEDED",
    }
}

const fn is_bad(status: Option<StepStatus>) -> bool {
    matches!(status, Some(StepStatus::Failed | StepStatus::UndoFailed))
}

const fn step_word(status: Option<StepStatus>) -> &'static str {
    match status {
        None => "running",
        Some(StepStatus::Done) => "done",
        Some(StepStatus::Failed) => "failed",
        Some(StepStatus::Skipped) => "skipped",
        Some(StepStatus::Undone) => "undone",
        Some(StepStatus::UndoFailed) => "undo failed",
        Some(StepStatus::Unreached) => "unreached",
    }
}

fn is_failed(effect: &EffectView) -> bool {
    matches!(effect.reply, Some(Reply::Failed { .. }))
}

fn effect_word(effect: &EffectView) -> &'static str {
    let counts = effect.counts();
    match &effect.reply {
        None => "open",
        Some(Reply::Stopped) => "stopped",
        Some(Reply::Failed { .. }) => "failed",
        Some(_) if counts.succeeded < counts.total() => "failed",
        Some(_) => "done",
    }
}

/// How its targets ended, and how long it took.
fn counted(effect: &EffectView) -> String {
    let counts = effect.counts();
    let total = effect.asked.targets.len();
    let took = effect
        .finished_at
        .map(|end| end.duration_since(effect.started_at).unsigned_abs())
        .map(|took| {
            format!(
                " in {}",
                format_duration(Duration::from_millis(millis(took)))
            )
        })
        .unwrap_or_default();
    format!("{}/{total} ok{took}", counts.succeeded)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn width_of<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(|name| name.chars().count()).max().unwrap_or(0)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
