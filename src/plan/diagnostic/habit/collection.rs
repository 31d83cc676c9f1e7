//! Habits with maps and arrays.

use super::recognise::problem;
use crate::plan::diagnostic::{PlanDiagnostic, scene::Scene};
use crate::plan::source::{Bracket, Token, TokenKind};

/// `{ key: value }`, as in JSON and most other languages.
pub(super) fn map_without_hash(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let hash = |open| {
        problem(
            open,
            "a map begins with `#{`",
            "this begins a block of statements",
            "write `#{` in place of `{`",
        )
        .mend(open, "#{")
    };
    // Where only a value can stand, Rhai stops at the brace itself.
    if scene.text(0) == "{"
        && matches!(scene.kind(1), Some(TokenKind::Word | TokenKind::Text))
        && matches!(scene.text(2), ":" | "=>")
    {
        return Some(hash(scene.span(0)));
    }
    let (bracket, open) = scene.enclosing()?;
    let first = scene.token(-2)?;
    let is_entry = bracket == Bracket::Curly
        && matches!(scene.text(0), ":" | "=>")
        && matches!(
            scene.kind(-1)?,
            TokenKind::Word | TokenKind::Text | TokenKind::Character
        )
        && first == open
        && !matches!(scene.before(open)?.span.of(scene.source.text()), ")" | "}");
    is_entry.then(|| hash(open.span))
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

/// `[x.name for x in list]`, `all(x.ok for x in list)`.
pub(super) fn comprehension(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let (bracket, open) = scene.enclosing()?;
    let is_list = bracket == Bracket::Square;
    let is_loop = scene.text(0) == "for"
        && (is_list || bracket == Bracket::Round)
        && scene.token(-1).is_some_and(Token::ends_operand);
    is_loop.then(|| {
        let item = scene.text(1);
        problem(
            scene.span(0),
            "a loop has no value",
            "",
            format!("write `list.map(|{item}| ...)`, with `.filter(|{item}| ...)` in front where there is an `if`"),
        )
        .mend(
            scene.source.whole(open.span.start),
            if is_list { "[]" } else { "([], || true)" },
        )
    })
}

/// `{ ...options, limit: 3 }`.
pub(super) fn spread_in_map(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let (bracket, open) = scene.enclosing()?;
    let is_spread = scene.text(0) == "..." && matches!(bracket, Bracket::Curly | Bracket::Map);
    is_spread.then(|| {
        problem(
            scene.span(0),
            "a map is not put into another one with `...`",
            "",
            format!("write `{} + #{{ key: value }}`", scene.text(1)),
        )
        .mend(scene.source.whole(open.span.start), "#{}")
    })
}

/// `%{ key: value }`.
pub(super) fn map_with_percent(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_map = scene.text(0) == "%" && scene.text(1) == "{" && scene.touches(0, 1);
    is_map.then(|| {
        problem(
            scene.span(0),
            "a map begins with `#{`",
            "this should be `#`",
            "write `#{` in place of `%{`",
        )
        .mend(scene.span(0), "#")
    })
}

/// `list[1:3]`.
pub(super) fn slice(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let (bracket, open) = scene.enclosing()?;
    let is_slice = scene.text(0) == ":"
        && bracket == Bracket::Square
        && scene.before(open).is_some_and(Token::ends_operand);
    is_slice.then(|| {
        problem(
            scene.span(0),
            "a part of a list is not written `[from:to]`",
            "",
            "write `list.extract(0..2)`; of targets `nodes.skip(0).take(2)`",
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
        .mend(scene.span(0), ":")
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
        .mend(span, format!("\"{key}\""))
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
        .mend(scene.span(0), format!("\"{}\"", scene.text(0)))
    })
}

/// `#{ a: 1; b: 2 }`.
pub(super) fn semicolon_in_map(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_entry =
        scene.text(2) == ":" && matches!(scene.kind(1), Some(TokenKind::Word | TokenKind::Text));
    let separates = scene.text(0) == ";"
        && matches!(scene.enclosing(), Some((Bracket::Map, _)))
        && (is_entry || scene.text(1) == "}");
    separates.then(|| {
        problem(
            scene.span(0),
            "the entries of a map are separated by `,`",
            "this should be `,`",
            "write `,`",
        )
        .mend(scene.span(0), ",")
    })
}
