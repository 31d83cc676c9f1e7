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
