//! The page for those who come from Bolt: it has every function of Bolt, and every name of Segue on it is there.

use std::{collections::BTreeSet, fs, path::Path};

use regex::Regex;

use crate::segue::Segue;

/// Every function that Bolt's plans have.
const BOLT: &[&str] = &[
    "Target.new",
    "add_facts",
    "add_to_group",
    "apply",
    "apply_prep",
    "background",
    "catch_errors",
    "ctrl::do_until",
    "ctrl::sleep",
    "dir::children",
    "download_file",
    "facts",
    "fail_plan",
    "file::delete",
    "file::exists",
    "file::join",
    "file::read",
    "file::readable",
    "file::write",
    "get_resources",
    "get_target",
    "get_targets",
    "log::debug",
    "log::error",
    "log::fatal",
    "log::info",
    "log::trace",
    "log::warn",
    "out::message",
    "out::verbose",
    "parallelize",
    "prompt",
    "prompt::menu",
    "puppetdb_command",
    "puppetdb_fact",
    "puppetdb_query",
    "remove_from_group",
    "resolve_references",
    "resource",
    "run_command",
    "run_container",
    "run_plan",
    "run_script",
    "run_task",
    "run_task_with",
    "set_config",
    "set_feature",
    "set_resources",
    "set_var",
    "system::env",
    "upload_file",
    "vars",
    "wait",
    "wait_until_available",
    "without_default_logging",
    "write_file",
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The rows of the table under a heading: what Bolt has, and what Segue has.
fn rows(heading: &str) -> Vec<(String, String)> {
    let page = read("docs/from-bolt.md");
    let section = page.split(&format!("## {heading}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    section
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| Bolt |"))
        .map(|line| {
            // A bar in code is escaped.
            let line = line.replace("\\|", "\u{1}");
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            (cells[1].to_owned(), cells[2].replace('\u{1}', "|"))
        })
        .collect()
}

/// What stands in back-ticks.
fn code(cell: &str) -> Vec<String> {
    let parts = cell.split('`').skip(1).step_by(2);
    parts.map(str::to_owned).collect()
}

#[test]
fn every_function_of_bolt_has_a_row() {
    let named: BTreeSet<String> = rows("Functions")
        .iter()
        .flat_map(|(bolt, _)| code(bolt))
        .collect();
    let wanted: BTreeSet<String> = BOLT.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(named, wanted);
}

#[test]
fn every_function_and_member_of_segue_on_the_page_is_there() {
    let language = read("docs/language.md");
    let heading = Regex::new(r"(?m)^### `(?:[A-Z]\w+\.)?([\w:]+)").unwrap();
    let mut known: BTreeSet<String> = heading
        .captures_iter(&language)
        .map(|found| found[1].trim_end_matches(':').to_owned())
        .collect();
    let library = read("stdlib/init.rhai");
    let function = Regex::new(r"(?m)^fn (\w+)").unwrap();
    known.extend(
        function
            .captures_iter(&library)
            .map(|found| format!("std::{}", &found[1])),
    );
    let call = Regex::new(r"([a-z][\w:]*)\(").unwrap();
    let member = Regex::new(r"(?:^|\w|\))\.([a-z_]+)").unwrap();
    let quoted = Regex::new("\"[^\"]*\"").unwrap();
    let mut missing = Vec::new();
    for heading in [
        "Functions",
        "What results and targets have",
        "Plans that come with Bolt",
    ] {
        for (bolt, segue) in rows(heading) {
            for code in code(&segue) {
                let plain = quoted.replace_all(&code, "\"\"");
                let names = call
                    .captures_iter(&plain)
                    .chain(member.captures_iter(&plain));
                for name in names.map(|found| found[1].to_owned()) {
                    if !known.contains(&name) && !matches!(name.as_str(), "try" | "catch") {
                        missing.push(format!("{bolt}: `{name}` in `{code}`"));
                    }
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_option_of_segue_on_the_page_is_one() {
    let language = read("docs/language.md");
    for (bolt, segue) in rows("Options") {
        for option in code(&segue) {
            assert!(
                language.contains(&format!("\n- `{option}`: ")),
                "{bolt}: `{option}`"
            );
        }
    }
}

#[test]
fn every_command_and_flag_of_segue_on_the_page_is_there() {
    for (bolt, segue) in rows("Commands") {
        for code in code(&segue) {
            let words: Vec<&str> = code.split(' ').collect();
            if words.first() != Some(&"segue") {
                continue;
            }
            let help = Segue::new()
                .arguments([words[1], words[2], "--help"])
                .run()
                .code(0);
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                assert!(
                    help.stdout.contains(flag),
                    "{bolt}: {flag} of `{code}`\n{}",
                    help.stdout
                );
            }
        }
    }
}
