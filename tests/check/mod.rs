//! The check of plans: what each bad one is told, and that good ones are told nothing.

mod world;

use std::{fs, path::Path};

use miette::{GraphicalReportHandler, GraphicalTheme};
use segue::plan::{PlanDiagnostic, Severity, Source, check};

use self::world::FixedWorld;

/// The plans of a directory beside this file, by name.
fn plans(directory: &str) -> Vec<Source> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/check")
        .join(directory);
    let mut files: Vec<_> = fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "rhai")
        })
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            Source::new(format!("plans/{name}"), fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// As a terminal without colour shows them.
fn report(problems: &[PlanDiagnostic]) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::none()).with_width(100);
    problems
        .iter()
        .map(|problem| {
            let mut text = String::new();
            handler.render_report(&mut text, problem).unwrap();
            let word = match problem.severity {
                Severity::Note => "note",
                Severity::Warning => "warning",
                Severity::Error => "error",
            };
            format!("{word}: {}", text.trim_start())
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn bad_plans_are_told_what_is_wrong_where_and_what_to_do() {
    let world = FixedWorld::default();
    let plans = plans("bad");
    assert!(plans.len() >= 60, "only {} bad plans", plans.len());
    insta::with_settings!({
        snapshot_path => "reports",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        for plan in &plans {
            let problems = check(&world, plan);
            assert!(!problems.is_empty(), "{} passes", plan.name());
            let name = plan.name().trim_start_matches("plans/").trim_end_matches(".rhai");
            insta::assert_snapshot!(name, report(&problems));
        }
    });
}

#[test]
fn good_plans_are_told_nothing() {
    let world = FixedWorld::default();
    for plan in &plans("good") {
        let problems = check(&world, plan);
        assert!(problems.is_empty(), "{}", report(&problems));
    }
}

#[test]
fn every_problem_has_a_place_a_code_and_a_help_or_a_label() {
    let world = FixedWorld::default();
    for plan in &plans("bad") {
        for problem in check(&world, plan) {
            assert!(problem.code.starts_with("segue::"), "{problem:?}");
            let span = problem.span().unwrap_or_else(|| panic!("{problem:?}"));
            assert!(problem.place().is_some() && span.end <= plan.text().len().max(span.end));
            let explained =
                problem.help.is_some() || problem.labels.iter().any(|label| !label.text.is_empty());
            assert!(explained, "{}", report(&[problem]));
        }
    }
}
