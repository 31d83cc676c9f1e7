//! Which part of a declaration is being written at the end of a text.

use super::outline::Outline;

/// A part of `param name: Type = default;`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum HeaderPart {
    Name,
    Type,
    Default,
}

/// The part of a declaration in which a text ends, if it ends in one.
pub(in crate::plan) fn header_part(text: &str) -> Option<HeaderPart> {
    let outline = Outline::of(text);
    let declaration = outline.declarations.last()?;
    let span = declaration.span;
    let rest = text.get(span.end..)?;
    if span.of(text).ends_with(';') || rest.contains('\n') || !rest.trim().is_empty() {
        return None;
    }
    let name = declaration.name?;
    let behind_name = text.get(name.end..).unwrap_or_default();
    if declaration.default.is_some() {
        return Some(HeaderPart::Default);
    }
    // A type may have a `=` of its own (`Struct[{'a' => String}]`), but none at its end.
    let behind_type = declaration
        .data_type
        .and_then(|data_type| text.get(data_type.end..))
        .unwrap_or_default();
    Some(if behind_type.trim_start().starts_with('=') {
        HeaderPart::Default
    } else if behind_name.trim_start().starts_with(':') {
        HeaderPart::Type
    } else {
        HeaderPart::Name
    })
}
