//! One connection for each target, kept warm between the steps of a job.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use futures_util::{FutureExt as _, StreamExt as _, future::join_all, stream};
use tokio::sync::Mutex as AsyncMutex;

use crate::{
    model::{Target, TargetName},
    task::{Kept, acknowledge_payloads},
    transport::{ConnectError, GivenUp, Session, Transport},
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

/// The way to one target.
#[derive(Default)]
struct Lane {
    /// Makes branches that meet at a target share one connection attempt.
    turn: AsyncMutex<()>,
    ways: Mutex<Ways>,
    kept: Mutex<Vec<Acknowledged>>,
    is_swept: AtomicBool,
}

/// The connections to one target, and what was given up over any of them.
#[derive(Default)]
struct Ways {
    warm: Option<Connected>,
    /// Those that another took the place of while something was being ended over them.
    former: Vec<Arc<dyn Session>>,
    /// What was given up over one of the former could not be ended, and nobody was told so yet.
    may_go_on: bool,
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

impl Ways {
    fn is_warm(&self, session: &Arc<dyn Session>) -> bool {
        let warm = self.warm.as_ref();
        warm.is_some_and(|warm| Arc::ptr_eq(&warm.session, session))
    }

    fn sessions(&self) -> impl Iterator<Item = &Arc<dyn Session>> {
        let warm = self.warm.iter().map(|warm| &warm.session);
        self.former.iter().chain(warm)
    }

    /// Keeps in mind what was given up over a connection that is not asked for anything any more.
    fn keep_in_mind(&mut self, session: Arc<dyn Session>) {
        let Self {
            former, may_go_on, ..
        } = self;
        if !former.iter().any(|one| Arc::ptr_eq(one, &session)) {
            former.push(session);
        }
        former.retain(|session| match session.given_up().now_or_never() {
            Some(given_up) => {
                *may_go_on |= given_up == GivenUp::MayGoOn;
                false
            }
            None => true,
        });
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
        let _turn = lane.turn.lock().await;
        if let Some(session) = self.warm(&lane, target) {
            return Ok(session);
        }
        let session = self.transport.connect(Arc::clone(target)).await?;
        self.open.fetch_add(1, Ordering::Relaxed);
        lane.ways().warm = Some(Connected {
            target: Arc::clone(target),
            session: Arc::clone(&session),
        });
        Ok(session)
    }

    /// The connection that is there, if it serves. One that does not is let go.
    fn warm(&self, lane: &Lane, target: &Arc<Target>) -> Option<Arc<dyn Session>> {
        let mut ways = lane.ways();
        if let Some(warm) = ways.warm.as_ref().filter(|warm| warm.serves(target)) {
            return Some(Arc::clone(&warm.session));
        }
        let former = ways.warm.take()?;
        self.open.fetch_sub(1, Ordering::Relaxed);
        ways.keep_in_mind(former.session);
        None
    }

    /// The targets that something was asked of.
    pub(super) fn targets(&self) -> Vec<TargetName> {
        self.by_target().keys().cloned().collect()
    }

    /// The targets where something that was given up is being ended.
    pub(super) fn ending(&self) -> BTreeSet<TargetName> {
        let by_target = self.by_target();
        let ending = by_target.iter().filter(|(_, lane)| lane.is_ending());
        ending.map(|(target, _)| target.clone()).collect()
    }

    /// Waits until what was given up on the target has ended there, over whichever connection. What could not be ended
    /// is told once.
    pub(super) async fn given_up(&self, target: &TargetName) -> GivenUp {
        self.lane(target).given_up().await
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
        let lane = self.lane(target);
        {
            let mut ways = lane.ways();
            if !ways.is_warm(&session) {
                return ways.keep_in_mind(session);
            }
            // The lane's own handle and the caller's: nobody else is using it.
            let is_idle = Arc::strong_count(&session) == 2 && !session.is_ending();
            if self.open.load(Ordering::Relaxed) <= WARM_MAX || !is_idle {
                return;
            }
            ways.warm = None;
            self.open.fetch_sub(1, Ordering::Relaxed);
            ways.keep_in_mind(Arc::clone(&session));
        }
        session.close().await;
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

    fn ways(&self) -> MutexGuard<'_, Ways> {
        self.ways.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_ending(&self) -> bool {
        self.ways().sessions().any(|session| session.is_ending())
    }

    async fn given_up(&self) -> GivenUp {
        let sessions: Vec<Arc<dyn Session>> = self.ways().sessions().cloned().collect();
        let over = sessions.iter().map(|session| async move {
            if session.given_up().await == GivenUp::MayGoOn {
                self.ways().may_go_on = true;
            }
        });
        join_all(over).await;
        let mut ways = self.ways();
        ways.former.retain(|one| {
            one.is_ending() || !sessions.iter().any(|session| Arc::ptr_eq(session, one))
        });
        if std::mem::take(&mut ways.may_go_on) {
            GivenUp::MayGoOn
        } else {
            GivenUp::Ended
        }
    }

    /// Closes the connection, if there is one, and says whether there was.
    async fn say_goodbye(&self, are_kept: bool) -> bool {
        let _turn = self.turn.lock().await;
        let Some(connected) = self.ways().warm.take() else {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Output, Payload},
        transport::{OutputWatch, Pending, Reply, SessionError},
    };

    /// A connection over which something is being ended until it is said what came of it.
    #[derive(Default)]
    struct Ending {
        is_closed: AtomicBool,
        came_of_it: Mutex<Option<GivenUp>>,
    }

    struct One(Arc<Ending>);

    impl Transport for One {
        fn connect(&self, _: Arc<Target>) -> Pending<'_, Result<Arc<dyn Session>, ConnectError>> {
            let session = Arc::new(One(Arc::clone(&self.0))) as Arc<dyn Session>;
            Box::pin(async { Ok(session) })
        }
    }

    impl Session for One {
        fn run<'a>(
            &'a self,
            _: &'a Payload,
            _: Option<&'a OutputWatch<'a>>,
        ) -> Pending<'a, Result<Output, SessionError>> {
            Box::pin(async { Reply::printed("", 0).result })
        }

        fn is_open(&self) -> bool {
            true
        }

        fn is_ending(&self) -> bool {
            self.0.came_of_it.lock().unwrap().is_none()
        }

        fn given_up(&self) -> Pending<'_, GivenUp> {
            let came_of_it = *self.0.came_of_it.lock().unwrap();
            Box::pin(async move {
                match came_of_it {
                    Some(given_up) => given_up,
                    None => std::future::pending().await,
                }
            })
        }

        fn close(&self) -> Pending<'_, ()> {
            self.0.is_closed.store(true, Ordering::Relaxed);
            Box::pin(async {})
        }
    }

    #[tokio::test]
    async fn one_connection_too_many_is_closed_when_nothing_is_being_ended_over_it_any_more() {
        let ending = Arc::new(Ending::default());
        let lanes = Lanes::new(Arc::new(One(Arc::clone(&ending))));
        lanes.open.store(WARM_MAX, Ordering::Relaxed);
        let target = Arc::new(Target::new("web1", "ssh"));
        let session = lanes.session(&target).await.unwrap();
        lanes.release(&target.name, session).await;
        assert!(!ending.is_closed.load(Ordering::Relaxed));
        assert_eq!(lanes.ending().len(), 1);

        *ending.came_of_it.lock().unwrap() = Some(GivenUp::MayGoOn);
        let session = lanes.session(&target).await.unwrap();
        lanes.release(&target.name, session).await;
        assert!(ending.is_closed.load(Ordering::Relaxed));
        assert_eq!(lanes.given_up(&target.name).await, GivenUp::MayGoOn);
        assert_eq!(lanes.given_up(&target.name).await, GivenUp::Ended);
    }

    #[tokio::test]
    async fn what_was_given_up_over_a_connection_that_was_replaced_meanwhile_is_kept_in_mind() {
        let ending = Arc::new(Ending::default());
        *ending.came_of_it.lock().unwrap() = Some(GivenUp::Ended);
        let lanes = Lanes::new(Arc::new(One(Arc::clone(&ending))));
        let target = Target::new("web1", "ssh");
        let mut changed = target.clone();
        changed.port = Some(2222);
        let (target, changed) = (Arc::new(target), Arc::new(changed));
        let session = lanes.session(&target).await.unwrap();
        let next = lanes.session(&changed).await.unwrap();
        assert!(!Arc::ptr_eq(&session, &next));
        *ending.came_of_it.lock().unwrap() = None;
        lanes.release(&target.name, session).await;
        assert_eq!(lanes.lane(&target.name).ways().former.len(), 1);
    }
}
