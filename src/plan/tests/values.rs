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
            let replaced = "aXbX"; replaced.replace("X", "-");
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
