//! `plan graph`: what is drawn of plans, of tiers, and of jobs.

use crate::segue::Segue;

const TIERS: &str = "
groups:
  - name: web
    depends_on: [app]
    targets: [{ name: web1, uri: 'local://localhost' }]
  - name: app
    depends_on: [db]
    targets: [{ name: app1, uri: 'local://localhost' }, { name: app2, uri: 'local://localhost' }]
  - name: db
    depends_on: []
    targets: [{ name: db1, uri: 'local://localhost' }]
";

const RELEASE: &str = r#"
    let release = graph("release");
    release.step("fetch", || run_command("true", "app"));
    release.step("migrate", #{ after: "fetch" }, || run_command("exit 3", "db"));
    release.step("app", #{ after: ["fetch", "migrate"] }, || run_command("true", "app"));
    release.run();
"#;

#[test]
fn the_graph_of_a_plan_is_drawn_without_running_it() {
    let segue = Segue::new().inventory(TIERS).plan("release", RELEASE);
    let segue = segue.line("plan graph release");
    let ran = segue.run().code(0).stdout_has("release: 3 steps");
    for step in ["fetch", "migrate", "app"] {
        assert!(ran.stdout.contains(step), "{}", ran.stdout);
    }
    assert!(!segue.project().join(".segue").exists(), "a job was made");
    let segue = segue.line("plan graph release --format dot");
    segue
        .run()
        .code(0)
        .stdout_has("digraph \"release\"")
        .stdout_has("s0 -> s1;");
    let segue = segue.line("plan graph release --format mermaid -o graph.mmd");
    let ran = segue.run().code(0);
    assert_eq!(ran.stdout, "");
    let file = std::fs::read_to_string(segue.project().join("graph.mmd")).unwrap();
    assert!(file.contains("s1 --> s2"), "{file}");
    let segue = segue.line("plan graph release --format svg");
    segue
        .run()
        .code(0)
        .stdout_has("<svg ")
        .stdout_has("migrate");
}

#[test]
fn what_a_step_is_for_is_drawn_beside_its_name() {
    let plan = r#"
        let release = graph("release");
        release.step("fetch", #{ description: "bring <it> here" }, || run_command("true", "app"));
        release.step("migrate", #{ after: "fetch" }, || run_command("true", "db"));
        release.run();
    "#;
    for (format, shown) in [
        ("text", "• fetch    bring <it> here"),
        ("dot", "bring <it> here"),
        ("mermaid", "bring #60;it#62; here"),
        ("svg", "bring &lt;it&gt; here"),
    ] {
        let segue = Segue::new().inventory(TIERS).plan("release", plan);
        let segue = segue.line(&format!("plan graph release --format {format}"));
        segue.run().code(0).stdout_has(shown);
    }
}

#[test]
fn the_graph_of_a_job_has_what_became_of_its_steps() {
    let segue = Segue::new().inventory(TIERS).plan("release", RELEASE);
    let segue = segue.line("plan run release");
    segue.run().code(5);
    let segue = segue.line("plan graph --job last");
    segue
        .run()
        .code(0)
        .stdout_has("✔ fetch")
        .stdout_has("✘ migrate")
        .stdout_has("↷ app")
        .stdout_has("1 done")
        .stdout_has("1 failed")
        .stdout_has("1 skipped");
}

#[test]
fn the_graph_of_a_job_has_its_order_also_where_a_loop_has_made_it() {
    let plan = "
        let g = graph(\"turns\");
        g.step(\"begin\", || 1);
        for n in 1..=3 { g.step(`turn${n}`, #{ after: if n == 1 { \"begin\" } else { `turn${n - 1}` } }, || if n == 2 { fail(`no ${n}`) }); }
        g.run(#{ catch_errors: true });
    ";
    let segue = Segue::new().plan("loop", plan).line("plan run loop");
    segue.run().code(0).stdout_has("step turn2 failed: no 2");
    let segue = segue.line("plan graph --job last --format mermaid");
    segue
        .run()
        .code(0)
        .stdout_has("title: \"turns\"")
        .stdout_has("s0 --> s1")
        .stdout_has("s1 --> s2")
        .stdout_has("s2 --> s3");
}

#[test]
fn a_plan_without_a_graph_is_drawn_as_the_tiers_that_it_works_through() {
    let segue = Segue::new().inventory(TIERS).plan(
        "restart",
        "for tier in tiers(\"all\") { run_command(\"true\", tier); }",
    );
    let segue = segue.line("plan graph restart");
    segue
        .run()
        .code(0)
        .stdout_has("tiers: 3 tiers")
        .stdout_has("2 targets")
        .stderr_has("writes out no step graph");
    let segue = segue.line("plan graph --tiers --format dot");
    segue.run().code(0).stdout_has("digraph \"tiers\"");
}

#[test]
fn what_cannot_be_drawn_is_told() {
    let segue = Segue::new()
        .plan("two", "let one = graph(\"one\"); one.step(\"a\", || 1); let other = graph(\"other\"); other.step(\"b\", || 1);")
        .plan("circle", "let g = graph(\"g\"); g.step(\"a\", #{ after: \"b\" }, || 1); g.step(\"b\", #{ after: \"a\" }, || 1);");
    let segue = segue.line("plan graph two --format svg");
    segue
        .run()
        .code(2)
        .stderr_has("`one`, `other`")
        .stderr_has("--only");
    let segue = segue.line("plan graph two --format svg --only other");
    segue.run().code(0).stdout_has("<svg ");
    let segue = segue.line("plan graph two --only neither");
    segue.run().code(2).stderr_has("`one`, `other`");
    let segue = segue.line("plan graph circle");
    segue.run().code(3).stderr_has("can't be drawn");
    let segue = segue.line("plan graph --tiers");
    segue.run().code(2).stderr_has("no tiers");
    let segue = segue.line("plan graph nothing");
    segue.run().code(2);
}

#[test]
fn tiers_go_up_and_down_and_a_wrong_one_is_told_at_its_lines() {
    let plan = "
        for tier in tiers(\"all\") { print(`up ${tier}`); }
        for tier in tiers(\"all\").reverse() { print(`down ${tier}`); }
    ";
    let segue = Segue::new()
        .inventory(TIERS)
        .plan("waves", plan)
        .line("plan run waves");
    segue
        .run()
        .code(0)
        .stdout_has("up db1\nup app1, app2\nup web1\ndown web1\ndown app1, app2\ndown db1\n");
    let circle = TIERS.replace("depends_on: []", "depends_on: [web]");
    let segue = segue.inventory(&circle);
    segue
        .run()
        .code(2)
        .stderr_has("inventory.yaml")
        .stderr_has("`web` depends on `app`")
        .stderr_has("`db` depends on `web`");
    let doubled = TIERS.replace(
        "targets: [{ name: db1, uri: 'local://localhost' }]",
        "targets: [web1]",
    );
    let segue = segue.inventory(&doubled);
    segue
        .run()
        .code(2)
        .stderr_has("inventory.yaml")
        .stderr_has("web1")
        .stderr_has("the tier `db`");
}
