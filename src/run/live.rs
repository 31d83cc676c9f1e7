//! The live performer: effects happen, on targets and on the controller.
//!
//! It tells what happens on targets; when an effect began and ended is told by the journal around it.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicUsize},
    time::Duration,
};

use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    controller::Controller,
    fan_out::FanOut,
    gate::Gate,
    lane::{GOODBYES_MAX, Lanes},
    locks::TargetLocks,
    operator::Operator,
    stop::{StopSignal, StopStage},
};
use crate::{
    clock::Clock,
    event::Stream,
    model::TargetName,
    plan::{Effect, Outcome, Perform, Performer, Request, StepLimit, Urgency},
    project::Project,
    transport::Transport,
};

/// How long an action may take on a target that does not say otherwise.
///
/// An hour is more than any sane restart, and less than a night of waiting for a task that hangs.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_hours(1);

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
    /// targets that are worked on or said goodbye to, however many the action has.
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
                partings: Mutex::default(),
                parting_slots: Semaphore::new(GOODBYES_MAX),
                controller,
            }),
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
            let _slot = shared.parting_slots.acquire().await;
            shared.lanes.part_with(&target, are_kept).await;
        });
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
        model::{BranchPath, ContentHash, EffectId, JobId, Output, Payload, Target},
        plan::{Action, Run, RunOptions},
        run::{Found, Inquiry as _, NoOperator, Started, StopHandle},
        task::RunId,
        transport::{ConnectError, OutputWatch, Pending, Reply, Scripted, Session, SessionError},
    };

    const CONCURRENCY: usize = 4;
    const TARGETS: usize = 60;

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
        let clock = Clock::paused(Timestamp::UNIX_EPOCH);
        LivePerformer::new(LiveParts {
            transport,
            stream: Stream::new(
                JobId::new(0, 0),
                0,
                Arc::new(|| Timestamp::UNIX_EPOCH),
                Vec::new(),
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
        })
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

    fn request() -> Request {
        Request {
            id: effect_id(),
            place: None,
            effect: Effect::Run(uptime(TARGETS)),
            urgency: Urgency::Usual,
        }
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
            let outcome = performer.perform(request()).await;
            assert!(matches!(outcome, Outcome::Results { results } if results.len() == TARGETS));
            let seen = count.most.load(Ordering::Relaxed);
            assert!(most.contains(&seen), "{connections:?}: {seen}");
            performer.close().await;
            assert_eq!(count.open.load(Ordering::Relaxed), 0, "{connections:?}");
        }
    }
}
