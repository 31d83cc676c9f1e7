//! The standard library: what it does with batches, budgets, hooks and health, and that its examples run.

use crate::segue::{Ran, Segue};

const INVENTORY: &str = "
groups:
  - name: db
    depends_on: []
    targets: [{ name: db1, uri: 'local://localhost' }]
  - name: web
    depends_on: [db]
    targets:
      - { name: web1, uri: 'local://localhost' }
      - { name: web2, uri: 'local://localhost' }
      - { name: web3, uri: 'local://localhost' }
      - { name: web4, uri: 'local://localhost' }
      - { name: web5, uri: 'local://localhost' }
  - name: balancers
    targets: [{ name: lb1, uri: 'local://localhost' }]
";

fn run(plan: &str) -> Ran {
    let text = format!("import \"std\" as std;\n{plan}");
    Segue::new()
        .inventory(INVENTORY)
        .plan("it", &text)
        .line("plan run it --ephemeral")
        .run()
}

/// Rolls through `web` with these options and this block, and gives the words for what came of it.
#[track_caller]
fn rolled(options: &str, block: &str) -> String {
    let ran = run(&format!(
        "let o = std::rolling(\"web\", #{{ catch_errors: true, {options} }}, {block});\n\
         print(`ok ${{o.ok}}; done ${{o.done}}; failed ${{o.failed}}; unreached ${{o.unreached}}`);"
    ));
    let ran = ran.code(0);
    let told: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.starts_with("ok ") || line.starts_with("- "))
        .collect();
    told.join("\n")
}

#[test]
fn the_done_the_failed_and_the_unreached_are_told_apart_at_the_edges_of_the_budget() {
    let failing = "|nodes| nodes - \"web1\" - \"web3\"";
    for (options, expected) in [
        (
            "batch: [1, 2], max_failures: 2",
            "ok false; done web2, web4, web5; failed web1, web3; unreached ",
        ),
        (
            "batch: [1, 2], max_failures: \"40%\"",
            "ok false; done web2, web4, web5; failed web1, web3; unreached ",
        ),
        // 39% of 5 are 1.95: one.
        (
            "batch: [1, 2], max_failures: \"39%\"",
            "ok false; done web2; failed web1, web3; unreached web4, web5",
        ),
        (
            "batch: 2",
            "ok false; done web2; failed web1; unreached web3, web4, web5",
        ),
        (
            "batch: \"100%\", max_failures: 0",
            "ok false; done web2, web4, web5; failed web1, web3; unreached ",
        ),
        (
            "canary: 1, batch: \"100%\", max_failures: 5",
            "ok false; done ; failed web1; unreached web2, web3, web4, web5",
        ),
        (
            "batch: 3, max_failures: 5, batch_max_failures: 1",
            "ok false; done web2; failed web1, web3; unreached web4, web5",
        ),
    ] {
        assert_eq!(rolled(options, failing), expected, "{options}");
    }
    assert_eq!(
        rolled("", "|nodes| nodes"),
        "ok true; done web1, web2, web3, web4, web5; failed ; unreached "
    );
}

#[test]
fn a_block_that_throws_has_failed_unless_the_check_says_otherwise() {
    assert_eq!(
        rolled(
            "batch: 3, max_failures: 5",
            "|nodes| if \"web1\" in nodes { fail(\"oh\") }"
        ),
        "ok false; done web4, web5; failed web1, web2, web3; unreached "
    );
    assert_eq!(
        rolled(
            "batch: 3, max_failures: 5, check: |nodes| nodes - \"web2\"",
            "|nodes| if \"web1\" in nodes { fail(\"oh\") }"
        ),
        "ok false; done web1, web3, web4, web5; failed web2; unreached "
    );
}

#[test]
fn what_is_well_is_put_back_also_when_the_block_fails() {
    let hooks = "drain: |n| print(`- drain ${n}`), enable: |n| print(`- enable ${n}`)";
    assert_eq!(
        rolled(
            &format!("batch: 3, {hooks}"),
            "|nodes| { print(`- work ${nodes}`); nodes - \"web2\" }"
        ),
        "- drain web1, web2, web3\n- work web1, web2, web3\n- enable web1, web3\n\
         ok false; done web1, web3; failed web2; unreached web4, web5"
    );
    assert_eq!(
        rolled(
            &format!("batch: 3, enable_failed: true, {hooks}"),
            "|nodes| fail(\"oh\")"
        ),
        "- drain web1, web2, web3\n- enable web1, web2, web3\n\
         ok false; done ; failed web1, web2, web3; unreached web4, web5"
    );
    assert_eq!(
        rolled(
            "batch: 3, drain: |n| fail(\"no balancer\"), enable: |n| print(`- enable ${n}`)",
            "|nodes| print(\"- work\")"
        ),
        "ok false; done ; failed web1, web2, web3; unreached web4, web5"
    );
    assert_eq!(
        rolled(
            "batch: 3, enable: |n| fail(\"no balancer\")",
            "|nodes| nodes"
        ),
        "ok false; done ; failed web1, web2, web3; unreached web4, web5"
    );
}

#[test]
fn an_overdrawn_budget_ends_the_plan_with_its_own_code() {
    run("std::rolling(\"web\", #{ batch: 2 }, |nodes| run_command(\"false\", nodes, #{ catch_errors: true }));")
        .code(8)
        .stderr_has("std::rolling: web1, web2 failed: 2 of 5 targets, and no more than 0 may; never reached: web3,");
    run("std::rolling(\"web\", #{ bach: 2 }, |nodes| nodes);")
        .code(3)
        .stderr_has("has no option `bach`");
}

#[test]
fn a_canary_goes_first_and_tiers_go_in_their_order() {
    run("std::canary(\"web\", #{}, |nodes| print(`- ${nodes}`));")
        .code(0)
        .stdout_has("- web1\n- web2, web3, web4, web5\n");
    run("std::in_tiers(\"web,db\", #{ batch: 3 }, |nodes| print(`- ${nodes}`));")
        .code(0)
        .stdout_has("- db1\n- web1, web2, web3\n- web4, web5\n");
    run("std::in_tiers(\"web,db\", #{ batch: 5, reverse: true }, |nodes| print(`- ${nodes}`));")
        .code(0)
        .stdout_has("- web1, web2, web3, web4, web5\n- db1\n");
    run("std::rolling(targets([]), #{}, |nodes| fail(\"never\"));").code(0);
}

#[test]
fn the_pause_after_the_canary_may_be_another_or_the_only_one() {
    let waits = |options: &str| {
        let text = format!(
            "import \"std\" as std;\nstd::rolling(\"web\", #{{ canary: 1, batch: 2, {options} }}, |nodes| nodes);"
        );
        let ran = Segue::new()
            .inventory(INVENTORY)
            .plan("it", &text)
            .line("plan run it --ephemeral --format jsonl")
            .run()
            .code(0);
        let events = ran.stdout.lines().map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            event
        });
        let sleeps = events.filter(|event| event["asked"]["function"] == "sleep");
        let waits: Vec<String> = sleeps
            .map(|event| event["asked"]["object"].as_str().unwrap().to_owned())
            .collect();
        waits.join(", ")
    };
    assert_eq!(waits(""), "");
    assert_eq!(waits("pause: 0.002"), "2 ms, 2 ms");
    assert_eq!(waits("canary_pause: 0.001"), "1 ms");
    assert_eq!(waits("pause: 0.002, canary_pause: 0.001"), "1 ms, 2 ms");
}

#[test]
fn health_is_asked_of_those_alone_that_are_not_well_yet() {
    let plan = "
        let well = std::healthy(\"web\", #{ attempts: 3, delay: 0 }, |nodes| { print(`- ${nodes}`); targets(nodes.first.name) });
        print(`- well ${well}`);
        print(`- well ${std::healthy(\"web\", #{ attempts: 2, delay: 0 }, |nodes| run_command(\"true\", nodes))}`);
        print(`- well ${std::healthy(\"web\", #{ attempts: 2, delay: 0 }, |nodes| false)}`);
    ";
    let ran = run(plan).code(0);
    let told = ran.stdout.lines().filter(|line| line.starts_with("- "));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "- web1, web2, web3, web4, web5",
            "- web2, web3, web4, web5",
            "- web3, web4, web5",
            "- well web1, web2, web3",
            "- well web1, web2, web3, web4, web5",
            "- well ",
        ]
    );
}

/// The examples in the comments of a file: the lines that are set in by four.
fn examples(text: &str) -> Vec<String> {
    let mut examples: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        match line.strip_prefix("///     ") {
            Some(code) if is_open => {
                let example = examples.last_mut().unwrap();
                example.push('\n');
                example.push_str(code);
            }
            Some(code) => examples.push(code.to_owned()),
            None => {}
        }
        is_open = line.starts_with("///     ");
    }
    examples
}

#[test]
fn every_function_has_an_example_and_every_example_runs() {
    let library = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib");
    let mut files = 0;
    for entry in std::fs::read_dir(library).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let functions = text.lines().filter(|line| line.starts_with("fn ")).count();
        let examples = examples(&text);
        assert_eq!(functions, examples.len(), "{}", path.display());
        // What the shipped tasks would do to this machine, tasks of the project only say.
        let stub = |segue: Segue, name: &str| {
            let module = name.split("::").next().unwrap();
            let file = name.split("::").nth(1).unwrap_or("init");
            segue
                .file(&format!("project/modules/{module}/tasks/{file}.json"), "{}")
                .file(
                    &format!("project/modules/{module}/tasks/{file}.sh"),
                    "#!/bin/sh\necho '{}'\n",
                )
        };
        let tasks = [
            "service",
            "package",
            "http::check",
            "lb::drain",
            "lb::enable",
        ];
        for example in examples {
            let segue = tasks
                .into_iter()
                .fold(Segue::new().inventory(INVENTORY), stub);
            let import = if example.contains("import ") {
                ""
            } else {
                "import \"std\" as std;\n"
            };
            // Nobody waits for ten seconds in a test.
            let example = example.replace("pause: \"10s\"", "pause: 0");
            let segue = segue.plan("it", &format!("{import}{example}"));
            segue.line("plan run it --ephemeral").run().code(0);
        }
        files += 1;
    }
    assert!(files >= 4);
}
