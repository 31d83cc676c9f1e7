//! What can be wrong with a target of the fleet.

use std::{fmt, num::NonZeroU32, time::Duration};

/// A fault that a target has: what it is, and which of its chances to strike it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    /// How many chances it lets pass before it strikes for the first time.
    pub skip: u32,
    /// How often it strikes. After that the target is well, so a retry succeeds.
    pub times: Option<NonZeroU32>,
}

/// The ways in which real machines let one down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Nothing listens on the target's port.
    Refuse,
    /// The target shows another host key than the one in `known_hosts`.
    Impostor,
    /// The connection is made, and then nothing more comes.
    Stall,
    /// The right key is turned away.
    Auth,
    /// The connection is closed in the middle of the handshake.
    Drop,
    /// No channel can be opened.
    NoChannel,
    /// The command is taken, and then nothing more comes.
    Hang,
    /// The command begins that much later.
    Slow(Duration),
    /// The command is not run and ends with this exit code.
    Exit(u8),
    /// In place of what it should print come so many bytes of nonsense.
    Flood(u64),
    /// The command runs, and once it has all of its input the connection is reset. The command goes on.
    Reset,
}

impl FaultKind {
    /// The names of all kinds, as they are written in a rule.
    pub(super) const WORDS: [&'static str; 11] = [
        "refuse",
        "impostor",
        "stall",
        "auth",
        "drop",
        "no-channel",
        "hang",
        "slow",
        "exit",
        "flood",
        "reset",
    ];

    /// The name without its setting.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Impostor => "impostor",
            Self::Stall => "stall",
            Self::Auth => "auth",
            Self::Drop => "drop",
            Self::NoChannel => "no-channel",
            Self::Hang => "hang",
            Self::Slow(_) => "slow",
            Self::Exit(_) => "exit",
            Self::Flood(_) => "flood",
            Self::Reset => "reset",
        }
    }

    /// Whether its chance comes when a client asks to be let in.
    pub(super) const fn strikes_at_the_door(self) -> bool {
        matches!(self, Self::Stall | Self::Auth | Self::Drop)
    }

    /// Whether its chance comes when a command is to be run.
    pub(super) const fn strikes_a_run(self) -> bool {
        matches!(
            self,
            Self::Hang | Self::Slow(_) | Self::Exit(_) | Self::Flood(_) | Self::Reset
        )
    }

    /// Whether it lies in what the inventory says of the target, so that it can't come and go.
    pub(super) const fn is_lasting(self) -> bool {
        matches!(self, Self::Refuse | Self::Impostor)
    }
}

impl Fault {
    /// Whether it takes its `chance`-th chance, counted from 0.
    pub(super) fn strikes_at(&self, chance: u32) -> bool {
        chance >= self.skip
            && self
                .times
                .is_none_or(|times| chance - self.skip < times.get())
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::Slow(by) => write!(f, "={}ms", by.as_millis()),
            Self::Exit(code) => write!(f, "={code}"),
            Self::Flood(bytes) => write!(f, "={bytes}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strikes_after_what_it_skips_and_as_often_as_it_should() {
        let fault = Fault {
            kind: FaultKind::Hang,
            skip: 1,
            times: NonZeroU32::new(2),
        };
        let struck: Vec<bool> = (0..5).map(|chance| fault.strikes_at(chance)).collect();
        assert_eq!(struck, [false, true, true, false, false]);
    }
}
