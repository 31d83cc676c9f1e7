//! Brackets that don't belong together: which one is wrong, rather than where Rhai noticed it.

use super::PlanDiagnostic;
use crate::plan::source::{Bracket, Source, Span, Token, TokenKind};

const CODE: &str = "segue::plan::bracket";

/// What is wrong with the brackets of a text, if something is. Rhai noticed it at `offset`.
pub(super) fn unbalanced(source: &Source, offset: usize) -> Option<PlanDiagnostic> {
    unopened(source)
        .or_else(|| unclosed_before(source, offset))
        .or_else(|| unclosed(source))
}

/// A round or square bracket whose statement ends without it.
fn unclosed_before(source: &Source, offset: usize) -> Option<PlanDiagnostic> {
    let tokens = source.tokens();
    let open = tokens
        .unclosed()
        .filter(|open| open.span.start < offset)
        .last()?;
    if !matches!(open.kind, TokenKind::Open(Bracket::Round | Bracket::Square)) {
        return None;
    }
    let before = tokens.previous(tokens.index_at(offset))?;
    let end = tokens.get(before)?.span.end;
    let expected = closer(source, open);
    let problem = PlanDiagnostic::error(
        CODE,
        format!("`{}` is never closed", open.span.of(source.text())),
    );
    Some(
        problem
            .within(source)
            .label(open.span, "this bracket is opened here")
            .help(format!("add the missing `{expected}`"))
            .mend(Span::empty(end), expected),
    )
}

fn unopened(source: &Source) -> Option<PlanDiagnostic> {
    let tokens = source.tokens();
    let close = tokens.unopened().next()?;
    let text = close.span.of(source.text());
    let mut problem = PlanDiagnostic::error(CODE, format!("`{text}` closes nothing"))
        .within(source)
        .label(close.span, "no bracket is open here that this could close");
    // `(a]`: the opener was left without a partner right before.
    if let Some(open) = tokens
        .unclosed()
        .filter(|open| open.span < close.span)
        .last()
    {
        let expected = closer(source, open);
        problem = PlanDiagnostic::error(CODE, format!("expected `{expected}`, found `{text}`"))
            .within(source)
            .label(close.span, format!("this should be `{expected}`"))
            .label(open.span, "to close this bracket")
            .mend(close.span, expected);
        return Some(problem);
    }
    problem.help = Some(format!(
        "remove the `{text}`, or find the bracket before it that was closed too early"
    ));
    Some(problem.mend(close.span, ""))
}

fn unclosed(source: &Source) -> Option<PlanDiagnostic> {
    let open = source.tokens().unclosed().last()?;
    let shown = open.span.of(source.text());
    if open.kind == TokenKind::TemplateStart {
        return Some(
            PlanDiagnostic::error(CODE, "this string never ends")
                .within(source)
                .label(
                    Span::new(open.span.start, open.span.start + 1),
                    "it begins here",
                )
                .help("close it with a back-tick: `"),
        );
    }
    let expected = closer(source, open);
    let problem = PlanDiagnostic::error(CODE, format!("`{shown}` is never closed")).within(source);
    // The layout tells which one it is more often than the end of the file does.
    let problem = match misindented(source) {
        Some((suspect, close)) if expected == "}" => problem
            .label(
                suspect.span,
                "this bracket is probably the one that is not closed ...",
            )
            .label(
                close.span,
                "... since this one, in another column, closes it",
            ),
        _ => problem.label(open.span, "this bracket is opened here"),
    };
    Some(problem.help(format!("add the missing `{expected}`")))
}

fn closer(source: &Source, open: Token) -> &'static str {
    match open.span.of(source.text()) {
        "(" => ")",
        "[" | "?[" => "]",
        _ => "}",
    }
}

/// The innermost block whose closing brace begins a line that is not indented as the line of its opening one.
fn misindented(source: &Source) -> Option<(Token, Token)> {
    let tokens = source.tokens();
    tokens
        .all()
        .iter()
        .enumerate()
        .filter(|(_, token)| matches!(token.kind, TokenKind::Open(_)))
        .filter_map(|(index, open)| {
            let close = tokens.get(tokens.partner(index)?)?;
            let (opened, _) = indentation(source, open.span.start);
            let (closed, begins_line) = indentation(source, close.span.start);
            (begins_line && opened != closed).then_some((*open, close))
        })
        .next_back()
}

/// How far the line of a byte is indented, and whether the byte is the first that is no space on it.
fn indentation(source: &Source, offset: usize) -> (usize, bool) {
    let text = source.text();
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let line = &text[start..];
    let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
    (indent, start + indent == offset)
}
