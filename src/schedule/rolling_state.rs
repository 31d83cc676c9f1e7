//! The states of a target in a roll, and the one table of how they follow each other.

use std::fmt;

use thiserror::Error;

/// Where a target of a roll stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RollingState {
    /// Its batch has not come.
    Queued,
    /// It is in the batch, and waits for a slot.
    Chosen,
    Running,
    Done,
    Failed,
    /// The roll ended before it was started.
    Unreached,
}

/// What happens to a single target of a roll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RollingStateEvent {
    Chosen,
    Started,
    Succeeded,
    Failed,
    /// It is known to be out of order, whether its turn had come or not.
    Lost,
    /// Nothing more is started.
    RollEnded,
}

/// An event that can't happen to a target in that state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a target that is {state} can't be told that it {event}")]
pub struct IllegalRollingEvent {
    pub state: RollingState,
    pub event: RollingStateEvent,
}

impl RollingState {
    pub const ALL: [Self; 6] = [
        Self::Queued,
        Self::Chosen,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Unreached,
    ];

    /// The state after `event`.
    ///
    /// # Errors
    /// The event is illegal in this state.
    pub const fn next(self, event: RollingStateEvent) -> Result<Self, IllegalRollingEvent> {
        use RollingStateEvent as E;
        Ok(match (self, event) {
            (Self::Queued, E::Chosen) => Self::Chosen,
            (Self::Chosen, E::Started) => Self::Running,
            (Self::Running, E::Succeeded) => Self::Done,
            (Self::Running, E::Failed) | (Self::Queued | Self::Chosen | Self::Running, E::Lost) => {
                Self::Failed
            }
            (Self::Queued | Self::Chosen, E::RollEnded) => Self::Unreached,
            (state, event) => return Err(IllegalRollingEvent { state, event }),
        })
    }
}

impl fmt::Display for RollingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queued => "queued",
            Self::Chosen => "chosen",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unreached => "unreached",
        })
    }
}

impl RollingStateEvent {
    pub const ALL: [Self; 6] = [
        Self::Chosen,
        Self::Started,
        Self::Succeeded,
        Self::Failed,
        Self::Lost,
        Self::RollEnded,
    ];
}

impl fmt::Display for RollingStateEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chosen => "is in the batch",
            Self::Started => "started",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Lost => "is lost",
            Self::RollEnded => "is left out",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_state_and_event_is_either_drawn_or_illegal() {
        use RollingState as S;
        use RollingStateEvent as E;
        let drawn = [
            (S::Queued, E::Chosen, S::Chosen),
            (S::Queued, E::Lost, S::Failed),
            (S::Queued, E::RollEnded, S::Unreached),
            (S::Chosen, E::Started, S::Running),
            (S::Chosen, E::Lost, S::Failed),
            (S::Chosen, E::RollEnded, S::Unreached),
            (S::Running, E::Succeeded, S::Done),
            (S::Running, E::Failed, S::Failed),
            (S::Running, E::Lost, S::Failed),
        ];
        for state in RollingState::ALL {
            for event in RollingStateEvent::ALL {
                let expected = drawn
                    .iter()
                    .find(|(from, by, _)| (*from, *by) == (state, event))
                    .map(|(_, _, to)| *to)
                    .ok_or(IllegalRollingEvent { state, event });
                assert_eq!(state.next(event), expected, "{state:?} {event:?}");
            }
        }
    }
}
