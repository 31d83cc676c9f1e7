//! Branches: their order, what they share, and how they end.

use super::stage::{Stage, json};
use crate::plan::{Effect, Outcome};

#[test]
fn branches_take_turns_in_order() {
    let played = Stage::new(
        r#"
        parallel(["a", "b"], |x| {
            for turn in 0..3 { print(`${x}${turn}`); }
        });
        "#,
    )
    .run();
    assert_eq!(
        played.asked(),
        [
            "print a0", "print b0", "print a1", "print b1", "print a2", "print b2"
        ]
    );
}

#[test]
fn values_come_in_the_order_of_the_items() {
    let value = Stage::new(r#"parallel(targets("web"), |t| { run_command("uptime", t); t.name })"#)
        .patience(|request| match &request.effect {
            Effect::Run(run) if run.targets[0].name.as_str() == "web3" => 20,
            Effect::Run(run) if run.targets[0].name.as_str() == "web4" => 10,
            _ => 0,
        })
        .value();
    assert_eq!(value, json(r#"["web3","web4","web1","web2"]"#));
}

#[test]
fn a_limit_is_kept() {
    let played = Stage::new(
        r"parallel(0..6, |x| { print(`${x} begins`); print(`${x} ends`); x }, #{ limit: 2 })",
    )
    .run();
    assert_eq!(played.value(), json("[0,1,2,3,4,5]"));
    let mut running = 0;
    for asked in played.asked() {
        running += if asked.ends_with("begins") { 1 } else { -1 };
        assert!(running <= 2, "{:?}", played.asked());
    }
}

#[test]
fn branches_nest() {
    let value = Stage::new(
        r#"
        parallel(["a", "b"], |outer| parallel([1, 2, 3], |inner| {
            run_command(`${outer}${inner}`, "web1").first.object
        }, #{ limit: 2 }))
        "#,
    )
    .value();
    assert_eq!(value, json(r#"[["a1","a2","a3"],["b1","b2","b3"]]"#));
}

#[test]
fn ten_thousand_branches_at_once_and_a_few_at_a_time() {
    let at_once = Stage::new("parallel(0..10000, |x| { sleep(1); x }).len").value();
    assert_eq!(at_once, 10_000.into());
    let few = Stage::new("parallel(0..10000, |x| x, #{ limit: 100 }).len").value();
    assert_eq!(few, 10_000.into());
}

#[test]
fn a_closure_of_map_or_filter_may_wait() {
    let value = Stage::new(
        r#"
        let names = ["web1", "web2", "web3"];
        let busy = parallel([0, 1], |x| {
            names.filter(|name| run_command("uptime", name).ok)
                .map(|name| run_command("hostname", name).first.stdout).len()
        });
        let sorted = targets("web").filter(|t| run_command("uptime", t).ok).sort_by(|t| t.name).names;
        [busy, sorted]
        "#,
    )
    .value();
    assert_eq!(value, json(r#"[[3,3],["web1","web2","web3","web4"]]"#));
}

#[test]
fn method_calls_that_wait_on_captured_values_do_not_disturb_each_other() {
    let value = Stage::new(
        r#"
        let check = |name| run_command("uptime", name).ok;
        let tools = #{ ask: |name| run_command("date", name).ok };
        let web = targets("web");
        parallel(["web1", "web2"], |name| {
            [check.call(name), tools.ask(name), web.map(|t| run_command("id", t).ok).len()]
        })
        "#,
    )
    .value();
    assert_eq!(value, json("[[true,true,4],[true,true,4]]"));
}

#[test]
fn a_write_to_a_captured_variable_is_an_error() {
    let error = Stage::new("let count = 0;\nparallel([1, 2], |x| { count += x; });\ncount").error();
    assert_eq!(error.diagnostic.code, "segue::plan::captured_write");
    assert_eq!(error.frames[0].place.line, 2);
    assert!(error.diagnostic.help.unwrap().contains("return a value"));
    let error = Stage::new("let list = [];\nparallel([1], |x| list.push(x));").error();
    assert_eq!(error.diagnostic.code, "segue::plan::captured_write");
    let error =
        Stage::new("let list = [];\nlet add = |x| list.push(x);\nparallel([1], |x| add.call(x));")
            .error();
    assert_eq!(error.diagnostic.code, "segue::plan::captured_write");
}

#[test]
fn a_closure_that_is_called_here_may_write() {
    let value = Stage::new(
        r#"
        let tries = 0;
        let got = retry(#{ attempts: 3 }, || { tries += 1; if tries < 3 { fail("not yet"); } tries });
        let seen = [];
        let outcome = attempt(|| { seen.push(1); throw "x" });
        [got, tries, seen, outcome.error.message]
        "#,
    )
    .value();
    assert_eq!(value, json(r#"[3,3,[1],"x"]"#));
}

#[test]
fn the_first_error_in_order_is_thrown_and_the_others_are_noted() {
    let played =
        Stage::new(r#"parallel(["a", "b", "c"], |x| { sleep(1); if x != "b" { fail(x) } })"#)
            .patience(|request| usize::from(request.id.branch.as_str() == "a") * 20)
            .run();
    assert_eq!(played.error().failure.message, "a");
    let swallowed: Vec<&str> = played
        .outcome
        .swallowed
        .iter()
        .map(|error| error.failure.message.as_str())
        .collect();
    assert_eq!(swallowed, ["c"]);
}

#[test]
fn after_a_failure_no_further_branch_begins_and_those_that_run_come_to_their_end() {
    let played = Stage::new(
        r#"
        parallel(["a", "b", "c", "d"], |x| {
            print(`${x} begins`);
            if x == "a" { fail("a") }
            print(`${x} ends`);
        }, #{ limit: 2 })
        "#,
    )
    .run();
    assert_eq!(played.error().failure.message, "a");
    assert_eq!(
        played.asked(),
        ["print a begins", "print b begins", "print b ends"]
    );
}

#[test]
fn settle_tries_everything_and_gives_errors_as_values() {
    let value = Stage::new(
        r#"
        settle(["a", "b", "c", "d"], |x| {
            if x == "b" { fail("no " + x, "shop/closed") }
            if x == "c" { [][7] }
            if x == "d" { throw "thrown" }
            x
        }, #{ limit: 1 }).map(|v| if type_of(v) == "Error" { [v.kind, v.message] } else { v })
        "#,
    )
    .value();
    assert_eq!(
        value,
        json(
            r#"["a",["shop/closed","no b"],["segue/script-error","there is nothing at 7: the list is empty"],["bolt/plan-failure","thrown"]]"#
        )
    );
}

#[test]
fn futures_run_beside_the_plan_and_give_their_values() {
    let played = Stage::new(
        r#"
        let slow = background(|| { sleep(5); "slow" });
        let quick = background(|| "quick");
        print("the plan goes on");
        [wait([slow, quick]), wait(slow), slow.done]
        "#,
    )
    .run();
    assert_eq!(played.value(), json(r#"[["slow","quick"],"slow",true]"#));
    assert_eq!(played.asked(), ["print the plan goes on", "sleep 5s"]);
}

#[test]
fn a_future_sees_what_was_captured_when_it_began() {
    let value = Stage::new(
        r"
        let futures = [];
        for x in 0..3 { futures.push(background(|| { sleep(1); x })); }
        wait(futures)
        ",
    )
    .value();
    assert_eq!(value, json("[0,1,2]"));
}

#[test]
fn the_plan_waits_for_its_futures_and_notes_their_errors() {
    let played = Stage::new(r#"background(|| { sleep(1); print("done"); fail("late") }); 1"#).run();
    assert_eq!(played.value(), 1.into());
    assert_eq!(played.asked(), ["sleep 1s", "print done"]);
    assert_eq!(played.outcome.swallowed[0].failure.message, "late");
}

#[test]
fn after_the_plan_failed_futures_begin_nothing_more() {
    let played =
        Stage::new(r#"background(|| { sleep(1); print("never"); }); sleep(1); fail("now")"#)
            .patience(|request| usize::from(request.id.branch.as_str() == "background") * 50)
            .run();
    assert_eq!(played.error().failure.message, "now");
    assert_eq!(played.asked().len(), 2);
    assert!(played.outcome.swallowed.is_empty());
}

#[test]
fn waiting_has_an_end() {
    let played = Stage::new(
        r#"
        let slow = background(|| { run_command("slow", "web1"); 1 });
        let outcome = attempt(|| wait(slow, "10s"));
        [outcome.error.kind, wait(slow)]
        "#,
    )
    .patience(|request| usize::from(matches!(request.effect, Effect::Run(_))) * 50)
    .run();
    assert_eq!(played.value(), json(r#"["segue/timeout",1]"#));
}

#[test]
fn a_body_that_takes_too_long_is_ended_with_what_it_waits_for() {
    let played = Stage::new(
        r#"
        let outcome = attempt(|| timeout("10s", || {
            try { run_command("slow", "web1"); } catch { print("caught"); }
            print("not reached");
        }));
        [outcome.error.kind, timeout("1h", || 7)]
        "#,
    )
    .patience(|request| match &request.effect {
        Effect::Run(_) => usize::MAX,
        Effect::Sleep { duration } if duration.as_secs() > 10 => usize::MAX,
        _ => 0,
    })
    .run();
    assert_eq!(played.value(), json(r#"["segue/timeout",7]"#));
    assert!(
        !played
            .asked()
            .iter()
            .any(|asked| asked.starts_with("print"))
    );
}

#[test]
fn retries_wait_longer_each_time() {
    let played = Stage::new(
        r#"
        let outcome = attempt(|| retry(#{ attempts: 4, delay: "2s", backoff: 2 }, |n| fail(`attempt ${n}`)));
        outcome.error.message
        "#,
    )
    .run();
    assert_eq!(played.value(), "attempt 4".into());
    assert_eq!(played.asked(), ["sleep 2s", "sleep 4s", "sleep 8s"]);
}

#[test]
fn waiting_until_something_is_so_ends_when_the_time_is_over() {
    let clock = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(0));
    let stage = |text: &str| {
        let clock = std::sync::Arc::clone(&clock);
        Stage::new(text).answer(move |request| {
            use std::sync::atomic::Ordering::Relaxed;
            match &request.effect {
                Effect::Sleep { duration } => {
                    let passed = i64::try_from(duration.as_millis()).unwrap();
                    clock.fetch_add(passed, Relaxed);
                    Some(Outcome::Done)
                }
                Effect::Now => Some(Outcome::Value {
                    value: clock.load(Relaxed).into(),
                }),
                _ => None,
            }
        })
    };
    let played = stage(
        r#"attempt(|| wait_until(#{ timeout: "10s", interval: "3s" }, || false)).error.kind"#,
    )
    .run();
    assert_eq!(played.value(), "segue/timeout".into());
    let sleeps = played
        .asked()
        .iter()
        .filter(|asked| *asked == "sleep 3s")
        .count();
    assert_eq!(sleeps, 3);
    let value =
        stage("let tries = 0; wait_until(#{}, || { tries += 1; tries == 4 }); tries").value();
    assert_eq!(value, 4.into());
}

#[test]
fn cleaning_up_happens_whatever_came_before() {
    let played = Stage::new(
        r#"
        let value = finally(|| 1, || print("after a value"));
        let outcome = attempt(|| finally(|| fail("x"), || print("after an error")));
        [value, outcome.error.message]
        "#,
    )
    .run();
    assert_eq!(played.value(), json(r#"[1,"x"]"#));
    assert_eq!(
        played.asked(),
        ["print after a value", "print after an error"]
    );
}

#[test]
fn exit_ends_the_whole_plan_from_within_a_branch() {
    let played =
        Stage::new(r#"parallel([1, 2, 3], |x| { if x == 2 { exit("enough") } x }); "not reached""#)
            .run();
    assert_eq!(played.value(), "enough".into());
}

#[test]
fn a_future_that_waits_for_itself_is_found_out() {
    let played = Stage::new(
        r"
        let futures = parallel([1], |x| background(|| sleep(1)));
        wait(futures[0]);
        let a = background(|| { wait_until(#{}, || true); 1 });
        wait(a)
        ",
    )
    .run();
    assert_eq!(played.value(), 1.into());
}
