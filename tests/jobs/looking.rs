//! What is told of a job afterwards.

use super::project::Project;

const PLAN: &str = r#"
//! Counts.
/// What for
param reason: String = "none";
/// A word
param word: Sensitive[String] = "none";
//body
count("one", "all");
print("half way");
count("two", "b,c");
reason
"#;

#[test]
fn a_job_is_listed_and_shown_with_who_what_and_how_it_ended() {
    let project = Project::new(PLAN);
    project.mark("bad.two.c");
    project
        .run("plan run test::work reason=x1 word=hunter22")
        .code(5)
        .stderr_has("segue plan resume");
    project
        .run("job list")
        .code(0)
        .stdout_has("failed")
        .stdout_has("tester");
    let shown = project
        .run("job show last")
        .code(0)
        .stdout_has("Status:       failed\n")
        .stdout_has("Job type:     plan\n")
        .stdout_has("User:         tester\n")
        .stdout_has("  reason : x1\n")
        .stdout_has("  word : Sensitive [value redacted]\n")
        .stdout_has("FAILED (1/3)\n")
        .stdout_has("    Error: ")
        .stdout_has("      broken\n")
        .stdout_has("SUCCEEDED (2/3)\n")
        .stdout_has("segue plan resume")
        .stdout_lacks("hunter22");
    assert!(shown.stdout.find("FAILED (1/3)") < shown.stdout.find("SUCCEEDED"));
    let record = project.run("job show --format json").code(0).json();
    assert_eq!(record["state"], "failed");
    assert_eq!(record["origin"]["user"], "tester");
    assert_eq!(record["targets"]["failed"], 1);
    assert_eq!(record["effects"].as_array().unwrap().len(), 2);
    assert!(!record.to_string().contains("hunter22"));
    let database = std::fs::read(project.store()).unwrap();
    assert!(!database.windows(8).any(|part| part == b"hunter22"));
}

#[test]
fn a_task_has_the_page_that_puppets_users_know() {
    let project = Project::new("");
    project
        .run("task run test::count name=x me=y -t a,b")
        .code(0);
    project
        .run("job show")
        .code(0)
        .stdout_has("Job type:     task\n")
        .stdout_has("Targets:      2\n")
        .stdout_has("Task name: count\nTask parameters:\n  name : x\n  me : y\n")
        .stdout_has("SUCCEEDED (2/2)\n")
        .stdout_has("\na\n    counted : x.y\nb\n    counted : x.y\n");
}

#[test]
fn jobs_are_filtered_and_named_by_the_beginning_of_their_id() {
    let project = Project::new(PLAN);
    project.run("plan run test::work").code(0);
    project.run("task run test::count name=x me=y -t a").code(0);
    let items = |line: &str| {
        let list = project
            .run(&format!("job list --format json {line}"))
            .code(0)
            .json();
        list["items"].as_array().unwrap().len()
    };
    assert_eq!(items(""), 2);
    assert_eq!(items("--name work"), 1);
    assert_eq!(items("--state failed"), 0);
    assert_eq!(items("--state finished --user tester"), 2);
    assert_eq!(items("--until 1h"), 0);
    assert_eq!(items("--since 1h --limit 1"), 1);
    project
        .run("job list --state finnished")
        .code(2)
        .stderr_has("did you mean `finished`");
    let list = project.run("job list --format json").json();
    let id = list["items"][0]["job"].as_str().unwrap().to_owned();
    project.run(&format!("job show {id}")).code(0);
    project
        .run("job show zzzz")
        .code(2)
        .stderr_has("segue job list");
}

#[test]
fn events_and_output_are_read_again_and_followed() {
    let project = Project::new(PLAN);
    project.mark("hold.two.b");
    let run = project.start("plan run test::work");
    super::project::until("the task", || project.exists("ran.two.b"));
    let follower = project.start("job events -f --format jsonl");
    let waiter = project.start("job wait");
    project.unmark("hold.two.b");
    run.end().code(0);
    let told = follower.end().code(0);
    let last: serde_json::Value =
        serde_json::from_str(told.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last["kind"], "job_finished");
    waiter.end().code(0);
    let events = project.events();
    assert_eq!(events.len(), told.stdout.lines().count());
    let numbers: Vec<u64> = events
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    project.run("job events").code(0).stdout_has("half way");
    project
        .run("job logs last c")
        .code(0)
        .stdout_has("c | {\"counted\":\"two.c\"}")
        .stdout_lacks("b |");
    let project = project.mend("fail(\"no\");");
    project.run("plan run test::work").code(5);
    project.run("job wait last").code(5);
}

#[test]
fn a_task_is_run_again_where_it_failed() {
    let project = Project::new("");
    project.mark("bad.x.y");
    project
        .run("task run test::count name=x me=y secret=hunter22 -t a,b")
        .code(4)
        .stderr_has("goes on where it did not succeed; `segue job rerun");
    project
        .run("job show last")
        .stdout_has("\nsegue job resume ")
        .stdout_has("\nsegue job rerun ");
    project.unmark("bad.x.y");
    let again = project
        .run("job rerun last --failed --format json")
        .code(0)
        .json();
    assert_eq!(again["target_count"], 2);
    project
        .run("job rerun last --failed")
        .code(2)
        .stderr_has("no such targets");
    assert_eq!(project.counted(), "x.y=4");
    project.run("command run true -t a").code(0);
    project.run("job rerun last").code(0).stdout_has("1 ok");
}

#[test]
fn old_jobs_are_removed_and_the_rest_is_told() {
    let project = Project::new(PLAN);
    project.run("plan run test::work").code(0);
    project
        .run("job prune --older-than 1d")
        .code(0)
        .stdout_has("removed 0 jobs; 1 are kept");
    let pruned = project
        .run("job prune --older-than 0s --format json")
        .code(0)
        .json();
    assert_eq!(pruned["removed"].as_array().unwrap().len(), 1);
    project.run("job show").code(2).stderr_has("no job");
}
