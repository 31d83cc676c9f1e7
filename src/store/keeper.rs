//! Keeps a running job's lease alive, and hears what other processes want of it.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Interval, MissedTickBehavior},
};

use super::{Lease, Request, Store, StoreError};
use crate::clock::Clock;

/// How often the store is asked for requests: `job stop` is felt within half a second.
const LISTEN_EVERY: Duration = Duration::from_millis(500);

/// After how many times of listening the lease is renewed: every five seconds.
const BEAT_AFTER: u32 = 10;

/// Requests that wait to be heard. A person makes them one by one; the rest stays in the store.
const REQUESTS_MAX: usize = 16;

/// What comes from outside to a running job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    Asked(Request),
    /// Another process has taken the job: whatever this one still does, it is not recorded.
    LeaseLost(StoreError),
}

/// Listens for as long as it lives.
pub struct Keeper {
    listening: JoinHandle<()>,
}

impl Keeper {
    /// Begins to listen. Must be called within a tokio runtime.
    ///
    /// A store that can't be read for a while is no reason to end the job, so its errors are passed over here;
    /// whoever writes is told of them.
    #[must_use]
    pub fn start(
        store: Arc<dyn Store>,
        lease: Lease,
        clock: Clock,
    ) -> (Self, mpsc::Receiver<Call>) {
        Self::listening(store, lease, clock, LISTEN_EVERY)
    }

    fn listening(
        store: Arc<dyn Store>,
        lease: Lease,
        clock: Clock,
        every: Duration,
    ) -> (Self, mpsc::Receiver<Call>) {
        let (sender, receiver) = mpsc::channel(REQUESTS_MAX);
        let listening = tokio::spawn(async move {
            let mut timer = tokio::time::interval(every);
            timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
            listen(store, lease, clock, timer, sender).await;
        });
        (Self { listening }, receiver)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(
    store: Arc<dyn Store>,
    lease: Lease,
    clock: Clock,
    mut timer: Interval,
    calls: mpsc::Sender<Call>,
) {
    let mut heard = 0;
    let mut ticks: u32 = 0;
    loop {
        timer.tick().await;
        let beats = ticks.is_multiple_of(BEAT_AFTER);
        ticks = ticks.wrapping_add(1);
        let (store, asked, now) = (Arc::clone(&store), lease.clone(), clock.now());
        let work = move || {
            let lease_held = if beats {
                store.beat(&asked, now)
            } else {
                Ok(())
            };
            (lease_held, store.requests(&asked.job, heard))
        };
        let Ok((lease_held, requests)) = tokio::task::spawn_blocking(work).await else {
            return;
        };
        if let Err(error @ StoreError::LeaseLost { .. }) = lease_held {
            let _ = calls.send(Call::LeaseLost(error)).await;
            return;
        }
        for request in requests.unwrap_or_default() {
            heard = request.number;
            if calls.send(Call::Asked(request.request)).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Holder, MemoryStore};

    #[tokio::test]
    async fn requests_of_others_and_the_loss_of_the_job_are_heard() {
        let clock = Clock::paused(jiff::Timestamp::UNIX_EPOCH);
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let elsewhere = Holder {
            host: "elsewhere".to_owned(),
            ..Holder::here()
        };
        let lease = store.create_job(&elsewhere, clock.now()).unwrap();
        let (_keeper, mut calls) = Keeper::listening(
            Arc::clone(&store),
            lease.clone(),
            clock.clone(),
            Duration::from_millis(1),
        );
        let stop = Request::Stop {
            by: "ada".to_owned(),
        };
        store.request(&lease.job, &stop, clock.now()).unwrap();
        assert_eq!(calls.recv().await, Some(Call::Asked(stop)));

        // Silent for so long that another may take it.
        clock.advance(Duration::from_mins(5));
        store
            .take_job(&lease.job, &Holder::here(), clock.now())
            .unwrap();
        assert!(matches!(calls.recv().await, Some(Call::LeaseLost(_))));
        assert_eq!(calls.recv().await, None);
    }
}
