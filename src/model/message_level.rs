//! The loudness of what a plan says.

use serde::{Deserialize, Serialize};

/// How loud a message of a plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageLevel {
    Trace,
    Debug,
    Info,
    /// `print`: what the plan says to its user.
    Print,
    Warn,
    Error,
}
