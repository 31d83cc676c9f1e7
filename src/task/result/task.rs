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
