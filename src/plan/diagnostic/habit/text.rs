//! Habits with strings, numbers and characters.

use super::recognise::problem;
use crate::plan::diagnostic::{PlanDiagnostic, scene::Scene, word};
use crate::plan::source::{Bracket, Mend, Span, TokenKind};

/// `run_command(...)?`, as in Rust.
pub(super) fn question_mark(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_mark = scene.text(0) == "?" && matches!(scene.text(1), ";" | ")" | "," | "]" | "}" | "");
    is_mark.then(|| {
        problem(
            scene.span(0),
            "`?` means nothing in a plan",
            "",
            "leave it out: what fails ends the plan by itself, unless it is caught",
        )
        .mend(scene.span(0), "")
    })
}

/// `/pattern/` where a value stands.
pub(super) fn regular_expression(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let begins =
        scene.text(0) == "/" && scene.token(-1).is_some_and(|before| !before.ends_operand());
    if !begins {
        return None;
    }
    let start = scene.span(0).start;
    let line = scene.source.text()[start..].lines().next()?;
    let end = 1 + line[1..].find('/')?;
    let flags = line[end + 1..].find(|letter: char| !letter.is_ascii_lowercase())?;
    let span = Span::new(start, start + end + 1 + flags);
    let pattern = &line[1..end];
    Some(
        problem(
            span,
            "a regular expression is a string",
            "",
            format!("write `#\"{pattern}\"#`: a text in which nothing has to be escaped"),
        )
        .mend(span, "\"\""),
    )
}

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
    if char.is_alphanumeric() {
        return Some(problem(
            scene.span(0),
            message,
            "it can't be part of a name",
            "names are made of ASCII letters, digits and `_`",
        ));
    }
    // Who pasted one of them pasted all of them.
    let mends: Vec<Mend> = scene
        .source
        .tokens()
        .all()
        .iter()
        .filter(|token| token.kind == TokenKind::Unknown)
        .filter_map(|token| {
            let char = scene.of(*token).chars().next()?;
            Some(Mend::new(token.span, replacement(char)?))
        })
        .collect();
    let same = scene.source.tokens().all().iter();
    let same = same
        .filter(|token| token.kind == TokenKind::Unknown && is_quote(scene.of(**token)))
        .count();
    let more = if is_quote(scene.text(0)) {
        word::as_often(same - 1)
    } else {
        String::new()
    };
    let mut problem = problem(
        scene.span(0),
        message,
        "this character has no meaning here",
        format!("{help}{more}"),
    );
    if replacement(char).is_some() {
        problem.mends = mends;
    }
    Some(problem)
}

fn is_quote(text: &str) -> bool {
    text.starts_with([
        '\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}', '\u{ab}', '\u{bb}',
    ])
}

/// What an odd character was before something changed it.
fn replacement(char: char) -> Option<&'static str> {
    match char {
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2018}' | '\u{2019}' | '\u{ab}' | '\u{bb}' => {
            Some("\"")
        }
        '\u{2013}' | '\u{2014}' | '\u{2212}' => Some("-"),
        _ if char.is_control() || char.is_whitespace() || is_format(char) => Some(" "),
        _ => None,
    }
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
            // All of a file at once: who writes one string like that writes all of them like that.
            let mends: Vec<Mend> = scene
                .source
                .tokens()
                .all()
                .iter()
                .filter(|token| token.kind == TokenKind::Character)
                .map(|token| Mend::new(token.span, in_double_quotes(scene.of(*token))))
                .collect();
            let more = word::as_often(mends.len() - 1);
            let mut problem = problem(
                scene.span(0),
                "single quotes hold one character only",
                "this is a string",
                format!("write `{}`{more}", in_double_quotes(text)),
            );
            problem.mends = mends;
            Some(problem)
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

fn in_double_quotes(text: &str) -> String {
    let inner = text.strip_prefix('\'').unwrap_or(text);
    let inner = inner.strip_suffix('\'').unwrap_or(inner);
    format!("\"{}\"", inner.replace('"', "\\\""))
}

/// `<<EOT`.
pub(super) fn here_document(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_here = scene.text(0) == "<<"
        && matches!(scene.text(-1), "=" | "(" | "," | ":" | "print" | "")
        && matches!(
            scene.text(1),
            "-" | "~" | "EOT" | "EOF" | "END" | "SQL" | "SH" | "DOC" | "HEREDOC"
        );
    if !is_here {
        return None;
    }
    let span = scene.span(0).to(scene.span(1));
    let is_last = !scene.same_line(1, 2) && scene.enclosing().is_none();
    let problem = problem(
        span,
        "there are no here-documents",
        "",
        "text of several lines stands between back-ticks",
    )
    .mend(span, if is_last { "\"\";" } else { "\"\"" });
    // All that follows the line, up to the one that is the word alone.
    let text = scene.source.text();
    let from = span.end + text[span.end..].find('\n').unwrap_or(text.len() - span.end);
    let word = scene.text(1);
    let mut until = from;
    for line in text[from..].split_inclusive('\n') {
        until += line.len();
        if line.trim().trim_end_matches(';') == word {
            return Some(problem.mend(Span::new(from, until), "\n"));
        }
    }
    Some(problem)
}

/// `"a" . "b"`, as in PHP and Perl.
pub(super) fn joined_with_point(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_joined = scene.text(-1) == "."
        && matches!(
            scene.kind(0)?,
            TokenKind::Text | TokenKind::TemplateStart | TokenKind::Character
        );
    is_joined.then(|| {
        problem(
            scene.span(-1),
            "texts are not joined with `.`",
            "this should be `+`",
            "write `+`, or put values into a text between back-ticks: `` `text ${value}` ``",
        )
        .mend(scene.span(-1), "+")
    })
}

/// `a ? b : c`.
pub(super) fn ternary(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    if scene.text(0) != "?" {
        return None;
    }
    let tokens = scene.source.tokens();
    let text = scene.source.text();
    let at = tokens.index_at(scene.span(0).start);
    let ends = |text: &str| matches!(text, "" | ";" | "," | ")" | "]" | "}");
    // Backwards to where the condition begins, forwards to the `:` and to the end, over what is in brackets.
    let mut start = at;
    while let Some(before) = tokens.previous(start) {
        let token = tokens.get(before)?;
        let begins = matches!(token.kind, TokenKind::Open(_))
            || matches!(token.span.of(text), ";" | "=" | "," | ":" | "return" | "}");
        if begins && tokens.partner(before).is_none_or(|open| open > before) {
            break;
        }
        start = tokens
            .partner(before)
            .map_or(before, |open| open.min(before));
    }
    let mut colon = None;
    let mut index = at;
    let end = loop {
        let next = tokens.next(index)?;
        let token = tokens.get(next)?;
        if token.span.of(text) == ":" && colon.is_none() {
            colon = Some(token.span);
        } else if ends(token.span.of(text)) {
            break token.span.start;
        }
        index = tokens.partner(next).filter(|to| *to > next).unwrap_or(next);
    };
    let start = tokens.get(start)?.span.start;
    let (mark, colon) = (scene.span(0), colon?);
    let part = |from: usize, to: usize| text.get(from..to).map(str::trim).unwrap_or_default();
    let written = format!(
        "if {} {{ {} }} else {{ {} }}",
        part(start, mark.start),
        part(mark.end, colon.start),
        part(colon.end, end)
    );
    let help = if written.contains('\n') {
        "write `if condition { one } else { other }`".to_owned()
    } else {
        format!("write `{written}`")
    };
    Some(
        problem(mark, "there is no `?:`", "", help)
            .mend(Span::empty(start), "if ")
            .mend(mark, "{")
            .mend(colon, "} else {")
            .mend(Span::empty(end), " }"),
    )
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
        return Some(
            problem(
                scene.span(0),
                format!("`{text}` is not a number"),
                label,
                help,
            )
            .mend(scene.span(0), format!("\"{text}\"")),
        );
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
        .mend(
            scene.span(-2).to(scene.span(-1)),
            format!("\"{}%\"", scene.text(-2)),
        )
    })
}

/// `1.5.0`, `10.0.0.1`: versions and addresses are strings; and `.5`.
pub(super) fn number_with_points(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_number = |at: i8| scene.kind(at) == Some(TokenKind::Number);
    if scene.text(0) == "." && is_number(1) && scene.touches(0, 1) && !scene.touches(-1, 0) {
        let digits = scene.text(1);
        return Some(
            problem(
                scene.span(0).to(scene.span(1)),
                format!("`.{digits}` is not a number"),
                "",
                format!("write `0.{digits}`"),
            )
            .mend(scene.span(0), "0."),
        );
    }
    let is_more = scene.text(-1) == "."
        && [-2, 0].into_iter().all(is_number)
        && scene.touches(-2, -1)
        && scene.touches(-1, 0);
    if !is_more {
        return None;
    }
    let mut last = 0;
    while scene.text(last + 1) == "."
        && is_number(last + 2)
        && scene.touches(last, last + 1)
        && scene.touches(last + 1, last + 2)
    {
        last += 2;
    }
    let span = scene.span(-2).to(scene.span(last));
    let written = span.of(scene.source.text());
    Some(
        problem(
            span,
            format!("`{written}` is not a number"),
            "a version or an address is a string",
            format!("write `\"{written}\"`"),
        )
        .mend(span, format!("\"{written}\"")),
    )
}

/// `1,000`.
pub(super) fn number_with_commas(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_group = scene.text(0) == ","
        && scene.kind(-1) == Some(TokenKind::Number)
        && scene.kind(1) == Some(TokenKind::Number)
        && scene.text(1).len() == 3
        && scene.touches(-1, 0)
        && scene.touches(0, 1);
    is_group.then(|| {
        let span = scene.span(-1).to(scene.span(1));
        let written = span.of(scene.source.text());
        problem(
            span,
            "numbers have no commas",
            "",
            format!("write `{}`", written.replace(',', "_")),
        )
        .mend(span, written.replace(',', "_"))
    })
}

/// `"say "hi" to all"`.
pub(super) fn quote_in_string(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let begins_other = matches!(
        scene.kind(0),
        Some(TokenKind::Word | TokenKind::Open(Bracket::Curly) | TokenKind::Unknown)
    );
    let is_inner = begins_other
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
        .mend(scene.span(prefix_at), "")
    })
}
