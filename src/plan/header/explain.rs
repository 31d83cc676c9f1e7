//! The faults of a header in words.

use super::{
    declaration::Declaration,
    fault::{Fault, FaultKind},
};
use crate::{
    plan::{
        diagnostic::{PREFIX, PlanDiagnostic, own_name},
        source::{Source, Span, keyword},
    },
    task::TypeError,
};

const CODE: &str = "segue::plan::param";
const EXAMPLE: &str = "write `param name: String = \"default\";`";

pub(super) fn fault(source: &Source, declaration: &Declaration, fault: Fault) -> PlanDiagnostic {
    let text = source.text();
    let name = declaration.name.map_or("name", |span| span.of(text));
    let data_type = declaration.data_type.map_or("String", |span| span.of(text));
    let default = declaration
        .default
        .map_or_else(String::new, |span| format!(" = {}", span.of(text)));
    let whole = format!("write `param {name}: {data_type}{default};`");
    let (message, label, help) = match fault.kind {
        FaultKind::DocBehind => return doc_behind(source, name, fault.span),
        FaultKind::Late => (
            "parameters stand before the first statement".to_owned(),
            "this one is too late",
            Some(
                "move the `param` lines to the top of the file, above `import` and everything else"
                    .to_owned(),
            ),
        ),
        FaultKind::Misspelt => (
            format!("`{}` means nothing here", fault.span.of(text)),
            "this should be `param`",
            Some(
                if declaration.name.is_some() && declaration.data_type.is_some() {
                    whole
                } else {
                    EXAMPLE.to_owned()
                },
            ),
        ),
        FaultKind::MissingName => (
            "the name of the parameter is missing".to_owned(),
            "expected a name behind this",
            Some(EXAMPLE.to_owned()),
        ),
        FaultKind::Dollar => ("names have no `$` in front".to_owned(), "", Some(whole)),
        FaultKind::Quoted => (
            "the name of a parameter has no quotes".to_owned(),
            "",
            Some(whole),
        ),
        FaultKind::TypeFirst => (
            "the type of a parameter stands behind its name".to_owned(),
            "the other way round",
            Some(whole),
        ),
        FaultKind::MissingColon => ("missing `:`".to_owned(), "expected `:` here", Some(whole)),
        FaultKind::MissingType if behind(text, declaration, '-') => (
            "names have no dashes".to_owned(),
            "",
            Some(format!(
                "write `{}`",
                dashed(text, fault.span).of(text).replace('-', "_")
            )),
        ),
        FaultKind::MissingType => (
            format!("`{name}` has no type"),
            "every parameter has a type",
            Some(missing_type(text, declaration, name, &default)),
        ),
        FaultKind::UnclosedType => (
            "this bracket is never closed".to_owned(),
            "opened here",
            Some("add the missing `]`".to_owned()),
        ),
        FaultKind::MissingDefault => (
            format!("the default of `{name}` is missing"),
            "expected a value behind this",
            Some(format!(
                "write a value, or `param {name}: {data_type};` if it has to be given"
            )),
        ),
        FaultKind::UnclosedDefault => (
            format!("the default of `{name}` never ends"),
            "opened here, and never closed",
            Some("close it, and end the line with `;`".to_owned()),
        ),
        FaultKind::MissingSemicolon => (
            "missing `;`".to_owned(),
            "expected `;` here",
            Some("every `param` line ends with `;`".to_owned()),
        ),
        FaultKind::Unexpected => (
            format!("unexpected `{}`", fault.span.of(text)),
            "expected `=` and a default, or `;`",
            Some(unexpected(text, fault.span, name, data_type)),
        ),
    };
    let span = match fault.kind {
        FaultKind::MissingType => dashed(text, fault.span),
        _ => fault.span,
    };
    PlanDiagnostic::error(CODE, message)
        .within(source)
        .label(span, label)
        .maybe_help(help)
}

fn missing_type(text: &str, declaration: &Declaration, name: &str, default: &str) -> String {
    if let Some(words) = words_behind(text, declaration) {
        return format!("write `param {name}: Enum[{words}];`");
    }
    let likely = likely_type(name, default.trim_start_matches(" = "));
    format!("write `param {name}: {likely}{default};`, or `Any` if anything may be given")
}

fn doc_behind(source: &Source, name: &str, span: Span) -> PlanDiagnostic {
    PlanDiagnostic::warning(CODE, "what describes a parameter stands above it")
        .within(source)
        .label(span, "this stands behind it")
        .help(format!(
            "write `///` and these words on the line above `param {name}`"
        ))
}

/// What to write where something stands behind the type that is no part of a declaration.
fn unexpected(text: &str, span: Span, name: &str, data_type: &str) -> String {
    match span.of(text) {
        "<" => {
            format!("what is in a type stands in square brackets: write `{data_type}[...]`")
        }
        "?" => format!("write `param {name}: Optional[{data_type}];`"),
        "|" => format!("write `param {name}: Variant[{data_type}, ...];`"),
        "," => "each parameter is declared in a line of its own".to_owned(),
        token => {
            let value = text[span.end..].lines().next().unwrap_or_default();
            let value = value.split(';').next().unwrap_or_default().trim();
            let value = match token {
                ":" | ":=" | "==" | "=>" => value.to_owned(),
                _ => format!("{token}{value}"),
            };
            let is_value = value.starts_with(|char: char| {
                char.is_ascii_digit() || matches!(char, '"' | '`' | '[' | '#')
            }) || matches!(value.as_str(), "true" | "false");
            let value = if is_value { value.as_str() } else { "..." };
            format!("write `param {name}: {data_type} = {value};`")
        }
    }
}

/// A name with all that dashes join to it.
fn dashed(text: &str, name: Span) -> Span {
    let rest = &text[name.end..];
    if !rest.starts_with('-') {
        return name;
    }
    let is_part = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_');
    let length = rest.find(|char| !is_part(char)).unwrap_or(rest.len());
    Span::new(name.start, name.end + length)
}

/// The type that a parameter without one may have, by its name and its default.
fn likely_type(name: &str, default: &str) -> &'static str {
    match default.chars().next() {
        Some('0'..='9' | '-') if default.contains('.') => "Float",
        Some('0'..='9' | '-') => "Integer",
        Some('[') => "Array",
        Some('#') => "Hash",
        Some('t' | 'f') if matches!(default, "true" | "false") => "Boolean",
        None if matches!(name, "targets" | "target" | "nodes" | "hosts" | "servers") => {
            "TargetSpec"
        }
        _ => "String",
    }
}

/// The words of `name: "one" | "other"`, which is a type in TypeScript.
fn words_behind(text: &str, declaration: &Declaration) -> Option<String> {
    let behind = text.get(declaration.name?.end..)?.strip_prefix(':')?;
    let line = behind.split([';', '=', '\n']).next()?.trim();
    let words: Vec<String> = line
        .split('|')
        .map(|word| word.trim().trim_matches(['"', '\'']))
        .map(|word| format!("'{word}'"))
        .collect();
    (line.starts_with(['"', '\'']) && words.len() > 1).then(|| words.join(", "))
}

/// Whether that character stands right behind the name.
fn behind(text: &str, declaration: &Declaration, char: char) -> bool {
    declaration
        .name
        .is_some_and(|name| text[name.end..].starts_with(char))
}

pub(super) fn duplicate(source: &Source, first: Span, again: Span) -> PlanDiagnostic {
    let name = again.of(source.text());
    PlanDiagnostic::error(CODE, format!("there are two parameters `{name}`"))
        .within(source)
        .label(again, "declared again here")
        .label(first, "first declared here")
        .help("remove or rename one of them")
}

/// What speaks against the name of a parameter.
pub(super) fn bad_name(source: &Source, span: Span) -> Option<PlanDiagnostic> {
    let name = span.of(source.text());
    if name.starts_with(PREFIX) && rhai::is_valid_identifier(name) {
        return Some(own_name(source, span));
    }
    let (message, help) = if keyword::is_keyword(name) || keyword::is_reserved(name) {
        (
            format!("`{name}` is a word of the language"),
            "choose another name",
        )
    } else if !rhai::is_valid_identifier(name) {
        (
            format!("`{name}` can't be a name"),
            "names are made of ASCII letters, digits and `_`, and don't begin with a digit",
        )
    } else {
        return None;
    };
    Some(
        PlanDiagnostic::error(CODE, message)
            .within(source)
            .label(span, "it can't be the name of a parameter")
            .help(help),
    )
}

pub(super) fn bad_type(source: &Source, span: Span, error: &TypeError) -> PlanDiagnostic {
    let start = (span.start + error.offset).min(span.end);
    let at = Span::new(start, (start + error.length).min(span.end));
    PlanDiagnostic::error(TypeError::CODE, error.message.clone())
        .within(source)
        .label(at, "")
        .maybe_help(error.help.clone())
}
