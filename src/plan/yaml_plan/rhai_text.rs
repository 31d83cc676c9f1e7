//! How texts, names and maps are written in Rhai.

use crate::plan::{diagnostic::PREFIX, source::keyword};

/// A text between quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// A text as a part of one between back-ticks, where nothing can be escaped: what can't stand there is replaced by
/// itself in quotes.
pub(super) fn in_template(text: &str) -> String {
    let needs_quotes = text.contains(['`', '\n', '\r', '\t']) || text.contains("${");
    if !needs_quotes {
        // A `$` at the end would make the next brace a replacement.
        return match text.strip_suffix('$') {
            Some(before) => format!("{before}${{\"$\"}}"),
            None => text.to_owned(),
        };
    }
    format!("${{{}}}", quoted(text))
}

/// A name that Rhai takes, and whether it is another one.
pub(super) fn name(wanted: &str) -> (String, bool) {
    let is_taken = keyword::is_keyword(wanted) || keyword::is_reserved(wanted);
    let is_own = wanted.starts_with(PREFIX);
    if !is_taken && !is_own && rhai::is_valid_identifier(wanted) {
        return (wanted.to_owned(), false);
    }
    let letters: String = wanted
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .collect();
    let letters = match letters.strip_prefix(PREFIX) {
        Some(behind) => format!("_{}", behind.trim_start_matches('_')),
        None => letters,
    };
    (format!("{letters}_"), true)
}

/// A key of a map, in quotes where it has to be.
pub(super) fn key(text: &str) -> String {
    let is_plain = rhai::is_valid_identifier(text)
        && !keyword::is_keyword(text)
        && !keyword::is_reserved(text)
        && !text.starts_with(PREFIX);
    if is_plain {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A value as it is laid out: a list or a map is broken into lines if it is too long for one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Layout {
    Text(String),
    List(Vec<Layout>),
    /// Keys are written as they are.
    Map(Vec<(String, Layout)>),
}

/// Lines longer than this are broken where they can be.
const WIDTH: usize = 110;

impl Layout {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn is_empty_map(&self) -> bool {
        matches!(self, Self::Map(entries) if entries.is_empty())
    }

    /// On one line, unless a text in it has several.
    pub(super) fn flat(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::flat).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Map(entries) if entries.is_empty() => "#{}".to_owned(),
            Self::Map(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("{key}: {}", value.flat()))
                    .collect();
                format!("#{{ {} }}", entries.join(", "))
            }
        }
    }

    /// On as many lines as it needs when `before` characters stand in front of it.
    pub(super) fn broken(&self, before: usize) -> String {
        let flat = self.flat();
        if before + flat.len() <= WIDTH {
            return flat;
        }
        let (open, lines, close) = match self {
            Self::Text(_) => return flat,
            Self::List(items) => {
                let lines: Vec<String> = items.iter().map(|item| item.broken(4)).collect();
                ("[", lines, "]")
            }
            Self::Map(entries) => {
                let line = |(key, value): &(String, Self)| {
                    format!("{key}: {}", value.broken(key.len() + 6))
                };
                ("#{", entries.iter().map(line).collect(), "}")
            }
        };
        let lines: Vec<String> = lines
            .iter()
            .map(|line| format!("    {},\n", indented(line)))
            .collect();
        format!("{open}\n{}{close}", lines.concat())
    }
}

/// A call behind what stands in front of it, such as `let x = `.
pub(super) fn call(before: &str, function: &str, arguments: &[Layout]) -> String {
    let mut text = format!("{before}{function}(");
    for (index, argument) in arguments.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        let column = text.rsplit('\n').next().map_or(0, str::len);
        text.push_str(&argument.broken(column + 2));
    }
    text.push(')');
    text
}

/// The lines behind the first one four columns further in.
pub(super) fn indented(text: &str) -> String {
    text.replace('\n', "\n    ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_survive_the_way_into_rhai() {
        let engine = rhai::Engine::new();
        for text in ["", "a\"b\\n", "tab\t\n\r", "é `x` ${y} $", "it's"] {
            assert_eq!(engine.eval::<String>(&quoted(text)).unwrap(), text);
            let template = format!("`<{}>`", in_template(text));
            assert_eq!(
                engine.eval::<String>(&template).unwrap(),
                format!("<{text}>")
            );
        }
        // A dollar in front of what is replaced.
        let cost = format!("`{}${{1}}`", in_template("cost: $"));
        assert_eq!(engine.eval::<String>(&cost).unwrap(), "cost: $1");
    }

    #[test]
    fn names_that_rhai_keeps_for_itself_get_another_ending() {
        for (wanted, found) in [
            ("print", "print_"),
            ("new", "new_"),
            ("a-b", "a_b_"),
            ("__nested", "_nested_"),
            ("x", "x"),
        ] {
            assert_eq!(name(wanted), (found.to_owned(), wanted != found));
        }
        assert_eq!(
            (key("a"), key("a-b"), key("private")),
            ("a".into(), "\"a-b\"".into(), "\"private\"".into())
        );
        assert_eq!(
            (key("_x"), key("__kept")),
            ("_x".into(), "\"__kept\"".into())
        );
    }

    #[test]
    fn what_is_too_long_for_a_line_is_broken_where_its_maps_are() {
        let short = Layout::Map(vec![("a".to_owned(), Layout::text("1"))]);
        assert_eq!(
            call("let x = ", "f", &[Layout::text("y"), short]),
            "let x = f(y, #{ a: 1 })"
        );
        let entry = |key: &str| (key.to_owned(), Layout::text(quoted(&"x".repeat(60))));
        let long = Layout::Map(vec![entry("a"), entry("b")]);
        let text = call("", "f", &[long]);
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(
            text.starts_with("f(#{\n    a: \"xxx") && text.ends_with("\",\n})"),
            "{text}"
        );
    }
}
