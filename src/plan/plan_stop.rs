//! Stopping a plan from outside of its thread.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU8, Ordering},
    mpsc::Sender,
};

use super::scheduler::Arrival;

/// Asks a running plan to end. Cloning one gives another handle on the same plan.
#[derive(Clone, Debug, Default)]
pub struct PlanStop {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    level: AtomicU8,
    /// Wakes the plan's thread, once there is one.
    wake: Mutex<Option<Sender<Arrival>>>,
}

const STOPPING: u8 = 1;
const ABANDONED: u8 = 2;

impl PlanStop {
    /// The plan ends when it asks for its next effect, or soon if it only computes.
    ///
    /// Effects that are on their way come to their end, and the steps that clean up are done; the performer
    /// answers new effects with [`super::Outcome::Stopped`].
    pub fn stop(&self) {
        self.raise(STOPPING);
    }

    /// The plan ends at once, wherever it is. Effects on their way are dropped, nothing is cleaned up.
    pub fn abandon(&self) {
        self.raise(ABANDONED);
    }

    /// Whether [`PlanStop::stop`] or [`PlanStop::abandon`] was called.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.level() >= STOPPING
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.level() >= ABANDONED
    }

    pub(super) fn connect(&self, wake: Sender<Arrival>) {
        *self
            .shared
            .wake
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(wake);
    }

    fn level(&self) -> u8 {
        self.shared.level.load(Ordering::Acquire)
    }

    fn raise(&self, level: u8) {
        self.shared.level.fetch_max(level, Ordering::AcqRel);
        let wake = self.shared.wake.lock();
        if let Some(wake) = &*wake.unwrap_or_else(PoisonError::into_inner) {
            // The plan has ended already when nobody receives.
            let _ = wake.send(Arrival::Nudge);
        }
    }
}
