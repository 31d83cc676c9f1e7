//! What a task answered.
//!
//! Bolt's rules to the letter, with its texts: plans and people match on them.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde_json::value::RawValue;

use crate::model::{ActionKind, Failure, Map, Output, ResultValue, TargetResult, Value, kinds};

use super::{
    attempt::{Attempt, error_value},
    talk::own_stderr,
};

/// The result of a task, out of what it wrote and how it ended.
#[must_use]
pub fn task_result(attempt: &Attempt<'_>, output: &Output) -> TargetResult {
    let stderr = match own_stderr(attempt.call, output) {
        Ok(stderr) => stderr,
        Err(failure) => return attempt.failed(ActionKind::Task, failure),
    };
    let Ok(stdout) = std::str::from_utf8(&output.stdout) else {
        let failure = task_failure("The task result contained invalid UTF-8 on stdout".to_owned());
        return attempt.failed(ActionKind::Task, failure);
    };
    let code = output.exit.code();
    if code == 0 && output.omitted == 0 && is_open_object(stdout) {
        let value = ResultValue::from_json_object(stdout.trim().to_owned());
        return attempt.result(ActionKind::Task, value, None);
    }
    let mut map = parsed(stdout);
    if output.omitted > 0 {
        let omitted = i64::try_from(output.omitted).unwrap_or(i64::MAX);
        map.insert("_omitted_bytes".to_owned(), omitted.into());
    }
    let failure = failure(attempt.object, &map, code, stdout, &stderr);
    let failure = failure.map(|failure| with_stderr(failure, &stderr));
    if let Some(failure) = &failure {
        let mut error = match map.shift_remove("_error") {
            Some(Value::Map(error)) if error.contains_key("msg") => error,
            _ => Map::new(),
        };
        if let Value::Map(completed) = error_value(failure) {
            for (key, value) in completed {
                error.entry(key).or_insert(value);
            }
        }
        map.insert("_error".to_owned(), Value::Map(error));
    }
    if let Some(secret) = map.get_mut("_sensitive") {
        *secret = Value::sensitive(std::mem::take(secret));
    }
    attempt.result(ActionKind::Task, ResultValue::new(map), failure)
}

/// The failure that an answer holds or that the exit code means.
fn failure(task: &str, map: &Map, code: i32, stdout: &str, stderr: &str) -> Option<Failure> {
    match map.get("_error") {
        None if code == 0 => None,
        // Null is no error of its own when the exit code tells of one.
        None | Some(Value::Null) if code != 0 => {
            let message = match (stdout.is_empty(), stderr.is_empty()) {
                (true, true) => format!("The task failed with exit code {code} and no output"),
                (true, false) => format!(
                    "The task failed with exit code {code} and no stdout, but stderr contained:\n{stderr}"
                ),
                _ => format!("The task failed with exit code {code}"),
            };
            Some(task_failure(message).with_detail("exit_code", i64::from(code)))
        }
        Some(Value::Map(error)) if error.contains_key("msg") => Some(given_failure(error)),
        other => {
            let original = other.cloned().unwrap_or_default();
            let message = format!(
                "Invalid error returned from task {task}: {}. Error must be an object with a msg key.",
                original.to_json()
            );
            Some(
                Failure::new(kinds::INVALID_TASK_ERROR, message)
                    .with_detail("original_error", original),
            )
        }
    }
}

/// The error that a task describes itself.
fn given_failure(error: &Map) -> Failure {
    let text = |key: &str| match error.get(key) {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.to_string()),
    };
    Failure {
        kind: text("kind").unwrap_or_else(|| kinds::UNNAMED.to_owned()),
        message: text("msg").unwrap_or_default(),
        details: match error.get("details") {
            Some(Value::Map(details)) => details.clone(),
            None | Some(Value::Null) => Map::new(),
            Some(other) => Map::from_iter([("details".to_owned(), other.clone())]),
        },
        issue_code: text("issue_code"),
    }
}

/// The failure with the last of what was said on standard error, where the message does not have it.
///
/// Bolt drops it as soon as there is anything on standard output, and with it the reason of many a failure.
fn with_stderr(failure: Failure, stderr: &str) -> Failure {
    /// A screen of it: the last words are those that say why.
    const BYTES_MAX: usize = 4096;

    let said = stderr.trim();
    if said.is_empty()
        || failure.message.contains(said)
        || failure.details.contains_key(Failure::STDERR)
    {
        return failure;
    }
    let mut start = said.len().saturating_sub(BYTES_MAX);
    while !said.is_char_boundary(start) {
        start += 1;
    }
    failure.with_detail(Failure::STDERR, &said[start..])
}

fn task_failure(message: String) -> Failure {
    Failure::new(kinds::TASK, message).with_issue_code("TASK_ERROR")
}

/// Whether the text is a JSON object that needs no second look: nothing in it is an error or secret.
///
/// Most answers are such, and then nothing of them has to be built.
fn is_open_object(text: &str) -> bool {
    // Deeper ones could not be read again, and only very few have that many brackets at all.
    const BRACKETS_MAX: usize = 120;
    text.bytes()
        .filter(|byte| matches!(byte, b'[' | b'{'))
        .nth(BRACKETS_MAX)
        .is_none()
        && serde_json::from_str::<IndexMap<Cow<'_, str>, &RawValue>>(text).is_ok_and(|object| {
            !object.contains_key("_error") && !object.contains_key("_sensitive")
        })
}

/// The object that the text is, or else the text as `_output`.
fn parsed(text: &str) -> Map {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Map(map)) => map,
        _ => Map::from_iter([("_output".to_owned(), text.into())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Exit, Status},
        task::payload::trial::Ask,
    };

    fn result(stdout: &[u8], stderr: &str, code: i32) -> TargetResult {
        let ask = Ask::new();
        let call = ask.call();
        let attempt = Attempt {
            call: &call,
            object: "mod::t",
            duration_ms: 12,
            attempts: 1,
        };
        task_result(
            &attempt,
            &Output {
                stdout: stdout.to_vec(),
                stderr: stderr.as_bytes().to_vec(),
                exit: Exit::Code(code),
                omitted: 0,
            },
        )
    }

    fn shown(stdout: &str, stderr: &str, code: i32) -> String {
        let result = result(stdout.as_bytes(), stderr, code);
        serde_json::to_string(&result.value).unwrap()
    }

    #[test]
    fn object_is_the_value_and_anything_else_is_output() {
        assert_eq!(
            shown("{\"b\":1,\"a\":{}}\n", "noise", 0),
            r#"{"b":1,"a":{}}"#
        );
        assert_eq!(shown("", "noise", 0), r#"{"_output":""}"#);
        assert_eq!(shown("hello\n", "", 0), r#"{"_output":"hello\n"}"#);
        assert_eq!(shown("[1,2]", "", 0), r#"{"_output":"[1,2]"}"#);
        assert_eq!(shown("{} trailing", "", 0), r#"{"_output":"{} trailing"}"#);
        assert_eq!(shown("{\"_output\":\"x\"}", "", 0), r#"{"_output":"x"}"#);
        assert!(result(b"{}", "", 0).is_ok());
    }

    #[test]
    fn exit_code_is_an_error_of_its_own() {
        let rendered = [
            shown("", "", 3),
            shown("", "no such host\n", 3),
            shown("half done", "no such host\n", 3),
            shown(r#"{"step":2}"#, "", 1),
            shown(r#"{"_error":null}"#, "", 1),
        ];
        insta::assert_snapshot!(rendered.join("\n"));
        let failed = result(b"", "no such host\n", 3);
        assert_eq!(failed.status, Status::Failed);
        let failure = failed.failure.unwrap();
        assert_eq!(
            failure.message,
            "The task failed with exit code 3 and no stdout, but stderr contained:\nno such host\n"
        );
        assert_eq!(failure.issue_code.as_deref(), Some("TASK_ERROR"));
        assert_eq!(failure.details["exit_code"], 3.into());
    }

    #[test]
    fn last_words_on_standard_error_are_kept_where_the_message_lacks_them() {
        let told = |stdout: &str, stderr: &str, code| {
            let failure = result(stdout.as_bytes(), stderr, code).failure.unwrap();
            let stderr: Vec<String> = failure.stderr_lines(2).map(str::to_owned).collect();
            stderr.join("|")
        };
        assert_eq!(told("half done", "a\nno such host\n", 3), "a|no such host");
        assert_eq!(told("half done", "a\nb\nc\n", 3), "b|c");
        assert_eq!(told(r#"{"_error":{"msg":"broken"}}"#, "why\n", 1), "why");
        assert_eq!(told(r#"{"_error":{"msg":"it: why"}}"#, "why\n", 1), "");
        assert_eq!(told("", "no such host\n", 3), "");
        let long = told("x", &"é".repeat(4000), 1);
        assert_eq!(long, "é".repeat(2048));
    }

    #[test]
    fn error_of_the_task_counts_whatever_the_code() {
        let rendered = [
            shown(r#"{"_error":{"msg":"broken"}}"#, "", 0),
            shown(
                r#"{"_error":{"msg":"broken","kind":"my/kind","details":{"line":7},"extra":true}}"#,
                "",
                2,
            ),
            shown(r#"{"_error":"broken"}"#, "", 0),
            shown(r#"{"_error":{"kind":"my/kind"}}"#, "", 1),
            shown(r#"{"_error":null}"#, "", 0),
        ];
        insta::assert_snapshot!(rendered.join("\n"));
        let failed = result(br#"{"_error":{"msg":"broken"},"left":1}"#, "", 0);
        assert_eq!(failed.status, Status::Failed);
        assert_eq!(failed.failure.unwrap().kind, kinds::UNNAMED);
        assert_eq!(failed.value.get("left"), Some(&1.into()));
        let invalid = result(br#"{"_error":5}"#, "", 0).failure.unwrap();
        assert_eq!(invalid.kind, kinds::INVALID_TASK_ERROR);
        assert_eq!(invalid.details["original_error"], 5.into());
    }

    #[test]
    fn sensitive_output_is_covered() {
        let result = result(br#"{"user":"ada","_sensitive":{"token":"hunter2"}}"#, "", 0);
        assert!(!format!("{result:?}").contains("hunter2"));
        assert!(!serde_json::to_string(&result).unwrap().contains("hunter2"));
        let secret = result.value.get("_sensitive").unwrap().revealed();
        assert_eq!(secret.as_map().unwrap()["token"], "hunter2".into());
    }

    #[test]
    fn invalid_utf8_loses_the_output_and_says_so() {
        let failed = result(b"{\"a\":\"\xff\"}", "", 0);
        assert_eq!(
            failed.failure.unwrap().message,
            "The task result contained invalid UTF-8 on stdout"
        );
        assert_eq!(failed.value.get("_output"), None);
    }

    #[test]
    fn object_too_deep_to_be_read_again_is_output() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
        let result = result(deep.as_bytes(), "", 0);
        assert_eq!(
            result.value.get("_output").unwrap().as_str(),
            Some(deep.as_str())
        );
    }

    #[test]
    fn setup_failure_is_not_the_tasks() {
        let ask = Ask::new();
        let call = ask.call();
        let attempt = Attempt {
            call: &call,
            object: "mod::t",
            duration_ms: 0,
            attempts: 1,
        };
        let output = |stderr: String, code| Output {
            stdout: Vec::new(),
            stderr: stderr.into_bytes(),
            exit: Exit::Code(code),
            omitted: 0,
        };
        let line = format!("segue:{}:tmpdir:mkdir: No space left on device\n", ask.run);
        let failure = task_result(&attempt, &output(line.clone(), 97))
            .failure
            .unwrap();
        assert_eq!(failure.kind, kinds::FILE);
        assert_eq!(failure.issue_code.as_deref(), Some("TMPDIR_ERROR"));
        assert!(
            failure.message.ends_with("mkdir: No space left on device"),
            "{failure}"
        );
        // Neither the code nor the line alone says it.
        for (stderr, code) in [("segue:other:tmpdir:x\n".to_owned(), 97), (line, 1)] {
            let failure = task_result(&attempt, &output(stderr, code))
                .failure
                .unwrap();
            assert_eq!(failure.kind, kinds::TASK);
        }
    }
}
