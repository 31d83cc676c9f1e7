//! Stopping in stages, by signals and by other processes.

use std::path::PathBuf;

use super::project::{Project, Running, until};

const PLAN: &str = r#"
count("one", "a");
count("two", "a,b");
count("three", "a");
"#;

fn held(project: &Project) -> Running {
    project.mark("hold.two.a");
    let run = project.start("plan run test::work -c 1");
    until("the second task", || project.exists("ran.two.a"));
    run
}

#[test]
fn the_first_signal_lets_end_what_runs() {
    for signal in ["INT", "TERM"] {
        let project = Project::new(PLAN);
        let run = held(&project);
        run.signal(signal);
        until("the stopping", || project.state() == "stopping");
        project.unmark("hold.two.a");
        run.end()
            .code(130)
            .stderr_has("waiting for a to come to an end")
            .stderr_has("segue plan resume");
        assert_eq!(project.counted(), "one.a=1 two.a=1");
        assert_eq!(project.state(), "stopped");
        project.run("plan resume last").code(0);
        assert_eq!(project.counted(), "one.a=1 three.a=1 two.a=1 two.b=1");
    }
}

#[test]
fn another_process_stops_it_and_again_harder() {
    let project = Project::new(PLAN);
    let run = held(&project);
    project
        .run("job stop last")
        .code(0)
        .stderr_has("nothing new starts");
    until("the stopping", || project.state() == "stopping");
    project
        .run("job stop last")
        .code(0)
        .stderr_has("end what runs");
    // It is never let go, so it has to be ended.
    run.end().code(130).stderr_has("ending what runs on a");
    assert_eq!(project.state(), "stopped");
    project
        .run("job stop last")
        .code(2)
        .stderr_has("segue plan resume");
    project.unmark("hold.two.a");
    project.run("plan resume last").code(0);
    assert_eq!(project.counted(), "one.a=1 three.a=1 two.a=2 two.b=1");
}

#[test]
fn the_third_signal_leaves_everything() {
    let project = Project::new(PLAN);
    let mut run = held(&project);
    run.signal("INT");
    until("the stopping", || project.state() == "stopping");
    until("the end", || {
        if !run.is_over() {
            run.signal("INT");
        }
        run.is_over()
    });
    run.end().code(130);
    project.unmark("hold.two.a");
}

#[test]
fn a_stopped_task_says_so() {
    let project = Project::new("");
    project.mark("hold.x.y");
    let run = project.start("task run test::count name=x me=y -t a,b -c 1");
    until("the task", || project.exists("ran.x.y"));
    run.signal("INT");
    until("the stopping", || project.state() == "stopping");
    project.unmark("hold.x.y");
    run.end().code(130).stderr_has("segue job resume");
    project
        .run("job resume last")
        .code(0)
        .stdout_has("2 targets, 2 ok");
    assert_eq!(project.counted(), "x.y=2");
}

#[test]
fn a_resumed_job_that_is_stopped_while_it_waits_for_what_was_under_way_is_stopped_and_ends_that() {
    let project = Project::new("");
    project.mark("hold.x.y");
    let run = project.start("task run test::count name=x me=y -t a");
    until("the task", || project.exists("ran.x.y"));
    run.kill();
    let again = project.start("job resume last");
    until("the asking", || project.state() == "running");
    again.signal("INT");
    until("the stopping", || project.state() == "stopping");
    again.signal("INT");
    again
        .end()
        .code(130)
        .stderr_lacks("lost_targets")
        .stderr_has("segue job resume");
    assert_eq!(project.state(), "stopped");
    project.unmark("hold.x.y");
    // What the target knows depends on how far the ending had come: nothing more of the run, so that it is done again;
    // that it was ended, which is a failure; or that it is gone, which is a person's to decide.
    let again = project.run("job resume last");
    match again.code {
        4 => {
            project.run("job resume last").code(0);
        }
        5 => {
            again.stderr_has("what became of 1 target is not known");
            project.run("job resume last --rerun-lost").code(0);
        }
        _ => {
            again.code(0);
        }
    }
    assert_eq!(project.counted(), "x.y=2");
}

/// `c` is the balancer. A task that is held keeps the job where it is.
const ROLL: &str = r#"
import "std" as std;
std::rolling("a,b", #{
    batch: 2,
    drain: |nodes| count("drain", "c"),
    check: |nodes| { sleep(0); count("check", nodes) },
    enable: |nodes| count("enable", "c"),
}, |nodes| { count("work", nodes); count("more", nodes) });
count("end", "c");
"#;

/// A plan whose first work is held, after the first signal.
fn stopping_at_work(project: &Project) -> Running {
    project.mark("hold.work.a");
    let run = project.start("plan run test::work");
    until("the work", || project.exists("ran.work.a"));
    run.signal("INT");
    until("the stopping", || project.state() == "stopping");
    run
}

#[test]
fn a_batch_is_put_back_when_the_job_is_stopped_and_taken_out_again_when_it_is_resumed() {
    let project = Project::new(ROLL);
    let run = stopping_at_work(&project);
    project.unmark("hold.work.a");
    run.end().code(130);
    assert_eq!(
        project.counted(),
        "check.a=1 check.b=1 drain.c=1 enable.c=1 work.a=1 work.b=1"
    );
    project
        .run("plan resume last --preview")
        .code(0)
        .stdout_has("performed  run_task count; on c  around/before");
    project.run("plan resume last").code(0);
    assert_eq!(
        project.counted(),
        "check.a=2 check.b=2 drain.c=2 enable.c=2 end.c=1 more.a=1 more.b=1 work.a=1 work.b=1"
    );
}

#[test]
fn a_clean_up_may_wait_and_the_second_signal_ends_it() {
    let project = Project::new(
        r#"finally(|| count("work", "a"), || { sleep("1h"); count("tidy", "a") }); count("end", "a");"#,
    );
    let run = stopping_at_work(&project);
    project.unmark("hold.work.a");
    until("the waiting", || {
        let events = project.events();
        events
            .iter()
            .any(|event| event["asked"]["function"] == "sleep")
    });
    run.signal("INT");
    run.end()
        .code(130)
        .stdout_has("not cleaned up: sleep 1 h (plans/work.rhai:")
        .stdout_has("and what comes after it");
    assert_eq!(project.counted(), "work.a=1");
}

#[test]
fn a_clean_up_that_the_second_signal_forbids_is_told_as_not_begun_and_named_at_the_end() {
    let project = Project::new(
        r#"finally(|| count("work", "a"), || { count("tidy", "a,b"); count("more", "a") });"#,
    );
    let run = stopping_at_work(&project);
    run.signal("INT");
    run.end()
        .code(130)
        .stdout_has("  - not begun: the job was being stopped")
        .stdout_has("not cleaned up: run_task count on a, b (plans/work.rhai:");
    project
        .run("job show last")
        .stdout_has("NOT CLEANED UP (1)")
        .stdout_has("run_task count on a, b (plans/work.rhai:");
    let shown = project.run("job show last --format json").json();
    assert_eq!(shown["not_cleaned_up"][0]["object"], "count");
    project.unmark("hold.work.a");
    project
        .run("plan resume last")
        .code(0)
        .stdout_lacks("not cleaned up");
    assert_eq!(project.counted(), "more.a=1 tidy.a=1 tidy.b=1 work.a=2");
}

#[test]
fn a_clean_up_that_a_mended_plan_asks_for_no_more_is_not_named_when_it_has_finished() {
    let project = Project::new(r#"finally(|| count("work", "a"), || count("tidy", "a,b"));"#);
    let run = stopping_at_work(&project);
    run.signal("INT");
    run.end().code(130).stdout_has("not cleaned up:");
    project.unmark("hold.work.a");
    let project = project.mend(r#"count("work", "a");"#);
    project
        .run("plan resume last")
        .code(0)
        .stdout_lacks("not cleaned up");
    project.run("job show last").stdout_lacks("NOT CLEANED UP");
}

/// A plan that runs what does not heed its signal for too long, and the file that gets the number of its process.
fn stubborn() -> (Project, PathBuf) {
    let project = Project::new("");
    let path = project.segue.root().join("process");
    let project = project.mend(&format!(
        r#"run_command(`trap "" TERM; echo $$ > '{}'; sleep 1000`, "a", #{{ timeout: "5s" }});"#,
        path.display()
    ));
    (project, path)
}

#[test]
fn a_run_that_does_not_heed_its_signal_is_told_in_time_and_has_ended_when_the_job_ends() {
    let (project, path) = stubborn();
    project
        .run("plan run test::work")
        .code(5)
        .stdout_has("it did not end within its time, and may still run there")
        .stdout_has("waiting for a, where what was given up is being ended; Ctrl-C leaves it");
    let process = std::fs::read_to_string(path).unwrap();
    assert!(!std::path::Path::new("/proc").join(process.trim()).exists());
}

#[test]
fn job_stop_leaves_what_was_given_up() {
    let (project, path) = stubborn();
    let run = project.start("plan run test::work");
    until("the process", || path.exists());
    until("the waiting", || {
        project
            .events()
            .iter()
            .any(|event| event["kind"] == "message_printed")
    });
    project.run("job stop last");
    run.end()
        .stdout_has("left, while what was given up on a may still run there");
}
