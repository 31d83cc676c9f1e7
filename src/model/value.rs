//! The data that plans, parameters, facts and results are made of: JSON's, and values that must not be seen.

use std::fmt;

use indexmap::IndexMap;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
};

use super::Secret;

/// A map of values that keeps the order in which it was written.
pub type Map = IndexMap<String, Value>;

/// A value of Puppet's `Data`, or a sensitive one.
///
/// Serialising redacts what is sensitive, so a secret can't reach JSON by accident.
/// [`Value::to_revealed_json`] is the one way out for task input and for the sealed part of the journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    String(String),
    Array(Vec<Value>),
    Map(Map),
    Sensitive(Box<Secret<Value>>),
}

/// What a value is, as messages name it: with Puppet's type names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    Undef,
    Boolean,
    Integer,
    Float,
    String,
    Array,
    Hash,
    Sensitive,
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Value {
    /// Hides a value. Hiding twice is hiding once.
    #[must_use]
    pub fn sensitive(value: Self) -> Self {
        match value {
            hidden @ Self::Sensitive(_) => hidden,
            plain => Self::Sensitive(Box::new(Secret::new(plain))),
        }
    }

    #[must_use]
    pub const fn kind(&self) -> ValueKind {
        match self {
            Self::Null => ValueKind::Undef,
            Self::Bool(_) => ValueKind::Boolean,
            Self::Integer(_) => ValueKind::Integer,
            Self::Float(_) => ValueKind::Float,
            Self::String(_) => ValueKind::String,
            Self::Array(_) => ValueKind::Array,
            Self::Map(_) => ValueKind::Hash,
            Self::Sensitive(_) => ValueKind::Sensitive,
        }
    }

    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    #[must_use]
    pub const fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    #[must_use]
    pub const fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The value itself, with one cover taken off if it is sensitive.
    #[must_use]
    pub const fn revealed(&self) -> &Self {
        match self {
            Self::Sensitive(secret) => secret.reveal(),
            plain => plain,
        }
    }

    /// Whether anything in it is sensitive.
    #[must_use]
    pub fn has_secrets(&self) -> bool {
        match self {
            Self::Sensitive(_) => true,
            Self::Array(items) => items.iter().any(Self::has_secrets),
            Self::Map(map) => map.values().any(Self::has_secrets),
            _ => false,
        }
    }

    /// JSON with the secrets in clear: only for a task's input and for what is sealed at once.
    #[must_use]
    pub fn to_revealed_json(&self) -> serde_json::Value {
        match self {
            Self::Sensitive(secret) => secret.reveal().to_revealed_json(),
            Self::Array(items) => items.iter().map(Self::to_revealed_json).collect(),
            Self::Map(map) => serde_json::Value::Object(
                map.iter()
                    .map(|(key, value)| (key.clone(), value.to_revealed_json()))
                    .collect(),
            ),
            plain => plain.to_json(),
        }
    }

    /// JSON with every secret redacted.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(flag) => (*flag).into(),
            Self::Integer(number) => (*number).into(),
            Self::Float(number) => (*number).into(),
            Self::String(text) => text.as_str().into(),
            Self::Array(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(map) => serde_json::Value::Object(
                map.iter()
                    .map(|(key, value)| (key.clone(), value.to_json()))
                    .collect(),
            ),
            Self::Sensitive(_) => Secret::<()>::REDACTED.into(),
        }
    }
}

impl fmt::Display for Value {
    /// A string as it is, everything else as compact JSON, secrets redacted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => f.write_str(text),
            other => write!(f, "{}", other.to_json()),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Map(map) => serializer.collect_map(map),
            Self::Sensitive(_) => serializer.serialize_str(Secret::<()>::REDACTED),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, number, boolean, list, map or null")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    // A number beyond i64 is kept as the nearest float, as JavaScript and jq do.
    #[expect(
        clippy::cast_precision_loss,
        reason = "there is no wider integer to keep it in"
    )]
    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::with_capacity(access.size_hint().unwrap_or(0).min(4096));
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, value)) = access.next_entry()? {
            map.insert(key, value);
        }
        Ok(Value::Map(map))
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(flag) => Self::Bool(flag),
            serde_json::Value::Number(number) => number.as_i64().map_or_else(
                || Self::Float(number.as_f64().unwrap_or(f64::NAN)),
                Self::Integer,
            ),
            serde_json::Value::String(text) => Self::String(text),
            serde_json::Value::Array(items) => {
                Self::Array(items.into_iter().map(Self::from).collect())
            }
            serde_json::Value::Object(object) => Self::Map(
                object
                    .into_iter()
                    .map(|(key, value)| (key, Self::from(value)))
                    .collect(),
            ),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_never_reach_json_or_debug() {
        let value = Value::Array(vec![Value::sensitive("hunter2".into()), "open".into()]);
        let json = serde_json::to_string(&value).unwrap();
        assert!(!json.contains("hunter2") && json.contains("open"));
        assert!(!format!("{value} {value:?}").contains("hunter2"));
        assert!(value.to_revealed_json().to_string().contains("hunter2"));
    }

    #[test]
    fn json_round_trips_in_order() {
        let text = r#"{"b":1,"a":[true,null,2.5,"x"],"c":{}}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), text);
        assert_eq!(value.to_json().to_string(), text);
    }
}
