//! The check of plans: what each bad one is told, and that good ones are told nothing.

mod world;

use std::{fs, path::Path};

use miette::{GraphicalReportHandler, GraphicalTheme};
use segue::plan::{
    CheckWorld, Lookup, PlanDiagnostic, Severity, Source, TaskView, UnknownTargets, catalog, check,
    check_file,
};

use self::world::FixedWorld;

/// The plans of a directory beside this file, by name.
fn plans(directory: &str) -> Vec<Source> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/check")
        .join(directory);
    let mut files: Vec<_> = fs::read_dir(&path)
        .expect("the directory is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "rhai")
        })
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("plain names");
            Source::new(
                format!("plans/{name}"),
                fs::read_to_string(path).expect("it can be read"),
            )
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
            handler
                .render_report(&mut text, problem)
                .expect("a string takes everything");
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
fn a_plan_that_runs_itself_is_told_so_where_nothing_can_end_it() {
    let world = FixedWorld::default();
    for (text, told) in [
        ("run_plan(\"rollback\");", Some(Severity::Error)),
        (
            "run_command(\"true\", \"web\"); run_plan(\"rollback\");",
            Some(Severity::Warning),
        ),
        ("param n: Integer; n > 0 && run_plan(\"rollback\");", None),
        ("let r = () ?? run_plan(\"rollback\"); print(r);", None),
        ("if file_exists(\"x\") { run_plan(\"rollback\"); }", None),
        ("end(); run_plan(\"rollback\"); fn end() { exit(); }", None),
        (
            "import \"helpers\" as helpers; helpers::end(); run_plan(\"rollback\");",
            None,
        ),
    ] {
        let problems = check(&world, &Source::new("plans/rollback.rhai", text));
        let endless = problems
            .iter()
            .find(|problem| problem.code == "segue::plan::endless");
        assert_eq!(endless.map(|problem| problem.severity), told, "{text}");
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

/// A world in which every name is known.
struct AnyWorld;

impl CheckWorld for AnyWorld {
    fn task_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn task(&self, _: &str) -> Result<Option<TaskView>, String> {
        Ok(Some(TaskView::default()))
    }

    fn plan_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn plan(&self, name: &str) -> Result<Option<Source>, String> {
        Ok(Some(Source::new(
            format!("{name}.rhai"),
            "param service: String;",
        )))
    }

    fn import(&self, _: &Source, path: &str) -> Result<Source, Lookup> {
        Ok(Source::new(format!("{path}.rhai"), "let = ;"))
    }

    fn file(&self, _: &str) -> Result<(), Lookup> {
        Ok(())
    }

    fn targets(&self, _: &str) -> Result<(), UnknownTargets> {
        Ok(())
    }
}

#[test]
fn the_examples_of_the_language_pass() {
    let mut failed = String::new();
    for entry in catalog() {
        let source = Source::new(entry.name, entry.example);
        let problems: Vec<_> = check_file(&AnyWorld, &source)
            .into_iter()
            .filter(|problem| problem.code != "segue::plan::unused_variable")
            .collect();
        failed.push_str(&report(&problems));
    }
    assert!(failed.is_empty(), "{failed}");
}

/// Plans that ship with Segue, and the library of the language.
#[test]
fn shipped_plans_pass() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut directories = vec![
        root.join("plans"),
        root.join("stdlib"),
        root.join("modules"),
    ];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten() {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                directories.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "rhai")
            {
                let text = fs::read_to_string(&path).unwrap();
                let name = path.display().to_string();
                let problems = check_file(&AnyWorld, &Source::new(name, text));
                assert!(problems.is_empty(), "{}", report(&problems));
            }
        }
    }
}
