//! The one reader of time, and its paused twin.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

/// Tells the time of day. Cloning a clock gives the same clock.
#[derive(Clone)]
pub enum Clock {
    /// The machine's.
    System,
    /// Stands still until it is advanced: for tests, mocks and previews.
    Paused(Arc<Mutex<Timestamp>>),
}

impl Clock {
    /// A clock that stands at `at`.
    #[must_use]
    pub fn paused(at: Timestamp) -> Self {
        Self::Paused(Arc::new(Mutex::new(at)))
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the one reader of time")]
            Self::System => Timestamp::now(),
            Self::Paused(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a paused clock on. The machine's clock moves by itself.
    pub fn advance(&self, by: Duration) {
        if let Self::Paused(at) = self {
            let mut at = at.lock().unwrap_or_else(PoisonError::into_inner);
            *at = at.checked_add(by).unwrap_or(Timestamp::MAX);
        }
    }
}
