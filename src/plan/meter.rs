//! Counts what a plan computes, and says when it is time to look around.

use std::cell::Cell;

use super::fiber;

/// Operations between two looks at the budget, the stop signal and the other branches.
///
/// A look costs some 20 ns, an operation about as much: one in 256 can't be measured.
const STRIDE: u32 = 256;

/// Operations after which a branch that only computes lets the others have their turn. It is about a millisecond.
const TURN_OPERATIONS: u32 = 10_000;

/// Operations that a branch may still do once the job is being stopped: enough to come from the answer
/// of an effect to the next one, and no more than a tenth of a second.
const LAST_OPERATIONS: u64 = 1_000_000;

/// The counter of one run. All branches count in it.
#[derive(Default)]
pub(super) struct Meter {
    until_look: Cell<u32>,
    operations: Cell<u64>,
    in_turn: Cell<u32>,
    /// The count at which the job was found to be stopping.
    stopping_since: Cell<Option<u64>>,
}

impl Meter {
    /// Counts one operation. True if it is time to look around.
    #[inline]
    pub(super) fn count(&self) -> bool {
        let left = self.until_look.get();
        if left > 0 && !fiber::stack_is_short() {
            self.until_look.set(left - 1);
            return false;
        }
        let counted = STRIDE - left;
        self.until_look.set(STRIDE);
        self.operations
            .set(self.operations.get() + u64::from(counted));
        self.in_turn.set(self.in_turn.get() + counted);
        true
    }

    /// Another branch has its turn now.
    pub(super) fn begin_turn(&self) {
        self.in_turn.set(0);
    }

    pub(super) fn turn_is_over(&self) -> bool {
        self.in_turn.get() >= TURN_OPERATIONS
    }

    pub(super) fn operations(&self) -> u64 {
        self.operations.get()
    }

    /// Whether a job that is being stopped has computed for too long since.
    pub(super) fn overstays(&self) -> bool {
        let now = self.operations.get();
        let since = self.stopping_since.get().unwrap_or(now);
        self.stopping_since.set(Some(since));
        now - since > LAST_OPERATIONS
    }
}
