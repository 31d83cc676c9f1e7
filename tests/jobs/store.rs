//! A store that can't be used is told in words, with code 7; without one, nothing is left behind.

use std::fs;

use super::project::{Project, until};

const PLAN: &str = "count(\"one\", \"a\");";

#[test]
fn a_damaged_store_is_told_and_left_as_it_is() {
    let project = Project::new(PLAN);
    fs::create_dir(project.store().parent().unwrap()).unwrap();
    let damaged = "this is no database ".repeat(400);
    fs::write(project.store(), &damaged).unwrap();
    for line in ["plan run test::work", "job list", "plan resume last"] {
        project
            .run(line)
            .code(7)
            .stderr_has("is damaged")
            .stderr_has("mv ");
    }
    assert_eq!(fs::read_to_string(project.store()).unwrap(), damaged);
    assert_eq!(project.counted(), "");
}

#[test]
fn a_store_of_a_newer_segue_is_told() {
    let project = Project::new(PLAN);
    project.run("plan run test::work").code(0);
    let connection = rusqlite::Connection::open(project.store()).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    project
        .run("plan run test::work")
        .code(7)
        .stderr_has("format 99")
        .stderr_has("newer Segue");
    assert_eq!(project.counted(), "one.a=1");
}

#[test]
fn a_store_that_cannot_be_made_is_told_before_anything_is_done() {
    let project = Project::new(PLAN);
    project
        .run("plan run test::work --store /proc/segue/jobs.db")
        .code(7)
        .stderr_has("/proc/segue");
    assert_eq!(project.counted(), "");
}

#[test]
fn a_store_that_is_deleted_while_a_job_runs_is_told() {
    let project = Project::new("count(\"one\", \"a\"); count(\"two\", \"a\");");
    project.mark("hold.one.a");
    let run = project.start("plan run test::work");
    until("the task", || project.exists("ran.one.a"));
    fs::remove_dir_all(project.store().parent().unwrap()).unwrap();
    project.unmark("hold.one.a");
    run.end().code(7).stderr_has("deleted or replaced");
    // What can't be recorded is not begun.
    assert_eq!(project.counted(), "one.a=1");
}

#[test]
fn a_key_that_is_gone_is_told_before_a_job_is_taken_up_wrongly() {
    let project = Project::new(PLAN);
    project.mark("bad.one.a");
    project.run("plan run test::work").code(5);
    fs::remove_file(project.store().with_extension("key")).unwrap();
    project
        .run("plan resume last")
        .code(7)
        .stderr_has("key file")
        .stderr_has("backup");
}

#[test]
fn an_ephemeral_job_leaves_nothing_behind() {
    let project = Project::new(PLAN);
    project.mark("bad.one.a");
    let ran = project.run("plan run test::work --ephemeral").code(5);
    assert!(!ran.stderr.contains("plan resume"), "{}", ran.stderr);
    assert!(!project.store().parent().unwrap().exists());
    assert_eq!(
        fs::read_dir(project.segue.root().join("home"))
            .unwrap()
            .count(),
        0
    );
    project.run("job show").code(2).stderr_has("no job");
}

#[test]
fn a_job_without_a_store_makes_none_when_it_is_only_looked_for() {
    let project = Project::new(PLAN);
    project.run("job list").code(0).stdout_has("no jobs");
    assert!(!project.store().parent().unwrap().exists());
}
