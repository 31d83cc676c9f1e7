//! How the run of a graph ended.

use super::StepIndex;
use crate::model::StepStatus;

/// What became of every step, and why the run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub ending: Ending,
    /// One for each step, by index.
    pub statuses: Vec<StepStatus>,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// There was nothing left to start. Steps may have failed or been skipped.
    Completed,
    /// The failure of this step ended it.
    StoppedBy(StepIndex),
    /// The failure of this step ended it, and what was done has been undone as far as it could be.
    RolledBackBy(StepIndex),
    /// Somebody asked for it.
    StopRequested,
}

impl Summary {
    /// No step failed, and none was left out because of a failure or a stop. A false condition is not a failure.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.ending == Ending::Completed && self.with_status(StepStatus::Failed).next().is_none()
    }

    /// The steps that ended so, as written.
    pub fn with_status(&self, status: StepStatus) -> impl Iterator<Item = StepIndex> {
        self.statuses
            .iter()
            .enumerate()
            .filter(move |(_, is)| **is == status)
            .map(|(position, _)| StepIndex::at(position))
    }

    /// The steps that a human has to look at after a rollback, as written: what failed may be half done, what has no
    /// undo is still done, and what could not be undone may be half undone. Empty if nothing was rolled back.
    pub fn needs_human(&self) -> impl Iterator<Item = (StepIndex, HumanReason)> {
        let rolled_back = matches!(self.ending, Ending::RolledBackBy(_));
        let reason = move |status: &StepStatus| match status {
            _ if !rolled_back => None,
            StepStatus::Failed => Some(HumanReason::HalfDone),
            StepStatus::Done => Some(HumanReason::HasNoUndo),
            StepStatus::UndoFailed => Some(HumanReason::UndoFailed),
            StepStatus::Skipped | StepStatus::Undone | StepStatus::Unreached => None,
        };
        self.statuses
            .iter()
            .enumerate()
            .filter_map(move |(position, status)| Some((StepIndex::at(position), reason(status)?)))
    }
}

/// Why a human has to look at a step after a rollback, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HumanReason {
    /// Its undo failed.
    UndoFailed,
    /// It failed, and only what was done to its end is undone.
    HalfDone,
    /// It was done and has no undo.
    HasNoUndo,
}

impl HumanReason {
    /// The reason in the words of a message: "`app` failed and may be half done".
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HalfDone => "failed and may be half done",
            Self::HasNoUndo => "was done and has no undo",
            Self::UndoFailed => "could not be undone",
        }
    }
}
