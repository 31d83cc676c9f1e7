//! The law of the house, kept by the machine: who imports whom, a purpose on every file, no file too long.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;

/// What each room may import. ARCHITECTURE.md has the same table in words.
const LAW: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("event", &["model"]),
    ("task", &["model"]),
    ("inventory", &["model"]),
    ("transport", &["model"]),
    ("schedule", &["model"]),
    ("fleet", &["model"]),
    ("project", &["model", "task", "inventory"]),
    (
        "plan",
        &["model", "task", "inventory", "project", "schedule"],
    ),
    (
        "run",
        &[
            "model",
            "event",
            "task",
            "inventory",
            "project",
            "schedule",
            "transport",
            "plan",
            "store",
        ],
    ),
    ("store", &["model", "event"]),
    ("report", &["model", "event"]),
    ("lsp", &["model", "task", "inventory", "project", "plan"]),
];

/// Crates that one room alone may name.
const OWNED_CRATES: &[(&str, &[&str])] = &[
    ("rhai", &["plan"]),
    ("petgraph", &["schedule"]),
    ("rusqlite", &["store"]),
    ("russh", &["transport", "fleet"]),
    ("corosensei", &["plan"]),
    ("clap", &["cli"]),
    ("lsp_server", &["lsp"]),
    ("lsp_types", &["lsp"]),
];

/// Lines of a file without its tests, at most.
const LINES_MAX: usize = 800;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The source files with the room that they are in; files beside the rooms have none.
fn sources() -> Vec<(Option<String>, PathBuf, String)> {
    let source = root().join("src");
    rust_files(&source)
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&source).unwrap();
            let room = (inside.components().count() > 1)
                .then(|| inside.iter().next().unwrap().to_string_lossy().into_owned());
            let text = fs::read_to_string(&path).unwrap();
            (room, path, text)
        })
        .collect()
}

fn without_tests(text: &str) -> &str {
    Regex::new(r"(?m)^#\[cfg\(test\)\]\n(pub\S* )?mod ")
        .unwrap()
        .find(text)
        .map_or(text, |found| &text[..found.start()])
}

fn code(text: &str) -> String {
    without_tests(text)
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn rooms_import_only_what_the_law_allows() {
    let law: BTreeMap<&str, &[&str]> = LAW.iter().copied().collect();
    let single = Regex::new(r"crate::([a-z_]+)").unwrap();
    let braced = Regex::new(r"(?s)use crate::\{(.*?)\};").unwrap();
    let inner = Regex::new(r"(?:^|,)\s*([a-z_]+)(?:::|\s*,|\s*$)").unwrap();
    let mut broken = Vec::new();
    for (room, path, text) in sources() {
        let Some(allowed) = room.as_deref().and_then(|room| law.get(room)) else {
            continue;
        };
        let text = code(&text);
        let mut imported: Vec<String> = single
            .captures_iter(&text)
            .map(|found| found[1].to_owned())
            .collect();
        for group in braced.captures_iter(&text) {
            let mut depth = 0;
            let flat: String = group[1]
                .chars()
                .filter(|character| {
                    match character {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        _ => {}
                    }
                    depth == 0
                })
                .collect();
            imported.extend(inner.captures_iter(&flat).map(|found| found[1].to_owned()));
        }
        for import in imported {
            let known = law.contains_key(import.as_str()) || import == "cli";
            let own = room.as_deref() == Some(import.as_str());
            if known && !own && !allowed.contains(&import.as_str()) {
                broken.push(format!("{} imports {import}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn crates_stay_in_the_rooms_that_own_them() {
    let mut broken = Vec::new();
    for (name, rooms) in OWNED_CRATES {
        let pattern = Regex::new(&format!(r"(?m)(?:\buse {name}\b|[^a-z_:]{name}::)")).unwrap();
        for (room, path, text) in sources() {
            let allowed = room.as_deref().is_some_and(|room| rooms.contains(&room));
            if !allowed && pattern.is_match(&code(&text)) {
                broken.push(format!("{} names {name}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    let mut silent = Vec::new();
    for directory in ["src", "tests", "benches"] {
        let directory = root().join(directory);
        if !directory.is_dir() {
            continue;
        }
        for path in rust_files(&directory) {
            if !fs::read_to_string(&path).unwrap().starts_with("//! ") {
                silent.push(path.display().to_string());
            }
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn no_file_is_too_long_to_read() {
    let long: Vec<String> = sources()
        .into_iter()
        .filter_map(|(_, path, text)| {
            let lines = without_tests(&text).lines().count();
            (lines > LINES_MAX).then(|| format!("{}: {lines} lines", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn decisions_are_numbered_as_their_files_are() {
    for entry in fs::read_dir(root().join("docs/decisions")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some((number, _)) = name.split_once('-') else {
            continue;
        };
        let head = format!("# {}. ", number.trim_start_matches('0'));
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with(&head),
            "{name} does not begin with `{head}`"
        );
    }
}

#[test]
fn unsafe_code_is_in_the_fibers_alone() {
    let names: Vec<String> = sources()
        .into_iter()
        .filter(|(_, path, text)| {
            code(text).contains("unsafe ") && !path.ends_with("plan/fiber.rs")
        })
        .map(|(_, path, _)| path.display().to_string())
        .collect();
    assert!(names.is_empty(), "{}", names.join("\n"));
}

#[test]
fn names_promise_something() {
    const EMPTY_NAMES: &[&str] = &[
        "utils", "util", "helpers", "helper", "common", "manager", "imp", "misc",
    ];
    let bad: Vec<String> = sources()
        .into_iter()
        .filter(|(_, path, _)| {
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            EMPTY_NAMES.contains(&stem.as_str())
        })
        .map(|(_, path, _)| path.display().to_string())
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
