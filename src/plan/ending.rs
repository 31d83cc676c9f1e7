//! Why a branch of a plan ended without an answer and without an error that the plan could catch.

use std::fmt;

use rhai::{Dynamic, EvalAltResult, Position};

/// The token of an error that no script can catch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The job is being stopped.
    Stopped,
    /// An answer comes after this process is gone.
    Suspended,
    /// Whoever waited for the branch no longer does: its time was over, or the plan failed elsewhere.
    Cancelled,
    /// The plan computed for longer than [`super::Limits::operations`] allows.
    TooManyOperations,
    /// The process took more memory than [`super::Limits::memory_bytes`] allows.
    TooMuchMemory,
    /// Calls were nested so deeply that the stack of the branch was used up.
    StackUsedUp,
    /// More branches live at once than there is room for, and they wait for each other.
    TooManyBranches,
    /// Everything waits for something that can't happen.
    Deadlock,
}

impl Ending {
    /// The error that carries it through a script.
    #[must_use]
    pub(super) fn into_error(self, position: Position) -> Box<EvalAltResult> {
        Box::new(EvalAltResult::ErrorTerminated(
            Dynamic::from(self),
            position,
        ))
    }

    /// The ending that an error carries, if it carries one.
    pub(super) fn of(error: &EvalAltResult) -> Option<Self> {
        match error.unwrap_inner() {
            EvalAltResult::ErrorTerminated(token, _) => token.clone().try_cast::<Self>(),
            _ => None,
        }
    }
}

impl Ending {
    /// The code of the diagnostic.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::TooMuchMemory => "segue::plan::too_large",
            _ => "segue::plan::ended",
        }
    }

    /// What to look at, if it is the plan's own doing.
    pub(super) const fn help(self) -> Option<&'static str> {
        match self {
            Self::Stopped | Self::Suspended | Self::Cancelled => None,
            Self::TooManyOperations => Some("look for a loop that never ends"),
            Self::TooMuchMemory => Some("look for a list, a map or a text that grows in a loop"),
            Self::StackUsedUp => Some("look for a function that calls itself without an end"),
            Self::TooManyBranches => Some(
                "give the outer `parallel` a limit: `parallel(items, |item| ..., #{ limit: 100 })`",
            ),
            Self::Deadlock => Some("look for a future that is waited for by its own branch"),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped => "the job was stopped",
            Self::Suspended => "the job waits for an answer from outside",
            Self::Cancelled => "nobody waits for this branch any more",
            Self::TooManyOperations => "the plan computed for longer than it may",
            Self::TooMuchMemory => "what the plan holds grew larger than it may",
            Self::StackUsedUp => "calls are nested too deeply",
            Self::TooManyBranches => "too many branches wait for each other",
            Self::Deadlock => "the plan waits for something that can't happen",
        })
    }
}
