//! `segue plan test`: the tests of the shipped plans pass, and tests that must fail do, with the reason.

use std::path::Path;

use crate::segue::Segue;

/// Runs all tests in a directory of this repository.
fn pass(directory: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut files: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut arguments = vec!["plan".to_owned(), "test".to_owned()];
    arguments.extend(files);
    Segue::new()
        .arguments(arguments)
        .run()
        .code(0)
        .stdout_has(" 0 failed");
}

#[test]
fn the_tests_of_the_shipped_plans_pass() {
    pass("tests/plans");
}

#[test]
fn the_tests_of_the_standard_library_pass() {
    pass("tests/stdlib");
}

const PLAN: &str = "//! Restarts.\n\nparam nodes: TargetSpec;\n\nlet seen = run_command(\"uptime\", nodes);\nif seen.ok { run_command(\"restart\", nodes); }\n";

fn tested(test: &str) -> Segue {
    Segue::new()
        .plan("restart", PLAN)
        .inventory("targets: [web1, web2]\n")
        .file("project/tests/restart.rhai", test)
        .line("plan test")
}

#[test]
fn an_effect_that_nobody_expected_fails_the_test_with_its_place_and_the_nearest_expectation() {
    tested(
        r#"
            test("only one", || {
                expect_command("uptime");
                expect_command("restart").with_targets("web1");
                run_plan("restart", #{ nodes: "web1,web2" });
            });
        "#,
    )
    .run()
    .code(4)
    .stdout_has("✗ only one")
    .stdout_has("nobody expected `run_command(\"restart\")` on web1, web2")
    .stdout_has("plans/restart.rhai:6:")
    .stdout_has("tests/restart.rhai:4 is expected on other targets: `web2` is none of them")
    .stdout_has("1 test, 0 passed, 1 failed");
}

#[test]
fn no_plan_can_hide_what_was_not_expected() {
    tested("test(\"hidden\", || { attempt(|| run_command(\"uptime\", \"web1\")); });\n")
        .run()
        .code(4)
        .stdout_has("nobody expected `run_command(\"uptime\")`");
}

#[test]
fn what_was_expected_and_never_came_fails_the_test_with_its_place_in_the_test() {
    tested(
        "test(\"too few\", || {\n    expect_command(\"uptime\").times(2);\n    expect_command(\"restart\");\n    run_plan(\"restart\", #{ nodes: \"web1\" });\n});\n",
    )
    .run()
    .code(4)
    .stdout_has("`expect_command(\"uptime\")` was met once, but expected 2 times")
    .stdout_has("tests/restart.rhai:2:");
}

#[test]
fn each_test_begins_anew_and_assertions_tell_both_values() {
    let segue = tested(
        r#"
            let count = [0];
            test("first", || { assert_eq(targets("all").len, 2); });
            test("second", || { assert_eq(targets("all").names, ["web1"], "the machines"); });
            test("third", || { assert_fails(|| fail("x", "my/kind"), "your/kind"); });
        "#,
    );
    segue
        .run()
        .code(4)
        .stdout_has("✓ first")
        .stdout_has("✗ second")
        .stdout_has("the machines: it is `[\"web1\",\"web2\"]`, not `[\"web1\"]`")
        .stdout_has("it failed with `my/kind`, not with `your/kind`: x")
        .stdout_has("3 tests, 1 passed, 2 failed");
    let junit = segue.root().join("junit.xml");
    let segue = segue.arguments([
        "plan",
        "test",
        "--filter",
        "first",
        "--format",
        "json",
        "--junit",
        junit.to_str().unwrap(),
    ]);
    let document = segue.run().code(0).json();
    assert_eq!(document["passed"], 1);
    assert_eq!(document["tests"][0]["name"], "first");
    let junit = std::fs::read_to_string(junit).unwrap();
    assert!(junit.contains("tests=\"1\" failures=\"0\""), "{junit}");
}

#[test]
fn a_test_that_is_no_script_is_told_before_any_test_runs() {
    tested("test(\"broken\", || {\n")
        .run()
        .code(3)
        .stderr_has("tests/restart.rhai");
}

#[test]
fn sleeping_takes_no_time_and_the_clock_goes_on() {
    tested("test(\"slow\", || { let a = now(); sleep(\"1h\"); assert_eq(type_of(a) == type_of(now()), true); });\n")
        .run()
        .code(0)
        .stdout_has("1 test, 1 passed");
}
