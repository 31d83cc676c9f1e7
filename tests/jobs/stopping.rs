//! Stopping in stages, by signals and by other processes.

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
    run.end().code(130).stderr_has("segue job rerun");
    project
        .run("job rerun last --unreached")
        .code(0)
        .stdout_has("1 target, 1 ok");
    assert_eq!(project.counted(), "x.y=2");
}
