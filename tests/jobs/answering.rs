//! Approvals: the job is suspended, somebody answers, it goes on.

use super::project::Project;

const PLAN: &str = r#"
count("one", "a");
let answer = approve("go on?");
count("two", "a");
answer.by
"#;

#[test]
fn a_job_is_suspended_approved_and_resumed() {
    let project = Project::new(PLAN);
    project
        .run("plan run test::work")
        .code(9)
        .stderr_has("segue job approve")
        .stderr_has("segue plan resume");
    assert_eq!(project.state(), "suspended");
    project.run("job wait last").code(9);
    project.run("plan resume last").code(9);
    project
        .run("job approve last --comment fine")
        .code(0)
        .stderr_has("segue plan resume");
    project.run("job approve last").code(2);
    let resumed = project.run("plan resume last --format json").code(0).json();
    assert_eq!(resumed["value"], "tester");
    assert_eq!(project.counted(), "one.a=1 two.a=1");
}

#[test]
fn a_rejected_job_fails() {
    let project = Project::new(PLAN);
    project.run("plan run test::work").code(9);
    let rejected = project.run("job reject last --format json").code(0).json();
    assert_eq!(rejected["approved"], false);
    project.run("plan resume last").code(5);
    assert_eq!(project.counted(), "one.a=1");
}

#[test]
fn only_those_who_may_approve() {
    let project = Project::new("approve(\"go on?\", #{ by: [\"grace\"] });");
    project.run("plan run test::work").code(9);
    project.run("job approve last").code(2).stderr_has("grace");
}
