//! One connection for each target, kept warm between the steps of a job.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use futures_util::{StreamExt as _, stream};
use tokio::sync::Mutex as AsyncMutex;

use crate::{
    model::{Target, TargetName},
    task::{Kept, acknowledge_payloads},
    transport::{ConnectError, Session, Transport},
};

/// More connections than this are not kept open between steps: an idle one costs about 70 KB
/// and a file descriptor, so 2,000 are 140 MB and fit the usual limit of descriptors.
const WARM_MAX: usize = 2_000;
/// To how many targets goodbye is said at the same time: each costs a process there, so it is like starting work.
pub(super) const GOODBYES_MAX: usize = 256;
/// Outcomes that wait on one target to be removed. Every further run removes them; only branches that all wait for
/// their first run on it gather some. Those beyond are removed when they are too old.
const KEPT_MAX: usize = 64;

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
    kept: Mutex<Vec<Acknowledged>>,
    is_swept: AtomicBool,
}

/// An outcome that the target need not keep any longer.
struct Acknowledged {
    kept: Kept,
    /// Only when the job is over: it is not on record yet.
    is_late: bool,
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

    /// The open connections of all targets.
    pub(super) async fn sessions(&self) -> Vec<(TargetName, Arc<dyn Session>)> {
        let lanes: Vec<(TargetName, Arc<Lane>)> = self
            .by_target()
            .iter()
            .map(|(target, lane)| (target.clone(), Arc::clone(lane)))
            .collect();
        let mut sessions = Vec::new();
        for (target, lane) in lanes {
            if let Some(connected) = lane.session.lock().await.as_ref() {
                sessions.push((target, Arc::clone(&connected.session)));
            }
        }
        sessions
    }

    /// The connection to a target, if there is one.
    pub(super) async fn open_session(&self, target: &TargetName) -> Option<Arc<dyn Session>> {
        let lane = self.lane(target);
        let connected = lane.session.lock().await;
        connected
            .as_ref()
            .map(|connected| Arc::clone(&connected.session))
    }

    /// Whether this is the first time that it is asked for this target.
    pub(super) fn is_first_run(&self, target: &TargetName) -> bool {
        !self.lane(target).is_swept.swap(true, Ordering::Relaxed)
    }

    /// Lets the target forget outcomes whose result is told: the next run there removes them, or the end of the job.
    pub(super) fn acknowledge(&self, target: &TargetName, kept: Vec<Kept>) {
        self.add_acknowledged(target, kept, false);
    }

    /// The same for outcomes whose result is about to be told: the end of the job removes them.
    pub(super) fn acknowledge_late(&self, target: &TargetName, kept: Vec<Kept>) {
        self.add_acknowledged(target, kept, true);
    }

    fn add_acknowledged(&self, target: &TargetName, kept: Vec<Kept>, is_late: bool) {
        if kept.is_empty() {
            return;
        }
        let lane = self.lane(target);
        let mut acknowledged = lane.acknowledged();
        let room = KEPT_MAX.saturating_sub(acknowledged.len());
        let kept = kept.into_iter().take(room);
        acknowledged.extend(kept.map(|kept| Acknowledged { kept, is_late }));
    }

    /// The outcomes that a run on the target removes on its way.
    pub(super) fn take_acknowledged(
        &self,
        target: &TargetName,
        is_beside: impl Fn(&Kept) -> bool,
    ) -> Vec<Kept> {
        let lane = self.lane(target);
        let mut acknowledged = lane.acknowledged();
        let taken = acknowledged.extract_if(.., |one| !one.is_late && is_beside(&one.kept));
        taken.map(|one| one.kept).collect()
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

    /// Says goodbye to one target that nothing more will be asked of, as [`Lanes::close`] does to all.
    pub(super) async fn part_with(&self, target: &TargetName, are_kept: bool) {
        let lane = self.by_target().remove(target);
        if let Some(lane) = lane
            && lane.say_goodbye(are_kept).await
        {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Says goodbye on every connection. What targets still keep is removed if the results are on record.
    pub(super) async fn close(&self, are_kept: bool) {
        let lanes: Vec<Arc<Lane>> = self.by_target().drain().map(|(_, lane)| lane).collect();
        stream::iter(lanes)
            .for_each_concurrent(GOODBYES_MAX, |lane| async move {
                lane.say_goodbye(are_kept).await;
            })
            .await;
        self.open.store(0, Ordering::Relaxed);
    }

    fn lane(&self, target: &TargetName) -> Arc<Lane> {
        Arc::clone(self.by_target().entry(target.clone()).or_default())
    }

    fn by_target(&self) -> MutexGuard<'_, HashMap<TargetName, Arc<Lane>>> {
        self.by_target
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    fn acknowledged(&self) -> MutexGuard<'_, Vec<Acknowledged>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the connection, if there is one, and says whether there was.
    async fn say_goodbye(&self, are_kept: bool) -> bool {
        let Some(connected) = self.session.lock().await.take() else {
            return false;
        };
        if are_kept {
            self.remove_kept(&connected).await;
        }
        connected.session.close().await;
        true
    }

    async fn remove_kept(&self, connected: &Connected) {
        let kept: Vec<Kept> = self.acknowledged().drain(..).map(|one| one.kept).collect();
        for payload in acknowledge_payloads(&connected.target, &kept) {
            // What is not removed now is removed when it is too old.
            let _ = connected.session.run(&payload, None).await;
        }
    }
}
