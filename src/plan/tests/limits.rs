//! What a plan may not do, and how it is told: by an error with a place, never by a crash.

use super::stage::Stage;

/// The code of the error that ends a plan.
fn code(text: &str) -> (&'static str, Option<u32>) {
    let error = Stage::new(text)
        .limits(|limits| limits.operations = 300_000)
        .error();
    (error.diagnostic.code, error.place().map(|place| place.line))
}

#[test]
fn an_endless_loop_uses_up_its_operations() {
    assert_eq!(
        code("let x = 0;\nloop { x += 1; }"),
        ("segue::plan::ended", Some(2))
    );
    assert_eq!(
        code("parallel([1, 2], |x| { while true { } })"),
        ("segue::plan::ended", Some(1))
    );
}

#[test]
fn deep_recursion_is_an_error() {
    assert_eq!(
        code("fn f(n) { f(n + 1) }\nf(0)").0,
        "segue::plan::too_deep"
    );
    assert_eq!(
        code("fn f(n) { [n].map(|x| f(x + 1)) }\nf(0)").0,
        "segue::plan::too_deep"
    );
    assert_eq!(
        code("fn f(n) { parallel([n], |x| f(x + 1)) }\nf(0)").0,
        "segue::plan::failed"
    );
    assert_eq!(
        code("fn f(n) { attempt(|| f(n + 1)) }\nf(0)").0,
        "segue::plan::too_deep"
    );
}

#[test]
fn plans_that_call_themselves_are_an_error() {
    let error = Stage::new("run_plan(\"again\")")
        .file("again", "run_plan(\"again\")")
        .error();
    assert!(
        error.failure.message.contains("nested more than 32"),
        "{error}"
    );
}

#[test]
fn huge_texts_are_an_error() {
    for text in [
        "let s = \"x\";\nloop { s += s; }",
        "let s = \"x\";\nloop { s = `${s}${s}`; }",
        "let s = \"aaaaaaaaaaaaaaaaaaaa\";\nloop { s = s.replace(\"a\", s); }",
        "let s = \"a\"; s.pad(10000000000, \"abc\");",
        "let a = []; a.pad(10000000000, 1);",
        "let a = [1]; loop { a += a; }",
        "let a = [1]; loop { a = [a, a]; }",
    ] {
        let code = code(text).0;
        assert_eq!(code, "segue::plan::too_large", "{text}");
    }
}

#[test]
fn a_million_branches_are_an_error() {
    let error = Stage::new("parallel(0..1000000, |x| x)").error();
    assert_eq!(
        error.failure.message,
        "1000000 branches are more than one `parallel` may have: 100000"
    );
}

#[test]
fn more_branches_than_there_are_stacks_wait_for_one() {
    let value = Stage::new("parallel(0..500, |x| { sleep(1); x }).len")
        .limits(|limits| limits.branches_alive = 10)
        .value();
    assert_eq!(value, 500.into());
}

#[test]
fn branches_that_wait_for_stacks_of_each_other_are_told() {
    let error = Stage::new("parallel(0..20, |x| parallel(0..20, |y| { sleep(1); y }))")
        .limits(|limits| limits.branches_alive = 10)
        .error();
    assert_eq!(
        error.diagnostic.message,
        "too many branches wait for each other"
    );
}

#[test]
fn limits_can_not_be_caught() {
    assert_eq!(code("try { loop { } } catch { }").0, "segue::plan::ended");
    assert_eq!(code("attempt(|| { loop { } })").0, "segue::plan::ended");
}

#[test]
fn a_busy_branch_lets_the_others_have_their_turn() {
    let played = Stage::new(
        r#"
        parallel(["busy", "short"], |x| {
            if x == "busy" { let n = 0; while n < 100000 { n += 1; } }
            print(x);
        });
        "#,
    )
    .run();
    assert_eq!(played.asked(), ["print short", "print busy"]);
}

#[test]
fn what_is_switched_off_is_not_there() {
    for (text, code) in [
        ("timestamp()", "segue::plan::unknown_function"),
        ("get_fn_metadata_list()", "segue::plan::unknown_function"),
    ] {
        assert_eq!(Stage::new(text).error().diagnostic.code, code, "{text}");
    }
    assert_eq!(Stage::new("sleep(1); 1").value(), 1.into());
}

#[test]
fn default_is_a_name_like_any_other() {
    let value = Stage::new("let map = #{ default: 7 }; map.default").value();
    assert_eq!(value, 7.into());
}

#[test]
fn endless_loops_are_ended_wherever_they_are() {
    for text in [
        "[1].map(|x| loop { })",
        "[1].filter(|x| loop { })",
        "[2, 1].sort(|a, b| loop { })",
        "[2, 1].sort(|a| loop { })",
        "[2, 1].dedup(|a, b| loop { })",
        "[1, 2].reduce(|a, b| loop { })",
        "targets(\"web\").filter(|t| loop { })",
        "targets(\"web\").group_by(|t| loop { })",
        "targets(\"web\").sort_by(|t| loop { })",
        "run_command(\"x\", \"web\").map(|r| loop { })",
        "settle([1, 2], |x| loop { })",
        "wait(background(|| loop { }))",
        "timeout(\"1m\", || loop { })",
        "retry(#{ attempts: 2 }, || loop { })",
        "wait_until(#{ timeout: \"1m\", interval: \"1s\" }, || loop { })",
        "finally(|| 1, || loop { })",
        "let g = graph(\"g\"); g.step(\"a\", || loop { }); g.run()",
        "let g = graph(\"g\"); g.step(\"a\", #{ undo: || loop { } }, || 1); g.step(\"b\", #{ after: \"a\" }, || fail(\"no\")); g.run(#{ on_failure: \"rollback\" })",
        "run_task_with(\"service\", \"web\", |t| loop { })",
        "try { loop { } } catch { }",
        "let s = `${loop { }}`;",
        "fn f() { f2() } fn f2() { loop { } } f()",
    ] {
        assert_eq!(code(text), ("segue::plan::ended", Some(1)), "{text}");
    }
}

#[test]
fn data_that_is_nested_too_deeply_is_not_read() {
    for text in [
        "from_json(\"\".pad(20000, \"[\"))",
        "from_json(\"\".pad(20000, \"{\\\"a\\\":\"))",
        "from_yaml(\"\".pad(20000, \"[\"))",
        "from_yaml(\"\".pad(20000, \"- \"))",
        "from_yaml(\"\".pad(20000, \"{a: \"))",
    ] {
        let error = Stage::new(text).error();
        assert!(
            error.failure.message.starts_with("this is no "),
            "{text}: {error}"
        );
        assert!(error.failure.message.len() < 1_000, "{error}");
    }
}

#[test]
fn patterns_take_no_longer_than_their_text_and_are_no_larger_than_they_may() {
    let value = Stage::new(r#"let s = "a".pad(5000, "a") + "b"; [s.matches("^(a+)+$"), s.matches("(a|a|aa)*c"), s.matches("(.*)*x")]"#).value();
    assert_eq!(value.to_string(), "[false,false,false]");
    let error = Stage::new(r#""x".matches("(((a{1000}){1000}){1000})")"#).error();
    assert!(error.failure.message.contains("size limit"), "{error}");
    let error = Stage::new(
        r#"let s = "a".pad(1000000, "a"); s.replace_regex("a", "$0$0$0$0$0$0$0$0$0$0")"#,
    )
    .error();
    assert!(
        error.failure.message.contains("would make a text"),
        "{error}"
    );
}

#[test]
fn lists_are_not_made_larger_than_they_may_be() {
    for text in [
        "[].pad(100000000, 0)",
        "let l = [1]; loop { l.append(l); }",
        "let l = [1]; l.pad(100, \"\".pad(10000, \"x\"))",
        "let m = #{}; let n = 0; loop { m[`${n}`] = \"\".pad(10000, \"x\"); n += 1; }",
        "let l = []; for i in 0..100 { l.push(i); } l.join(\"\".pad(10000, \"x\"))",
    ] {
        let error = Stage::new(text)
            .limits(|limits| {
                limits.string_bytes = 100_000;
                limits.array_items = 1_000;
            })
            .error();
        assert_eq!(error.diagnostic.code, "segue::plan::too_large", "{text}");
    }
}

#[test]
fn a_comparer_that_waits_is_unwound_when_the_plan_is_stopped() {
    let stage = Stage::new("[3, 1, 2].sort(|a, b| { sleep(\"1h\"); a - b })");
    let stop = stage.stop();
    let played = stage
        .answer(move |request| {
            if matches!(request.effect, crate::plan::Effect::Sleep { .. }) {
                stop.abandon();
            }
            None
        })
        .run();
    assert!(
        matches!(played.outcome.end, crate::plan::PlanEnd::Stopped),
        "{:?}",
        played.outcome.end
    );
}
