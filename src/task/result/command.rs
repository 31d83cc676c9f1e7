//! What a command or a script answered.

use crate::model::{ActionKind, Failure, Map, Output, ResultValue, TargetResult, Value, kinds};

use super::{
    attempt::{Attempt, error_value},
    talk::own_stderr,
};

/// The result of a command.
#[must_use]
pub fn command_result(attempt: &Attempt<'_>, output: &Output) -> TargetResult {
    result(attempt, ActionKind::Command, output)
}

/// The result of a script. Its keys and texts are those of a command.
#[must_use]
pub fn script_result(attempt: &Attempt<'_>, output: &Output) -> TargetResult {
    result(attempt, ActionKind::Script, output)
}

fn result(attempt: &Attempt<'_>, action: ActionKind, output: &Output) -> TargetResult {
    let stderr = match own_stderr(attempt.call, output) {
        Ok(stderr) => stderr,
        Err(failure) => return attempt.failed(action, failure),
    };
    let stdout = String::from_utf8_lossy(&output.stdout);
    let code = i64::from(output.exit.code());
    let mut map = Map::new();
    // The two streams come on two ways and their order is not known, so the one follows the other.
    let merged = format!("{stdout}{stderr}");
    map.insert("stdout".to_owned(), Value::from(&*stdout));
    map.insert("stderr".to_owned(), Value::from(&*stderr));
    map.insert("merged_output".to_owned(), merged.into());
    map.insert("exit_code".to_owned(), code.into());
    if output.omitted > 0 {
        let omitted = i64::try_from(output.omitted).unwrap_or(i64::MAX);
        map.insert("_omitted_bytes".to_owned(), omitted.into());
    }
    let failure = (code != 0).then(|| {
        Failure::new(
            kinds::COMMAND,
            format!("The command failed with exit code {code}"),
        )
        .with_issue_code("COMMAND_ERROR")
        .with_detail("exit_code", code)
    });
    if let Some(failure) = &failure {
        map.insert("_error".to_owned(), error_value(failure));
    }
    attempt.result(action, ResultValue::new(map), failure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Exit, task::payload::trial::Ask};

    #[test]
    fn value_has_both_streams_and_the_code() {
        let ask = Ask::new();
        let call = ask.call();
        let attempt = Attempt {
            call: &call,
            object: "make",
            duration_ms: 0,
            attempts: 1,
        };
        let output = |code| Output {
            stdout: b"built\n".to_vec(),
            stderr: b"warned \xff\n".to_vec(),
            exit: Exit::Code(code),
            omitted: 0,
        };
        let done = command_result(&attempt, &output(0));
        assert_eq!(
            serde_json::to_string(&done.value).unwrap(),
            r#"{"stdout":"built\n","stderr":"warned �\n","merged_output":"built\nwarned �\n","exit_code":0}"#
        );
        let failed = script_result(&attempt, &output(2));
        assert_eq!(failed.action, ActionKind::Script);
        let failure = failed.failure.unwrap();
        assert_eq!(failure.message, "The command failed with exit code 2");
        assert_eq!(failure.issue_code.as_deref(), Some("COMMAND_ERROR"));
        assert_eq!(failed.value.get("exit_code"), Some(&2.into()));
    }
}
