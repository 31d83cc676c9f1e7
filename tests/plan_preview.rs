//! `segue plan preview`: what would be done is told, and nothing is.

use crate::segue::Segue;
use ::segue::fleet::{Fleet, FleetSpec};

const INVENTORY: &str = "
groups:
  - name: web
    targets: [web1, web2]
";

const METADATA: &str = r#"{
    "supports_noop": true,
    "parameters": { "password": { "type": "Optional[String]", "sensitive": true } }
}"#;

fn project() -> Segue {
    Segue::new()
        .task("touch", METADATA, "#!/bin/sh\necho touched\n")
        .inventory(INVENTORY)
}

#[test]
fn every_effect_is_told_with_its_targets_and_no_secret() {
    project()
        .plan(
            "it",
            r#"
                parallel(["a", "b"], |name| run_command(`echo ${name}`, "web1"));
                sleep("1h");
                run_task("touch", "web", #{ password: "hunter2" });
            "#,
        )
        .line("plan preview it")
        .run()
        .code(0)
        .stdout_has("nothing was touched")
        .stdout_has("command `echo a` on web1")
        .stdout_has("task `touch` on web1, web2")
        .stdout_has("plans/it.rhai:4")
        .stdout_has("the plan ends well")
        .stdout_lacks("hunter2");
}

#[test]
fn what_a_plan_does_about_a_failure_is_told_before_it_fails() {
    project()
        .plan(
            "it",
            r#"
                let done = run_command("deploy", "web", #{ catch_errors: true });
                if !done.ok { run_command("roll back", done.failed.targets); }
                run_command("celebrate", "web");
            "#,
        )
        .line("plan preview it")
        .run()
        .code(0)
        .stdout_has("If command `deploy` fails on web1:")
        .stdout_has("command `roll back` on web1")
        .stdout_has("The plan ends there if one of these fails:\n  command `celebrate`");
}

#[test]
fn each_step_of_a_graph_is_followed_with_its_way_back() {
    project()
        .plan(
            "it",
            r#"
                fn install(nodes) { run_command("install", nodes); }
                let release = graph("release");
                release.step("first", #{ undo: || run_command("remove", "web1") }, || install("web1"));
                release.step("second", #{ after: "first" }, || install("web2"));
                release.run(#{ on_failure: "rollback" });
            "#,
        )
        .line("plan preview it")
        .run()
        .code(0)
        .stdout_has("├─ first:\n     │  └─ command `install` on web1")
        .stdout_has("If command `install` fails on web2:")
        .stdout_has("command `remove` on web1");
}

#[test]
fn what_cannot_be_known_is_named_and_marked_where_it_flows() {
    project()
        .plan(
            "it",
            r#"
                let name = run_command("hostname", "web1").first.stdout;
                run_command(`ping ${name}`, "web2");
                let free = run_command("df", "web1", #{ preview: #{ free: 7 } }).first["free"];
                if free < 5 { fail("the disk is full"); }
            "#,
        )
        .line("plan preview it")
        .run()
        .code(0)
        .stdout_has("`ping ‹stdout of command `hostname` on web1›` on web2")
        .stdout_has("the plan looks at `stdout` of command `hostname` on web1")
        .stdout_lacks("looks at `free`");
}

#[test]
fn a_plan_that_fails_when_all_succeeds_ends_with_the_code_for_failed_plans() {
    let ran = project()
        .plan("it", "run_command(\"true\", \"web1\");\nfail(\"no\");\n")
        .line("plan preview it --format json")
        .run()
        .code(5);
    let document = ran.json();
    assert_eq!(document["end"]["status"], "failed");
    assert_eq!(document["end"]["failure"]["msg"], "no");
    assert_eq!(document["effects"][0]["object"], "true");
    assert_eq!(document["effects"][0]["answer"]["from"], "assumed");
}

/// Two targets that can be reached, and the inventory that names them.
fn fleet() -> (tokio::runtime::Runtime, Fleet, String) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let tiers = ["web=2".parse().unwrap()];
    let fleet = runtime
        .block_on(Fleet::start(FleetSpec::of(tiers)))
        .unwrap();
    let inventory = format!(
        "targets:\n  - {{ name: web1, uri: 'ssh://web1@127.0.0.1:{port}' }}\n  - {{ name: web2, uri: 'ssh://web2@127.0.0.1:{port}' }}\nconfig:\n  ssh:\n    private-key: '{key}'\n    known-hosts: '{hosts}'\n",
        port = fleet.port(),
        key = fleet.private_key().display(),
        hosts = fleet.known_hosts().display(),
    );
    (runtime, fleet, inventory)
}

#[test]
fn no_target_is_touched_without_noop_and_with_it_only_by_tasks_that_support_it() {
    let (runtime, fleet, inventory) = fleet();
    let segue = Segue::new()
        .task("touch", METADATA, "#!/bin/sh\necho \"noop: $PT__noop\"\n")
        .inventory(&inventory)
        .plan(
            "it",
            "run_command(\"rm -rf /\", \"all\");\nlet r = run_task(\"touch\", \"web1\");\nprint(r.first.message);\n",
        );
    let segue = segue.line("plan preview it");
    segue.run().code(0).stdout_has("rm -rf /");
    assert_eq!(fleet.log().total().connections, 0);

    segue
        .line("plan preview it --noop")
        .run()
        .code(0)
        .stdout_has("(noop: well)")
        .stdout_has("noop: true");
    assert_eq!(fleet.log().counts("web1").runs, 1);
    assert_eq!(fleet.log().counts("web2").connections, 0);
    drop(fleet);
    runtime.shutdown_background();
}

#[test]
fn what_really_runs_in_noop_mode_has_all_the_time_that_it_takes() {
    let (runtime, fleet, inventory) = fleet();
    Segue::new()
        .task("touch", METADATA, "#!/bin/sh\necho \"noop: $PT__noop\"\n")
        .inventory(&inventory)
        .plan(
            "it",
            r#"
                let said = timeout("1h", || run_task("touch", "web1").first.message.trim());
                print(`timeout ${said}`);
                let said = wait(background(|| run_task("touch", "web2").first.message.trim()), "1h");
                print(`wait ${said}`);
                let steps = graph("steps");
                steps.step("a", #{ timeout: "1h" }, || run_task("touch", "all"));
                steps.run();
            "#,
        )
        .line("plan preview it --noop")
        .run()
        .code(0)
        .stdout_has("timeout noop: true")
        .stdout_has("wait noop: true")
        .stdout_has("the plan ends well");
    drop(fleet);
    runtime.shutdown_background();
}

#[test]
fn both_ways_of_a_decision_on_what_nobody_knows_are_followed() {
    project()
        .plan(
            "it",
            r#"
                let seen = run_command("cat /etc/version", "web1").first;
                if seen.stdout.trim() == "2" {
                    run_command("skip", "web1");
                } else {
                    let state = run_command("upgrade", "web").first["state"];
                    if state == "bad" { run_command("roll back", "web"); }
                }
                switch seen["mode"] {
                    "fast" => run_command("hurry", "web"),
                    "slow" | "careful" => { run_command("wait a bit", "web"); }
                    _ => (),
                }
                let tries = 0;
                while run_command("ready", "web1").first.stdout != "yes" { sleep("10s"); tries += 1; }
                for line in seen.stdout.split("\n") { run_command(`handle ${line.len()}`, "web1"); }
                if tries > 3 { run_command("never", "web"); }
            "#,
        )
        .line("plan preview it")
        .run()
        .code(0)
        .stdout_has("If `seen.stdout.trim() == \"2\"` is true:  plans/it.rhai:3\n  └─ command `skip` on web1  plans/it.rhai:4\n  left out: command `upgrade`")
        .stdout_has("If `state == \"bad\"` is true:  plans/it.rhai:7\n  └─ command `roll back` on web1, web2")
        .stdout_has("If `seen[\"mode\"]` is \"fast\":  plans/it.rhai:9\n  └─ command `hurry`")
        .stdout_has("If `seen[\"mode\"]` is \"slow\":  plans/it.rhai:9\n  └─ command `wait a bit`")
        .stdout_has("first.stdout != \"yes\"` is false:  plans/it.rhai:15\n  left out: command `ready`")
        .stdout_has("If `seen.stdout.split(\"\\n\")` is empty:  plans/it.rhai:16\n  left out: command `handle")
        .stdout_has("whether `state == \"bad\"` is false: it is taken so above  plans/it.rhai:7")
        .stdout_has("is true: it is taken so above, once  plans/it.rhai:15")
        .stdout_lacks("never");
}

#[test]
fn a_number_or_a_boolean_made_of_what_nobody_knows_is_unknown_too() {
    project()
        .plan(
            "it",
            r#"
                fn is_big(n) { n > 10 }
                let seen = run_command("look", "web1").first;
                let bad = seen["code"] > 3;
                if bad { run_command("mend", "web1"); }
                let count = seen["count"];
                let big = count > 5;
                if big { run_command("shrink", "web1"); }
                let off = !seen.value.enabled;
                if off { run_command("enable", "web1"); }
                let number = parse_int(seen.stdout.trim());
                let twice = number * 2;
                if is_big(twice) { run_command("halve", "web1"); }
                let ready = false;
                ready = seen["ready"] == 1;
                if !ready && bad { run_command("wait", "web1"); }
                let flags = parallel(["web1", "web2"], |name| run_command("ask", name).first["up"] == 1);
                let all_up = flags.all(|up| up);
                if all_up { run_command("celebrate", "web"); }
                let later = || bad;
                if later.call() { run_command("late", "web1"); }
            "#,
        )
        .line("plan preview it")
        .run()
        .code(0)
        .stdout_has("If `bad` is true:  plans/it.rhai:5\n  └─ command `mend` on web1")
        .stdout_has("If `big` is true:  plans/it.rhai:8\n  └─ command `shrink` on web1")
        .stdout_has("command `enable` on web1")
        .stdout_has("If `is_big(twice)` is true:  plans/it.rhai:13\n  └─ command `halve` on web1")
        .stdout_has("If `!ready && bad` is true:  plans/it.rhai:16\n  └─ command `wait` on web1")
        .stdout_has("command `celebrate` on web1, web2")
        .stdout_has("If `all_up` is false:  plans/it.rhai:19\n  left out: command `celebrate`")
        .stdout_has("command `late` on web1");
}

#[test]
fn what_is_known_is_not_asked_for_whatever_else_is_unknown() {
    project()
        .plan(
            "it",
            r#"
                param count: Integer = 3;
                let seen = run_command("look", "web").first.stdout;
                let found = parallel(["web1", "web2"], |name| {
                    let ran = run_command(`ask ${name}`, name).ok;
                    if ran { run_command(`tell ${seen}`, name); }
                    let text = run_command("again", name).first.stdout;
                    print(text);
                    1
                });
                let nodes = targets("web");
                let many = nodes.len > count;
                let total = found.len() + 1;
                let ok = run_command("check", nodes, #{ catch_errors: true }).ok;
                if many { run_command("never", nodes); }
                if total > 2 && ok { run_command("always", nodes); }
                let left = count;
                while left > 0 { left -= 1; }
                let settings = #{ fast: total == 3 };
                settings.slow = !settings.fast;
                if settings.slow { run_command("slowly", nodes); }
            "#,
        )
        .line("plan preview it")
        .run()
        .code(0)
        .stdout_has("command `always` on web1, web2")
        .stdout_lacks("is true:")
        .stdout_lacks("is false")
        .stdout_lacks("never")
        .stdout_lacks("slowly");
}

#[test]
fn a_decision_that_is_only_come_upon_on_another_way_is_followed_from_there() {
    let told = project()
        .plan(
            "it",
            r#"
                let seen = run_command("look", "web1").first;
                if seen["a"] == 1 {
                    if seen["b"] == 2 { run_command("both", "web1"); }
                    run_command("one", "web1");
                }
            "#,
        )
        .line("plan preview it --format json")
        .run()
        .code(0)
        .json();
    let choices = told["choices"].as_array().unwrap();
    let told: Vec<(usize, usize)> = choices
        .iter()
        .map(|choice| {
            let length = |key: &str| choice[key].as_array().unwrap().len();
            (length("if"), length("then"))
        })
        .collect();
    assert_eq!(told, [(1, 1), (2, 1)], "{choices:?}");
}

#[test]
fn a_loop_that_only_the_unknown_would_end_ends() {
    project()
        .plan(
            "it",
            r#"
                loop {
                    if run_command("poll", "web1").first.stdout == "done" { break; }
                }
                run_command("after", "web1");
            "#,
        )
        .line("plan preview it")
        .run()
        .code(0)
        .stdout_has("command `after` on web1")
        .stdout_has("the plan ends well");
}

#[test]
fn a_loop_without_an_end_is_cut_off() {
    project()
        .plan(
            "it",
            r#"
                run_command("before", "web1");
                loop { sleep("5s"); }
            "#,
        )
        .line("plan preview it")
        .run()
        .code(0)
        .stdout_has("command `before` on web1")
        .stdout_has("plans/it.rhai:3  (49999 times)")
        .stdout_has("the preview ends here: the plan asks for more than 50000 things");
}

/// What a preview asks: the choices, by what they are about.
fn asked(plan: &str) -> Vec<String> {
    let told = project()
        .plan("it", plan)
        .line("plan preview it --format json")
        .run()
        .code(0)
        .json();
    let decisions = told["decisions"].as_array().unwrap().iter();
    let texts = decisions.map(|decision| decision["text"].as_str().unwrap().to_owned());
    texts.collect()
}

#[test]
fn what_is_unknown_stays_so_on_its_way_through_blocks_maps_lists_and_calls() {
    let asked = asked(
        r#"
            fn act(bad) { if bad { run_command("act", "web1"); } }
            fn judge(r) { if r.ok { return r["n"] > 3; } false }
            fn state_of(r) { let n = r["n"]; #{ high: n > 7, name: r.target.name } }

            let seen = run_command("look", "web1").first;
            let up = parallel(["web1", "web2"], |name| { let r = run_command("ask", name).first; r["up"] == 1 });
            if up[0] { run_command("up", "web1"); }
            let state = #{ big: seen["count"] > 5, deep: #{ list: [seen["x"] == 1, true] } };
            if state.big { run_command("shrink", "web1"); }
            if state.deep.list[0] { run_command("deep", "web1"); }
            act(seen["code"] == 2);
            let judged = judge(seen);
            if judged { run_command("judged", "web1"); }
            if state_of(seen).high { run_command("high", "web1"); }
            let mode = switch seen.target.name { "web1" => seen["m"] > 1, _ => false };
            if mode { run_command("mode", "web1"); }
            let late = run_command("x", "web").filter(|r| r.stdout != "2.4").targets;
            if late.len > 0 { run_command("upgrade", late); }
            for line in seen.stdout.split("\n") { run_command(line, "web1"); }
            let part = #{ n: seen["n"] * 2 };
            if part.n > 4 { run_command("part", "web1"); }
        "#,
    );
    assert_eq!(
        asked,
        [
            "up[0]",
            "state.big",
            "state.deep.list[0]",
            "bad",
            "judged",
            "state_of(seen).high",
            "mode",
            "late.len > 0",
            "seen.stdout.split(\"\\n\")",
            "part.n > 4",
        ]
    );
}

#[test]
fn what_is_known_beside_the_unknown_is_not_asked_for() {
    let asked = asked(
        r#"
            param count: Integer = 3;
            let seen = run_command("look", "web1").first;
            let names = ["web1", "web2"];
            let done = parallel(names, |name| { let r = run_command(`tell ${seen.stdout}`, name); r.ok });
            if done[0] && done.len() == 2 { run_command("a", "web1"); }
            let ok = run_command(`ping ${seen.stdout}`, "web2", #{ env: #{ X: seen.stdout } }).ok;
            if ok { run_command("b", "web1"); }
            let state = #{ name: seen.stdout, big: seen["n"] > 1, count: count, list: [seen.stdout, 7] };
            if state.count > 2 && state["count"] < 9 && state.list[1] == 7 { run_command("c", "web1"); }
            if state.keys().len() > 2 && state.list.len() == 2 && "name" in state { run_command("d", "web1"); }
            let tried = attempt(|| { run_command(`x ${seen.stdout}`, "web1"); 5 });
            if tried.ok && tried.value == 5 { run_command("e", "web1"); }
            for text in [seen.stdout, "x"] { print(text); }
            for text in state.list { print(text); }
            let results = run_command("x", "web");
            for r in results.filter(|r| r.ok) { print(r.stdout); }
            let healthy = results.succeeded.targets;
            if healthy.len == 2 { run_command("f", healthy); }
            let list = [];
            list.push(count);
            push(list, count + 1);
            if list.len() == 2 { run_command("g", "web1"); }
            let told = || { print(seen.stdout); count };
            let three = told.call();
            while three > 5 { three -= 1; }
        "#,
    );
    assert_eq!(asked, ["three > 5"; 0], "{asked:?}");
}

#[test]
fn what_is_nested_as_deeply_as_a_plan_may_is_previewed() {
    for (open, close) in [
        ("[", "]"),
        ("#{ a: ", "}"),
        ("[f(#{ a: ", "})]"),
        ("f(|| { ", "})"),
    ] {
        let nested = |depth: usize| {
            format!(
                "let a = {}f(1){};\nprint(a);\nfn f(x) {{ x }}\n",
                open.repeat(depth),
                close.repeat(depth)
            )
        };
        let segue = (1..40).try_fold(project(), |segue, depth| {
            let name = format!("it{depth}");
            let segue = segue
                .plan(&name, &nested(depth))
                .line(&format!("plan check {name}"));
            let is_valid = segue.run().code == 0;
            if is_valid {
                Ok(segue)
            } else {
                Err((segue, depth))
            }
        });
        let (segue, refused) = segue.err().unwrap();
        let deepest = format!("plan preview it{}", refused - 1);
        segue
            .line(&deepest)
            .run()
            .code(0)
            .stdout_has("the plan ends well");
    }
}

#[test]
fn what_is_given_a_time_ends_within_it_where_nothing_takes_time() {
    project()
        .plan(
            "it",
            r#"
                let both = |name| { run_command("one", name); run_command("two", name).ok };
                print(timeout("5s", || both.call("web1")));
                print(wait(background(|| both.call("web2")), "5s"));
                let steps = graph("steps");
                steps.step("a", #{ timeout: "5s" }, || run_command("three", "web"));
                steps.run();
                let polled = attempt(|| timeout("5s", || loop { run_command("poll", "web1"); sleep("1s"); }));
                print(polled.error.kind);
            "#,
        )
        .line("plan preview it")
        .run()
        .code(0)
        .stdout_has("print \"true\"")
        .stdout_has("command `three` on web1, web2")
        .stdout_has("print \"segue/timeout\"")
        .stdout_has("the plan ends well");
}

#[test]
fn a_closure_that_nobody_knows_the_answer_of_is_taken_to_say_yes() {
    project()
        .plan(
            "it",
            r#"
                let names = ["web1", "web2"];
                for name in names.filter(|n| run_command("check", n).first["ready"]) { run_command("use", name); }
                let results = run_command("look", "web");
                let seen = #{ web1: results.first, web2: results.first };
                let late = names.filter(|n| !seen[n]["idle"]);
                if late.len() > 0 { run_command("late", late); }
                let old = names.filter(|n| run_command("version", n).first.stdout == "1");
                for name in old { run_command(`upgrade ${name}`, name); }
                wait_until(#{ timeout: "5m" }, || run_command("ready", "web1").first["ready"]);
                wait_until(#{ timeout: "5m" }, || run_command("up", "web1").first.stdout == "up");
                let ready = results.filter(|r| r["ready"]);
                if ready.len == 2 { run_command("both", ready.targets); }
                if results.count(|r| r["busy"]) > 1 { run_command("many", "web"); }
                let found = names.find(|n| run_command("find", n).first["me"]) ?? "nobody";
                print(found);
            "#,
        )
        .line("plan preview it")
        .run()
        .code(0)
        .stdout_has("command `use` on web1")
        .stdout_has("command `use` on web2")
        .stdout_has("If `late.len() > 0` is false:")
        .stdout_has("command `upgrade web2` on web2")
        .stdout_has("command `both` on web1, web2")
        .stdout_has("If `ready.len == 2` is false:")
        .stdout_has("If `results.count(|r| r[\"busy\"]) > 1` is false:")
        .stdout_has("print \"web1\"")
        .stdout_has("the plan ends well");
}

#[test]
fn a_closure_that_gives_no_boolean_fails_in_a_preview_too() {
    project()
        .plan("it", "[1].filter(|n| `number ${n}`);\n")
        .line("plan preview it")
        .run()
        .code(5)
        .stdout_has("must give a Boolean, but gives a String");
}

#[test]
fn what_is_given_a_time_is_cut_off_when_it_sleeps_longer_or_has_no_end() {
    project()
        .plan(
            "it",
            r#"
                let many = [];
                for i in 0..1300 { many.push(`x ${i}`); }
                timeout("1h", || for text in many { run_command(text, "web1"); });
                let kind_of = |body| attempt(|| timeout("5s", body)).error?.kind;
                let polled = kind_of.call(|| loop { run_command("poll", "web1"); sleep("2s"); });
                print(`polled ${polled}`);
                let slept = kind_of.call(|| { sleep("4s"); sleep("1s"); 1 });
                print(`slept ${slept}`);
                let inner = kind_of.call(|| loop { attempt(|| timeout("2s", || loop { sleep("1s"); })); });
                print(`inner ${inner}`);
                let busy = kind_of.call(|| loop { run_command("busy", "web1"); });
                print(`busy ${busy}`);
            "#,
        )
        .line("plan preview it")
        .run()
        .code(0)
        .stdout_has("command `x 1299`")
        .stdout_has("print \"polled segue/timeout\"")
        .stdout_has("print \"slept \"")
        .stdout_has("print \"inner segue/timeout\"")
        .stdout_has("print \"busy segue/timeout\"")
        .stdout_has("the plan ends well");
}

#[test]
fn what_is_looked_at_in_the_background_is_asked_for_where_it_is_waited_for() {
    let asked = asked(
        r#"
            fn two() { run_command("b", "web2"); run_command("c", "web2").ok }
            let busy = background(|| run_command("a", "web1").first["x"] > 3);
            let ok = two();
            if ok { run_command("d", "web1"); }
            let late = background(|| { let n = parallel(["web1"], |t| run_command("e", t).first["y"]); n[0] == 1 });
            let still = two();
            if still { run_command("f", "web1"); }
            let is_busy = wait(busy);
            if is_busy { run_command("g", "web1"); }
            if wait([late])[0] { run_command("h", "web1"); }
        "#,
    );
    assert_eq!(asked, ["is_busy", "wait([late])[0]"]);
}

#[test]
fn a_preview_waits_for_what_it_gave_up_and_says_so() {
    let segue = Segue::new().inventory("targets: [{ name: web1, config: { transport: local } }]\n");
    let file = segue.root().join("process");
    let script = format!(
        "#!/bin/sh\ntrap '' TERM\necho $$ >'{}'\nwhile :; do sleep 0.1; done\n",
        file.display()
    );
    let segue = segue
        .task("touch", METADATA, &script)
        .plan(
            "it",
            r#"run_task("touch", "web1", #{}, #{ timeout: "5s" });"#,
        )
        .line("plan preview it --noop");
    segue
        .run()
        .stderr_has("warning: waiting for web1, where what was given up is being ended");
    let process = std::fs::read_to_string(file).unwrap();
    assert!(!std::path::Path::new("/proc").join(process.trim()).exists());
}
