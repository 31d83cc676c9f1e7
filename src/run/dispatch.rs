//! Deciding which target of an action is started next: limit, retries, failure budget, stopping.
//!
//! Pure and synchronous: [`Dispatch::handle`] takes what happened and says what to do. It is driven by
//! `live`, and tested here without a runtime, a socket or a clock.

use std::{num::NonZeroUsize, time::Duration};

use crate::plan::{FailureBudget, OnFailure, Retry};

/// The rules of one action.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// How many targets are worked on at the same time.
    pub(super) limit: Option<NonZeroUsize>,
    pub(super) retry: Option<Retry>,
    pub(super) on_failure: OnFailure,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Running { attempt: u32 },
    Delayed { attempt: u32 },
    Settled,
}

/// The state of one action over its targets, which are known by their index.
#[derive(Clone, Debug)]
pub(super) struct Dispatch {
    rules: Rules,
    states: Vec<State>,
    /// The first target that may still be waiting: targets start in order.
    next: usize,
    running: usize,
    delayed: usize,
    settled: usize,
    failed: usize,
    closed: Option<Because>,
}

impl Dispatch {
    pub(super) fn new(targets: usize, rules: Rules) -> Self {
        Self {
            rules,
            states: vec![State::Waiting; targets],
            next: 0,
            running: 0,
            delayed: 0,
            settled: 0,
            failed: 0,
            closed: None,
        }
    }

    /// Whether the failure budget was overdrawn.
    pub(super) fn is_over_budget(&self) -> bool {
        self.closed == Some(Because::OverBudget)
    }

    /// Whether stopping kept it from doing all that it would have done.
    pub(super) fn was_stopped(&self) -> bool {
        self.closed == Some(Because::Stopped)
    }

    /// Takes in what happened and says what to do, in this order.
    pub(super) fn handle(&mut self, input: Input) -> Vec<Reaction> {
        let mut reactions = Vec::new();
        match input {
            Input::Begin => {}
            Input::Succeeded(target) => {
                self.leave_running(target);
                self.settle(target);
            }
            Input::Failed { target, may_retry } => {
                let attempt = self.leave_running(target);
                match self.delay_before(attempt + 1).filter(|_| may_retry) {
                    Some(delay) if self.closed.is_none() => {
                        self.states[target] = State::Delayed { attempt };
                        self.delayed += 1;
                        reactions.push(Reaction::Delay { target, delay });
                    }
                    _ => {
                        self.failed += 1;
                        self.settle(target);
                        reactions.push(Reaction::Settle(target));
                        if self.failed > self.budget() {
                            self.close(Because::OverBudget, &mut reactions);
                        }
                    }
                }
            }
            Input::DelayOver(target) => {
                // A target whose delay was cut short by a stop has settled already.
                if let State::Delayed { attempt } = self.states[target] {
                    self.delayed -= 1;
                    self.start(target, attempt + 1, &mut reactions);
                }
            }
            Input::Stop => self.close(Because::Stopped, &mut reactions),
        }
        self.start_more(&mut reactions);
        if self.settled == self.states.len() {
            reactions.push(Reaction::End);
        }
        reactions
    }

    fn start_more(&mut self, reactions: &mut Vec<Reaction>) {
        let limit = self.rules.limit.map_or(usize::MAX, NonZeroUsize::get);
        // A target that waits for its next try keeps its place, so that the limit bounds
        // how many are out of service and not only how many are busy.
        while self.closed.is_none() && self.running + self.delayed < limit {
            let Some(offset) = self.states[self.next..]
                .iter()
                .position(|state| *state == State::Waiting)
            else {
                self.next = self.states.len();
                return;
            };
            let target = self.next + offset;
            self.next = target + 1;
            self.start(target, 1, reactions);
        }
    }

    fn start(&mut self, target: usize, attempt: u32, reactions: &mut Vec<Reaction>) {
        self.states[target] = State::Running { attempt };
        self.running += 1;
        reactions.push(Reaction::Start { target, attempt });
    }

    fn leave_running(&mut self, target: usize) -> u32 {
        let State::Running { attempt } = self.states[target] else {
            unreachable!("a target answers only while it runs");
        };
        self.running -= 1;
        attempt
    }

    fn settle(&mut self, target: usize) {
        self.states[target] = State::Settled;
        self.settled += 1;
    }

    fn close(&mut self, because: Because, reactions: &mut Vec<Reaction>) {
        if self.closed.is_some() {
            return;
        }
        self.closed = Some(because);
        for target in 0..self.states.len() {
            match self.states[target] {
                State::Waiting => {
                    self.settle(target);
                    reactions.push(Reaction::GiveUp { target, because });
                }
                State::Delayed { .. } => {
                    self.delayed -= 1;
                    self.failed += 1;
                    self.settle(target);
                    reactions.push(Reaction::Settle(target));
                }
                State::Running { .. } | State::Settled => {}
            }
        }
    }

    /// The delay before this attempt, if there is to be one.
    fn delay_before(&self, attempt: u32) -> Option<Duration> {
        let retry = self.rules.retry.filter(|retry| attempt <= retry.attempts)?;
        let exponent = i32::try_from(attempt.saturating_sub(2)).unwrap_or(i32::MAX);
        let factor = retry.backoff.max(1.0).powi(exponent);
        let seconds = (retry.delay.as_secs_f64() * factor).min(DELAY_MAX.as_secs_f64());
        Some(Duration::from_secs_f64(seconds))
    }

    /// How many failures are borne before nothing more is started.
    fn budget(&self) -> usize {
        match self.rules.on_failure {
            OnFailure::Stop | OnFailure::Survivors => usize::MAX,
            OnFailure::Budget(FailureBudget::Count(count)) => count,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a share of a number of targets lies between 0 and that number"
            )]
            OnFailure::Budget(FailureBudget::Percent(percent)) => {
                (self.states.len() as f64 * percent.clamp(0.0, 100.0) / 100.0).floor() as usize
            }
        }
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
            Dispatch::new(0, RULES).handle(Input::Begin),
            [Reaction::End]
        );
    }

    #[test]
    fn a_limit_lets_the_next_start_when_one_ends() {
        let mut dispatch = Dispatch::new(3, rules(2));
        assert_eq!(starts(&dispatch.handle(Input::Begin)), [0, 1]);
        assert_eq!(starts(&dispatch.handle(Input::Succeeded(1))), [2]);
        assert!(starts(&dispatch.handle(Input::Succeeded(0))).is_empty());
        assert_eq!(dispatch.handle(Input::Succeeded(2)), [Reaction::End]);
    }

    #[test]
    fn without_a_budget_every_target_is_tried() {
        let mut dispatch = Dispatch::new(2, rules(1));
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
            Rules {
                on_failure: OnFailure::Budget(FailureBudget::Percent(20.0)),
                ..rules(1)
            },
        );
        let fail = |target| Input::Failed {
            target,
            may_retry: false,
        };
        dispatch.handle(Input::Begin);
        assert_eq!(starts(&dispatch.handle(fail(0))), [1]);
        assert!(!dispatch.is_over_budget());
        let reactions = dispatch.handle(fail(1));
        assert!(dispatch.is_over_budget());
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
            Rules {
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
        let mut dispatch = Dispatch::new(3, rules(1));
        dispatch.handle(Input::Begin);
        let because = Because::Stopped;
        assert_eq!(
            dispatch.handle(Input::Stop),
            [
                Reaction::GiveUp { target: 1, because },
                Reaction::GiveUp { target: 2, because }
            ]
        );
        assert_eq!(dispatch.handle(Input::Succeeded(0)), [Reaction::End]);
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
            choices in proptest::collection::vec(any::<(u16, bool)>(), 400),
        ) {
            let mut dispatch = Dispatch::new(targets, Rules {
                limit: NonZeroUsize::new(limit),
                retry: Some(Retry { attempts, delay: Duration::ZERO, backoff: 1.0 }),
                on_failure: budget.map_or(OnFailure::Survivors, |count| OnFailure::Budget(FailureBudget::Count(count))),
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
