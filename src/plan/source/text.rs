//! One plan file as it was written, and as Rhai reads it.

use std::sync::{Arc, OnceLock};

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use rhai::Position;

use super::{Bracket, Span, Token, TokenKind, Tokens};
use crate::{model::Place, plan::header};

/// A plan file: its name as messages show it, and its text. Cloning it is cloning a pointer.
#[derive(Clone, Debug)]
pub struct Source(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: Arc<str>,
    text: Arc<str>,
    lines: Vec<Line>,
    script: OnceLock<Arc<str>>,
    tokens: OnceLock<Tokens>,
}

#[derive(Debug)]
struct Line {
    start: usize,
    /// Its columns are its bytes. Counting the characters of a long line for each of its positions would take
    /// a while.
    is_ascii: bool,
}

impl Source {
    /// A file called `name`, such as `plans/rolling_restart.rhai`. A byte order mark, as some editors write it, is no
    /// part of its text.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let mut text: Arc<str> = text.into();
        if let Some(unmarked) = text.strip_prefix('\u{feff}') {
            text = unmarked.into();
        }
        let mut start = 0;
        let lines = text
            .split('\n')
            .map(|line| {
                let line_start = start;
                start += line.len() + 1;
                Line {
                    start: line_start,
                    is_ascii: line.is_ascii(),
                }
            })
            .collect();
        Self(Arc::new(Inner {
            name: name.into(),
            text,
            lines,
            script: OnceLock::new(),
            tokens: OnceLock::new(),
        }))
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The text as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The text that Rhai reads: parameters are erased in place, so every position is the same in both.
    pub fn script(&self) -> &Arc<str> {
        self.0
            .script
            .get_or_init(|| header::erased(&self.0.text).into())
    }

    /// The tokens of all that is Rhai: the script, and the defaults of parameters.
    pub(in crate::plan) fn tokens(&self) -> &Tokens {
        self.0
            .tokens
            .get_or_init(|| Tokens::new(&header::erased_but_defaults(&self.0.text)))
    }

    /// Whether both are the same file in memory, or files of the same name and text.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.name == other.0.name && self.0.text == other.0.text)
    }

    /// The byte at a line and a column, both counted from 1, the column in characters. Beyond the end of a line
    /// it is the end of that line.
    #[must_use]
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let text = self.text();
        let Some(Line { start, is_ascii }) = self.0.lines.get(line.saturating_sub(1)) else {
            return text.len();
        };
        let next = self.0.lines.get(line);
        let end = next.map_or(text.len(), |next| next.start - 1);
        let column = column.saturating_sub(1);
        if *is_ascii {
            return (start + column).min(end);
        }
        text[*start..end]
            .char_indices()
            .nth(column)
            .map_or(end, |(at, _)| start + at)
    }

    /// Where a byte is, for events and messages.
    pub fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.text().len());
        let line = self.0.lines.partition_point(|line| line.start <= offset);
        let start = self.0.lines[line - 1].start;
        let before = self.text().get(start..offset).unwrap_or_default();
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place {
            file: Arc::clone(&self.0.name),
            line: narrow(line),
            column: narrow(before.chars().count() + 1),
        }
    }

    /// The byte at a position of Rhai, if it is one.
    #[must_use]
    pub fn offset_at(&self, position: Position) -> Option<usize> {
        position
            .line()
            .map(|line| self.offset(line, position.position().unwrap_or(1)))
    }

    /// All of what begins at a position of Rhai: a call with its arguments, a bracket with what is in it, a
    /// template, else one token. Past the last token it is an empty span right behind that.
    #[must_use]
    pub fn span_at(&self, position: Position) -> Option<Span> {
        self.offset_at(position).map(|at| self.whole(at))
    }

    /// The one token at a position of Rhai.
    #[must_use]
    pub fn token_at(&self, position: Position) -> Option<Span> {
        self.offset_at(position).map(|at| self.token(at))
    }

    /// As [`Source::span_at`], for a byte.
    pub(in crate::plan) fn whole(&self, offset: usize) -> Span {
        let tokens = self.tokens();
        let index = tokens.index_at(offset);
        let Some(token) = tokens.get(index) else {
            return self.behind_last(index);
        };
        if !token.span.contains(offset) {
            return Span::empty(offset);
        }
        match token.kind {
            TokenKind::Open(_) | TokenKind::TemplateStart => self.through_partner(index, token),
            // Rhai's position of `a.b` is that of the point.
            TokenKind::Symbol if matches!(token.span.of(self.text()), "." | "?.") => tokens
                .next(index)
                .and_then(|next| tokens.get(next))
                .map_or(token.span, |member| self.whole(member.span.start)),
            TokenKind::Word => self.call_of(index).unwrap_or(token.span),
            _ => token.span,
        }
    }

    /// The one token at a byte.
    pub(in crate::plan) fn token(&self, offset: usize) -> Span {
        let tokens = self.tokens();
        let index = tokens.index_at(offset);
        match tokens.get(index) {
            Some(token) if token.span.contains(offset) => token.span,
            Some(_) => Span::empty(offset),
            None => self.behind_last(index),
        }
    }

    /// The call that the word at `index` begins, if it does.
    fn call_of(&self, index: usize) -> Option<Span> {
        let tokens = self.tokens();
        let open = self.open_of(index)?;
        let close = tokens.get(tokens.partner(open)?)?;
        Some(tokens.get(index)?.span.to(close.span))
    }

    /// The name or keyword that a byte is in or right behind.
    #[must_use]
    pub fn word_at(&self, offset: usize) -> Option<Span> {
        let tokens = self.tokens();
        let is_word = |token: &Token| token.kind == TokenKind::Word;
        let behind = || {
            let before = tokens.at(offset.checked_sub(1)?)?;
            (before.span.end == offset).then_some(before)
        };
        tokens
            .at(offset)
            .filter(is_word)
            .or_else(|| behind().filter(is_word))
            .map(|token| token.span)
    }

    /// The index of the bracket that begins the arguments of the function whose name, or the first part of it,
    /// is at `index`.
    fn open_of(&self, index: usize) -> Option<usize> {
        let tokens = self.tokens();
        let script = self.text();
        if tokens.get(index)?.kind != TokenKind::Word {
            return None;
        }
        let mut next = tokens.next(index)?;
        while tokens.get(next)?.span.of(script) == "::" {
            next = tokens.next(tokens.next(next)?)?;
        }
        if tokens.get(next)?.span.of(script) == "!" {
            next = tokens.next(next)?;
        }
        let is_open = tokens.get(next)?.kind == TokenKind::Open(Bracket::Round);
        let is_keyword = matches!(
            tokens.get(index)?.span.of(script),
            "if" | "while" | "for" | "switch" | "return" | "in" | "catch" | "until" | "throw"
        );
        (is_open && !is_keyword).then_some(next)
    }

    fn through_partner(&self, index: usize, token: Token) -> Span {
        let tokens = self.tokens();
        tokens
            .partner(index)
            .and_then(|partner| tokens.get(partner))
            .map_or(token.span, |partner| token.span.to(partner.span))
    }

    fn behind_last(&self, index: usize) -> Span {
        let tokens = self.tokens();
        let last = tokens.previous(index).and_then(|last| tokens.get(last));
        Span::empty(last.map_or(0, |token| token.span.end))
    }
}

impl SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.text().read_span(span, lines_before, lines_after)?;
        // miette counts bytes.
        let column = self.place(contents.span().offset()).column as usize - 1;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name().to_owned(),
            contents.data(),
            *contents.span(),
            contents.line(),
            column,
            contents.line_count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(source: &Source, needle: &str) -> Position {
        let place = source.place(source.text().find(needle).unwrap());
        Position::new(
            u16::try_from(place.line).unwrap(),
            u16::try_from(place.column).unwrap(),
        )
    }

    fn span_of<'a>(source: &'a Source, needle: &str) -> &'a str {
        source
            .span_at(at(source, needle))
            .unwrap()
            .of(source.text())
    }

    #[test]
    fn a_position_becomes_the_whole_call() {
        let source = Source::new(
            "a.rhai",
            "let ä = \"ü)\"; run_task(\"x\", `a ${f(\"}\")} )`, #{ a: [1] }); done();",
        );
        assert_eq!(
            span_of(&source, "run_task"),
            "run_task(\"x\", `a ${f(\"}\")} )`, #{ a: [1] })"
        );
        assert_eq!(span_of(&source, "`a"), "`a ${f(\"}\")} )`");
        assert_eq!(span_of(&source, "done"), "done()");
        assert_eq!(span_of(&source, "\"ü"), "\"ü)\"");
    }

    #[test]
    fn a_point_stands_for_the_member_behind_it() {
        let source = Source::new("a.rhai", "nodes.batches(2).len");
        assert_eq!(span_of(&source, ".batches"), "batches(2)");
        assert_eq!(span_of(&source, ".len"), "len");
    }

    #[test]
    fn the_end_of_the_text_is_right_behind_the_last_token() {
        let source = Source::new("a.rhai", "let a = 1 // one\n\n");
        assert_eq!(source.span_at(Position::new(3, 0)), Some(Span::empty(9)));
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "[a-z(){}\\[\\]\"'`$#\\\\/*|,.; \n0-9éñ]{0,80}", line in 0_u16..9, column in 0_u16..90) {
            let source = Source::new("a.rhai", text.as_str());
            let mut end = 0;
            for token in source.tokens().all() {
                prop_assert!(token.span.start >= end && text.get(token.span.range()).is_some());
                end = token.span.end;
            }
            if line > 0 {
                let span = source.span_at(Position::new(line, column)).unwrap();
                prop_assert!(text.get(span.range()).is_some(), "{span:?}");
            }
        }

        #[test]
        fn places_and_offsets_are_inverse(text in "[aé\n]{0,40}", pick in 0_usize..40) {
            let source = Source::new("a.rhai", text.as_str());
            let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            if let Some(offset) = boundaries.get(pick) {
                let place = source.place(*offset);
                prop_assert_eq!(source.offset(place.line as usize, place.column as usize), *offset);
            }
        }
    }
}
