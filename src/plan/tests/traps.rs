//! What surprises people who know other languages: each of these is either mended, or told, or at least stays as it is.

use super::stage::{Stage, json};
use crate::model::Value;

fn value(text: &str) -> Value {
    Stage::new(text).value()
}

fn told(text: &str) -> String {
    Stage::new(text).error().failure.message
}

#[test]
fn each_turn_of_a_loop_has_a_variable_of_its_own() {
    assert_eq!(
        value(
            r#"
            let late = [];
            for i in 0..3 { late.push(|| i); }
            for (name, n) in ["a", "b"] { late.push(|| `${name}${n}`); }
            let w = 0; while w < 2 { let own = w; late.push(|| own); w += 1; }
            let g = graph("g");
            for t in targets("db,lb1") { g.step(t.name, || run_command(`restart ${t.name}`, t)); }
            g.run();
            let futures = [];
            for i in 0..3 { futures.push(background(|| { sleep(1); i })); }
            [late.map(|f| f.call()), wait(futures)]
            "#
        ),
        json(r#"[[0,1,2,"a0","b1",0,1],[0,1,2]]"#)
    );
}

#[test]
fn a_closure_sees_what_became_of_the_variables_around_it() {
    assert_eq!(value("let x = 1; let f = || x; x = 2; f.call()"), 2.into());
    assert_eq!(
        value("let x = 1; let add = |n| x += n; add.call(2); add.call(3); x"),
        6.into()
    );
    // A branch has copies of what there was when it began.
    assert_eq!(
        value("let x = 1; let f = background(|| { sleep(1); x }); x = 2; wait(f)"),
        1.into()
    );
}

#[test]
fn numbers_that_grow_too_large_are_errors() {
    for text in [
        "9223372036854775807 + 1",
        "-9223372036854775807 - 2",
        "9223372036854775807 * 2",
        "2 ** 64",
        "(-9223372036854775807 - 1) / -1",
        "-(-9223372036854775807 - 1)",
        "(-9223372036854775807 - 1).abs()",
        "let n = 9223372036854775807; n += 1; n",
    ] {
        assert_eq!(told(text), "the number is too large", "{text}");
    }
    assert_eq!(told("7 / 0"), "division by zero");
    assert_eq!(told("7 % 0"), "division by zero");
}

#[test]
fn numbers_are_whole_or_not_and_compare_well() {
    assert_eq!(
        value(
            "[7 / 2, 7 / 2.0, -7 / 2, -7 % 3, 1 == 1.0, 2 > 1.5, 0.1 + 0.2 == 0.3, `${1.0}`, `${7 / 2.0}`]"
        ),
        json(r#"[3,3.5,-3,-1,true,true,true,"1.0","3.5"]"#)
    );
}

#[test]
fn values_of_different_types_are_never_equal_and_never_less() {
    assert_eq!(
        value(
            r#"["1" == 1, "1" != 1, "5" < 10, "5" > 10, true == "true", () == "", () == false, () == (), 'a' == "a", "abc"[0] == "a",
            [1] == [1], [1] == ["1"], #{ a: 1 } == #{ a: 1 }, #{ a: 1 } == #{ a: "1" }]"#
        ),
        json("[false,true,false,false,false,false,false,true,true,true,true,false,true,false]")
    );
}

#[test]
fn a_condition_is_a_boolean_and_nothing_else() {
    for text in [
        "let one = 1; if one { }",
        "let text = \"yes\"; if text { }",
        "let map = #{}; if map.flag { }",
        "let map = #{}; while map.flag { }",
        "let set = targets(\"web\"); if set { }",
        "let nothing = (); if !nothing { }",
    ] {
        let error = Stage::new(text).error();
        assert_eq!(
            error.diagnostic.code, "segue::plan::wrong_type",
            "{text}: {error}"
        );
    }
}

#[test]
fn what_is_not_in_a_map_is_nothing() {
    assert_eq!(
        value(
            r#"let m = #{ a: 1 }; [m.b, m["b"], m.get("b"), m.b?.c, m.b ?? 7, "b" in m, type_name(m.b), `<${m.b}>`]"#
        ),
        json(r#"[null,null,null,null,7,false,"nothing","<>"]"#)
    );
    assert!(told("let m = #{}; m.b.c").contains('c'));
    assert!(told("let m = #{}; m.b + 1").contains("`+`"));
}

#[test]
fn texts_are_counted_in_characters_and_lists_from_both_ends() {
    assert_eq!(
        value(
            r#"let t = "äöü"; let l = [1, 2, 3]; [t[1], t[-1], t.len, t.bytes, t[1] == "ö", type_name(t[0]), t.crop(1, 1), l[-1], l[0]]"#
        ),
        json(r#"["ö","ü",3,6,true,"a character","ö",3,1]"#)
    );
    assert_eq!(
        told("[1, 2, 3][-4]"),
        "there is nothing at -4: the list has 3 elements"
    );
    assert_eq!(told("[][0]"), "there is nothing at 0: the list is empty");
    assert_eq!(
        told("\"\"[0]"),
        "there is nothing at 0: the string is empty"
    );
}

#[test]
fn lists_and_maps_are_copied() {
    assert_eq!(
        value(
            r"
            fn change(list) { list.push(9); list }
            let one = [1]; let two = one; two.push(2);
            let m = #{ a: [1] }; let n = m; n.a.push(2);
            [one, two, change(one), one, m, n]
            "
        ),
        json(r#"[[1],[1,2],[1,9],[1],{"a":[1]},{"a":[1,2]}]"#)
    );
}

#[test]
fn functions_are_told_apart_by_the_number_of_their_parameters() {
    assert_eq!(
        value("fn f() { 0 } fn f(a) { 1 } fn f(a, b) { 2 } [f(), f(7), f(7, 7)]"),
        json("[0,1,2]")
    );
    assert!(told("fn f(a) { 1 } f()").contains('f'));
}

#[test]
fn a_function_of_the_file_goes_before_a_built_in_one() {
    // The check refuses it; `--no-check` is the only way here.
    assert_eq!(value("fn seconds(x) { 7 } seconds(1)"), 7.into());
}

#[test]
fn a_switch_compares_values_types_and_ranges() {
    assert_eq!(
        value(
            r#"
            let kind = |x| switch x { 0 => "none", 9 if x > 8 => "nine", 1..3 => "few", 3..=5 => "some", "3" => "text", true => "yes", _ => "many" };
            [kind.call(0), kind.call(2), kind.call(3), kind.call(5), kind.call("3"), kind.call(true), kind.call(9), kind.call(99), kind.call(()),
             switch 9 { 1 => 1 }]
            "#
        ),
        json(r#"["none","few","some","some","text","yes","nine","many","many",null]"#)
    );
}

#[test]
fn native_values_are_shown_as_people_read_them() {
    assert_eq!(
        value(
            r#"
            let r = run_command("uptime", "web1");
            let e = attempt(|| fail("no")).error;
            [`${target("web1")}`, `${targets("old")}`, `${r}`, `${r.first}`, `${e}`, `${sensitive("hunter2")}`, "t: " + target("web1"),
             `${[target("web1"), e]}`, `${#{ t: target("web1") }}`, `${()}`, `${[()]}`, `${1..3}`, `${'x'}`].filter(|t| !t.contains("hunter2")).len
            "#
        ),
        13.into()
    );
    assert_eq!(
        value(
            r#"[`${target("web1")}`, "t: " + target("web1"), `${[target("web1"), attempt(|| fail("no")).error]}`]"#
        ),
        json(r#"["web1","t: web1","[web1, no]"]"#)
    );
}

#[test]
fn a_closure_in_a_method_of_what_it_captures_is_told() {
    let error =
        Stage::new(r#"let r = run_command("x", "web1").first; r.keys().map(|k| r[k])"#).error();
    assert_eq!(error.diagnostic.code, "segue::plan::self_capture");
    assert!(error.diagnostic.help.is_some());
    assert_eq!(
        value(r#"let r = run_command("x", "web1").first; let keys = r.keys(); keys.map(|k| r[k])"#),
        json(r#"["web1 says hello",0]"#)
    );
}

#[test]
fn what_a_branch_captures_can_not_be_changed_in_it() {
    for text in [
        "let n = 0; parallel([1], |x| n += x)",
        "let n = []; parallel([1], |x| n.push(x))",
        "let n = #{ a: 0 }; parallel([1], |x| n.a = x)",
        "let n = #{ l: [] }; parallel([1], |x| n.l.push(x))",
    ] {
        let error = Stage::new(text).error();
        assert_eq!(
            error.diagnostic.code, "segue::plan::captured_write",
            "{text}"
        );
    }
    assert_eq!(
        value("let n = 0; for x in parallel([1, 2], |x| x * 10) { n += x; } n"),
        30.into()
    );
}

#[test]
fn huge_ranges_cost_nothing_until_they_are_gone_through() {
    assert_eq!(value("let r = 0..9223372036854775807; 5 in r"), true.into());
    let limited = |text: &str| {
        let stage = Stage::new(text).limits(|limits| limits.operations = 100_000);
        stage.error().diagnostic.code
    };
    assert_eq!(
        limited("for i in 0..9223372036854775807 { }"),
        "segue::plan::ended"
    );
    assert_eq!(
        limited("for i in 0..=9223372036854775807 { }"),
        "segue::plan::ended"
    );
    assert!(told("parallel(0..=9223372036854775807, |x| x)").contains("more than one `parallel`"));
    assert!(
        told("parallel(-9223372036854775807..9223372036854775807, |x| x)")
            .contains("more than one")
    );
}
