//! How a value does not fit its type.

use std::fmt;

use thiserror::Error;

use crate::model::Value;

/// What was expected at which place inside the value, and what is there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Mismatch {
    /// The way into the value, as a plan would write it: `flags[1]`, `opts.port`. Empty for the value itself.
    pub path: String,
    pub expected: String,
    /// The kind of what is there and, unless it is secret or long, the thing itself.
    pub actual: String,
    /// What was probably meant.
    pub help: Option<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "`{}` ", self.path)?;
        }
        write!(f, "expects {}, got {}", self.expected, self.actual)
    }
}

impl Mismatch {
    pub(super) fn new(expected: impl Into<String>, actual: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            expected: expected.into(),
            actual: actual.into(),
            help: None,
        }
    }

    /// The same with what was probably meant.
    pub(super) fn meant(mut self, meant: Option<&str>) -> Self {
        self.help = meant.map(|meant| format!("did you mean `{meant}`?"));
        self
    }

    /// The same seen from the array around it.
    pub(super) fn at_index(mut self, index: usize) -> Self {
        self.path = join(&format!("[{index}]"), &self.path);
        self
    }

    /// The same seen from the hash around it.
    pub(super) fn at_key(mut self, key: &str) -> Self {
        let plain = key
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_')
            && !key.is_empty();
        let element = if plain {
            key.to_owned()
        } else {
            format!("[{}]", quoted(key))
        };
        self.path = join(&element, &self.path);
        self
    }
}

fn join(outer: &str, inner: &str) -> String {
    if inner.is_empty() || inner.starts_with('[') {
        format!("{outer}{inner}")
    } else {
        format!("{outer}.{inner}")
    }
}

// What is longer says no more about the mistake, and pushes the rest of the message away.
const SHOWN_CHARS_MAX: usize = 40;

/// What a value is, for the end of a message. One that is covered is never shown.
pub(super) fn described(value: &Value, covered: bool) -> String {
    let kind = value.kind();
    if covered {
        return format!("a sensitive {kind}");
    }
    match value {
        Value::Null => "Undef".to_owned(),
        Value::Bool(flag) => format!("{kind} {flag}"),
        Value::Integer(number) => format!("{kind} {number}"),
        Value::Float(number) => format!("{kind} {number:?}"),
        Value::String(text) if text.is_empty() => "an empty String".to_owned(),
        Value::String(text) if text.chars().count() <= SHOWN_CHARS_MAX => {
            format!("{kind} {}", quoted(&visible(text)))
        }
        Value::String(text) => format!("{kind} of {} characters", text.chars().count()),
        Value::Array(items) => format!("{kind} of {}", items.len()),
        Value::Map(map) => format!("{kind} of {}", map.len()),
        Value::Sensitive(_) => "a sensitive value".to_owned(),
    }
}

/// The text on one line.
fn visible(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            letter if letter.is_control() => letter.escape_default().to_string(),
            letter => letter.to_string(),
        })
        .collect()
}

/// A word in Puppet's single quotes.
pub(super) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\\', "\\\\").replace('\'', "\\'"))
}
