//! One effect as the journal knows it.

use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;

use crate::{
    event::{Asked, Reply},
    model::{Status, TargetName, TargetResult, kinds},
    task::RunId,
};

/// What is recorded of one effect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// Nothing for what is only said, such as a message.
    pub asked: Option<Asked>,
    /// The number of the event that first started it.
    pub started_seq: u64,
    pub started_at: Option<Timestamp>,
    /// In the order in which they were first started or answered.
    pub targets: IndexMap<TargetName, TargetRecord>,
    pub reply: Option<Reply>,
    pub approval: Option<Approval>,
    /// Its failure ended the plan, and it was not started again since.
    pub ended_plan: bool,
}

/// What is recorded of one target of an effect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetRecord {
    /// Its last result.
    pub result: Option<Arc<TargetResult>>,
    /// Its last start.
    pub started: Option<Started>,
    /// Nothing is recorded of the end of that start.
    pub is_open: bool,
}

/// One start of an action on a target. The number of its event tells it from every other start of the job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Started {
    pub seq: u64,
    pub at: Timestamp,
    /// Counted from 1 in each life of the controller.
    pub attempt: u32,
    /// What the target keeps the outcome under, if it keeps it.
    pub run: Option<RunId>,
}

/// What is recorded of an approval.
#[derive(Clone, Debug, PartialEq)]
pub struct Approval {
    pub asked_at: Timestamp,
    pub given: Option<ApprovalGiven>,
}

/// The answer to an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalGiven {
    pub who: String,
    pub approved: bool,
    pub comment: String,
}

/// What has to be done about a target when its effect is performed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Its result stands.
    Nothing,
    /// It was started and what became of it is not known.
    Ask(Started),
    /// It has no result that could stand.
    Run,
}

impl TargetRecord {
    /// `caught` says that failures of this effect are data to the plan: then they stand too.
    pub(super) fn due(&self, caught: bool) -> Due {
        let ask = self.started.map_or(Due::Run, Due::Ask);
        if self.is_open {
            return ask;
        }
        let Some(result) = &self.result else {
            return Due::Run;
        };
        match result.status {
            Status::Succeeded => Due::Nothing,
            Status::Lost => ask,
            Status::Failed if caught && !was_stopped(result) => Due::Nothing,
            Status::Failed | Status::Unreached | Status::Skipped => Due::Run,
        }
    }
}

/// Ended by us and not by itself.
fn was_stopped(result: &TargetResult) -> bool {
    result
        .failure
        .as_ref()
        .is_some_and(|failure| failure.kind == kinds::STOPPED)
}

impl Entry {
    /// Whether the recorded reply is the answer when the effect is asked again.
    pub(super) fn is_settled(&self) -> bool {
        !self.ended_plan
            && self
                .reply
                .as_ref()
                .is_some_and(|reply| *reply != Reply::Stopped)
    }

    /// Forgets what came of it: what it did was undone.
    pub(super) fn void(&mut self) {
        self.targets.clear();
        self.reply = None;
        self.approval = None;
        self.ended_plan = false;
        self.started_at = None;
    }
}
