//! `segue inventory show`: which targets there are, what an expression matches, and where a setting comes from.

use std::{fmt::Write, sync::Arc};

use clap::Args;
use serde_json::json;

use super::{
    arguments::{ConnectionArguments, Format, ProjectArguments, TargetArguments},
    output::{print_json, print_text},
    setup::{Setup, expression},
};
use crate::{
    error::{Error, Exit},
    model::Target,
};

/// Show targets and groups, and what a target expression matches
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    targets: TargetArguments,
    #[command(flatten)]
    connection: ConnectionArguments,
    /// Show every setting of each target, and where it comes from
    #[arg(long)]
    explain: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let mut setup = Setup::new(&arguments.project)?.with_connection(&arguments.connection)?;
    // Nobody is asked for a password to read a list of names.
    setup.inventory = setup.inventory.without_asking();
    let expression = expression(&arguments.targets)?.unwrap_or_else(|| "all".to_owned());
    let targets = setup
        .inventory
        .resolve(&expression)
        .map_err(|error| Error::new(Exit::NoTargets, error))?;
    if arguments.project.format == Format::Human {
        let mut text = table(&targets);
        if arguments.explain {
            explain(&setup, &targets, &mut text)?;
        }
        print_text(&text);
    } else {
        let documents: Vec<_> = targets.iter().map(|target| document(target)).collect();
        print_json(&json!({ "targets": documents, "count": documents.len() }));
    }
    Ok(Exit::Success)
}

fn table(targets: &[Arc<Target>]) -> String {
    let width = targets
        .iter()
        .map(|target| target.name.as_str().chars().count())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for target in targets {
        let name = target.name.as_str();
        let _ = write!(text, "{name:width$}  {}", address(target));
        let _ = writeln!(text, "  {}", target.groups.join(", "));
    }
    let plural = if targets.len() == 1 {
        "target"
    } else {
        "targets"
    };
    let _ = writeln!(text, "{} {plural}", targets.len());
    text
}

fn address(target: &Target) -> String {
    let mut text = format!("{}://", target.transport);
    if let Some(user) = &target.user {
        let _ = write!(text, "{user}@");
    }
    text.push_str(&target.host);
    if let Some(port) = target.port {
        let _ = write!(text, ":{port}");
    }
    text
}

fn explain(setup: &Setup, targets: &[Arc<Target>], text: &mut String) -> Result<(), Error> {
    for target in targets {
        let _ = writeln!(text, "\n{}", target.name);
        let settings = setup
            .inventory
            .explain(target.name.as_str())
            .map_err(|error| Error::new(Exit::NoTargets, error))?;
        for setting in settings {
            let _ = writeln!(
                text,
                "  {} = {}  ({})",
                setting.setting, setting.value, setting.origin
            );
        }
    }
    Ok(())
}

/// Values redact themselves, so what is secret in a configuration is not in the document.
fn document(target: &Target) -> serde_json::Value {
    json!({
        "name": target.name,
        "uri": target.uri,
        "host": target.host,
        "port": target.port,
        "user": target.user,
        "transport": target.transport,
        "alias": target.aliases,
        "groups": target.groups,
        "config": target.config,
        "vars": target.vars,
        "facts": target.facts,
        "features": target.features,
    })
}
