//! Doing an action on targets: in one go or batch by batch, and the error that it throws when nobody caught it.

use std::sync::Arc;

use rhai::Dynamic;

use super::{
    call::{Call, CallError, CallResult},
    effect::{Action, Effect, FailureBudget, OnFailure, Outcome, Params, Run, RunOptions},
    object::{Fault, Results},
    options::Options,
};
use crate::{
    model::{Failure, ResultSet, ResultValue, Status, Target, TargetResult, kinds},
    schedule::{self, BatchSpec, batch_sizes, counts_as_failed},
};

/// An action that was asked for by one call.
pub(super) struct Asked<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) action: Action,
    pub(super) targets: Vec<Arc<Target>>,
    /// What the message of a failure begins with: ``task `service` ``.
    pub(super) what: String,
}

/// Does the action. Throws if it failed and nobody caught that.
pub(super) fn perform(asked: &Asked<'_>, options: &Options) -> CallResult {
    let call = asked.call;
    let results = results(asked, options)?;
    if fails(&results, options) {
        let failure = results.run_failure(&asked.what);
        let fault = Fault::new(failure, call.place()).with_results(results.into());
        return Err(fault.into_error(call.position()));
    }
    Ok(Dynamic::from(Results::from(results)))
}

/// Does the action, and gives the results whatever they are.
fn results(asked: &Asked<'_>, options: &Options) -> Result<ResultSet, CallError> {
    let mut run = options.run.clone();
    run.cleanup = asked.call.host().scheduler.current().cleanup;
    match &options.batch {
        Some(batch) => in_batches(asked, &run, batch, options.budget),
        None => ask(asked, asked.action.clone(), asked.targets.clone(), run),
    }
}

/// Whether the results are an error of the plan.
fn fails(results: &ResultSet, options: &Options) -> bool {
    if options.run.catch_errors {
        return false;
    }
    match (options.run.on_failure, options.budget) {
        (OnFailure::Survivors, _) => false,
        (OnFailure::Budget(_), Some(budget)) => budget.is_exceeded(failed(results), results.len()),
        _ => results
            .iter()
            .any(|result| !matches!(result.status, Status::Succeeded | Status::Skipped)),
    }
}

fn failed(results: &ResultSet) -> usize {
    let failed = |result: &&Arc<TargetResult>| counts_as_failed(result.status);
    results.iter().filter(failed).count()
}

fn ask(
    asked: &Asked<'_>,
    action: Action,
    targets: Vec<Arc<Target>>,
    options: RunOptions,
) -> Result<ResultSet, CallError> {
    if targets.is_empty() {
        return Ok(Vec::<TargetResult>::new().into_iter().collect());
    }
    let effect = Effect::Run(Run {
        action,
        targets,
        options,
    });
    match asked.call.ask(effect)? {
        Outcome::Results { results } => Ok(results),
        other => Err(asked.call.fail(Failure::new(
            kinds::EFFECT,
            format!("an action was answered by something else: {other:?}"),
        ))),
    }
}

/// One effect for each batch. More failures than the budget end it: the targets of later batches are unreached.
fn in_batches(
    asked: &Asked<'_>,
    options: &RunOptions,
    batch: &BatchSpec,
    budget: Option<schedule::FailureBudget>,
) -> Result<ResultSet, CallError> {
    let total = asked.targets.len();
    let borne = match (options.on_failure, budget) {
        (OnFailure::Survivors, _) => usize::MAX,
        (_, budget) => budget.unwrap_or_default().allowed(total),
    };
    let mut all: Vec<Arc<TargetResult>> = Vec::with_capacity(total);
    let mut failed = 0;
    let mut start = 0;
    for size in batch_sizes(total, batch) {
        if failed > borne {
            break;
        }
        let range = start..start + size;
        let mut options = options.clone();
        if borne < usize::MAX && budget.is_some() {
            // What is left of the budget of all targets is that of this batch.
            options.on_failure = OnFailure::Budget(FailureBudget::Count(borne - failed));
        }
        let action = part_of(&asked.action, range.clone());
        let results = ask(asked, action, asked.targets[range].to_vec(), options)?;
        failed += self::failed(&results);
        all.extend(results.iter().cloned());
        start += size;
    }
    let rest = asked.targets[start..].iter();
    all.extend(rest.map(|target| Arc::new(unreached(target, &asked.action))));
    Ok(all.into_iter().collect())
}

/// The action for some of its targets: parameters of their own are cut to size.
fn part_of(action: &Action, range: std::ops::Range<usize>) -> Action {
    match action {
        Action::Task {
            task,
            params: Params::Each(each),
        } => Action::Task {
            task: Arc::clone(task),
            params: Params::Each(each[range].to_vec()),
        },
        other => other.clone(),
    }
}

fn unreached(target: &Target, action: &Action) -> TargetResult {
    let failure = Failure::new(
        kinds::UNREACHED,
        "its batch was not begun, because too many targets had failed before",
    );
    TargetResult {
        target: target.name.clone(),
        action: action.kind(),
        object: action.object().to_owned(),
        status: Status::Unreached,
        value: ResultValue::default(),
        failure: Some(failure),
        duration_ms: 0,
        attempts: 0,
    }
}
