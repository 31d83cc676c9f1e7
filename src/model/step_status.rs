//! How a step of a graph ends: one of these, once.

use serde::{Deserialize, Serialize};

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    Done,
    Failed,
    Skipped,
    Undone,
    /// Its `undo` failed: a human has to look.
    UndoFailed,
    /// It never started, because the run ended first.
    Unreached,
}
