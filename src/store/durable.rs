//! What is safe on disk of a job, and waiting for it.

use std::sync::Arc;

use tokio::sync::watch;

use super::StoreError;

#[derive(Clone, Debug, Default)]
struct Progress {
    seq: u64,
    failure: Option<StoreError>,
}

/// Tells how far the events of a job are kept. Held by whoever starts what must be recorded first.
#[derive(Clone, Debug)]
pub struct Durable {
    progress: watch::Receiver<Progress>,
}

impl Durable {
    /// Waits until the event of this number and all before it are safe.
    ///
    /// # Errors
    /// They never will be: the store failed, or this process lost the job to another. Later events of the job
    /// are not kept either, so that what is kept has no holes.
    pub async fn upto(&self, seq: u64) -> Result<(), StoreError> {
        let mut progress = self.progress.clone();
        let reached = progress
            .wait_for(|progress| progress.seq >= seq || progress.failure.is_some())
            .await;
        match reached {
            Ok(progress) if progress.seq >= seq => Ok(()),
            Ok(progress) => Err(progress
                .failure
                .clone()
                .expect("it waits for a number or a failure")),
            // Whoever writes is gone; what it had told before it went still counts.
            Err(_) => self.now(seq),
        }
    }

    /// Waits until nothing more is kept, and tells why: for ever, if all goes well.
    pub async fn failed(&self) -> StoreError {
        let mut progress = self.progress.clone();
        let failed = progress.wait_for(|progress| progress.failure.is_some());
        let failure = failed
            .await
            .ok()
            .and_then(|progress| progress.failure.clone());
        match failure {
            Some(failure) => failure,
            // Whoever writes is gone without a failure: the job is over.
            None => std::future::pending().await,
        }
    }

    /// The number of the last event that is safe.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.progress.borrow().seq
    }

    /// Why nothing more is kept, if so.
    #[must_use]
    pub fn failure(&self) -> Option<StoreError> {
        self.progress.borrow().failure.clone()
    }

    fn now(&self, seq: u64) -> Result<(), StoreError> {
        let progress = self.progress.borrow();
        if progress.seq >= seq {
            return Ok(());
        }
        Err(progress.failure.clone().unwrap_or(StoreError::Closed))
    }
}

/// The writer's end of [`Durable`].
#[derive(Clone, Debug)]
pub struct Receipts {
    progress: Arc<watch::Sender<Progress>>,
}

impl Receipts {
    pub(super) fn new(seq: u64) -> (Self, Durable) {
        let (sender, receiver) = watch::channel(Progress { seq, failure: None });
        let receipts = Self {
            progress: Arc::new(sender),
        };
        (receipts, Durable { progress: receiver })
    }

    pub(super) fn reached(&self, seq: u64) {
        self.progress.send_modify(|progress| progress.seq = seq);
    }

    /// The first failure stays: those that follow are its consequences.
    pub(super) fn fail(&self, failure: StoreError) {
        self.progress.send_modify(|progress| {
            progress.failure.get_or_insert(failure);
        });
    }

    pub(super) fn has_failed(&self) -> bool {
        self.progress.borrow().failure.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_goes_on_when_it_is_safe() {
        let (receipts, durable) = Receipts::new(4);
        durable.upto(3).await.unwrap();
        let waiting = tokio::spawn({
            let durable = durable.clone();
            async move { durable.upto(6).await }
        });
        receipts.reached(5);
        receipts.reached(6);
        waiting.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_failure_ends_the_waiting_but_not_what_was_safe() {
        let (receipts, durable) = Receipts::new(0);
        receipts.reached(2);
        let failure = StoreError::NoPlace;
        receipts.fail(failure.clone());
        receipts.fail(StoreError::Closed);
        assert_eq!(durable.upto(2).await, Ok(()));
        assert_eq!(durable.upto(3).await, Err(failure));
        drop(receipts);
        assert_eq!(durable.upto(1).await, Ok(()));
    }

    #[tokio::test]
    async fn a_writer_that_is_gone_is_a_failure() {
        let (receipts, durable) = Receipts::new(0);
        drop(receipts);
        assert_eq!(durable.upto(1).await, Err(StoreError::Closed));
    }
}
