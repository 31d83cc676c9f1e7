//! What a `catch` gets: always an `Error`, whoever made the error.
//!
//! Rhai hands a map without a kind to the handler of an error of its own, and whatever was thrown to that of a `throw`. So the
//! body of each `try` is put into a block that makes an `Error` of what leaves it, where the whole error is still
//! known. The block is written into the text that Rhai compiles, and taken out of its positions again.

use std::rc::Rc;

use rhai::{Engine, EvalAltResult, EvalContext, Expression};

use super::{
    branches,
    call::CallResult,
    host::Host,
    object::Fault,
    source::{Bracket, Source, TokenKind},
};

/// What the block begins with. Custom syntax needs a word, and this is one that nobody uses as a name.
const GUARD: &str = "__guarded";

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
    text: &'static str,
}

impl Guards {
    /// One around the body of every `try` of the file.
    pub(super) fn of(source: &Source) -> Self {
        let tokens = source.tokens();
        let mut insertions = Vec::new();
        for (index, token) in tokens.all().iter().enumerate() {
            if token.kind != TokenKind::Word || token.span.of(source.text()) != "try" {
                continue;
            }
            let open = tokens.next(index).and_then(|open| {
                let bracket = tokens.get(open)?;
                let close = tokens.get(tokens.partner(open)?)?;
                // Where nothing is done, nothing fails.
                let is_empty = tokens.next(open)? == tokens.partner(open)?;
                let is_block = bracket.kind == TokenKind::Open(Bracket::Curly);
                (is_block && !is_empty).then_some((bracket.span.end, close.span.start))
            });
            if let Some((start, end)) = open {
                insertions.push(Insertion::new(source, start, "__guarded{"));
                insertions.push(Insertion::new(source, end, "}"));
            }
        }
        insertions.sort_by_key(|insertion| insertion.offset);
        Self { insertions }
    }

    /// The text with all of them.
    pub(super) fn put_into(&self, script: &str) -> String {
        let mut text = String::with_capacity(script.len() + 16 * self.insertions.len());
        let mut at = 0;
        for insertion in &self.insertions {
            text.push_str(&script[at..insertion.offset]);
            text.push_str(insertion.text);
            at = insertion.offset;
        }
        text.push_str(&script[at..]);
        text
    }

    /// The column that was at this place of the line before.
    pub(super) fn column(&self, line: usize, column: usize) -> usize {
        let mut added = 0;
        for insertion in self.insertions.iter().filter(|other| other.line == line) {
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
    fn new(source: &Source, offset: usize, text: &'static str) -> Self {
        let place = source.place(offset);
        Self {
            offset,
            line: place.line as usize,
            column: place.column as usize,
            text,
        }
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
    use super::*;

    #[test]
    fn what_was_put_in_is_taken_out_of_the_columns_again() {
        let text = "let ü = 1; try { f(); } catch (e) { try { g() } catch { } }\nh()";
        let source = Source::new("a.rhai", text);
        let guards = Guards::of(&source);
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
        }
        assert_eq!(guards.column(2, 1), 1);
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
            let guards = Guards::of(&Source::new("a.rhai", text));
            assert_eq!(guards.put_into(text), text);
        }
    }
}
