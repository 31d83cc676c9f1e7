//! `segue plan convert`: a YAML plan of Bolt in Rhai. What can't be converted is told, and left as a comment.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::json;

use super::{
    arguments::{Format, ProjectArguments},
    given_text::text_of,
    output::{print_json, print_text},
    plan_check, setup,
    template::write_new,
    terminal,
};
use crate::{
    error::{Error, Exit},
    plan::{Converted, Header, Plans, Source, convert_yaml_plan, yaml_plan_params},
    project::{PlanLookupError, Project},
};

/// Convert a YAML plan of Bolt to Rhai, on stdout unless `--write` is given
///
/// Ends with 0 when all of it was converted, and with 3 when a person has to finish it: what was left out is marked in the
/// text, and the plan refuses to run until that is done.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file of a YAML plan, or the name of one of the project
    plan: String,
    /// Write it beside the YAML plan as a file with the ending `.rhai`
    #[arg(short, long)]
    write: bool,
    #[command(flatten)]
    project: ProjectArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let project = setup::project(&arguments.project)?;
    let path = yaml_file(&project, &arguments.plan)?;
    let text = text_of(&path)?;
    let shown = path.strip_prefix(project.root()).unwrap_or(&path);
    let others = OtherPlans(&project);
    let converted = convert_yaml_plan(&shown.to_string_lossy(), &text, &others)
        .map_err(|problem| Error::new(Exit::InvalidPlan, *problem))?;
    let written = path.with_extension("rhai");
    if arguments.write {
        write_new(&written, &converted.text)?;
    }
    let beside = arguments
        .write
        .then(|| written.strip_prefix(project.root()).unwrap_or(&written));
    if arguments.project.format == Format::Human {
        tell(&converted, beside);
    } else {
        print_json(&document(&converted, beside));
    }
    Ok(if converted.is_whole() {
        Exit::Success
    } else {
        Exit::InvalidPlan
    })
}

/// The YAML file that is meant by a path or by the name of a plan.
fn yaml_file(project: &Project, plan: &str) -> Result<PathBuf, Error> {
    let path = Path::new(plan);
    let path = if path.exists() && path.extension().is_some() {
        path.to_owned()
    } else {
        match project.plan(plan) {
            Ok(file) => return Err(is_rhai(&file.path)),
            Err(PlanLookupError::OtherLanguage { path, .. }) => project.root().join(path),
            Err(error) => return Err(Error::new(Exit::Usage, error)),
        }
    };
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    match &*ending {
        "yaml" | "yml" => Ok(path),
        "rhai" => Err(is_rhai(&path.to_string_lossy())),
        "pp" => Err(Error::usage(
            format!("`{}` is written in Puppet's language", path.display()),
            "only YAML plans are converted; `docs/from-bolt.md` has what each function of a Puppet plan is called in Segue",
        )),
        _ => Err(Error::usage(
            format!("`{}` is no YAML plan", path.display()),
            "name a file with the ending `.yaml`",
        )),
    }
}

fn is_rhai(path: &str) -> Error {
    Error::usage(
        format!("`{path}` is written in Rhai already"),
        format!("`segue plan check {path}` finds what is wrong with it"),
    )
}

/// Plans that the converted one may run.
#[derive(Debug)]
struct OtherPlans<'a>(&'a Project);

impl Plans for OtherPlans<'_> {
    fn params(&self, plan: &str) -> Option<BTreeSet<String>> {
        match self.0.plan(plan) {
            Ok(file) => {
                let (header, _) = Header::read(&Source::new(file.path, file.text));
                Some(header.params.into_iter().map(|param| param.name).collect())
            }
            // One that has not been converted yet.
            Err(PlanLookupError::OtherLanguage { path, .. }) => {
                let text = fs::read_to_string(self.0.root().join(&path)).ok()?;
                yaml_plan_params(&text)
            }
            Err(_) => None,
        }
    }
}

fn tell(converted: &Converted, written: Option<&Path>) {
    if written.is_none() {
        print_text(&converted.text);
    }
    for problem in &converted.problems {
        terminal::print_report(&miette::Report::new(problem.clone()));
    }
    let Some(path) = written else { return };
    let left = converted
        .problems
        .iter()
        .filter(|problem| problem.is_error())
        .count();
    let path = path.display();
    let mut lines = vec![format!("wrote {path}")];
    if left > 0 {
        let plural = if left == 1 { "part is" } else { "parts are" };
        lines.push(format!(
            "{left} {plural} left to do: look for NOT CONVERTED"
        ));
    }
    lines.extend([
        String::new(),
        format!("segue plan check {path}"),
        String::new(),
    ]);
    print_text(&lines.join("\n"));
}

fn document(converted: &Converted, written: Option<&Path>) -> serde_json::Value {
    let problems: Vec<_> = converted
        .problems
        .iter()
        .map(plan_check::document)
        .collect();
    json!({
        "whole": converted.is_whole(),
        "file": written.map(|path| path.display().to_string()),
        "text": converted.text,
        "problems": problems,
    })
}
