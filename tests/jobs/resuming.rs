//! Plans that failed go on where they failed.

use std::fs;

use super::project::{Project, until};

const PLAN: &str = r#"
param word: Sensitive[String] = "none";
//body
count("one", "all");
count("two", "all");
run_task("test::count", "a", #{ name: "three", me: "a", secret: word });
"done"
"#;

#[test]
fn only_the_targets_that_failed_are_run_again() {
    let project = Project::new(PLAN);
    project.mark("bad.two.b");
    project.run("plan run test::work word=hunter22").code(5);
    assert_eq!(
        project.counted(),
        "one.a=1 one.b=1 one.c=1 two.a=1 two.b=1 two.c=1"
    );
    project
        .run("plan resume last --preview")
        .code(0)
        .stdout_has("on b; kept a, c");
    // Still broken: it fails again, and only there.
    project.run("plan resume last").code(5);
    project.unmark("bad.two.b");
    let resumed = project.run("plan resume last --format json").code(0).json();
    assert_eq!(resumed["value"], "done");
    assert_eq!(
        project.counted(),
        "one.a=1 one.b=1 one.c=1 three.a=1 two.a=1 two.b=3 two.c=1"
    );
    project
        .run("plan resume last")
        .code(2)
        .stderr_has("has finished");
    // With the same secret an effect is the same one.
    project.run("plan resume last --redo test::nothing").code(2);
}

#[test]
fn an_effect_with_a_secret_is_known_again() {
    let project = Project::new(
        r#"
        param word: Sensitive[String] = "none";
        //body
        run_task("test::count", "a", #{ name: "one", me: "a", secret: word });
        count("two", "a");
        "#,
    );
    project.mark("bad.two.a");
    project.run("plan run test::work word=hunter22").code(5);
    project.unmark("bad.two.a");
    project.run("plan resume last").code(0);
    assert_eq!(project.counted(), "one.a=1 two.a=2");
}

#[test]
fn a_mended_plan_goes_on_and_says_what_it_no_longer_asks_for() {
    let project =
        Project::new("count(\"one\", \"all\"); count(\"two\", \"a\"); count(\"wrong\", \"a\");");
    project.mark("bad.wrong.a");
    project.run("plan run test::work").code(5);
    let project = project.mend(
        "// It has lines of its own now.\n\n\ncount(\"one\", \"all\"); count(\"new\", \"b\"); count(\"two\", \"a\");",
    );
    project
        .run("plan resume last")
        .code(0)
        .stderr_has("no longer asks for")
        .stderr_has("run_task count on a");
    assert_eq!(
        project.counted(),
        "new.b=1 one.a=1 one.b=1 one.c=1 two.a=1 wrong.a=1"
    );
}

#[test]
fn failures_that_were_caught_are_history_and_those_that_fail_was_told_of_are_not() {
    let project = Project::new(
        r#"
        let probed = run_task_with("test::count", "all", |t| #{ name: "probe", me: t.name }, #{ catch_errors: true });
        let done = run_task_with("test::count", "all", |t| #{ name: "work", me: t.name }, #{ catch_errors: true });
        if !done.ok { fail("work failed", done.failed); }
        "#,
    );
    project.mark("bad.probe.a");
    project.mark("bad.work.c");
    project.run("plan run test::work").code(5);
    project.unmark("bad.work.c");
    project.run("plan resume last").code(0);
    assert_eq!(
        project.counted(),
        "probe.a=1 probe.b=1 probe.c=1 work.a=1 work.b=1 work.c=2"
    );
}

#[test]
fn all_branches_that_failed_are_done_again() {
    let project = Project::new(r#"parallel(["a", "b", "c"], |name| count("x", name));"#);
    project.mark("bad.x.a");
    project.mark("bad.x.c");
    project.run("plan run test::work").code(5);
    project.unmark("bad.x.a");
    project.unmark("bad.x.c");
    project.run("plan resume last").code(0);
    assert_eq!(project.counted(), "x.a=2 x.b=1 x.c=2");
}

#[test]
fn what_is_named_is_done_again() {
    let project = Project::new(r#"run_command("echo one >> ../room/ran.cmd", "a"); fail("no");"#);
    let command = format!(
        "run_command(\"echo one >> {}/room/ran.cmd\", \"a\"); fail(\"no\");",
        project.segue.root().display()
    );
    let project = project.mend(&command);
    project.run("plan run test::work").code(5);
    project.run("plan resume last").code(5);
    assert_eq!(project.counted(), "cmd=1");
    let preview = project
        .run("plan resume last --preview --format json")
        .json();
    let effect = preview["lines"][0]["effect"].as_str().unwrap().to_owned();
    project
        .run(&format!("plan resume last --redo {effect}"))
        .code(5);
    assert_eq!(project.counted(), "cmd=2");
    project
        .run("plan resume last --from nowhere")
        .code(2)
        .stderr_has("nowhere");
}

#[test]
fn of_two_that_resume_one_wins() {
    let project = Project::new(PLAN);
    project.mark("bad.two.b");
    project.run("plan run test::work").code(5);
    project.unmark("bad.two.b");
    project.mark("hold.three.a");
    let winner = project.start("plan resume last");
    until("the last task", || project.exists("ran.three.a"));
    project
        .run("plan resume last")
        .code(2)
        .stderr_has("is run by process")
        .stderr_has("segue job stop");
    project.unmark("hold.three.a");
    winner.end().code(0);
    assert!(project.counted().contains("three.a=1"));
}

#[test]
fn a_task_goes_on_where_it_did_not_succeed() {
    let project = Project::new("");
    project.mark("bad.x.y");
    project.run("task run test::count name=x me=y -t a").code(4);
    project
        .run("job resume last name=z")
        .code(2)
        .stderr_has("goes on with the parameters that it began with");
    project.unmark("bad.x.y");
    project
        .run("job resume last")
        .code(0)
        .stdout_has("1 target, 1 ok");
    assert_eq!(project.counted(), "x.y=2");
    project
        .run("job resume last")
        .code(2)
        .stderr_has("has finished; nothing is left to do");
    project
        .run("job resume last --redo count")
        .code(0)
        .stdout_has("1 target, 1 ok");
    assert_eq!(project.counted(), "x.y=3");
}

#[test]
fn a_script_goes_on_at_the_targets_where_it_failed() {
    let project = Project::new("");
    let room = project.segue.root().join("room");
    // Whoever comes first fails, and that is `a`.
    let script = format!(
        "cd '{}' && mkdir once 2>/dev/null && exit 3\necho done >>done\n",
        room.display()
    );
    fs::write(project.segue.project().join("once.sh"), script).unwrap();
    project
        .run("script run once.sh -t a,b,c -c 1")
        .code(4)
        .stderr_has("`segue job resume ");
    project
        .run("job resume last --preview")
        .code(0)
        .stdout_has("on a; kept b, c");
    project
        .run("plan resume last")
        .code(0)
        .stdout_has("3 targets, 3 ok");
    let done = fs::read_to_string(room.join("done")).unwrap();
    assert_eq!(done.lines().count(), 3);
}

#[test]
fn a_failure_that_was_not_recorded_as_the_end_is_gone_on_after() {
    let project = Project::new(PLAN);
    project.mark("bad.two.b");
    project.run("plan run test::work").code(5);
    // As if it had been killed after the effect had ended, and before the plan could say that this was its end.
    let connection = rusqlite::Connection::open(project.store()).unwrap();
    connection
        .execute_batch(
            "DELETE FROM events WHERE id = (SELECT max(id) FROM events);
             UPDATE jobs SET seq_last = seq_last - 1;",
        )
        .unwrap();
    drop(connection);
    project.unmark("bad.two.b");
    project
        .run("plan resume last")
        .code(0)
        .stderr_has("going on after it");
    assert_eq!(
        project.counted(),
        "one.a=1 one.b=1 one.c=1 three.a=1 two.a=1 two.b=2 two.c=1"
    );
}

#[test]
fn who_had_what_done_again_is_on_record() {
    let project = Project::new(PLAN);
    project.run("plan run test::work").code(0);
    project
        .run("plan resume last --redo count")
        .code(0)
        .stdout_has("--redo count");
    project
        .run("job show")
        .code(0)
        .stdout_has("Resumed")
        .stdout_has("tester")
        .stdout_has("--redo count");
    let events = project.events();
    let resumed = events.iter().find(|event| event["kind"] == "job_resumed");
    let resumed = resumed.expect("the resume is an event");
    assert_eq!(resumed["flags"][0], "--redo count");
    assert_eq!(resumed["origin"]["user"], "tester");
}
