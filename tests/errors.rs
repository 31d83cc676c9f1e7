//! The pages of docs/errors: each code of the source has its entry, no entry is of a code that is gone, and the examples give
//! the errors that they are examples of.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;

use crate::segue::Segue;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(directory: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == ending)
        {
            found.push(path);
        }
    }
}

/// All codes that the source can give.
fn codes() -> BTreeSet<String> {
    let mut sources = Vec::new();
    files(&root().join("src"), "rs", &mut sources);
    let pattern = Regex::new(r#"code\(\s*(segue::\w+::\w+)\s*\)|"(segue::\w+::\w+)""#).unwrap();
    let mut found = BTreeSet::new();
    for path in sources {
        let text = fs::read_to_string(&path).unwrap();
        let is_test = path.components().any(|part| part.as_os_str() == "tests")
            || path
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .ends_with("tests");
        if is_test {
            continue;
        }
        let own = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let codes = pattern
            .captures_iter(own)
            .filter_map(|found| found.get(1).or(found.get(2)));
        found.extend(codes.map(|code| code.as_str().to_owned()));
    }
    found
}

/// The entries of all pages, by their codes.
fn entries() -> BTreeMap<String, String> {
    let mut pages = Vec::new();
    files(&root().join("docs/errors"), "md", &mut pages);
    let mut found = BTreeMap::new();
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let room = page.file_stem().unwrap().to_string_lossy().into_owned();
        for section in text.split("\n## ").skip(1) {
            let (code, entry) = section.split_once('\n').unwrap();
            assert!(
                code.starts_with(&format!("segue::{room}::")),
                "{code} is in {room}.md"
            );
            let twice = found.insert(code.to_owned(), entry.to_owned());
            assert!(twice.is_none(), "{code} has two entries");
        }
    }
    found
}

#[test]
fn every_code_has_an_entry_and_no_entry_is_of_a_code_that_is_gone() {
    let listed: BTreeSet<String> = entries().into_keys().collect();
    let codes = codes();
    let missing: Vec<_> = codes.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&codes).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "missing: {missing:#?}\ngone: {gone:#?}"
    );
}

#[test]
fn every_entry_says_what_is_meant_and_how_to_mend_it() {
    for (code, entry) in entries() {
        assert!(entry.trim().len() > 60, "{code}");
        assert!(
            !entry.trim().starts_with("```"),
            "{code} begins with its meaning"
        );
        assert!(entry.contains("\nMend: "), "{code}");
    }
}

/// The example of an entry in a language, if it has one.
fn example(entry: &str, language: &str) -> Option<String> {
    let after = entry.split(&format!("```{language}\n")).nth(1)?;
    Some(after.split("```").next().unwrap().to_owned())
}

#[test]
fn the_examples_of_plans_give_their_errors() {
    let mut silent = Vec::new();
    let mut count = 0;
    for (code, entry) in entries() {
        let Some(plan) = example(&entry, "rhai") else {
            continue;
        };
        count += 1;
        let segue = Segue::new()
            .inventory(
                "groups:\n  - name: web\n    targets: [{ name: web1, uri: 'local://localhost' }]\n",
            )
            .plan("it", &plan)
            .line("plan check it");
        let checked = segue.run();
        let ran = segue.line("plan run it --no-check --ephemeral").run();
        let told = format!("{}\n{}", checked.stderr, ran.stderr);
        if !told
            .lines()
            .any(|line| line.trim_start_matches("Error: ") == code)
        {
            silent.push(format!("{code}:\n{told}"));
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
    assert!(count > 40, "{count} examples");
}

#[test]
fn the_examples_of_inventories_give_their_errors() {
    let mut silent = Vec::new();
    for (code, entry) in entries() {
        let Some(inventory) = example(&entry, "yaml") else {
            continue;
        };
        let segue = Segue::new()
            .inventory(&inventory)
            .line("inventory show --targets all");
        let told = segue.run().stderr;
        if !told.contains(&code) {
            silent.push(format!("{code}:\n{told}"));
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn a_code_is_explained_whole_or_by_its_end() {
    for code in [
        "segue::plan::captured_write",
        "plan::captured_write",
        "captured_write",
    ] {
        Segue::new()
            .arguments(["explain", code])
            .run()
            .code(0)
            .stdout_has("segue::plan::captured_write\n\nA branch")
            .stdout_has("\n    let count = 0;\n")
            .stdout_has("\nMend: ");
    }
    let both = Segue::new().line("explain unknown_task").run().code(0);
    assert!(both.stdout.contains("segue::plan::unknown_task\n"));
    both.stdout_has("segue::project::unknown_task\n");
    let all = Segue::new().line("explain").run().code(0);
    assert_eq!(all.stdout.lines().count(), entries().len());
    Segue::new()
        .line("explain segue::plan::unknown_tsak")
        .run()
        .code(2)
        .stderr_has("did you mean `segue::plan::unknown_task`?");
}
