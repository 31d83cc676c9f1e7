//! Rolling through targets batch by batch, within a budget: told what happened, it says what to do next.

use std::{collections::VecDeque, num::NonZeroUsize};

use thiserror::Error;

use super::{
    BatchSize, BatchSpec, FailureBudget, IllegalRollingEvent, RollingState, RollingStateEvent,
};

/// The rules of one roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollingRules {
    pub batch: BatchSpec,
    /// A first batch of this size, of which none may fail, whatever the budgets say.
    pub canary: Option<BatchSize>,
    /// How many targets of a batch are worked on at once. `None` is all of it.
    pub limit: Option<NonZeroUsize>,
    /// Of all targets.
    pub max_failures: FailureBudget,
    /// Of the targets of each batch.
    pub batch_max_failures: FailureBudget,
    pub pause: Pause,
}

/// When a roll waits to be told to go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pause {
    #[default]
    Never,
    AfterCanary,
    AfterEveryBatch,
}

impl RollingRules {
    /// Batches of that size that end at the first failure, without a canary or a pause.
    pub fn new(batch: impl Into<BatchSpec>) -> Self {
        Self {
            batch: batch.into(),
            canary: None,
            limit: None,
            max_failures: FailureBudget::NONE,
            batch_max_failures: FailureBudget::UNLIMITED,
            pause: Pause::Never,
        }
    }
}

/// A roll through targets, which are known by their positions, as a pure state machine.
///
/// It is told [`RollingEvent::Begin`] once; then what became of every target that it started. After the reaction
/// [`RollingReaction::End`] it is over, and every target is done, failed or unreached.
///
/// - Targets come in their order. Sizes of batches are of all targets; one that was lost before its turn is
///   left out, and its place in the batch is taken by the next.
/// - A batch begins when all of the one before has ended. Those that failed are out; the others go on.
/// - It ends when more have failed than a budget allows ([`FailureBudget`] has the rule): the budget of all targets,
///   that of the batch, or, in the canary, none. A lost target counts as failed in the budget of all, and in
///   that of its batch if it was in it. Nothing more is started then, and what runs is let finish.
#[derive(Clone, Debug)]
pub struct Rolling {
    rules: RollingRules,
    states: Vec<RollingState>,
    sizes: VecDeque<usize>,
    size_last: usize,
    /// Targets before this one are no longer queued.
    cursor: usize,
    batch: Batch,
    running: usize,
    failed: usize,
    phase: Phase,
}

/// The batch that is under way.
#[derive(Clone, Debug, Default)]
struct Batch {
    /// Counted from 1; 0 before the first.
    number: usize,
    size: usize,
    waiting: VecDeque<usize>,
    /// Targets of it that have not ended.
    left: usize,
    failed: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    NotBegun,
    Forward,
    Paused,
    Ending(RollingEnding),
    Over,
}

/// Something that happened, told to a [`Rolling`]. Targets are their positions, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollingEvent {
    /// The roll begins.
    Begin,
    Succeeded(usize),
    Failed(usize),
    /// It is known to be out of order, before or while it is worked on. May be told before the roll begins.
    Lost(usize),
    /// The pause is over.
    Resumed,
    /// Somebody wants the roll to stop. Without effect when it is over, or ending already.
    StopRequested,
}

/// What is to be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RollingReaction {
    /// The batch begins. Its targets are started one by one, as the limit allows.
    StartBatch {
        /// Counted from 1, a canary included.
        number: usize,
        targets: Vec<usize>,
    },
    Start(usize),
    /// Wait, then tell [`RollingEvent::Resumed`]. Only between batches.
    Pause,
    /// The roll is over; the last reaction.
    End(RollingSummary),
}

/// What became of every target, and why the roll ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollingSummary {
    pub ending: RollingEnding,
    pub done: Vec<usize>,
    /// Lost targets included.
    pub failed: Vec<usize>,
    /// Nothing was done to them.
    pub unreached: Vec<usize>,
}

/// Why a roll ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollingEnding {
    /// Every target had its turn. Some may have failed, within the budget.
    Completed,
    OverBudget(OverBudget),
    StopRequested,
}

/// The budget that was passed, and how things stood then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverBudget {
    pub scope: BudgetScope,
    pub failed: usize,
    pub allowed: usize,
    /// The number of targets that the budget is of.
    pub total: usize,
}

/// What a budget is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetScope {
    Canary,
    /// The batch of that number, counted from 1.
    Batch(usize),
    All,
}

/// How whoever drives a [`Rolling`] was wrong. The roll is as it was before the event.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RollingError {
    #[error("target {target} can't go on")]
    Illegal {
        target: usize,
        source: IllegalRollingEvent,
    },
    #[error("target {target} is none of the {count} targets of the roll")]
    UnknownTarget { target: usize, count: usize },
    #[error("the roll has not begun")]
    NotBegun,
    #[error("the roll has begun already")]
    BegunTwice,
    #[error("the roll is not paused")]
    NotPaused,
}

impl Rolling {
    /// A roll through that many targets which has not begun.
    #[must_use]
    pub fn new(targets: usize, rules: RollingRules) -> Self {
        let canary = rules.canary.map(|size| size.of(targets));
        // No list of sizes is longer than what its author wrote, and the last size stands for the rest.
        let listed: VecDeque<usize> = canary
            .into_iter()
            .chain(rules.batch.sizes(targets).take(rules.batch.len()))
            .collect();
        Self {
            size_last: *listed.back().expect("a batch has at least one size"),
            sizes: listed,
            states: vec![RollingState::Queued; targets],
            cursor: 0,
            batch: Batch::default(),
            running: 0,
            failed: 0,
            phase: Phase::NotBegun,
            rules,
        }
    }

    /// Takes in what happened and says what to do now.
    ///
    /// # Errors
    /// The event can't happen now, such as the end of a target that does not run.
    pub fn handle(&mut self, event: RollingEvent) -> Result<Vec<RollingReaction>, RollingError> {
        self.check_phase(event)?;
        match event {
            RollingEvent::Begin => {
                self.phase = Phase::Forward;
                self.check_budgets();
            }
            RollingEvent::Resumed => self.phase = Phase::Forward,
            RollingEvent::StopRequested => self.end_with(RollingEnding::StopRequested),
            RollingEvent::Succeeded(target) => self.finish(target, RollingStateEvent::Succeeded)?,
            RollingEvent::Failed(target) => self.finish(target, RollingStateEvent::Failed)?,
            RollingEvent::Lost(target) => self.finish(target, RollingStateEvent::Lost)?,
        }
        let mut reactions = Vec::new();
        self.go_on(event, &mut reactions);
        Ok(reactions)
    }

    /// Where a target of the roll stands.
    #[must_use]
    pub fn state(&self, target: usize) -> RollingState {
        self.states[target]
    }

    /// How many targets are being worked on.
    #[must_use]
    pub const fn running(&self) -> usize {
        self.running
    }

    /// Why nothing more is started, from when that is known until the roll is over.
    #[must_use]
    pub const fn ending(&self) -> Option<RollingEnding> {
        match self.phase {
            Phase::Ending(ending) => Some(ending),
            Phase::NotBegun | Phase::Forward | Phase::Paused | Phase::Over => None,
        }
    }

    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    fn check_phase(&self, event: RollingEvent) -> Result<(), RollingError> {
        match (event, &self.phase) {
            (RollingEvent::Begin | RollingEvent::Lost(_), Phase::NotBegun) => Ok(()),
            (RollingEvent::Begin, _) => Err(RollingError::BegunTwice),
            (_, Phase::NotBegun) => Err(RollingError::NotBegun),
            (RollingEvent::Resumed, phase) if *phase != Phase::Paused => {
                Err(RollingError::NotPaused)
            }
            _ => Ok(()),
        }
    }

    /// Every change of a state goes through here, and so through the table.
    fn change(&mut self, target: usize, event: RollingStateEvent) -> Result<(), RollingError> {
        let count = self.states.len();
        let Some(state) = self.states.get_mut(target) else {
            return Err(RollingError::UnknownTarget { target, count });
        };
        *state = state
            .next(event)
            .map_err(|source| RollingError::Illegal { target, source })?;
        Ok(())
    }

    /// A change that follows from what the roll itself knows.
    fn must_change(&mut self, target: usize, event: RollingStateEvent) {
        self.change(target, event)
            .expect("the roll only makes changes that the table has");
    }

    fn finish(&mut self, target: usize, event: RollingStateEvent) -> Result<(), RollingError> {
        let before = self.states.get(target).copied();
        self.change(target, event)?;
        let in_batch = before != Some(RollingState::Queued);
        if before == Some(RollingState::Running) {
            self.running -= 1;
        }
        if in_batch {
            self.batch.left -= 1;
        }
        if event != RollingStateEvent::Succeeded {
            self.failed += 1;
            self.batch.failed += usize::from(in_batch);
            self.check_budgets();
        }
        Ok(())
    }

    fn check_budgets(&mut self) {
        if matches!(self.phase, Phase::NotBegun) {
            return;
        }
        let is_canary = self.rules.canary.is_some() && self.batch.number == 1;
        let (batch_scope, batch_budget) = if is_canary {
            (BudgetScope::Canary, FailureBudget::NONE)
        } else {
            let scope = BudgetScope::Batch(self.batch.number);
            (scope, self.rules.batch_max_failures)
        };
        let of_batch = (
            batch_scope,
            batch_budget,
            self.batch.failed,
            self.batch.size,
        );
        let of_all = (
            BudgetScope::All,
            self.rules.max_failures,
            self.failed,
            self.states.len(),
        );
        for (scope, budget, failed, total) in [of_batch, of_all] {
            if budget.is_exceeded(failed, total) {
                self.end_with(RollingEnding::OverBudget(OverBudget {
                    scope,
                    failed,
                    allowed: budget.allowed(total),
                    total,
                }));
            }
        }
    }

    /// Starts nothing more. Of several reasons the first stays.
    fn end_with(&mut self, ending: RollingEnding) {
        if !matches!(self.phase, Phase::Forward | Phase::Paused) {
            return;
        }
        self.phase = Phase::Ending(ending);
        for target in 0..self.states.len() {
            if matches!(
                self.states[target],
                RollingState::Queued | RollingState::Chosen
            ) {
                self.must_change(target, RollingStateEvent::RollEnded);
            }
        }
    }

    fn go_on(&mut self, event: RollingEvent, reactions: &mut Vec<RollingReaction>) {
        // Being told that the pause is over must not lead to the same pause again.
        let mut paused_already = event == RollingEvent::Resumed;
        while self.phase == Phase::Forward {
            self.start_waiting(reactions);
            if self.batch.left > 0 {
                return;
            }
            let targets = if paused_already || !self.pauses_now() {
                self.choose_batch()
            } else if self.skip_lost() {
                self.phase = Phase::Paused;
                reactions.push(RollingReaction::Pause);
                return;
            } else {
                Vec::new()
            };
            paused_already = false;
            if targets.is_empty() {
                self.phase = Phase::Ending(RollingEnding::Completed);
            } else {
                let number = self.batch.number;
                reactions.push(RollingReaction::StartBatch { number, targets });
            }
        }
        if let Phase::Ending(ending) = self.phase
            && self.running == 0
        {
            self.phase = Phase::Over;
            reactions.push(RollingReaction::End(self.summary(ending)));
        }
    }

    fn start_waiting(&mut self, reactions: &mut Vec<RollingReaction>) {
        let limit = self.rules.limit.map_or(usize::MAX, NonZeroUsize::get);
        while self.running < limit
            && let Some(target) = self.batch.waiting.pop_front()
        {
            // One that was lost in the meantime has ended already.
            if self.states[target] == RollingState::Chosen {
                self.must_change(target, RollingStateEvent::Started);
                self.running += 1;
                reactions.push(RollingReaction::Start(target));
            }
        }
    }

    const fn pauses_now(&self) -> bool {
        match (self.rules.pause, self.batch.number) {
            (_, 0) | (Pause::Never, _) => false,
            (Pause::AfterEveryBatch, _) => true,
            (Pause::AfterCanary, number) => self.rules.canary.is_some() && number == 1,
        }
    }

    /// Whether any target is still queued.
    fn skip_lost(&mut self) -> bool {
        while let Some(state) = self.states.get(self.cursor) {
            if *state == RollingState::Queued {
                return true;
            }
            self.cursor += 1;
        }
        false
    }

    /// The targets of the next batch; none if none are left.
    fn choose_batch(&mut self) -> Vec<usize> {
        let size = self.sizes.pop_front().unwrap_or(self.size_last);
        let mut targets = Vec::with_capacity(size.min(self.states.len() - self.cursor));
        while targets.len() < size && self.skip_lost() {
            self.must_change(self.cursor, RollingStateEvent::Chosen);
            targets.push(self.cursor);
        }
        if !targets.is_empty() {
            self.batch = Batch {
                number: self.batch.number + 1,
                size: targets.len(),
                waiting: targets.iter().copied().collect(),
                left: targets.len(),
                failed: 0,
            };
        }
        targets
    }

    fn summary(&self, ending: RollingEnding) -> RollingSummary {
        let in_state = |wanted: RollingState| {
            let all = self.states.iter().enumerate();
            all.filter(|(_, state)| **state == wanted)
                .map(|(target, _)| target)
                .collect()
        };
        RollingSummary {
            ending,
            done: in_state(RollingState::Done),
            failed: in_state(RollingState::Failed),
            unreached: in_state(RollingState::Unreached),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules(batch: &str, max_failures: &str) -> RollingRules {
        RollingRules {
            max_failures: max_failures.parse().unwrap(),
            ..RollingRules::new(batch.parse::<BatchSpec>().unwrap())
        }
    }

    /// Rolls with these targets failing, each batch in its order, and tells batches as `0 1|2 3` and the end.
    fn roll(targets: usize, rules: RollingRules, failing: &[usize]) -> (String, RollingSummary) {
        let mut rolling = Rolling::new(targets, rules);
        let mut batches = Vec::new();
        let mut todo: VecDeque<RollingEvent> = [RollingEvent::Begin].into();
        loop {
            let event = todo.pop_front().expect("a roll goes on until its end");
            for reaction in rolling.handle(event).unwrap() {
                match reaction {
                    RollingReaction::StartBatch { number, targets } => {
                        batches.push(
                            targets
                                .iter()
                                .map(ToString::to_string)
                                .collect::<Vec<_>>()
                                .join(" "),
                        );
                        assert_eq!(number, batches.len());
                    }
                    RollingReaction::Start(target) if failing.contains(&target) => {
                        todo.push_back(RollingEvent::Failed(target));
                    }
                    RollingReaction::Start(target) => {
                        todo.push_back(RollingEvent::Succeeded(target));
                    }
                    RollingReaction::Pause => todo.push_back(RollingEvent::Resumed),
                    RollingReaction::End(summary) => return (batches.join("|"), summary),
                }
            }
        }
    }

    #[test]
    fn budgets_at_their_edges() {
        // Targets, batch, budget, those that fail; batches, how many done, failed, unreached.
        type Case<'a> = (usize, &'a str, &'a str, &'a [usize], &'a str, [usize; 3]);
        let cases: [Case<'_>; 14] = [
            (0, "2", "0", &[], "", [0, 0, 0]),
            (1, "2", "0", &[], "0", [1, 0, 0]),
            (1, "100%", "0", &[0], "0", [0, 1, 0]),
            (4, "2", "0", &[], "0 1|2 3", [4, 0, 0]),
            (4, "2", "0", &[0], "0 1", [1, 1, 2]),
            (4, "2", "0", &[3], "0 1|2 3", [3, 1, 0]),
            (4, "2", "1", &[0], "0 1|2 3", [3, 1, 0]),
            (4, "2", "1", &[0, 2], "0 1|2 3", [2, 2, 0]),
            (6, "2", "1", &[0, 2], "0 1|2 3", [2, 2, 2]),
            (6, "2", "33%", &[0, 1], "0 1", [0, 2, 4]),
            (6, "2", "34%", &[0, 1], "0 1|2 3|4 5", [4, 2, 0]),
            (3, "1", "100%", &[0, 1, 2], "0|1|2", [0, 3, 0]),
            (3, "1", "99%", &[0, 1, 2], "0|1|2", [0, 3, 0]),
            (
                10,
                "1, 20%, 50%",
                "0",
                &[],
                "0|1 2|3 4 5 6 7|8 9",
                [10, 0, 0],
            ),
        ];
        for (targets, batch, budget, failing, batches, counts) in cases {
            let (told, summary) = roll(targets, rules(batch, budget), failing);
            let name = format!("{targets} by {batch}, {budget}, {failing:?} failing");
            assert_eq!(told, batches, "{name}");
            let counted = [&summary.done, &summary.failed, &summary.unreached].map(Vec::len);
            assert_eq!(counted, counts, "{name}");
            let too_many = failing.len() > rules(batch, budget).max_failures.allowed(targets);
            assert_eq!(
                matches!(summary.ending, RollingEnding::OverBudget(_)),
                too_many,
                "{name}"
            );
        }
    }

    #[test]
    fn a_batch_has_a_budget_of_its_own() {
        let with_budget = |text: &str| RollingRules {
            batch_max_failures: text.parse().unwrap(),
            ..rules("4", "100%")
        };
        let (batches, summary) = roll(12, with_budget("1"), &[0, 4, 5]);
        assert_eq!(batches, "0 1 2 3|4 5 6 7");
        assert_eq!(
            summary.ending,
            RollingEnding::OverBudget(OverBudget {
                scope: BudgetScope::Batch(2),
                failed: 2,
                allowed: 1,
                total: 4
            })
        );
        let (batches, _) = roll(10, with_budget("50%"), &[0, 1, 4, 8]);
        assert_eq!(batches, "0 1 2 3|4 5 6 7|8 9", "half of each, of two one");
    }

    #[test]
    fn a_canary_goes_first_and_must_be_well() {
        let canary = RollingRules {
            canary: Some("10%".parse().unwrap()),
            ..rules("50%", "100%")
        };
        let (batches, summary) = roll(10, canary.clone(), &[5]);
        assert_eq!(batches, "0|1 2 3 4 5|6 7 8 9");
        assert_eq!(summary.ending, RollingEnding::Completed);
        let (batches, summary) = roll(10, canary, &[0]);
        assert_eq!(batches, "0");
        let RollingEnding::OverBudget(over) = summary.ending else {
            panic!("{summary:?}");
        };
        assert_eq!(over.scope, BudgetScope::Canary);
    }

    #[test]
    fn what_runs_is_let_finish_when_the_budget_is_passed() {
        let mut rolling = Rolling::new(5, rules("3", "0"));
        rolling.handle(RollingEvent::Begin).unwrap();
        assert!(rolling.handle(RollingEvent::Failed(1)).unwrap().is_empty());
        assert!(rolling.handle(RollingEvent::Failed(2)).unwrap().is_empty());
        let reactions = rolling.handle(RollingEvent::Succeeded(0)).unwrap();
        let [RollingReaction::End(summary)] = &reactions[..] else {
            panic!("{reactions:?}");
        };
        assert_eq!(summary.done, [0]);
        assert_eq!(summary.failed, [1, 2]);
        assert_eq!(summary.unreached, [3, 4]);
        let RollingEnding::OverBudget(over) = summary.ending else {
            panic!("{summary:?}");
        };
        assert_eq!((over.failed, over.allowed), (1, 0), "as it was passed");
    }

    #[test]
    fn the_limit_holds_within_a_batch() {
        let mut rolling = Rolling::new(
            5,
            RollingRules {
                limit: NonZeroUsize::new(2),
                ..rules("4", "0")
            },
        );
        let start = RollingReaction::Start;
        let reactions = rolling.handle(RollingEvent::Begin).unwrap();
        assert_eq!(reactions[1..], [start(0), start(1)]);
        assert_eq!(
            rolling.handle(RollingEvent::Succeeded(1)).unwrap(),
            [start(2)]
        );
        assert_eq!(
            rolling.handle(RollingEvent::Succeeded(0)).unwrap(),
            [start(3)]
        );
        assert!(
            rolling
                .handle(RollingEvent::Succeeded(2))
                .unwrap()
                .is_empty()
        );
        let next = rolling.handle(RollingEvent::Succeeded(3)).unwrap();
        assert_eq!(
            next,
            [
                RollingReaction::StartBatch {
                    number: 2,
                    targets: vec![4]
                },
                start(4)
            ]
        );
    }

    #[test]
    fn lost_targets_are_left_out_and_count_as_failed() {
        let mut rolling = Rolling::new(6, rules("2", "2"));
        assert!(rolling.handle(RollingEvent::Lost(1)).unwrap().is_empty());
        let batch = |number, targets: &[usize]| RollingReaction::StartBatch {
            number,
            targets: targets.to_vec(),
        };
        let reactions = rolling.handle(RollingEvent::Begin).unwrap();
        assert_eq!(reactions[0], batch(1, &[0, 2]), "the next takes its place");
        assert!(rolling.handle(RollingEvent::Lost(3)).unwrap().is_empty());
        rolling.handle(RollingEvent::Succeeded(0)).unwrap();
        let reactions = rolling.handle(RollingEvent::Succeeded(2)).unwrap();
        assert_eq!(reactions[0], batch(2, &[4, 5]));
        assert!(rolling.handle(RollingEvent::Lost(5)).unwrap().is_empty());
        let reactions = rolling.handle(RollingEvent::Succeeded(4)).unwrap();
        let [RollingReaction::End(summary)] = &reactions[..] else {
            panic!("{reactions:?}");
        };
        assert_eq!(summary.done, [0, 2, 4]);
        assert_eq!(summary.failed, [1, 3, 5]);
    }

    #[test]
    fn too_many_lost_before_the_start_let_nothing_begin() {
        let mut rolling = Rolling::new(3, rules("1", "0"));
        rolling.handle(RollingEvent::Lost(2)).unwrap();
        let reactions = rolling.handle(RollingEvent::Begin).unwrap();
        let [RollingReaction::End(summary)] = &reactions[..] else {
            panic!("{reactions:?}");
        };
        assert_eq!(summary.unreached, [0, 1]);
    }

    #[test]
    fn a_pause_is_between_batches_and_never_after_the_last() {
        let every = RollingRules {
            pause: Pause::AfterEveryBatch,
            ..rules("2", "0")
        };
        let mut rolling = Rolling::new(3, every);
        rolling.handle(RollingEvent::Begin).unwrap();
        rolling.handle(RollingEvent::Succeeded(0)).unwrap();
        assert_eq!(
            rolling.handle(RollingEvent::Resumed),
            Err(RollingError::NotPaused)
        );
        let reactions = rolling.handle(RollingEvent::Succeeded(1)).unwrap();
        assert_eq!(reactions, [RollingReaction::Pause]);
        let reactions = rolling.handle(RollingEvent::Resumed).unwrap();
        assert_eq!(reactions.len(), 2);
        let reactions = rolling.handle(RollingEvent::Succeeded(2)).unwrap();
        assert!(matches!(reactions[..], [RollingReaction::End(_)]));
    }

    #[test]
    fn a_stop_during_a_pause_ends_the_roll() {
        let after_canary = RollingRules {
            pause: Pause::AfterCanary,
            canary: Some("1".parse().unwrap()),
            ..rules("2", "0")
        };
        let mut rolling = Rolling::new(3, after_canary);
        rolling.handle(RollingEvent::Begin).unwrap();
        let reactions = rolling.handle(RollingEvent::Succeeded(0)).unwrap();
        assert_eq!(reactions, [RollingReaction::Pause]);
        let reactions = rolling.handle(RollingEvent::StopRequested).unwrap();
        let [RollingReaction::End(summary)] = &reactions[..] else {
            panic!("{reactions:?}");
        };
        assert_eq!(summary.ending, RollingEnding::StopRequested);
        assert_eq!(summary.unreached, [1, 2]);
        let stopped_again = rolling.handle(RollingEvent::StopRequested);
        assert!(stopped_again.unwrap().is_empty());
    }

    #[test]
    fn an_illegal_event_is_refused_and_changes_nothing() {
        let mut rolling = Rolling::new(2, rules("1", "0"));
        assert_eq!(
            rolling.handle(RollingEvent::Succeeded(0)),
            Err(RollingError::NotBegun)
        );
        rolling.handle(RollingEvent::Begin).unwrap();
        assert!(matches!(
            rolling.handle(RollingEvent::Succeeded(1)),
            Err(RollingError::Illegal { target: 1, .. })
        ));
        assert_eq!(
            rolling.handle(RollingEvent::Failed(2)),
            Err(RollingError::UnknownTarget {
                target: 2,
                count: 2
            })
        );
        assert_eq!(
            rolling.handle(RollingEvent::Begin),
            Err(RollingError::BegunTwice)
        );
        assert_eq!(rolling.running(), 1);
    }

    proptest! {
        #[test]
        fn whatever_fails_the_limits_hold_and_every_target_ends_once(
            targets in 0..120_usize,
            (batch, limit) in (1..20_usize, 1..8_usize),
            (budget, batch_budget) in (0..30_usize, 0..6_usize),
            canary in prop::option::of(1..3_usize),
            choices in prop::collection::vec((any::<u16>(), 0..10_u8), 1..400),
        ) {
            let size = |many: usize| BatchSize::Count(NonZeroUsize::new(many).unwrap());
            let mut rolling = Rolling::new(targets, RollingRules {
                canary: canary.map(size),
                limit: NonZeroUsize::new(limit),
                max_failures: FailureBudget::Count(budget),
                batch_max_failures: FailureBudget::Count(batch_budget),
                ..RollingRules::new(size(batch))
            });
            let mut choices = choices.into_iter().cycle();
            let mut running: Vec<usize> = Vec::new();
            let mut in_batch: Vec<usize> = Vec::new();
            let (mut failed, mut over) = (0, false);
            let mut event = RollingEvent::Begin;
            let summary = 'roll: loop {
                for reaction in rolling.handle(event).unwrap() {
                    match reaction {
                        RollingReaction::StartBatch { targets, number } => {
                            prop_assert!(running.is_empty(), "the batch before is over");
                            let most = if number == 1 { canary.unwrap_or(batch) } else { batch };
                            prop_assert!(targets.len() <= most);
                            in_batch = targets;
                        }
                        RollingReaction::Start(target) => {
                            prop_assert!(!over, "nothing starts when the budget is passed");
                            prop_assert!(in_batch.contains(&target));
                            running.push(target);
                        }
                        RollingReaction::Pause => prop_assert!(false),
                        RollingReaction::End(summary) => break 'roll summary,
                    }
                }
                prop_assert!(running.len() <= limit);
                prop_assert!(!running.is_empty(), "something runs or it is over");
                let (which, luck) = choices.next().unwrap();
                let target = running.swap_remove(usize::from(which) % running.len());
                event = if luck == 0 {
                    failed += 1;
                    over |= failed > budget;
                    RollingEvent::Failed(target)
                } else {
                    RollingEvent::Succeeded(target)
                };
            };
            prop_assert!(running.is_empty());
            prop_assert_eq!(summary.failed.len(), failed);
            let mut all = [summary.done, summary.failed, summary.unreached.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..targets).collect::<Vec<_>>());
            if summary.ending == RollingEnding::Completed {
                prop_assert!(failed <= budget && summary.unreached.is_empty());
            }
        }
    }
}
