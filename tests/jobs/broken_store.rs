//! What happens to the place where jobs are kept, in the middle of a job: it is told, and nothing told is lost.

use std::fs;

use super::project::{Project, until};

#[test]
fn two_processes_that_resume_one_job_are_one_that_does_and_one_that_is_told() {
    let project = Project::new("count(\"one\", \"a\"); count(\"two\", \"a\");");
    project.mark("bad.two.a");
    project.run("plan run test::work").code(5);
    project.unmark("bad.two.a");
    project.mark("hold.two.a");
    let runs = [(); 2].map(|()| project.start("plan resume last"));
    until("one of them", || project.counts().get("two.a") == Some(&2));
    let mut runs = runs.into_iter().map(Some).collect::<Vec<_>>();
    let mut loser = None;
    until("the other's end", || {
        loser = runs
            .iter_mut()
            .position(|run| run.as_mut().is_some_and(super::project::Running::is_over));
        loser.is_some()
    });
    let loser = runs[loser.unwrap()].take().unwrap();
    loser.end().code(2).stderr_has("is run by");
    project.unmark("hold.two.a");
    let winner = runs.into_iter().flatten().next().unwrap();
    winner.end().code(0);
    assert_eq!(project.counted(), "one.a=1 two.a=2");
}

#[test]
fn a_store_that_somebody_else_keeps_locked_is_waited_for_and_then_told() {
    let project = Project::new("count(\"one\", \"a\");");
    project.run("plan run test::work").code(0);
    let connection = rusqlite::Connection::open(project.store()).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    project
        .run("plan run test::work")
        .code(7)
        .stderr_has("locked");
    // Looking needs no lock.
    project.run("job list").code(0).stdout_has("finished");
    connection.execute_batch("ROLLBACK").unwrap();
    project.run("plan run test::work").code(0);
    assert_eq!(project.counted(), "one.a=2");
}

#[test]
fn a_store_that_is_locked_for_a_while_in_mid_run_costs_nothing() {
    let project = Project::new("count(\"one\", \"a\"); count(\"two\", \"a\");");
    project.mark("hold.one.a");
    let run = project.start("plan run test::work");
    until("the task", || project.exists("ran.one.a"));
    let connection = rusqlite::Connection::open(project.store()).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    project.unmark("hold.one.a");
    connection.execute_batch("ROLLBACK").unwrap();
    run.end().code(0);
    assert_eq!(project.counted(), "one.a=1 two.a=1");
}

#[test]
fn a_clock_that_went_back_changes_nothing_but_what_is_shown() {
    let project = Project::new("count(\"one\", \"a\"); count(\"two\", \"a\");");
    project.mark("bad.two.a");
    project.run("plan run test::work").code(5);
    project.unmark("bad.two.a");
    // As if all of it had been done by a clock that was a year ahead.
    let connection = rusqlite::Connection::open(project.store()).unwrap();
    let ahead = 366_i64 * 24 * 3600 * 1_000_000_000;
    let tables: Vec<(String, String)> = connection
        .prepare("SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .filter(|(_, column): &(String, String)| column == "at" || column.ends_with("_at"))
        .collect();
    assert!(tables.len() >= 2, "{tables:?}");
    for (table, column) in tables {
        let sql =
            format!("UPDATE {table} SET {column} = {column} + {ahead} WHERE {column} IS NOT NULL");
        connection.execute_batch(&sql).unwrap();
    }
    drop(connection);
    project.run("plan resume last").code(0);
    assert_eq!(project.counted(), "one.a=1 two.a=2");
    project.run("job show").code(0).stdout_has("finished");
    project.run("job list").code(0).stdout_has("finished");
    let events = project.events();
    let numbers: Vec<u64> = events
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
}

#[test]
fn a_store_whose_directory_cannot_be_written_is_told_before_anything_is_done() {
    let project = Project::new("count(\"one\", \"a\");");
    // A file in place of the directory: no user may make a store in it, not even root.
    fs::write(project.segue.project().join("file"), "").unwrap();
    project
        .run("plan run test::work --store file/jobs.db")
        .code(7)
        .stderr_has("file/jobs.db");
    assert_eq!(project.counted(), "");
}

/// Runs a script as root of a namespace of its own, where it may mount things; nothing if this machine allows none.
fn with_mounts(project: &Project, script: &str) -> Option<crate::segue::Ran> {
    let segue = project.segue.command();
    let words = format!(
        "segue() {{ '{}' \"$@\"; }}\n{script}",
        segue.get_program().display()
    );
    let unshare = |script: &str| {
        let mut command = std::process::Command::new("unshare");
        command.args([
            "--user",
            "--map-root-user",
            "--mount",
            "/bin/sh",
            "-c",
            script,
        ]);
        command
    };
    let allowed = unshare("mount -t tmpfs none /mnt").output();
    if !allowed.is_ok_and(|tried| tried.status.success()) {
        return None;
    }
    let environment = segue
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    let output = unshare(&words)
        .current_dir(project.segue.project())
        .env_clear()
        .envs(environment)
        .output()
        .unwrap();
    Some(crate::segue::Ran {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    })
}

#[test]
fn a_disk_that_is_full_in_mid_run_ends_the_job_and_nothing_told_is_lost() {
    let project = Project::new("for i in 0..50 { count(`step${i}`, \"a\"); }");
    let script = "mkdir disk && mount -t tmpfs -o size=4m none disk
        fill() { until [ -e disk/jobs.db ] && [ -e ../room/ran.step3.a ]; do sleep 0.05; done; cat /dev/zero >disk/filler; }
        fill 2>/dev/null & segue plan run test::work --store disk/jobs.db; code=$?; wait
        segue plan resume last --store disk/jobs.db 2>full && exit 97; grep -q 'no space left' full || { cat full >&2; exit 98; }
        rm disk/filler; segue job show --store disk/jobs.db >&2
        segue job events --format jsonl --store disk/jobs.db >recorded
        segue plan resume last --store disk/jobs.db >&2 || exit 99
        exit $code";
    let Some(ran) = with_mounts(&project, script) else {
        return;
    };
    let ran = ran
        .code(7)
        .stderr_has("there is no space left for the store")
        .stderr_has("free some space on its disk, then")
        .stderr_has("nothing more is begun, since it could not be recorded")
        .stderr_has("died");
    let recorded = fs::read_to_string(project.segue.project().join("recorded")).unwrap();
    let recorded = recorded.matches("\"target_finished\"").count();
    let told = ran.stdout.matches('✓').count();
    assert_eq!(told, recorded, "{}", ran.stdout);
    let counts = project.counts();
    assert_eq!(counts.len(), 50, "{}", ran.stderr);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
}

#[test]
fn a_plan_that_fails_when_its_store_is_gone_is_not_said_to_go_on() {
    let project = Project::new("");
    let store = project.store();
    let directory = store.parent().unwrap();
    let project = project.mend(&format!(
        r#"run_command("rm -r '{}'; false", "a");"#,
        directory.display()
    ));
    project
        .run("plan run test::work")
        .code(7)
        .stderr_has("failed on 1 target")
        .stderr_has("done, but not on record: a failed")
        .stderr_has("it is not kept and can't be resumed")
        .stderr_lacks("plan resume");
}

#[test]
fn a_directory_in_place_of_the_store_is_told_with_what_to_do() {
    let project = Project::new("");
    fs::create_dir_all(project.store()).unwrap();
    for line in ["job list", "plan run test::work"] {
        project
            .run(line)
            .code(7)
            .stderr_has("is a directory, and a store is a file")
            .stderr_has("name a file in it");
    }
}

#[test]
fn a_key_that_is_none_is_told_with_how_to_begin_anew() {
    let project = Project::new("count(\"one\", \"a\");");
    project.run("plan run test::work").code(0);
    let key = project.store().with_extension("key");
    fs::write(&key, "garbage").unwrap();
    project
        .run("plan run test::work")
        .code(7)
        .stderr_has("move it away to begin with a new key");
    fs::remove_file(&key).unwrap();
    project.run("plan run test::work").code(0);
}

#[test]
fn a_store_on_a_disk_that_can_only_be_read_is_looked_at_but_not_written() {
    let project = Project::new("count(\"one\", \"a\");");
    let script =
        "mkdir disk && mount -t tmpfs none disk && segue plan run test::work --store disk/jobs.db
        mount -o remount,ro disk; segue job list --store disk/jobs.db
        segue plan run test::work --store disk/jobs.db";
    let Some(ran) = with_mounts(&project, script) else {
        return;
    };
    ran.code(7)
        .stdout_has("NAME")
        .stderr_has("can only be read")
        .stderr_has("--ephemeral");
    assert_eq!(project.counted(), "one.a=1");
}
