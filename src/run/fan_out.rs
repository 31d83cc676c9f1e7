//! One action on many targets: does what the dispatcher decides, and gathers one result for each target.

use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use tokio::task::JoinSet;

use super::{
    dispatch::{Because, Dispatch, Input, Reaction, Rules},
    live::Shared,
    locks::Refusal,
    ready::Ready,
    stop::StopStage,
    try_once::{Tried, Try},
};
use crate::{
    event::EventKind,
    model::{EffectId, Failure, ResultSet, TargetResult, kinds},
    plan::{Outcome, Run},
    task::Kept,
};

/// One action, on its way over its targets.
pub(super) struct FanOut {
    shared: Arc<Shared>,
    effect: EffectId,
    run: Run,
    /// The stage of stopping from which no further target is started.
    last: StopStage,
}

/// Something that was waited for.
enum Happened {
    Tried(Box<Tried>),
    DelayOver(usize),
    PauseOver,
}

/// What is known of one target while the action runs.
#[derive(Default)]
struct Slot {
    attempts: u32,
    /// The result of the last attempt, until it is known to be the last.
    pending: Option<TargetResult>,
    /// What the target keeps of attempts whose result is not told yet.
    kept: Vec<Kept>,
    settled: Option<Arc<TargetResult>>,
}

impl FanOut {
    pub(super) const fn new(
        shared: Arc<Shared>,
        effect: EffectId,
        run: Run,
        last: StopStage,
    ) -> Self {
        Self {
            shared,
            effect,
            run,
            last,
        }
    }

    /// Runs the action to its end.
    pub(super) async fn run(self) -> Outcome {
        let options = &self.run.options;
        let timeout = options.timeout.unwrap_or(self.shared.options.timeout);
        let count = self.run.targets.len();
        // No more tasks are spawned than there are slots: 10,000 waiting ones would only cost memory.
        let concurrency = self.shared.options.concurrency;
        let of_steps = options.step_limits.iter().map(|limit| limit.targets);
        let limit = of_steps
            .chain(options.limit.and_then(NonZeroUsize::new))
            .fold(concurrency, NonZeroUsize::min);
        let rules = Rules {
            limit: Some(limit),
            retry: options.retry,
            on_failure: options.on_failure,
            batch: options.batch.clone(),
            pause: options.pause,
        };
        // What is not begun anywhere is not packed either.
        let (ready, held) = match self.take_targets().await {
            Ok(()) => match Ready::new(self.run, timeout).await {
                Ok(ready) => (ready, None),
                Err(failure) => return Outcome::Failed { failure },
            },
            Err(Refusal::Held(failure)) => (Ready::not_begun(self.run, timeout), Some(failure)),
            Err(Refusal::Stopped) => return Outcome::Stopped,
            Err(Refusal::Store(error)) => {
                let message = format!("the targets could not be locked: {error}");
                let failure = Failure::new(kinds::EFFECT, message);
                return Outcome::Failed { failure };
            }
        };
        let mut fan = Fanning {
            slots: (0..count).map(|_| Slot::default()).collect(),
            dispatch: Dispatch::new(count, &rules),
            happening: JoinSet::new(),
            shared: self.shared,
            effect: self.effect,
            last: self.last,
            ready: Arc::new(ready),
        };
        match held {
            None => fan.drive().await,
            Some(failure) => fan.settle_all(&failure),
        }
        let was_stopped = fan.dispatch.was_stopped();
        let results = fan.results();
        // The plan must not take what a stop cut short for an answer; a resume does what is left of it.
        if was_stopped && !results.is_ok() {
            return Outcome::Stopped;
        }
        Outcome::Results { results }
    }
}

impl FanOut {
    async fn take_targets(&self) -> Result<(), Refusal> {
        let (stream, stop) = (&self.shared.stream, &self.shared.stop);
        match &self.shared.locks {
            Some(locks) => locks.take(&self.run, stream, stop, self.last).await,
            None => Ok(()),
        }
    }
}

struct Fanning {
    slots: Vec<Slot>,
    dispatch: Dispatch,
    happening: JoinSet<Happened>,
    shared: Arc<Shared>,
    effect: EffectId,
    last: StopStage,
    ready: Arc<Ready>,
}

impl Fanning {
    async fn drive(&mut self) {
        let stop = self.shared.stop.clone();
        let mut stopping = false;
        let mut inputs = VecDeque::from([Input::Begin]);
        loop {
            while let Some(input) = inputs.pop_front() {
                for reaction in self.dispatch.handle(input) {
                    if self.react(reaction) {
                        return;
                    }
                }
            }
            tokio::select! {
                happened = self.happening.join_next() => {
                    let Some(Ok(happened)) = happened else {
                        // A try panicked: a bug, and every target still gets a result.
                        self.settle_orphans();
                        return;
                    };
                    inputs.push_back(self.take_in(happened));
                }
                () = stop.reached(self.last), if !stopping => {
                    stopping = true;
                    inputs.push_back(Input::Stop);
                }
            }
        }
    }

    /// Does what the dispatcher said. True when the action is over.
    fn react(&mut self, reaction: Reaction) -> bool {
        match reaction {
            Reaction::Start { target, attempt } => {
                self.slots[target].attempts = attempt;
                let one = Try {
                    shared: Arc::clone(&self.shared),
                    ready: Arc::clone(&self.ready),
                    effect: self.effect.clone(),
                    index: target,
                    number: attempt,
                    waited_ms: AtomicU64::new(0),
                };
                self.happening
                    .spawn(async move { Happened::Tried(Box::new(one.run().await)) });
            }
            Reaction::Delay { target, delay } => self.delay(target, delay),
            Reaction::Pause(pause) => {
                self.happening.spawn(async move {
                    tokio::time::sleep(pause).await;
                    Happened::PauseOver
                });
            }
            Reaction::Settle(target) => {
                if let Some(result) = self.slots[target].pending.take() {
                    self.settle(target, result);
                }
            }
            Reaction::GiveUp { target, because } => {
                let result = self.ready.not_started(target, 0, unreached(because));
                self.settle(target, result);
            }
            Reaction::End => return true,
        }
        false
    }

    fn take_in(&mut self, happened: Happened) -> Input {
        match happened {
            Happened::DelayOver(target) => Input::DelayOver(target),
            Happened::PauseOver => Input::PauseOver,
            Happened::Tried(tried) => {
                let Tried {
                    index,
                    result,
                    may_retry,
                    kept,
                } = *tried;
                self.slots[index].kept.extend(kept);
                if result.is_ok() {
                    self.settle(index, result);
                    Input::Succeeded(index)
                } else {
                    self.slots[index].pending = Some(result);
                    Input::Failed {
                        target: index,
                        may_retry,
                    }
                }
            }
        }
    }

    fn delay(&mut self, target: usize, delay: Duration) {
        if let Some(failure) = self.slots[target]
            .pending
            .as_ref()
            .and_then(|result| result.failure.clone())
        {
            self.shared.stream.emit(EventKind::TargetRetrying {
                effect: self.effect.clone(),
                target: self.ready.target(target).name.clone(),
                failure,
                delay_ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            });
        }
        self.acknowledge(target);
        self.happening.spawn(async move {
            tokio::time::sleep(delay).await;
            Happened::DelayOver(target)
        });
    }

    fn settle(&mut self, index: usize, result: TargetResult) {
        let result = Arc::new(result);
        let seq = self.shared.stream.emit(EventKind::TargetFinished {
            effect: self.effect.clone(),
            result: Arc::clone(&result),
        });
        self.slots[index].settled = Some(result);
        self.acknowledge(index);
        self.shared.part_with(&self.ready.target(index).name, seq);
    }

    /// What came of the attempts is told, so the target need not keep it once that is on record, which it is before
    /// anything further may start there.
    fn acknowledge(&mut self, index: usize) {
        let kept = std::mem::take(&mut self.slots[index].kept);
        let target = &self.ready.target(index).name;
        self.shared.lanes.acknowledge(target, kept);
    }

    /// Nothing is begun on any target.
    fn settle_all(&mut self, failure: &Failure) {
        for index in 0..self.slots.len() {
            let result = self.ready.not_started(index, 0, failure.clone());
            self.settle(index, result);
        }
    }

    fn settle_orphans(&mut self) {
        for index in 0..self.slots.len() {
            if self.slots[index].settled.is_none() {
                let failure = Failure::new(
                    kinds::LOST,
                    "the work on this target ended without an answer; this is a bug of Segue",
                );
                let result = self
                    .ready
                    .not_started(index, self.slots[index].attempts, failure);
                self.settle(index, result);
            }
        }
    }

    fn results(self) -> ResultSet {
        self.slots
            .into_iter()
            .map(|slot| {
                slot.settled
                    .expect("the action ends when every target has settled")
            })
            .collect()
    }
}

fn unreached(because: Because) -> Failure {
    let message = match because {
        Because::OverBudget => "not started: more targets had failed before than may fail",
        Because::Stopped => "not started: the job was being stopped",
    };
    Failure::new(kinds::UNREACHED, message)
}
