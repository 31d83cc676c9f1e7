//! The arguments that commands share. A command takes those groups that mean something to it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::{
    error::{Error, Exit},
    model::LockRule,
    project::Project,
    store::Location,
};

/// Where the project is and how to print.
#[derive(Debug, Args)]
pub(super) struct ProjectArguments {
    /// The project's directory; without it the nearest one above the current directory
    #[arg(long, value_name = "DIR", env = "SEGUE_PROJECT", global = true)]
    pub(super) project: Option<PathBuf>,
    /// The inventory file; without it `inventory.yaml` of the project
    #[arg(short = 'i', long, value_name = "FILE", env = "SEGUE_INVENTORY")]
    pub(super) inventory: Option<PathBuf>,
    /// What is printed on stdout
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// What is printed on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Lines for people
    #[default]
    Human,
    /// One JSON document at the end
    Json,
    /// Every event as a line of JSON, as it happens
    Jsonl,
}

/// Which targets.
#[derive(Debug, Args)]
pub(super) struct TargetArguments {
    /// Targets: names, groups, globs, `!x` to leave out, `all`, `@file` or `-` for a list; repeatable
    #[arg(short, long, value_name = "TARGETS")]
    pub(super) targets: Vec<String>,
}

/// How targets are reached. What is given here beats the inventory.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct ConnectionArguments {
    /// The user to log in as
    #[arg(short, long)]
    pub(super) user: Option<String>,
    /// Ask for the password to log in with
    #[arg(long)]
    pub(super) password_prompt: bool,
    /// The file of the private key to log in with
    #[arg(long, value_name = "FILE")]
    pub(super) private_key: Option<PathBuf>,
    /// How to reach targets: `ssh` or `local`
    #[arg(long)]
    pub(super) transport: Option<String>,
    /// Take any host key: only for machines that are thrown away
    #[arg(long)]
    pub(super) no_host_key_check: bool,
    /// How long connecting may take, such as `10s`
    #[arg(long, value_name = "DURATION")]
    pub(super) connect_timeout: Option<String>,
    /// The user to run as, by sudo
    #[arg(long, value_name = "USER")]
    pub(super) run_as: Option<String>,
    /// Ask for sudo's password
    #[arg(long)]
    pub(super) sudo_password_prompt: bool,
}

/// How work is done.
#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub(super) struct RunArguments {
    /// How many targets are worked on at the same time
    #[arg(short = 'c', long, value_name = "N")]
    pub(super) concurrency: Option<usize>,
    /// How long an action may take on a target that does not say otherwise, such as `30m`
    #[arg(long, value_name = "DURATION")]
    pub(super) timeout: Option<String>,
    /// What to do about targets that another job is changing; plans and tasks do what `lock` in segue.yaml says, or wait;
    /// the rest does not look
    #[arg(long, value_enum, value_name = "RULE")]
    pub(super) lock: Option<Lock>,
    /// Show what targets print while they print it
    #[arg(long)]
    pub(super) stream: bool,
    /// Show everything that targets answer
    #[arg(short, long)]
    pub(super) verbose: bool,
    #[command(flatten)]
    pub(super) store: StoreArguments,
}

/// What is done about targets that another job is changing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Lock {
    /// Wait until the other job is over
    Wait,
    /// Fail, and say who holds them
    Fail,
    /// Do not look, and hold nothing
    None,
}

impl From<Lock> for LockRule {
    fn from(lock: Lock) -> Self {
        match lock {
            Lock::Wait => Self::Wait,
            Lock::Fail => Self::Fail,
            Lock::None => Self::None,
        }
    }
}

/// Where jobs are kept.
#[derive(Debug, Args)]
pub(super) struct StoreArguments {
    /// Where jobs are kept: a path, or `sqlite:PATH`; without it `.segue/` of the project
    #[arg(long, value_name = "URL", env = "SEGUE_STORE")]
    store: Option<String>,
    /// Keep nothing: the job can't be looked at later, nor resumed
    #[arg(long, conflicts_with = "store")]
    ephemeral: bool,
}

impl StoreArguments {
    /// The place as it was typed, if it was.
    pub(super) fn named(&self) -> Option<&str> {
        self.store.as_deref()
    }

    /// The place that is meant.
    pub(super) fn location(&self, project: &Project) -> Result<Location, Error> {
        if self.ephemeral {
            return Ok(Location::Memory);
        }
        Location::find(self.store.as_deref(), Some(project.root()))
            .map_err(|error| Error::new(Exit::Store, error))
    }
}

/// Parameters of a task or a plan.
#[derive(Debug, Args)]
pub(super) struct ParamArguments {
    /// Parameters as `name=value`; values are read by the type that the parameter declares
    #[arg(value_name = "NAME=VALUE")]
    pub(super) pairs: Vec<String>,
    /// All parameters as one JSON object: the text itself, `@file`, or `-` for stdin
    #[arg(long, value_name = "JSON", conflicts_with = "pairs")]
    pub(super) params: Option<String>,
}

impl ParamArguments {
    pub(super) fn are_empty(&self) -> bool {
        self.pairs.is_empty() && self.params.is_none()
    }
}
