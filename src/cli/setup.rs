//! What nearly every command needs first: the project, its inventory, and the targets that are meant.

use std::{fmt::Write as _, path::Path, sync::Arc};

use super::{
    arguments::{ConnectionArguments, ProjectArguments, TargetArguments},
    given_text::given_text,
    plugins::ProjectPlugins,
    terminal,
};
use crate::{
    error::{Error, Exit},
    inventory::{Inventory, Overrides, Surroundings},
    model::{Secret, Target, parse_duration},
    project::Project,
};

/// The project and what it knows.
pub(super) struct Setup {
    pub(super) project: Project,
    pub(super) inventory: Inventory,
    /// What names both on the command line, for commands that are to be typed next.
    pub(super) flags: String,
}

impl Setup {
    /// Finds the project and reads its inventory.
    pub(super) fn new(arguments: &ProjectArguments) -> Result<Self, Error> {
        let project = project(arguments)?;
        let path = arguments
            .inventory
            .clone()
            .or_else(|| project.inventory_path());
        let inventory = match path {
            Some(path) => inventory(&project, &path)?,
            None => Inventory::empty(),
        };
        let mut flags = String::new();
        for (flag, path) in [
            ("--project", &arguments.project),
            ("--inventory", &arguments.inventory),
        ] {
            if let Some(path) = path {
                let _ = write!(flags, " {flag} {}", path.display());
            }
        }
        Ok(Self {
            project,
            inventory,
            flags,
        })
    }

    /// The same, with what the command line says of connections laid over the inventory.
    pub(super) fn with_connection(
        mut self,
        arguments: &ConnectionArguments,
    ) -> Result<Self, Error> {
        self.inventory = self.inventory.with_overrides(overrides(arguments)?);
        Ok(self)
    }

    /// The targets that were named, which must be at least one.
    pub(super) fn targets(&self, arguments: &TargetArguments) -> Result<Vec<Arc<Target>>, Error> {
        let Some(expression) = expression(arguments)? else {
            return Err(Error::usage(
                "no targets were named",
                "name them with --targets, such as `--targets web1,web2`, a group, or `--targets all`",
            ));
        };
        let targets = self
            .inventory
            .resolve(&expression)
            .map_err(|error| Error::new(Exit::NoTargets, error))?;
        if targets.is_empty() {
            return Err(Error::new(Exit::NoTargets, NoTargets { expression }));
        }
        Ok(targets)
    }
}

/// Reads an inventory file. Paths in it start at the project if the file is in it, else at the file's directory.
fn inventory(project: &Project, path: &Path) -> Result<Inventory, Error> {
    let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let is_own = full.starts_with(project.root());
    let root = match path.parent() {
        _ if is_own => project.root(),
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let surroundings = Surroundings {
        plugins: Some(ProjectPlugins::new(project.clone())),
        ..Surroundings::of_project(root)
    };
    Inventory::load_with(path, &surroundings).map_err(|error| Error::new(Exit::Usage, error))
}

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{expression}` leaves no targets")]
#[diagnostic(
    code(segue::cli::no_targets),
    help("`segue inventory show --targets '{expression}'` tells what an expression matches")
)]
struct NoTargets {
    expression: String,
}

/// The project alone.
pub(super) fn project(arguments: &ProjectArguments) -> Result<Project, Error> {
    let found = match &arguments.project {
        Some(directory) => Project::at(directory),
        None => Project::find(Path::new(".")),
    };
    found.map_err(|error| Error::new(Exit::Usage, error))
}

/// All `--targets` as one expression, lists read from where they are.
pub(super) fn expression(arguments: &TargetArguments) -> Result<Option<String>, Error> {
    let parts: Vec<String> = arguments
        .targets
        .iter()
        .map(|argument| given_text(argument, "targets"))
        .collect::<Result<_, _>>()?;
    let joined = parts
        .iter()
        .flat_map(|part| part.split_whitespace())
        .collect::<Vec<_>>()
        .join(",");
    Ok((!joined.is_empty()).then_some(joined))
}

fn overrides(arguments: &ConnectionArguments) -> Result<Overrides, Error> {
    let ask = |wanted: bool, prompt: &str| {
        wanted
            .then(|| terminal::read_hidden(prompt).map(Secret::new))
            .transpose()
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::UnexpectedEof => Error::usage(
                    "no password was given: the input ended before it",
                    "type it, give it on standard input, or set `password` or `sudo-password` in the inventory",
                ),
                _ => Error::system("read a password from the terminal", error),
            })
    };
    let connect_timeout_seconds = arguments
        .connect_timeout
        .as_deref()
        .map(some_time)
        .transpose()?
        .map(|duration| u32::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(u32::MAX));
    let private_key = arguments
        .private_key
        .as_deref()
        .map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
        .map(|path| path.to_string_lossy().into_owned());
    Ok(Overrides {
        transport: arguments.transport.clone(),
        user: arguments.user.clone(),
        password: ask(arguments.password_prompt, "Password: ")?,
        private_key,
        host_key_check: arguments.no_host_key_check.then_some(false),
        connect_timeout_seconds,
        run_as: arguments.run_as.clone(),
        sudo_password: ask(arguments.sudo_password_prompt, "Password for sudo: ")?,
        ..Overrides::default()
    })
}

/// A duration of the command line.
pub(super) fn duration(text: &str) -> Result<std::time::Duration, Error> {
    parse_duration(text)
        .map_err(|error| Error::usage(error.to_string(), crate::model::ParseDurationError::HELP))
}

/// The same, where none at all would leave no time for anything.
pub(super) fn some_time(text: &str) -> Result<std::time::Duration, Error> {
    let duration = duration(text)?;
    if duration.is_zero() {
        return Err(Error::usage(
            format!("nothing can be done in `{text}`"),
            "give a time longer than none, such as `30s`; a very long one is `1000h`",
        ));
    }
    Ok(duration)
}
