//! Takes declarations out of a text without moving anything that stays.

use super::{declaration::Declaration, outline::Outline};

/// The text without its declarations: as long in bytes, with the same lines, and everything that is left in the
/// same line and column.
pub(in crate::plan) fn erased(text: &str) -> String {
    without(text, |script, declaration| {
        push_blank(script, declaration.span.of(text));
    })
}

/// As [`erased`], but with the defaults left in, as statements: all of the text that is Rhai.
pub(in crate::plan) fn erased_but_defaults(text: &str) -> String {
    without(text, |script, declaration| {
        let span = declaration.span;
        // A default that never ends would take the rest of the text with it.
        match declaration.default.filter(|_| declaration.is_sound()) {
            Some(default) => {
                push_blank(script, &text[span.start..default.start]);
                script.push_str(default.of(text));
                push_blank(script, &text[default.end..span.end - 1]);
                script.push(';');
            }
            None => push_blank(script, span.of(text)),
        }
    })
}

fn without(text: &str, mut push: impl FnMut(&mut String, &Declaration)) -> String {
    let outline = Outline::of(text);
    let mut script = String::with_capacity(text.len());
    let mut at = 0;
    for declaration in &outline.declarations {
        for doc in &declaration.docs {
            script.push_str(&text[at..doc.start]);
            push_plain_comment(&mut script, doc.of(text));
            at = doc.end;
        }
        script.push_str(&text[at..declaration.span.start]);
        push(&mut script, declaration);
        at = declaration.span.end;
        for doc in &declaration.docs_behind {
            script.push_str(&text[at..doc.start]);
            push_plain_comment(&mut script, doc.of(text));
            at = doc.end;
        }
    }
    script.push_str(&text[at..]);
    script
}

/// Rhai allows documentation before functions only; without its third character it is a comment like any other.
fn push_plain_comment(script: &mut String, comment: &str) {
    script.push_str(&comment[..2]);
    script.push(' ');
    script.push_str(&comment[3..]);
}

/// A character of more than one byte is more spaces than columns. Such ones are kept, inside of a comment.
fn push_blank(script: &mut String, text: &str) {
    let last = text.trim_end_matches(|char: char| char.is_ascii() && char != '\n');
    let tail = text.len() - last.len();
    let in_comment = !text.is_ascii() && tail >= 2 && text.is_char_boundary(2);
    for (at, char) in text.char_indices() {
        match char {
            '\n' | '\r' => script.push(char),
            _ if in_comment && at < 2 => script.push(['/', '*'][at]),
            _ if in_comment && at + 2 >= text.len() => script.push(['*', '/'][at + 2 - text.len()]),
            _ if char.is_ascii() => script.push(' '),
            _ if in_comment => script.push(char),
            // Only a broken declaration ends in such a character. The bytes stay right, one line moves.
            _ => script.extend(std::iter::repeat_n(' ', char.len_utf8())),
        }
    }
}
