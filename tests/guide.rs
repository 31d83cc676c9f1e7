//! The guide's plans are valid without a warning, its test passes, and its commands exist.

use crate::{page::Page, segue::Segue};

const INVENTORY: &str = "
groups:
  - { name: balancers, targets: [lb1] }
  - { name: db, depends_on: [], targets: [db1, db2] }
  - { name: app, depends_on: [db], targets: [app1, app2] }
  - { name: web, depends_on: [app], targets: [web1, web2] }
";
/// The first line of a block that is a test.
const TEST: &str = "// tests/";

#[test]
fn its_plans_are_valid() {
    let page = Page::read("docs/plans.md");
    let plans = page.blocks("rhai");
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
    let page = Page::read("docs/plans.md");
    let tests = page.blocks("rhai");
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
    let page = Page::read("docs/plans.md");
    let consoles = page.blocks("console");
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
