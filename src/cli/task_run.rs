//! `segue task run`: one task on many targets.

use std::sync::Arc;

use clap::Args;

use super::{
    action::{ActionArguments, Asked},
    arguments::ParamArguments,
    params,
};
use crate::{
    error::{Error, Exit},
    event::JobKind,
    plan::{Action, Params, RunOptions},
};

/// Run a task on targets
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The name of the task, such as `service` or `mymodule::deploy`
    task: String,
    #[command(flatten)]
    params: ParamArguments,
    /// Change nothing; only say what would be changed. The task has to support it
    #[arg(long)]
    noop: bool,
    #[command(flatten)]
    on: ActionArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let (setup, targets) = arguments.on.prepare()?;
    let task = setup
        .project
        .task(&arguments.task)
        .map_err(|error| Error::new(Exit::Usage, error))?;
    if arguments.noop && !task.metadata().supports_noop {
        return Err(Error::usage(
            format!("the task `{}` can't be run with --noop", task.name()),
            "only a task whose metadata says `\"supports_noop\": true` knows how to change nothing",
        ));
    }
    let given = params::read(&arguments.params, task.metadata().parameters.as_ref())?;
    let params = task
        .check_params(&given)
        .map_err(|errors| params::wrong(errors, &format!("task show {}", task.name())))?;
    let asked = Asked {
        what: JobKind::Task,
        action: Action::Task {
            task,
            params: Params::Same(Arc::new(params.clone())),
        },
        params,
        targets,
        options: RunOptions {
            noop: arguments.noop,
            ..arguments.on.options()
        },
    };
    arguments.on.run(&setup, asked)
}
