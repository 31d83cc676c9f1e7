//! Takes what is sensitive out of an event, and puts it back in.
//!
//! Serialising an event redacts what is sensitive in it, so its JSON may be kept in clear. What a resume needs of it
//! (parameters of the job, results, replies) goes beside it: a map from the place in the event, as a JSON pointer
//! (RFC 6901), to the value. The places are found by walking, so a new kind of result needs nothing here.

use std::sync::Arc;

use serde_json::{Map as Json, Value as JsonValue};

use crate::{
    event::{EventKind, Reply},
    model::{Map, ResultValue, Value},
};

/// What is sensitive in an event, in clear: to be sealed at once. Nothing if there is nothing.
pub(super) fn take(kind: &EventKind) -> Option<String> {
    let mut found = Json::new();
    match kind {
        EventKind::JobStarted { params, .. } => take_from_map(params, "/params", &mut found),
        EventKind::TargetFinished { result, .. } => {
            // Looking at the sensitive part alone keeps results without secrets unparsed.
            if let Some(Value::Map(hidden)) = result.value.sensitive() {
                take_from_map(hidden, "/result/value", &mut found);
            }
            if let Some(failure) = &result.failure {
                take_from_map(&failure.details, "/result/failure/details", &mut found);
            }
        }
        EventKind::EffectFinished { reply, .. } => match reply {
            Reply::Value { value } => take_from(value, "/reply/value", &mut found),
            Reply::Failed { failure } => {
                take_from_map(&failure.details, "/reply/failure/details", &mut found);
            }
            Reply::Results | Reply::Done | Reply::Stopped => {}
        },
        _ => {}
    }
    (!found.is_empty()).then(|| JsonValue::Object(found).to_string())
}

/// Covers the values at their places again.
///
/// # Errors
/// The text is not what [`take`] gives. A place that the event does not have is passed over: its kind has changed
/// since, and a reader does without.
pub(super) fn put_back(kind: &mut EventKind, text: &str) -> Result<(), serde_json::Error> {
    let found: Json<String, JsonValue> = serde_json::from_str(text)?;
    let found = found
        .into_iter()
        .map(|(place, json)| (place, Value::sensitive(Value::from(json))));
    match kind {
        EventKind::JobStarted { params, .. } => {
            for (place, value) in found {
                put_in_map(params, &place, "/params", value);
            }
        }
        EventKind::TargetFinished { result, .. } => {
            let result = Arc::make_mut(result);
            let mut map = result.value.map().clone();
            for (place, value) in found {
                if place.starts_with("/result/value/") {
                    put_in_map(&mut map, &place, "/result/value", value);
                } else if let Some(failure) = &mut result.failure {
                    put_in_map(
                        &mut failure.details,
                        &place,
                        "/result/failure/details",
                        value,
                    );
                }
            }
            result.value = ResultValue::new(map);
        }
        EventKind::EffectFinished { reply, .. } => {
            for (place, value) in found {
                match reply {
                    Reply::Value { value: root } => {
                        if let Some(path) = place.strip_prefix("/reply/value") {
                            put(root, path, value);
                        }
                    }
                    Reply::Failed { failure } => {
                        put_in_map(
                            &mut failure.details,
                            &place,
                            "/reply/failure/details",
                            value,
                        );
                    }
                    Reply::Results | Reply::Done | Reply::Stopped => {}
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn take_from(value: &Value, place: &str, found: &mut Json<String, JsonValue>) {
    match value {
        Value::Sensitive(_) => {
            found.insert(place.to_owned(), value.to_revealed_json());
        }
        Value::Map(map) => take_from_map(map, place, found),
        Value::Array(items) => {
            for (index, item) in items
                .iter()
                .enumerate()
                .filter(|(_, item)| item.has_secrets())
            {
                take_from(item, &format!("{place}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn take_from_map(map: &Map, place: &str, found: &mut Json<String, JsonValue>) {
    for (key, value) in map.iter().filter(|(_, value)| value.has_secrets()) {
        let key = key.replace('~', "~0").replace('/', "~1");
        take_from(value, &format!("{place}/{key}"), found);
    }
}

fn put_in_map(map: &mut Map, place: &str, root: &str, value: Value) {
    let Some(path) = place
        .strip_prefix(root)
        .and_then(|path| path.strip_prefix('/'))
    else {
        return;
    };
    let (key, rest) = split(path);
    if let Some(entry) = map.get_mut(&key) {
        put(entry, rest, value);
    }
}

/// Puts a value at a path that is empty or begins with `/`.
fn put(at: &mut Value, path: &str, value: Value) {
    let Some(path) = path.strip_prefix('/') else {
        *at = value;
        return;
    };
    let (key, rest) = split(path);
    let entry = match at {
        Value::Map(map) => map.get_mut(&key),
        Value::Array(items) => key
            .parse::<usize>()
            .ok()
            .and_then(|index| items.get_mut(index)),
        _ => None,
    };
    if let Some(entry) = entry {
        put(entry, rest, value);
    }
}

/// The first element of a path, and what follows it with its `/`.
fn split(path: &str) -> (String, &str) {
    let end = path.find('/').unwrap_or(path.len());
    let key = path[..end].replace("~1", "/").replace("~0", "~");
    (key, &path[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{ActionKind, Failure, Status, TargetResult},
        store::sample::effect_id,
    };

    fn round_trip(kind: &EventKind) -> EventKind {
        let open = serde_json::to_string(kind).unwrap();
        assert!(!open.contains("hunter2"), "a secret in clear: {open}");
        let mut back: EventKind = serde_json::from_str(&open).unwrap();
        put_back(&mut back, &take(kind).expect("it holds a secret")).unwrap();
        back
    }

    fn secrets() -> Map {
        let hidden = || Value::sensitive("hunter2".into());
        let mut inner = Map::new();
        inner.insert("a/b~c".to_owned(), hidden());
        inner.insert("open".to_owned(), "yes".into());
        let mut map = Map::new();
        map.insert("plain".to_owned(), 1_i64.into());
        map.insert(
            "list".to_owned(),
            Value::Array(vec!["x".into(), hidden(), Value::Map(inner)]),
        );
        map.insert(
            "whole".to_owned(),
            Value::sensitive(Value::Array(vec!["hunter2".into()])),
        );
        map
    }

    #[test]
    fn secrets_of_results_come_back_where_they_were() {
        let kind = EventKind::TargetFinished {
            effect: effect_id("root", 1),
            result: Arc::new(TargetResult {
                target: "web1".into(),
                action: ActionKind::Task,
                object: "user".to_owned(),
                status: Status::Failed,
                value: ResultValue::new(secrets()),
                failure: Some(Failure {
                    details: secrets(),
                    ..Failure::new("puppetlabs.tasks/task-error", "no")
                }),
                duration_ms: 1,
                attempts: 1,
            }),
        };
        assert_eq!(round_trip(&kind), kind);
    }

    #[test]
    fn a_reply_that_is_itself_secret_comes_back() {
        let kind = EventKind::EffectFinished {
            effect: effect_id("root", 1),
            reply: Reply::Value {
                value: Value::sensitive("hunter2".into()),
            },
        };
        assert_eq!(round_trip(&kind), kind);
    }

    #[test]
    fn an_event_without_secrets_has_nothing_beside_it() {
        let kind = EventKind::MessagePrinted {
            effect: None,
            level: crate::model::MessageLevel::Print,
            text: "hello".to_owned(),
        };
        assert_eq!(take(&kind), None);
    }

    #[test]
    fn places_that_are_gone_are_passed_over() {
        let mut kind = EventKind::EffectFinished {
            effect: effect_id("root", 1),
            reply: Reply::Value {
                value: 1_i64.into(),
            },
        };
        let before = kind.clone();
        put_back(
            &mut kind,
            r#"{"/reply/value/x/0":"hunter2","/elsewhere":1}"#,
        )
        .unwrap();
        assert_eq!(kind, before);
        assert!(put_back(&mut kind, "no json").is_err());
    }
}
