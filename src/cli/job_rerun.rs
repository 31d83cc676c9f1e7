//! `segue job rerun`: does what a former job did again, everywhere or where it did not succeed.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use clap::Args;

use super::{
    action::{self, Asked},
    arguments::{ConnectionArguments, ProjectArguments, RunArguments},
    kept::{self, Kept},
    sent_file::SentFile,
    setup::Setup,
};
use crate::{
    error::{Error, Exit},
    event::{EffectView, JobKind, JobView},
    model::{Map, Status, Target, TargetName, Value},
    plan::{Action, Params, RunOptions},
    store::NO_LIMIT,
};

/// Do the task, command, script or transfer of a former job again, as a job of its own
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The job: its id, the beginning of it, or `last`
    job: String,
    /// Only on the targets where it did not succeed
    #[arg(long, conflicts_with = "unreached")]
    failed: bool,
    /// Only on the targets that it did not reach
    #[arg(long)]
    unreached: bool,
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    connection: ConnectionArguments,
    #[command(flatten)]
    run: RunArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let setup = Setup::new(&arguments.project)?.with_connection(&arguments.connection)?;
    let kept = Kept::of(&arguments.run.store.location(&setup.project)?)?;
    let summary = kept.job(&arguments.job)?;
    let events = kept
        .store
        .events(&summary.job, 0, NO_LIMIT)
        .map_err(kept::store_error)?;
    let view = JobView::fold(&events);
    // The new job opens the store for itself.
    drop(kept);
    if view.what == Some(JobKind::Plan) {
        return Err(Error::usage(
            format!(
                "job `{}` ran a plan, and plans are not rerun but resumed",
                summary.job
            ),
            format!("`segue plan resume {}` goes on with it", summary.job),
        ));
    }
    let Some(effect) = view.effects.values().next() else {
        return Err(Error::usage(
            format!("job `{}` ended before it began", summary.job),
            "nothing was done; run it anew",
        ));
    };
    let targets = targets(&setup, &names(arguments, effect))?;
    if targets.is_empty() {
        return Err(Error::usage(
            format!("job `{}` has no such targets", summary.job),
            format!("`segue job show {}` shows what came of each", summary.job),
        ));
    }
    let asked = asked(&setup, &view, effect, targets, &arguments.connection)?;
    action::run(&setup, &arguments.project, &arguments.run, asked)
}

/// The targets that are meant. One without a result was not reached, whatever kept it from that.
fn names(arguments: &Arguments, effect: &EffectView) -> Vec<TargetName> {
    let status = |name: &TargetName| {
        let result = effect.results.get(name);
        result.map_or(Status::Unreached, |result| result.status)
    };
    let is_meant = |name: &&TargetName| {
        if arguments.failed {
            !status(name).is_ok()
        } else if arguments.unreached {
            status(name) == Status::Unreached || was_not_connected(effect, name)
        } else {
            true
        }
    };
    effect
        .asked
        .targets
        .iter()
        .filter(is_meant)
        .cloned()
        .collect()
}

fn was_not_connected(effect: &EffectView, name: &TargetName) -> bool {
    let result = effect.results.get(name);
    let failure = result.and_then(|result| result.failure.as_ref());
    failure.is_some_and(|failure| failure.kind == crate::model::kinds::CONNECT)
}

pub(super) fn targets(setup: &Setup, names: &[TargetName]) -> Result<Vec<Arc<Target>>, Error> {
    names
        .iter()
        .map(|name| {
            setup
                .inventory
                .resolve_one(name.as_str())
                .map_err(|error| Error::new(Exit::NoTargets, error))
        })
        .collect()
}

/// What was asked then, asked now.
pub(super) fn asked(
    setup: &Setup,
    view: &JobView,
    effect: &EffectView,
    targets: Vec<Arc<Target>>,
    connection: &ConnectionArguments,
) -> Result<Asked, Error> {
    let told = &effect.asked.params;
    let run_as = connection
        .run_as
        .clone()
        .or_else(|| text(told.get("_run_as")));
    let what = view.what.unwrap_or(JobKind::Command);
    let mut options = RunOptions {
        noop: told.get("_noop").and_then(Value::as_bool) == Some(true),
        run_as,
        env: environment(&view.params),
        ..RunOptions::default()
    };
    let action = match what {
        JobKind::Task => {
            let task = setup
                .project
                .task(&view.object)
                .map_err(|error| Error::new(Exit::Usage, error))?;
            options.env = BTreeMap::new();
            let params = task
                .check_params(&uncovered(&view.params))
                .map_err(|errors| {
                    super::params::wrong(errors, &format!("task show {}", task.name()))
                })?;
            Action::Task {
                task,
                params: Params::Same(Arc::new(params)),
            }
        }
        JobKind::Command => Action::Command {
            command: view.object.clone(),
        },
        JobKind::Script => {
            let script = SentFile::of_project(&setup.project, &view.object)?;
            Action::Script {
                script: script.name,
                file: script.file,
                arguments: arguments_of(told),
            }
        }
        JobKind::Upload => {
            let source = text(told.get("source")).unwrap_or_default();
            let source = SentFile::of_project(&setup.project, &source)?;
            Action::Upload {
                source: source.name,
                file: source.file,
                destination: view.object.clone(),
            }
        }
        JobKind::Download => {
            let destination = text(told.get("destination")).unwrap_or_default();
            Action::Download {
                source: view.object.clone(),
                path: PathBuf::from(&destination),
                destination,
            }
        }
        JobKind::Plan => unreachable!("whoever asks has looked whether it is a plan"),
    };
    Ok(Asked {
        what,
        action,
        params: view.params.clone(),
        targets,
        options,
    })
}

/// The variables that a command or a script was given.
fn environment(params: &Map) -> BTreeMap<String, Value> {
    let env = params.get("env").and_then(Value::as_map);
    env.into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn arguments_of(told: &Map) -> Vec<String> {
    let arguments = told.get("arguments").and_then(Value::as_array);
    let arguments = arguments.unwrap_or_default().iter();
    arguments
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

/// Whoever checks parameters covers those that are sensitive.
fn uncovered(params: &Map) -> Map {
    params
        .iter()
        .map(|(name, value)| (name.clone(), value.revealed().clone()))
        .collect()
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}
