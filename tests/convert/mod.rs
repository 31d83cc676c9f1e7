//! `segue plan convert`: YAML plans of all shapes, what becomes of each, that it passes check, and that it does the same.

use std::{fs, path::Path};

use serde_json::json;

use crate::segue::{Ran, Segue};

const PLANS: &[&str] = &[
    "expressions",
    "functions",
    "left_out",
    "restart",
    "rollout",
    "sparse",
    "strings",
];

fn yaml(name: &str) -> String {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/convert/plans");
    fs::read_to_string(directory.join(name).with_extension("yaml")).unwrap()
}

/// A project with all these plans, and what they need.
fn project() -> Segue {
    let segue = Segue::new()
        .inventory("targets: [web1, web2]\n")
        .plan(
            "yaml/sub",
            "param nodes: TargetSpec;\nparam level: Integer;\nprint(`${nodes} ${level}`);\n",
        )
        .file("project/modules/shop/scripts/fetch.sh", "true\n")
        .file("project/modules/shop/files/shop.conf", "\n");
    PLANS.iter().fold(segue, |segue, name| {
        segue.file(&format!("project/plans/{name}.yaml"), &yaml(name))
    })
}

fn convert(name: &str, code: i32) -> (Segue, Ran) {
    let segue = project().line(&format!("plan convert --write {name}"));
    let ran = segue.run().code(code);
    (segue, ran)
}

#[test]
fn each_plan_becomes_one_that_a_person_would_have_written_and_passes_check() {
    for name in PLANS {
        let whole = *name != "left_out";
        let (segue, ran) = convert(name, if whole { 0 } else { 3 });
        let text = fs::read_to_string(segue.project().join(format!("plans/{name}.rhai"))).unwrap();
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "snapshots" }, {
            insta::assert_snapshot!(*name, text);
            if !ran.stderr.is_empty() {
                insta::assert_snapshot!(format!("{name}_told"), ran.stderr);
            }
        });
        let checked = segue
            .line(&format!("plan check {name} --format json"))
            .run()
            .code(0)
            .json();
        let errors: Vec<_> = checked["problems"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|problem| problem["severity"] == "error")
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

#[test]
fn code_gives_what_it_gives_in_puppet() {
    let (segue, _) = convert("expressions", 0);
    let segue = segue.line("plan run expressions --format json --ephemeral");
    let value = segue.run().code(0).json()["value"].take();
    assert_eq!(
        value,
        json!({
            "sum": 24,
            "large": [8],
            "greeting": "hi ada, BOB and a+b",
            "logic": "yes",
            "size": 300,
            "pattern": true,
            "trimmed": "x\ty",
            "number": 50,
            "merged": { "port": 443, "tags": ["a", "b"], "deep": { "er": true }, "a-b": null },
            "parts": ["a", "b", "c"],
            "text": "3x",
            "counted": 4,
            "dug": [true, true, [3, 8]],
        })
    );
    let (segue, _) = convert("strings", 0);
    let segue = segue.line("plan run strings --format json --ephemeral");
    let value = segue.run().code(0).json()["value"].take();
    assert_eq!(
        value,
        json!([
            "hello",
            "hello",
            "$name ${name}",
            "hello `world`\nhello: $5, é",
            "hello hello",
            "$name",
            493,
            true
        ])
    );
}

#[test]
fn a_plan_that_is_not_converted_whole_refuses_to_run_before_it_touches_anything() {
    let (segue, ran) = convert("left_out", 3);
    ran.stdout_has("look for NOT CONVERTED");
    segue
        .line("plan run left_out targets=web1 path=/x --ephemeral")
        .run()
        .code(5)
        .stderr_has("not converted: parts of this plan")
        .stdout_lacks("uptime");
}

#[test]
fn nothing_is_written_over_and_other_files_are_told() {
    let (segue, _) = convert("sparse", 0);
    let segue = segue.line("plan convert --write plans/sparse.yaml");
    segue.run().code(2).stderr_has("is there already");
    let segue = segue.line("plan convert plans/sparse.yaml");
    segue.run().code(0).stdout_has("//! A plan without steps");
    let segue = segue.line("plan convert sparse");
    segue.run().code(2).stderr_has("written in Rhai already");
    let segue = segue.file("project/plans/old.pp", "plan test::old() {}\n");
    let segue = segue.line("plan convert old");
    segue.run().code(2).stderr_has("Puppet's language");
    let segue = segue.line("plan convert nothing");
    segue
        .run()
        .code(2)
        .stderr_has("no plan is called `nothing`");
    for (text, told) in [
        ("a: [1\n", "this is no YAML"),
        ("- 1\n", "this is no plan"),
        ("", "the file is empty"),
        ("\u{0}", "this is no YAML"),
    ] {
        let segue = Segue::new()
            .file("project/x.yaml", text)
            .line("plan convert x.yaml");
        segue.run().code(3).stderr_has(told);
    }
}

#[test]
fn scripts_read_what_came_of_it() {
    let segue = project().line("plan convert left_out --format json");
    let document = segue.run().code(3).json();
    assert_eq!(document["whole"], false);
    let first = &document["problems"][0];
    assert_eq!(first["file"], "plans/left_out.yaml");
    assert!(document["text"].as_str().unwrap().contains("NOT CONVERTED"));
}
