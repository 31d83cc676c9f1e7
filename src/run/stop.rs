//! Stopping a job in stages: each one asked for by the next Ctrl-C, each one harder.

use tokio::sync::watch;

/// How far stopping has gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopStage {
    /// Nobody asked.
    #[default]
    Run,
    /// Nothing new starts; what runs is let finish; clean-up closures run.
    Drain,
    /// What runs is ended on the targets, too.
    End,
    /// Nothing is waited for any more.
    Abandon,
}

impl StopStage {
    const fn next(self) -> Self {
        match self {
            Self::Run => Self::Drain,
            Self::Drain => Self::End,
            Self::End | Self::Abandon => Self::Abandon,
        }
    }
}

/// The side that asks for a stop.
#[derive(Clone, Debug)]
pub struct StopHandle {
    sender: watch::Sender<StopStage>,
}

/// The side that obeys.
#[derive(Clone, Debug)]
pub struct StopSignal {
    receiver: watch::Receiver<StopStage>,
}

impl StopHandle {
    /// A handle and the first of its signals.
    #[must_use]
    pub fn new() -> (Self, StopSignal) {
        let (sender, receiver) = watch::channel(StopStage::Run);
        (Self { sender }, StopSignal { receiver })
    }

    /// Goes one stage further and says which one that is.
    pub fn escalate(&self) -> StopStage {
        let mut reached = StopStage::Abandon;
        self.sender.send_modify(|stage| {
            *stage = stage.next();
            reached = *stage;
        });
        reached
    }

    /// Goes to `stage` unless stopping is there or further already.
    pub fn raise(&self, stage: StopStage) {
        self.sender.send_if_modified(|current| {
            let further = stage > *current;
            if further {
                *current = stage;
            }
            further
        });
    }
}

impl StopSignal {
    #[must_use]
    pub fn stage(&self) -> StopStage {
        *self.receiver.borrow()
    }

    /// Waits until stopping has come to `stage` or further. Never ends if the handle is gone before.
    pub async fn reached(&self, stage: StopStage) {
        let mut receiver = self.receiver.clone();
        if receiver
            .wait_for(|current| *current >= stage)
            .await
            .is_err()
        {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_goes_one_stage_further_and_stays_at_the_last() {
        let (handle, signal) = StopHandle::new();
        assert_eq!(signal.stage(), StopStage::Run);
        let stages: Vec<_> = (0..4).map(|_| handle.escalate()).collect();
        assert_eq!(
            stages,
            [
                StopStage::Drain,
                StopStage::End,
                StopStage::Abandon,
                StopStage::Abandon
            ]
        );
    }

    #[test]
    fn raising_never_goes_back() {
        let (handle, signal) = StopHandle::new();
        handle.raise(StopStage::End);
        handle.raise(StopStage::Drain);
        assert_eq!(signal.stage(), StopStage::End);
    }
}
