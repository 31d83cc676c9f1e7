//! `segue command run`: one command line on many targets.

use std::collections::BTreeMap;

use clap::Args;

use super::{
    action::{ActionArguments, Asked},
    given_text::given_text,
};
use crate::{
    error::{Error, Exit},
    event::JobKind,
    model::{Map, Value},
    plan::{Action, RunOptions},
};

/// Run a command on targets
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The command line for the targets' shell; `@file` or `-` reads it from a file or stdin
    command: String,
    /// A variable of the command's environment; repeatable
    #[arg(long = "env-var", value_name = "NAME=VALUE")]
    environment: Vec<String>,
    #[command(flatten)]
    on: ActionArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let command = command(&arguments.command)?;
    let env = environment(&arguments.environment)?;
    let (setup, targets) = arguments.on.prepare()?;
    let asked = Asked {
        what: JobKind::Command,
        action: Action::Command { command },
        params: environment_params(&env),
        targets,
        options: RunOptions {
            env,
            ..arguments.on.options()
        },
    };
    arguments.on.run(&setup, asked)
}

fn command(argument: &str) -> Result<String, Error> {
    let text = given_text(argument, "the command")?;
    if text.trim().is_empty() {
        return Err(Error::usage(
            "the command is empty",
            "write it in quotes, such as `segue command run 'uptime' --targets all`",
        ));
    }
    Ok(text)
}

/// Variables as `NAME=VALUE`.
pub(super) fn environment(pairs: &[String]) -> Result<BTreeMap<String, Value>, Error> {
    pairs
        .iter()
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) if is_variable(name) => Ok((name.to_owned(), value.into())),
            _ => Err(Error::usage(
                format!("`{pair}` is not a variable"),
                "write NAME=VALUE; a name is letters, digits and `_`, and begins with no digit",
            )),
        })
        .collect()
}

/// Variables as parameters of the job: what is run again from a job is run with them.
pub(super) fn environment_params(env: &BTreeMap<String, Value>) -> Map {
    if env.is_empty() {
        return Map::new();
    }
    let env: Map = env
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Map::from_iter([("env".to_owned(), Value::Map(env))])
}

fn is_variable(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
}
