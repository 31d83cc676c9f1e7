//! Counts what a plan computes, and says when it is time to look around.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
};

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

/// What the interpreter asks at every operation, and nothing more: a load, a subtraction and two comparisons.
///
/// Atomic, because the watch of the memory ends the stride from its own thread. On the plan's thread relaxed loads and
/// stores cost no more than plain ones. A stride that both write at once goes on; the watch tries again.
pub(super) struct Pace {
    until_look: AtomicU32,
    /// Below this address the stack of the branch that runs counts as used up.
    floor: AtomicUsize,
}

impl Pace {
    /// Counts one operation. True if it is time to look around.
    #[inline]
    pub(super) fn step(&self) -> bool {
        let left = self.until_look.load(Ordering::Relaxed);
        if left == 0 || fiber::stack_address() < self.floor.load(Ordering::Relaxed) {
            return true;
        }
        self.until_look.store(left - 1, Ordering::Relaxed);
        false
    }

    /// Makes the next operation look around.
    pub(super) fn look_now(&self) {
        self.until_look.store(0, Ordering::Relaxed);
    }
}

/// The counter of one run. All branches count in it.
pub(super) struct Meter {
    pace: Arc<Pace>,
    operations: Cell<u64>,
    in_turn: Cell<u32>,
    /// The count at which the job was found to be stopping.
    stopping_since: Cell<Option<u64>>,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            pace: Arc::new(Pace {
                until_look: AtomicU32::new(STRIDE),
                floor: AtomicUsize::new(0),
            }),
            operations: Cell::default(),
            in_turn: Cell::default(),
            stopping_since: Cell::default(),
        }
    }
}

impl Meter {
    pub(super) fn pace(&self) -> Arc<Pace> {
        Arc::clone(&self.pace)
    }

    /// Counts what was done since the last look. A stride that was cut short counts as a whole one.
    pub(super) fn begin_stride(&self) {
        self.pace.until_look.store(STRIDE, Ordering::Relaxed);
        self.operations
            .set(self.operations.get() + u64::from(STRIDE));
        self.in_turn.set(self.in_turn.get() + STRIDE);
    }

    /// Where the stack ends on which the interpreter runs now; 0 for the thread's own.
    pub(super) fn set_floor(&self, floor: usize) {
        self.pace.floor.store(floor, Ordering::Relaxed);
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
