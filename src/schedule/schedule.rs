//! The run of a graph: told what happened, it says what to do next.

use std::sync::Arc;

use thiserror::Error;

use super::{
    Ending, IllegalEvent, OnStepFailure, RunRules, State, StateEvent, StepGraph, StepIndex,
    Summary, next, ready::Ready,
};

/// The run of one graph, as a pure state machine: no runtime, no clock. The same events give the same reactions.
///
/// It is told [`StepEvent::Begin`] once; then the end of every step that it started, in whatever order they end.
/// After the reaction [`Reaction::End`] it is over, and every step is in the state that it ended in.
///
/// - A step starts when all that it comes after has ended well, as soon as the limits allow; of several, the one
///   that was written first.
/// - A step whose condition is false is skipped, and what comes after it goes on: a condition is no failure.
/// - A step that fails does what its rule says, else the rule of the run: see [`OnStepFailure`]. When several failures
///   disagree, a rollback goes before a stop, and both before the rest.
/// - A rollback begins when nothing runs any more. It undoes what was done, one step at a time, in exactly the reverse of
///   the order in which the steps ended (which is a reverse topological order). The failed step itself is not
///   undone, nor is what has no undo; an undo that fails holds up nothing.
/// - A requested stop starts nothing more and rolls nothing back, even if what still runs fails: a stopped run can be
///   resumed. A rollback that has been decided before is still carried out.
#[derive(Clone, Debug)]
pub struct Schedule {
    graph: Arc<StepGraph>,
    on_failure: OnStepFailure,
    states: Vec<State>,
    because: Vec<Option<SkipReason>>,
    /// For each step, how many of those that it comes after have not ended.
    missing: Vec<u32>,
    ready: Ready,
    /// What was done, in the order in which it ended.
    done: Vec<StepIndex>,
    undoing: Option<StepIndex>,
    phase: Phase,
}

/// Something that happened, told to a [`Schedule`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepEvent {
    /// The run begins.
    Begin,
    Finished(StepIndex),
    Failed(StepIndex),
    /// Its `when` said no. It was started, for the condition is part of the step.
    ConditionFalse(StepIndex),
    /// Its undo is over and went well.
    Undone(StepIndex),
    /// Its undo is over and did not go well.
    UndoFailed(StepIndex),
    /// Somebody wants the run to stop. Without effect when it is over or being rolled back.
    StopRequested,
}

/// What is to be done now. Reactions to one event may be carried out at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    Start(StepIndex),
    /// The step is over; only to be told.
    Skip {
        step: StepIndex,
        because: SkipReason,
    },
    Undo(StepIndex),
    /// The run is over; the last reaction.
    End(Summary),
}

/// Why a step was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// Its condition was false.
    Condition,
    /// This step failed, and the skipped one comes after it, directly or not.
    Failed(StepIndex),
}

/// How whoever drives a [`Schedule`] was wrong. The schedule is as it was before the event.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScheduleError {
    #[error("step `{step}` can't go on")]
    Illegal { step: String, source: IllegalEvent },
    #[error("step {position} is none of the {count} steps of the graph")]
    UnknownStep { position: usize, count: usize },
    #[error("the run has not begun")]
    NotBegun,
    #[error("the run has begun already")]
    BegunTwice,
}

/// What the run is about. A run never goes back to an earlier phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    NotBegun,
    Forward,
    /// Nothing more is started.
    Ending(Ending),
    Over,
}

impl Schedule {
    /// A run of `graph` that has not begun.
    pub fn new(graph: impl Into<Arc<StepGraph>>, rules: &RunRules) -> Self {
        let graph = graph.into();
        let dependencies = graph.dependencies();
        let missing = (0..graph.len())
            .map(|step| dependencies.before(step).fold(0, |count, _| count + 1))
            .collect();
        Self {
            on_failure: rules.on_failure,
            states: vec![State::Waiting; graph.len()],
            because: vec![None; graph.len()],
            missing,
            ready: Ready::new(&graph, rules),
            done: Vec::new(),
            undoing: None,
            phase: Phase::NotBegun,
            graph,
        }
    }

    /// Takes in what happened and says what to do now, in the order in which it is to be told.
    ///
    /// # Errors
    /// The event can't happen now, such as the end of a step that does not run.
    pub fn handle(&mut self, event: StepEvent) -> Result<Vec<Reaction>, ScheduleError> {
        let mut reactions = Vec::new();
        self.check_begun(event)?;
        match event {
            StepEvent::Begin => self.begin(),
            StepEvent::StopRequested => self.end_with(Ending::StopRequested),
            StepEvent::Finished(step) => {
                self.change(step, StateEvent::Finished)?;
                self.ready.give_back(step);
                self.done.push(step);
                self.release_dependents(step);
            }
            StepEvent::ConditionFalse(step) => {
                self.change(step, StateEvent::ConditionFalse)?;
                self.ready.give_back(step);
                self.skip(step, SkipReason::Condition, &mut reactions);
                self.release_dependents(step);
            }
            StepEvent::Failed(step) => {
                self.change(step, StateEvent::Failed)?;
                self.ready.give_back(step);
                self.follow_failure_rule(step, &mut reactions);
            }
            StepEvent::Undone(step) => {
                self.change(step, StateEvent::UndoFinished)?;
                self.undoing = None;
            }
            StepEvent::UndoFailed(step) => {
                self.change(step, StateEvent::UndoFailed)?;
                self.undoing = None;
            }
        }
        self.go_on(&mut reactions);
        Ok(reactions)
    }

    #[must_use]
    pub const fn graph(&self) -> &Arc<StepGraph> {
        &self.graph
    }

    /// Where a step of the graph stands.
    #[must_use]
    pub fn state(&self, step: StepIndex) -> State {
        self.states[step.position()]
    }

    /// Why a step was skipped, if it was.
    #[must_use]
    pub fn skip_reason(&self, step: StepIndex) -> Option<SkipReason> {
        self.because[step.position()]
    }

    /// How many steps run, undos not counted.
    #[must_use]
    pub const fn running(&self) -> usize {
        self.ready.running()
    }

    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    fn check_begun(&self, event: StepEvent) -> Result<(), ScheduleError> {
        match (event, self.phase) {
            (StepEvent::Begin, Phase::NotBegun) => Ok(()),
            (StepEvent::Begin, _) => Err(ScheduleError::BegunTwice),
            (_, Phase::NotBegun) => Err(ScheduleError::NotBegun),
            _ => Ok(()),
        }
    }

    fn begin(&mut self) {
        self.phase = Phase::Forward;
        for step in self.graph.steps() {
            if self.missing[step.position()] == 0 {
                self.release(step);
            }
        }
    }

    /// Every change of a state goes through here, and so through the table.
    fn change(&mut self, step: StepIndex, event: StateEvent) -> Result<(), ScheduleError> {
        let count = self.states.len();
        let Some(state) = self.states.get_mut(step.position()) else {
            let position = step.position();
            return Err(ScheduleError::UnknownStep { position, count });
        };
        *state = next(*state, event).map_err(|source| ScheduleError::Illegal {
            step: self.graph.name(step).to_owned(),
            source,
        })?;
        Ok(())
    }

    /// A change that follows from what the schedule itself knows.
    fn must_change(&mut self, step: StepIndex, event: StateEvent) {
        self.change(step, event)
            .expect("the schedule only makes changes that the table has");
    }

    fn release(&mut self, step: StepIndex) {
        self.must_change(step, StateEvent::Released);
        self.ready.push(step);
    }

    fn release_dependents(&mut self, step: StepIndex) {
        if self.phase != Phase::Forward {
            return;
        }
        let graph = Arc::clone(&self.graph);
        for dependent in graph.dependents(step) {
            let missing = &mut self.missing[dependent.position()];
            *missing -= 1;
            // One that was skipped because of another failure stays so.
            if *missing == 0 && self.state(dependent) == State::Waiting {
                self.release(dependent);
            }
        }
    }

    fn follow_failure_rule(&mut self, failed: StepIndex, reactions: &mut Vec<Reaction>) {
        match self.graph.on_failure(failed).unwrap_or(self.on_failure) {
            OnStepFailure::SkipDependents => self.skip_dependents(failed, reactions),
            OnStepFailure::Continue => self.release_dependents(failed),
            OnStepFailure::Stop => self.end_with(Ending::StoppedBy(failed)),
            OnStepFailure::Rollback => self.end_with(Ending::RolledBackBy(failed)),
        }
    }

    /// Skips all that comes after a failed step. Each step is skipped once in a run, so all skips together are linear.
    fn skip_dependents(&mut self, failed: StepIndex, reactions: &mut Vec<Reaction>) {
        if self.phase != Phase::Forward {
            return;
        }
        let graph = Arc::clone(&self.graph);
        let mut behind = vec![failed];
        let mut skipped = Vec::new();
        while let Some(step) = behind.pop() {
            for dependent in graph.dependents(step) {
                if self.state(dependent) == State::Waiting {
                    self.must_change(dependent, StateEvent::DependencyFailed);
                    skipped.push(dependent);
                    behind.push(dependent);
                }
            }
        }
        skipped.sort_unstable();
        for step in skipped {
            self.skip(step, SkipReason::Failed(failed), reactions);
        }
    }

    fn skip(&mut self, step: StepIndex, because: SkipReason, reactions: &mut Vec<Reaction>) {
        self.because[step.position()] = Some(because);
        reactions.push(Reaction::Skip { step, because });
    }

    /// Starts nothing more. Of two reasons the stronger stays; of two that are equal, the first.
    fn end_with(&mut self, ending: Ending) {
        match (self.phase, ending) {
            (Phase::Forward, _) => {
                self.phase = Phase::Ending(ending);
                self.ready.clear();
                for step in self.graph.steps() {
                    if matches!(self.state(step), State::Waiting | State::Ready) {
                        self.must_change(step, StateEvent::RunEnded);
                    }
                }
            }
            (
                Phase::Ending(Ending::StoppedBy(_)),
                Ending::RolledBackBy(_) | Ending::StopRequested,
            ) => {
                self.phase = Phase::Ending(ending);
            }
            _ => {}
        }
    }

    fn go_on(&mut self, reactions: &mut Vec<Reaction>) {
        if self.phase == Phase::Forward {
            while let Some(step) = self.ready.take() {
                self.must_change(step, StateEvent::Started);
                reactions.push(Reaction::Start(step));
            }
        }
        if self.running() > 0 || self.undoing.is_some() {
            return;
        }
        let ending = match self.phase {
            Phase::Forward => Ending::Completed,
            Phase::Ending(ending) => ending,
            Phase::NotBegun | Phase::Over => return,
        };
        if matches!(ending, Ending::RolledBackBy(_))
            && let Some(step) = self.next_to_undo()
        {
            self.must_change(step, StateEvent::UndoStarted);
            self.undoing = Some(step);
            reactions.push(Reaction::Undo(step));
            return;
        }
        self.phase = Phase::Over;
        reactions.push(Reaction::End(self.summary(ending)));
    }

    fn next_to_undo(&mut self) -> Option<StepIndex> {
        while let Some(step) = self.done.pop() {
            if self.graph.has_undo(step) {
                return Some(step);
            }
        }
        None
    }

    fn summary(&self, ending: Ending) -> Summary {
        let status = |state: &State| {
            let status = state.status();
            status.expect("a run ends when nothing runs and nothing can be started")
        };
        Summary {
            ending,
            statuses: self.states.iter().map(status).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::{
        model::StepStatus,
        schedule::{HumanReason, StepSpec},
    };

    /// A schedule that is told names and answers in words, such as `start app`.
    struct Told(Schedule);

    impl Told {
        fn new(specs: Vec<StepSpec>, rules: &RunRules) -> Self {
            Self(Schedule::new(StepGraph::new(specs).unwrap(), rules))
        }

        fn step(&self, name: &str) -> StepIndex {
            self.0.graph.index_of(name).unwrap()
        }

        fn begin(&mut self) -> Vec<String> {
            self.tell(StepEvent::Begin)
        }

        fn finished(&mut self, name: &str) -> Vec<String> {
            self.tell(StepEvent::Finished(self.step(name)))
        }

        fn failed(&mut self, name: &str) -> Vec<String> {
            self.tell(StepEvent::Failed(self.step(name)))
        }

        fn undone(&mut self, name: &str) -> Vec<String> {
            self.tell(StepEvent::Undone(self.step(name)))
        }

        fn tell(&mut self, event: StepEvent) -> Vec<String> {
            let reactions = self.0.handle(event).unwrap();
            let name = |step: StepIndex| self.0.graph.name(step).to_owned();
            let in_words = |reaction: Reaction| match reaction {
                Reaction::Start(step) => format!("start {}", name(step)),
                Reaction::Undo(step) => format!("undo {}", name(step)),
                Reaction::Skip { step, because } => match because {
                    SkipReason::Condition => format!("skip {}", name(step)),
                    SkipReason::Failed(by) => format!("skip {} for {}", name(step), name(by)),
                },
                Reaction::End(summary) => format!("end {:?}", summary.ending),
            };
            reactions.into_iter().map(in_words).collect()
        }

        fn state(&self, name: &str) -> State {
            self.0.state(self.step(name))
        }
    }

    fn step(name: &str, after: &[&str]) -> StepSpec {
        StepSpec::new(name).after(after.iter().copied())
    }

    /// fetch, then migrate and assets, then app (after both), then web; docs beside them.
    fn release() -> Vec<StepSpec> {
        vec![
            step("fetch", &[]).with_undo(),
            step("docs", &[]).with_undo(),
            step("migrate", &["fetch"]).with_undo(),
            step("assets", &["fetch"]),
            step("app", &["migrate", "assets"]).with_undo(),
            step("web", &["app"]),
        ]
    }

    fn rules(on_failure: OnStepFailure) -> RunRules {
        RunRules {
            on_failure,
            ..RunRules::default()
        }
    }

    #[test]
    fn steps_start_when_all_before_them_are_done_in_the_order_as_written() {
        let mut run = Told::new(release(), &RunRules::default());
        assert_eq!(run.begin(), ["start fetch", "start docs"]);
        assert_eq!(run.finished("fetch"), ["start migrate", "start assets"]);
        assert!(run.finished("assets").is_empty());
        assert_eq!(run.finished("migrate"), ["start app"]);
        assert!(run.finished("docs").is_empty());
        assert_eq!(run.finished("app"), ["start web"]);
        assert_eq!(run.finished("web"), ["end Completed"]);
        assert!(run.0.is_over());
    }

    #[test]
    fn a_failed_step_skips_what_comes_after_it_and_nothing_else() {
        let mut run = Told::new(release(), &rules(OnStepFailure::SkipDependents));
        run.begin();
        run.finished("fetch");
        let skipped = ["skip app for migrate", "skip web for migrate"];
        assert_eq!(run.failed("migrate"), skipped);
        assert!(
            run.failed("assets").is_empty(),
            "both are skipped only once"
        );
        assert_eq!(run.finished("docs"), ["end Completed"]);
        let web = run.step("web");
        let migrate = run.step("migrate");
        assert_eq!(run.0.skip_reason(web), Some(SkipReason::Failed(migrate)));
    }

    #[test]
    fn stop_lets_finish_what_runs_and_starts_nothing_more() {
        let mut run = Told::new(release(), &rules(OnStepFailure::Stop));
        run.begin();
        assert!(run.failed("fetch").is_empty());
        assert_eq!(run.state("docs"), State::Running);
        assert_eq!(run.state("web"), State::Unreached);
        assert_eq!(run.finished("docs"), ["end StoppedBy(StepIndex(0))"]);
    }

    #[test]
    fn continue_runs_what_comes_after_a_failed_step() {
        let mut run = Told::new(release(), &rules(OnStepFailure::Continue));
        run.begin();
        assert_eq!(run.failed("fetch"), ["start migrate", "start assets"]);
        assert_eq!(run.state("fetch"), State::Failed);
    }

    #[test]
    fn rollback_undoes_what_was_done_in_reverse_and_goes_on_when_an_undo_fails() {
        let mut run = Told::new(release(), &rules(OnStepFailure::Rollback));
        run.begin();
        run.finished("fetch");
        run.finished("migrate");
        run.finished("docs");
        run.finished("assets");
        assert_eq!(run.failed("app"), ["undo docs"], "assets has no undo");
        let docs = run.step("docs");
        assert_eq!(run.tell(StepEvent::UndoFailed(docs)), ["undo migrate"]);
        assert_eq!(run.undone("migrate"), ["undo fetch"]);
        let fetch = run.step("fetch");
        let reactions = run.0.handle(StepEvent::Undone(fetch)).unwrap();
        let [Reaction::End(summary)] = &reactions[..] else {
            panic!("{reactions:?}");
        };
        assert_eq!(
            summary.statuses,
            [
                StepStatus::Undone,
                StepStatus::UndoFailed,
                StepStatus::Undone,
                StepStatus::Done,
                StepStatus::Failed,
                StepStatus::Unreached,
            ]
        );
        assert_eq!(
            summary.needs_human().collect::<Vec<_>>(),
            [
                (docs, HumanReason::UndoFailed),
                (run.step("assets"), HumanReason::HasNoUndo),
                (run.step("app"), HumanReason::HalfDone),
            ]
        );
        assert!(!summary.is_ok());
    }

    #[test]
    fn a_rollback_waits_for_what_still_runs_and_undoes_it_too() {
        let mut run = Told::new(release(), &rules(OnStepFailure::Rollback));
        run.begin();
        assert!(run.failed("fetch").is_empty());
        assert_eq!(run.finished("docs"), ["undo docs"]);
        assert_eq!(run.undone("docs"), ["end RolledBackBy(StepIndex(0))"]);
    }

    #[test]
    fn a_rule_of_the_step_goes_before_the_rule_of_the_run() {
        let mut specs = release();
        specs[3].on_failure = Some(OnStepFailure::Continue);
        specs[1].on_failure = Some(OnStepFailure::Stop);
        let mut run = Told::new(specs, &rules(OnStepFailure::Rollback));
        run.begin();
        run.finished("fetch");
        run.finished("migrate");
        assert_eq!(run.failed("assets"), ["start app"]);
        assert!(run.failed("docs").is_empty(), "app still runs");
        let over = run.failed("app");
        assert_eq!(over, ["undo migrate"], "a rollback goes before a stop");
    }

    #[test]
    fn a_false_condition_skips_the_step_alone() {
        let mut run = Told::new(release(), &rules(OnStepFailure::Rollback));
        run.begin();
        let fetch = run.step("fetch");
        assert_eq!(
            run.tell(StepEvent::ConditionFalse(fetch)),
            ["skip fetch", "start migrate", "start assets"]
        );
        assert_eq!(run.0.skip_reason(fetch), Some(SkipReason::Condition));
    }

    #[test]
    fn a_requested_stop_rolls_nothing_back() {
        let mut run = Told::new(release(), &rules(OnStepFailure::Rollback));
        run.begin();
        run.finished("fetch");
        assert!(run.tell(StepEvent::StopRequested).is_empty());
        run.finished("docs");
        run.finished("assets");
        assert_eq!(run.failed("migrate"), ["end StopRequested"]);
        assert!(run.tell(StepEvent::StopRequested).is_empty());
    }

    #[test]
    fn a_rollback_that_was_decided_is_carried_out_although_a_stop_is_requested() {
        let mut run = Told::new(release(), &rules(OnStepFailure::Rollback));
        run.begin();
        run.finished("fetch");
        run.finished("docs");
        run.failed("assets");
        assert!(run.tell(StepEvent::StopRequested).is_empty());
        assert_eq!(run.finished("migrate"), ["undo migrate"]);
        assert!(run.tell(StepEvent::StopRequested).is_empty());
        assert_eq!(run.undone("migrate"), ["undo docs"]);
    }

    #[test]
    fn no_more_run_at_once_than_the_limit() {
        let limit = NonZeroUsize::new(2);
        let specs = ["a", "b", "c", "d"].map(StepSpec::new).to_vec();
        let mut run = Told::new(
            specs,
            &RunRules {
                limit,
                ..RunRules::default()
            },
        );
        assert_eq!(run.begin(), ["start a", "start b"]);
        assert_eq!(run.finished("b"), ["start c"]);
        assert_eq!(run.finished("a"), ["start d"]);
    }

    #[test]
    fn a_resource_is_used_by_one_step_at_a_time_and_holds_up_no_other() {
        let specs = vec![
            step("migrate", &[]).uses(["db"]),
            step("backup", &[]).uses(["disk", "db"]),
            step("vacuum", &[]).uses(["db"]),
            step("clean", &[]).uses(["disk"]),
            step("notify", &[]),
        ];
        let mut run = Told::new(specs, &RunRules::default());
        assert_eq!(
            run.begin(),
            ["start migrate", "start clean", "start notify"]
        );
        assert_eq!(run.finished("migrate"), ["start vacuum"]);
        assert!(run.finished("clean").is_empty(), "backup needs both");
        assert_eq!(run.finished("vacuum"), ["start backup"]);
    }

    #[test]
    fn a_resource_with_a_capacity_is_used_by_as_many() {
        let specs = ["a", "b", "c"].map(|name| StepSpec::new(name).uses(["db"]));
        let capacities = [("db".to_owned(), NonZeroUsize::new(2).unwrap())].into();
        let mut run = Told::new(
            specs.to_vec(),
            &RunRules {
                capacities,
                ..RunRules::default()
            },
        );
        assert_eq!(run.begin(), ["start a", "start b"]);
        assert_eq!(run.finished("a"), ["start c"]);
    }

    #[test]
    fn an_empty_graph_ends_at_once() {
        let mut run = Told::new(Vec::new(), &RunRules::default());
        assert_eq!(run.begin(), ["end Completed"]);
    }

    #[test]
    fn an_illegal_event_is_refused_and_changes_nothing() {
        let mut run = Told::new(release(), &RunRules::default());
        let web = run.step("web");
        let too_early = run.0.handle(StepEvent::Finished(web));
        assert_eq!(too_early, Err(ScheduleError::NotBegun));
        run.begin();
        let error = run.0.handle(StepEvent::Finished(web)).unwrap_err();
        assert_eq!(
            error,
            ScheduleError::Illegal {
                step: "web".into(),
                source: IllegalEvent {
                    state: State::Waiting,
                    event: StateEvent::Finished
                }
            }
        );
        let stranger = StepIndex::at(6);
        assert_eq!(
            run.0.handle(StepEvent::Undone(stranger)),
            Err(ScheduleError::UnknownStep {
                position: 6,
                count: 6
            })
        );
        let again = run.0.handle(StepEvent::Begin);
        assert_eq!(again, Err(ScheduleError::BegunTwice));
        assert_eq!(run.finished("fetch"), ["start migrate", "start assets"]);
    }
}
