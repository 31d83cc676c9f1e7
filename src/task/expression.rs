//! Ruby's regular expressions, for the `regex` crate.

use std::{iter::Peekable, str::CharIndices};

use regex::RegexBuilder;

use super::{data_type::Expression, type_error::TypeError};

// A hostile type must not eat the memory of a controller; real ones need a few kilobytes.
const COMPILED_BYTES_MAX: usize = 1 << 20;

impl Expression {
    /// Reads what stands between the slashes. The places in an error are in bytes of `source`.
    ///
    /// # Errors
    /// It is no regular expression, or it uses something that the `regex` crate has not.
    pub(super) fn parse(source: &str) -> Result<Self, TypeError> {
        let translated = translate(source)?;
        // In Ruby, `^` and `$` are the ends of lines, always.
        let regex = RegexBuilder::new(&translated)
            .multi_line(true)
            .size_limit(COMPILED_BYTES_MAX)
            .build()
            .map_err(|error| {
                let message = match error {
                    regex::Error::CompiledTooBig(_) => {
                        "the regular expression is too big".to_owned()
                    }
                    other => format!("no regular expression: {}", last_line(&other.to_string())),
                };
                TypeError::new(0, source.len(), message)
            })?;
        Ok(Self {
            source: source.to_owned(),
            regex,
        })
    }
}

/// The crate draws a picture of several lines; the reason stands in the last.
fn last_line(text: &str) -> &str {
    let line = text.lines().last().unwrap_or(text);
    line.strip_prefix("error: ").unwrap_or(line)
}

fn translate(source: &str) -> Result<String, TypeError> {
    let mut out = String::with_capacity(source.len() + 16);
    let mut letters = source.char_indices().peekable();
    let mut in_class = 0_usize;
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => escape(&mut out, at, &mut letters, in_class > 0)?,
            '[' => {
                in_class += 1;
                out.push('[');
            }
            ']' => {
                in_class = in_class.saturating_sub(1);
                out.push(']');
            }
            '(' if in_class == 0 => {
                refuse_groups(source, at)?;
                out.push_str(&opening(source, at, &mut letters));
            }
            '+' if in_class == 0 && at > 0 && is_possessive(source, at) => {
                return Err(unsupported(at, 1, "a possessive quantifier"));
            }
            other => out.push(other),
        }
    }
    Ok(out)
}

/// The escapes that mean something else in Ruby, or exist only there.
fn escape(
    out: &mut String,
    at: usize,
    letters: &mut Peekable<CharIndices<'_>>,
    in_class: bool,
) -> Result<(), TypeError> {
    let Some((_, letter)) = letters.next() else {
        return Err(TypeError::new(at, 1, "a `\\` with nothing after it"));
    };
    let plain = match letter {
        'Z' => r"(?:\n?\z)",
        'h' => "[0-9a-fA-F]",
        'H' => "[^0-9a-fA-F]",
        // Ruby's are ASCII only.
        'd' => "[0-9]",
        'D' => "[^0-9]",
        'w' => "[a-zA-Z0-9_]",
        'W' => "[^a-zA-Z0-9_]",
        's' => r"[ \t\r\n\f\x0B]",
        'S' => r"[^ \t\r\n\f\x0B]",
        'e' => r"\x1B",
        '/' => "/",
        'b' if in_class => r"\x08",
        '1'..='9' | 'k' | 'g' if !in_class => return Err(unsupported(at, 2, "a back-reference")),
        'G' | 'K' | 'R' | 'X' if !in_class => {
            return Err(unsupported(at, 2, &format!("`\\{letter}`")));
        }
        other => {
            // Ruby takes a backslash before any letter that means nothing; the crate does not.
            let known = !other.is_alphanumeric() || "aftnrvxupPABbz0".contains(other);
            if known && other.is_ascii() && other != '<' && other != '>' {
                out.push('\\');
            }
            out.push(other);
            return Ok(());
        }
    };
    out.push_str(plain);
    Ok(())
}

/// `(?m` is "dot matches newlines" in Ruby, which is `s` here.
fn opening(source: &str, at: usize, letters: &mut Peekable<CharIndices<'_>>) -> String {
    let Some(rest) = source[at..].strip_prefix("(?") else {
        return "(".to_owned();
    };
    let end = rest.find(|letter: char| !"mix-".contains(letter));
    let Some(flags) = end.map(|end| &rest[..end]) else {
        return "(".to_owned();
    };
    for _ in 0..=flags.len() {
        letters.next();
    }
    format!("(?{}", flags.replace('m', "s"))
}

fn refuse_groups(source: &str, at: usize) -> Result<(), TypeError> {
    const REFUSED: [(&str, &str); 5] = [
        ("(?=", "look-ahead"),
        ("(?!", "look-ahead"),
        ("(?<=", "look-behind"),
        ("(?<!", "look-behind"),
        ("(?>", "an atomic group"),
    ];
    match REFUSED
        .iter()
        .find(|(opening, _)| source[at..].starts_with(opening))
    {
        Some((opening, what)) => Err(unsupported(at, opening.len(), what)),
        None => Ok(()),
    }
}

fn is_possessive(source: &str, at: usize) -> bool {
    // In bytes: what is before the quantifier may be any letter.
    let Some((before, earlier)) = source.as_bytes()[..at].split_last() else {
        return false;
    };
    let backslashes = earlier.iter().rev().take_while(|byte| **byte == b'\\');
    let escaped = backslashes.count() % 2 == 1;
    matches!(before, b'*' | b'+' | b'?') && !escaped
}

fn unsupported(offset: usize, length: usize, what: &str) -> TypeError {
    TypeError::new(
        offset,
        length,
        format!("{what} is not supported in regular expressions"),
    )
    .with_help("write it without, or use `String[1]` and let the task look closer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_letter_may_stand_before_a_quantifier() {
        for source in [r"^\dé+$", r"\A[a]🦀+\z", "+", "é*", "ü?"] {
            // Whether it is one is not the question: that there is an answer is.
            let _ = Expression::parse(source);
        }
        assert!(Expression::parse(r"^\dé+$").is_ok());
        assert!(Expression::parse("a++").is_err());
    }
}
