//! `segue script run`: a script of this machine on many targets.

use std::path::Path;

use clap::Args;

use super::{
    action::{ActionArguments, Asked},
    command_run::{environment, environment_params},
    sent_file::SentFile,
};
use crate::{
    error::{Error, Exit},
    event::JobKind,
    model::Value,
    plan::{Action, RunOptions},
};

/// Copy a script to targets and run it there
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The script: a path, or a file of the project or of a module, such as `mymodule/cleanup.sh`
    script: String,
    /// The arguments of the script, as they are; those that begin with a dash go behind `--`
    #[arg(id = "arguments", value_name = "ARGUMENT")]
    given: Vec<String>,
    /// A variable of the script's environment; repeatable
    #[arg(long = "env-var", value_name = "NAME=VALUE")]
    environment: Vec<String>,
    #[command(flatten)]
    on: ActionArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let env = environment(&arguments.environment)?;
    let (setup, targets) = arguments.on.prepare()?;
    let script = SentFile::find(&setup.project, &arguments.script)?;
    if script.file.on_disk().is_some_and(Path::is_dir) {
        return Err(Error::usage(
            format!("`{}` is a directory, and no script", arguments.script),
            "name the file that is to be run; `segue file upload` copies directories",
        ));
    }
    let mut params = environment_params(&env);
    if !arguments.given.is_empty() {
        let given = arguments.given.iter();
        let given = given.map(|argument| argument.as_str().into()).collect();
        params.insert("arguments".to_owned(), Value::Array(given));
    }
    let asked = Asked {
        what: JobKind::Script,
        action: Action::Script {
            script: script.name,
            file: script.file,
            arguments: arguments.given.clone(),
        },
        params,
        targets,
        options: RunOptions {
            env,
            ..arguments.on.options()
        },
    };
    arguments.on.run(&setup, asked)
}
