//! Step graphs: their order, their failures, their rollback.

use super::stage::{Stage, json};
use crate::{
    model::StepStatus,
    plan::{Effect, Outcome, PlanEnd},
};

const RELEASE: &str = r#"
let release = graph("release");
release.step("fetch", || run_command("fetch", "web1").first.stdout);
release.step("migrate", #{ after: "fetch", undo: || print("undo migrate") }, || run_command("migrate", "db1"));
release.step("app", #{ after: "migrate", undo: |r| print(`undo app ${r}`) }, || { run_command("app", "web1"); "app" });
release.step("web", #{ after: ["app", "migrate"] }, |done| run_command("web", "web2").first.name + " " + done["fetch"]);
release.step("docs", || print("docs"));
"#;

fn stage(run: &str, failing: &'static str) -> Stage {
    Stage::new(&format!("{RELEASE}\n{run}")).answer(move |request| match &request.effect {
        Effect::Run(run) if run.action.object() == failing => {
            let failed = run.targets.iter();
            Some(Outcome::Results {
                results: failed
                    .map(|target| super::stage::result(request, &target.name, false))
                    .collect(),
            })
        }
        _ => None,
    })
}

fn steps(played: &super::stage::Played) -> Vec<String> {
    let asked = played.asked();
    let is_step = |asked: &String| asked.starts_with("finish") || asked.starts_with("print");
    asked.into_iter().filter(is_step).collect()
}

#[test]
fn steps_run_as_soon_as_those_before_them_are_done() {
    let played = stage(
        "let outcome = release.run(); [outcome.ok, outcome.ending, outcome.steps.web.value]",
        "",
    )
    .run();
    assert_eq!(
        played.value(),
        json(r#"[true,"completed","web2 web1 says hello"]"#)
    );
    assert_eq!(
        steps(&played),
        [
            "print docs",
            "finish fetch: Done",
            "finish docs: Done",
            "finish migrate: Done",
            "finish app: Done",
            "finish web: Done"
        ]
    );
    let branches: Vec<&str> = played
        .requests
        .iter()
        .map(|r| r.id.branch.as_str())
        .collect();
    assert!(branches.contains(&"release/web"), "{branches:?}");
}

#[test]
fn a_failed_step_skips_what_comes_after_it_and_is_an_error_in_the_end() {
    let played = stage("release.run()", "migrate").run();
    let error = played.error();
    assert_eq!(error.failure.kind, "segue/graph-failed");
    assert_eq!(
        error.failure.message,
        "step `migrate` of `release` failed: command `migrate` failed on 1 target"
    );
    assert_eq!(error.frames[0].place.line, 4);
    assert_eq!(error.results.unwrap().len(), 1);
    assert_eq!(
        error.failure.details["steps"].as_map().unwrap()["app"]
            .as_map()
            .unwrap()["because"],
        "migrate".into()
    );
    assert_eq!(
        steps(&played),
        [
            "print docs",
            "finish fetch: Done",
            "finish docs: Done",
            "finish migrate: Failed",
            "finish app: Skipped",
            "finish web: Skipped"
        ]
    );
}

#[test]
fn a_step_that_ends_while_another_one_is_said_to_be_skipped_is_not_missed() {
    let text = r#"
        let g = graph("g");
        g.step("a", || run_command("a", "web1"));
        g.step("b", #{ after: "a" }, || 1);
        g.step("c", || run_command("c", "db1"));
        let outcome = g.run(#{ catch_errors: true });
        outcome.steps.c.status
    "#;
    let played = Stage::new(text)
        .failing(&["web1"])
        .patience(|request| match &request.effect {
            Effect::FinishStep { status, .. } if *status == StepStatus::Skipped => 300_000,
            Effect::Run(run) if run.action.object() == "c" => 30_000,
            _ => 0,
        })
        .run();
    assert_eq!(played.value(), json(r#""done""#));
}

#[test]
fn a_rollback_undoes_what_was_done_in_reverse_order() {
    let played = stage(
        r#"let o = release.run(#{ on_failure: "rollback", catch_errors: true });
        [o.ok, o.ending, o.steps.app.status, o.steps.web.error.kind, o.needs_human.map(|h| h.step)]"#,
        "web",
    )
    .run();
    assert_eq!(
        played.value(),
        json(r#"[false,"rolled_back","undone","bolt/run-failure",["fetch","web","docs"]]"#)
    );
    assert_eq!(
        steps(&played)[5..],
        [
            "finish web: Failed",
            "print undo app app",
            "finish app: Undone",
            "print undo migrate",
            "finish migrate: Undone"
        ]
    );
}

#[test]
fn a_failure_that_is_borne_ends_nothing() {
    let played = stage(
        r#"let o = release.run(#{ on_failure: "continue" }); [o.ok, o.steps.migrate.status, o.steps.web.status]"#,
        "migrate",
    )
    .run();
    assert_eq!(played.value(), json(r#"[false,"failed","done"]"#));
}

#[test]
fn stopping_leaves_the_rest_unreached() {
    let played = stage(
        r#"let o = release.run(#{ on_failure: "stop", limit: 1, catch_errors: true }); [o.ending, o.steps.docs.status]"#,
        "fetch",
    )
    .run();
    assert_eq!(played.value(), json(r#"["stopped","unreached"]"#));
    assert!(steps(&played).contains(&"finish docs: Unreached".to_owned()));
}

#[test]
fn a_condition_skips_a_step_and_not_what_comes_after_it() {
    let value = Stage::new(
        r#"
        let g = graph("g");
        let first = g.step("first", || 1);
        g.step("second", #{ after: first, when: |done| done.first == 2 }, || fail("it runs"));
        g.step("third", #{ after: "second" }, |done| done.keys());
        let o = g.run();
        [o.ok, o.steps.second.status, o.steps.second.because, o.steps.third.value]
        "#,
    )
    .value();
    assert_eq!(
        value,
        json(r#"[true,"skipped","its condition",["first","second"]]"#)
    );
}

#[test]
fn steps_are_tried_again_and_ended_in_time() {
    let played = Stage::new(
        r#"
        let g = graph("g");
        g.step("again", #{ retry: #{ attempts: 3, delay: "1s" } }, || fail("no"));
        g.step("slow", #{ timeout: "10s", on_failure: "continue" }, || run_command("slow", "web1"));
        let o = g.run(#{ catch_errors: true });
        [o.steps.again.error.message, o.steps.slow.error.kind]
        "#,
    )
    .patience(|request| usize::from(matches!(request.effect, Effect::Run(_))) * usize::MAX)
    .run();
    assert_eq!(played.value(), json(r#"["no","segue/timeout"]"#));
    let sleeps = played
        .asked()
        .iter()
        .filter(|asked| *asked == "sleep 1s")
        .count();
    assert_eq!(sleeps, 2);
}

#[test]
fn resources_and_limits_are_kept() {
    for (options, most) in [
        ("#{ limit: 2 }", 2),
        ("#{}", 1),
        ("#{ uses: #{ db: 3 } }", 3),
    ] {
        let played = Stage::new(&format!(
            r#"
            let g = graph("g");
            for n in 0..6 {{ g.step(`s${{n}}`, #{{ uses: "db" }}, || sleep(1)); }}
            g.run({options}).ok
            "#
        ))
        .run();
        assert_eq!(played.value(), true.into());
        let (mut running, mut top) = (0, 0);
        for asked in played.asked() {
            running +=
                i32::from(asked.starts_with("start")) - i32::from(asked.starts_with("finish"));
            top = top.max(running);
        }
        assert_eq!(
            top,
            most.min(if options.contains("limit") { 1 } else { 3 }),
            "{options}"
        );
    }
}

#[test]
fn the_limit_of_a_step_goes_with_every_action_in_it_and_in_its_undo() {
    let played = Stage::new(
        r#"
        let g = graph("g");
        g.step("one", #{ limit: 2, undo: || run_command("back", "web") }, || {
            parallel(["a", "b"], |x| run_command(x, "web"));
            let inner = graph("inner");
            inner.step("deep", #{ limit: 1 }, || run_command("deep", "web"));
            inner.run();
        });
        g.step("two", #{ after: "one" }, || run_command("false", "web"));
        g.run(#{ on_failure: "rollback", catch_errors: true });
        "#,
    )
    .run();
    let limits: Vec<String> = played
        .requests
        .iter()
        .filter_map(|request| match &request.effect {
            Effect::Run(run) => {
                let limits = run.options.step_limits.iter();
                let limits: Vec<String> = limits
                    .map(|limit| format!("{}:{}", limit.step, limit.targets))
                    .collect();
                Some(format!("{} {}", run.action.object(), limits.join(" ")))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        limits,
        [
            "a g/one:2",
            "b g/one:2",
            "deep g/one:2 g/one/inner/deep:1",
            "false ",
            "back g/one:2"
        ]
    );
}

#[test]
fn a_graph_that_can_not_be_run_says_why_with_its_lines() {
    let error = Stage::new(
        "let g = graph(\"g\");\ng.step(\"a\", #{ after: \"b\" }, || 1);\ng.step(\"b\", #{ after: [\"a\", \"c\"] }, || 1);\ng.run();",
    )
    .error();
    assert_eq!(error.failure.kind, "segue/invalid-graph");
    let message = error.failure.message;
    assert!(
        message.contains("`a` at plans/plan.rhai:2:3, `b` at plans/plan.rhai:3:3"),
        "{message}"
    );
    assert!(message.contains("`c`"), "{message}");
    let error =
        Stage::new("let g = graph(\"g\");\ng.step(\"a\", || 1);\ng.step(\"a\", || 1);").error();
    assert_eq!(
        error.failure.message,
        "there is a step `a` already, added at plans/plan.rhai:2:3"
    );
    let error =
        Stage::new(r#"let g = graph("g"); g.step("a", #{ on_failure: "rolback" }, || 1);"#).error();
    assert!(
        error
            .failure
            .message
            .contains("did you mean `\"rollback\"`?")
    );
}

#[test]
fn a_graph_in_a_graph_is_a_group() {
    let value = Stage::new(
        r#"
        let app = graph("app");
        app.step("fetch", || 1);
        app.step("start", #{ after: "fetch" }, |done| done["app/fetch"] + 1);
        let all = graph("all");
        all.step("begin", || 0);
        all.add(app, #{ after: "begin" });
        all.step("end", #{ after: "app" }, |done| done["app/start"]);
        [all.steps, all.run().steps["end"].value]
        "#,
    )
    .value();
    assert_eq!(
        value,
        json(r#"[["begin","app/fetch","app/start","end"],2]"#)
    );
}

#[test]
fn a_stopped_step_ends_the_plan_without_a_rollback() {
    let played = stage(r#"release.run(#{ on_failure: "rollback" })"#, "").answer(|request| {
        match &request.effect {
            Effect::Run(run) if run.action.object() == "app" => Some(Outcome::Stopped),
            _ => None,
        }
    });
    let played = played.run();
    assert!(matches!(played.outcome.end, PlanEnd::Stopped));
    assert!(!steps(&played).iter().any(|step| step.contains("undo")));
}

#[test]
fn a_suspended_step_lets_the_others_come_to_their_end() {
    let played = Stage::new(
        r#"
        let g = graph("g");
        g.step("ask", || approve("go?"));
        g.step("after", #{ after: "ask" }, || print("after"));
        g.step("other", || sleep(1));
        g.step("more", #{ after: "other" }, || print("more"));
        g.run();
        "#,
    )
    .answer(|request| {
        matches!(request.effect, Effect::Approve { .. }).then_some(Outcome::Suspended)
    })
    .run();
    assert!(matches!(played.outcome.end, PlanEnd::Suspended));
    assert_eq!(
        steps(&played),
        ["finish other: Done", "print more", "finish more: Done"]
    );
}

#[test]
fn a_branch_can_not_add_steps_to_a_graph_from_outside() {
    let error =
        Stage::new("let g = graph(\"g\");\nparallel([1], |x| { g.step(\"a\", || 1); });").error();
    assert_eq!(error.diagnostic.code, "segue::plan::captured_write");
}

#[test]
fn a_step_that_works_on_its_own_graph_is_told_so() {
    let error = Stage::new(r#"let g = graph("g"); g.step("a", || g.len); g.run()"#).error();
    assert_eq!(error.diagnostic.code, "segue::plan::self_capture");
}
