//! The README's blocks are what they say: its plan is valid, its inventory and metadata are read, its commands exist.

use std::{fs, path::Path};

use crate::{page::Page, segue::Segue};

fn blocks(language: &str) -> Vec<String> {
    Page::read("README.md").blocks(language)
}

#[test]
fn its_plans_are_valid_with_its_inventory() {
    for (number, plan) in blocks("rhai").into_iter().enumerate() {
        let name = format!("readme{number}");
        Segue::new()
            .plan(&name, &plan)
            .inventory(&blocks("yaml")[0])
            .arguments(["plan", "check", &name])
            .run()
            .code(0);
    }
}

#[test]
fn its_plan_is_the_one_that_ships_but_for_comments_and_what_is_left_out() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans/rolling_restart.rhai");
    let shipped = fs::read_to_string(path).unwrap();
    for line in blocks("rhai")[0]
        .lines()
        .filter(|line| !line.trim().is_empty())
    {
        assert!(
            shipped.contains(line),
            "{line:?} is not in the shipped plan"
        );
    }
}

#[test]
fn its_inventory_names_targets() {
    Segue::new()
        .inventory(&blocks("yaml")[0])
        .line("inventory show -t all,!db --format json")
        .run()
        .code(0)
        .stdout_has("web3.example.com")
        .stdout_lacks("db1.example.com");
}

#[test]
fn its_metadata_makes_a_task() {
    Segue::new()
        .task("deploy", &blocks("json")[0], "#!/bin/sh\ntrue\n")
        .line("task show deploy")
        .run()
        .code(0)
        .stdout_has("Deploys a version of the shop")
        .stdout_has("version : String[1]");
}

/// A line without what differs from run to run: times, and the ids of jobs.
fn lasting(line: &str) -> String {
    let lasts = |word: &&str| {
        let is_time = word.trim_end_matches(':').parse::<f64>().is_ok();
        let is_unit = matches!(word.trim_end_matches(':'), "ms" | "s");
        !(is_time || is_unit)
    };
    let line = line.split_once(" job ").map_or(line, |(before, _)| before);
    let words: Vec<&str> = line.split_whitespace().filter(lasts).collect();
    words.join(" ")
}

#[test]
fn what_it_shows_of_a_failure_and_a_resume_is_what_happens() {
    let segue = Segue::new()
        .plan("patch", &blocks("rhai")[1])
        .line("fleet web=4 --fault web3:exit=1,1x");
    let mut fleet = segue.command().spawn().unwrap();
    let start = std::time::Instant::now();
    while !segue.project().join("inventory.yaml").exists() {
        assert!(start.elapsed().as_secs() < 60, "no fleet was played");
        std::thread::yield_now();
    }
    let segue = segue.line("plan run patch");
    let failed = segue.run().code(5).stdout;
    let resumed = segue.line("plan resume last").run().code(0).stdout;
    fleet.kill().unwrap();
    fleet.wait().unwrap();
    let shown: Vec<String> = blocks("text")
        .into_iter()
        .filter(|block| block.contains("echo patched"))
        .collect();
    for (shown, happened) in shown.iter().zip([failed, resumed]) {
        let shown: Vec<String> = shown.lines().map(lasting).collect();
        let happened: Vec<String> = happened.lines().map(lasting).collect();
        assert_eq!(shown, happened);
    }
    assert_eq!(shown.len(), 2);
}

#[test]
fn its_commands_exist() {
    let page = Page::read("README.md");
    let rows = page
        .text
        .lines()
        .filter(|line| line.starts_with("| `segue "));
    for row in rows {
        let words: Vec<&str> = row
            .trim_start_matches("| `segue ")
            .split(['`', ' '])
            .take_while(|word| word.chars().all(char::is_lowercase) && !word.is_empty())
            .collect();
        let mut arguments = words.clone();
        arguments.push("--help");
        Segue::new().arguments(arguments).run().code(0);
    }
}
