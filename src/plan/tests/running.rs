//! Actions: what is asked, what comes back, and what a failure does.

use super::stage::{Stage, json, result};
use crate::{
    model::{Status, Value},
    plan::{Action, Effect, OnFailure, Outcome, Params, RunOptions},
};

/// The options of the only action that was asked for.
fn options(text: &str) -> RunOptions {
    let played = Stage::new(text).run();
    played.value();
    match &played.requests.last().unwrap().effect {
        Effect::Run(run) => run.options.clone(),
        other => panic!("no action: {other:?}"),
    }
}

#[test]
fn a_task_suspends_the_plan_and_its_results_resume_it() {
    let played = Stage::new(
        r#"
        let results = run_task("service", "web1,db1", #{ action: "restart" });
        #{ ok: results.ok, names: results.names, said: results["db1"].stdout, code: results.first["exit_code"] }
        "#,
    )
    .run();
    assert_eq!(
        played.value(),
        json(r#"{"code":0,"names":["web1","db1"],"ok":true,"said":"db1 says hello"}"#)
    );
    assert_eq!(played.asked(), ["run_task service on web1,db1"]);
    let place = played.requests[0].place.as_ref().unwrap();
    assert_eq!(place.to_string(), "plans/plan.rhai:2:23");
}

#[test]
fn an_unknown_task_is_an_error_before_anything_is_asked() {
    let played = Stage::new(r#"run_task("servcie", "web")"#).run();
    assert_eq!(
        played.error().failure.message,
        "no task is called `servcie`"
    );
    assert!(played.requests.is_empty());
}

#[test]
fn options_belong_to_one_call() {
    let second = options(
        r#"
        run_command("uptime", "web", #{ run_as: "root", catch_errors: true, timeout: "5s", limit: 2 });
        run_command("uptime", "db");
        "#,
    );
    assert_eq!(
        format!("{second:?}"),
        format!("{:?}", RunOptions::default())
    );
}

#[test]
fn options_do_not_leak_between_branches() {
    let played = Stage::new(
        r#"
        parallel(["web1", "web2"], |name| {
            if name == "web1" { run_command("a", name, #{ run_as: "root" }); }
            run_command("b", name);
        });
        "#,
    )
    .run();
    for request in &played.requests {
        if let Effect::Run(run) = &request.effect {
            let is_first = run.action.object() == "a";
            assert_eq!(run.options.run_as.is_some(), is_first);
        }
    }
}

#[test]
fn an_unknown_option_is_told_with_the_nearest() {
    let error = Stage::new(r#"run_command("uptime", "web", #{ catch_error: true })"#).error();
    assert_eq!(
        error.failure.message,
        "`run_command` has no option `catch_error`: did you mean `catch_errors`?"
    );
}

#[test]
fn an_option_of_the_wrong_type_is_told() {
    let error = Stage::new(r#"run_command("uptime", "web", #{ timeout: "soon" })"#).error();
    assert_eq!(
        error.failure.message,
        "the option `timeout` of `run_command` must be a duration such as \"90s\", but is a String: `soon`"
    );
    let error = Stage::new(r#"run_task("service", "web", #{}, #{ limit: 0 })"#).error();
    assert!(error.failure.message.contains("`limit`"));
}

#[test]
fn arguments_of_the_wrong_type_are_told_by_name() {
    let error = Stage::new(r#"run_task("service", 42)"#).error();
    assert_eq!(
        error.failure.message,
        "`targets` of `run_task`: must name targets, but is an Integer"
    );
    let error = Stage::new("sleep(true)").error();
    assert!(
        error
            .failure
            .message
            .starts_with("`duration` of `sleep` must be a duration")
    );
}

#[test]
fn anything_that_names_targets_names_targets() {
    let played = Stage::new(
        r#"
        let results = run_command("a", "web1,web2");
        run_command("b", [target("db1"), results, "lb1", [targets("web1")], results.first]);
        "#,
    )
    .run();
    assert_eq!(played.asked()[1], "run_command b on db1,web1,web2,lb1");
}

#[test]
fn a_failure_that_nobody_caught_ends_the_plan_with_its_results() {
    let played = Stage::new(r#"run_command("uptime", "web"); print("not reached");"#)
        .failing(&["web2", "web4"])
        .run();
    let error = played.error();
    assert_eq!(error.failure.kind, "bolt/run-failure");
    assert_eq!(
        error.failure.message,
        "command `uptime` failed on 2 targets"
    );
    assert_eq!(error.results.unwrap().len(), 4);
    assert_eq!(played.requests.len(), 1);
    assert_eq!(error.frames[0].place.to_string(), "plans/plan.rhai:1:1");
}

#[test]
fn survivors_go_on() {
    let value = Stage::new(
        r#"
        let results = run_command("uptime", "web", #{ on_failure: "survivors" });
        let rest = targets("web") - results.failed;
        [results.ok, results.failed.names, rest.names]
        "#,
    )
    .failing(&["web2"])
    .value();
    assert_eq!(value, json(r#"[false,["web2"],["web3","web4","web1"]]"#));
}

#[test]
fn a_budget_is_exceeded_by_more_than_it_says() {
    let plan = |budget: &str| {
        Stage::new(&format!(
            r#"run_command("uptime", "web", #{{ max_failures: {budget} }}).failed.len"#
        ))
        .failing(&["web1", "web2"])
        .run()
    };
    assert_eq!(plan("2").value(), 2.into());
    assert_eq!(plan("\"50%\"").value(), 2.into());
    for exceeded in ["1", "0", "\"49%\"", "\"0%\""] {
        assert_eq!(
            plan(exceeded).error().failure.kind,
            "segue/over-budget",
            "{exceeded}"
        );
    }
    assert_eq!(
        plan("1").error().failure.message,
        "command `uptime` failed on 2 targets of 4, and no more than 1 may fail"
    );
    assert_eq!(
        plan("1").error().failure.message,
        "command `uptime` failed on 2 targets of 4, and no more than 1 may fail"
    );
    let run = options(r#"run_command("uptime", "web", #{ on_failure: "12.5%" })"#);
    assert_eq!(run.on_failure, OnFailure::Budget("12.5%".parse().unwrap()));
}

#[test]
fn batches_travel_with_the_effect_and_are_no_part_of_what_is_asked() {
    let run = options(
        r#"run_command("restart", "web", #{ batch: [1, "50%"], pause: "10s", max_failures: 1 })"#,
    );
    assert_eq!(run.batch, Some("1, 50%".parse().unwrap()));
    assert_eq!(run.pause, Some(std::time::Duration::from_secs(10)));
    assert_eq!(run.on_failure, OnFailure::Budget("1".parse().unwrap()));
    let ids = |text: &str| Stage::new(text).run().ids();
    assert_eq!(
        ids(r#"run_command("restart", "web", #{ batch: 2 })"#),
        ids(r#"run_command("restart", "web")"#)
    );
}

#[test]
fn a_pause_without_batches_and_a_batch_of_nothing_are_mistakes() {
    let message = |options: &str| {
        let error = Stage::new(&format!(
            r#"run_command("restart", "web", #{{ {options} }})"#
        ));
        error.error().failure.message
    };
    assert_eq!(
        message("pause: \"1s\""),
        "`pause` of `run_command` is a pause between batches: give `batch`, too"
    );
    for wrong in ["0", "\"0%\"", "[]", "-1", "\"two\"", "true"] {
        let message = message(&format!("batch: {wrong}"));
        assert!(message.contains("option `batch`"), "{wrong}: {message}");
    }
}

#[test]
fn parameters_of_each_target_are_its_own() {
    let played = Stage::new(
        r#"run_task_with("service", "web1,web2", |t| if t.name == "web1" { #{ port: 1 } } else { 7 })"#,
    )
    .run();
    let Effect::Run(run) = &played.requests[0].effect else {
        panic!("no action")
    };
    let Action::Task {
        params: Params::Each(each),
        ..
    } = &run.action
    else {
        panic!("no parameters of each")
    };
    assert_eq!(each[0].as_ref().unwrap()["port"], 1.into());
    assert!(
        each[1]
            .as_ref()
            .unwrap_err()
            .message
            .contains("must give a Map for `web2`")
    );
}

#[test]
fn nothing_is_asked_of_no_targets() {
    let played = Stage::new(r#"run_command("uptime", targets("web") - "web").ok"#).run();
    assert_eq!(played.value(), true.into());
    assert!(played.requests.is_empty());
}

#[test]
fn facts_are_kept_and_variables_are_seen_at_once() {
    let value = Stage::new(
        r#"
        let web = target("web1");
        collect_facts(web);
        set_var(web, "weight", 10);
        add_to_group("web3", "old");
        [web.facts.stdout, web.vars.weight, facts("web1").exit_code, targets("old").names]
        "#,
    )
    .value();
    assert_eq!(
        value,
        json(r#"["web1 says hello",10,0,["web3","web1","web2"]]"#)
    );
}

#[test]
fn a_target_that_was_made_by_the_plan_is_one() {
    let value = Stage::new(
        r#"
        let fresh = new_target(#{ name: "web9", uri: "ssh://10.0.0.9:2222", groups: ["web"], vars: #{ weight: 1 } });
        run_command("uptime", "web9");
        [fresh.host, fresh.port, "web9" in targets("web"), fresh.vars.weight]
        "#,
    )
    .value();
    assert_eq!(value, json(r#"["10.0.0.9",2222,true,1]"#));
    let error = Stage::new(r#"new_target(#{ nmae: "x" })"#).error();
    assert_eq!(
        error.failure.message,
        "a target has no `nmae`: did you mean `name`?"
    );
}

#[test]
fn tiers_come_in_waves_and_backwards() {
    let value = Stage::new(
        r#"
        let up = [];
        for tier in tiers("all") { up.push(tier.names); }
        let down = [];
        for tier in tiers("all").reverse() { down.push(tier.len); }
        [up, down]
        "#,
    )
    .value();
    assert_eq!(
        value,
        json(r#"[[["db1"],["web3","web4","web1","web2"],["lb1"]],[1,4,1]]"#)
    );
}

#[test]
fn another_plan_runs_with_checked_parameters_and_gives_its_value() {
    let stage = |call: &str| {
        Stage::new(call).file(
            "restart",
            "param service: String[1];\nparam count: Integer = 2 + 1;\nrun_command(service, \"web1\");\n`${service} ${count}`",
        )
    };
    let played = stage(r#"run_plan("restart", #{ service: "nginx" })"#).run();
    assert_eq!(played.value(), "nginx 3".into());
    assert_eq!(played.requests[0].id.branch.as_str(), "restart");
    assert_eq!(
        played.requests[0].place.as_ref().unwrap().to_string(),
        "plans/restart.rhai:3:1"
    );
    let error = stage(r#"run_plan("restart", #{ count: 1 })"#).error();
    assert!(
        error.failure.message.contains("parameter `service`"),
        "{error}"
    );
    let error = stage(r#"run_plan("restrat")"#).error();
    assert_eq!(error.failure.message, "no plan is called `restrat`");
    let value =
        stage(r#"run_plan("restart", #{ srevice: 1 }, #{ catch_errors: true }).kind"#).value();
    assert_eq!(value, "bolt/validation-error".into());
}

#[test]
fn parameters_are_checked_and_completed() {
    let text = "param nodes: TargetSpec;\nparam count: Integer[1] = 3;\nparam token: Sensitive[String] = \"hush\";\n[targets(nodes).names, count, `${token}`]";
    let value = Stage::new(text).param("nodes", "old").value();
    assert_eq!(
        value,
        json(r#"[["web1","web2"],3,"Sensitive [value redacted]"]"#)
    );
    let error = Stage::new(text)
        .param("nodes", "old")
        .param("count", 0)
        .error();
    assert!(
        error.failure.message.contains("parameter `count`"),
        "{error}"
    );
    let error = Stage::new(text).error();
    assert!(
        error.failure.message.contains("parameter `nodes`"),
        "{error}"
    );
}

#[test]
fn results_of_all_kinds_are_told_apart() {
    let value = Stage::new(
        r#"
        let results = run_command("uptime", "web", #{ catch_errors: true });
        [results.succeeded.len, results.failed.len, results.unreached.names, results.lost.names, `${results}`]
        "#,
    )
    .answer(|request| match &request.effect {
        Effect::Run(run) => {
            let statuses = [Status::Succeeded, Status::Failed, Status::Unreached, Status::Lost];
            let results = run.targets.iter().zip(statuses);
            Some(Outcome::Results {
                results: results
                    .map(|(target, status)| crate::model::TargetResult {
                        status,
                        ..result(request, &target.name, status.is_ok())
                    })
                    .collect(),
            })
        }
        _ => None,
    })
    .value();
    assert_eq!(
        value,
        json(r#"[1,3,["web1"],["web2"],"1 of 4 succeeded; failed: web4, web1, web2"]"#)
    );
}

#[test]
fn secrets_are_handed_on_covered() {
    let played = Stage::new(
        r#"
        let token = sensitive("hunter2");
        run_task("service", "web1", #{ token: token, list: [token] });
        print(`the token is ${token}`);
        to_json(#{ token: token })
        "#,
    )
    .run();
    assert_eq!(
        played.value(),
        Value::from(r#"{"token":"Sensitive [value redacted]"}"#)
    );
    assert_eq!(
        played.asked()[1],
        "print the token is Sensitive [value redacted]"
    );
    let seen = format!("{:?}", played.requests);
    assert!(!seen.contains("hunter2"));
}
