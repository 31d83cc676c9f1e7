//! The first minutes: a project is begun, a plan is begun, and what was written passes as it is.

use crate::segue::Segue;

#[test]
fn a_new_plan_passes_check_without_a_warning_and_its_tests_pass() {
    let segue = Segue::new().line("plan new shop::deploy");
    segue
        .run()
        .code(0)
        .stdout_has("wrote plans/shop/deploy.rhai")
        .stdout_has("wrote tests/shop/deploy.rhai")
        .stdout_has("segue plan check shop::deploy");
    let segue = segue.line("plan check shop::deploy");
    let checked = segue.run().code(0);
    assert_eq!(checked.stdout, "1 plan checked, nothing is wrong\n");
    assert_eq!(checked.stderr, "");
    let segue = segue.line("plan test");
    segue
        .run()
        .code(0)
        .stdout_has("3 tests, 3 passed, 0 failed");
    let segue = segue.line("plan show shop::deploy");
    segue.run().code(0).stdout_has("The service to restart");
}

#[test]
fn nothing_is_written_over_and_bad_names_are_told_what_would_do() {
    let segue = Segue::new().plan("deploy", "print(1);\n");
    let segue = segue.line("plan new deploy");
    segue
        .run()
        .code(2)
        .stderr_has("`plans/deploy.rhai` is there already");
    assert!(!segue.project().join("tests").exists());
    let segue = segue.line("plan new plans/Deploy-App.rhai");
    segue.run().code(2).stderr_has("`deploy_app` would do");
    let segue = segue.line("plan new quick --no-test --format json");
    let document = segue.run().code(0).json();
    assert_eq!(document["plan"], "plans/quick.rhai");
    assert_eq!(document["test"], serde_json::Value::Null);
    assert!(!segue.project().join("tests").exists());
}

#[test]
fn a_plan_that_hides_one_that_ships_says_so() {
    Segue::new()
        .line("plan new rolling_restart")
        .run()
        .code(0)
        .stderr_has("no longer `<segue>/plans/rolling_restart.rhai`");
}

#[test]
fn a_project_is_begun_once_and_works_at_once() {
    let segue = Segue::new().file("bare/inventory.yaml", "targets: [web1]\n");
    let bare = segue.root().join("bare");
    let at = |line: &str| line.replace("BARE", bare.to_str().unwrap());
    let segue = segue.line(&at("plan new deploy --project BARE"));
    segue.run().code(2).stderr_has("segue project init");
    let segue = segue.line(&at("project init BARE"));
    segue
        .run()
        .code(0)
        .stdout_has("wrote segue.yaml")
        .stdout_has("left inventory.yaml as it is");
    segue.run().code(2).stderr_has("is a project already");
    let segue = segue.line(&at("plan new deploy --project BARE"));
    segue.run().code(0);
    let segue = segue.line(&at("project init BARE/fresh"));
    segue.run().code(0).stdout_has("wrote inventory.yaml");
    let segue = segue.line(&at("command run true -t all --project BARE/fresh"));
    segue.run().code(0).stdout_has("1 ok");
}
