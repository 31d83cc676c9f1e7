//! Finds the declarations and the documentation of a plan in its bare text.
//!
//! Types are not Rhai (`Pattern[/"/]`), so nothing can be cut into tokens before they are found.

use super::{
    super::source::{Bracket, CommentKind, Lexer, Span, Token, TokenKind},
    declaration::Declaration,
    fault::{Fault, FaultKind},
};

/// What the text of a plan declares, in bytes.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// The `//!` lines.
    pub(super) description: Vec<Span>,
    pub(super) declarations: Vec<Declaration>,
}

impl Outline {
    pub(super) fn of(text: &str) -> Self {
        let mut outline = Self::default();
        let body = outline.header(text);
        outline.late(text, body);
        outline
    }

    /// Reads what stands before the first statement and gives where that is.
    fn header(&mut self, text: &str) -> usize {
        let mut docs = Vec::new();
        let mut at = 0;
        while let Some(token) = Lexer::new(text, at).next() {
            match token.kind {
                TokenKind::Comment(CommentKind::Inner | CommentKind::Outer)
                    if self.is_behind(text, token) =>
                {
                    if let Some(last) = self.declarations.last_mut() {
                        last.docs_behind.push(token.span);
                        last.faults
                            .push(Fault::new(FaultKind::DocBehind, token.span));
                    }
                }
                TokenKind::Comment(CommentKind::Inner) => self.description.push(token.span),
                TokenKind::Comment(CommentKind::Outer) => docs.push(token.span),
                TokenKind::Comment(CommentKind::Plain) => {}
                _ => {
                    let Some(keyword) = keyword_at(text, token) else {
                        return at;
                    };
                    let mut declaration = Declaration::read(text, token.span);
                    declaration.docs = std::mem::take(&mut docs);
                    declaration.faults.extend(keyword.fault(token.span));
                    at = declaration.span.end;
                    self.declarations.push(declaration);
                    continue;
                }
            }
            at = token.span.end;
        }
        at
    }

    /// Whether a comment stands behind a declaration, on its line.
    fn is_behind(&self, text: &str, comment: Token) -> bool {
        let last = self.declarations.last();
        let between = last.and_then(|last| text.get(last.span.end..comment.span.start));
        between.is_some_and(|between| !between.contains('\n'))
    }

    /// Finds declarations among the statements, where they are too late.
    fn late(&mut self, text: &str, body: usize) {
        let mut lexer = Lexer::new(text, body);
        let mut starts_statement = true;
        let mut docs = Vec::new();
        while let Some(token) = lexer.next() {
            match token.kind {
                TokenKind::Comment(CommentKind::Outer) => docs.push(token.span),
                TokenKind::Comment(_) => {}
                TokenKind::Word
                    if starts_statement && keyword_at(text, token) == Some(Keyword::Right) =>
                {
                    let mut declaration = Declaration::read(text, token.span);
                    declaration.docs = std::mem::take(&mut docs);
                    declaration.faults.insert(
                        0,
                        Fault::new(
                            FaultKind::Late,
                            Span::new(token.span.start, declaration.span.end),
                        ),
                    );
                    lexer = Lexer::new(text, declaration.span.end);
                    self.declarations.push(declaration);
                }
                kind => {
                    docs.clear();
                    starts_statement = token.span.of(text) == ";"
                        || matches!(
                            kind,
                            TokenKind::Open(Bracket::Curly) | TokenKind::Close(Bracket::Curly)
                        );
                }
            }
        }
    }
}

/// How a declaration begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keyword {
    /// `param`.
    Right,
    /// What was meant to be `param`: `params`, `parameter`.
    Misspelt,
}

impl Keyword {
    fn fault(self, span: Span) -> Option<Fault> {
        (self == Self::Misspelt).then(|| Fault::new(FaultKind::Misspelt, span))
    }
}

/// Whether a declaration begins with `token`: two words in a row mean nothing else in Rhai.
fn keyword_at(text: &str, token: Token) -> Option<Keyword> {
    if token.kind != TokenKind::Word {
        return None;
    }
    let rest = &text[token.span.end..];
    let word = rest.trim_start();
    if word.len() == rest.len() {
        return None;
    }
    let name_length = word
        .find(|char: char| !(char.is_alphanumeric() || char == '_'))
        .unwrap_or(word.len());
    let (name, behind) = word.split_at(name_length);
    match token.span.of(text) {
        // `param in names` is an expression.
        "param" if matches!(name, "in" | "is") && !behind.trim_start().starts_with(':') => None,
        "param" if !name.is_empty() || word.starts_with(['$', ':', '"']) => Some(Keyword::Right),
        "params" | "Param" | "parameter" | "parma" | "parm" | "prama" | "PARAM"
            if !name.is_empty()
                && behind.trim_start().starts_with(':')
                && !behind.trim_start().starts_with("::") =>
        {
            Some(Keyword::Misspelt)
        }
        _ => None,
    }
}
