//! The tokens of a plan, and which brackets belong together.

use super::{Lexer, Span};

/// What a token is. Finer than that nobody needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum TokenKind {
    /// A name or a keyword.
    Word,
    Number,
    /// A whole string without interpolation, in whichever quotes.
    Text,
    /// Anything in single quotes, valid or not.
    Character,
    /// From the back-tick to before the first `${`.
    TemplateStart,
    /// Between two interpolations.
    TemplateMiddle,
    /// After the last interpolation, through the back-tick.
    TemplateEnd,
    Open(Bracket),
    Close(Bracket),
    Symbol,
    Comment(CommentKind),
    /// A string or a comment that nobody ended.
    Unterminated,
    /// A character that means nothing in Rhai.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Bracket {
    Round,
    /// `[` and `?[`.
    Square,
    Curly,
    /// `#{`, closed by `}`.
    Map,
    /// `${`, closed by `}`.
    Interpolation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum CommentKind {
    /// `//`, `////` or a block.
    Plain,
    /// `///` or `/**`: describes what follows it.
    Outer,
    /// `//!`: describes the file.
    Inner,
}

impl Bracket {
    /// Whether a closing bracket of kind `close` ends one of this kind.
    pub(in crate::plan) const fn is_closed_by(self, close: Self) -> bool {
        let braces = matches!(self, Self::Curly | Self::Map | Self::Interpolation)
            && matches!(close, Self::Curly | Self::Interpolation);
        braces
            || matches!(
                (self, close),
                (Self::Round, Self::Round) | (Self::Square, Self::Square)
            )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) struct Token {
    pub(in crate::plan) kind: TokenKind,
    pub(in crate::plan) span: Span,
}

impl Token {
    pub(in crate::plan) const fn is_comment(self) -> bool {
        matches!(self.kind, TokenKind::Comment(_))
    }

    /// Whether an expression can end with it.
    pub(in crate::plan) const fn ends_operand(self) -> bool {
        matches!(
            self.kind,
            TokenKind::Word
                | TokenKind::Number
                | TokenKind::Text
                | TokenKind::Character
                | TokenKind::TemplateEnd
                | TokenKind::Close(_)
        )
    }
}

/// All tokens of a text, comments among them, in order.
#[derive(Debug, Default)]
pub(in crate::plan) struct Tokens {
    tokens: Vec<Token>,
    /// For each token the index of its partner: opening and closing bracket, start and end of a template.
    partners: Vec<Option<usize>>,
}

impl Tokens {
    pub(in crate::plan) fn new(text: &str) -> Self {
        let tokens: Vec<Token> = Lexer::new(text, 0).collect();
        let partners = partners(&tokens);
        Self { tokens, partners }
    }

    pub(in crate::plan) fn all(&self) -> &[Token] {
        &self.tokens
    }

    pub(in crate::plan) fn get(&self, index: usize) -> Option<Token> {
        self.tokens.get(index).copied()
    }

    /// The index of the token that begins at `offset` or has it inside, or of the first one after it.
    pub(in crate::plan) fn index_at(&self, offset: usize) -> usize {
        self.tokens
            .partition_point(|token| token.span.end <= offset)
    }

    /// The token at `offset`, if there is one that has it inside.
    pub(in crate::plan) fn at(&self, offset: usize) -> Option<Token> {
        self.get(self.index_at(offset))
            .filter(|token| token.span.contains(offset))
    }

    /// The index of the next token after `index` that is no comment.
    pub(in crate::plan) fn next(&self, index: usize) -> Option<usize> {
        (index + 1..self.tokens.len()).find(|at| !self.tokens[*at].is_comment())
    }

    /// The index of the last token before `index` that is no comment.
    pub(in crate::plan) fn previous(&self, index: usize) -> Option<usize> {
        (0..index.min(self.tokens.len()))
            .rev()
            .find(|at| !self.tokens[*at].is_comment())
    }

    pub(in crate::plan) fn partner(&self, index: usize) -> Option<usize> {
        self.partners.get(index).copied().flatten()
    }

    /// Opening brackets that nothing closes, in order.
    pub(in crate::plan) fn unclosed(&self) -> impl Iterator<Item = Token> {
        self.unpaired(|kind| matches!(kind, TokenKind::Open(_) | TokenKind::TemplateStart))
    }

    /// Closing brackets that close nothing, in order.
    pub(in crate::plan) fn unopened(&self) -> impl Iterator<Item = Token> {
        self.unpaired(|kind| matches!(kind, TokenKind::Close(_)))
    }

    fn unpaired(&self, wanted: fn(TokenKind) -> bool) -> impl Iterator<Item = Token> {
        self.tokens
            .iter()
            .zip(&self.partners)
            .filter(move |(token, partner)| partner.is_none() && wanted(token.kind))
            .map(|(token, _)| *token)
    }
}

fn partners(tokens: &[Token]) -> Vec<Option<usize>> {
    let mut partners = vec![None; tokens.len()];
    let mut open: Vec<usize> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let opener = match token.kind {
            TokenKind::Open(_) | TokenKind::TemplateStart => {
                open.push(index);
                continue;
            }
            TokenKind::Close(close) => open.iter().rposition(|at| {
                matches!(tokens[*at].kind, TokenKind::Open(bracket) if bracket.is_closed_by(close))
            }),
            TokenKind::TemplateEnd => open
                .iter()
                .rposition(|at| tokens[*at].kind == TokenKind::TemplateStart),
            _ => continue,
        };
        // A wrong bracket in between is left without a partner; what is around it still belongs together.
        if let Some(depth) = opener {
            partners[index] = Some(open[depth]);
            partners[open[depth]] = Some(index);
            open.truncate(depth);
        }
    }
    partners
}
