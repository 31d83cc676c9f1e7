//! Deciding which target of an action is started next: batches, limit, retries, failure budget, stopping.
//!
//! Pure and synchronous: [`Dispatch::handle`] takes what happened and says what to do. It is driven by
//! `fan_out`, and tested here without a runtime, a socket or a clock. Batches, limit and budget are those of
//! [`Rolling`], which has their rules; an action without batches is one batch of all its targets.

use std::{collections::VecDeque, num::NonZeroUsize, time::Duration};

use crate::{
    plan::{OnFailure, Retry},
    schedule::{
        BatchSize, BatchSpec, FailureBudget, Pause, Percent, Rolling, RollingEnding, RollingEvent,
        RollingReaction, RollingRules,
    },
};

/// The rules of one action.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// How many targets are worked on at the same time.
    pub(super) limit: Option<NonZeroUsize>,
    pub(super) retry: Option<Retry>,
    pub(super) on_failure: OnFailure,
    pub(super) batch: Option<BatchSpec>,
    /// Between batches.
    pub(super) pause: Option<Duration>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// The action begins.
    Begin,
    Succeeded(usize),
    /// The target failed in a way that another try may mend, or not.
    Failed {
        target: usize,
        may_retry: bool,
    },
    /// The delay before another try is over.
    DelayOver(usize),
    /// The pause between two batches is over.
    PauseOver,
    /// The job is being stopped.
    Stop,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reaction {
    Start {
        target: usize,
        attempt: u32,
    },
    /// Wait, then say [`Input::DelayOver`].
    Delay {
        target: usize,
        delay: Duration,
    },
    /// Wait, then say [`Input::PauseOver`].
    Pause(Duration),
    /// The failure that the target has is its result.
    Settle(usize),
    /// The target gets a result that says it was not reached.
    GiveUp {
        target: usize,
        because: Because,
    },
    /// Every target has its result.
    End,
}

/// Why a target was never started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Because {
    OverBudget,
    Stopped,
}

/// The tries of a target that has been started. Until it has settled it keeps its place in the roll, also while it
/// waits for its next try: the limit bounds how many are out of service and not only how many are busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not started, or settled.
    Idle,
    Running {
        attempt: u32,
    },
    Delayed {
        attempt: u32,
    },
}

/// The state of one action over its targets, which are known by their index.
#[derive(Clone, Debug)]
pub(super) struct Dispatch {
    retry: Option<Retry>,
    pause: Duration,
    rolling: Rolling,
    states: Vec<State>,
    was_stopped: bool,
}

impl Rules {
    /// Without a budget an action tries all its targets, unless it has batches: then the first failure is the last that
    /// is borne, since whoever asks for batches wants to know before the next one begins.
    fn rolling(&self) -> RollingRules {
        let max_failures = match (self.on_failure, &self.batch) {
            (OnFailure::Budget(budget), _) => budget,
            (OnFailure::Stop, Some(_)) => FailureBudget::NONE,
            (OnFailure::Stop, None) | (OnFailure::Survivors, _) => FailureBudget::UNLIMITED,
        };
        let pause = match self.pause {
            Some(_) => Pause::AfterEveryBatch,
            None => Pause::Never,
        };
        let all = || BatchSize::Percent(Percent::ALL).into();
        RollingRules {
            limit: self.limit,
            max_failures,
            pause,
            ..RollingRules::new(self.batch.clone().unwrap_or_else(all))
        }
    }
}

impl Dispatch {
    pub(super) fn new(targets: usize, rules: &Rules) -> Self {
        Self {
            retry: rules.retry,
            pause: rules.pause.unwrap_or_default(),
            rolling: Rolling::new(targets, rules.rolling()),
            states: vec![State::Idle; targets],
            was_stopped: false,
        }
    }

    /// Whether stopping kept it from doing all that it would have done.
    pub(super) const fn was_stopped(&self) -> bool {
        self.was_stopped
    }

    /// Takes in what happened and says what to do, in this order.
    pub(super) fn handle(&mut self, input: Input) -> Vec<Reaction> {
        let mut reactions = Vec::new();
        let event = match input {
            Input::Begin => Some(RollingEvent::Begin),
            Input::PauseOver => Some(RollingEvent::Resumed),
            Input::Stop => Some(RollingEvent::StopRequested),
            Input::Succeeded(target) => {
                self.leave_running(target);
                Some(RollingEvent::Succeeded(target))
            }
            Input::Failed { target, may_retry } => self.failed(target, may_retry, &mut reactions),
            Input::DelayOver(target) => {
                // A target whose delay was cut short by a stop has settled already.
                if let State::Delayed { attempt } = self.states[target] {
                    self.start(target, attempt + 1, &mut reactions);
                }
                None
            }
        };
        if let Some(event) = event {
            self.roll(event, &mut reactions);
        }
        reactions
    }

    fn failed(
        &mut self,
        target: usize,
        may_retry: bool,
        reactions: &mut Vec<Reaction>,
    ) -> Option<RollingEvent> {
        let attempt = self.leave_running(target);
        let delay = self.delay_before(attempt + 1);
        if let Some(delay) = delay.filter(|_| may_retry && self.rolling.ending().is_none()) {
            self.states[target] = State::Delayed { attempt };
            reactions.push(Reaction::Delay { target, delay });
            None
        } else {
            reactions.push(Reaction::Settle(target));
            Some(RollingEvent::Failed(target))
        }
    }

    fn roll(&mut self, event: RollingEvent, reactions: &mut Vec<Reaction>) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let rolled = self
                .rolling
                .handle(event)
                .expect("targets end after they were started, and pauses after they began");
            for reaction in rolled {
                match reaction {
                    RollingReaction::StartBatch { .. } => {}
                    RollingReaction::Start(target) => self.start(target, 1, reactions),
                    RollingReaction::Pause => reactions.push(Reaction::Pause(self.pause)),
                    RollingReaction::End(summary) => {
                        self.was_stopped = summary.ending == RollingEnding::StopRequested;
                        let because = match summary.ending {
                            RollingEnding::StopRequested => Because::Stopped,
                            RollingEnding::Completed | RollingEnding::OverBudget(_) => {
                                Because::OverBudget
                            }
                        };
                        let given_up = summary.unreached.into_iter();
                        reactions
                            .extend(given_up.map(|target| Reaction::GiveUp { target, because }));
                        reactions.push(Reaction::End);
                    }
                }
            }
            if self.rolling.ending().is_some() {
                self.cut_delays(reactions, &mut events);
            }
        }
    }

    /// Nothing more is tried: whoever waits for another try has failed.
    fn cut_delays(&mut self, reactions: &mut Vec<Reaction>, events: &mut VecDeque<RollingEvent>) {
        for (target, state) in self.states.iter_mut().enumerate() {
            if let State::Delayed { .. } = state {
                *state = State::Idle;
                reactions.push(Reaction::Settle(target));
                events.push_back(RollingEvent::Failed(target));
            }
        }
    }

    fn start(&mut self, target: usize, attempt: u32, reactions: &mut Vec<Reaction>) {
        self.states[target] = State::Running { attempt };
        reactions.push(Reaction::Start { target, attempt });
    }

    fn leave_running(&mut self, target: usize) -> u32 {
        let State::Running { attempt } = std::mem::replace(&mut self.states[target], State::Idle)
        else {
            unreachable!("a target answers only while it runs");
        };
        attempt
    }

    /// The delay before this attempt, if there is to be one.
    fn delay_before(&self, attempt: u32) -> Option<Duration> {
        let retry = self.retry.filter(|retry| attempt <= retry.attempts)?;
        let exponent = i32::try_from(attempt.saturating_sub(2)).unwrap_or(i32::MAX);
        let factor = retry.backoff.max(1.0).powi(exponent);
        let seconds = (retry.delay.as_secs_f64() * factor).min(DELAY_MAX.as_secs_f64());
        Some(Duration::from_secs_f64(seconds))
    }
}

/// No backoff grows beyond an hour: a person would have looked by then.
const DELAY_MAX: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: Rules = Rules {
        limit: None,
        retry: None,
        on_failure: OnFailure::Stop,
        batch: None,
        pause: None,
    };

    fn rules(limit: usize) -> Rules {
        Rules {
            limit: NonZeroUsize::new(limit),
            ..RULES
        }
    }

    fn starts(reactions: &[Reaction]) -> Vec<usize> {
        reactions
            .iter()
            .filter_map(|reaction| match reaction {
                Reaction::Start { target, .. } => Some(*target),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn an_action_without_targets_ends_at_once() {
        assert_eq!(
            Dispatch::new(0, &RULES).handle(Input::Begin),
            [Reaction::End]
        );
    }

    #[test]
    fn a_limit_lets_the_next_start_when_one_ends() {
        let mut dispatch = Dispatch::new(3, &rules(2));
        assert_eq!(starts(&dispatch.handle(Input::Begin)), [0, 1]);
        assert_eq!(starts(&dispatch.handle(Input::Succeeded(1))), [2]);
        assert!(starts(&dispatch.handle(Input::Succeeded(0))).is_empty());
        assert_eq!(dispatch.handle(Input::Succeeded(2)), [Reaction::End]);
    }

    #[test]
    fn without_a_budget_every_target_is_tried() {
        let mut dispatch = Dispatch::new(2, &rules(1));
        dispatch.handle(Input::Begin);
        let failed = Input::Failed {
            target: 0,
            may_retry: true,
        };
        assert_eq!(
            dispatch.handle(failed),
            [
                Reaction::Settle(0),
                Reaction::Start {
                    target: 1,
                    attempt: 1
                }
            ]
        );
    }

    #[test]
    fn one_failure_over_the_budget_closes_the_action() {
        let mut dispatch = Dispatch::new(
            5,
            &Rules {
                on_failure: OnFailure::Budget("20%".parse().unwrap()),
                ..rules(1)
            },
        );
        let fail = |target| Input::Failed {
            target,
            may_retry: false,
        };
        dispatch.handle(Input::Begin);
        assert_eq!(starts(&dispatch.handle(fail(0))), [1]);
        let reactions = dispatch.handle(fail(1));
        assert!(starts(&reactions).is_empty());
        assert_eq!(reactions.last(), Some(&Reaction::End));
        let given_up = reactions
            .iter()
            .filter(|reaction| matches!(reaction, Reaction::GiveUp { .. }))
            .count();
        assert_eq!(given_up, 3);
    }

    #[test]
    fn retries_back_off_and_end_with_the_last_failure() {
        let mut dispatch = Dispatch::new(
            1,
            &Rules {
                retry: Some(Retry {
                    attempts: 3,
                    delay: Duration::from_secs(2),
                    backoff: 3.0,
                }),
                ..RULES
            },
        );
        let failed = Input::Failed {
            target: 0,
            may_retry: true,
        };
        dispatch.handle(Input::Begin);
        for (delay, attempt) in [(2, 2), (6, 3)] {
            let delay = Duration::from_secs(delay);
            assert_eq!(
                dispatch.handle(failed),
                [Reaction::Delay { target: 0, delay }]
            );
            let start = Reaction::Start { target: 0, attempt };
            assert_eq!(dispatch.handle(Input::DelayOver(0)), [start]);
        }
        assert_eq!(
            dispatch.handle(failed),
            [Reaction::Settle(0), Reaction::End]
        );
    }

    #[test]
    fn a_stop_lets_the_running_finish_and_gives_the_rest_up() {
        let mut dispatch = Dispatch::new(3, &rules(1));
        dispatch.handle(Input::Begin);
        let because = Because::Stopped;
        assert_eq!(dispatch.handle(Input::Stop), []);
        assert_eq!(
            dispatch.handle(Input::Succeeded(0)),
            [
                Reaction::GiveUp { target: 1, because },
                Reaction::GiveUp { target: 2, because },
                Reaction::End
            ]
        );
    }

    #[test]
    fn a_target_that_waits_for_another_try_has_failed_when_nothing_more_is_started() {
        let mut dispatch = Dispatch::new(
            2,
            &Rules {
                retry: Some(Retry {
                    attempts: 2,
                    delay: Duration::from_secs(1),
                    backoff: 1.0,
                }),
                ..RULES
            },
        );
        dispatch.handle(Input::Begin);
        let failed = Input::Failed {
            target: 0,
            may_retry: true,
        };
        let delay = Duration::from_secs(1);
        assert_eq!(
            dispatch.handle(failed),
            [Reaction::Delay { target: 0, delay }]
        );
        assert_eq!(dispatch.handle(Input::Stop), [Reaction::Settle(0)]);
        assert_eq!(dispatch.handle(Input::DelayOver(0)), []);
        assert_eq!(dispatch.handle(Input::Succeeded(1)), [Reaction::End]);
    }

    /// Which targets were started in which batch, when these fail: batches are told apart by the pauses.
    fn batches(targets: usize, on_failure: OnFailure, failing: &[usize]) -> Vec<Vec<usize>> {
        let mut dispatch = Dispatch::new(
            targets,
            &Rules {
                on_failure,
                batch: Some("1, 50%".parse().unwrap()),
                pause: Some(Duration::from_secs(5)),
                ..RULES
            },
        );
        let mut batches = Vec::new();
        let mut input = Input::Begin;
        loop {
            let started = starts(&dispatch.handle(input));
            if started.is_empty() {
                return batches;
            }
            batches.push(started.clone());
            let mut last = Vec::new();
            for target in started {
                last = dispatch.handle(if failing.contains(&target) {
                    Input::Failed {
                        target,
                        may_retry: false,
                    }
                } else {
                    Input::Succeeded(target)
                });
            }
            match last.last() {
                Some(Reaction::Pause(pause)) => assert_eq!(*pause, Duration::from_secs(5)),
                Some(Reaction::End) => return batches,
                other => panic!("{other:?} after a batch"),
            }
            input = Input::PauseOver;
        }
    }

    #[test]
    fn batches_follow_each_other_while_the_budget_lasts() {
        let all = [vec![0], vec![1, 2, 3], vec![4, 5]];
        let count = |count| OnFailure::Budget(FailureBudget::Count(count));
        assert_eq!(batches(6, OnFailure::Stop, &[]), all);
        assert_eq!(batches(6, OnFailure::Survivors, &[0, 1, 2, 3, 4, 5]), all);
        assert_eq!(batches(6, OnFailure::Stop, &[2]), all[..2]);
        assert_eq!(batches(6, OnFailure::Stop, &[0]), all[..1]);
        assert_eq!(batches(6, count(2), &[1, 2]), all);
        assert_eq!(batches(6, count(1), &[1, 2]), all[..2]);
        assert_eq!(batches(1, count(0), &[0]), all[..1]);
        assert_eq!(batches(0, count(0), &[]), all[..0]);
    }

    #[test]
    fn a_stop_ends_a_pause() {
        let mut dispatch = Dispatch::new(
            2,
            &Rules {
                batch: Some("1".parse().unwrap()),
                pause: Some(Duration::from_secs(5)),
                ..RULES
            },
        );
        dispatch.handle(Input::Begin);
        let pause = Reaction::Pause(Duration::from_secs(5));
        assert_eq!(dispatch.handle(Input::Succeeded(0)), [pause]);
        let because = Because::Stopped;
        assert_eq!(
            dispatch.handle(Input::Stop),
            [Reaction::GiveUp { target: 1, because }, Reaction::End]
        );
    }

    proptest! {
        /// Whatever fails and in which order answers come: the limit holds, every target gets exactly one
        /// result, and the end comes once.
        #[test]
        fn every_target_settles_once_within_the_limit(
            targets in 0_usize..60,
            limit in 1_usize..10,
            attempts in 1_u32..4,
            budget in proptest::option::of(0_usize..10),
            stop_after in proptest::option::of(0_usize..40),
            batch in proptest::option::of(1_usize..20),
            choices in proptest::collection::vec(any::<(u16, bool)>(), 400),
        ) {
            let batch = batch.and_then(NonZeroUsize::new).map(BatchSpec::from);
            let mut dispatch = Dispatch::new(targets, &Rules {
                limit: NonZeroUsize::new(limit),
                retry: Some(Retry { attempts, delay: Duration::ZERO, backoff: 1.0 }),
                on_failure: budget.map_or(OnFailure::Survivors, |count| OnFailure::Budget(FailureBudget::Count(count))),
                batch,
                pause: None,
            });
            let (mut running, mut delayed) = (Vec::new(), Vec::new());
            let mut settled = vec![0; targets];
            let (mut ends, mut steps) = (0, 0);
            let mut input = Some(Input::Begin);
            while let Some(now) = input.take() {
                if let Input::Succeeded(target) = now {
                    settled[target] += 1;
                }
                for reaction in dispatch.handle(now) {
                    match reaction {
                        Reaction::Start { target, .. } => running.push(target),
                        Reaction::Delay { target, .. } => delayed.push(target),
                        Reaction::Settle(target) | Reaction::GiveUp { target, .. } => {
                            delayed.retain(|other| *other != target);
                            settled[target] += 1;
                        }
                        Reaction::Pause(_) => prop_assert!(false, "no pause was asked for"),
                        Reaction::End => ends += 1,
                    }
                }
                prop_assert!(running.len() + delayed.len() <= limit);
                let (pick, fails) = choices[steps % choices.len()];
                steps += 1;
                let busy = running.len() + delayed.len();
                input = if ends > 0 || busy == 0 {
                    None
                } else if stop_after == Some(steps) {
                    Some(Input::Stop)
                } else {
                    let pick = usize::from(pick) % busy;
                    Some(if pick < running.len() {
                        let target = running.remove(pick);
                        if fails { Input::Failed { target, may_retry: true } } else { Input::Succeeded(target) }
                    } else {
                        Input::DelayOver(delayed.remove(pick - running.len()))
                    })
                };
            }
            prop_assert_eq!(ends, 1);
            prop_assert!(settled.iter().all(|count| *count == 1));
        }
    }
}
