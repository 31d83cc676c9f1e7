//! `segue plan show`: which plans there are, and how one is used. Reads headers; runs nothing.

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
    model::Value,
    plan::{Header, PlanErrors, Source},
    project::{PlanFile, Project},
    task::{Parameter, Parameters},
};

/// List the plans, or show how one is used
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The name of the plan, or its file; without it, all are listed
    plan: Option<String>,
    #[command(flatten)]
    project: ProjectArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let project = setup::project(&arguments.project)?;
    let human = arguments.project.format == Format::Human;
    let Some(name) = &arguments.plan else {
        list(&project, human);
        return Ok(Exit::Success);
    };
    let file = project
        .plan(name)
        .map_err(|error| Error::new(Exit::Usage, error))?;
    let (header, problems) = header(&file);
    PlanErrors::check(problems).map_err(|errors| Error::new(Exit::InvalidPlan, errors))?;
    if human {
        print_text(&describe(&file, &header));
    } else {
        print_json(&document(&file, &header));
    }
    Ok(Exit::Success)
}

fn header(file: &PlanFile) -> (Header, Vec<crate::plan::PlanDiagnostic>) {
    Header::read(&Source::new(
        std::sync::Arc::clone(&file.path),
        std::sync::Arc::clone(&file.text),
    ))
}

fn list(project: &Project, human: bool) {
    let rows: Vec<(String, String)> = project
        .plan_names()
        .into_iter()
        .map(|name| {
            let description = project
                .plan(&name)
                .ok()
                .and_then(|file| header(&file).0.description)
                .unwrap_or_default();
            (name, description)
        })
        .collect();
    if human {
        print_text(&table(rows));
    } else {
        let rows: Vec<_> = rows
            .iter()
            .map(|(name, description)| json!([name, description]))
            .collect();
        print_json(&json!({ "plans": rows }));
    }
}

/// The parameters of a plan as those of a task: what tells of them is the same.
pub(super) fn parameters(header: &Header) -> Parameters {
    header
        .params
        .iter()
        .map(|param| {
            let parameter = Parameter {
                data_type: param.data_type.clone(),
                description: param.doc.clone().unwrap_or_default(),
                sensitive: param.sensitive,
                default: param
                    .default
                    .as_ref()
                    .map(|default| Value::String(default.text.clone())),
            };
            (param.name.clone(), parameter)
        })
        .collect()
}

fn describe(file: &PlanFile, header: &Header) -> String {
    let parameters = parameters(header);
    Usage {
        command: "plan",
        name: &file.name,
        description: header.description.as_deref().unwrap_or_default(),
        parameters: Some(&parameters),
        needs_targets: false,
        supports_noop: false,
    }
    .to_string()
}

fn document(file: &PlanFile, header: &Header) -> serde_json::Value {
    let parameters: serde_json::Map<_, _> = header
        .params
        .iter()
        .map(|param| {
            let document = json!({
                "type": param.data_type.to_string(),
                "description": param.doc,
                "sensitive": param.sensitive,
                "default_value": param.default.as_ref().map(|default| &default.text),
                "required": param.is_required(),
            });
            (param.name.clone(), document)
        })
        .collect();
    json!({
        "name": file.name,
        "description": header.description,
        "parameters": parameters,
        "file": file.path,
        "module": file.module,
    })
}
