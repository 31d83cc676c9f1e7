//! Habits with maps and arrays.

use super::recognise::problem;
use crate::plan::diagnostic::{PlanDiagnostic, scene::Scene};
use crate::plan::source::{Bracket, TokenKind};

/// `{ key: value }`, as in JSON and most other languages.
pub(super) fn map_without_hash(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let (bracket, open) = scene.enclosing()?;
    let first = scene.token(-2)?;
    let is_entry = bracket == Bracket::Curly
        && scene.text(0) == ":"
        && matches!(scene.kind(-1)?, TokenKind::Word | TokenKind::Text)
        && first == open;
    is_entry.then(|| {
        problem(
            open.span,
            "a map begins with `#{`",
            "this begins a block of statements",
            "write `#{` in place of `{`",
        )
    })
}

/// `{1, 2}`.
pub(super) fn list_in_braces(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let (bracket, open) = scene.enclosing()?;
    let is_list = bracket == Bracket::Curly && scene.text(0) == "," && scene.token(-2)? == open;
    is_list.then(|| {
        problem(
            open.span,
            "an Array is written in square brackets",
            "this begins a block of statements",
            "write `[a, b]`; a map is written `#{ key: value }`",
        )
    })
}

/// `#{ key => value }` and `#{ key = value }`.
pub(super) fn map_entry_with_arrow(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let symbol = scene.text(0);
    let is_entry = matches!(symbol, "=>" | "=")
        && matches!(scene.enclosing(), Some((Bracket::Map, _)))
        && matches!(scene.kind(-1)?, TokenKind::Word | TokenKind::Text)
        && matches!(scene.text(-2), "#{" | ",");
    is_entry.then(|| {
        problem(
            scene.span(0),
            "the value of a key stands behind a `:`",
            "this should be `:`",
            format!("write `{}: ...`", scene.text(-1)),
        )
    })
}

/// `#{ log-level: 1 }`.
pub(super) fn map_key_with_dash(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_key = scene.text(0) == "-"
        && matches!(scene.enclosing(), Some((Bracket::Map, _)))
        && matches!(scene.text(-2), "#{" | ",");
    is_key.then(|| {
        let span = scene.span(-1).to(scene.span(1));
        let key = span.of(scene.source.text());
        problem(
            span,
            "a key with a dash needs quotes",
            "",
            format!("write `\"{key}\": ...`"),
        )
    })
}

/// `#{ 80: "http" }`.
pub(super) fn map_key_without_quotes(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_key = scene.kind(0) == Some(TokenKind::Number)
        && matches!(scene.enclosing(), Some((Bracket::Map, _)))
        && matches!(scene.text(-1), "#{" | ",");
    is_key.then(|| {
        problem(
            scene.span(0),
            "the keys of a map are strings",
            "",
            format!("write `\"{}\": ...`", scene.text(0)),
        )
    })
}
