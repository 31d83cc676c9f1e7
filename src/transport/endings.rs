//! What was given up on a target and is being ended there, beside everything else.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

/// How long whoever waits for what was given up is kept waiting for its end. A process that heeds its signal ends within
/// that; one that does not, or whose machine does not answer, is ended beside.
pub(super) const TELL_WITHIN: Duration = Duration::from_secs(2);

/// What became of what was given up on a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenUp {
    /// Nothing of it is left.
    Ended,
    /// Not all of it could be ended.
    MayGoOn,
}

/// Counts the endings on one target. Cloning it gives another handle to the same count.
#[derive(Clone, Debug, Default)]
pub(super) struct Endings(Arc<watch::Sender<Count>>);

#[derive(Debug, Default)]
struct Count {
    under_way: usize,
    /// One came to nothing since somebody asked.
    has_failed: bool,
}

/// One ending that is under way. It has come to nothing if it does not say otherwise.
#[derive(Debug)]
pub(super) struct Ending {
    all: Endings,
    given_up: GivenUp,
}

impl Endings {
    pub(super) fn begin(&self) -> Ending {
        self.0.send_modify(|count| count.under_way += 1);
        Ending {
            all: self.clone(),
            given_up: GivenUp::MayGoOn,
        }
    }

    pub(super) fn are_under_way(&self) -> bool {
        self.0.borrow().under_way > 0
    }

    /// Waits until none is under way. What could not be ended is told to the first who asks.
    pub(super) async fn over(&self) -> GivenUp {
        let mut receiver = self.0.subscribe();
        // The sender lives as long as we do, so this can't fail.
        let _ = receiver.wait_for(|count| count.under_way == 0).await;
        let mut has_failed = false;
        self.0
            .send_modify(|count| has_failed = std::mem::take(&mut count.has_failed));
        if has_failed {
            GivenUp::MayGoOn
        } else {
            GivenUp::Ended
        }
    }
}

impl Ending {
    pub(super) fn came_to(mut self, given_up: GivenUp) {
        self.given_up = given_up;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.all.0.send_modify(|count| {
            count.under_way -= 1;
            count.has_failed |= self.given_up == GivenUp::MayGoOn;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_could_not_be_ended_is_told_once() {
        let endings = Endings::default();
        assert_eq!(endings.over().await, GivenUp::Ended);
        let (one, other) = (endings.begin(), endings.begin());
        one.came_to(GivenUp::Ended);
        assert!(endings.are_under_way());
        drop(other);
        assert!(!endings.are_under_way());
        assert_eq!(endings.over().await, GivenUp::MayGoOn);
        assert_eq!(endings.over().await, GivenUp::Ended);
    }
}
