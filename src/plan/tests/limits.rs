//! What a plan may not do, and how it is told: by an error with a place, never by a crash.

use super::stage::Stage;

/// The code of the error that ends a plan.
fn code(text: &str) -> (&'static str, Option<u32>) {
    let error = Stage::new(text)
        .limits(|limits| {
            limits.operations = 300_000;
            limits.memory_bytes = 64 << 20;
        })
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

/// What is put into itself again and again, each in a way of its own.
const NESTED: &[&str] = &[
    // Literals.
    "let a = [];\nloop { a = [a]; }",
    "let a = 1;\nloop { a = #{ x: a }; }",
    "let a = 1;\nloop { let b = [#{ x: [a] }]; a = b; }",
    "let a = 1;\nloop { a = if true { [a] } else { 2 }; }",
    "let a = 1;\nloop { a = (|x| [x]).call(a); }",
    "fn f(x) { if x == 7 {} [x] }\nlet a = 1; loop { a = f(a); }",
    "fn f(x) { return [x]; }\nlet a = 1; loop { a = f(a); }",
    "let a = [1];\nloop { a = a.map(|x| [x]); }",
    "let a = [[]];\nloop { let b = [a.pop()]; a += [b]; }",
    "let a = [[]];\nloop { a += [[a.pop()]]; }",
    "let a = 1;\nloop { a = [1, 2].reduce(|sum, x| [sum], a); }",
    "let a = 1;\nloop { try { throw [a]; } catch (e) { a = [a]; } }",
    // What changes a list or a map.
    "let a = [];\nloop { let b = []; b.push(a); a = b; }",
    "let a = [[]];\nloop { a.push(a.pop()); let b = []; b.push(a); a = b; }",
    "let a = [];\nloop { let b = []; b.insert(0, a); a = b; }",
    "let a = [];\nloop { let b = [0]; b.set(0, a); a = b; }",
    "let a = [];\nloop { let b = [].pad(1, a); a = b; }",
    "let a = #{};\nloop { let b = #{}; b.set(\"x\", a); a = b; }",
    "let a = #{};\nloop { a.x = a; }",
    "let a = #{ x: 1 };\nloop { a[\"x\"] = a; }",
    "let a = [1];\nloop { a[0] = a; }",
    "let a = [#{}];\nloop { a[0].x = a; }",
    "let a = [1];\nloop { a[0] = a + [1]; }",
    "let a = [[]];\nloop { let b = #{ x: [] }; b.x += a; let c = #{}; c.y = b; a = [1]; a[0] = c; }",
    "fn put(x) { this = x; }\nlet a = [1]; loop { a[0].put(a); }",
    "fn put(x) { this[0] = x; }\nlet a = [1]; loop { a.put(a); }",
    "let a = [1];\nloop { let b = a; a.for_each(|| this = b); }",
    // Closures and what they captured.
    "let f = || 0;\nloop { let g = f; f = || g; }",
    "let f = || 0;\nloop { let g = 0; let h = || g; g = f; f = h; }",
    "let f = || 0;\nloop { let l = []; let h = || l; l += f; f = h; }",
    "let f = || 0;\nloop { let l = []; let h = || l; l.push(f); f = h; }",
    "let f = || 0;\nloop { let m = #{}; let h = || m; m.x = f; f = h; }",
    "fn wrap(f) { || f }\nlet f = || 0; loop { f = wrap(f); }",
    "fn id(x) { x }\nlet f = Fn(\"id\"); loop { f = Fn(\"id\").curry(f); }",
    "let f = 0;\nloop { let g = graph(\"g\"); let h = f; g.step(\"a\", || h); f = g; }",
    // A ring.
    "let v = 0; let f = || v; v = f;\nparallel([1], |x| f);",
    "let v = 0; let f = || v; v = f;\nbackground(f);",
    "let v = []; let f = || v; v += f;\nlet l = [f];",
    // What calls closures.
    "let a = 1;\nloop { let b = a; a = parallel([1], |x| b); }",
    "let a = 1;\nloop { let b = a; a = attempt(|| b); }",
    "let a = 1;\nloop { let b = a; a = [wait(background(|| b))]; }",
    "let a = 1;\nloop { a = [a].map(|x| #{ y: x }); }",
];

#[test]
fn what_is_nested_without_an_end_is_an_error() {
    for text in NESTED {
        let (code, line) = code(text);
        assert_eq!(code, "segue::plan::too_deep", "{text}");
        assert!(line.is_some(), "{text}");
    }
}

#[test]
fn what_is_hidden_or_thrown_is_not_nested_without_an_end() {
    let error = Stage::new("let a = 1; loop { a = sensitive([a]); }").error();
    let message = error.diagnostic.message;
    assert!(message.contains("more than 100 levels"), "{message}");
    // What can't be data any more is thrown as something that says so.
    let text = "let a = 1; for i in 0..3000 { try { throw #{ m: a }; } catch (e) { a = e; } } `${a}`.len() < 10000";
    assert_eq!(Stage::new(text).value(), true.into());
}

#[test]
fn the_error_of_a_value_that_is_nested_too_deeply_has_its_place() {
    let error = Stage::new("let a = [];\nloop {\n    a = [a];\n}").error();
    assert_eq!(
        error.diagnostic.message,
        "a value is nested more than 128 levels deep"
    );
    let place = error.place().unwrap();
    assert_eq!((place.line, place.column), (3, 9));
}

#[test]
fn what_is_nested_as_deeply_as_may_be_is_worked_with() {
    // What does so by recursion, where the least of a stack is left.
    let text = r#"
        fn deepest() { let a = [1]; for i in 0..125 { a = if i % 2 == 0 { [a] } else { #{ x: a } }; } a }
        fn at_the_bottom(n) {
            if n > 0 {
                return [n].map(|x| at_the_bottom(x - 1))[0];
            }
            let a = deepest();
            let b = a;
            let texts = [`${a}`, a.to_string(), a.to_debug()];
            let same = a == b && [a] == [b] && !(a != b);
            let found = [a].contains(b) && [1, a].index_of(b) == 1;
            let f = || a;
            let failed = [attempt(|| to_json(a)).ok, attempt(|| fail("x", a)).ok, attempt(|| throw a).ok];
            let all = parallel([1], |x| f.call().len);
            print(a);
            debug(a);
            [same, found, texts[0].len() > 250, failed, all]
        }
        at_the_bottom(14)
    "#;
    let value = Stage::new(text).value();
    assert_eq!(
        value.to_string(),
        "[true,true,true,[false,false,false],[1]]"
    );
}

#[test]
fn lists_that_are_filled_are_not_measured_at_every_change() {
    let value = Stage::new("let l = []; for i in 0..120000 { l.push(i); } l.len()").value();
    assert_eq!(value, 120_000.into());
}

#[test]
fn what_grows_without_an_end_is_an_error() {
    for text in [
        "let m = #{}; let s = \"\".pad(100000, \"x\");\nlet n = 0; loop { n += 1; m[`k${n}`] = s + n; }",
        "let l = []; let s = \"\".pad(100000, \"x\");\nloop { l.push(s + \"y\"); }",
        "let s = \"x\";\nloop { s = s + s; }",
        "let s = \"x\";\nloop { s = s.append(s); }",
        "let m = #{ a: [1] };\nloop { m.a += m.a; }",
        "let a = \"\".pad(1000000, \"ab\");\na.split(\"\")",
        "let a = \"\".pad(1000000, \"ab\");\na.split('a')",
        "let a = \"\".pad(1000000, \"ab\");\na.split_rev(\"a\", 900000)",
        "let a = \"\".pad(1000000, \"ab\");\na.split_regex(\"a\")",
    ] {
        let (code, line) = code(text);
        assert_eq!(code, "segue::plan::too_large", "{text}");
        assert_eq!(line, Some(2), "{text}");
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
        "from_yaml(\"\".pad(1900, \"[\") + \"\".pad(1900, \"]\"))",
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
        "let l = []; for i in 0..100 { l.push(i); } l.join(\"\".pad(10000, \"x\"))",
    ] {
        let error = Stage::new(text)
            .limits(|limits| {
                limits.string_bytes = 100_000;
                limits.array_items = 1_000;
                limits.memory_bytes = 64 << 20;
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

#[test]
fn what_is_reached_through_many_calls_is_no_way_to_nest_deeper() {
    // Each call goes some levels down, and at the bottom something is put in.
    let down = "[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]";
    let text = format!(
        "fn put(n, v) {{ if n == 0 {{ this[0] = v; }} else {{ this{down}.put(n - 1, v); }} }}
        fn chain() {{ let a = [0]; for i in 0..120 {{ a = [a]; }} a }}
        let a = chain();
        for n in 1..50 {{ a.put(n, chain()); let b = a; if a != b {{ throw 1; }} print(`${{b}}`.len()); }}
        a"
    );
    // Going down takes more of the stack than what is done with a value as deep, so it ends first.
    let error = Stage::new(&text).error();
    assert_eq!(error.diagnostic.message, "calls are nested too deeply");
}
