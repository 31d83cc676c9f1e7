//! Running things on targets: tasks, commands, scripts, files.

use std::sync::Arc;

use rhai::Dynamic;

use super::catalog::Entry;
use crate::{
    model::{Failure, ResultSet, Target},
    plan::{
        call::{Call, CallError, CallResult},
        convert,
        effect::{Action, Effect, FailureBudget, OnFailure, Outcome, Params, Run, RunOptions},
        object::{Fault, Results},
        options::{self, Options},
    },
    task::ParamError,
};

pub(super) fn entries() -> Vec<Entry> {
    vec![
        Entry::function("run_task", run_task)
            .takes("name", "TaskName")
            .takes("targets", "TargetSpec")
            .may_take("params", "Map")
            .may_take("options", "Map")
            .gives("ResultSet")
            .doc("Runs a task on every target. Parameters are checked against the task's metadata before anything is contacted.")
            .example(r#"let results = run_task("service", "web", #{ action: "restart", name: "nginx" });"#),
        Entry::function("run_command", run_command)
            .takes("command", "String")
            .takes("targets", "TargetSpec")
            .may_take("options", "Map")
            .gives("ResultSet")
            .doc("Runs a command line in a shell on every target.")
            .example(r#"let uptime = run_command("uptime", "web").first.stdout;"#),
    ]
}

/// What every action understands.
const COMMON: [&str; 9] = [
    "catch_errors",
    "run_as",
    "timeout",
    "retry",
    "limit",
    "on_failure",
    "max_failures",
    "batch",
    "description",
];

fn allowed<'a>(more: &[&'a str]) -> Vec<&'a str> {
    COMMON.iter().chain(more).copied().collect()
}

fn run_task(call: &Call<'_>) -> CallResult {
    let name = call.text(0)?;
    let targets = call.targets(1)?;
    let options = options::read(call, 3, &allowed(&["noop"]))?;
    let host = call.host();
    let task = host
        .world
        .task(&name)
        .map_err(|failure| call.fail(failure))?;
    let given = convert::to_map(&call.map(2)?)
        .map_err(|error| call.misuse(format!("{}: {error}", call.parameter(2))))?;
    let params = task
        .check_params(&given)
        .map_err(|errors| call.fail(params_failure(&errors)))?;
    let what = format!("task `{name}`");
    let action = Action::Task {
        task,
        params: Params::Same(Arc::new(params)),
    };
    perform(call, action, targets, options, &what)
}

fn run_command(call: &Call<'_>) -> CallResult {
    let command = call.text(0)?.to_string();
    let targets = call.targets(1)?;
    let options = options::read(call, 2, &allowed(&["env"]))?;
    let what = format!("command `{command}`");
    perform(call, Action::Command { command }, targets, options, &what)
}

/// Asks for an action, and throws if it failed and nobody caught that.
fn perform(
    call: &Call<'_>,
    action: Action,
    targets: Vec<Arc<Target>>,
    options: Options,
    what: &str,
) -> CallResult {
    let mut run_options = options.run;
    run_options.cleanup = call.host().scheduler.current().cleanup;
    let bearable = bearable(&run_options, targets.len());
    let results = ask(call, action, targets, run_options)?;
    let failed = results.iter().filter(|result| !result.is_ok()).count();
    let results = Results::from(results);
    if failed > bearable {
        let failure = results.set().run_failure(what);
        let fault = Fault::new(failure, call.place()).with_results(results);
        return Err(fault.into_error(call.position()));
    }
    Ok(Dynamic::from(results))
}

fn ask(
    call: &Call<'_>,
    action: Action,
    targets: Vec<Arc<Target>>,
    options: RunOptions,
) -> Result<ResultSet, CallError> {
    if targets.is_empty() {
        return Ok([]
            .into_iter()
            .collect::<Vec<crate::model::TargetResult>>()
            .into_iter()
            .collect());
    }
    let effect = Effect::Run(Run {
        action,
        targets,
        options,
    });
    match call.ask(effect)? {
        Outcome::Results { results } => Ok(results),
        _ => Ok(Vec::<crate::model::TargetResult>::new()
            .into_iter()
            .collect()),
    }
}

/// How many targets may fail without an error.
fn bearable(options: &RunOptions, targets: usize) -> usize {
    if options.catch_errors {
        return usize::MAX;
    }
    match options.on_failure {
        OnFailure::Stop => 0,
        OnFailure::Survivors => usize::MAX,
        OnFailure::Budget(FailureBudget::Count(count)) => count,
        OnFailure::Budget(FailureBudget::Percent(percent)) => share(percent, targets),
    }
}

/// A share of the targets, rounded down: 10 % of 25 targets bears two failures and not three.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and the number of targets"
)]
fn share(percent: f64, targets: usize) -> usize {
    (percent * targets as f64 / 100.0).floor() as usize
}

/// All that is wrong with parameters, each with what to do about it.
fn params_failure(errors: &[ParamError]) -> Failure {
    let mut failure = ParamError::failure(errors);
    let help: Vec<String> = errors.iter().filter_map(ParamError::help).collect();
    if !help.is_empty() {
        failure.message = format!("{}: {}", failure.message, help.join("; "));
    }
    failure
}
