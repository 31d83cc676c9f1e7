//! Habits with strings, numbers and characters.

use super::recognise::problem;
use crate::plan::diagnostic::{PlanDiagnostic, scene::Scene};
use crate::plan::source::{Span, TokenKind};

pub(super) fn odd_character(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    if scene.kind(0) != Some(TokenKind::Unknown) {
        return None;
    }
    let char = scene.text(0).chars().next()?;
    let help = match char {
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2018}' | '\u{2019}' | '\u{ab}' | '\u{bb}' => {
            "a word processor changed the quotes: write `\"`"
        }
        '\u{a0}' | '\u{202f}' | '\u{2003}' => "replace it by a plain space",
        '\u{2013}' | '\u{2014}' | '\u{2212}' => "write `-`",
        '\u{feff}' => "save the file as UTF-8 without a byte order mark",
        _ if char.is_control() || char.is_whitespace() || is_format(char) => "remove it",
        _ => "outside of strings and comments only ASCII characters are used",
    };
    let invisible = char.is_control() || char.is_whitespace() || is_format(char);
    let message = if invisible {
        format!("unexpected character U+{:04X}", u32::from(char))
    } else {
        format!("unexpected character `{char}`")
    };
    Some(problem(
        scene.span(0),
        message,
        "this character has no meaning here",
        help,
    ))
}

/// Characters that take no place.
fn is_format(char: char) -> bool {
    matches!(
        char,
        '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{ad}'
    )
}

pub(super) fn single_quotes(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let (kind, text) = (scene.kind(0)?, scene.text(0));
    match kind {
        TokenKind::Character
            if text.chars().count() > 3 && !text.starts_with("'\\") || text == "''" =>
        {
            let inner = text.trim_matches('\'').replace('"', "\\\"");
            Some(problem(
                scene.span(0),
                "single quotes hold one character only",
                "this is a string",
                format!("write `\"{inner}\"`"),
            ))
        }
        TokenKind::Unterminated if text == "'" => Some(problem(
            scene.span(0),
            "this quote has no end",
            "it begins here",
            "strings are written in double quotes: `\"text\"`",
        )),
        _ => None,
    }
}

/// `10s`, `5m`, `25%`: durations and shares are strings.
pub(super) fn number_with_unit(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let text = scene.text(0);
    if scene.kind(0) == Some(TokenKind::Number) {
        let digits = text.trim_start_matches(|char: char| char.is_ascii_digit() || char == '.');
        let (label, help) = match digits {
            "s" | "sec" | "m" | "min" | "h" | "d" | "ms" => (
                "a duration is a string",
                format!("write `\"{text}\"`, or whole seconds"),
            ),
            other if other.starts_with(char::is_alphabetic) && !text.starts_with("0x") => (
                "there are letters in it",
                format!("write `\"{text}\"` if it is text"),
            ),
            _ => return None,
        };
        return Some(problem(
            scene.span(0),
            format!("`{text}` is not a number"),
            label,
            help,
        ));
    }
    let is_share = scene.text(-1) == "%"
        && scene.kind(-2) == Some(TokenKind::Number)
        && scene.touches(-2, -1)
        && matches!(text, ")" | "," | "}" | ";" | "]");
    is_share.then(|| {
        problem(
            scene.span(-2).to(scene.span(-1)),
            "`%` needs a number behind it",
            "a share is a string",
            format!("write `\"{}%\"`", scene.text(-2)),
        )
    })
}

/// `"say "hi" to all"`.
pub(super) fn quote_in_string(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_inner = scene.kind(0) == Some(TokenKind::Word)
        && scene.kind(-1) == Some(TokenKind::Text)
        && scene.text(-1).starts_with('"')
        && scene.touches(-1, 0);
    is_inner.then(|| {
        let end = scene.span(-1).end;
        problem(
            Span::new(end - 1, end),
            "this quote ends the string",
            "",
            "write `\\\"` for a quote inside of a string, or put the string between back-ticks",
        )
    })
}

/// `f"..."`, `r"..."`.
pub(super) fn formatted_string(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let (prefix, prefix_at, text_at) = if scene.kind(0)? == TokenKind::Text {
        (scene.text(-1), -1, 0)
    } else {
        (scene.text(0), 0, 1)
    };
    let is_prefix = matches!(prefix, "f" | "F" | "r" | "R" | "b" | "u")
        && matches!(scene.kind(text_at)?, TokenKind::Text | TokenKind::Character)
        && scene.touches(prefix_at, text_at);
    is_prefix.then(|| {
        let help = if prefix.eq_ignore_ascii_case("r") {
            "a string without escapes is written `#\"...\"#`"
        } else {
            "values are put into strings between back-ticks: `` `text ${name}` ``"
        };
        problem(
            scene.span(prefix_at).to(scene.span(text_at)),
            format!("strings have no `{prefix}` in front"),
            "",
            help,
        )
    })
}
