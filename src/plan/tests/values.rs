//! The native types: what their members give.

use super::stage::{Stage, json};

fn value(text: &str) -> crate::model::Value {
    Stage::new(text).value()
}

#[test]
fn sets_of_targets_are_worked_on_like_numbers() {
    assert_eq!(
        value(
            r#"
            let web = targets("web");
            [
                (web - "web3").names,
                (targets("db") + "lb1" + web.first).names,
                (web & "old").names,
                web == targets("web1,web2,web3,web4"),
                web != targets("old"),
                "web1" in web,
                "db1" in web,
                targets("old") in web,
                web["web2"].name,
                web[-1].name,
                web[9],
                web["nobody"],
                `${web}`,
            ]
            "#
        ),
        json(
            r#"[["web4","web1","web2"],["db1","lb1","web3"],["web1","web2"],true,true,true,false,true,"web2","web2",null,null,"web3, web4, web1, web2"]"#
        )
    );
}

#[test]
fn batches_are_numbers_shares_or_growing() {
    assert_eq!(
        value(
            r#"
            let sizes = |batch| targets("web").batches(batch).map(|part| part.len);
            [sizes.call(3), sizes.call("25%"), sizes.call([1, "50%"]), sizes.call("100%")]
            "#
        ),
        json("[[3,1],[1,1,1,1],[1,2,1],[4]]")
    );
    let error = Stage::new(r#"targets("web").batches(0)"#).error();
    assert!(
        error.failure.message.contains("never get anything done"),
        "{error}"
    );
}

#[test]
fn sets_are_filtered_grouped_and_sorted() {
    assert_eq!(
        value(
            r#"
            let all = targets("all");
            let groups = all.group_by(|t| t.groups[0]);
            [
                all.filter(|t| t.vars.role == "primary").names,
                groups.keys(),
                groups.old.names,
                all.sort_by(|t| t.name).names,
                all.count(|t| "web" in t.groups),
                all.any(|t| t.name == "lb1"),
                all.all(|t| t.transport == "ssh"),
                all.find(|t| t.name.starts_with("db")).name,
                all.take(1).names, all.skip(4).len, all.reversed().first.name,
            ]
            "#
        ),
        json(
            r#"[["db1"],["balancers","db","old","web"],["web1","web2"],["db1","lb1","web1","web2","web3","web4"],4,true,true,"db1",["lb1"],2,"db1"]"#
        )
    );
}

#[test]
fn a_result_tells_everything_of_one_target() {
    assert_eq!(
        value(
            r#"
            let r = run_command("false", "web1", #{ catch_errors: true }).first;
            [r.name, r.target.name, r.ok, r.status, r.stdout, r.stderr, r["exit_code"], r["nothing"], r.exit_code,
             r.error.kind, r.message, r.duration, r.attempts, r.action, r.object, "stdout" in r, r.get("nothing", 7), `${r}`]
            "#
        ),
        json(
            r#"["web1","web1",false,"failed","web1 says hello","",1,null,1,"puppetlabs.tasks/command-error","it did not go well",1.5,1,"command","false",true,7,"web1: failed"]"#
        )
    );
}

#[test]
fn results_leave_the_plan_as_bolts_json() {
    assert_eq!(
        value(r#"run_command("uptime", "web1")"#),
        json(
            r#"[{"target":"web1","action":"command","object":"uptime","status":"success","value":{"stdout":"web1 says hello","exit_code":0}}]"#
        )
    );
}

#[test]
fn a_plan_that_gives_no_data_fails() {
    let error = Stage::new("|| 1").error();
    assert_eq!(error.failure.kind, "bolt/invalid-plan-result");
}

#[test]
fn texts_are_searched_and_changed() {
    assert_eq!(
        value(
            r#"
            let text = "nginx/1.24.0";
            let replaced = "aXbX".replace("X", "-");
            [
                text.matches(`^nginx`), text.find(`\d+\.\d+`), text.find("zz"), text.find_all(`\d+`),
                text.captures(`(?<name>\w+)/(\d+)`), text.replace_regex(`(\d+)`, "<$1>"), "a, b;c".split_regex(`[,;]\s*`),
                replaced, "a.b".split("."),
            ]
            "#
        ),
        json(
            r#"[true,"1.24",null,["1","24","0"],{"0":"nginx/1","1":"nginx","2":"1","name":"nginx"},"nginx/<1>.<24>.<0>",["a","b","c"],"a-b-",["a","b"]]"#
        )
    );
    let error = Stage::new(r#""x".matches("(")"#).error();
    assert!(
        error.failure.message.contains("no regular expression"),
        "{error}"
    );
}

#[test]
fn data_is_read_and_written() {
    assert_eq!(
        value(
            r#"
            [from_json("{\"a\":[1,2.5,null]}"), to_json(#{ b: [1] }), from_yaml("a: [x, 1]"), to_yaml(#{ a: 1 }).trim_end,
             seconds("1h 30m"), format_duration(64), format_time(0), type_name(targets("web")), reveal(sensitive(7))]
            "#
            .replace(".trim_end", "")
            .as_str()
        ),
        json(
            r#"[{"a":[1,2.5,null]},"{\"b\":[1]}",{"a":["x",1]},"a: 1\n",5400.0,"1 min 4 s","1970-01-01T00:00:00Z","a TargetSet",7]"#
        )
    );
}

#[test]
fn print_shows_values_as_people_read_them() {
    let played = Stage::new(
        r#"
        print(targets("old")); print(42); print(1.5); print([target("web1"), 1]); print(#{ a: targets("old") });
        print("text"); print(true); print(()); print(); log::warn(targets("db")); debug("seen");
        "#,
    )
    .run();
    assert_eq!(
        played.asked(),
        [
            "print web1, web2",
            "print 42",
            "print 1.5",
            "print [web1, 1]",
            r#"print #{"a": web1, web2}"#,
            "print text",
            "print true",
            "print ",
            "print ",
            "print db1",
            "print seen"
        ]
    );
}

#[test]
fn texts_are_values_and_no_method_changes_one() {
    assert_eq!(
        value(
            r#"
            const SPACED = "  a b ";
            let text = "web1.example.com";
            let given = [
                SPACED.trim(), " x ".trim_start(), " x ".trim_end(), SPACED.trim().len,
                text.replace(".example.com", ""), text.replace('e', "E"), text.replace("w", 'W'), text.replace('w', 'v'),
                text.remove("."), text.remove('e'), text.truncate(3), text.truncate(-1), text.truncate(99),
                text.crop(5), text.crop(0, 3), text.crop(-3), text.crop(0..3), text.crop(0..=3), text.crop(99), text.crop(-99, 2),
                "ab".pad(5, "xy"), "ab".pad(4, 'z'), "ab".pad(1, "x"), "ab".pad(2, ""),
                text.make_upper(), "AB".make_lower(), "ab".append("c"), "ab".append('c'), "ab".append(1), "abc".set(1, 'x'), "abc".set(-1, 'x'), "abc".set(9, 'x'),
            ];
            given.push(text);
            given
            "#
        ),
        json(
            r#"["a b","x "," x",3,"web1","wEb1.ExamplE.com","Web1.example.com","veb1.example.com",
            "web1examplecom","wb1.xampl.com","web","","web1.example.com",
            "example.com","web","com","web","web1","","we",
            "abxyx","abzz","ab","ab",
            "WEB1.EXAMPLE.COM","ab","abc","abc","ab1","axc","abx","abc","web1.example.com"]"#
        )
    );
    for (text, told) in [
        (r#""a".pad(5, "")"#, "nothing can't make a text longer"),
        (r#"let s = "a"; s.clear();"#, "write `text = \"\";`"),
        (r#"let s = "a"; s.pop();"#, "is its last character"),
        (r#"let s = "a"; s.pop(2);"#, "is its last character"),
        (r#""a".replace(1, "b")"#, "must be a String"),
    ] {
        let error = Stage::new(text).error();
        assert!(error.failure.message.contains(told), "{text}: {error}");
    }
}

#[test]
fn what_a_getter_gives_is_trimmed_like_any_text() {
    assert_eq!(
        value(
            r#"
            let r = run_command("hostname", "web1").first;
            let seen = parallel([1], |x| r.stdout.trim() + "!");
            [r.stdout.trim(), `${r.stdout.trim().to_upper()}`, #{ s: " x " }.s.trim(), seen]
            "#
        ),
        json(r#"["web1 says hello","WEB1 SAYS HELLO","x",["web1 says hello!"]]"#)
    );
}

#[test]
fn lists_are_changed_and_given() {
    assert_eq!(
        value(
            r#"
            let list = [3, 1, 2, 1];
            let seen = [list.sort(), list.reverse(), list.sort_desc(), list.dedup(), list.truncate(2), list.chop(1), list.pad(3, 0)];
            seen.push(list);
            let names = ["bb", "c", "aaa"];
            seen.push([names.order(), names.order_desc(), names.order(|n| n.len()), names.order_by(|a, b| a.len() - b.len()), names.order(|a, b| a > b), names]);
            seen.push([names.sort(|n| n.len()), names.sort_by(|a, b| b.len() - a.len()), names]);
            seen.push([targets("web").names.sort(), [2.5, 1, 3].sort(), [true, false].sort(), [].sort(), [()].sort()]);
            seen.push([[1, 2, 3, 4].extract(1, 2), [1, 2].extract(1), [1, 2, 3].extract(-2), [1, 2, 3].extract(0..2), [1, 2, 3].extract(1..=9)]);
            seen.push(["a", "A", "b"].dedup(|one, other| one.to_lower() == other.to_lower()));
            seen.push([targets("web").names.join("+"), [1, true, "x", target("web1"), ()].join(), [].join(":")]);
            let held = [2, 1];
            let sorts = || held.sort();
            sorts.call();
            seen.push(held);
            seen
            "#
        ),
        json(
            r#"[[1,1,2,3],[3,2,1,1],[3,2,1,1],[3,2,1],[3,2],[2],[2,0,0],[2,0,0],
            [["aaa","bb","c"],["c","bb","aaa"],["c","bb","aaa"],["c","bb","aaa"],["c","bb","aaa"],["bb","c","aaa"]],
            [["c","bb","aaa"],["aaa","bb","c"],["aaa","bb","c"]],
            [["web1","web2","web3","web4"],[1,2.5,3],[false,true],[],[null]],
            [[2,3],[2],[2,3],[1,2],[2,3]],["a","b"],["web3+web4+web1+web2","1, true, x, web1, ",""],[1,2]]"#
        )
    );
}

#[test]
fn closures_go_over_a_list_with_the_element_and_the_index() {
    assert_eq!(
        value(
            r"
            fn is_even(n) { n % 2 == 0 }
            let list = [4, 5, 6, 7];
            let least = 5;
            let asked = [];
            let seen = [list.filter(|n| n > least), list.filter(|n, i| n > least && i < 3), list.filter(|| this > least), list.filter(is_even)];
            seen.push([list.map(|n| n + least), list.map(|n, i| n * i), list.map(|| this - 4), [].map(|n| n)]);
            seen.push([list.all(|n| n > 3), list.all(|n| { asked.push(n); n < 5 }), list.some(|n| n > 9), list.some(|n, i| i == 3), asked]);
            seen.push([list.find(|n| n > least), list.find(|n| n > 9), list.find_map(|n, i| if i == 2 { `${n}` }), list.find_map(|n| ())]);
            seen.push([list.find(|n| n > 4, 2), list.find(|n| n > 4, -1), list.find(|n| n > 0, 9), list.find(|n| n > 0, -9), list.find_map(|n| n, 1)]);
            seen.push(parallel([1], |x| list.filter(|n| n > 5 + x)));
            seen.push([list, [[1], [2, 3]].map(|inner| inner.map(|n| n + 1))]);
            seen
            "
        ),
        json(
            r#"[[6,7],[6],[6,7],[4,6],
            [[9,10,11,12],[0,5,12,21],[0,1,2,3],[]],
            [true,false,false,true,[4,5]],
            [6,null,"6",null],
            [6,7,null,4,5],
            [[7]],
            [[4,5,6,7],[[2],[3,4]]]]"#
        )
    );
}

#[test]
fn a_set_is_not_gone_over_behind_the_first_no() {
    assert_eq!(
        value(
            r#"
            let nodes = targets("web1,web2,web3");
            let asked = [];
            let seen = [nodes.all(|t| { asked.push(t.name); t.name == "web3" }), asked];
            let told = [];
            seen.push([run_command("true", nodes).all(|r| { told.push(r.name); false }), told]);
            seen
            "#
        ),
        json(r#"[false,["web3","web1"],[false,["web3"]]]"#)
    );
}

#[test]
fn a_closure_that_is_asked_whether_answers_yes_or_no() {
    for method in ["filter", "all", "some", "find"] {
        let error = Stage::new(&format!("[1].{method}(|n| n)")).error();
        assert_eq!(
            error.failure.message,
            format!("the closure given to `{method}` must give a Boolean, but gives an Integer")
        );
    }
    let error = Stage::new("[1, 2].map(|n| fail(`no ${n}`))").error();
    assert_eq!(error.failure.message, "no 1");
    let error = Stage::new("[1].map(|a, b, c| a)").error();
    assert_eq!(error.diagnostic.code, "segue::plan::wrong_arguments");
}

#[test]
fn a_list_that_is_captured_by_a_branch_is_ordered_and_not_sorted() {
    let text = |method: &str| format!("let list = [2, 1];\nparallel([1], |x| list.{method})");
    assert_eq!(Stage::new(&text("order()")).value(), json("[[1,2]]"));
    assert_eq!(Stage::new(&text("extract(0, 1)")).value(), json("[[2]]"));
    let error = Stage::new(&text("sort()")).error();
    assert_eq!(error.diagnostic.code, "segue::plan::captured_write");
}

#[test]
fn a_comparison_that_fails_contradicts_itself_or_waits_is_no_surprise() {
    let error = Stage::new("[2, 1].sort(|a, b| fail(\"no order\"))").error();
    assert_eq!(error.failure.message, "no order");
    let error = Stage::new("[2, 1].sort(|a, b| \"first\")").error();
    assert!(
        error
            .failure
            .message
            .contains("must give a number or a Boolean, but gives a String"),
        "{error}"
    );
    let error = Stage::new("[1, \"a\"].sort()").error();
    assert_eq!(
        error.failure.message,
        "`sort` can't compare an Integer with a String"
    );
    let error = Stage::new("[#{}, #{}].sort()").error();
    assert!(
        error.failure.message.contains("give it a closure"),
        "{error}"
    );
    // Neither is a total order.
    let value = Stage::new("let n = 0..200; let l = []; for i in n { l.push(i * 7919 % 200); } [l.sort(|a, b| true).len, l.sort(|a, b| (a * b) % 3 - 1).len]").value();
    assert_eq!(value, json("[200,200]"));
    let value =
        Stage::new("[3, 1, 2].sort(|a, b| { sleep(1); run_command(\"x\", \"web1\"); a - b })")
            .value();
    assert_eq!(value, json("[1,2,3]"));
}
