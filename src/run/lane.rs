//! One connection for each target, kept warm between the steps of a job.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Mutex as AsyncMutex;

use crate::{
    model::{Target, TargetName},
    transport::{ConnectError, Session, Transport},
};

/// More connections than this are not kept open between steps: an idle one costs about 70 KB
/// and a file descriptor, so 2,000 are 140 MB and fit the usual limit of descriptors.
const WARM_MAX: usize = 2_000;

/// The connections of a job.
pub(super) struct Lanes {
    transport: Arc<dyn Transport>,
    by_target: Mutex<HashMap<TargetName, Arc<Lane>>>,
    open: AtomicUsize,
}

/// The way to one target. Its lock makes branches that meet at a target share one connection attempt.
#[derive(Default)]
struct Lane {
    session: AsyncMutex<Option<Connected>>,
}

struct Connected {
    target: Arc<Target>,
    session: Arc<dyn Session>,
}

impl Connected {
    /// A plan may have changed how a target is reached since the connection was made.
    fn serves(&self, target: &Arc<Target>) -> bool {
        let same = Arc::ptr_eq(&self.target, target)
            || (self.target.host == target.host
                && self.target.port == target.port
                && self.target.user == target.user
                && self.target.transport == target.transport
                && self.target.config == target.config);
        same && self.session.is_open()
    }
}

impl Lanes {
    pub(super) fn new(transport: Arc<dyn Transport>) -> Self {
        Self {
            transport,
            by_target: Mutex::new(HashMap::new()),
            open: AtomicUsize::new(0),
        }
    }

    /// The session of a target: the one that is open, or a new one.
    pub(super) async fn session(
        &self,
        target: &Arc<Target>,
    ) -> Result<Arc<dyn Session>, ConnectError> {
        let lane = self.lane(&target.name);
        let mut connected = lane.session.lock().await;
        if let Some(warm) = connected.as_ref().filter(|warm| warm.serves(target)) {
            return Ok(Arc::clone(&warm.session));
        }
        if connected.take().is_some() {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
        let session = self.transport.connect(Arc::clone(target)).await?;
        self.open.fetch_add(1, Ordering::Relaxed);
        *connected = Some(Connected {
            target: Arc::clone(target),
            session: Arc::clone(&session),
        });
        Ok(session)
    }

    /// Tells that a piece of work on the target is over. Where too many connections are open, this one is closed.
    pub(super) async fn release(&self, target: &TargetName, session: Arc<dyn Session>) {
        if self.open.load(Ordering::Relaxed) <= WARM_MAX {
            return;
        }
        let lane = self.lane(target);
        let mut connected = lane.session.lock().await;
        // The lane's own handle and the caller's: nobody else is using it.
        let idle = connected.as_ref().is_some_and(|warm| {
            Arc::ptr_eq(&warm.session, &session) && Arc::strong_count(&session) == 2
        });
        if idle {
            *connected = None;
            self.open.fetch_sub(1, Ordering::Relaxed);
            drop(connected);
            session.close().await;
        }
    }

    /// Says goodbye on every connection.
    pub(super) async fn close(&self) {
        let lanes: Vec<Arc<Lane>> = {
            let mut lanes = self
                .by_target
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            lanes.drain().map(|(_, lane)| lane).collect()
        };
        for lane in lanes {
            if let Some(connected) = lane.session.lock().await.take() {
                connected.session.close().await;
            }
        }
        self.open.store(0, Ordering::Relaxed);
    }

    fn lane(&self, target: &TargetName) -> Arc<Lane> {
        let mut lanes = self
            .by_target
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(target.clone()).or_default())
    }
}
