//! `segue plan run`: a plan from its first line to its end.

use std::sync::Arc;

use clap::Args;
use sha2::{Digest, Sha256};

use super::{
    arguments::{
        ConnectionArguments, ParamArguments, ProjectArguments, RunArguments, TargetArguments,
    },
    launch::{self, JobContext, JobEnd, JobOptions, JobSpec},
    params, plan_check, plan_show,
    setup::{Setup, expression},
};
use crate::{
    error::{Error, Exit},
    event::{JobKind, JobStatus},
    model::{Map, Value, kinds},
    plan::{Header, Interpreter, Limits, PlanEnd, PlanError, PlanOutcome, PlanStop, Program},
    report::Detail,
    run::StopStage,
    task::{ParamError, check_params},
};

/// Run a plan
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The name of the plan, such as `rolling_restart` or `mymodule::deploy`, or its file
    plan: String,
    #[command(flatten)]
    params: ParamArguments,
    #[command(flatten)]
    targets: TargetArguments,
    /// Run the plan even if `plan check` finds errors in it
    #[arg(long)]
    no_check: bool,
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    connection: ConnectionArguments,
    #[command(flatten)]
    run: RunArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let setup = Setup::new(&arguments.project)?.with_connection(&arguments.connection)?;
    let options = JobOptions::new(
        &setup,
        arguments.project.format,
        Detail::Brief,
        &arguments.run,
    )?;
    let program = load(&setup, &arguments.plan)?;
    if !arguments.no_check {
        plan_check::before_run(&setup, program.file())?;
    }
    let params = given(&arguments.params, &arguments.targets, program.header())?;
    check(&program, &params)?;
    run_program(&setup, &options, program, params)
}

/// Finds and reads a plan.
pub(super) fn load(setup: &Setup, name: &str) -> Result<Program, Error> {
    let file = setup.project.plan(name);
    let file = file.map_err(|error| Error::new(Exit::Usage, error))?;
    Program::parse(file).map_err(|errors| Error::new(Exit::InvalidPlan, errors))
}

/// Runs a plan whose parameters were checked.
pub(super) fn run_program(
    setup: &Setup,
    options: &JobOptions,
    program: Program,
    params: Map,
) -> Result<Exit, Error> {
    let spec = JobSpec {
        what: JobKind::Plan,
        object: program.name().to_owned(),
        params: redacted(&params, program.header()),
        targets: Vec::new(),
        plan_hash: hash(program.source().text()),
    };
    launch::launch(setup, options, spec, |context| {
        interpret(setup, program, params, context)
    })
}

/// Interprets a plan from its first line to its end.
pub(super) async fn interpret(
    setup: &Setup,
    program: Program,
    params: Map,
    context: JobContext,
) -> JobEnd {
    let stop = PlanStop::default();
    let stopping = tokio::spawn(follow_stop(context.stop, stop.clone()));
    let interpreter = Interpreter {
        world: Arc::new(setup.project.clone()),
        performer: context.performer,
        handle: context.handle,
        limits: Limits::default(),
        stop,
        key: context.key,
        inventory: setup.inventory.clone(),
        next_command: context.next_command,
    };
    let outcome = interpreter.run(program, params).await;
    stopping.abort();
    end(outcome)
}

/// The plan's thread learns of a stop from here: it may be computing, and wait for nothing.
async fn follow_stop(signal: crate::run::StopSignal, stop: PlanStop) {
    signal.reached(StopStage::Drain).await;
    stop.stop();
    signal.reached(StopStage::Abandon).await;
    stop.abandon();
}

fn end(outcome: PlanOutcome) -> JobEnd {
    let mut end = JobEnd {
        status: JobStatus::Finished,
        failure: None,
        value: Value::Null,
        failed_effects: Vec::new(),
        diagnostic: None,
    };
    match outcome.end {
        PlanEnd::Finished(value) => end.value = value,
        PlanEnd::Failed(error) => {
            let PlanError {
                diagnostic,
                failure,
                effects,
                ..
            } = *error;
            end.failed_effects = effects;
            end.status = if failure.kind == kinds::OVER_BUDGET {
                JobStatus::OverBudget
            } else {
                JobStatus::Failed
            };
            end.failure = Some(failure);
            end.diagnostic = Some(miette::Report::new(diagnostic));
        }
        PlanEnd::Stopped => end.status = JobStatus::Stopped,
        PlanEnd::Suspended => end.status = JobStatus::Suspended,
    }
    end
}

/// What was given on the command line. `--targets` goes to the parameter that names targets.
pub(super) fn given(
    params: &ParamArguments,
    targets: &TargetArguments,
    header: &Header,
) -> Result<Map, Error> {
    let declared = plan_show::parameters(header);
    let mut given = params::read(params, Some(&declared))?;
    let Some(targets) = expression(targets)? else {
        return Ok(given);
    };
    let name = ["targets", "nodes"]
        .into_iter()
        .find(|name| declared.contains_key(*name))
        .or_else(|| {
            declared
                .iter()
                .find(|(_, parameter)| parameter.data_type.names_targets())
                .map(|(name, _)| name.as_str())
        });
    let Some(name) = name else {
        return Err(Error::usage(
            "the plan has no parameter for targets, so --targets means nothing to it",
            "a plan that is told its targets has a line such as `param targets: TargetSpec;`",
        ));
    };
    if given.insert(name.to_owned(), targets.into()).is_some() {
        return Err(Error::usage(
            format!("the targets are given twice: with --targets and as `{name}`"),
            "give them one way",
        ));
    }
    Ok(given)
}

/// Finds out what is wrong with the parameters while it is still about the command line.
pub(super) fn check(program: &Program, given: &Map) -> Result<(), Error> {
    let declared = plan_show::parameters(program.header());
    let owner = format!("plan `{}`", program.name());
    check_params(&owner, Some(&declared), given)
        .map(|_| ())
        .map_err(|errors| {
            // A default is an expression of the plan, which is checked when it is evaluated.
            let own: Vec<ParamError> = errors
                .into_iter()
                .filter(|error| given.contains_key(&error.parameter) || is_missing(error))
                .collect();
            params::wrong(own, &format!("plan show {}", program.name()))
        })
}

fn is_missing(error: &ParamError) -> bool {
    matches!(error.reason, crate::task::ParamErrorReason::Missing { .. })
}

/// What is stored and shown of the parameters.
fn redacted(params: &Map, header: &Header) -> Map {
    params
        .iter()
        .map(|(name, value)| {
            let is_sensitive = header.param(name).is_some_and(|param| param.sensitive);
            let value = if is_sensitive {
                Value::sensitive(value.clone())
            } else {
                value.clone()
            };
            (name.clone(), value)
        })
        .collect()
}

pub(super) fn hash(text: &str) -> String {
    use std::fmt::Write;

    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}
