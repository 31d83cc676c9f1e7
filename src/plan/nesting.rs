//! Where the text of a plan puts one value into another: there it is looked at how deeply they are nested.
//!
//! Rhai has no hook for a literal, an assignment or a closure, so each is put into a pair of brackets with a word before it, as
//! [`super::guard`] puts words before other things. It is enough to look where a value gets into another: all else that a script
//! does leaves values as deep as they are. Looking costs about as much as the copy that Rhai makes there anyway, and where
//! only numbers, texts and the like can come, nothing is written at all.

use std::collections::HashSet;

use rhai::{Engine, EvalContext, Expression};

use super::{
    call::CallResult,
    depth,
    source::{Bracket, Source, Token, TokenKind, Tokens},
};

/// The word in the brackets. Custom syntax needs one; no name of a plan begins like it.
pub(super) const WORD: &str = "__nested";

/// Makes the word known to an engine.
pub(super) fn register(engine: &mut Engine) {
    engine
        .register_custom_syntax([WORD, "$expr$"], false, nested)
        .expect("a word and an expression are a syntax");
}

fn nested(
    context: &mut EvalContext<'_, '_, '_, '_, '_, '_>,
    inputs: &[Expression<'_>],
) -> CallResult {
    let value = context.eval_expression_tree(&inputs[0])?;
    depth::check(&value, inputs[0].position())?;
    Ok(value)
}

/// What is written before and behind an expression.
pub(super) fn brackets() -> (String, &'static str) {
    (format!("({WORD} "), ")")
}

/// The expressions that may give a nested value, each by its first and its last token.
pub(super) fn nestings(source: &Source) -> Vec<(usize, usize)> {
    let reader = Reader {
        source,
        tokens: source.tokens(),
    };
    let closures: Vec<(usize, usize)> = (0..reader.tokens.all().len())
        .filter_map(|at| reader.closure(at))
        .collect();
    let captured = reader.words_in(&closures);
    let mut nestings = closures;
    for at in 0..reader.tokens.all().len() {
        match reader.tokens.all()[at].kind {
            TokenKind::Open(Bracket::Square | Bracket::Map) => {
                nestings.extend(reader.literal(at));
            }
            TokenKind::Symbol if matches!(reader.text(at), "=" | "+=") => {
                nestings.extend(reader.assigned(at, &captured));
            }
            TokenKind::Word if reader.text(at) == "curry" => nestings.extend(reader.arguments(at)),
            _ => {}
        }
    }
    // What is assigned may be a closure or a literal and nothing else.
    nestings.sort_unstable();
    nestings.dedup();
    nestings
}

struct Reader<'a> {
    source: &'a Source,
    tokens: &'a Tokens,
}

impl<'a> Reader<'a> {
    fn text(&self, at: usize) -> &'a str {
        let token = self.tokens.get(at);
        token.map_or("", |token| token.span.of(self.source.text()))
    }

    fn kind(&self, at: usize) -> Option<TokenKind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    /// The closure that begins at `at`, if one does.
    fn closure(&self, at: usize) -> Option<(usize, usize)> {
        let behind = self.source.closure_bar(at)?;
        let body = self.tokens.next(behind)?;
        let end = if self.kind(body)? == TokenKind::Open(Bracket::Curly) {
            self.tokens.partner(body)?
        } else {
            self.source.expression_end(body)?
        };
        Some((at, end))
    }

    /// The list or map that begins at `at`, if more than plain numbers, texts and the like is in it.
    fn literal(&self, at: usize) -> Option<(usize, usize)> {
        let close = self.tokens.partner(at)?;
        let is_index = self.kind(at)? == TokenKind::Open(Bracket::Square)
            && (self.text(at) == "?[" || !self.source.begins_operand(at));
        let mut inside = at;
        let mut names = false;
        while let Some(next) = self.tokens.next(inside).filter(|next| *next < close) {
            inside = next;
            match self.kind(next)? {
                // Whatever is in a text, it is a text.
                TokenKind::TemplateStart => inside = self.tokens.partner(next)?,
                TokenKind::Word => {
                    let is_key = self
                        .tokens
                        .next(next)
                        .is_some_and(|at| self.text(at) == ":");
                    names |= !is_key && !matches!(self.text(next), "true" | "false");
                }
                _ => {}
            }
        }
        (!is_index && names).then_some((at, close))
    }

    /// What is assigned at `at`: to a part of something, to `this`, or to a variable that a closure may have captured.
    fn assigned(&self, at: usize, captured: &HashSet<&str>) -> Option<(usize, usize)> {
        let place = self.tokens.previous(at)?;
        let gets_in = match self.kind(place)? {
            TokenKind::Close(Bracket::Square) => true,
            TokenKind::Word => {
                let before = self.tokens.previous(place);
                let before = before.map_or("", |before| self.text(before));
                match before {
                    "." | "?." => true,
                    "let" | "const" => false,
                    _ => self.text(place) == "this" || captured.contains(self.text(place)),
                }
            }
            _ => false,
        };
        let first = self.tokens.next(at)?;
        let last = self.source.expression_end(first)?;
        (gets_in && !self.is_plain(first, last)).then_some((first, last))
    }

    /// Whether an expression can give nothing but a number, a text, a Boolean or the like.
    fn is_plain(&self, first: usize, last: usize) -> bool {
        let tokens = self.outer_tokens(first, last);
        let gives_a_part = |at: &usize| {
            matches!(
                self.text(*at),
                "??" | "|" | "||" | "{" | "if" | "switch" | "loop" | "while" | "do" | "for"
            )
        };
        if tokens.iter().any(gives_a_part) {
            return false;
        }
        tokens.iter().any(|at| self.computes(*at)) || tokens.iter().all(|at| self.is_constant(*at))
    }

    /// The tokens of an expression without those in its brackets.
    fn outer_tokens(&self, first: usize, last: usize) -> Vec<usize> {
        let mut tokens = Vec::new();
        let mut next = Some(first);
        while let Some(at) = next.filter(|at| *at <= last) {
            tokens.push(at);
            next = match self.kind(at) {
                Some(TokenKind::Open(_) | TokenKind::TemplateStart) => self.tokens.partner(at),
                _ => Some(at),
            };
            next = next.and_then(|at| self.tokens.next(at));
        }
        tokens
    }

    /// Whether an operator stands there whose value is a number, a text or a Boolean. Lists and maps can be added to each other.
    fn computes(&self, at: usize) -> bool {
        match self.text(at) {
            "-" | "*" | "/" | "%" | "==" | "!=" | "<" | "<=" | ">" | ">=" => true,
            "+" => {
                let beside = [self.tokens.previous(at), self.tokens.next(at)];
                beside.iter().flatten().any(|at| self.is_constant(*at))
            }
            _ => false,
        }
    }

    fn is_constant(&self, at: usize) -> bool {
        match self.kind(at) {
            Some(
                TokenKind::Number
                | TokenKind::Text
                | TokenKind::Character
                | TokenKind::TemplateStart
                | TokenKind::TemplateEnd,
            ) => true,
            Some(TokenKind::Word) => matches!(self.text(at), "true" | "false"),
            _ => false,
        }
    }

    /// The arguments of the call whose name stands at `at`.
    fn arguments(&self, at: usize) -> Vec<(usize, usize)> {
        let mut arguments = Vec::new();
        let open = self.tokens.next(at);
        let open = open.filter(|open| self.kind(*open) == Some(TokenKind::Open(Bracket::Round)));
        let mut before = open;
        while let Some(first) = before.and_then(|before| self.tokens.next(before)) {
            let Some(last) = self.source.expression_end(first) else {
                break;
            };
            arguments.push((first, last));
            let behind = self.tokens.next(last);
            before = behind.filter(|behind| self.text(*behind) == ",");
        }
        arguments
    }

    /// All words in closures: what these may have captured is among them.
    fn words_in(&self, closures: &[(usize, usize)]) -> HashSet<&'a str> {
        let tokens = self.tokens.all();
        let inside = closures.iter().flat_map(|(first, last)| *first..=*last);
        inside
            .filter(|at| tokens.get(*at).is_some_and(is_word))
            .map(|at| self.text(at))
            .collect()
    }
}

fn is_word(token: &Token) -> bool {
    token.kind == TokenKind::Word
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with `<` and `>` around what may be nested.
    fn marked(text: &str) -> String {
        let source = Source::new("a.rhai", text);
        let token = |at: usize| source.tokens().get(at).unwrap().span;
        let mut marks: Vec<(usize, char)> = nestings(&source)
            .into_iter()
            .flat_map(|(first, last)| [(token(first).start, '<'), (token(last).end, '>')])
            .collect();
        marks.sort_by_key(|(at, mark)| (*at, *mark == '<'));
        let mut marked = String::new();
        let mut before = 0;
        for (at, mark) in marks {
            marked.push_str(&text[before..at]);
            marked.push(mark);
            before = at;
        }
        marked + &text[before..]
    }

    #[test]
    fn literals_with_more_than_plain_values_are_looked_at() {
        for (text, expected) in [
            ("a = [b];", "a = <[b]>;"),
            ("f([b, [c]])", "f(<[b, <[c]>]>)"),
            ("#{ x: b }.len()", "<#{ x: b }>.len()"),
            ("return [b];", "return <[b]>;"),
            ("if c {} [b]", "if c {} <[b]>"),
            ("for x in [b] {}", "for x in <[b]> {}"),
            ("`${[b]}`", "`${<[b]>}`"),
            ("[1, -2.5, \"x\", 'c', true]", "[1, -2.5, \"x\", 'c', true]"),
            (
                "#{ limit: 2, \"a\": `x${b}` }",
                "#{ limit: 2, \"a\": `x${b}` }",
            ),
            (
                "a[b]; f()[b]; a[b][c]; \"t\"[b]",
                "a[b]; f()[b]; a[b][c]; \"t\"[b]",
            ),
            (
                "#{ a: 1 }[b]; a?[b]; this[b]",
                "#{ a: 1 }[b]; a?[b]; this[b]",
            ),
            ("// [b]\n\"[b]\"", "// [b]\n\"[b]\""),
            ("[b", "[b"),
        ] {
            assert_eq!(marked(text), expected);
        }
    }

    #[test]
    fn closures_are_looked_at_where_they_end() {
        for (text, expected) in [
            ("f(|x| x + 1, 2)", "f(<|x| x + 1>, 2)"),
            ("let f = || g;", "let f = <|| g>;"),
            ("f(|x| { [x] })", "f(<|x| { <[x]> }>)"),
            ("f(|a, b| g(|c| c))", "f(<|a, b| g(<|c| c>)>)"),
            ("#{ undo: || f(1), x: 1 }", "<#{ undo: <|| f(1)>, x: 1 }>"),
            ("return |x| x;", "return <|x| x>;"),
            ("a || b | c", "a || b | c"),
            (
                "x = if a { b } else { c } || d; y = switch e { _ => f } | g; |h| h",
                "x = if a { b } else { c } || d; y = switch e { _ => f } | g; <|h| h>",
            ),
            ("if a { b } |x| x", "if a { b } <|x| x>"),
            ("switch a { 1 | 2 => b }", "switch a { 1 | 2 => b }"),
        ] {
            assert_eq!(marked(text), expected);
        }
    }

    #[test]
    fn what_is_assigned_is_looked_at_where_it_gets_into_something() {
        for (text, expected) in [
            ("a.x = b;", "a.x = <b>;"),
            ("a[0] += f(b);", "a[0] += <f(b)>;"),
            ("this = b;", "this = <b>;"),
            (
                "a.x = if c { b } else { d };",
                "a.x = <if c { b } else { d }>;",
            ),
            ("a.x = [b];", "a.x = <[b]>;"),
            ("f(|x| a.x = x)", "f(<|x| a.x = <x>>)"),
            ("a = b; let c = b; d += b;", "a = b; let c = b; d += b;"),
            (
                "a.x = 1; a.x = -1; a.x = \"t\"; a.x = true;",
                "a.x = 1; a.x = -1; a.x = \"t\"; a.x = true;",
            ),
            (
                "a.x = a.x + 1; a.x = b * c; a.x = b == c;",
                "a.x = a.x + 1; a.x = b * c; a.x = b == c;",
            ),
            ("a.x = b + c;", "a.x = <b + c>;"),
            ("a.x = b ?? c - d;", "a.x = <b ?? c - d>;"),
            (
                "let f = || v; v = g; v = 1;",
                "let f = <|| v>; v = <g>; v = 1;",
            ),
            ("f.curry(a, g(b));", "f.curry(<a>, <g(b)>);"),
        ] {
            assert_eq!(marked(text), expected);
        }
    }
}
