//! What went wrong on a target or in an effect, as data that plans, events and JSON carry.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Map;

/// The `_error` object of the task contract: a kind to branch on, a message to read, details to look into.
///
/// A failure is part of a result. It is never a Rust error: those mean that Segue could not do its own work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable word to branch on, such as `puppetlabs.tasks/task-error` or `segue/timeout`.
    pub kind: String,
    #[serde(rename = "msg")]
    pub message: String,
    #[serde(default)]
    pub details: Map,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue_code: Option<String>,
}

/// The kinds of failure that Segue itself gives. Those of tasks are the tasks' own.
///
/// Where Bolt has a word for the same thing it is kept, because scripts branch on it.
pub mod kinds {
    pub const TASK: &str = "puppetlabs.tasks/task-error";
    pub const COMMAND: &str = "puppetlabs.tasks/command-error";
    pub const CONNECT: &str = "puppetlabs.tasks/connect-error";
    pub const ESCALATE: &str = "puppetlabs.tasks/escalate-error";
    pub const FILE: &str = "puppetlabs.tasks/task_file_error";
    pub const INVALID_TASK_ERROR: &str = "bolt/invalid-task-error";
    /// The kind of an `_error` that has none of its own.
    pub const UNNAMED: &str = "bolt/error";
    pub const VALIDATION: &str = "bolt/validation-error";
    pub const NO_IMPLEMENTATION: &str = "bolt/no-implementation";
    pub const UNKNOWN_TASK: &str = "bolt/unknown-task";
    pub const UNKNOWN_PLAN: &str = "bolt/unknown-plan";
    pub const RUN_FAILURE: &str = "bolt/run-failure";
    /// More targets failed than the action's budget bears.
    pub const OVER_BUDGET: &str = "segue/over-budget";
    pub const PLAN_FAILURE: &str = "bolt/plan-failure";
    /// The action ran longer than its timeout and was ended on the target.
    pub const TIMEOUT: &str = "segue/timeout";
    /// The connection broke while the action ran, so what became of it is not known.
    pub const LOST: &str = "segue/lost";
    /// The target was not reached, because the action or the job ended before its turn came.
    pub const UNREACHED: &str = "segue/unreached";
    /// The action was ended because the job was stopped.
    pub const STOPPED: &str = "segue/stopped";
    /// The effect could not be performed on the controller: a file, a prompt, a variable.
    pub const EFFECT: &str = "segue/effect-error";
}

impl Failure {
    /// The detail with the last of what a task said on standard error.
    pub const STDERR: &'static str = "stderr";

    /// A failure with no details yet.
    pub fn new(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            message: message.into(),
            details: Map::new(),
            issue_code: None,
        }
    }

    /// The same failure with one more detail.
    #[must_use]
    pub fn with_detail(mut self, key: &str, value: impl Into<super::Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    /// The last lines that a task said on standard error before it failed, where the message does not have them.
    pub fn stderr_lines(&self, lines_max: usize) -> impl Iterator<Item = &str> {
        let said = self
            .details
            .get(Self::STDERR)
            .and_then(super::Value::as_str);
        let said = said.unwrap_or_default();
        let skipped = said.lines().count().saturating_sub(lines_max);
        said.lines().skip(skipped)
    }

    /// The same failure with Bolt's code for its cause, such as `AUTH_ERROR`.
    #[must_use]
    pub fn with_issue_code(mut self, code: &str) -> Self {
        self.issue_code = Some(code.to_owned());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
