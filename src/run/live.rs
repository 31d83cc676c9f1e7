//! The live performer: effects happen, on targets and on the controller.
//!
//! It tells what happens on targets; when an effect began and ended is told by the journal around it.

use std::{
    collections::{BTreeSet, HashMap},
    num::NonZeroUsize,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicUsize},
    time::Duration,
};

use futures_util::{FutureExt as _, future::join_all};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

use super::{
    controller::Controller,
    fan_out::FanOut,
    gate::Gate,
    lane::{GOODBYES_MAX, Lanes},
    locks::TargetLocks,
    operator::Operator,
    stop::{StopSignal, StopStage},
    told::{Telling, Told},
};
use crate::{
    clock::Clock,
    event::{EventKind, Stream},
    model::{MessageLevel, TargetName, a_few},
    plan::{Effect, Outcome, Perform, Performer, Request, StepLimit, Urgency},
    project::Project,
    transport::{GivenUp, Transport},
};

/// How long an action may take on a target that does not say otherwise.
///
/// An hour is more than any sane restart, and less than a night of waiting for a task that hangs.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_hours(1);

/// How long the end of what was given up is waited for without a word: most of it ends within a moment.
pub(super) const SILENT_WAIT: Duration = Duration::from_secs(1);

/// Names of targets that are written out before the rest is counted.
const NAMES_MAX: usize = 5;

/// How a job is run.
#[derive(Clone, Copy, Debug)]
pub struct LiveOptions {
    /// How many targets are worked on at the same time, over all actions of the job.
    pub concurrency: NonZeroUsize,
    pub timeout: Duration,
    /// Tell what targets print while they print it.
    pub stream_output: bool,
    pub connections: Connections,
}

/// How long a connection is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connections {
    /// To the end of the job: a plan may have more to do on the target.
    KeptWarm,
    /// Until the target has answered, and the answer is on record: the job is one action. There are no more open than
    /// targets that are worked on, where something is being ended, or that are said goodbye to, however many the action has.
    ClosedWhenDone,
}

/// What a live performer works with.
pub struct LiveParts {
    pub transport: Arc<dyn Transport>,
    pub stream: Stream,
    pub gate: Arc<dyn Gate>,
    pub stop: StopSignal,
    pub clock: Clock,
    pub project: Project,
    pub operator: Arc<dyn Operator>,
    /// None for a job that shares its targets with whoever comes.
    pub locks: Option<TargetLocks>,
    pub options: LiveOptions,
}

/// Performs effects. Cloning it gives another handle to the same connections and limits.
#[derive(Clone)]
pub struct LivePerformer {
    pub(super) shared: Arc<Shared>,
}

/// What all effects of a job share.
pub(super) struct Shared {
    pub(super) lanes: Lanes,
    /// One permit for each target that is worked on.
    pub(super) slots: Semaphore,
    step_slots: Mutex<HashMap<StepLimit, Arc<Semaphore>>>,
    pub(super) stream: Stream,
    pub(super) gate: Arc<dyn Gate>,
    pub(super) stop: StopSignal,
    pub(super) clock: Clock,
    pub(super) options: LiveOptions,
    pub(super) locks: Option<TargetLocks>,
    /// How many lost connections were told of.
    pub(super) losses_told: AtomicUsize,
    /// Who was told of as waited for, because what was given up is being ended there.
    pub(super) waits_told: Told,
    /// Who was told of as getting work beside what was given up and could not be ended.
    pub(super) beside_told: Told,
    /// Where what was given up may go on, and nobody was told so yet.
    may_go_on: Mutex<BTreeSet<TargetName>>,
    /// Goodbyes to single targets that are on their way, and how many may be at a time.
    partings: Mutex<JoinSet<()>>,
    parting_slots: Semaphore,
    controller: Controller,
}

impl LivePerformer {
    #[must_use]
    pub fn new(parts: LiveParts) -> Self {
        let controller = Controller::new(parts.clock.clone(), parts.project, parts.operator);
        Self {
            shared: Arc::new(Shared {
                lanes: Lanes::new(parts.transport),
                slots: Semaphore::new(parts.options.concurrency.get()),
                step_slots: Mutex::default(),
                stream: parts.stream,
                gate: parts.gate,
                stop: parts.stop,
                clock: parts.clock,
                options: parts.options,
                locks: parts.locks,
                losses_told: AtomicUsize::new(0),
                waits_told: Told::default(),
                beside_told: Told::default(),
                may_go_on: Mutex::default(),
                partings: Mutex::default(),
                parting_slots: Semaphore::new(GOODBYES_MAX),
                controller,
            }),
        }
    }

    /// Waits until what was given up on targets has ended there, and says for what it waits, and what could not be ended.
    pub async fn settle(&self) {
        let shared = &self.shared;
        let targets = shared.lanes.targets();
        let settled = targets.iter().map(|target| shared.give_up(target));
        let mut settled = pin!(join_all(settled));
        if timeout(SILENT_WAIT, &mut settled).await.is_err() {
            shared.warn(format!(
                "waiting for {}, where what was given up is being ended; Ctrl-C leaves it",
                a_few(shared.lanes.ending(), NAMES_MAX)
            ));
            settled.await;
        }
        let may_go_on = std::mem::take(&mut *shared.may_go_on());
        if !may_go_on.is_empty() {
            shared.warn(format!(
                "what was given up on {} could not be ended, and may still run there",
                a_few(&may_go_on, NAMES_MAX)
            ));
        }
    }

    /// Says what [`LivePerformer::settle`] still waits for, when that is waited for no longer.
    pub fn leave(&self) {
        for target in self.shared.lanes.targets() {
            // What has come to nothing meanwhile is known at once.
            let _ = self.shared.give_up(&target).now_or_never();
        }
        let mut left = self.shared.lanes.ending();
        left.append(&mut self.shared.may_go_on());
        if !left.is_empty() {
            self.shared.warn(format!(
                "left, while what was given up on {} may still run there",
                a_few(&left, NAMES_MAX)
            ));
        }
    }

    /// Closes every connection of the job. Targets need not keep what is on record.
    pub async fn close(&self) {
        let partings = std::mem::take(&mut *self.shared.partings());
        partings.join_all().await;
        let seq = self.shared.stream.seq_last();
        let are_kept = self.shared.gate.kept(seq).await.is_ok();
        self.shared.lanes.close(are_kept).await;
    }
}

impl Performer for LivePerformer {
    fn perform(&self, request: Request) -> Perform {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.perform(request).await })
    }
}

impl Shared {
    /// One permit for each target that the actions of this step may work on. There are no more of these than steps.
    pub(super) fn step_slots(&self, limit: &StepLimit) -> Arc<Semaphore> {
        let mut all = self
            .step_slots
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(Semaphore::new(limit.targets.get()));
        Arc::clone(all.entry(limit.clone()).or_insert_with(fresh))
    }

    /// Closes the connection to a target when this event is on record, if nothing more comes on it.
    pub(super) fn part_with(self: &Arc<Self>, target: &TargetName, seq: u64) {
        if self.options.connections == Connections::KeptWarm {
            return;
        }
        let (shared, target) = (Arc::clone(self), target.clone());
        let mut partings = self.partings();
        // Those that are over are let go, so that the list is no longer than what goes on.
        while partings.try_join_next().is_some() {}
        partings.spawn(async move {
            let are_kept = shared.gate.kept(seq).await.is_ok();
            let given_up = shared.give_up(&target).await;
            let _slot = shared.parting_slots.acquire().await;
            // A target where nothing could be ended is not asked to remove anything: it hardly answers.
            let removes = are_kept && given_up == GivenUp::Ended;
            shared.lanes.part_with(&target, removes).await;
        });
    }

    /// Waits until what was given up on the target has ended there, and keeps in mind what could not be ended.
    async fn give_up(&self, target: &TargetName) -> GivenUp {
        let given_up = self.lanes.given_up(target).await;
        if given_up == GivenUp::MayGoOn {
            self.may_go_on().insert(target.clone());
        }
        given_up
    }

    /// Warns of something that is wrong with a target, unless the same was said of it, or of too many others. In place of the
    /// first of those `others` is said.
    pub(super) fn warn_of(&self, target: &TargetName, told: &Told, text: String, others: &str) {
        match told.tell_of(target) {
            Telling::Alone => self.warn(text),
            Telling::AsOthers => self.warn(others.to_owned()),
            Telling::Nothing => {}
        }
    }

    pub(super) fn warn(&self, text: String) {
        self.stream.emit(EventKind::MessagePrinted {
            effect: None,
            level: MessageLevel::Warn,
            text,
        });
    }

    fn may_go_on(&self) -> MutexGuard<'_, BTreeSet<TargetName>> {
        self.may_go_on
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn partings(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.partings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn perform(self: Arc<Self>, request: Request) -> Outcome {
        let last = last_stage(request.urgency);
        if self.stop.stage() >= last {
            return Outcome::Stopped;
        }
        match request.effect {
            Effect::Run(run) => {
                let fan_out = FanOut::new(Arc::clone(&self), request.id, run, last);
                fan_out.run().await
            }
            // Telling is the journal's part: these are events and nothing else.
            Effect::Print { .. } | Effect::StartStep { .. } | Effect::FinishStep { .. } => {
                Outcome::Done
            }
            effect => tokio::select! {
                outcome = self.controller.perform(effect) => outcome,
                () = self.stop.reached(last) => Outcome::Stopped,
            },
        }
    }
}

/// The stage of stopping from which an effect is not begun any more.
const fn last_stage(urgency: Urgency) -> StopStage {
    match urgency {
        Urgency::Usual => StopStage::Drain,
        Urgency::Cleanup => StopStage::End,
    }
}

#[cfg(test)]
mod tests {
    use std::{future::ready, pin::Pin, sync::atomic::Ordering};

    use jiff::Timestamp;

    use super::*;
    use crate::{
        event::Event,
        model::{BranchPath, ContentHash, EffectId, JobId, Output, Payload, Target},
        plan::{Action, Run, RunOptions},
        run::{Found, Inquiry as _, NoOperator, Started, StopHandle},
        task::RunId,
        transport::{
            ConnectError, ConnectReason, OutputWatch, Pending, Reply, Scripted, Session,
            SessionError,
        },
    };

    const CONCURRENCY: usize = 4;
    const TARGETS: usize = 60;
    /// No test waits for it unless it fails.
    const DEADLINE: Duration = Duration::from_mins(1);

    /// How many connections are open, and how many were at most.
    #[derive(Default)]
    struct Count {
        open: AtomicUsize,
        most: AtomicUsize,
    }

    /// Made-up targets whose connections are counted.
    struct Counting {
        inner: Scripted,
        count: Arc<Count>,
    }

    struct Counted {
        inner: Arc<dyn Session>,
        count: Arc<Count>,
    }

    impl Transport for Counting {
        fn connect(
            &self,
            target: Arc<Target>,
        ) -> Pending<'_, Result<Arc<dyn Session>, ConnectError>> {
            Box::pin(async move {
                let inner = self.inner.connect(target).await?;
                let count = Arc::clone(&self.count);
                let open = count.open.fetch_add(1, Ordering::Relaxed) + 1;
                count.most.fetch_max(open, Ordering::Relaxed);
                Ok(Arc::new(Counted { inner, count }) as Arc<dyn Session>)
            })
        }
    }

    impl Session for Counted {
        fn run<'a>(
            &'a self,
            payload: &'a Payload,
            watch: Option<&'a OutputWatch<'a>>,
        ) -> Pending<'a, Result<Output, SessionError>> {
            self.inner.run(payload, watch)
        }

        fn is_open(&self) -> bool {
            self.inner.is_open()
        }

        fn close(&self) -> Pending<'_, ()> {
            self.count.open.fetch_sub(1, Ordering::Relaxed);
            self.inner.close()
        }
    }

    struct AtOnce;

    impl Gate for AtOnce {
        fn kept(&self, _: u64) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
            Box::pin(ready(Ok(())))
        }
    }

    fn performer(connections: Connections, transport: Arc<dyn Transport>) -> LivePerformer {
        telling(connections, transport).0
    }

    /// A performer, and what it says while it performs.
    fn telling(
        connections: Connections,
        transport: Arc<dyn Transport>,
    ) -> (LivePerformer, Arc<Mutex<Vec<String>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let messages = Arc::clone(&told);
        let sink = Box::new(move |event: &Event| {
            if let EventKind::MessagePrinted { text, .. } = &event.kind {
                messages.lock().unwrap().push(text.clone());
            }
        });
        let clock = Clock::paused(Timestamp::UNIX_EPOCH);
        let performer = LivePerformer::new(LiveParts {
            transport,
            stream: Stream::new(
                JobId::new(0, 0),
                0,
                Arc::new(|| Timestamp::UNIX_EPOCH),
                vec![sink],
            ),
            gate: Arc::new(AtOnce),
            stop: StopHandle::new().1,
            clock,
            project: Project::at(&std::env::temp_dir()).unwrap(),
            operator: Arc::new(NoOperator),
            locks: None,
            options: LiveOptions {
                concurrency: NonZeroUsize::new(CONCURRENCY).unwrap(),
                timeout: DEFAULT_TIMEOUT,
                stream_output: false,
                connections,
            },
        });
        (performer, told)
    }

    fn uptime(targets: usize) -> Run {
        let target = |number| Arc::new(Target::new(format!("web{number}"), "ssh"));
        Run {
            action: Action::Command {
                command: "uptime".to_owned(),
            },
            targets: (0..targets).map(target).collect(),
            options: RunOptions::default(),
        }
    }

    fn effect_id() -> EffectId {
        EffectId {
            branch: BranchPath::root(),
            content: ContentHash::of(b"uptime"),
            occurrence: 0,
        }
    }

    fn request_on(targets: usize) -> Request {
        Request {
            id: effect_id(),
            place: None,
            effect: Effect::Run(uptime(targets)),
            urgency: Urgency::Usual,
        }
    }

    /// A target whose first run takes too long, and takes longer still to be ended.
    struct Stubborn {
        log: Arc<Mutex<Vec<&'static str>>>,
        /// Whether the run is to have ended.
        end: tokio::sync::watch::Sender<bool>,
        came_of_it: GivenUp,
        /// The first run breaks its connection.
        breaks: bool,
    }

    /// The same target, where another connection than the first one is made to something else.
    struct Reconnected {
        first: Arc<Stubborn>,
        next: Scripted,
        connects: AtomicUsize,
    }

    impl Reconnected {
        fn new(next: Scripted) -> (Arc<Stubborn>, Arc<Self>) {
            let first = Arc::new(Stubborn {
                log: Arc::default(),
                end: tokio::sync::watch::Sender::new(false),
                came_of_it: GivenUp::MayGoOn,
                breaks: true,
            });
            let connects = AtomicUsize::new(0);
            let all = Self {
                first: Arc::clone(&first),
                next,
                connects,
            };
            (first, Arc::new(all))
        }
    }

    impl Transport for Reconnected {
        fn connect(
            &self,
            target: Arc<Target>,
        ) -> Pending<'_, Result<Arc<dyn Session>, ConnectError>> {
            match self.connects.fetch_add(1, Ordering::Relaxed) {
                0 => self.first.connect(target),
                _ => self.next.connect(target),
            }
        }
    }

    impl Transport for Arc<Stubborn> {
        fn connect(&self, _: Arc<Target>) -> Pending<'_, Result<Arc<dyn Session>, ConnectError>> {
            let session = Arc::new(Self::clone(self)) as Arc<dyn Session>;
            Box::pin(ready(Ok(session)))
        }
    }

    impl Stubborn {
        fn new(came_of_it: GivenUp) -> Arc<Self> {
            Arc::new(Self {
                log: Arc::default(),
                end: tokio::sync::watch::Sender::new(false),
                came_of_it,
                breaks: false,
            })
        }

        fn tell(&self, what: &'static str) {
            self.log.lock().unwrap().push(what);
        }

        fn told(&self) -> Vec<&'static str> {
            self.log.lock().unwrap().clone()
        }
    }

    impl Session for Arc<Stubborn> {
        fn run<'a>(
            &'a self,
            _: &'a Payload,
            _: Option<&'a OutputWatch<'a>>,
        ) -> Pending<'a, Result<Output, SessionError>> {
            let is_first = self.told().is_empty();
            self.tell("run");
            let answer = if is_first {
                Err(SessionError::TimedOut(GivenUp::MayGoOn))
            } else {
                Reply::printed("", 0).result
            };
            Box::pin(ready(answer))
        }

        fn is_open(&self) -> bool {
            !self.breaks || self.told().is_empty()
        }

        fn is_ending(&self) -> bool {
            self.told() == ["run"]
        }

        fn given_up(&self) -> Pending<'_, GivenUp> {
            Box::pin(async move {
                if !self.is_ending() {
                    return GivenUp::Ended;
                }
                let mut end = self.end.subscribe();
                let _ = end.wait_for(|is_over| *is_over).await;
                if !self.is_ending() {
                    return GivenUp::Ended;
                }
                self.tell("ended");
                self.came_of_it
            })
        }

        fn close(&self) -> Pending<'_, ()> {
            Box::pin(ready(()))
        }
    }

    /// Waits until something is told.
    async fn is_told(told: &Mutex<Vec<String>>) {
        let telling = async {
            while told.lock().unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let in_time = timeout(DEADLINE, telling).await;
        assert!(in_time.is_ok(), "nothing was told within {DEADLINE:?}");
    }

    async fn is_result_of_the_first(performer: &LivePerformer) {
        let Outcome::Results { results } = performer.perform(request_on(1)).await else {
            panic!("every target has a result");
        };
        let failure = results.iter().next().unwrap().failure.clone().unwrap();
        assert_eq!(
            (failure.kind.as_str(), failure.message.as_str()),
            (
                "segue/timeout",
                "it did not end within its time, and may still run there"
            )
        );
    }

    #[tokio::test]
    async fn target_gets_no_new_work_while_what_was_given_up_is_being_ended() {
        let target = Stubborn::new(GivenUp::MayGoOn);
        let (performer, told) = telling(Connections::KeptWarm, Arc::new(Arc::clone(&target)));
        is_result_of_the_first(&performer).await;
        let telling = async {
            is_told(&told).await;
            assert_eq!(target.told(), ["run"]);
            target.end.send_replace(true);
        };
        let began = std::time::Instant::now();
        let (next, ()) = tokio::join!(performer.perform(request_on(1)), telling);
        let Outcome::Results { results } = next else {
            panic!("every target has a result");
        };
        assert!(results.is_ok());
        // The wait is not the action's.
        let duration = Duration::from_millis(results.iter().next().unwrap().duration_ms);
        assert!(duration + SILENT_WAIT <= began.elapsed());
        assert_eq!(target.told(), ["run", "ended", "run"]);
        assert_eq!(
            *told.lock().unwrap(),
            [
                "`uptime` waits for web0, where what was given up is being ended",
                "what was given up on web0 could not be ended; `uptime` is begun beside it",
            ]
        );
    }

    #[tokio::test]
    async fn tries_with_less_time_than_the_wait_for_what_was_given_up_tell_of_it_once() {
        let target = Stubborn::new(GivenUp::Ended);
        let (performer, told) = telling(Connections::KeptWarm, Arc::new(target));
        is_result_of_the_first(&performer).await;
        for _ in 0..3 {
            let next = timeout(Duration::from_millis(20), performer.perform(request_on(1)));
            assert!(next.await.is_err());
        }
        is_told(&told).await;
        assert_eq!(
            *told.lock().unwrap(),
            ["`uptime` waits for web0, where what was given up is being ended"]
        );
    }

    #[tokio::test]
    async fn new_connection_gets_no_new_work_while_what_was_given_up_over_the_old_one_is_being_ended()
     {
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let (target, transport) = Reconnected::new(Scripted::new(move |_, _| {
            count.fetch_add(1, Ordering::Relaxed);
            Reply::printed("", 0)
        }));
        let (performer, told) = telling(Connections::KeptWarm, transport);
        is_result_of_the_first(&performer).await;
        let telling = async {
            is_told(&told).await;
            assert_eq!(runs.load(Ordering::Relaxed), 0);
            target.end.send_replace(true);
        };
        let (next, ()) = tokio::join!(performer.perform(request_on(1)), telling);
        assert!(matches!(next, Outcome::Results { results } if results.is_ok()));
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        assert_eq!(
            *told.lock().unwrap(),
            [
                "`uptime` waits for web0, where what was given up is being ended",
                "what was given up on web0 could not be ended; `uptime` is begun beside it",
            ]
        );
    }

    #[tokio::test]
    async fn what_was_given_up_is_told_of_also_where_no_new_connection_can_be_made() {
        let down = |_: &Target| Err(ConnectError::new(ConnectReason::Refused, "it is down"));
        let next = Scripted::new(|_, _| Reply::printed("", 0)).with_connect(down);
        let (target, transport) = Reconnected::new(next);
        let (performer, told) = telling(Connections::KeptWarm, transport);
        is_result_of_the_first(&performer).await;
        let next = performer.perform(request_on(1)).await;
        assert!(matches!(next, Outcome::Results { results } if !results.is_ok()));
        target.end.send_replace(true);
        performer.settle().await;
        assert_eq!(
            *told.lock().unwrap(),
            ["what was given up on web0 could not be ended, and may still run there"]
        );
    }

    #[tokio::test]
    async fn end_of_a_job_waits_for_what_was_given_up_and_says_what_it_leaves() {
        for connections in [Connections::KeptWarm, Connections::ClosedWhenDone] {
            let target = Stubborn::new(GivenUp::MayGoOn);
            let (performer, told) = telling(connections, Arc::new(Arc::clone(&target)));
            is_result_of_the_first(&performer).await;
            let telling = async {
                is_told(&told).await;
                target.end.send_replace(true);
            };
            tokio::join!(performer.settle(), telling);
            assert_eq!(target.told(), ["run", "ended"], "{connections:?}");
            assert_eq!(
                *told.lock().unwrap(),
                [
                    "waiting for web0, where what was given up is being ended; Ctrl-C leaves it",
                    "what was given up on web0 could not be ended, and may still run there",
                ],
                "{connections:?}"
            );
            performer.close().await;
        }
    }

    #[tokio::test]
    async fn who_leaves_what_was_given_up_is_told_where() {
        let target = Stubborn::new(GivenUp::Ended);
        let (performer, told) = telling(Connections::KeptWarm, Arc::new(target));
        is_result_of_the_first(&performer).await;
        performer.leave();
        assert_eq!(
            *told.lock().unwrap(),
            ["left, while what was given up on web0 may still run there"]
        );
    }

    #[tokio::test]
    async fn place_of_a_run_that_never_began_stays_taken() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let target = Scripted::new(move |_, _| {
            count.fetch_add(1, Ordering::Relaxed);
            Reply::printed("segue:absent:1000000.00\n", 0)
        });
        let performer = performer(Connections::KeptWarm, Arc::new(target));
        let run = uptime(1);
        let started = Started {
            seq: 1,
            at: Timestamp::UNIX_EPOCH,
            attempt: 1,
            run: Some(RunId::new(7)),
        };
        let found = performer.find(&effect_id(), &run, &run.targets[0], started);
        assert!(matches!(found.await, Found::NeverStarted));
        performer.close().await;
        // Nothing but the question: a goodbye would have removed what the run, which may still come, must find there.
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_plan_keeps_its_connections_and_one_action_does_not() {
        for (connections, most) in [
            (Connections::KeptWarm, TARGETS..=TARGETS),
            // One that is said goodbye to may still be open when the next one begins.
            (Connections::ClosedWhenDone, 1..=2 * CONCURRENCY),
        ] {
            let count = Arc::new(Count::default());
            let counting = Counting {
                inner: Scripted::new(|_, _| Reply::printed("", 0)),
                count: Arc::clone(&count),
            };
            let performer = performer(connections, Arc::new(counting));
            let outcome = performer.perform(request_on(TARGETS)).await;
            assert!(matches!(outcome, Outcome::Results { results } if results.len() == TARGETS));
            let seen = count.most.load(Ordering::Relaxed);
            assert!(most.contains(&seen), "{connections:?}: {seen}");
            performer.close().await;
            assert_eq!(count.open.load(Ordering::Relaxed), 0, "{connections:?}");
        }
    }
}
