//! What must hold for every graph and every course of events, tried on random ones against a slow and obvious model.

use std::{collections::BTreeMap, num::NonZeroUsize};

use proptest::{prelude::*, sample::Index};

use super::{
    Ending, OnStepFailure, Reaction, RunRules, Schedule, SkipReason, State, StepEvent, StepGraph,
    StepIndex, StepSpec, Summary,
};
use crate::model::StepStatus;

/// The most steps of a random graph.
const STEPS: usize = 300;

/// A random graph with the rules to run it, and what happens in it.
#[derive(Clone, Debug)]
struct Case {
    specs: Vec<StepSpec>,
    rules: RunRules,
    /// What happens next: which of the running steps ends (or is stopped), and how.
    fates: Vec<(Index, u8)>,
    stops: bool,
}

fn any_rule() -> impl Strategy<Value = OnStepFailure> {
    prop::sample::select(OnStepFailure::ALL.to_vec())
}

fn any_specs() -> impl Strategy<Value = Vec<StepSpec>> {
    let step = (
        prop::collection::vec((any::<Index>(), any::<bool>()), 0..4),
        prop::collection::vec(0..4_u8, 0..3),
        any::<bool>(),
        prop::option::weighted(0.1, any_rule()),
    );
    let steps = prop::collection::vec(step, 1..=STEPS);
    // The order in which steps depend on each other is not the one in which they are written.
    let with_order = steps.prop_flat_map(|steps| {
        let order: Vec<usize> = (0..steps.len()).collect();
        (Just(steps), Just(order).prop_shuffle())
    });
    with_order.prop_map(|(steps, order)| {
        let mut specs = vec![StepSpec::default(); steps.len()];
        for (rank, (after, uses, has_undo, on_failure)) in steps.into_iter().enumerate() {
            let earlier = |(pick, is_near): (Index, bool)| match (rank, is_near) {
                (0, _) => None,
                (_, true) => Some(rank - 1 - pick.index(rank.min(5))),
                (_, false) => Some(pick.index(rank)),
            };
            let names = after.into_iter().filter_map(earlier);
            specs[order[rank]] = StepSpec {
                name: rank.to_string(),
                after: names.map(|rank| rank.to_string()).collect(),
                uses: uses
                    .into_iter()
                    .map(|number| format!("r{number}"))
                    .collect(),
                has_undo,
                on_failure,
                ..StepSpec::default()
            };
        }
        specs
    })
}

fn any_case() -> impl Strategy<Value = Case> {
    let capacities = prop::collection::btree_map(0..4_u8, 1..4_usize, 0..4);
    let rules = (any_rule(), prop::option::of(1..9_usize), capacities);
    let fates = prop::collection::vec((any::<Index>(), any::<u8>()), 1..400);
    (any_specs(), rules, fates, prop::bool::weighted(0.2)).prop_map(
        |(specs, (on_failure, limit, capacities), fates, stops)| {
            let some = |many: usize| NonZeroUsize::new(many).expect("from 1");
            let capacity = |(number, many): (u8, usize)| (format!("r{number}"), some(many));
            Case {
                specs,
                rules: RunRules {
                    on_failure,
                    limit: limit.map(some),
                    capacities: capacities.into_iter().map(capacity).collect(),
                },
                fates,
                stops,
            }
        },
    )
}

/// The same in the slowest and most obvious way: it looks at all steps every time.
struct Model<'a> {
    graph: &'a StepGraph,
    rules: &'a RunRules,
    states: Vec<State>,
    running: Vec<StepIndex>,
    done: Vec<StepIndex>,
    ending: Option<Ending>,
    let_pass: Vec<bool>,
}

impl Model<'_> {
    fn state(&mut self, step: StepIndex) -> &mut State {
        &mut self.states[step.position()]
    }

    /// What must be started now, in this order.
    fn start(&mut self) -> Vec<StepIndex> {
        let mut started = Vec::new();
        while let Some(step) = self.graph.steps().find(|&step| self.may_start(step)) {
            *self.state(step) = State::Running;
            self.running.push(step);
            started.push(step);
        }
        started
    }

    fn may_start(&self, step: StepIndex) -> bool {
        let is_free = |name: &str| {
            let uses = |other: &&StepIndex| self.graph.uses(**other).any(|used| used == name);
            let capacity = self.rules.capacities.get(name).map_or(1, |many| many.get());
            self.running.iter().filter(uses).count() < capacity
        };
        self.ending.is_none()
            && self.states[step.position()] == State::Waiting
            && self
                .graph
                .after(step)
                .all(|before| self.let_pass[before.position()])
            && self
                .rules
                .limit
                .is_none_or(|limit| self.running.len() < limit.get())
            && self.graph.uses(step).all(is_free)
    }

    fn end_step(&mut self, step: StepIndex, state: State) {
        *self.state(step) = state;
        self.running.retain(|running| *running != step);
        if state == State::Done {
            self.done.push(step);
        }
    }

    /// What must be skipped because `failed` did: everything that can be reached from it and has not been begun.
    fn skip(&mut self, failed: StepIndex) -> Vec<StepIndex> {
        let mut reached = vec![false; self.states.len()];
        reached[failed.position()] = true;
        for step in self.graph.order() {
            let from_it = self
                .graph
                .after(step)
                .any(|before| reached[before.position()]);
            reached[step.position()] |= from_it;
        }
        let graph = self.graph;
        let skipped = graph.steps().filter(|step| {
            reached[step.position()] && self.states[step.position()] == State::Waiting
        });
        let skipped: Vec<StepIndex> = skipped.collect();
        for &step in &skipped {
            *self.state(step) = State::Skipped;
        }
        skipped
    }

    fn fail(&mut self, failed: StepIndex) -> Vec<StepIndex> {
        self.end_step(failed, State::Failed);
        match self
            .graph
            .on_failure(failed)
            .unwrap_or(self.rules.on_failure)
        {
            OnStepFailure::SkipDependents if self.ending.is_none() => return self.skip(failed),
            OnStepFailure::SkipDependents => {}
            OnStepFailure::Continue => self.let_pass[failed.position()] = true,
            OnStepFailure::Stop => {
                self.ending.get_or_insert(Ending::StoppedBy(failed));
            }
            OnStepFailure::Rollback => match self.ending {
                None | Some(Ending::StoppedBy(_)) => {
                    self.ending = Some(Ending::RolledBackBy(failed));
                }
                _ => {}
            },
        }
        Vec::new()
    }

    fn stop(&mut self) {
        if !matches!(self.ending, Some(Ending::RolledBackBy(_))) {
            self.ending = Some(Ending::StopRequested);
        }
    }
}

fn starts(reactions: &[Reaction]) -> Vec<StepIndex> {
    let starts = reactions.iter().filter_map(|reaction| match reaction {
        Reaction::Start(step) => Some(*step),
        _ => None,
    });
    starts.collect()
}

fn skips(reactions: &[Reaction]) -> Vec<(StepIndex, SkipReason)> {
    let skips = reactions.iter().filter_map(|reaction| match reaction {
        Reaction::Skip { step, because } => Some((*step, *because)),
        _ => None,
    });
    skips.collect()
}

/// Runs a case to its end beside the model. Returns all that was told and answered.
fn run(case: &Case) -> Result<Vec<(StepEvent, Vec<Reaction>)>, TestCaseError> {
    let graph = StepGraph::new(case.specs.clone()).expect("the graph has no fault");
    let mut schedule = Schedule::new(graph.clone(), &case.rules);
    let mut model = Model {
        states: vec![State::Waiting; graph.len()],
        let_pass: vec![false; graph.len()],
        graph: &graph,
        rules: &case.rules,
        running: Vec::new(),
        done: Vec::new(),
        ending: None,
    };
    let mut trace = Vec::new();
    let mut fates = case.fates.iter().cycle();
    let mut event = StepEvent::Begin;
    let summary = loop {
        let reactions = schedule
            .handle(event)
            .expect("only what can happen is told");
        trace.push((event, reactions.clone()));
        let mut skipped: Vec<(StepIndex, SkipReason)> = Vec::new();
        match event {
            StepEvent::Finished(step) => {
                model.end_step(step, State::Done);
                model.let_pass[step.position()] = true;
            }
            StepEvent::ConditionFalse(step) => {
                model.end_step(step, State::Skipped);
                model.let_pass[step.position()] = true;
                skipped.push((step, SkipReason::Condition));
            }
            StepEvent::Failed(step) => {
                let behind = model.fail(step).into_iter();
                skipped.extend(behind.map(|behind| (behind, SkipReason::Failed(step))));
            }
            StepEvent::StopRequested => model.stop(),
            _ => {}
        }
        prop_assert_eq!(skips(&reactions), skipped);
        prop_assert_eq!(starts(&reactions), model.start());
        prop_assert_eq!(schedule.running(), model.running.len());
        match reactions.last() {
            Some(Reaction::End(summary)) => break summary.clone(),
            Some(Reaction::Undo(step)) => {
                event = roll_back(&mut schedule, &mut model, *step, &mut fates, &mut trace)?;
                let Some((_, reactions)) = trace.last() else {
                    unreachable!("a rollback is told");
                };
                let Some(Reaction::End(summary)) = reactions.last() else {
                    return Err(TestCaseError::fail(format!("no end after {event:?}")));
                };
                break summary.clone();
            }
            _ => {}
        }
        prop_assert!(!model.running.is_empty(), "something runs or it is over");
        let (which, luck) = fates.next().expect("fates go round");
        let step = *which.get(&model.running);
        event = match luck {
            0..10 if case.stops => StepEvent::StopRequested,
            10..20 => StepEvent::Failed(step),
            20..40 => StepEvent::ConditionFalse(step),
            _ => StepEvent::Finished(step),
        };
    };
    check_end(&schedule, &model, &summary)?;
    Ok(trace)
}

/// Follows a rollback to its end: exactly the reverse of what was done, each once, whatever fails.
fn roll_back<'a>(
    schedule: &mut Schedule,
    model: &mut Model<'_>,
    first: StepIndex,
    fates: &mut impl Iterator<Item = &'a (Index, u8)>,
    trace: &mut Vec<(StepEvent, Vec<Reaction>)>,
) -> Result<StepEvent, TestCaseError> {
    prop_assert!(model.running.is_empty(), "nothing runs while it is undone");
    let done = model.done.clone();
    let mut expected = done
        .into_iter()
        .rev()
        .filter(|&step| model.graph.has_undo(step));
    prop_assert_eq!(Some(first), expected.next());
    let mut step = first;
    loop {
        let (_, luck) = fates.next().expect("fates go round");
        let (event, state) = match luck {
            0..60 => (StepEvent::UndoFailed(step), State::UndoFailed),
            _ => (StepEvent::Undone(step), State::Undone),
        };
        *model.state(step) = state;
        let reactions = schedule.handle(event).expect("the step is being undone");
        trace.push((event, reactions.clone()));
        match (&reactions[..], expected.next()) {
            ([Reaction::Undo(next)], Some(wanted)) => {
                prop_assert_eq!(*next, wanted);
                step = wanted;
            }
            ([Reaction::End(_)], None) => return Ok(event),
            (other, wanted) => {
                return Err(TestCaseError::fail(format!("{other:?}, not {wanted:?}")));
            }
        }
    }
}

fn check_end(
    schedule: &Schedule,
    model: &Model<'_>,
    summary: &Summary,
) -> Result<(), TestCaseError> {
    prop_assert!(schedule.is_over());
    prop_assert_eq!(summary.ending, model.ending.unwrap_or(Ending::Completed));
    for step in model.graph.steps() {
        let expected = match model.states[step.position()] {
            State::Waiting => StepStatus::Unreached,
            state => state.status().expect("nothing runs at the end"),
        };
        prop_assert_eq!(summary.statuses[step.position()], expected);
        prop_assert_eq!(schedule.state(step).status(), Some(expected));
    }
    let is_unreached = summary.with_status(StepStatus::Unreached).next().is_some();
    prop_assert!(!is_unreached || summary.ending != Ending::Completed);
    Ok(())
}

/// What the trace alone must show, whatever the model says.
fn check_trace(case: &Case, trace: &[(StepEvent, Vec<Reaction>)]) -> Result<(), TestCaseError> {
    let graph = StepGraph::new(case.specs.clone()).expect("the graph has no fault");
    let mut running: Vec<StepIndex> = Vec::new();
    let mut ended = vec![false; graph.len()];
    let mut started = vec![0; graph.len()];
    let mut in_use: BTreeMap<String, usize> = BTreeMap::new();
    for (event, reactions) in trace {
        if let StepEvent::Finished(step)
        | StepEvent::Failed(step)
        | StepEvent::ConditionFalse(step) = event
        {
            running.retain(|other| other != step);
            ended[step.position()] = true;
            for name in graph.uses(*step) {
                *in_use.get_mut(name).expect("it was used") -= 1;
            }
        }
        for step in starts(reactions) {
            started[step.position()] += 1;
            prop_assert_eq!(started[step.position()], 1, "started once");
            prop_assert!(graph.after(step).all(|before| ended[before.position()]));
            running.push(step);
            for name in graph.uses(step) {
                *in_use.entry(name.to_owned()).or_default() += 1;
            }
        }
        let limit = case.rules.limit.map_or(usize::MAX, NonZeroUsize::get);
        prop_assert!(running.len() <= limit);
        for (name, count) in &in_use {
            let capacity = case.rules.capacities.get(name).map_or(1, |many| many.get());
            prop_assert!(*count <= capacity, "{} uses of {}", count, name);
        }
    }
    Ok(())
}

proptest! {
    // The model looks at every step each time, which takes a while for 300 of them.
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_edge_limit_and_rule_is_obeyed_and_the_same_course_gives_the_same_order(
        case in any_case(),
    ) {
        let trace = run(&case)?;
        check_trace(&case, &trace)?;
        prop_assert_eq!(run(&case)?, trace);
    }
}

/// One step after the other fails, under each rule, in a graph that is run one step at a time.
#[test]
fn a_fault_at_every_step_in_turn() {
    let step = |name: &str, after: &[&str]| StepSpec::new(name).after(after.iter().copied());
    let specs = vec![
        step("fetch", &[]).with_undo(),
        step("drain", &["fetch"]).with_undo(),
        step("migrate", &["fetch"]).with_undo(),
        step("app", &["drain", "migrate"]).with_undo(),
        step("docs", &["fetch"]),
        step("enable", &["app"]).with_undo(),
    ];
    let graph = StepGraph::new(specs).expect("the graph has no fault");
    let mut told: Vec<String> = Vec::new();
    for on_failure in OnStepFailure::ALL {
        for failing in graph.steps() {
            let mut schedule = Schedule::new(
                graph.clone(),
                &RunRules {
                    on_failure,
                    limit: NonZeroUsize::new(1),
                    ..RunRules::default()
                },
            );
            let mut course = format!("{on_failure}, {} fails:", graph.name(failing));
            let mut reactions = schedule.handle(StepEvent::Begin).expect("it begins");
            while let Some(reaction) = reactions.pop() {
                let event = match reaction {
                    Reaction::Start(step) if step == failing => {
                        course.extend([" ", graph.name(step), "!"]);
                        StepEvent::Failed(step)
                    }
                    Reaction::Start(step) => {
                        course.extend([" ", graph.name(step)]);
                        StepEvent::Finished(step)
                    }
                    Reaction::Undo(step) => {
                        course.extend([" -", graph.name(step)]);
                        StepEvent::Undone(step)
                    }
                    Reaction::Skip { .. } => continue,
                    Reaction::End(summary) => {
                        let skipped = summary.with_status(StepStatus::Skipped).count();
                        let unreached = summary.with_status(StepStatus::Unreached).count();
                        told.push(format!(
                            "{course} ({skipped} skipped, {unreached} unreached)"
                        ));
                        break;
                    }
                };
                reactions = schedule.handle(event).expect("the step runs");
            }
        }
    }
    insta::assert_snapshot!(told.join("\n"));
}
