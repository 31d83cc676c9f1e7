//! Cuts a text into Rhai's tokens without ever failing: what Rhai would refuse becomes a token as well.

use super::{Bracket, CommentKind, Span, Token, TokenKind};

/// Symbols of more than one character, longest first. Those that Rhai only knows to complain about are among
/// them, so that a complaint underlines all of it.
const SYMBOLS: [&str; 39] = [
    "<<=", ">>=", "**=", "===", "!==", "..=", "...", "::<", "==", "!=", "<=", ">=", "&&", "||",
    "??", "?.", "=>", "->", "<-", "::", ":=", ":;", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=",
    "<<", ">>", "**", "..", "++", "--", "|>", "<|", "!.",
];

/// An iterator over the tokens of a text, comments among them.
pub(in crate::plan) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    mode: Mode,
    /// For every interpolation that is open, how many braces are open in it.
    interpolations: Vec<usize>,
}

/// Where the next token is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Code,
    /// After a part of a template: an interpolation begins.
    Interpolation,
    /// After an interpolation: the template goes on.
    Template,
}

impl<'a> Lexer<'a> {
    /// Begins at byte `at` of the text, which is not inside of a token.
    pub(in crate::plan) const fn new(text: &'a str, at: usize) -> Self {
        Self {
            text,
            at,
            mode: Mode::Code,
            interpolations: Vec::new(),
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, length: usize, kind: TokenKind) -> Token {
        let start = self.at;
        self.at += length;
        Token {
            kind,
            span: Span::new(start, self.at),
        }
    }

    fn code(&mut self) -> Option<Token> {
        let rest = self.rest();
        let skipped = rest.trim_start_matches(|char: char| char.is_ascii_whitespace());
        self.at += rest.len() - skipped.len();
        let first = skipped.chars().next()?;
        let token = self
            .comment(first)
            .or_else(|| self.quoted(first))
            .or_else(|| self.bracket(first));
        Some(token.unwrap_or_else(|| self.plain(first)))
    }

    fn comment(&mut self, first: char) -> Option<Token> {
        if first != '/' {
            return None;
        }
        let rest = self.rest();
        let length = if rest.starts_with("//") {
            let line = rest.find('\n').unwrap_or(rest.len());
            rest[..line].trim_end_matches('\r').len()
        } else if rest.starts_with("/*") {
            match block_comment_length(rest) {
                Some(length) => length,
                None => return Some(self.take(rest.len(), TokenKind::Unterminated)),
            }
        } else {
            return None;
        };
        Some(self.take(length, TokenKind::Comment(comment_kind(&rest[..length]))))
    }

    fn quoted(&mut self, first: char) -> Option<Token> {
        let rest = self.rest();
        match first {
            '"' => Some(match quoted_length(rest, b'"') {
                Ok(length) => self.take(length, TokenKind::Text),
                Err(length) => self.take(length, TokenKind::Unterminated),
            }),
            '\'' => Some(match quoted_length(rest, b'\'') {
                Ok(length) => self.take(length, TokenKind::Character),
                // A lone apostrophe must not swallow the line.
                Err(_) => self.take(1, TokenKind::Unterminated),
            }),
            '`' => Some(self.template(1, TokenKind::TemplateStart)),
            '#' => {
                let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
                let body = hashes + 1;
                if rest.as_bytes().get(hashes) != Some(&b'"') {
                    return None;
                }
                let end = format!("\"{}", "#".repeat(hashes));
                Some(match rest[body..].find(&end) {
                    Some(length) => self.take(body + length + end.len(), TokenKind::Text),
                    None => self.take(rest.len(), TokenKind::Unterminated),
                })
            }
            _ => None,
        }
    }

    /// The part of a template that begins here; `skip` bytes of it are its quote.
    fn template(&mut self, skip: usize, part: TokenKind) -> Token {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut at = skip;
        self.mode = Mode::Code;
        while at < bytes.len() {
            match bytes[at] {
                b'\\' if bytes[at..].starts_with(b"\\${") => at += 3,
                b'`' if bytes.get(at + 1) == Some(&b'`') => at += 2,
                b'`' => {
                    let whole = part == TokenKind::TemplateStart;
                    let kind = if whole {
                        TokenKind::Text
                    } else {
                        TokenKind::TemplateEnd
                    };
                    return self.take(at + 1, kind);
                }
                b'$' if bytes.get(at + 1) == Some(&b'{') => {
                    self.mode = Mode::Interpolation;
                    return self.take(at, part);
                }
                _ => at += 1,
            }
        }
        self.take(rest.len(), TokenKind::Unterminated)
    }

    fn bracket(&mut self, first: char) -> Option<Token> {
        let rest = self.rest();
        let (length, kind) = match first {
            '(' => (1, TokenKind::Open(Bracket::Round)),
            ')' => (1, TokenKind::Close(Bracket::Round)),
            '[' => (1, TokenKind::Open(Bracket::Square)),
            ']' => (1, TokenKind::Close(Bracket::Square)),
            '?' if rest.starts_with("?[") => (2, TokenKind::Open(Bracket::Square)),
            '#' if rest.starts_with("#{") => (2, TokenKind::Open(Bracket::Map)),
            '{' => (1, TokenKind::Open(Bracket::Curly)),
            '}' => (1, TokenKind::Close(Bracket::Curly)),
            _ => return None,
        };
        match (kind, self.interpolations.last_mut()) {
            (TokenKind::Open(Bracket::Curly | Bracket::Map), Some(depth)) => *depth += 1,
            (TokenKind::Close(Bracket::Curly), Some(depth)) if *depth > 0 => *depth -= 1,
            (TokenKind::Close(Bracket::Curly), Some(_)) => {
                self.interpolations.pop();
                self.mode = Mode::Template;
                return Some(self.take(1, TokenKind::Close(Bracket::Interpolation)));
            }
            _ => {}
        }
        Some(self.take(length, kind))
    }

    /// A word, a number, a symbol, or what is none of these.
    fn plain(&mut self, first: char) -> Token {
        let rest = self.rest();
        if first.is_ascii_digit() {
            return self.take(number_length(rest.as_bytes()), TokenKind::Number);
        }
        // Letters beyond ASCII are no part of Rhai's names, but a complaint underlines the whole name.
        let in_word = |char: char| char.is_alphanumeric() || char == '_';
        if in_word(first) {
            let length = rest.find(|char| !in_word(char)).unwrap_or(rest.len());
            return self.take(length, TokenKind::Word);
        }
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            return self.take(symbol.len(), TokenKind::Symbol);
        }
        let kind = if "+-*/%=<>!&|^~.,;:?#@$".contains(first) {
            TokenKind::Symbol
        } else {
            TokenKind::Unknown
        };
        self.take(first.len_utf8(), kind)
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        if self.at >= self.text.len() {
            return None;
        }
        match self.mode {
            Mode::Code => self.code(),
            Mode::Interpolation => {
                self.mode = Mode::Code;
                self.interpolations.push(0);
                Some(self.take(2, TokenKind::Open(Bracket::Interpolation)))
            }
            Mode::Template => Some(self.template(0, TokenKind::TemplateMiddle)),
        }
    }
}

/// Comments in blocks may contain others.
fn block_comment_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

fn comment_kind(comment: &str) -> CommentKind {
    let starts =
        |with: &str, without: &str| comment.starts_with(with) && !comment.starts_with(without);
    if comment.starts_with("//!") {
        CommentKind::Inner
    } else if starts("///", "////") || (starts("/**", "/***") && comment.len() > 4) {
        CommentKind::Outer
    } else {
        CommentKind::Plain
    }
}

/// The length of a string with escapes that may go on after a `\` at the end of a line; as an error the length
/// of what is there, when it doesn't end.
fn quoted_length(text: &str, quote: u8) -> Result<usize, usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if bytes[at..].starts_with(b"\\\r\n") => at += 3,
            // The escaped character may be longer than a byte; what follows it is no quote.
            b'\\' => at += 2,
            b'\n' => return Err(text[..at].trim_end().len()),
            // A doubled quote stands for one; two single quotes are an empty character, which Rhai refuses.
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) && quote == b'"' => at += 2,
            byte if byte == quote => return Ok(at + 1),
            _ => at += 1,
        }
    }
    Err(text.trim_end().len())
}

fn number_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied().unwrap_or_default();
        let is_point = *byte == b'.'
            && !bytes[..at].contains(&b'.')
            && next != b'.'
            && next != b'_'
            && !next.is_ascii_alphabetic();
        let is_sign = matches!(byte, b'+' | b'-')
            && matches!(bytes[at - 1], b'e' | b'E')
            && !bytes.starts_with(b"0x")
            && next.is_ascii_digit();
        if !(byte.is_ascii_alphanumeric() || *byte == b'_' || is_point || is_sign) {
            break;
        }
        at += 1;
    }
    at
}
