//! The tokens around the place where something went wrong.

use crate::plan::source::{Bracket, Source, Span, Token, TokenKind};

/// The place of an error and its neighbours; comments are not seen.
pub(super) struct Scene<'a> {
    pub(super) source: &'a Source,
    /// The index of the token at the place, or of the first one after it.
    index: usize,
}

impl<'a> Scene<'a> {
    pub(super) fn new(source: &'a Source, offset: usize) -> Self {
        Self {
            source,
            index: source.tokens().index_at(offset),
        }
    }

    /// The token that is so many tokens behind (or, if negative, before) the place.
    pub(super) fn token(&self, steps: i8) -> Option<Token> {
        let tokens = self.source.tokens();
        let mut index = self.index;
        for _ in 0..steps.unsigned_abs() {
            index = if steps < 0 {
                tokens.previous(index)?
            } else {
                tokens.next(index)?
            };
        }
        tokens.get(index)
    }

    /// The text of that token; nothing if there is none.
    pub(super) fn text(&self, steps: i8) -> &'a str {
        self.token(steps)
            .map_or("", |token| token.span.of(self.source.text()))
    }

    pub(super) fn kind(&self, steps: i8) -> Option<TokenKind> {
        self.token(steps).map(|token| token.kind)
    }

    /// The span of that token, or the end of the text.
    pub(super) fn span(&self, steps: i8) -> Span {
        self.token(steps).map_or_else(
            || self.source.token(self.source.text().len()),
            |token| token.span,
        )
    }

    /// Right behind the token before the place: where something is missing.
    pub(super) fn gap(&self) -> Span {
        Span::empty(self.token(-1).map_or(0, |token| token.span.end))
    }

    /// Whether both tokens are on one line.
    pub(super) fn same_line(&self, one: i8, other: i8) -> bool {
        match (self.token(one), self.token(other)) {
            (Some(one), Some(other)) => {
                let (first, second) = (one.span.min(other.span), one.span.max(other.span));
                !self.source.text()[first.end..second.start].contains('\n')
            }
            _ => false,
        }
    }

    /// Whether there is nothing at all between both tokens.
    pub(super) fn touches(&self, one: i8, other: i8) -> bool {
        matches!((self.token(one), self.token(other)), (Some(one), Some(other)) if one.span.end == other.span.start)
    }

    /// The innermost bracket that is open at the place.
    pub(super) fn enclosing(&self) -> Option<(Bracket, Token)> {
        let tokens = self.source.tokens();
        let mut index = tokens.previous(self.index)?;
        loop {
            let token = tokens.get(index)?;
            match token.kind {
                TokenKind::Open(bracket) => return Some((bracket, token)),
                TokenKind::Close(_) | TokenKind::TemplateEnd => {
                    index = tokens.partner(index).unwrap_or(index);
                }
                _ => {}
            }
            index = tokens.previous(index)?;
        }
    }

    /// The token before that one.
    pub(super) fn before(&self, token: Token) -> Option<Token> {
        let tokens = self.source.tokens();
        tokens
            .previous(tokens.index_at(token.span.start))
            .and_then(|index| tokens.get(index))
    }

    /// Where the last constant of that name is declared before the place.
    pub(super) fn constant(&self, name: &str) -> Option<Span> {
        words_after(self.source, &["const"])
            .filter(|span| span.start < self.span(0).start && span.of(self.source.text()) == name)
            .last()
    }

    pub(super) fn of(&self, token: Token) -> &'a str {
        token.span.of(self.source.text())
    }
}

/// The words that stand right behind one of these keywords.
pub(super) fn words_after<'a>(
    source: &'a Source,
    keywords: &'static [&'static str],
) -> impl Iterator<Item = Span> + 'a {
    let tokens = source.tokens();
    tokens
        .all()
        .iter()
        .enumerate()
        .filter_map(move |(index, token)| {
            let is_keyword = keywords.contains(&token.span.of(source.text()));
            let next = tokens.get(tokens.next(index).filter(|_| is_keyword)?)?;
            (next.kind == TokenKind::Word).then_some(next.span)
        })
}
