//! Parsing for the check: as Rhai does it, but not ending with the first error.

use std::collections::BTreeSet;

use rhai::{AST, Engine};

use crate::plan::{
    diagnostic::{PlanDiagnostic, parse_error},
    engine,
    limits::Limits,
    source::{Bracket, Mend, Mended, Source, Span, TokenKind},
};

/// How many parse errors are told. Whoever mends ten runs the check again anyway.
const ERRORS_MAX: usize = 10;

/// How often a file is mended and parsed again. Each pass takes as long as parsing the file once; a file with more
/// mistakes than this is in another language.
const PASSES_MAX: usize = 40;

/// What of a file could be parsed.
pub(super) struct Parsed {
    pub(super) ast: AST,
    /// The file as it was parsed, and the way back from there.
    pub(super) mended: Mended,
    pub(super) problems: Vec<PlanDiagnostic>,
    /// The words in the parts that could not be parsed: any of them may be declared there.
    pub(super) lost: BTreeSet<String>,
    /// Where those parts were written.
    left_out: Vec<Span>,
}

/// Parses a file. What is wrong is mended where it is plain what was meant, else the statement or function around
/// it is left out, and the rest is parsed again.
pub(super) fn parse(source: &Source) -> Parsed {
    let engine = parser();
    let mut parsed = Parsed {
        ast: AST::empty(),
        mended: Mended::of(source),
        problems: Vec::new(),
        lost: BTreeSet::new(),
        left_out: Vec::new(),
    };
    for _ in 0..PASSES_MAX {
        let current = parsed.mended.current().clone();
        let error = match engine.compile(current.script().as_ref()) {
            Ok(ast) => {
                parsed.ast = ast;
                return parsed;
            }
            Err(error) => error,
        };
        let problem = parse_error(&current, &error);
        let mends = problem.mends.clone();
        if parsed.problems.len() < ERRORS_MAX {
            let problem = problem.unmended(&parsed.mended);
            // What was left out can leave a hole that is noticed once more at the same place.
            if !parsed
                .problems
                .iter()
                .any(|told| told.span() == problem.span())
            {
                parsed.problems.push(problem);
            }
        }
        if mends.is_empty() {
            let item = current
                .offset_at(error.position())
                .and_then(|offset| item_at(&current, offset))
                .filter(|item| !item.of(current.script()).trim().is_empty());
            let Some(item) = item else { break };
            parsed.lost.extend(words(&current, item));
            parsed.left_out.push(parsed.mended.written(item));
            parsed
                .mended
                .mend(vec![Mend::new(item, blank(&current, item))]);
        } else {
            parsed.mended.mend(mends);
        }
    }
    let everything = Span::new(0, source.text().len());
    parsed.lost = words(source, everything).collect();
    parsed.left_out = vec![everything];
    parsed
}

/// Whether the statement at a byte can be parsed; others may be wrong.
pub(in crate::plan) fn parses_at(source: &Source, offset: usize) -> bool {
    let left_out = parse(source).left_out;
    !left_out.iter().any(|span| span.contains(offset))
}

/// Parses an expression that stands in a text of which everything else is blank.
pub(super) fn parse_expression(source: &Source, text: &str) -> Result<AST, Box<PlanDiagnostic>> {
    parser()
        .compile_expression(text)
        .map_err(|error| Box::new(parse_error(source, &error)))
}

fn words(source: &Source, within: Span) -> impl Iterator<Item = String> {
    let tokens = source.tokens().all().iter();
    tokens
        .filter(move |token| token.kind == TokenKind::Word && within.covers(token.span))
        .map(|token| token.span.of(source.text()).to_owned())
}

/// The statement or function around a byte, in the innermost block that has it; none if the blocks of the file are
/// not in order.
fn item_at(source: &Source, offset: usize) -> Option<Span> {
    let tokens = source.tokens();
    let is_block = |kind| {
        matches!(
            kind,
            TokenKind::Open(Bracket::Curly | Bracket::Map | Bracket::Interpolation)
                | TokenKind::TemplateStart
                | TokenKind::Close(_)
        )
    };
    let mut unpaired = tokens.unclosed().chain(tokens.unopened());
    if unpaired.any(|token| is_block(token.kind)) {
        return None;
    }
    let all = tokens.all();
    let inner = (0..all.len()).rev().find_map(|open| {
        let close = tokens.partner(open)?;
        let is_around = all[open].kind == TokenKind::Open(Bracket::Curly)
            && all[open].span.end <= offset
            && offset < all[close].span.start;
        (is_around && !source.begins_cases(open)).then_some((open + 1, close))
    });
    inner
        .and_then(|(from, until)| statement_at(source, offset, from, until))
        .or_else(|| statement_at(source, offset, 0, all.len()))
}

/// The statement around a byte, of those between two tokens.
fn statement_at(source: &Source, offset: usize, from: usize, until: usize) -> Option<Span> {
    /// What goes on with the statement before it.
    const GOES_ON: [&str; 14] = [
        "else", "elif", "elsif", "elseif", "catch", "except", "rescue", "finally", "ensure",
        "while", "until", ".", ")", ",",
    ];
    let tokens = source.tokens();
    let mut start: Option<Span> = None;
    let mut index = from;
    while index < until {
        let token = tokens.get(index)?;
        // The defaults of parameters are tokens of the file, but no statements.
        if token.is_comment() || token.span.of(source.script()).trim().is_empty() {
            index += 1;
            continue;
        }
        let first = *start.get_or_insert(token.span);
        let close = tokens.partner(index).filter(|partner| *partner > index);
        let last = tokens.get(close.unwrap_or(index))?;
        index = close.unwrap_or(index) + 1;
        let next = (index..until)
            .filter_map(|at| tokens.get(at))
            .find(|token| !token.is_comment())
            .map_or("", |next| next.span.of(source.text()));
        let text = token.span.of(source.text());
        let ends = (text == ";" && !matches!(next, "else" | "catch"))
            || (token.kind == TokenKind::Open(Bracket::Curly)
                && next != ";"
                && !GOES_ON.contains(&next));
        if ends || index >= until {
            let item = first.to(last.span);
            if offset < item.end || index >= until {
                return (item.start <= offset).then_some(item);
            }
            start = None;
        }
    }
    None
}

/// As many spaces as a part has bytes; lines stay.
fn blank(source: &Source, span: Span) -> String {
    let text = span.of(source.text());
    let blanks = text.bytes().map(|byte| match byte {
        b'\n' => '\n',
        _ => ' ',
    });
    blanks.collect()
}

/// An engine that parses as the one that runs plans, but leaves unknown names to the check.
fn parser() -> Engine {
    let mut engine = engine::parser(&Limits::default());
    engine.set_strict_variables(false);
    engine
}
