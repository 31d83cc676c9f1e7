//! The reference of the plan language as text: one page in Markdown, or one entry for a terminal.
//!
//! Fed from the table that the engine is made of, so it can't tell of what is not there.

use std::fmt::Write;

/// A function, method or field, as the reference tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// What it is found by: `run_task`, `ResultSet.failed`.
    pub name: String,
    /// The type that it belongs to; none for functions.
    pub owner: Option<String>,
    pub signature: String,
    pub doc: String,
    /// Lines of a plan; may be empty.
    pub example: String,
    /// Its options and what each wants.
    pub options: Vec<(String, String)>,
}

/// The whole reference, in Markdown: functions first, then each type with its members.
#[must_use]
pub fn language_page(topics: &[Topic]) -> String {
    let mut page = "# The plan language\n\n\
        Plans are [Rhai](https://rhai.rs/book/) with the functions and types below. This page is made by \
        `segue doc --markdown` of the table that the interpreter itself is made of; a test keeps the two equal.\n"
        .to_owned();
    page.push_str("\n## Functions\n");
    for topic in topics.iter().filter(|topic| topic.owner.is_none()) {
        write_topic(&mut page, topic);
    }
    let mut owners: Vec<&str> = Vec::new();
    for owner in topics.iter().filter_map(|topic| topic.owner.as_deref()) {
        if !owners.contains(&owner) {
            owners.push(owner);
        }
    }
    for owner in owners {
        let _ = write!(page, "\n## {owner}\n");
        for topic in topics
            .iter()
            .filter(|topic| topic.owner.as_deref() == Some(owner))
        {
            write_topic(&mut page, topic);
        }
    }
    page
}

fn write_topic(page: &mut String, topic: &Topic) {
    let _ = write!(page, "\n### `{}`\n\n{}\n", topic.signature, topic.doc);
    if !topic.options.is_empty() {
        page.push_str("\nOptions:\n\n");
        for (name, wanted) in &topic.options {
            let _ = writeln!(page, "- `{name}`: {wanted}");
        }
    }
    if !topic.example.is_empty() {
        let _ = write!(page, "\n```rhai\n{}\n```\n", topic.example.trim_end());
    }
}

/// One entry, for a terminal.
#[must_use]
pub fn topic_text(topic: &Topic) -> String {
    let mut text = format!("{}\n\n", topic.signature);
    for line in topic.doc.lines() {
        let _ = writeln!(text, "{}", format!("  {line}").trim_end());
    }
    if !topic.options.is_empty() {
        text.push_str("\n  Options:\n");
        for (name, wanted) in &topic.options {
            let _ = writeln!(text, "    {name}: {wanted}");
        }
    }
    if !topic.example.is_empty() {
        text.push('\n');
        for line in topic.example.trim_end().lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}
