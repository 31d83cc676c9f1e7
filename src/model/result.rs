//! What one target answered.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{ActionKind, Failure, Map, TargetName, Value};

/// How an action ended on one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Succeeded,
    Failed,
    /// Its turn never came, or the action or the job ended first. Nothing was done on the target.
    Unreached,
    /// Left out on purpose: by a condition, a budget or a step that it depends on.
    Skipped,
    /// It was started and what became of it is not known.
    Lost,
}

impl Status {
    #[must_use]
    pub const fn is_ok(self) -> bool {
        matches!(self, Self::Succeeded)
    }
}

/// The answer of one target: one for every target that was asked, always.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetResult {
    pub target: TargetName,
    pub action: ActionKind,
    /// The name of the task, the command, or the path.
    pub object: String,
    pub status: Status,
    /// The `value` of the task contract. A failure is in it as `_error` too.
    pub value: ResultValue,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// From the start on the target to its end, in milliseconds.
    pub duration_ms: u64,
    /// How many times it was tried; 0 if it was never started.
    pub attempts: u32,
}

impl TargetResult {
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.status.is_ok()
    }

    /// Whether the value is that of a process: `stdout`, `stderr`, `merged_output`, `exit_code`.
    #[must_use]
    pub const fn is_command(&self) -> bool {
        matches!(self.action, ActionKind::Command | ActionKind::Script)
    }
}

/// The value of a result: JSON text that is parsed when somebody looks.
///
/// Most of 10,000 results are only counted. Their text takes a fifth of the memory of parsed values,
/// and no time.
#[derive(Default)]
pub struct ResultValue {
    /// A JSON object. Shared: whoever follows a job has a clone of every result.
    text: Arc<str>,
    /// The same with what the task marked as `_sensitive`, which is not in the text.
    sensitive: Option<Box<Value>>,
    parsed: OnceLock<Map>,
}

impl ResultValue {
    /// The value made of a map. A sensitive entry is kept beside the text, never in it.
    #[must_use]
    pub fn new(map: Map) -> Self {
        let (hidden, open): (Map, Map) =
            map.into_iter().partition(|(_, value)| value.has_secrets());
        let text = serde_json::to_string(&open).expect("maps of values are JSON");
        let mut value = Self::from_json_object(text);
        if !hidden.is_empty() {
            value.sensitive = Some(Box::new(Value::Map(hidden)));
        }
        value
    }

    /// The value that is this text, which the caller has checked to be one JSON object.
    #[must_use]
    pub fn from_json_object(text: String) -> Self {
        Self {
            text: text.into(),
            sensitive: None,
            parsed: OnceLock::new(),
        }
    }

    /// The entries, the sensitive ones among them (covered).
    pub fn map(&self) -> &Map {
        self.parsed.get_or_init(|| {
            let mut map: Map = serde_json::from_str(&self.text).unwrap_or_default();
            if let Some(Value::Map(hidden)) = self.sensitive.as_deref() {
                map.extend(hidden.clone());
            }
            map
        })
    }

    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.map().get(key)
    }

    /// The JSON text, without sensitive entries.
    #[must_use]
    pub fn open_text(&self) -> &str {
        if self.text.is_empty() {
            "{}"
        } else {
            &self.text
        }
    }

    /// The sensitive entries, if there are any.
    #[must_use]
    pub fn sensitive(&self) -> Option<&Value> {
        self.sensitive.as_deref()
    }
}

impl Clone for ResultValue {
    fn clone(&self) -> Self {
        Self {
            text: Arc::clone(&self.text),
            sensitive: self.sensitive.clone(),
            parsed: OnceLock::new(),
        }
    }
}

impl PartialEq for ResultValue {
    fn eq(&self, other: &Self) -> bool {
        self.map() == other.map()
    }
}

impl fmt::Debug for ResultValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResultValue")
            .field(&self.open_text())
            .finish()
    }
}

impl Serialize for ResultValue {
    /// As a map with what is sensitive redacted.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Most results are kept as they came, and never parsed.
        if self.sensitive.is_none()
            && let Ok(raw) = serde_json::from_str::<&RawValue>(self.open_text())
        {
            return raw.serialize(serializer);
        }
        self.map().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ResultValue {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensitive_entries_are_kept_out_of_the_text() {
        let mut map = Map::new();
        map.insert("user".to_owned(), "ada".into());
        map.insert("password".to_owned(), Value::sensitive("hunter2".into()));
        let value = ResultValue::new(map);
        assert_eq!(value.open_text(), r#"{"user":"ada"}"#);
        assert!(value.get("password").is_some());
        assert!(!serde_json::to_string(&value).unwrap().contains("hunter2"));
    }
}
