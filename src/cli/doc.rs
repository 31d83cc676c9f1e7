//! `segue doc`: the reference of the plan language.

use clap::Args;

use super::output::print_text;
use crate::{
    error::{Error, Exit},
    model::nearest,
    plan::{Entry, EntryKind, FunctionAt, Outline, Source, catalog, test_catalog},
    project::standard_library,
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
    let topics: Vec<Topic> = (catalog().iter().map(topic))
        .chain(in_tests)
        .chain(library_topics())
        .collect();
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
    topic.name.rsplit(['.', ':']).next().unwrap_or(&topic.name)
}

fn topic(entry: &Entry) -> Topic {
    let owner = match entry.kind {
        EntryKind::Function => None,
        _ => entry.receiver.map(str::to_owned),
    };
    let options = entry.options.iter().filter_map(|name| {
        let option = entry.option(name)?;
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

/// The functions of the standard library, whose documentation stands in its files. `std` hands on those of its other
/// files, which say more about them.
fn library_topics() -> Vec<Topic> {
    let files: Vec<(String, Outline)> = standard_library()
        .into_iter()
        .map(|(name, text)| {
            let outline = Outline::of(&Source::new(name.as_str(), text));
            (name, outline)
        })
        .collect();
    let in_full = |wanted: &FunctionAt| {
        let mut others = files.iter().filter(|(name, _)| name != LIBRARY);
        others.find_map(|(_, file)| file.functions.iter().find(|one| one.name == wanted.name))
    };
    let (all, parts): (Vec<_>, Vec<_>) = files.iter().partition(|(name, _)| name == LIBRARY);
    let handed_on: Vec<&FunctionAt> = all.iter().flat_map(|(_, file)| &file.functions).collect();
    let of_all = (handed_on.iter()).map(|function| {
        let (_, example) = prose_and_example(function);
        let (doc, _) = prose_and_example(in_full(function).unwrap_or(function));
        library_topic(LIBRARY, function, doc, example)
    });
    let of_parts = parts.iter().flat_map(|(name, file)| {
        let own = (file.functions.iter()).filter(|function| {
            !function.private && !handed_on.iter().any(|other| other.name == function.name)
        });
        own.map(move |function| {
            let (doc, example) = prose_and_example(function);
            library_topic(name, function, doc, example)
        })
    });
    of_all.chain(of_parts).collect()
}

/// The file that `import "std"` finds, and the alias that its functions are known by.
const LIBRARY: &str = "std";

fn library_topic(file: &str, function: &FunctionAt, doc: String, example: String) -> Topic {
    let alias = file.rsplit('/').next().unwrap_or(file);
    Topic {
        name: format!("{alias}::{}", function.name),
        owner: Some(format!("`import \"{file}\" as {alias};`")),
        signature: format!("{alias}::{}", function.signature()),
        doc,
        example,
        options: Vec::new(),
    }
}

/// The words about a function, and the lines of a plan among them, which are indented.
fn prose_and_example(function: &FunctionAt) -> (String, String) {
    let text = function.doc.as_deref().unwrap_or_default();
    let (example, prose): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| line.starts_with("    "));
    let example: Vec<&str> = example.iter().map(|line| &line[4..]).collect();
    (prose.join("\n").trim().to_owned(), example.join("\n"))
}
