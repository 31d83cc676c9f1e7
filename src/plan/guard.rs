//! What is written into the text that Rhai compiles, and taken out of its positions again.
//!
//! *A `catch` always gets an `Error`.* Rhai hands a map without a kind to the handler of an error of its own, and whatever was thrown
//! to that of a `throw`. So the body of each `try` is put into a block that makes an `Error` of what leaves it, where the
//! whole error is still known.
//!
//! *No value is nested without an end.* Where one is put into another it is put in brackets that look at it: see [`super::nesting`].
//!
//! *Each turn of a `for` has a variable of its own.* Rhai has one for all turns, so closures that captured it would all see the
//! last item. Where the body of a loop makes a closure, it begins with a copy.

use std::rc::Rc;

use rhai::{Engine, EvalAltResult, EvalContext, Expression};

use super::{
    branches,
    call::CallResult,
    decision,
    host::Host,
    mark::{self, Mark},
    nesting,
    object::Fault,
    source::{Bracket, Source, TokenKind},
};

/// What the block begins with. Custom syntax needs a word; no name of a plan begins like it.
const GUARD: &str = "__guarded";

/// All words that are written into a text.
pub(super) const WORDS: [&str; 8] = [
    GUARD,
    nesting::WORD,
    decision::IF,
    decision::WHILE,
    decision::SWITCH,
    decision::FOR,
    decision::VALUE,
    decision::ASIDE,
];

/// What is written into the text of a file before it is compiled.
#[derive(Debug, Default)]
pub(super) struct Guards {
    insertions: Vec<Insertion>,
}

#[derive(Debug)]
struct Insertion {
    /// The byte before which it is put.
    offset: usize,
    /// Its line and column, in characters, both counted from 1.
    line: usize,
    column: usize,
    rank: Rank,
    text: String,
}

/// In which order that stands which is put before the same byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    EndOfNested,
    Other,
    StartOfNested,
}

impl Guards {
    /// Those that a file needs.
    ///
    /// With `decides`, also the words that ask which way to go.
    pub(super) fn of(source: &Source, decides: bool) -> Self {
        let tokens = source.tokens();
        let mut insertions = Vec::new();
        for (index, token) in tokens.all().iter().enumerate() {
            if token.kind != TokenKind::Word {
                continue;
            }
            match token.span.of(source.text()) {
                "try" => insertions.extend(around_try(source, index).into_iter().flatten()),
                "for" => insertions.extend(in_loop(source, index)),
                _ => {}
            }
            if decides {
                insertions.extend(before_choice(source, index));
            }
        }
        if decides {
            insertions.extend(before_values(source));
        }
        insertions.extend(around_nestings(source));
        insertions.sort_by_key(|insertion| (insertion.offset, insertion.rank));
        Self { insertions }
    }

    /// The text with all of them.
    pub(super) fn put_into(&self, script: &str) -> String {
        let mut text = String::with_capacity(script.len() + 16 * self.insertions.len());
        let mut at = 0;
        for insertion in &self.insertions {
            text.push_str(&script[at..insertion.offset]);
            text.push_str(&insertion.text);
            at = insertion.offset;
        }
        text.push_str(&script[at..]);
        text
    }

    /// The column that this place of the line has behind what is put before it.
    pub(super) fn column_with(&self, line: usize, column: usize) -> usize {
        let on_line = self.insertions.iter().filter(|other| other.line == line);
        let before = on_line.take_while(|other| other.column <= column);
        column + before.map(|other| other.text.len()).sum::<usize>()
    }

    /// The column that was at this place of the line before.
    pub(super) fn column(&self, line: usize, column: usize) -> usize {
        let mut added = 0;
        // Asked for the place of every effect, and a long file has thousands of insertions.
        let first = (self.insertions).partition_point(|other| other.line < line);
        let rest = self.insertions[first..].iter();
        for insertion in rest.take_while(|other| other.line == line) {
            let start = insertion.column + added;
            if column < start {
                break;
            }
            if column < start + insertion.text.len() {
                return insertion.column;
            }
            added += insertion.text.len();
        }
        column - added
    }
}

impl Insertion {
    fn new(source: &Source, offset: usize, text: impl Into<String>) -> Self {
        let place = source.place(offset);
        Self {
            offset,
            line: place.line as usize,
            column: place.column as usize,
            rank: Rank::Other,
            text: text.into(),
        }
    }

    fn ranked(self, rank: Rank) -> Self {
        Self { rank, ..self }
    }
}

/// The beginning and the end of the block in the body of the `try` at `index`.
fn around_try(source: &Source, index: usize) -> Option<[Insertion; 2]> {
    let tokens = source.tokens();
    let open = tokens.next(index)?;
    let close = tokens.partner(open)?;
    let is_block = tokens.get(open)?.kind == TokenKind::Open(Bracket::Curly);
    // Where nothing is done, nothing fails.
    if !is_block || tokens.next(open)? == close {
        return None;
    }
    let (start, end) = (tokens.get(open)?.span.end, tokens.get(close)?.span.start);
    let begin = Insertion::new(source, start, format!("{GUARD}{{"));
    Some([begin, Insertion::new(source, end, "}")])
}

/// The brackets around what may be nested. What the defaults of parameters are made of is no part of the script.
fn around_nestings(source: &Source) -> Vec<Insertion> {
    let (text, script) = (source.text(), source.script());
    let tokens = source.tokens();
    let mut insertions = Vec::new();
    for (first, last) in nesting::nestings(source) {
        let (Some(first), Some(last)) = (tokens.get(first), tokens.get(last)) else {
            continue;
        };
        let span = first.span.start..last.span.end;
        if script.get(span.clone()) != text.get(span.clone()) {
            continue;
        }
        let (before, behind) = nesting::brackets();
        insertions.push(Insertion::new(source, span.start, before).ranked(Rank::StartOfNested));
        insertions.push(Insertion::new(source, span.end, behind).ranked(Rank::EndOfNested));
    }
    insertions
}

/// The copies at the beginning of the body of the `for` at `index`, if it needs them.
fn in_loop(source: &Source, index: usize) -> Option<Insertion> {
    let tokens = source.tokens();
    let text = |at: usize| tokens.get(at).map(|token| token.span.of(source.text()));
    let mut at = tokens.next(index)?;
    let mut copies = String::new();
    while text(at)? != "in" {
        let token = tokens.get(at)?;
        let name = token.span.of(source.text());
        match token.kind {
            TokenKind::Word if name != "_" => copies.extend(["let ", name, "=", name, ";"]),
            TokenKind::Word | TokenKind::Symbol | TokenKind::Open(_) | TokenKind::Close(_) => {}
            _ => return None,
        }
        at = tokens.next(at)?;
    }
    let open = body_of(source, tokens.next(at)?)?;
    let start = tokens.get(open)?.span.end;
    let mut inside = open + 1..tokens.partner(open)?;
    let makes_closure = inside.any(|at| source.closure_bar(at).is_some());
    (makes_closure && !copies.is_empty()).then(|| Insertion::new(source, start, copies))
}

/// The word before what the `if`, `while`, `switch` or `for` at `index` decides on.
fn before_choice(source: &Source, index: usize) -> Option<Insertion> {
    let tokens = source.tokens();
    let text = |at: usize| tokens.get(at).map(|token| token.span.of(source.text()));
    let mut at = index;
    let word = match text(index)? {
        "if" => decision::IF,
        "switch" => decision::SWITCH,
        "while" => {
            // The one behind `do { ... }` has no braces.
            let close = tokens.previous(index);
            let open = close.and_then(|close| tokens.partner(close));
            let before = open.and_then(|open| tokens.previous(open));
            if before.and_then(text) == Some("do") {
                return None;
            }
            decision::WHILE
        }
        "for" => {
            while text(at)? != "in" {
                at = tokens.next(at)?;
            }
            decision::FOR
        }
        _ => return None,
    };
    let first = tokens.next(at)?;
    let brace = body_of(source, first)?;
    // The condition of a case of a `switch` has no braces either.
    if first == brace {
        return None;
    }
    let start = tokens.get(first)?.span.start;
    Some(Insertion::new(source, start, format!("{word} ")))
}

/// The words before what may be unknown, or must not be asked for.
fn before_values(source: &Source) -> Vec<Insertion> {
    let marks = mark::marks(source).into_iter();
    let insertions = marks.map(|(at, mark)| {
        let word = match mark {
            Mark::Value => decision::VALUE,
            Mark::Aside => decision::ASIDE,
        };
        Insertion::new(source, at, format!("{word} "))
    });
    insertions.collect()
}

/// The index of the brace behind what a loop goes over. None where that has blocks in itself.
pub(super) fn body_of(source: &Source, mut at: usize) -> Option<usize> {
    let tokens = source.tokens();
    loop {
        let token = tokens.get(at)?;
        match token.kind {
            TokenKind::Open(Bracket::Curly) => return Some(at),
            TokenKind::Open(_) | TokenKind::TemplateStart => at = tokens.partner(at)?,
            TokenKind::Close(_) => return None,
            TokenKind::Symbol if matches!(token.span.of(source.text()), ";" | "=>") => return None,
            TokenKind::Word => {
                let word = token.span.of(source.text());
                if matches!(word, "if" | "switch" | "loop" | "while" | "do" | "for") {
                    return None;
                }
            }
            _ => {}
        }
        at = tokens.next(at)?;
    }
}

/// Makes the block known to an engine.
pub(super) fn register(engine: &mut Engine) {
    engine
        .register_custom_syntax([GUARD, "$block$"], false, guarded)
        .expect("a word and a block are a syntax");
}

fn guarded(
    context: &mut EvalContext<'_, '_, '_, '_, '_, '_>,
    inputs: &[Expression<'_>],
) -> CallResult {
    let body = &inputs[0];
    context.eval_expression_tree(body).map_err(|error| {
        let host = Host::tagged(context.tag());
        as_fault(&host, error)
    })
}

/// The error as a `catch` gets it. The calls that it came through are kept: it may be thrown on.
fn as_fault(host: &Host, mut error: Box<EvalAltResult>) -> Box<EvalAltResult> {
    let is_fault = matches!(error.unwrap_inner(), EvalAltResult::ErrorRuntime(value, _) if value.is::<Rc<Fault>>());
    // What ends a block without failing is no error of ours: `return`, `break`.
    if is_fault || error.is_pseudo_error() {
        return error;
    }
    let Some(fault) = branches::caught(host, &error) else {
        return error;
    };
    let inner = innermost(&mut error);
    let position = inner.position();
    *inner = EvalAltResult::ErrorRuntime(fault, position);
    error
}

/// The error itself, below the calls that it came through.
pub(super) fn innermost(error: &mut EvalAltResult) -> &mut EvalAltResult {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, next, _)
        | EvalAltResult::ErrorInModule(_, next, _) => innermost(next),
        inner => inner,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::plan::{engine, limits::Limits};

    #[test]
    fn what_was_put_in_is_taken_out_of_the_columns_again() {
        let text = "let ü = 1; try { f(); } catch (e) { try { g() } catch { } }\nh()";
        let source = Source::new("a.rhai", text);
        let guards = Guards::of(&source, false);
        let guarded = guards.put_into(text);
        assert_eq!(
            guarded,
            "let ü = 1; try {__guarded{ f(); }} catch (e) { try {__guarded{ g() }} catch { } }\nh()"
        );
        for word in ["let", "try", "f()", "} }", "catch", "g()", "{ }"] {
            let column = |text: &str| {
                let at = text.find(word).unwrap_or_default();
                text[..at].chars().count() + 1
            };
            assert_eq!(guards.column(1, column(&guarded)), column(text), "{word}");
            let with = guards.column_with(1, column(text));
            assert_eq!(guards.column(1, with), column(text), "{word}");
        }
        assert_eq!(guards.column(2, 1), 1);
    }

    #[test]
    fn a_loop_that_makes_closures_has_copies_of_its_variables() {
        for (text, guarded) in [
            (
                "for i in 0..3 { f(|| i) }",
                "for i in 0..3 {let i=i; f((__nested || i)) }",
            ),
            (
                "for (x, n) in a.b(|y| y) { f(|z| x) }",
                "for (x, n) in a.b((__nested |y| y)) {let x=x;let n=n; f((__nested |z| x)) }",
            ),
            (
                "for x in [#{a: 1}] { return || x; }",
                "for x in [#{a: 1}] {let x=x; return (__nested || x); }",
            ),
            (
                "for x in a { b = c || d | e; }",
                "for x in a { b = c || d | e; }",
            ),
            ("for x in `${a}` { }", "for x in `${a}` { }"),
            (
                "for x in if a { b } else { c } { f(|| x) }",
                "for x in if a { b } else { c } { f((__nested || x)) }",
            ),
            ("for x in", "for x in"),
        ] {
            let guards = Guards::of(&Source::new("a.rhai", text), false);
            assert_eq!(guards.put_into(text), guarded);
        }
    }

    #[test]
    fn what_is_no_block_is_left_alone() {
        for text in [
            "try { } catch { }",
            "\"try { f() }\"",
            "// try { f() }",
            "try {",
            "`try {f()} ${1}`",
        ] {
            let guards = Guards::of(&Source::new("a.rhai", text), false);
            assert_eq!(guards.put_into(text), text);
        }
    }

    #[test]
    fn what_was_valid_is_valid_with_what_is_put_in() {
        let limits = Limits::default();
        let (mut plain, mut full) = (engine::parser(&limits), engine::compiler(&limits));
        // The parameters of a plan are nobody's variables here.
        plain.set_strict_variables(false);
        full.set_strict_variables(false);
        let mut valid = 0;
        for directory in ["tests/check/good", "plans", "stdlib"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
            for entry in fs::read_dir(path).unwrap() {
                let path = entry.unwrap().path();
                let Ok(text) = fs::read_to_string(&path) else {
                    continue;
                };
                let source = Source::new(path.display().to_string(), text);
                if plain.compile(source.script()).is_err() {
                    continue;
                }
                for decides in [false, true] {
                    let guarded = Guards::of(&source, decides).put_into(source.script());
                    let compiled = full.compile(&guarded);
                    assert!(
                        compiled.is_ok(),
                        "{}: {compiled:?}\n{guarded}",
                        path.display()
                    );
                }
                valid += 1;
            }
        }
        assert!(valid > 10, "only {valid} files were valid");
    }
}
