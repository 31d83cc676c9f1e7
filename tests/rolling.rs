//! Ordering many machines safely, on the embedded fleet through the real command: batches, budgets, tiers, rollbacks.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use ::segue::fleet::{Fleet, FleetSpec, FleetTarget, FleetTier, Latency};
use serde_json::Value;

use crate::segue::{Ran, Segue};

/// A fleet that plays for as long as it is held.
struct Playing {
    fleet: Option<Fleet>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Playing {
    fn start(spec: FleetSpec) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let fleet = runtime.block_on(Fleet::start(spec)).unwrap();
        Self {
            fleet: Some(fleet),
            runtime: Some(runtime),
        }
    }

    fn fleet(&self) -> &Fleet {
        self.fleet.as_ref().unwrap()
    }

    fn project(&self) -> Segue {
        Segue::new().inventory(&self.fleet().inventory().unwrap())
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        // A fleet ends its connections on its runtime.
        drop(self.fleet.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The events that a run printed as lines of JSON.
fn events(ran: &Ran) -> Vec<Value> {
    ran.stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn of_kind<'a>(events: &'a [Value], kind: &str) -> impl Iterator<Item = &'a Value> {
    events.iter().filter(move |event| event["kind"] == kind)
}

/// How each step ended: the last that was told of it.
fn ends(events: &[Value]) -> BTreeMap<String, String> {
    let finished = of_kind(events, "step_finished").map(|event| (event, event["status"].clone()));
    let skipped = of_kind(events, "step_skipped").map(|event| (event, "skipped".into()));
    finished
        .chain(skipped)
        .map(|(event, status)| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&event["name"]), text(&status))
        })
        .collect()
}

/// How often something was asked for with that version: the new one is a step, the old one its undo.
fn asked(events: &[Value], object: &str, targets: &str, version: &str) -> usize {
    of_kind(events, "effect_started")
        .filter(|event| {
            let asked = &event["asked"];
            let on = asked["targets"][0].as_str().unwrap_or_default();
            asked["object"] == object
                && asked["params"]["version"] == version
                && on.starts_with(targets)
        })
        .count()
}

/// What a target of the shop has of the package.
fn version(playing: &Playing, target: &str, package: &str) -> String {
    let directory = playing.fleet().directory(target).unwrap();
    let path = directory.join("packages").join(package);
    std::fs::read_to_string(path)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

#[test]
fn a_fault_at_every_step_of_the_deploy_in_turn_ends_it_there_and_undoes_what_was_done_once() {
    // The fault strikes the run after so many on that target: every one looks at its package first, and what is
    // given to `app` and `web` was fetched there before.
    type Case = (
        &'static str,
        Option<&'static str>,
        &'static [(&'static str, &'static str)],
    );
    let cases: [Case; 5] = [
        (
            "nothing",
            None,
            &[
                ("app", "done"),
                ("fetch", "done"),
                ("migrate", "done"),
                ("web", "done"),
            ],
        ),
        (
            "fetch",
            Some("app2:exit=1,after 1,1x"),
            &[
                ("app", "unreached"),
                ("fetch", "failed"),
                ("migrate", "undone"),
                ("web", "unreached"),
            ],
        ),
        (
            "migrate",
            Some("db1:exit=1,after 1,1x"),
            &[
                ("app", "unreached"),
                ("fetch", "done"),
                ("migrate", "failed"),
                ("web", "unreached"),
            ],
        ),
        (
            "app",
            Some("app3:exit=1,after 2,1x"),
            &[
                ("app", "failed"),
                ("fetch", "done"),
                ("migrate", "undone"),
                ("web", "unreached"),
            ],
        ),
        (
            "web",
            Some("web2:exit=1,after 2,1x"),
            &[
                ("app", "undone"),
                ("fetch", "done"),
                ("migrate", "undone"),
                ("web", "failed"),
            ],
        ),
    ];
    for (step, fault, expected) in cases {
        let mut spec = FleetSpec::demo();
        spec.faults.extend(fault.map(|rule| rule.parse().unwrap()));
        let playing = Playing::start(spec);
        let ran = playing
            .project()
            .line("plan run deploy version=2.4.0 --format jsonl")
            .run()
            .code(if fault.is_some() { 5 } else { 0 });
        let events = events(&ran);
        let expected: BTreeMap<String, String> = expected
            .iter()
            .map(|(name, status)| ((*name).to_owned(), (*status).to_owned()))
            .collect();
        assert_eq!(ends(&events), expected, "a fault in {step}");
        let is = |step: &str, status: &str| usize::from(expected[step] == status);
        let undone = |step| is(step, "undone");
        assert_eq!(
            asked(&events, "demo::migrate", "db", "2.3.0"),
            undone("migrate"),
            "a fault in {step}"
        );
        for tier in ["app", "web"] {
            let begun = 1 - is(tier, "unreached");
            let install = |version| asked(&events, "package", tier, version);
            assert_eq!(install("2.4.0"), begun, "a fault in {step}");
            assert_eq!(install("2.3.0"), undone(tier), "a fault in {step}");
        }
        // What the machines say themselves.
        let app = if expected["app"] == "done" {
            "2.4.0"
        } else {
            "2.3.0"
        };
        if expected["app"] != "failed" {
            assert_eq!(version(&playing, "app1", "shop"), app, "a fault in {step}");
        }
    }
}

#[test]
fn a_rollback_goes_on_after_an_undo_that_fails_and_says_what_to_type() {
    let mut spec = FleetSpec::demo();
    // The third run on `web2` installs the new version, the sixth on `app3` the old one again.
    for fault in ["web2:exit=1,after 2,1x", "app3:exit=1,after 5,1x"] {
        spec.faults.push(fault.parse().unwrap());
    }
    let playing = Playing::start(spec);
    let ran = playing
        .project()
        .line("plan run deploy version=2.4.0")
        .run()
        .code(5)
        .stdout_has("step app could not be undone")
        .stdout_has("step migrate undone")
        .stderr_has("this needs a human:")
        .stderr_has("`app` could not be undone: task `package` failed on 1 target")
        .stderr_has("segue task run package -t app3 action=install name=shop version=2.3.0")
        .stderr_has("`web` failed and may be half done")
        .stderr_has("`fetch` was done and has no undo");
    assert_eq!(version(&playing, "app1", "shop"), "2.3.0");
    assert_eq!(version(&playing, "app3", "shop"), "2.4.0", "{}", ran.stdout);
}

/// Three tiers that need each other, of canned targets: `per_tier` in each, of which each twentieth fails. A real
/// balancer has a place for each of them.
fn three_tiers(per_tier: usize) -> FleetSpec {
    let mut spec = FleetSpec::default();
    let mut balancer = FleetTarget::new("lb1", "balancers");
    for (tier, needs) in [("db", ""), ("app", ":db"), ("web", ":app")] {
        let tier: FleetTier = format!("{tier}={per_tier}{needs}").parse().unwrap();
        spec = spec.with_tier(tier);
    }
    for (number, target) in spec.targets.iter_mut().enumerate() {
        balancer.add_state(&format!("pool/{}", target.name), "in");
        let exit = u8::from(number % 20 == 7);
        *target = target.clone().canned("", exit);
    }
    spec.targets.push(balancer);
    spec
}

fn failing(targets: usize) -> usize {
    (0..targets).filter(|number| number % 20 == 7).count()
}

/// How many machines the events have out of the balancer at the same time, at the worst moment: from when they are asked to
/// be taken out until they are back.
fn out_at_once(events: &[Value]) -> usize {
    let mut asked: HashMap<String, (bool, Vec<String>)> = HashMap::new();
    let (mut out, mut most) = (BTreeSet::new(), 0);
    for event in events {
        match event["kind"].as_str().unwrap() {
            "effect_started" => {
                let object = event["asked"]["object"].as_str().unwrap();
                let nodes = event["asked"]["params"]["nodes"].as_array();
                let names = nodes.into_iter().flatten();
                let nodes = names.map(|name| name.as_str().unwrap().to_owned());
                let is_drain = object == "demo::drain";
                if is_drain {
                    out.extend(nodes.clone());
                }
                asked.insert(event["effect"].to_string(), (is_drain, nodes.collect()));
            }
            "effect_finished" => {
                if let Some((false, nodes)) = asked.get(&event["effect"].to_string()) {
                    for node in nodes {
                        out.remove(node);
                    }
                }
            }
            _ => {}
        }
        most = most.max(out.len());
    }
    assert!(out.is_empty(), "{out:?} stay out");
    most
}

const ROLL: &str = r#"
    param budget: String;
    import "std" as std;
    let outcome = std::in_tiers("db,app,web", #{
        batch: 25, max_failures: budget, enable_failed: true,
        drain: |nodes| run_task("demo::drain", "lb1", #{ nodes: nodes.names }),
        enable: |nodes| run_task("demo::enable", "lb1", #{ nodes: nodes.names }),
    }, |nodes| run_command("restart", nodes, #{ catch_errors: true }));
    #{ done: outcome.done.len, failed: outcome.failed.len, unreached: outcome.unreached.len }
"#;

#[test]
fn a_rolling_restart_of_a_thousand_targets_keeps_to_the_batch_and_reaches_every_target() {
    const PER_TIER: usize = 334;
    let playing = Playing::start(three_tiers(PER_TIER));
    let ran = playing
        .project()
        .plan("roll", ROLL)
        .arguments(["plan", "run", "roll", "budget=5%", "--format", "jsonl"])
        .run()
        .code(0);
    let total = 3 * PER_TIER;
    assert_eq!(failing(total), total / 20);
    let log = playing.fleet().log();
    assert_eq!(log.most_at_once("pool", "out"), 25);
    let events = events(&ran);
    assert_eq!(out_at_once(&events), 25);
    assert!(at_once(&events).0 <= 25);
    let finished = of_kind(&events, "job_finished").last().unwrap();
    assert_eq!(finished["value"]["done"], total - total / 20);
    assert_eq!(finished["value"]["failed"], total / 20);
    assert_eq!(finished["value"]["unreached"], 0);
    // A result for every target, once; and no tier begins before the one that it needs is through.
    let mut order: Vec<String> = Vec::new();
    let mut results: HashMap<String, usize> = HashMap::new();
    for event in of_kind(&events, "target_finished") {
        let target = event["result"]["target"].as_str().unwrap();
        if target != "lb1" {
            *results.entry(target.to_owned()).or_default() += 1;
            let tier = target.trim_end_matches(|letter: char| letter.is_ascii_digit());
            if order.last().is_none_or(|last| last != tier) {
                order.push(tier.to_owned());
            }
        }
    }
    assert_eq!(results.len(), total);
    assert!(results.values().all(|count| *count == 1));
    assert_eq!(order, ["db", "app", "web"]);
}

#[test]
fn a_rolling_restart_ends_at_the_first_failure_over_its_budget() {
    const PER_TIER: usize = 40;
    let total = 3 * PER_TIER;
    let allowed = failing(total) - 3;
    let playing = Playing::start(three_tiers(PER_TIER));
    let ran = playing
        .project()
        .plan("roll", ROLL)
        .line(&format!("plan run roll budget={allowed} --format json"))
        .run()
        .code(8);
    let document = ran.json();
    assert_eq!(document["status"], "over_budget", "{document}");
    let failure = &document["_error"];
    assert_eq!(failure["kind"], "segue/over-budget", "{document}");
    let count = |what: &str| failure["details"][what].as_array().unwrap().len();
    // The 4th failure of 6 is the 68th target: in the second batch of the second tier, after 40 + 25 others.
    assert_eq!(count("failed"), allowed + 1);
    assert_eq!(count("done") + count("failed"), 80);
    assert_eq!(count("unreached"), total - 80);
}

/// How many targets ran at the same time, at the worst moment, and which were never started.
fn at_once(events: &[Value]) -> (usize, BTreeSet<String>) {
    let (mut running, mut most) = (BTreeSet::new(), 0);
    let mut unreached = BTreeSet::new();
    for event in events {
        match event["kind"].as_str().unwrap() {
            "target_started" => {
                running.insert(event["target"].as_str().unwrap().to_owned());
            }
            "target_finished" => {
                let target = event["result"]["target"].as_str().unwrap();
                running.remove(target);
                if event["result"]["status"] == "unreached" {
                    unreached.insert(target.to_owned());
                }
            }
            _ => {}
        }
        most = most.max(running.len());
    }
    (most, unreached)
}

#[test]
fn batches_and_budget_of_one_action_are_kept_exactly() {
    let playing = Playing::start(three_tiers(20));
    // Of 60 targets the 8th, the 28th and the 48th fail.
    let run = |options: &str, code: i32| {
        let plan = format!(r#"run_command("restart", "db,app,web", #{{ {options} }});"#);
        let ran = playing
            .project()
            .plan("one", &plan)
            .line("plan run one --format jsonl")
            .run()
            .code(code);
        let events = events(&ran);
        let results = of_kind(&events, "target_finished").count();
        assert_eq!(results, 60, "a result for every target: {options}");
        let (most, unreached) = at_once(&events);
        (most, unreached.len())
    };
    assert_eq!(run(r#"batch: "10%", max_failures: 3"#, 0), (6, 0));
    assert_eq!(run(r#"batch: "10%", max_failures: "5%""#, 0), (6, 0));
    // 3 of 60 are 5%, and 4.99% of 60 are 2.99: two may fail. The third fails in the 8th batch.
    assert_eq!(run(r#"batch: "10%", max_failures: "4.99%""#, 8), (6, 12));
    assert_eq!(run(r#"batch: "10%", max_failures: 1"#, 8), (6, 30));
    // Without a budget the first failure is the last that is borne, and no budget was overdrawn.
    assert_eq!(run(r#"batch: [1, "10%"]"#, 5), (6, 47));
    assert_eq!(
        run(r#"batch: 50, limit: 4, on_failure: "survivors""#, 0),
        (4, 0)
    );
}

#[test]
fn what_cannot_be_reached_counts_where_its_turn_is_and_nowhere_before() {
    let mut spec = three_tiers(4);
    for target in &mut spec.targets {
        if target.name.as_str() != "lb1" {
            *target = target.clone().canned("", 0);
        }
    }
    // Of twelve targets these are the 2nd and the 12th.
    for fault in ["db2:refuse", "web4:refuse"] {
        spec.faults.push(fault.parse().unwrap());
    }
    let playing = Playing::start(spec);
    let run = |options: &str, code: i32| {
        let plan = format!(
            r#"
            import "std" as std;
            let o = std::rolling("db,app,web", #{{ batch: 3, catch_errors: true, {options} }},
                                 |nodes| run_command("restart", nodes, #{{ catch_errors: true }}));
            `${{o.done.len}} ${{o.failed}} ${{o.unreached.len}}`
            "#
        );
        let ran = playing
            .project()
            .plan("one", &plan)
            .line("plan run one --format json")
            .run()
            .code(code);
        ran.json()["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(run("", 0), "2 db2 9");
    assert_eq!(run("max_failures: 1", 0), "10 db2, web4 0");
    assert_eq!(run("max_failures: \"8%\"", 0), "2 db2 9");
    assert_eq!(run("max_failures: \"8.34%\"", 0), "10 db2, web4 0");
    assert_eq!(run("max_failures: 2", 0), "10 db2, web4 0");
}

#[test]
fn a_step_works_on_no_more_targets_than_its_limit_all_its_actions_together() {
    let mut spec = three_tiers(20);
    // Long enough for all of them to be there at the same time.
    spec.latency = Latency::between(Duration::from_millis(100), Duration::from_millis(200));
    let playing = Playing::start(spec);
    let most = |options: &str| {
        let plan = format!(
            r#"
            let g = graph("g");
            g.step("work", #{{ {options} }}, || parallel(["db", "app", "web"], |tier|
                run_command("restart", tier, #{{ catch_errors: true }})));
            g.run();
            "#
        );
        let ran = playing
            .project()
            .plan("limited", &plan)
            .line("plan run limited --format jsonl")
            .run()
            .code(0);
        at_once(&events(&ran)).0
    };
    assert!(most("limit: 4") <= 4);
    assert!(most("") > 4);
}

#[test]
fn the_second_job_waits_for_a_target_or_fails_with_who_holds_it() {
    let segue = Segue::new()
        .inventory("targets:\n  - name: web1\n    uri: local://localhost\n  - name: web2\n    uri: local://localhost\n");
    let flag = segue.root().join("go");
    let begun = segue.root().join("begun");
    let wait = format!(
        "touch {}; while [ ! -e {} ]; do sleep 0.05; done",
        begun.display(),
        flag.display()
    );
    let segue = segue.plan("first", &format!("run_command(`{wait}`, \"web1\");"));
    let segue = segue.plan("second", "run_command(\"true\", \"web1,web2\");");
    let segue = segue.line("plan run first");
    let mut first = segue.command().spawn().unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while !begun.exists() {
        assert!(
            std::time::Instant::now() < deadline,
            "the first job never began"
        );
        std::thread::yield_now();
    }
    let segue = segue.line("plan run second --lock fail");
    segue
        .run()
        .code(5)
        .stdout_has("(plan `first` of tester, since ")
        .stdout_has("holds `web1`; `segue job show ")
        .stdout_has("2 not reached");
    let segue = segue
        .file("project/segue.yaml", "name: test\nlock: fail\n")
        .line("plan run second");
    segue.run().code(5).stdout_has("holds `web1`");
    let segue = segue.file("project/segue.yaml", "name: test\nlock: wiat\n");
    segue.run().code(2).stderr_has("did you mean `wait`?");
    let segue = segue.file("project/segue.yaml", "name: test\n");
    let segue = segue.line("plan run second --lock none");
    segue.run().code(0);
    let segue = segue.line("plan run second --format jsonl");
    let mut second = segue.command().spawn().unwrap();
    let mut told = std::io::BufReader::new(second.stdout.take().unwrap());
    let mut lines = String::new();
    while !lines.contains("waiting: job") {
        let read = std::io::BufRead::read_line(&mut told, &mut lines).unwrap();
        assert!(read > 0, "it did not wait: {lines}");
    }
    assert!(lines.contains("holds `web1`"), "{lines}");
    std::fs::write(&flag, "").unwrap();
    assert!(first.wait().unwrap().success());
    std::io::Read::read_to_string(&mut told, &mut lines).unwrap();
    assert!(second.wait().unwrap().success(), "{lines}");
}
