//! The form of one `param name: Type = default;`, read so that whatever is wrong with it stays its own fault.

use super::{
    super::source::{Lexer, Span, Token, TokenKind},
    fault::{Fault, FaultKind},
};

/// Where the parts of a declaration are, in bytes.
#[derive(Debug, Default)]
pub(super) struct Declaration {
    /// From `param` through the `;`.
    pub(super) span: Span,
    /// The `///` lines above it.
    pub(super) docs: Vec<Span>,
    /// Those behind it on its line, which are meant for it as well.
    pub(super) docs_behind: Vec<Span>,
    pub(super) name: Option<Span>,
    pub(super) data_type: Option<Span>,
    pub(super) default: Option<Span>,
    pub(super) faults: Vec<Fault>,
}

impl Declaration {
    /// Reads the declaration whose keyword is at `keyword`.
    pub(super) fn read(text: &str, keyword: Span) -> Self {
        let mut reader = Reader {
            text,
            at: keyword.end,
            end: keyword.end,
            declaration: Self {
                span: keyword,
                ..Self::default()
            },
        };
        reader.name();
        reader.data_type();
        reader.default();
        reader.semicolon();
        reader.declaration.span.end = reader.end;
        reader.declaration
    }

    /// Whether it says what it has to say.
    pub(super) fn is_sound(&self) -> bool {
        let mut faults = self.faults.iter();
        faults.all(|fault| fault.kind == FaultKind::DocBehind)
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The end of the last part that was read.
    end: usize,
    declaration: Declaration,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) -> &'a str {
        let rest = self.rest();
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn take(&mut self, length: usize) -> Span {
        let span = Span::new(self.at, self.at + length);
        self.at = span.end;
        self.end = span.end;
        span
    }

    fn fault(&mut self, kind: FaultKind, span: Span) {
        self.declaration.faults.push(Fault::new(kind, span));
    }

    fn name(&mut self) {
        let rest = self.skip_space();
        let start = self.at;
        if rest.starts_with('$') {
            self.take(1);
            let length = word_length(self.rest());
            let name = self.take(length);
            self.declaration.name = (length > 0).then_some(name);
            self.fault(FaultKind::Dollar, Span::new(start, self.at));
            return;
        }
        if let Some(quoted) = rest.strip_prefix('"') {
            let length = word_length(quoted);
            self.declaration.name =
                (length > 0).then_some(Span::new(start + 1, start + 1 + length));
            let closed = quoted[length..].starts_with('"');
            let span = self.take(1 + length + usize::from(closed));
            self.fault(FaultKind::Quoted, span);
            return;
        }
        let length = word_length(rest);
        if length == 0 {
            let keyword = self.declaration.span;
            self.fault(FaultKind::MissingName, keyword);
            return;
        }
        let word = self.take(length);
        let behind = self.skip_space();
        let is_type = word
            .of(self.text)
            .starts_with(|char: char| char.is_uppercase());
        if is_type
            && behind.starts_with(|char: char| char == '$' || char == '[' || char.is_lowercase())
        {
            self.at = word.start;
            self.type_first();
        } else {
            self.declaration.name = Some(word);
        }
    }

    /// `param String[1] $name`, the order of Puppet.
    fn type_first(&mut self) {
        let start = self.at;
        self.declaration.data_type = self.type_expression();
        if self.skip_space().starts_with('$') {
            self.take(1);
        }
        let length = word_length(self.rest());
        let name = self.take(length);
        self.declaration.name = (length > 0).then_some(name);
        self.fault(FaultKind::TypeFirst, Span::new(start, name.end));
    }

    fn data_type(&mut self) {
        if self.declaration.data_type.is_some() {
            return;
        }
        let name_end = self.end;
        let rest = self.skip_space();
        if rest.starts_with(':') {
            self.take(1);
            self.skip_space();
            self.declaration.data_type = self.type_expression();
            if self.declaration.data_type.is_none() {
                self.fault(FaultKind::MissingType, Span::new(self.end - 1, self.end));
            }
        } else if rest.starts_with(|char: char| char.is_uppercase()) && !self.crossed_line(name_end)
        {
            self.fault(FaultKind::MissingColon, Span::empty(name_end));
            self.declaration.data_type = self.type_expression();
        } else {
            let span = self.declaration.name.unwrap_or(self.declaration.span);
            self.fault(FaultKind::MissingType, span);
        }
    }

    /// `Name`, `Module::Name` or either with arguments in brackets.
    fn type_expression(&mut self) -> Option<Span> {
        let start = self.at;
        let rest = self.rest();
        let mut length = word_length(rest);
        while rest[length..].starts_with("::") {
            length += 2 + word_length(&rest[length + 2..]);
        }
        if length == 0 {
            return None;
        }
        self.take(length);
        if self.skip_space().starts_with('[') {
            match type_arguments_length(self.rest()) {
                Ok(length) => {
                    self.take(length);
                }
                Err(opener) => {
                    let opener = self.at + opener;
                    let line = self.rest().find('\n').unwrap_or(self.rest().len());
                    let length = self.rest()[..line]
                        .find(';')
                        .unwrap_or_else(|| self.rest()[..line].trim_end().len());
                    self.take(length);
                    self.fault(FaultKind::UnclosedType, Span::new(opener, opener + 1));
                }
            }
        }
        Some(Span::new(start, self.end))
    }

    fn default(&mut self) {
        let rest = self.skip_space();
        if !rest.starts_with('=') || rest.starts_with("==") {
            return;
        }
        let equals = self.take(1);
        self.skip_space();
        let (span, unclosed) = default_span(self.text, self.at);
        if let Some(opener) = unclosed {
            self.fault(FaultKind::UnclosedDefault, opener);
        }
        if span.is_empty() {
            self.fault(FaultKind::MissingDefault, equals);
        } else {
            self.at = span.end;
            self.end = span.end;
            self.declaration.default = Some(span);
        }
    }

    fn semicolon(&mut self) {
        let end = self.end;
        let rest = self.skip_space();
        if rest.starts_with(';') {
            self.take(1);
            return;
        }
        let has_fault = !self.declaration.faults.is_empty();
        if self.crossed_line(end) || rest.is_empty() {
            if !has_fault {
                self.fault(FaultKind::MissingSemicolon, Span::empty(end));
            }
            return;
        }
        // Whatever it is, it is gone with the line.
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let token = Lexer::new(line, 0).next().map_or(0, |token| token.span.end);
        let start = self.at;
        let length = line.find(';').map_or(line.trim_end().len(), |at| at + 1);
        self.take(length);
        if !has_fault {
            self.fault(FaultKind::Unexpected, Span::new(start, start + token));
        }
    }

    /// Whether a new line began between `from` and here.
    fn crossed_line(&self, from: usize) -> bool {
        self.text[from..self.at].contains('\n')
    }
}

fn word_length(text: &str) -> usize {
    text.find(|char: char| !(char.is_alphanumeric() || char == '_'))
        .unwrap_or(text.len())
}

/// The length of `[...]` with strings and regular expressions in it; as an error where the bracket is that is
/// never closed.
fn type_arguments_length(text: &str) -> Result<usize, usize> {
    let bytes = text.as_bytes();
    let mut open = Vec::new();
    let mut before = b'[';
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        match byte {
            b'[' | b'{' | b'(' => open.push(at),
            b']' | b'}' | b')' => {
                open.pop();
                if open.is_empty() {
                    return Ok(at + 1);
                }
            }
            b'\'' | b'"' => at += quoted_length(&bytes[at..]),
            b'/' if matches!(before, b'[' | b',') => at += quoted_length(&bytes[at..]),
            b';' => break,
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
        at += 1;
    }
    Err(open.last().copied().unwrap_or(0))
}

/// How far the closing quote is; 0 if it is not on this line.
fn quoted_length(bytes: &[u8]) -> usize {
    let quote = bytes[0];
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'\n' {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at,
            _ => at += 1,
        }
    }
    0
}

/// The expression that begins at `start`, up to its `;`, and the bracket in it that is never closed.
///
/// Where the `;` was forgotten it ends before the line that begins with another operand.
fn default_span(text: &str, start: usize) -> (Span, Option<Span>) {
    let mut open: Vec<Token> = Vec::new();
    let mut last: Option<Token> = None;
    for token in Lexer::new(text, start) {
        if token.is_comment() {
            continue;
        }
        let from = last.map_or(start, |last| last.span.end);
        let new_line = text[from..token.span.start].contains('\n');
        let declares = token.span.of(text) == "param" && new_line;
        if open.is_empty() {
            let ended = last.is_some_and(Token::ends_operand);
            let begins = matches!(
                token.kind,
                TokenKind::Word | TokenKind::Text | TokenKind::Number | TokenKind::TemplateStart
            ) && !matches!(token.span.of(text), "in" | "else");
            if token.span.of(text) == ";" || (new_line && ended && begins) || declares {
                return (Span::new(start, from), None);
            }
        } else if declares {
            break;
        }
        match token.kind {
            TokenKind::Open(_) => open.push(token),
            TokenKind::Close(_) => {
                open.pop();
            }
            TokenKind::Unterminated => {
                let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
                let end = start + text[start..end].trim_end().len();
                return (Span::new(start, end.max(start)), Some(token.span));
            }
            _ => {}
        }
        last = Some(token);
    }
    match open.first() {
        None => (
            Span::new(start, last.map_or(start, |last| last.span.end)),
            None,
        ),
        Some(opener) => {
            let line = text[start..].lines().next().unwrap_or_default();
            let length = line.find(';').unwrap_or_else(|| line.trim_end().len());
            (Span::new(start, start + length), Some(opener.span))
        }
    }
}
