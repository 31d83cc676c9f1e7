//! The controller is killed, at any moment; the job goes on, and nothing is done twice: what was under way is collected.

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::project::{Project, until};
use crate::sshd::Sshd;

const PLAN: &str = r#"
let began = now();
count("one", "all");
let probe = attempt(|| count("probe", "b"));
let both = parallel(["a", "c"], |name| {
    count("left", name);
    count("right", name);
    name
});
retry(#{ attempts: 3, delay: 0 }, || count("again", "a"));
print("nearly there");
count("last", "all");
#{ probe: probe.ok, both: both, chance: random(1, 1000000) }
"#;

/// On this machine itself.
const LOCAL_MOMENTS: usize = 8;
/// Over a real server, by each of the threads.
const SSH_MOMENTS: usize = 13;
/// Most of it is waiting for processes, so more threads than cores.
const THREADS: usize = 4;

fn value(events: &[serde_json::Value]) -> serde_json::Value {
    let mut value = events.last().unwrap()["value"].clone();
    assert!(value["chance"].as_i64().is_some());
    value["chance"] = 0.into();
    value
}

#[test]
fn killed_at_any_moment_it_comes_to_the_same_end() {
    let project = Project::new(PLAN);
    kill_again_and_again(&project, rand::random(), LOCAL_MOMENTS);
}

#[test]
fn killed_at_any_moment_it_comes_to_the_same_end_over_a_real_server() {
    let sshd = Sshd::with(3).start();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let project = Project::over_ssh(&sshd, PLAN);
                kill_again_and_again(&project, rand::random(), SSH_MOMENTS);
            });
        }
    });
}

/// Kills runs of the plan after some of their events and a while, and goes on with each.
fn kill_again_and_again(project: &Project, seed: u64, moments: usize) {
    project.mark("bad.probe.b");
    let whole = project.run("plan run test::work --format jsonl").code(0);
    let lines = whole.stdout.lines().count();
    let end = value(&project.events());
    let keys: Vec<String> = project.counts().into_keys().collect();
    assert_eq!(keys.len(), 12);
    let mut random = StdRng::seed_from_u64(seed);
    for moment in 0..moments {
        project.forget_counts();
        let after = random.random_range(1..lines);
        let pause = random.random_range(0..3000);
        let context =
            format!("seed {seed}, moment {moment}: after {after} events and {pause} turns");
        let mut run = project.start("plan run test::work --format jsonl");
        assert_eq!(run.read_lines(after), after, "{context}");
        for _ in 0..pause {
            std::thread::yield_now();
        }
        run.kill();
        let state = project.state();
        if state == "finished" {
            // It was faster than the killing.
            continue;
        }
        assert_eq!(state, "died", "{context}");
        let again = project.run("plan resume last");
        assert_eq!(
            again.code, 0,
            "{context}\n{}\n{}",
            again.stdout, again.stderr
        );
        let resumed = project.events();
        assert_eq!(value(&resumed), end, "{context}\n{}", again.stdout);
        let counts = project.counts();
        assert_eq!(
            counts.keys().cloned().collect::<Vec<_>>(),
            keys,
            "{context}"
        );
        // The one that failed is tried again if its effect had not ended.
        let twice = counts
            .iter()
            .find(|(name, count)| **count > 1 && *name != "probe.b");
        assert_eq!(twice, None, "{context}: {counts:?}");
    }
}

#[test]
fn what_was_under_way_is_a_persons_to_decide() {
    for (flag, code, count) in [
        ("--assume-lost ok", 0, 1),
        ("--rerun-lost", 0, 2),
        ("--assume-lost failed", 5, 1),
    ] {
        let project =
            Project::new("count(\"one\", \"a\"); count(\"two\", \"a\"); count(\"three\", \"a\");");
        project.mark("hold.two.a");
        let run = project.start("plan run test::work");
        until("the second task", || project.exists("ran.two.a"));
        run.kill();
        project.hide_outcomes();
        project.unmark("hold.two.a");
        assert_eq!(project.state(), "died");
        project
            .run("job wait last")
            .code(1)
            .stderr_has("segue job resume");
        project
            .run("plan resume last --preview")
            .code(0)
            .stdout_has("lost a")
            .stdout_has("--rerun-lost");
        project
            .run("plan resume last")
            .code(5)
            .stderr_has("what became of 1 target is not known")
            .stderr_has("--assume-lost");
        assert_eq!(project.counts()["two.a"], 1);
        project.run(&format!("plan resume last {flag}")).code(code);
        assert_eq!(project.counts()["two.a"], count, "{flag}");
        assert_eq!(project.counts()["one.a"], 1);
    }
}

#[test]
fn a_task_whose_controller_died_goes_on_and_collects_what_was_under_way() {
    let project = Project::new("");
    project.mark("hold.x.y");
    let run = project.start("task run test::count name=x me=y -t a,b,c -c 1");
    until("the task", || project.exists("ran.x.y"));
    run.kill();
    assert_eq!(project.state(), "died");
    project.unmark("hold.x.y");
    project
        .run("job resume last")
        .code(0)
        .stdout_has("3 targets, 3 ok");
    assert_eq!(project.counted(), "x.y=3");
    until("a clean target", || project.outcomes().is_empty());
}

#[test]
fn what_was_under_way_is_collected() {
    let project = Project::new(
        "count(\"one\", \"a\"); let two = count(\"two\", \"a\"); two.first[\"counted\"]",
    );
    project.mark("hold.two.a");
    let run = project.start("plan run test::work");
    until("the second task", || project.exists("ran.two.a"));
    run.kill();
    project.unmark("hold.two.a");
    project.run("plan resume last").code(0);
    assert_eq!(project.events().last().unwrap()["value"], "two.a");
    assert_eq!(project.counted(), "one.a=1 two.a=1");
    until("a clean target", || project.outcomes().is_empty());
}
