//! Running many branches and waiting for them: what `parallel` and graphs are made of.

use std::{cell::RefCell, rc::Rc};

use rhai::{Dynamic, EvalAltResult, Position};

use super::{
    branch::{Body, Branch, BranchResult},
    ending::Ending,
    guard,
    host::Host,
    object::Fault,
    scheduler::BranchKind,
    trace::{self, PlanError},
};
use crate::model::{EffectId, Failure};

/// The kind of an error that the script made by itself: an index out of bounds, a division by zero.
const SCRIPT_ERROR: &str = "segue/script-error";

/// A branch that waits for its turn: its name and what it does.
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) body: Body,
}

/// Runs branches, no more than `limit` at a time, and gives what came of each in their order; none for one that was never begun.
///
/// With `halt`, no further one is begun once one has failed; those that run are let finish.
pub(super) fn run_all(
    host: &Host,
    planned: Vec<Planned>,
    limit: usize,
    halt: bool,
) -> Vec<Option<BranchResult>> {
    let scheduler = &host.scheduler;
    let parent = scheduler.current();
    let ended = Rc::new(RefCell::new(Vec::new()));
    let mut results: Vec<Option<BranchResult>> = planned.iter().map(|_| None).collect();
    let mut branches: Vec<Option<Rc<Branch>>> = Vec::with_capacity(planned.len());
    let mut waiting = planned.into_iter();
    let mut running = 0;
    let mut halted = false;
    loop {
        while running < limit && !halted && parent.ending.get().is_none() {
            let Some(next) = waiting.next() else { break };
            let branch = scheduler.spawn(&next.name, BranchKind::Joined, next.body);
            branch.report_to(&ended, branches.len());
            scheduler.await_end(&branch);
            branches.push(Some(branch));
            running += 1;
        }
        if running == 0 {
            return results;
        }
        scheduler.park();
        for number in ended.take() {
            running -= 1;
            let result = branches[number]
                .take()
                .and_then(|branch| branch.take_result());
            halted |= matches!(&result, Some(Err(error)) if halt || !error.is_catchable());
            results[number] = result;
        }
    }
}

/// Of several results the values; or the error that counts, the other ones being noted down.
pub(super) fn values_or_error(
    host: &Host,
    results: Vec<Option<BranchResult>>,
) -> Result<Vec<Dynamic>, Box<EvalAltResult>> {
    let mut values = Vec::with_capacity(results.len());
    let mut errors: Vec<Box<EvalAltResult>> = Vec::new();
    for result in results {
        match result {
            Some(Ok(value)) => values.push(value),
            Some(Err(error)) => errors.push(error),
            None => values.push(Dynamic::UNIT),
        }
    }
    // The first of the gravest, so that the answer does not depend on which came first.
    let gravest = errors
        .iter()
        .enumerate()
        .max_by_key(|(position, error)| (gravity(error), usize::MAX - position))
        .map(|(position, _)| position);
    let Some(gravest) = gravest else {
        return Ok(values);
    };
    let gravest = errors.remove(gravest);
    let others = errors.iter().filter(|error| error.is_catchable());
    let others: Vec<PlanError> = others.map(|error| PlanError::new(error, host)).collect();
    let effects = others.iter().flat_map(|error| error.effects.clone());
    let gravest = came_of(gravest, effects.collect());
    host.swallowed.borrow_mut().extend(others);
    Err(gravest)
}

/// The error, which stands for those of other branches too: what they did is done again with it.
fn came_of(mut error: Box<EvalAltResult>, effects: Vec<EffectId>) -> Box<EvalAltResult> {
    if effects.is_empty() {
        return error;
    }
    if let EvalAltResult::ErrorRuntime(value, _) = guard::innermost(&mut error) {
        let fault = value
            .read_lock::<Rc<Fault>>()
            .map(|fault| (**fault).clone());
        if let Some(fault) = fault {
            *value = Dynamic::from(Rc::new(fault.of_effects(effects)));
        }
    }
    error
}

/// Which of several errors goes on.
fn gravity(error: &EvalAltResult) -> u8 {
    match Ending::of(error) {
        _ if matches!(error.unwrap_inner(), EvalAltResult::Exit(..)) => 5,
        Some(Ending::Cancelled) => 1,
        Some(Ending::Suspended) => 3,
        Some(_) => 4,
        None if !error.is_catchable() => 4,
        None => 2,
    }
}

/// The `Error` that stands for an error of the script, as `attempt` and `settle` give it. None for one that nobody may catch.
pub(super) fn caught(host: &Host, error: &EvalAltResult) -> Option<Dynamic> {
    if !error.is_catchable() || Ending::of(error).is_some() {
        return None;
    }
    if let EvalAltResult::ErrorRuntime(value, position) = error.unwrap_inner() {
        if value.is::<Rc<Fault>>() {
            return Some(value.clone());
        }
        let thrown = trace::thrown(value);
        let fault = Fault::new(thrown.failure, host.place(*position));
        return Some(Dynamic::from(Rc::new(fault)));
    }
    let told = PlanError::new(error, host);
    let failure = Failure::new(SCRIPT_ERROR, told.diagnostic.message.clone());
    let fault = Fault::new(failure, told.place().cloned());
    Some(Dynamic::from(Rc::new(fault)))
}

/// Waits for what was started in the background and goes on when its plan is over. After a failure its effects are let finish,
/// and nothing more is begun.
pub(super) fn settle_background(host: &Host, plan_failed: bool) {
    loop {
        let future = host.futures.borrow_mut().pop();
        let Some(future) = future else { return };
        if plan_failed {
            host.scheduler
                .cancel(future.branch(), super::scheduler::Cancel::Gently);
        }
        host.scheduler.join(future.branch());
        if let Some(Err(error)) = future.outcome()
            && !future.was_awaited()
            && error.is_catchable()
        {
            host.swallowed
                .borrow_mut()
                .push(PlanError::new(&error, host));
        }
    }
}

/// The error of a future, which may be thrown more than once.
pub(super) fn rethrown(
    host: &Host,
    error: &EvalAltResult,
    position: Position,
) -> Box<EvalAltResult> {
    if let Some(ending) = Ending::of(error) {
        return ending.into_error(position);
    }
    match (caught(host, error), error) {
        (Some(value), _) => Box::new(EvalAltResult::ErrorRuntime(value, position)),
        (None, EvalAltResult::Exit(value, _)) => {
            Box::new(EvalAltResult::Exit(value.clone(), position))
        }
        (None, other) => super::scheduler::panic_error(&other.to_string(), position),
    }
}
