//! Doing an action on targets, and the error that it throws when nobody caught it.

use std::sync::Arc;

use rhai::Dynamic;

use super::{
    call::{Call, CallError, CallResult},
    effect::{Action, Effect, OnFailure, Outcome, Run, RunOptions},
    object::{Fault, Results},
    options::Options,
};
use crate::{
    model::{Failure, ResultSet, Status, Target, TargetResult, Value, kinds},
    schedule::{FailureBudget, counts_as_failed},
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
pub(super) fn perform(asked: Asked<'_>, options: &Options) -> CallResult {
    let call = asked.call;
    let what = asked.what.clone();
    let results = results(asked, options)?;
    if let Some(failure) = failure(&results, options, &what) {
        let fault = Fault::new(failure, call.place()).with_results(results.into());
        return Err(fault.into_error(call.position()));
    }
    Ok(Dynamic::from(Results::from(results)))
}

/// Does the action, and gives the results whatever they are.
fn results(asked: Asked<'_>, options: &Options) -> Result<ResultSet, CallError> {
    if asked.targets.is_empty() {
        return Ok(Vec::<TargetResult>::new().into_iter().collect());
    }
    let branch = asked.call.host().scheduler.current();
    let effect = Effect::Run(Run {
        action: asked.action,
        targets: asked.targets,
        options: RunOptions {
            step_limits: branch.step_limits.borrow().clone(),
            ..options.run.clone()
        },
    });
    match asked.call.ask(effect)? {
        Outcome::Results { results } => Ok(results),
        other => Err(asked.call.fail(Failure::new(
            kinds::EFFECT,
            format!("an action was answered by something else: {other:?}"),
        ))),
    }
}

/// Why the results are an error of the plan, if they are one.
fn failure(results: &ResultSet, options: &Options, what: &str) -> Option<Failure> {
    let is_fine = |status| matches!(status, Status::Succeeded | Status::Skipped);
    match options.run.on_failure {
        _ if options.run.catch_errors => None,
        OnFailure::Survivors => None,
        OnFailure::Budget(budget) => over_budget(results, budget, what),
        OnFailure::Stop => {
            let fails = results.iter().any(|result| !is_fine(result.status));
            fails.then(|| results.run_failure(what))
        }
    }
}

/// The failure of an action in which more targets failed than may.
fn over_budget(results: &ResultSet, budget: FailureBudget, what: &str) -> Option<Failure> {
    let failed = names(results, counts_as_failed);
    let (count, total) = (failed.len(), results.len());
    if !budget.is_exceeded(count, total) {
        return None;
    }
    let allowed = budget.allowed(total);
    let plural = if count == 1 { "" } else { "s" };
    let failure = Failure::new(
        kinds::OVER_BUDGET,
        format!(
            "{what} failed on {count} target{plural} of {total}, and no more than {allowed} may fail"
        ),
    )
    .with_detail("failed", Value::Array(failed))
    .with_detail(
        "unreached",
        Value::Array(names(results, |status| status == Status::Unreached)),
    );
    Some(failure.with_detail("max_failures", budget.to_string()))
}

fn names(results: &ResultSet, of: impl Fn(Status) -> bool) -> Vec<Value> {
    let those = results.iter().filter(|result| of(result.status));
    those.map(|result| result.target.as_str().into()).collect()
}
