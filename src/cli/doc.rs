//! `segue doc`: the reference of the plan language.

use clap::Args;

use super::output::print_text;
use crate::{
    error::{Error, Exit},
    model::nearest,
    plan::{Entry, EntryKind, OPTIONS, catalog, test_catalog},
    report::{Topic, language_page, topic_text},
};

/// Look up the functions and types of the plan language
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A function, a type, or a member such as `ResultSet.failed`; without it, all are listed
    name: Option<String>,
    /// The whole reference as one page of Markdown
    #[arg(long, conflicts_with = "name")]
    markdown: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let in_tests = test_catalog().iter().map(|entry| {
        let mut topic = topic(entry);
        topic.doc = format!("In tests alone (`segue plan test`). {}", topic.doc);
        topic
    });
    let topics: Vec<Topic> = catalog().iter().map(topic).chain(in_tests).collect();
    if arguments.markdown {
        print_text(&language_page(&topics));
        return Ok(Exit::Success);
    }
    let Some(name) = &arguments.name else {
        let signatures = topics.iter().map(|topic| topic.signature.as_str());
        let lines: Vec<&str> = signatures.chain([""]).collect();
        print_text(&lines.join("\n"));
        return Ok(Exit::Success);
    };
    let found: Vec<&Topic> = topics
        .iter()
        .filter(|topic| {
            topic.name == *name || topic.owner.as_ref() == Some(name) || last(topic) == name
        })
        .collect();
    if found.is_empty() {
        let near = nearest(name, topics.iter().map(|topic| topic.name.as_str()));
        return Err(Error::usage(
            format!("the language has no `{name}`"),
            match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`segue doc` lists what there is".to_owned(),
            },
        ));
    }
    let texts: Vec<String> = found.into_iter().map(topic_text).collect();
    print_text(&texts.join("\n"));
    Ok(Exit::Success)
}

fn last(topic: &Topic) -> &str {
    topic.name.rsplit('.').next().unwrap_or(&topic.name)
}

fn topic(entry: &Entry) -> Topic {
    let owner = match entry.kind {
        EntryKind::Function => None,
        _ => entry.receiver.map(str::to_owned),
    };
    let options = entry.options.iter().filter_map(|name| {
        let option = OPTIONS.iter().find(|option| option.name == *name)?;
        Some((
            option.name.to_owned(),
            format!("{}. {}", option.wanted, option.doc),
        ))
    });
    Topic {
        name: match &owner {
            Some(owner) => format!("{owner}.{}", entry.name),
            None => entry.name.to_owned(),
        },
        owner,
        signature: entry.signature(),
        doc: entry.doc.to_owned(),
        example: entry.example.to_owned(),
        options: options.collect(),
    }
}
