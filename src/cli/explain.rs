//! `segue explain`: what the code of an error means, with an example, and how to mend it. The pages travel in the binary.

use clap::Args;
use include_dir::{Dir, include_dir};

use super::{output::print_text, usage::table};
use crate::{
    error::{Error, Exit},
    model::nearest,
};

static PAGES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/docs/errors");

/// Paragraphs are as wide as clap's help.
const WIDTH: usize = 100;

/// Explain the code of an error
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A code such as `segue::plan::unknown_task`, or the end of one; without it, all are listed
    code: Option<String>,
}

/// What a page says of one code.
struct Entry {
    code: &'static str,
    /// Markdown, without the heading.
    text: &'static str,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let entries = entries();
    let Some(wanted) = &arguments.code else {
        let rows = entries.iter().map(|entry| {
            let first = entry.text.trim().lines().next().unwrap_or_default();
            (entry.code.to_owned(), first.to_owned())
        });
        print_text(&table(rows));
        return Ok(Exit::Success);
    };
    let end = format!("::{}", wanted.trim_start_matches("::"));
    let found: Vec<String> = entries
        .iter()
        .filter(|entry| entry.code == wanted || entry.code.ends_with(&end))
        .map(Entry::shown)
        .collect();
    if found.is_empty() {
        return Err(unknown(wanted, &entries));
    }
    print_text(&found.join("\n"));
    Ok(Exit::Success)
}

/// All entries of all pages, sorted by their codes.
fn entries() -> Vec<Entry> {
    let pages = PAGES.files().filter_map(|page| page.contents_utf8());
    let mut entries: Vec<Entry> = pages
        .flat_map(|page| page.split("\n## ").skip(1))
        .filter_map(|section| {
            let (code, text) = section.split_once('\n')?;
            Some(Entry { code, text })
        })
        .collect();
    entries.sort_by_key(|entry| entry.code);
    entries
}

impl Entry {
    /// As a terminal shows it: code is indented.
    fn shown(&self) -> String {
        let mut lines = vec![self.code.to_owned(), String::new()];
        let mut paragraph = String::new();
        let mut is_code = false;
        for line in self.text.trim().lines().chain([""]) {
            let is_fence = line.starts_with("```");
            if is_code && !is_fence {
                lines.push(format!("    {line}").trim_end().to_owned());
            } else if is_fence || line.is_empty() {
                wrap(&paragraph, &mut lines);
                paragraph.clear();
                is_code ^= is_fence;
                if !is_fence {
                    lines.push(String::new());
                }
            } else {
                paragraph.push_str(line);
                paragraph.push(' ');
            }
        }
        lines.pop();
        lines.push(String::new());
        lines.join("\n")
    }
}

/// Breaks a paragraph into lines that a terminal shows whole.
fn wrap(paragraph: &str, lines: &mut Vec<String>) {
    let mut line = String::new();
    for word in paragraph.split_whitespace() {
        if !line.is_empty() && line.chars().count() + word.chars().count() >= WIDTH {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
}

fn unknown(wanted: &str, entries: &[Entry]) -> Error {
    let last = |code: &'static str| code.rsplit("::").next().unwrap_or(code);
    let codes = entries.iter().map(|entry| entry.code);
    let typed = wanted.rsplit("::").next().unwrap_or(wanted);
    let near = nearest(wanted, codes).or_else(|| {
        let end = nearest(typed, entries.iter().map(|entry| last(entry.code)))?;
        let entry = entries.iter().find(|entry| last(entry.code) == end)?;
        Some(entry.code)
    });
    Error::usage(
        format!("no error has the code `{wanted}`"),
        match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`segue explain` lists all codes".to_owned(),
        },
    )
}
