//! The right to run a job and to write its events: one process has it at a time.

use crate::model::{JobId, TargetName};

/// The right to run one job. Whoever takes the job over gets another token, and what is still written
/// with the old one is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub job: JobId,
    /// The number of the last event that is kept: 0 for a new job. [`crate::event::Stream`] goes on from it.
    pub seq_last: u64,
    pub(super) token: i64,
}

/// A target that another job holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockConflict {
    pub target: TargetName,
    pub job: JobId,
}
