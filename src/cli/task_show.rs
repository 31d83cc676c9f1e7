//! `segue task show`: which tasks there are, and how one is used.

use std::fmt::Write;

use clap::Args;
use serde_json::json;

use super::{
    arguments::{Format, ProjectArguments},
    output::{print_json, print_text},
    setup,
    usage::{Usage, table},
};
use crate::{
    error::{Error, Exit},
    project::Project,
    task::Task,
};

/// List the tasks, or show how one is used
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The name of the task; without it, all are listed
    task: Option<String>,
    /// List private tasks, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    project: ProjectArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let project = setup::project(&arguments.project)?;
    let human = arguments.project.format == Format::Human;
    match &arguments.task {
        Some(name) => {
            let task = project
                .task(name)
                .map_err(|error| Error::new(Exit::Usage, error))?;
            if human {
                print_text(&describe(&task));
            } else {
                print_json(&document(&task));
            }
        }
        None => list(&project, arguments.all, human),
    }
    Ok(Exit::Success)
}

fn list(project: &Project, all: bool, human: bool) {
    let tasks: Vec<_> = project
        .tasks()
        .into_iter()
        .filter(|task| all || !task.private)
        .collect();
    if human {
        let rows = tasks.iter().map(|task| {
            let description = match &task.broken {
                Some(reason) => format!("broken: {reason}"),
                None => task.description.clone().unwrap_or_default(),
            };
            (task.name.clone(), description)
        });
        print_text(&table(rows));
    } else {
        let rows: Vec<_> = tasks
            .iter()
            .map(|task| json!([task.name, task.description]))
            .collect();
        print_json(&json!({ "tasks": rows }));
    }
}

fn describe(task: &Task) -> String {
    let metadata = task.metadata();
    let mut text = Usage {
        command: "task",
        name: task.name(),
        description: &metadata.description,
        parameters: metadata.parameters.as_ref(),
        needs_targets: true,
        supports_noop: metadata.supports_noop,
    }
    .to_string();
    for warning in &metadata.warnings {
        let _ = writeln!(
            text,
            "\nwarning: {} ({}:{}:{})",
            warning.message, warning.path, warning.line, warning.column
        );
    }
    text
}

fn document(task: &Task) -> serde_json::Value {
    let metadata = task.metadata();
    let parameters = metadata.parameters.as_ref().map(|parameters| {
        parameters
            .iter()
            .map(|(name, parameter)| {
                let document = json!({
                    "type": parameter.data_type.to_string(),
                    "description": parameter.description,
                    "sensitive": parameter.is_sensitive(),
                    "default": parameter.default,
                    "required": parameter.is_required(),
                });
                (name.clone(), document)
            })
            .collect::<serde_json::Map<_, _>>()
    });
    json!({
        "name": task.name(),
        "metadata": {
            "description": metadata.description,
            "parameters": parameters,
            "supports_noop": metadata.supports_noop,
            "private": metadata.private,
            "idempotent": metadata.idempotent,
        },
        "files": task.executables().map(|file| file.path.as_str()).collect::<Vec<_>>(),
    })
}
