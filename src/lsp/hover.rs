//! What is told of the thing under the pointer.

use std::fmt::Write;

use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};

use super::{
    completion::task_place,
    file_view::{FileView, base},
    key,
    member::{self, MemberOf},
    text::{self, Named},
    words,
};
use crate::{
    model::a_few,
    plan::{EntryKind, Header, Place, PlaceKind, PlanParam, Reading, Span, standard_functions},
};

/// What is told of what stands at a byte.
pub(super) fn hover(view: &FileView<'_>, offset: usize) -> Option<Hover> {
    let (value, span) = told(view, offset)?;
    Some(Hover {
        contents: HoverContents::Markup(MarkupContent {
            kind: MarkupKind::Markdown,
            value,
        }),
        range: Some(view.document.range(span)),
    })
}

/// The parameter whose declaration has a byte in its name or its type.
pub(super) fn declared_param<'v>(view: &'v FileView<'_>, offset: usize) -> Option<&'v PlanParam> {
    view.header.params.iter().find(|param| {
        let inside = |span: Span| span.start <= offset && offset <= span.end;
        inside(param.span) || inside(param.type_span)
    })
}

fn told(view: &FileView<'_>, offset: usize) -> Option<(String, Span)> {
    if let Some(param) = declared_param(view, offset) {
        return Some((of_param(param), param.span));
    }
    let at = Place::at(&view.source, offset);
    if let PlaceKind::Text { .. } | PlaceKind::ImportPath { .. } = at.kind {
        return of_text(view, &at).map(|text| (text, at.word));
    }
    let word = view.source.word_at(offset)?;
    let place = Place::at(&view.source, word.end);
    let name = word.of(view.source.text());
    let text = match &place.kind {
        PlaceKind::Member { receiver } => {
            let kind = receiver.and_then(|receiver| view.type_of(receiver, place.word));
            of_member(view, kind.as_deref(), name)
        }
        PlaceKind::Namespace { name: namespace } => {
            let full = format!("{namespace}::{name}");
            view.functions(&full)
                .next()
                .map(words::of_entry)
                .or_else(|| {
                    let (source, function) = view.imported_function(namespace, name)?;
                    Some(words::of_function(&function, Some(source.name())))
                })
        }
        PlaceKind::Key { .. } => of_key(view, &place, name),
        _ => of_name(view, &place, name, word),
    };
    Some((text?, word))
}

fn of_param(param: &PlanParam) -> String {
    let default = param
        .default
        .iter()
        .map(|default| format!(" = {}", default.text));
    let line = format!(
        "param {}: {}{};",
        param.name,
        param.data_type,
        default.collect::<String>()
    );
    let doc = param.doc.as_deref().unwrap_or_default();
    format!("{}\n{doc}\n", words::code(&line))
}

fn of_key(view: &FileView<'_>, place: &Place, name: &str) -> Option<String> {
    let keys = key::keys_at(view, place, place.path.len());
    let key = keys.into_iter().find(|key| key.name == name)?;
    let need = if key.required { ", required" } else { "" };
    let wanted = key.wanted_told();
    Some(format!(
        "**`{}`**: {wanted}{need}\n\n{}\n",
        key.name, key.doc
    ))
}

fn of_member(view: &FileView<'_>, kind: Option<&str>, name: &str) -> Option<String> {
    let named = member::members(view, kind)
        .into_iter()
        .filter(|member| member.name() == name);
    let texts: Vec<String> = named
        .map(|member| match member {
            MemberOf::Own(entry) => words::of_entry(entry),
            MemberOf::Standard(function) => words::of_standard(function),
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join("\n---\n"))
}

fn of_name(view: &FileView<'_>, place: &Place, name: &str, word: Span) -> Option<String> {
    let variable = place
        .variables
        .iter()
        .find(|variable| variable.name == name);
    if let Some(variable) = variable.map(|variable| variable.span).or_else(|| {
        // The name where it is declared.
        (place.kind == PlaceKind::Nothing).then_some(word)
    }) {
        let kind = Reading::of(view.world, &view.source).type_of_variable(variable);
        let kind = kind.map(|kind| format!(": {kind}"));
        if kind.is_none() && place.kind == PlaceKind::Nothing {
            return function_told(view, name);
        }
        let mut text = words::code(&format!("{name}{}", kind.clone().unwrap_or_default()));
        if let Some(kind) = kind.as_deref().map(|kind| base(&kind[2..])) {
            let is_native = view.entries().any(|entry| entry.receiver == Some(kind));
            if is_native && kind.chars().next().is_some_and(char::is_uppercase) {
                let _ = write!(text, "\n`segue doc {kind}` lists its members.\n");
            }
        }
        return Some(text);
    }
    if let Some(param) = view.header.param(name).filter(|_| !place.in_function) {
        return Some(of_param(param));
    }
    function_told(view, name)
}

fn function_told(view: &FileView<'_>, name: &str) -> Option<String> {
    if let Some(function) = view.outline.function(name, None) {
        return Some(words::of_function(function, None));
    }
    if let Some(entry) = view.functions(name).next() {
        return Some(words::of_entry(entry));
    }
    if let Some(import) = view.outline.import(name) {
        let source = view.imported(name)?;
        let header = Header::read(&source).0;
        return Some(format!(
            "**`{}`**\n\n{}\n",
            import.path,
            header.description.unwrap_or_default()
        ));
    }
    let method = view
        .entries()
        .find(|entry| entry.kind == EntryKind::Method && entry.name == name);
    method.map(words::of_entry).or_else(|| {
        standard_functions()
            .iter()
            .find(|function| function.name == name)
            .map(words::of_standard)
    })
}

fn of_text(view: &FileView<'_>, place: &Place) -> Option<String> {
    let word = place.word.of(view.source.text());
    match text::named(view, place) {
        Named::Task => {
            let task = view.task(word)?;
            Some(words::of_task(&task, task_place(view, word).as_deref()))
        }
        Named::Plan => {
            let source = view.plan(word)?;
            Some(words::of_plan(
                word,
                &Header::read(&source).0,
                source.name(),
            ))
        }
        Named::Targets => of_targets(view, word),
        Named::Import => {
            let import = view
                .outline
                .imports
                .iter()
                .find(|import| import.path_span.contains(place.word.start))?;
            let source = view.imported(&import.alias)?;
            let header = Header::read(&source).0;
            let description = header.description.unwrap_or_default();
            Some(format!("**`{}`**\n\n{description}\n", source.name()))
        }
        Named::File | Named::Step | Named::Word(_) | Named::Nothing => None,
    }
}

/// Names that are shown of a group.
const NAMES_SHOWN_MAX: usize = 20;

fn of_targets(view: &FileView<'_>, word: &str) -> Option<String> {
    let inventory = &view.world.ground.inventory;
    let names = match inventory.group(word) {
        Some(group) => group.targets,
        None => inventory.resolve_names(word).ok()?,
    };
    let shown = names.iter().map(|name| format!("`{name}`"));
    let shown = a_few(shown, NAMES_SHOWN_MAX);
    let count = names.len();
    let plural = if count == 1 { "target" } else { "targets" };
    Some(format!("**`{word}`**: {count} {plural}\n\n{shown}\n"))
}
