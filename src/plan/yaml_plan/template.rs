//! Texts in which Puppet replaces `$name` and `${...}`.

use super::{
    expression::{Expression, ExpressionKind, Piece},
    parse::parse_at,
    token::{Trouble, trouble},
};

/// The pieces of a text of YAML in double quotes: YAML has read its escapes already.
pub(super) fn plain(text: &str) -> Result<Vec<Piece>, Trouble> {
    pieces(text, 0, false, 0)
}

/// The pieces of a text in double quotes within Puppet code, which begins at a byte of it.
pub(super) fn escaped(text: &str, base: usize, depth: usize) -> Result<Vec<Piece>, Trouble> {
    pieces(text, base, true, depth)
}

fn pieces(text: &str, base: usize, has_escapes: bool, depth: usize) -> Result<Vec<Piece>, Trouble> {
    let mut found = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        let code = if rest.starts_with("${") {
            let end = closing(rest).ok_or_else(|| trouble(base + at, "`${` is never closed"))?;
            let inner = &rest[2..end];
            let body = parse_at(&with_dollar(inner), base + at + 2, depth + 1)?;
            at += end + 1;
            Some(only(body, base + at)?)
        } else if letter == '$' && name_length(&rest[1..]) > 0 {
            let length = name_length(&rest[1..]);
            let kind = ExpressionKind::Variable(rest[1..=length].to_owned());
            let start = base + at;
            at += length + 1;
            Some(Expression { at: start, kind })
        } else if letter == '\\' && has_escapes {
            let (text, length) = escape(&rest[1..]);
            plain.push_str(&text);
            at += length + 1;
            None
        } else {
            plain.push(letter);
            at += letter.len_utf8();
            None
        };
        if let Some(code) = code {
            if !plain.is_empty() {
                found.push(Piece::Text(std::mem::take(&mut plain)));
            }
            found.push(Piece::Code(code));
        }
    }
    if !plain.is_empty() {
        found.push(Piece::Text(plain));
    }
    Ok(found)
}

fn only(mut body: Vec<Expression>, at: usize) -> Result<Expression, Trouble> {
    if body.len() > 1 {
        return Err(trouble(body[1].at, "one value is replaced at a time"));
    }
    body.pop()
        .ok_or_else(|| trouble(at, "there is nothing between `${` and `}`"))
}

/// The byte of the `}` that closes the `${` at the beginning.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut letters = text.char_indices().skip(1);
    while let Some((index, letter)) = letters.next() {
        match (letter, quote) {
            ('\\', _) => {
                letters.next();
            }
            (letter, Some(open)) if letter == open => quote = None,
            ('\'' | '"', None) => quote = Some(letter),
            ('{', None) => depth += 1,
            ('}', None) => {
                depth -= 1;
                if depth == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

/// `${name}`, `${name[0]}` and `${name.length}` mean the variable, `${name(1)}` is a call.
fn with_dollar(code: &str) -> String {
    let trimmed = code.trim_start();
    let length = name_length(trimmed);
    let rest = trimmed[length..].trim_start();
    let is_word = matches!(
        &trimmed[..length],
        "if" | "unless" | "case" | "true" | "false" | "undef"
    );
    if length == 0 || rest.starts_with('(') || is_word {
        return code.to_owned();
    }
    format!("${trimmed}")
}

/// How long the name is that a text begins with, zero if it begins with none.
fn name_length(text: &str) -> usize {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if !text.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '_') {
        return 0;
    }
    let mut end = 0;
    loop {
        let rest = &text[end..];
        end += rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        let next = text[end..].strip_prefix("::");
        if !next.is_some_and(|next| next.starts_with(|letter: char| letter.is_ascii_lowercase())) {
            return end;
        }
        end += 2;
    }
}

/// What stands behind a backslash means, and how long it is.
fn escape(text: &str) -> (String, usize) {
    let Some(letter) = text.chars().next() else {
        return ("\\".to_owned(), 0);
    };
    let plain = match letter {
        'n' => "\n",
        't' => "\t",
        'r' => "\r",
        's' => " ",
        '"' => "\"",
        '\'' => "'",
        '$' => "$",
        '\\' => "\\",
        'u' => {
            let digits = text
                .get(1..5)
                .and_then(|digits| u32::from_str_radix(digits, 16).ok());
            return match digits.and_then(char::from_u32) {
                Some(letter) => (letter.to_string(), 5),
                None => ("\\u".to_owned(), 1),
            };
        }
        // Puppet leaves a backslash that means nothing.
        other => return (format!("\\{other}"), other.len_utf8()),
    };
    (plain.to_owned(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pieces: &[Piece]) -> String {
        pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => format!("[{text}]"),
                Piece::Code(Expression {
                    kind: ExpressionKind::Variable(name),
                    ..
                }) => format!("<{name}>"),
                Piece::Code(_) => "<...>".to_owned(),
            })
            .collect()
    }

    #[test]
    fn names_and_code_are_replaced_and_nothing_else() {
        for (text, wanted) in [
            ("a $x b", "[a ]<x>[ b]"),
            ("${x}/32", "<x>[/32]"),
            ("${users[0]} ${users.join('}')}", "<...>[ ]<...>"),
            ("${$x}${f(1)}", "<x><...>"),
            ("$1 $ 5$", "[$1 $ 5$]"),
            ("a\\n", "[a\\n]"),
            ("$a::b:", "<a::b>[:]"),
        ] {
            assert_eq!(shown(&plain(text).unwrap()), wanted, "{text}");
        }
        assert_eq!(
            shown(&escaped("\\$x \\n\\u00e9\\d", 0, 0).unwrap()),
            "[$x \né\\d]"
        );
        assert!(plain("${").is_err() && plain("${}").is_err());
    }
}
