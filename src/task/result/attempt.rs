//! What the caller knows of a run that is over.

use crate::{
    model::{ActionKind, Failure, Map, ResultValue, Status, TargetResult, Value},
    task::Call,
};

/// The run, and what a result says of it beside its output.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub call: &'a Call<'a>,
    /// The name of the task, the command, or the path.
    pub object: &'a str,
    pub duration_ms: u64,
    /// Counted from 1; 0 if it was never started.
    pub attempts: u32,
}

impl Attempt<'_> {
    pub(super) fn result(
        &self,
        action: ActionKind,
        value: ResultValue,
        failure: Option<Failure>,
    ) -> TargetResult {
        TargetResult {
            target: self.call.target.name.clone(),
            action,
            object: self.object.to_owned(),
            status: match failure {
                Some(_) => Status::Failed,
                None => Status::Succeeded,
            },
            value,
            failure,
            duration_ms: self.duration_ms,
            attempts: self.attempts,
        }
    }

    pub(super) fn failed(&self, action: ActionKind, failure: Failure) -> TargetResult {
        unsuccessful_result(self, action, Status::Failed, failure)
    }
}

/// The result of a target that gave no output: it was not reached, was lost, or nothing could be set up.
#[must_use]
pub fn unsuccessful_result(
    attempt: &Attempt<'_>,
    action: ActionKind,
    status: Status,
    failure: Failure,
) -> TargetResult {
    let mut map = Map::new();
    map.insert("_error".to_owned(), error_value(&failure));
    TargetResult {
        status,
        ..attempt.result(action, ResultValue::new(map), Some(failure))
    }
}

/// The `_error` of a value.
pub(super) fn error_value(failure: &Failure) -> Value {
    let mut map = Map::new();
    map.insert("kind".to_owned(), failure.kind.as_str().into());
    if let Some(code) = &failure.issue_code {
        map.insert("issue_code".to_owned(), code.as_str().into());
    }
    map.insert("msg".to_owned(), failure.message.as_str().into());
    map.insert("details".to_owned(), failure.details.clone().into());
    Value::Map(map)
}
