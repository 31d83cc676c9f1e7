//! The words and signs of the Puppet language, as far as expressions have them.

/// A word or sign, and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    /// The byte in the code that it begins at.
    pub(super) at: usize,
    /// White space stands in front of it, which tells `$a [1]` from `$a[1]`.
    pub(super) is_apart: bool,
    pub(super) kind: TokenKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// `$name`, without its `$`.
    Variable(String),
    /// `run_task`, `out::message`, `if`.
    Word(String),
    /// `String`, `Stdlib::Port`.
    Type(String),
    Number(String),
    /// A text without anything to be replaced in it.
    Text(String),
    /// What stands between double quotes, as it was written.
    Template(String),
    Pattern(String),
    Sign(&'static str),
}

/// What could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) at: usize,
    pub(super) message: String,
}

/// The longest first: `=~` is not `=` and `~`.
const SIGNS: [&str; 36] = [
    "<<|", "|>>", "==", "!=", "=~", "!~", "<=", ">=", "=>", "+>", "->", "~>", "<<", ">>", "<|",
    "|>", "@@", "+=", "(", ")", "[", "]", "{", "}", ",", ".", "|", "+", "-", "*", "/", "%", "<",
    ">", "!", "?",
];
const SINGLE: [&str; 4] = ["=", ":", ";", "@"];

pub(super) fn tokens(code: &str) -> Result<Vec<Token>, Trouble> {
    Lexer {
        code,
        at: 0,
        found: Vec::new(),
    }
    .all()
}

struct Lexer<'a> {
    code: &'a str,
    at: usize,
    found: Vec<Token>,
}

impl<'a> Lexer<'a> {
    fn all(mut self) -> Result<Vec<Token>, Trouble> {
        loop {
            let before = self.at;
            self.skip_blank();
            let at = self.at;
            let Some(first) = self.rest().chars().next() else {
                return Ok(self.found);
            };
            let kind = match first {
                '$' => self.variable()?,
                '\'' => TokenKind::Text(self.single_quoted()?),
                '"' => self.double_quoted()?,
                '/' if self.may_be_pattern() => self.pattern()?,
                '0'..='9' => TokenKind::Number(self.take(|letter| {
                    letter.is_ascii_alphanumeric() || letter == '.' || letter == '_'
                })),
                'A'..='Z' => TokenKind::Type(self.name()),
                'a'..='z' | '_' => TokenKind::Word(self.name()),
                _ => self.sign()?,
            };
            self.found.push(Token {
                at,
                is_apart: at > before || at == 0,
                kind,
            });
        }
    }

    fn rest(&self) -> &'a str {
        &self.code[self.at..]
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with('#') {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn take(&mut self, is_part: impl Fn(char) -> bool) -> String {
        let rest = self.rest();
        let end = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        self.at += end;
        // `1.max` is a number and a method, `1.5` is a number.
        let text = &rest[..end];
        let stop = text
            .match_indices('.')
            .map(|(dot, _)| dot)
            .find(|dot| !text[dot + 1..].starts_with(|digit: char| digit.is_ascii_digit()));
        let text = &text[..stop.unwrap_or(end)];
        self.at -= end - text.len();
        text.to_owned()
    }

    /// A name that may have `::` in it.
    fn name(&mut self) -> String {
        let start = self.at;
        loop {
            self.take_word();
            if self.rest().starts_with("::")
                && self.rest()[2..].starts_with(|letter: char| letter.is_ascii_alphabetic())
            {
                self.at += 2;
            } else {
                return self.code[start..self.at].to_owned();
            }
        }
    }

    fn take_word(&mut self) {
        let rest = self.rest();
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        self.at += end.unwrap_or(rest.len());
    }

    fn variable(&mut self) -> Result<TokenKind, Trouble> {
        let at = self.at;
        self.at += 1;
        if self.rest().starts_with("::") {
            self.at += 2;
        }
        if !self
            .rest()
            .starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_')
        {
            return Err(trouble(at, "a name is missing behind `$`"));
        }
        Ok(TokenKind::Variable(self.name()))
    }

    fn single_quoted(&mut self) -> Result<String, Trouble> {
        let at = self.at;
        let mut text = String::new();
        let mut letters = self.rest().char_indices().skip(1).peekable();
        while let Some((index, letter)) = letters.next() {
            match letter {
                '\'' => {
                    self.at = at + index + 1;
                    return Ok(text);
                }
                '\\' if letters
                    .peek()
                    .is_some_and(|(_, next)| matches!(next, '\'' | '\\')) =>
                {
                    text.extend(letters.next().map(|(_, next)| next));
                }
                letter => text.push(letter),
            }
        }
        Err(trouble(at, "this text never ends"))
    }

    fn double_quoted(&mut self) -> Result<TokenKind, Trouble> {
        let at = self.at;
        let mut depth = 0_usize;
        let mut letters = self.rest().char_indices().skip(1);
        let mut before = '"';
        while let Some((index, letter)) = letters.next() {
            match letter {
                '\\' => {
                    letters.next();
                }
                '{' if depth > 0 || before == '$' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                '"' if depth == 0 => {
                    let inner = &self.code[at + 1..at + index];
                    self.at = at + index + 1;
                    return Ok(TokenKind::Template(inner.to_owned()));
                }
                _ => {}
            }
            before = letter;
        }
        Err(trouble(at, "this text never ends"))
    }

    /// A `/` behind a value divides.
    fn may_be_pattern(&self) -> bool {
        let divides = match self.found.last().map(|token| &token.kind) {
            None => false,
            Some(TokenKind::Sign(sign)) => matches!(*sign, ")" | "]"),
            Some(TokenKind::Word(word)) => !matches!(
                word.as_str(),
                "and" | "or" | "in" | "if" | "unless" | "case"
            ),
            Some(_) => true,
        };
        let line = self.rest().lines().next().unwrap_or_default();
        !divides && line[1..].contains('/')
    }

    fn pattern(&mut self) -> Result<TokenKind, Trouble> {
        let at = self.at;
        let mut text = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        while let Some((index, letter)) = letters.next() {
            match letter {
                '/' => {
                    self.at = at + index + 1;
                    return Ok(TokenKind::Pattern(text));
                }
                '\\' => match letters.next() {
                    // Only Puppet's own end of the pattern needs the backslash.
                    Some((_, '/')) => text.push('/'),
                    Some((_, next)) => text.extend(['\\', next]),
                    None => {}
                },
                '\n' => break,
                letter => text.push(letter),
            }
        }
        Err(trouble(at, "this pattern never ends"))
    }

    fn sign(&mut self) -> Result<TokenKind, Trouble> {
        let rest = self.rest();
        let known = SIGNS
            .iter()
            .chain(&SINGLE)
            .find(|sign| rest.starts_with(**sign));
        let Some(sign) = known else {
            let letter: String = rest.chars().take(1).collect();
            return Err(trouble(self.at, format!("`{letter}` is no Puppet")));
        };
        self.at += sign.len();
        Ok(TokenKind::Sign(sign))
    }
}

pub(super) fn trouble(at: usize, message: impl Into<String>) -> Trouble {
    Trouble {
        at,
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(code: &str) -> Vec<TokenKind> {
        tokens(code)
            .unwrap()
            .into_iter()
            .map(|token| token.kind)
            .collect()
    }

    #[test]
    fn words_signs_and_texts_are_told_apart() {
        use TokenKind::{Number, Pattern, Sign, Template, Text, Type, Variable, Word};
        assert_eq!(
            kinds("$a::b.map |$x| { 'it''s' + \"${x} \\\" {\" } # end"),
            [
                Variable("a::b".to_owned()),
                Sign("."),
                Word("map".to_owned()),
                Sign("|"),
                Variable("x".to_owned()),
                Sign("|"),
                Sign("{"),
                Text("it".to_owned()),
                Text("s".to_owned()),
                Sign("+"),
                Template("${x} \\\" {".to_owned()),
                Sign("}"),
            ]
        );
        assert_eq!(
            kinds("Stdlib::Port =~ /a\\/b\\d/ / 1.5 1.max"),
            [
                Type("Stdlib::Port".to_owned()),
                Sign("=~"),
                Pattern("a/b\\d".to_owned()),
                Sign("/"),
                Number("1.5".to_owned()),
                Number("1".to_owned()),
                Sign("."),
                Word("max".to_owned()),
            ]
        );
        assert_eq!(kinds("\"${x['a']}\""), [Template("${x['a']}".to_owned())]);
    }

    #[test]
    fn what_never_ends_is_told_with_its_place() {
        for (code, at) in [("x 'a", 2), ("\"${", 0), ("$", 0), ("a ° b", 2)] {
            assert_eq!(tokens(code).unwrap_err().at, at, "{code}");
        }
        // Without a second `/` on its line it divides.
        assert_eq!(kinds("= /x\n/").len(), 4);
    }
}
