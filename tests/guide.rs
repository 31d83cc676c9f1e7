//! The guide's plans are valid without a warning, its test passes, and its commands exist.

use std::{fs, path::Path};

use crate::segue::Segue;

const INVENTORY: &str = "
groups:
  - { name: balancers, targets: [lb1] }
  - { name: db, depends_on: [], targets: [db1, db2] }
  - { name: app, depends_on: [db], targets: [app1, app2] }
  - { name: web, depends_on: [app], targets: [web1, web2] }
";
/// The first line of a block that is a test.
const TEST: &str = "// tests/";

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/plans.md");
    fs::read_to_string(path).unwrap()
}

/// The blocks of a language, without their fences.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let found: Vec<String> = page
        .split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect();
    assert!(!found.is_empty(), "the guide has no block of {language}");
    found
}

#[test]
fn its_plans_are_valid() {
    let page = page();
    let plans = blocks(&page, "rhai");
    let mut segue = Segue::new().inventory(INVENTORY);
    for (number, plan) in plans.iter().enumerate() {
        if !plan.starts_with(TEST) {
            segue = segue.plan(&format!("guide{number}"), plan);
        }
    }
    segue
        .line("plan check")
        .run()
        .code(0)
        .stdout_has("nothing is wrong");
}

#[test]
fn its_tests_pass() {
    let page = page();
    let tests = blocks(&page, "rhai");
    let tests: Vec<&String> = tests
        .iter()
        .filter(|block| block.starts_with(TEST))
        .collect();
    assert!(!tests.is_empty(), "the guide shows no test");
    for test in tests {
        Segue::new()
            .inventory(INVENTORY)
            .file("project/tests/guide.rhai", test)
            .line("plan test")
            .run()
            .code(0);
    }
}

#[test]
fn its_commands_exist() {
    let page = page();
    let consoles = blocks(&page, "console");
    let commands = consoles
        .iter()
        .flat_map(|block| block.lines())
        .filter_map(|line| line.strip_prefix("segue "));
    for command in commands {
        let words: Vec<&str> = command.split(' ').take(2).collect();
        Segue::new()
            .arguments(words.into_iter().chain(["--help"]))
            .run()
            .code(0);
    }
}
