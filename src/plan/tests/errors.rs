//! Errors: what a `catch` gets, where they began, and what is told of them.

use super::stage::{Stage, json};
use crate::plan::{Effect, FrameFunction, Outcome};

#[test]
fn a_caught_error_has_its_kind_message_results_and_place() {
    let value = Stage::new(
        r#"
try {
    run_command("uptime", "web");
} catch (err) {
    return [err.kind, err.message, err.results.failed.names, err.targets.names, err.details.failed, err.place, `${err}`];
}
"#,
    )
    .failing(&["web2"])
    .value();
    assert_eq!(
        value,
        json(
            r#"["bolt/run-failure","command `uptime` failed on 1 target",["web2"],["web2"],["web2"],"plans/plan.rhai:3:5","command `uptime` failed on 1 target"]"#
        )
    );
}

#[test]
fn an_error_that_is_thrown_again_keeps_where_it_began() {
    for again in ["throw err;", "throw;", "fail(err);"] {
        let text = format!(
            "try {{\n  run_command(\"uptime\", \"web\");\n}} catch (err) {{\n  {again}\n}}"
        );
        let error = Stage::new(&text).failing(&["web2"]).error();
        assert_eq!(error.failure.kind, "bolt/run-failure", "{again}");
        assert_eq!(error.frames[0].place.line, 2, "{again}");
        assert!(error.results.is_some(), "{again}");
    }
}

#[test]
fn frames_lead_through_functions_closures_and_files() {
    let error = Stage::new(
        "import \"tools\" as tools;\nfn outer(name) { tools::inner(name) }\nparallel([\"web1\"], |name| outer(name));",
    )
    .file(
        "tools",
        "\n\nfn inner(name) {\n  run_command(\"false\", name)\n}",
    )
    .error();
    let frames: Vec<(String, FrameFunction)> = error
        .frames
        .iter()
        .map(|frame| (frame.place.to_string(), frame.function.clone()))
        .collect();
    assert_eq!(
        frames,
        [
            (
                "plans/tools.rhai:4:3".to_owned(),
                FrameFunction::Named("inner".to_owned())
            ),
            (
                "plans/plan.rhai:2:25".to_owned(),
                FrameFunction::Named("outer".to_owned())
            ),
            ("plans/plan.rhai:3:27".to_owned(), FrameFunction::Closure),
            ("plans/plan.rhai:3:1".to_owned(), FrameFunction::File),
        ]
    );
    assert_eq!(error.diagnostic.source.unwrap().name(), "plans/tools.rhai");
}

#[test]
fn a_closure_that_is_called_by_another_file_keeps_its_own() {
    let played = Stage::new(
        "import \"tools\" as tools;\n\n\ntools::twice(|| run_command(\"uptime\", \"web1\"));",
    )
    .file(
        "tools",
        "fn twice(body) {\n  body.call();\n  parallel([1], |x| body.call())\n}",
    )
    .run();
    played.value();
    for request in &played.requests {
        let place = request.place.as_ref().unwrap().to_string();
        assert_eq!(place, "plans/plan.rhai:4:17");
    }
}

#[test]
fn the_error_of_another_plan_shows_both_lines() {
    let error = Stage::new("print(1);\nrun_plan(\"other\")")
        .file("other", "\nfail(\"it broke\")")
        .error();
    let places: Vec<String> = error
        .frames
        .iter()
        .map(|frame| frame.place.to_string())
        .collect();
    assert_eq!(places, ["plans/other.rhai:2:1", "plans/plan.rhai:2:1"]);
    assert_eq!(error.failure.message, "it broke");
}

#[test]
fn what_is_wrong_with_a_file_that_is_imported_or_run_is_told_at_its_place() {
    for call in ["import \"other\" as other;", "run_plan(\"other\");"] {
        for (text, code, place) in [
            (
                "\nlet x = || 1; let __kept = [x]; __kept.len;\n\n",
                "segue::plan::reserved_name",
                "plans/other.rhai:2:19",
            ),
            (
                "\nlet x = [|| 1]; let y = ;\n\n\n",
                "segue::plan::syntax",
                "plans/other.rhai:2:23",
            ),
        ] {
            let error = Stage::new(&format!("print(1);\n{call}"))
                .file("other", text)
                .error();
            assert_eq!(error.diagnostic.code, code, "{call}");
            assert_eq!(error.diagnostic.place().unwrap().to_string(), place);
        }
    }
}

#[test]
fn fail_takes_a_kind_details_or_results() {
    let value = Stage::new(
        r#"
        let told = |body| { let e = attempt(body).error; [e.kind, e.message, e.details] };
        let results = run_command("uptime", "web", #{ catch_errors: true });
        let with_results = attempt(|| fail("three left", results)).error;
        [
            told.call(|| fail("a")),
            told.call(|| fail("b", "shop/b")),
            told.call(|| fail("c", #{ kind: "shop/c", more: 1 })),
            with_results.results.len,
            with_results.targets.names,
        ]
        "#,
    )
    .failing(&["web4"])
    .value();
    assert_eq!(
        value,
        json(
            r#"[["bolt/plan-failure","a",{}],["shop/b","b",{}],["shop/c","c",{"more":1}],4,["web4"]]"#
        )
    );
}

#[test]
fn an_effect_that_can_not_be_done_is_an_error_that_can_be_caught() {
    let value = Stage::new(r#"attempt(|| read_file("nothing")).error.message"#)
        .answer(|request| {
            matches!(request.effect, Effect::ReadFile { .. }).then(|| Outcome::Failed {
                failure: crate::model::Failure::new("segue/effect-error", "no such file"),
            })
        })
        .value();
    assert_eq!(value, "no such file".into());
}

#[test]
fn a_performer_that_panics_fails_one_effect() {
    let value = Stage::new(r#"attempt(|| read_file("bang")).error.message"#)
        .answer(|request| {
            assert!(!matches!(request.effect, Effect::ReadFile { .. }), "bang");
            None
        })
        .value();
    assert!(value.to_string().contains("bang"), "{value}");
}

#[test]
fn a_rejected_approval_is_an_error() {
    let error = Stage::new(r#"approve("Fail over?")"#)
        .answer(|request| {
            matches!(request.effect, Effect::Approve { .. }).then(|| Outcome::Value {
                value: json(r#"{"approved":false,"by":"bob","comment":"not on a friday"}"#),
            })
        })
        .error();
    assert_eq!(error.failure.kind, "segue/rejected");
    assert_eq!(
        error.failure.message,
        "`Fail over?` was rejected by bob: not on a friday"
    );
}

#[test]
fn import_cycles_are_told_with_their_way() {
    let error = Stage::new("import \"a\" as a;")
        .file("a", "import \"b\" as b;")
        .file("b", "import \"a\" as a;")
        .error();
    assert!(
        error
            .failure
            .message
            .contains("`plans/a.rhai` imports `plans/b.rhai` imports `plans/a.rhai`"),
        "{error}"
    );
}

#[test]
fn a_broken_import_is_told_in_its_own_file() {
    let error = Stage::new("\n\nimport \"broken\" as broken;")
        .file("broken", "let x = 1;\nlet = 2;")
        .error();
    let source = error.diagnostic.source.clone().unwrap();
    assert_eq!(source.name(), "plans/broken.rhai");
    assert_eq!(error.diagnostic.place().unwrap().line, 2);
}

#[test]
fn an_import_has_its_own_constants_and_functions() {
    let value = Stage::new("import \"tools\" as tools;\n[tools::LIMIT, tools::double(4)]")
        .file("tools", "export const LIMIT = 7;\nfn double(x) { x * 2 }")
        .value();
    assert_eq!(value, json("[7,8]"));
}

/// What was done by the effects that an error came of.
fn blamed(text: &str) -> Vec<String> {
    let played = Stage::new(text).failing(&["web2"]).run();
    let error = played.error();
    let asked = played.requests.iter();
    let blamed = asked.filter(|request| error.effects.contains(&request.id));
    blamed
        .map(|request| match &request.effect {
            Effect::Run(run) => run.action.object().to_owned(),
            other => other.function().to_owned(),
        })
        .collect()
}

#[test]
fn an_error_knows_the_effects_that_it_came_of() {
    let none: [&str; 0] = [];
    for (text, expected) in [
        (
            r#"run_command("a", "web1"); run_command("b", "web");"#,
            &["b"][..],
        ),
        // Caught and thrown again is not caught.
        (
            r#"try { run_command("a", "web"); } catch (err) { run_command("b", "db"); throw err; }"#,
            &["a"],
        ),
        // What was caught is history.
        (
            r#"try { run_command("a", "web"); } catch { } run_command("b", "web2");"#,
            &["b"],
        ),
        (
            r#"try { run_command("a", "web"); } catch { } fail("no");"#,
            &none,
        ),
        // Results that a plan fails with are what it failed of, whatever was done with them in between.
        (
            r#"let a = run_command("a", "web", #{ catch_errors: true }); run_command("b", "db"); fail("no", a.failed.filter(|r| true));"#,
            &["a"],
        ),
        (
            r#"let a = run_command("a", "web", #{ catch_errors: true }); fail("no", a.failed.first);"#,
            &["a"],
        ),
        (
            r#"parallel(["a", "b"], |name| run_command(name, "web2"));"#,
            &["a", "b"],
        ),
        (
            r#"throw attempt(|| run_command("a", "web2")).error;"#,
            &["a"],
        ),
        (
            r#"let g = graph("g"); g.step("x", || run_command("a", "web2")); g.step("y", || run_command("b", "web2")); g.run();"#,
            &["a", "b"],
        ),
    ] {
        let mut blamed = blamed(text);
        blamed.sort();
        assert_eq!(blamed, expected, "{text}");
    }
}

#[test]
fn a_panic_in_a_native_function_is_a_placed_error_that_nobody_catches() {
    let error = Stage::new("try {\n  run_task(\"bang\", \"web\");\n} catch { }").error();
    assert_eq!(error.diagnostic.code, "segue::plan::internal");
    assert!(
        error.diagnostic.message.contains("a wheel came off"),
        "{error}"
    );
    assert_eq!(error.frames[0].place.to_string(), "plans/plan.rhai:2:3");
    let played = Stage::new(
        "parallel([1, 2], |x| { if x == 1 { run_task(\"bang\", \"web\") } else { sleep(1); print(\"done\") } })",
    )
    .run();
    assert_eq!(played.asked(), ["sleep 1s", "print done"]);
    assert_eq!(played.error().diagnostic.code, "segue::plan::internal");
}

#[test]
fn closures_of_an_imported_file_find_its_functions_and_constants() {
    let value = Stage::new("import \"tools\" as tools;\ntools::all([1, 2])")
        .file(
            "tools",
            "const STEP = 10;\nprivate fn more(x) { x + global::STEP }\nfn all(items) { parallel(items, |x| more(x)) }",
        )
        .value();
    assert_eq!(value, json("[11,12]"));
}

/// What makes an error of the interpreter, or throws a value of the script's own.
const ERRORS: [(&str, &str, &str); 14] = [
    (
        "[1, 2][5]",
        "segue/script-error",
        "there is nothing at 5: the list has 2 elements",
    ),
    ("1 / 0", "segue/script-error", "division by zero"),
    (
        "9223372036854775807 + 1",
        "segue/script-error",
        "the number is too large",
    ),
    (
        "\"a\" * 2",
        "segue/script-error",
        "`*` does not work on a string and an integer",
    ),
    ("let m = #{}; m.a.b", "segue/script-error", ""),
    (
        "let s = \"abc\"; s[9]",
        "segue/script-error",
        "there is nothing at 9: the string has 3 characters",
    ),
    ("parse_int(\"x\")", "segue/script-error", ""),
    (
        "let five = 5; for x in five { }",
        "segue/script-error",
        "this can't be looped over",
    ),
    ("let one = 1; if one { }", "segue/script-error", ""),
    ("const C = 1; C.pad()", "segue/script-error", ""),
    (
        "nothing_like_this()",
        "segue/script-error",
        "unknown function `nothing_like_this`",
    ),
    ("throw \"a text\"", "bolt/plan-failure", "a text"),
    (
        "throw #{ kind: \"shop/closed\", message: \"come back\", hour: 9 }",
        "shop/closed",
        "come back",
    ),
    ("throw 42", "bolt/plan-failure", "42"),
];

#[test]
fn a_catch_and_an_attempt_get_the_same_error() {
    for (text, kind, message) in ERRORS {
        let told = "let told = |e| [type_name(e), e.kind, e.message, e.details, e.place, `${e}`];";
        let caught = Stage::new(&format!(
            "{told} try {{ {text}; }} catch (e) {{ return told.call(e); }}"
        ))
        .value();
        let attempted = Stage::new(&format!(
            "{told}       let e = attempt(|| {{ {text}; }}).error; told.call(e)"
        ))
        .value();
        let parts = |value: &crate::model::Value| match value {
            crate::model::Value::Array(items) => items.clone(),
            other => panic!("{text}: {other}"),
        };
        let (caught, attempted) = (parts(&caught), parts(&attempted));
        assert_eq!(caught[0], "an Error".into(), "{text}: {caught:?}");
        assert_eq!(caught[1], kind.into(), "{text}");
        if !message.is_empty() {
            assert_eq!(caught[2], message.into(), "{text}");
        }
        assert_ne!(caught[4], crate::model::Value::Null, "{text}");
        for part in [0, 1, 2, 3, 5] {
            assert_eq!(caught[part], attempted[part], "{text}");
        }
    }
}

#[test]
fn an_error_of_the_interpreter_that_is_thrown_on_keeps_where_it_began() {
    for again in ["throw err;", "throw;", "fail(err);"] {
        let text = format!(
            "fn third(list) {{\n  list[2]\n}}\ntry {{ third([]); }} catch (err) {{ print(err); {again} }}"
        );
        let error = Stage::new(&text).error();
        assert_eq!(
            error.failure.message,
            "there is nothing at 2: the list is empty"
        );
        assert_eq!(
            error.frames[0].place.to_string(),
            "plans/plan.rhai:2:8",
            "{again}"
        );
    }
}

#[test]
fn a_try_is_left_by_return_break_and_continue_as_ever() {
    let value = Stage::new(
        r"
        fn early() { try { return 1; } catch (e) { return 2; } 3 }
        fn given() { try { 4 } catch { } }
        let seen = [];
        for x in 0..9 {
            try { if x == 1 { continue; } if x == 4 { break; } seen.push(x); } catch (e) { seen.push(e.kind); }
        }
        let left = loop { try { break 7; } catch { } };
        try { } catch { }
        try { let inner = 5; seen.push(inner); [][1] } catch (e) { seen.push(e.kind); }
        let after = seen.len;
        [early(), given(), left, seen, after]
        ",
    )
    .value();
    assert_eq!(value, json(r#"[1,4,7,[0,2,3,5,"segue/script-error"],5]"#));
}

#[test]
fn places_on_a_line_with_a_try_are_those_of_the_text() {
    for text in [
        "try { print(1); } catch { } let x = \"ü\"; [x][4]",
        "let x = 1; try { try { [x][3] } catch { throw \"no\" } } catch { [x][4] }",
        "try { throw \"no\" } catch { let e = attempt(|| { try { [][4] } catch { throw; } }); throw e.error; }",
    ] {
        let error = Stage::new(text).error();
        let at = text[..text.find("4]").unwrap()].chars().count() + 1;
        assert_eq!(
            error.place().unwrap().to_string(),
            format!("plans/plan.rhai:1:{at}")
        );
    }
}
