//! `segue plan check`: all that is wrong with plans, found without touching anything.

use std::collections::HashSet;

use clap::Args;
use serde_json::{Value as Json, json};

use super::{
    arguments::{Format, ProjectArguments},
    output::{print_json, print_text},
    plan_test::test_files,
    setup::Setup,
    terminal,
};
use crate::{
    error::{Error, Exit},
    plan::{PlanDiagnostic, PlanErrors, ProjectView, Severity, Source, check},
    project::PlanFile,
};

/// Find what is wrong with plans without running them
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The names or files of plans; without any, all plans of the project and of its modules, and its tests
    plans: Vec<String>,
    #[command(flatten)]
    project: ProjectArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let setup = Setup::new(&arguments.project)?;
    let files = files(&setup, &arguments.plans)?;
    let problems = problems(&setup, &files);
    let is_valid = !problems.iter().any(PlanDiagnostic::is_error);
    if arguments.project.format == Format::Human {
        tell(&files, problems);
    } else {
        let documents: Vec<Json> = problems.iter().map(document).collect();
        print_json(&json!({ "plans": files.len(), "valid": is_valid, "problems": documents }));
    }
    Ok(if is_valid {
        Exit::Success
    } else {
        Exit::InvalidPlan
    })
}

/// Checks one plan, and all that it reaches, before it is run. Its warnings are for `plan check` to tell.
pub(super) fn before_run(setup: &Setup, file: &PlanFile) -> Result<(), Error> {
    let mut problems = problems(setup, std::slice::from_ref(file));
    problems.retain(PlanDiagnostic::is_error);
    PlanErrors::check(problems).map_err(|errors| Error::new(Exit::InvalidPlan, errors))
}

fn files(setup: &Setup, named: &[String]) -> Result<Vec<PlanFile>, Error> {
    let find = |name: &String| {
        let found = setup.project.plan(name);
        found.map_err(|error| Error::new(Exit::Usage, error))
    };
    if !named.is_empty() {
        return named.iter().map(find).collect();
    }
    let mut files: Vec<PlanFile> = setup
        .project
        .plan_names()
        .iter()
        .map(find)
        .collect::<Result<_, _>>()?;
    // Those that travel in the binary are about groups that a project need not have.
    files.retain(|file| !file.is_embedded());
    for path in test_files(setup.project.root())? {
        let found = setup.project.plan_at(&path);
        files.push(found.map_err(|error| Error::new(Exit::Usage, error))?);
    }
    Ok(files)
}

/// What is wrong with any of these files or with what they reach, each problem once.
fn problems(setup: &Setup, files: &[PlanFile]) -> Vec<PlanDiagnostic> {
    let view = ProjectView::new(&setup.project, &setup.inventory);
    let mut seen = HashSet::new();
    files
        .iter()
        .flat_map(|file| check(&view, &view.source(file)))
        .filter(|problem| {
            let file = problem.source.as_ref().map(Source::name).map(str::to_owned);
            seen.insert((file, problem.span(), problem.code, problem.message.clone()))
        })
        .collect()
}

fn tell(files: &[PlanFile], problems: Vec<PlanDiagnostic>) {
    let plural = if files.len() == 1 { "plan" } else { "plans" };
    let count = files.len();
    if problems.is_empty() {
        print_text(&format!("{count} {plural} checked, nothing is wrong\n"));
        return;
    }
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let warnings = problems.len() - errors;
    for problem in problems {
        terminal::print_report(&miette::Report::new(problem));
    }
    let errors = counted(errors, "error");
    let warnings = counted(warnings, "warning");
    print_text(&format!("{count} {plural} checked: {errors}, {warnings}\n"));
}

fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// A problem as editors read it: lines and columns are counted from 1, columns in characters.
pub(super) fn document(problem: &PlanDiagnostic) -> Json {
    let place = |offset: usize| {
        let place = problem.source.as_ref().map(|source| source.place(offset));
        place.map(|place| json!({ "line": place.line, "column": place.column }))
    };
    let labels: Vec<Json> = problem
        .labels
        .iter()
        .map(|label| {
            json!({
                "text": label.text,
                "start": place(label.span.start),
                "end": place(label.span.end),
            })
        })
        .collect();
    json!({
        "severity": match problem.severity {
            Severity::Error => "error",
            Severity::Note => "note",
            Severity::Warning => "warning",
        },
        "code": problem.code,
        "message": problem.message,
        "file": problem.source.as_ref().map(Source::name),
        "labels": labels,
        "help": problem.help,
        "related": problem.related.iter().map(document).collect::<Vec<_>>(),
    })
}
