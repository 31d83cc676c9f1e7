//! Parsing for the check: as Rhai does it, but not ending with the first error.

use rhai::{AST, Engine};

use crate::plan::{
    diagnostic::{PlanDiagnostic, parse_error},
    engine,
    limits::Limits,
    source::{Bracket, Source, Span, TokenKind},
};

/// How many parse errors are told. Whoever mends five runs the check again anyway.
const ERRORS_MAX: usize = 5;

/// What of a file could be parsed.
pub(super) struct Parsed {
    pub(super) ast: AST,
    pub(super) problems: Vec<PlanDiagnostic>,
    /// The parts that could not, which declare who knows what.
    pub(super) lost: Vec<Span>,
}

/// Parses a file. A statement or function that is wrong is left out and the rest is parsed again.
pub(super) fn parse(source: &Source) -> Parsed {
    let engine = parser();
    let mut text = source.script().to_string();
    let mut problems = Vec::new();
    let mut lost: Vec<Span> = Vec::new();
    loop {
        let error = match engine.compile(&text) {
            Ok(ast) => {
                return Parsed {
                    ast,
                    problems,
                    lost,
                };
            }
            Err(error) => error,
        };
        problems.push(parse_error(source, &error));
        let offset = source.offset_at(error.position());
        let item = offset.and_then(|offset| item_at(source, offset));
        match item {
            Some(item) if problems.len() < ERRORS_MAX && !lost.contains(&item) => {
                blank(&mut text, item);
                lost.push(item);
            }
            _ => {
                let everything = Span::new(0, source.text().len());
                return Parsed {
                    ast: AST::empty(),
                    problems,
                    lost: vec![everything],
                };
            }
        }
    }
}

/// Whether the statement at a byte can be parsed; others may be wrong.
pub(in crate::plan) fn parses_at(source: &Source, offset: usize) -> bool {
    let lost = parse(source).lost;
    !lost.iter().any(|span| span.contains(offset))
}

/// Parses an expression that stands in a text of which everything else is blank.
pub(super) fn parse_expression(source: &Source, text: &str) -> Result<AST, Box<PlanDiagnostic>> {
    parser()
        .compile_expression(text)
        .map_err(|error| Box::new(parse_error(source, &error)))
}

/// The top-level statement or function around a byte; none if the brackets of the file are not in order.
fn item_at(source: &Source, offset: usize) -> Option<Span> {
    let tokens = source.tokens();
    if tokens.unclosed().next().is_some() || tokens.unopened().next().is_some() {
        return None;
    }
    let mut start: Option<Span> = None;
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        if token.is_comment() {
            index += 1;
            continue;
        }
        let first = *start.get_or_insert(token.span);
        let close = tokens.partner(index).filter(|partner| *partner > index);
        let last = tokens.get(close.unwrap_or(index))?;
        index = close.unwrap_or(index) + 1;
        let next = tokens
            .get(index)
            .map_or("", |next| next.span.of(source.text()));
        let ends = token.span.of(source.text()) == ";"
            || (token.kind == TokenKind::Open(Bracket::Curly)
                && !matches!(
                    next,
                    "else" | "catch" | "while" | "until" | ";" | "." | ")" | ","
                ));
        if ends || index >= tokens.all().len() {
            let item = first.to(last.span);
            if offset < item.end || index >= tokens.all().len() {
                return (item.start <= offset).then_some(item);
            }
            start = None;
        }
    }
    None
}

/// Puts spaces in place of a part, byte by byte; lines stay.
fn blank(text: &mut String, span: Span) {
    let blank: String = text[span.range()]
        .bytes()
        .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
        .collect();
    text.replace_range(span.range(), &blank);
}

/// An engine that parses as the one that runs plans, but leaves unknown names to the check.
fn parser() -> Engine {
    let mut engine = engine::parser(&Limits::default());
    engine.set_strict_variables(false);
    engine
}
