//! The states of a step, and the one table of how they follow each other.

use std::fmt;

use thiserror::Error;

use crate::model::StepStatus;

/// Where a step of a running graph stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Something that it comes after has not ended.
    Waiting,
    /// It may start as soon as the limits allow.
    Ready,
    Running,
    Done,
    Failed,
    /// Its condition was false, or something that it comes after failed.
    Skipped,
    Undoing,
    Undone,
    /// A human has to look.
    UndoFailed,
    /// The run ended before it was started.
    Unreached,
}

/// What happens to a single step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StateEvent {
    /// All that it comes after has ended in a way that lets it go on.
    Released,
    Started,
    Finished,
    Failed,
    /// Its `when` was false.
    ConditionFalse,
    /// A step that it comes after, directly or not, failed.
    DependencyFailed,
    /// Nothing more is started.
    RunEnded,
    UndoStarted,
    UndoFinished,
    UndoFailed,
}

/// An event that can't happen to a step in that state: whoever drives the graph told something twice or too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a step that is {state} can't be told that it {event}")]
pub struct IllegalEvent {
    pub state: State,
    pub event: StateEvent,
}

/// The state after `event`.
///
/// # Errors
/// The event is illegal in that state.
pub const fn next(state: State, event: StateEvent) -> Result<State, IllegalEvent> {
    Ok(match (state, event) {
        (State::Waiting, StateEvent::Released) => State::Ready,
        (State::Waiting, StateEvent::DependencyFailed)
        | (State::Running, StateEvent::ConditionFalse) => State::Skipped,
        (State::Waiting | State::Ready, StateEvent::RunEnded) => State::Unreached,
        (State::Ready, StateEvent::Started) => State::Running,
        (State::Running, StateEvent::Finished) => State::Done,
        (State::Running, StateEvent::Failed) => State::Failed,
        (State::Done, StateEvent::UndoStarted) => State::Undoing,
        (State::Undoing, StateEvent::UndoFinished) => State::Undone,
        (State::Undoing, StateEvent::UndoFailed) => State::UndoFailed,
        (state, event) => return Err(IllegalEvent { state, event }),
    })
}

impl State {
    pub const ALL: [Self; 10] = [
        Self::Waiting,
        Self::Ready,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Skipped,
        Self::Undoing,
        Self::Undone,
        Self::UndoFailed,
        Self::Unreached,
    ];

    /// How the step ended, if it has. A step that is done may still be undone.
    #[must_use]
    pub const fn status(self) -> Option<StepStatus> {
        match self {
            Self::Waiting | Self::Ready | Self::Running | Self::Undoing => None,
            Self::Done => Some(StepStatus::Done),
            Self::Failed => Some(StepStatus::Failed),
            Self::Skipped => Some(StepStatus::Skipped),
            Self::Undone => Some(StepStatus::Undone),
            Self::UndoFailed => Some(StepStatus::UndoFailed),
            Self::Unreached => Some(StepStatus::Unreached),
        }
    }

    /// The state as a word for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::UndoFailed => "undo failed",
            Self::Unreached => "unreached",
        }
    }
}

impl From<StepStatus> for State {
    fn from(status: StepStatus) -> Self {
        match status {
            StepStatus::Done => Self::Done,
            StepStatus::Failed => Self::Failed,
            StepStatus::Skipped => Self::Skipped,
            StepStatus::Undone => Self::Undone,
            StepStatus::UndoFailed => Self::UndoFailed,
            StepStatus::Unreached => Self::Unreached,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl StateEvent {
    pub const ALL: [Self; 10] = [
        Self::Released,
        Self::Started,
        Self::Finished,
        Self::Failed,
        Self::ConditionFalse,
        Self::DependencyFailed,
        Self::RunEnded,
        Self::UndoStarted,
        Self::UndoFinished,
        Self::UndoFailed,
    ];
}

impl fmt::Display for StateEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Released => "may start",
            Self::Started => "started",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::ConditionFalse => "has a false condition",
            Self::DependencyFailed => "comes after a failed step",
            Self::RunEnded => "is left out",
            Self::UndoStarted => "is being undone",
            Self::UndoFinished => "was undone",
            Self::UndoFailed => "could not be undone",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table, written a second time as a person would draw it.
    #[test]
    fn every_pair_of_state_and_event_is_either_drawn_or_illegal() {
        use State as S;
        use StateEvent as E;
        let drawn = [
            (S::Waiting, E::Released, S::Ready),
            (S::Waiting, E::DependencyFailed, S::Skipped),
            (S::Waiting, E::RunEnded, S::Unreached),
            (S::Ready, E::Started, S::Running),
            (S::Ready, E::RunEnded, S::Unreached),
            (S::Running, E::Finished, S::Done),
            (S::Running, E::Failed, S::Failed),
            (S::Running, E::ConditionFalse, S::Skipped),
            (S::Done, E::UndoStarted, S::Undoing),
            (S::Undoing, E::UndoFinished, S::Undone),
            (S::Undoing, E::UndoFailed, S::UndoFailed),
        ];
        for state in State::ALL {
            for event in StateEvent::ALL {
                let expected = drawn
                    .iter()
                    .find(|(from, by, _)| (*from, *by) == (state, event))
                    .map(|(_, _, to)| *to)
                    .ok_or(IllegalEvent { state, event });
                assert_eq!(next(state, event), expected, "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn what_has_ended_stays_so_but_for_the_undo() {
        for state in State::ALL.into_iter().filter(|s| s.status().is_some()) {
            let goes_on = StateEvent::ALL
                .into_iter()
                .filter(|&event| next(state, event).is_ok());
            let expected = usize::from(state == State::Done);
            assert_eq!(goes_on.count(), expected, "{state}");
        }
    }

    #[test]
    fn a_status_is_the_state_that_it_came_of() {
        for state in State::ALL {
            if let Some(status) = state.status() {
                assert_eq!(State::from(status), state);
            }
        }
    }
}
