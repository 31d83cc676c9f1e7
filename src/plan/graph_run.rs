//! Running a graph: the schedule says what may start, a branch does each step.

use std::{cell::RefCell, collections::BTreeSet, rc::Rc, sync::Arc};

use rhai::{Dynamic, EvalAltResult, Map as ScriptMap};

use super::{
    branch::{Branch, BranchResult},
    branches::caught,
    call::{CallError, CallResult},
    closure::Closure,
    convert,
    effect::{Effect, StepLimit},
    ending::Ending,
    object::{Fault, Graph, Results, Step},
    perseverance::{retried, within},
    scheduler::BranchKind,
    site::Site,
    trace::{self, PlanError},
};
use crate::{
    model::{BranchPath, EffectId, Failure, Map, StepStatus, Value},
    schedule::{
        self, GraphError, OnStepFailure, Reaction, RunRules, Schedule, SkipReason, StepEvent,
        StepGraph, StepIndex, Summary,
    },
};

/// The kind of the error of a graph that has a failed step.
const GRAPH_FAILED: &str = "segue/graph-failed";

/// The kind of the error of a graph that can't be run.
const GRAPH_INVALID: &str = "segue/invalid-graph";

/// How a graph is run.
pub(super) struct Rules {
    pub(super) run: RunRules,
    /// What failed is told in the outcome alone.
    pub(super) catch_errors: bool,
}

/// Runs the steps of a graph, and gives what became of them.
pub(super) fn run(site: Site, graph: &Graph, rules: &Rules) -> CallResult {
    let steps = graph.steps();
    let specs = steps.iter().map(|step| step.spec.clone()).collect();
    let checked = StepGraph::new(specs).map_err(|error| invalid(&site, &steps, &error))?;
    let path = site.host.scheduler.current().path.child(graph.name());
    let graph_run = GraphRun {
        schedule: Schedule::new(Arc::new(checked), &rules.run),
        values: vec![Dynamic::UNIT; steps.len()],
        errors: steps.iter().map(|_| None).collect(),
        begun: Vec::new(),
        ended: Rc::default(),
        held: Vec::new(),
        fatal: None,
        running: 0,
        path,
        steps,
        site,
    };
    graph_run.until_over(graph.name(), rules)
}

/// One graph that runs.
struct GraphRun {
    site: Site,
    steps: Vec<Rc<Step>>,
    schedule: Schedule,
    /// The branch that those of the steps belong to.
    path: BranchPath,
    /// What each step gave.
    values: Vec<Dynamic>,
    /// Why each step, or its undo, failed.
    errors: Vec<Option<CallError>>,
    /// What was begun, by the number under which its branch reports its end.
    begun: Vec<(StepIndex, Work, Rc<Branch>)>,
    ended: Rc<RefCell<Vec<usize>>>,
    /// Steps that wait for an answer from outside. They end when nothing else runs any more.
    held: Vec<StepIndex>,
    /// What ends the plan when the graph is over: nobody can catch it.
    fatal: Option<CallError>,
    running: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    Forward,
    Undo,
}

/// What the branch of a step gives whose condition is false.
#[derive(Clone)]
struct ConditionFalse;

impl GraphRun {
    fn until_over(mut self, name: &str, rules: &Rules) -> CallResult {
        let mut reactions = self.tell(StepEvent::Begin);
        let current = self.site.host.scheduler.current();
        let summary = loop {
            if let Some(summary) = self.react(reactions)? {
                break summary;
            }
            reactions = Vec::new();
            if current.ending.get().is_some() && self.fatal.is_none() {
                let ending = current.ending.get().unwrap_or(Ending::Cancelled);
                self.fatal = Some(ending.into_error(self.site.position));
                reactions.extend(self.tell(StepEvent::StopRequested));
            }
            if self.running == 0 && reactions.is_empty() {
                // Only steps that wait for an answer from outside are left.
                reactions.extend(self.tell(StepEvent::StopRequested));
                for step in std::mem::take(&mut self.held) {
                    reactions.extend(self.tell(StepEvent::Failed(step)));
                }
                continue;
            }
            // A step may have ended while this branch waited for something else, and has used up its wake-up call.
            if reactions.is_empty() && self.ended.borrow().is_empty() {
                self.site.host.scheduler.park();
            }
            for number in self.ended.take() {
                reactions.extend(self.end(number));
            }
        };
        if let Some(fatal) = self.fatal.take() {
            return Err(fatal);
        }
        self.tell_unreached(&summary)?;
        self.conclude(name, rules, &summary)
    }

    fn tell(&mut self, event: StepEvent) -> Vec<Reaction> {
        self.schedule
            .handle(event)
            .expect("only steps that were started are told to have ended")
    }

    /// Does what the schedule wants done. Gives the summary when the run is over.
    fn react(&mut self, reactions: Vec<Reaction>) -> Result<Option<Summary>, CallError> {
        let mut over = None;
        for reaction in reactions {
            match reaction {
                Reaction::Start(step) => self.begin(step, Work::Forward),
                Reaction::Undo(step) => self.begin(step, Work::Undo),
                // A condition is told by the step itself.
                Reaction::Skip {
                    because: SkipReason::Condition,
                    ..
                } => {}
                Reaction::Skip {
                    step,
                    because: SkipReason::Failed(failed),
                } => {
                    let because = self.name(failed).to_owned();
                    self.tell_finished(step, StepStatus::Skipped, Some(because))?;
                }
                Reaction::End(summary) => over = Some(summary),
            }
        }
        Ok(over)
    }

    fn name(&self, step: StepIndex) -> &str {
        &self.steps[step.position()].spec.name
    }

    fn begin(&mut self, index: StepIndex, work: Work) {
        let step = Rc::clone(&self.steps[index.position()]);
        let site = self.site.clone();
        let value = self.values[index.position()].clone();
        let done = self.done_before(index);
        let name = step.spec.name.clone();
        let scheduler = &self.site.host.scheduler;
        let branch = match work {
            Work::Forward => scheduler.spawn_under(
                &self.path,
                &name,
                BranchKind::Joined,
                Box::new(move || forward(&site, &step, &done)),
            ),
            Work::Undo => scheduler.spawn_under(
                &self.path,
                &name,
                BranchKind::Cleanup,
                Box::new(move || undo(&site, &step, &value)),
            ),
        };
        branch.report_to(&self.ended, self.begun.len());
        scheduler.await_end(&branch);
        self.begun.push((index, work, branch));
        self.running += 1;
    }

    /// The values of all steps that come before one, by name. Those of other steps would depend on what ends first.
    fn done_before(&self, index: StepIndex) -> Dynamic {
        let step = &self.steps[index.position()];
        let host = &self.site.host;
        let wants = |closure: &Closure| closure.arity(host) != Some(0);
        if !wants(&step.body) && !step.when.as_ref().is_some_and(wants) {
            return Dynamic::UNIT;
        }
        let graph = self.schedule.graph();
        let mut before = BTreeSet::new();
        let mut open = vec![index];
        while let Some(step) = open.pop() {
            open.extend(graph.after(step).filter(|after| before.insert(*after)));
        }
        let values = before.into_iter().map(|step| {
            let value = self.values[step.position()].clone();
            (self.name(step).into(), value)
        });
        Dynamic::from_map(values.collect::<ScriptMap>())
    }

    /// A branch has come to its end.
    fn end(&mut self, number: usize) -> Vec<Reaction> {
        self.running -= 1;
        let (index, work, branch) = &self.begun[number];
        let (index, work) = (*index, *work);
        let result = branch
            .take_result()
            .unwrap_or_else(|| Err(Ending::Cancelled.into_error(self.site.position)));
        match (work, result) {
            (Work::Forward, Ok(value)) if value.is::<ConditionFalse>() => {
                self.tell(StepEvent::ConditionFalse(index))
            }
            (Work::Forward, Ok(value)) => {
                self.values[index.position()] = value;
                self.tell(StepEvent::Finished(index))
            }
            (Work::Undo, Ok(_)) => self.tell(StepEvent::Undone(index)),
            (Work::Forward, Err(error)) if error.is_catchable() => {
                self.errors[index.position()] = Some(error);
                self.tell(StepEvent::Failed(index))
            }
            (Work::Undo, Err(error)) => {
                let fatal = !error.is_catchable();
                if fatal {
                    self.fatal.get_or_insert(error);
                } else {
                    self.errors[index.position()] = Some(error);
                }
                self.tell(StepEvent::UndoFailed(index))
            }
            (Work::Forward, Err(error)) if Ending::of(&error) == Some(Ending::Suspended) => {
                self.fatal.get_or_insert(error);
                self.held.push(index);
                Vec::new()
            }
            (Work::Forward, Err(error)) => {
                // A grave error goes before an answer that is not there yet.
                let is_held = self.fatal.as_deref().and_then(Ending::of) == Some(Ending::Suspended);
                if self.fatal.is_none() || is_held {
                    self.fatal = Some(error);
                }
                let mut reactions = self.tell(StepEvent::StopRequested);
                reactions.extend(self.tell(StepEvent::Failed(index)));
                reactions
            }
        }
    }

    /// Tells of a step that was never begun.
    fn tell_finished(
        &self,
        step: StepIndex,
        status: StepStatus,
        because: Option<String>,
    ) -> Result<(), CallError> {
        let name = self.name(step).to_owned();
        let branch = self.path.child(&name);
        let effect = Effect::FinishStep {
            name,
            status,
            failure: None,
            because,
        };
        self.site.ask_for(&branch, effect).map(|_| ())
    }

    fn tell_unreached(&self, summary: &Summary) -> Result<(), CallError> {
        for step in summary.with_status(StepStatus::Unreached) {
            self.tell_finished(step, StepStatus::Unreached, None)?;
        }
        Ok(())
    }

    /// The outcome of the graph, or the error that it is.
    fn conclude(mut self, name: &str, rules: &Rules, summary: &Summary) -> CallResult {
        let outcome = self.outcome(summary);
        let graph = Arc::clone(self.schedule.graph());
        let failed: Vec<StepIndex> = summary
            .with_status(StepStatus::Failed)
            .filter(|step| {
                let rule = graph.on_failure(*step).unwrap_or(rules.run.on_failure);
                rule != OnStepFailure::Continue
            })
            .collect();
        let Some(first) = failed.first().filter(|_| !rules.catch_errors) else {
            return Ok(Dynamic::from_map(outcome));
        };
        // All that failed is done again when the job is resumed, not only what is told first.
        let errors = failed.iter();
        let errors = errors.filter_map(|step| self.errors[step.position()].as_deref());
        let effects = errors.flat_map(|error| trace::effects(error, &self.site.host));
        let effects: Vec<EffectId> = effects.collect();
        let Some(error) = self.errors[first.position()].take() else {
            return Ok(Dynamic::from_map(outcome));
        };
        let cause = PlanError::new(&error, &self.site.host);
        let message = self.failed_message(name, &failed, &cause.failure, summary);
        let mut failure = Failure::new(GRAPH_FAILED, message)
            .with_detail("step", self.name(*first))
            .with_detail("cause", failure_value(&cause.failure));
        if let Ok(Value::Map(outcome)) = convert::to_value(&Dynamic::from_map(told(&outcome))) {
            failure.details.extend(outcome);
        }
        let place = cause.place().cloned().or_else(|| self.site.place());
        let mut fault = Fault::new(failure, place).of_effects(effects);
        if let Some(results) = cause.results {
            fault = fault.with_results(Results::from(results));
        }
        Err(fault.into_error(self.site.position))
    }

    /// What failed first, what else did, and what is left to do for a person.
    fn failed_message(
        &self,
        name: &str,
        failed: &[StepIndex],
        cause: &Failure,
        summary: &Summary,
    ) -> String {
        let named = |step: &StepIndex| format!("`{}`", self.name(*step));
        let first = &failed[0];
        let mut parts = vec![format!(
            "step {} of `{name}` failed: {}",
            named(first),
            cause.message
        )];
        if failed.len() > 1 {
            let others: Vec<String> = failed[1..].iter().map(named).collect();
            parts.push(format!("so did {}", others.join(", ")));
        }
        if let schedule::Ending::RolledBackBy(_) = summary.ending {
            parts.push("what was done was undone".to_owned());
        }
        let human = summary.needs_human().filter(|(step, _)| step != first);
        parts.extend(human.map(|(step, reason)| format!("{} {}", named(&step), reason.as_str())));
        parts.join("; ")
    }

    fn outcome(&self, summary: &Summary) -> ScriptMap {
        let mut steps = ScriptMap::new();
        for (position, status) in summary.statuses.iter().enumerate() {
            let step = &self.steps[position];
            let error = self.errors[position].as_deref();
            let error = error.and_then(|error| caught(&self.site.host, error));
            let because = self.because(position);
            let mut told = ScriptMap::new();
            told.insert("status".into(), status_word(*status).into());
            told.insert("value".into(), self.values[position].clone());
            told.insert("error".into(), error.unwrap_or(Dynamic::UNIT));
            told.insert("because".into(), because.map_or(Dynamic::UNIT, Into::into));
            steps.insert(step.spec.name.as_str().into(), Dynamic::from_map(told));
        }
        let human = summary.needs_human().map(|(step, reason)| {
            let mut told = ScriptMap::new();
            told.insert("step".into(), self.name(step).into());
            told.insert("reason".into(), reason.as_str().into());
            Dynamic::from_map(told)
        });
        let mut outcome = ScriptMap::new();
        outcome.insert("ok".into(), summary.is_ok().into());
        outcome.insert("ending".into(), ending_word(summary.ending).into());
        outcome.insert("steps".into(), Dynamic::from_map(steps));
        outcome.insert("needs_human".into(), Dynamic::from_array(human.collect()));
        outcome
    }

    /// Why a step was skipped.
    fn because(&self, position: usize) -> Option<String> {
        let graph = self.schedule.graph();
        let step = graph.index_of(&self.steps[position].spec.name)?;
        self.schedule.skip_reason(step).map(|reason| match reason {
            SkipReason::Condition => CONDITION.to_owned(),
            SkipReason::Failed(failed) => self.name(failed).to_owned(),
        })
    }
}

/// The reason of a step that was skipped because its `when` said no.
const CONDITION: &str = "its condition";

/// The outcome without what the steps gave, which may be anything: for the details of an error.
fn told(outcome: &ScriptMap) -> ScriptMap {
    let mut outcome = outcome.clone();
    if let Some(mut steps) = outcome
        .get_mut("steps")
        .and_then(Dynamic::write_lock::<ScriptMap>)
    {
        for step in steps.values_mut() {
            if let Some(mut step) = step.write_lock::<ScriptMap>() {
                step.remove("value");
            }
        }
    }
    outcome
}

fn failure_value(failure: &Failure) -> Value {
    let mut map = Map::new();
    map.insert("kind".to_owned(), failure.kind.as_str().into());
    map.insert("msg".to_owned(), failure.message.as_str().into());
    map.insert("details".to_owned(), failure.details.clone().into());
    map.into()
}

const fn status_word(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Done => "done",
        StepStatus::Failed => "failed",
        StepStatus::Skipped => "skipped",
        StepStatus::Undone => "undone",
        StepStatus::UndoFailed => "undo_failed",
        StepStatus::Unreached => "unreached",
    }
}

const fn ending_word(ending: schedule::Ending) -> &'static str {
    match ending {
        schedule::Ending::Completed => "completed",
        schedule::Ending::StoppedBy(_) | schedule::Ending::StopRequested => "stopped",
        schedule::Ending::RolledBackBy(_) => "rolled_back",
    }
}

/// The body of the branch of a step.
fn forward(site: &Site, step: &Rc<Step>, done: &Dynamic) -> BranchResult {
    let name = step.spec.name.clone();
    let site = Site {
        host: Rc::clone(&site.host),
        position: step.position,
    };
    keep_limit(&site, step);
    site.ask(Effect::StartStep { name })?;
    let result = condition(&site, step, done).and_then(|wanted| {
        if wanted {
            work(&site, step, done)
        } else {
            Ok(Dynamic::from(ConditionFalse))
        }
    });
    let (status, failure, because) = match &result {
        Ok(value) if value.is::<ConditionFalse>() => {
            (StepStatus::Skipped, None, Some(CONDITION.to_owned()))
        }
        Ok(_) => (StepStatus::Done, None, None),
        Err(error) if error.is_catchable() => {
            let told = PlanError::new(error, &site.host);
            (StepStatus::Failed, Some(told.failure), None)
        }
        // It is not over: the job is.
        Err(_) => return result,
    };
    finish(&site, step, status, failure, because)?;
    result
}

/// From here on the actions of this branch keep to the limit of the step, with those of the branches that it starts.
fn keep_limit(site: &Site, step: &Step) {
    let branch = site.host.scheduler.current();
    if let Some(targets) = step.limit {
        branch.step_limits.borrow_mut().push(StepLimit {
            step: branch.path.clone(),
            targets,
        });
    }
}

fn condition(site: &Site, step: &Step, done: &Dynamic) -> Result<bool, Box<EvalAltResult>> {
    let Some(when) = &step.when else {
        return Ok(true);
    };
    let answer = when.call_isolated(&site.host, arguments(site, when, done))?;
    answer.as_bool().map_err(|_| {
        let actual = convert::type_name(&answer);
        let message = format!(
            "`when` of step `{}` must give a Boolean, but gives {actual}",
            step.spec.name
        );
        site.fail(Failure::new(crate::model::kinds::VALIDATION, message))
    })
}

fn work(site: &Site, step: &Rc<Step>, done: &Dynamic) -> BranchResult {
    let once = |attempt: u32| {
        let (inside, step, done) = (site.clone(), Rc::clone(step), done.clone());
        let timeout = step.timeout;
        let body = Box::new(move || {
            let arguments = arguments(&inside, &step.body, &done);
            step.body.call_isolated(&inside.host, arguments)
        });
        match timeout {
            None => body(),
            Some(timeout) => within(site, timeout, &attempt_name(attempt), body),
        }
    };
    match step.retry {
        None => once(1),
        Some(retry) => retried(site, retry, once),
    }
}

/// The name of the branch of an attempt that has a time limit.
fn attempt_name(attempt: u32) -> String {
    if attempt == 1 {
        "attempt".to_owned()
    } else {
        format!("attempt~{attempt}")
    }
}

fn arguments(site: &Site, closure: &Closure, value: &Dynamic) -> Vec<Dynamic> {
    if closure.arity(&site.host) == Some(0) {
        Vec::new()
    } else {
        vec![value.clone()]
    }
}

fn finish(
    site: &Site,
    step: &Step,
    status: StepStatus,
    failure: Option<Failure>,
    because: Option<String>,
) -> Result<(), CallError> {
    let effect = Effect::FinishStep {
        name: step.spec.name.clone(),
        status,
        failure,
        because,
    };
    site.ask(effect).map(|_| ())
}

/// The body of the branch of an undo.
fn undo(site: &Site, step: &Rc<Step>, value: &Dynamic) -> BranchResult {
    let Some(undo) = &step.undo else {
        return Ok(Dynamic::UNIT);
    };
    let site = Site {
        host: Rc::clone(&site.host),
        position: step.position,
    };
    keep_limit(&site, step);
    let result = undo.call_isolated(&site.host, arguments(&site, undo, value));
    let (status, failure) = match &result {
        Ok(_) => (StepStatus::Undone, None),
        Err(error) if error.is_catchable() => {
            let told = PlanError::new(error, &site.host);
            (StepStatus::UndoFailed, Some(told.failure))
        }
        Err(_) => return result,
    };
    finish(&site, step, status, failure, None)?;
    result
}

/// The error of a graph that can't be run, with the lines of the steps that it is about.
fn invalid(site: &Site, steps: &[Rc<Step>], error: &GraphError) -> CallError {
    let mut told = Vec::new();
    let mut places = Vec::new();
    for fault in &error.faults {
        let lines: Vec<String> = fault
            .steps()
            .into_iter()
            .filter_map(|step| {
                let step = &steps[step.position()];
                let place = site.host.place(step.position)?;
                Some(format!("`{}` at {place}", step.spec.name))
            })
            .collect();
        let lines = if lines.is_empty() {
            String::new()
        } else {
            format!(" ({})", lines.join(", "))
        };
        told.push(format!("{fault}{lines}: {}", fault.help()));
        places.extend(fault.steps().into_iter().filter_map(|step| {
            let position = steps[step.position()].position;
            site.host.place(position)
        }));
    }
    let failure = Failure::new(GRAPH_INVALID, told.join("\n"));
    let place = places.into_iter().next().or_else(|| site.place());
    Fault::new(failure, place).into_error(site.position)
}
