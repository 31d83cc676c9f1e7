//! Between the values of a script and the data of the model.

use std::{rc::Rc, sync::Arc};

use rhai::{Array, Blob, Dynamic, FnPtr, ImmutableString, Map as ScriptMap};
use thiserror::Error;

use super::object::{Fault, Future, Graph, Hidden, Results, TargetSet, Tiers, result_map};
use crate::model::{Map, Target, TargetResult, Value};

/// How deep data may be nested to leave a plan. JSON parsers stop at 128.
const DEPTH_MAX: usize = 100;

/// Why a value of a script is no data.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum ConvertError {
    #[error("{what} can't be used as data")]
    NotData { what: &'static str },
    #[error("it is nested more than {DEPTH_MAX} levels deep")]
    TooDeep,
}

/// The data that a script's value is. A target is its name, a set of them an array of names, a result set an array of results
/// as Bolt's JSON has them.
pub(super) fn to_value(dynamic: &Dynamic) -> Result<Value, ConvertError> {
    value_at(dynamic, 0)
}

fn value_at(dynamic: &Dynamic, depth: usize) -> Result<Value, ConvertError> {
    if depth > DEPTH_MAX {
        return Err(ConvertError::TooDeep);
    }
    if dynamic.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = dynamic.as_bool() {
        return Ok(Value::Bool(flag));
    }
    if let Ok(number) = dynamic.as_int() {
        return Ok(Value::Integer(number));
    }
    if let Ok(number) = dynamic.as_float() {
        return Ok(Value::Float(number));
    }
    if let Ok(letter) = dynamic.as_char() {
        return Ok(Value::String(letter.to_string()));
    }
    if let Some(text) = dynamic.read_lock::<ImmutableString>() {
        return Ok(Value::String(text.to_string()));
    }
    if let Some(items) = dynamic.read_lock::<Array>() {
        let items: Result<_, _> = items.iter().map(|item| value_at(item, depth + 1)).collect();
        return Ok(Value::Array(items?));
    }
    if let Some(map) = dynamic.read_lock::<ScriptMap>() {
        return Ok(Value::Map(map_at(&map, depth)?));
    }
    let value = object_value(dynamic).ok_or(ConvertError::NotData {
        what: type_name(dynamic),
    })?;
    // What is hidden or was thrown may have in it what was hidden or thrown before, and so on.
    let holds_data = dynamic.is::<Hidden>() || dynamic.is::<Rc<Fault>>();
    if holds_data && !is_within(&value, DEPTH_MAX - depth) {
        return Err(ConvertError::TooDeep);
    }
    Ok(value)
}

/// Whether data has no more than so many levels.
fn is_within(value: &Value, levels: usize) -> bool {
    let inside = |item: &Value| levels > 0 && is_within(item, levels - 1);
    match value {
        Value::Array(items) => items.iter().all(inside),
        Value::Map(map) => map.values().all(inside),
        Value::Sensitive(secret) => is_within(secret.reveal(), levels),
        _ => true,
    }
}

fn map_at(map: &ScriptMap, depth: usize) -> Result<Map, ConvertError> {
    map.iter()
        .map(|(key, value)| Ok((key.to_string(), value_at(value, depth + 1)?)))
        .collect()
}

/// The data that a script's map is.
pub(super) fn to_map(map: &ScriptMap) -> Result<Map, ConvertError> {
    map_at(map, 0)
}

fn object_value(dynamic: &Dynamic) -> Option<Value> {
    if let Some(target) = dynamic.read_lock::<Arc<Target>>() {
        return Some(target.name.as_str().into());
    }
    if let Some(targets) = dynamic.read_lock::<TargetSet>() {
        let names = targets.iter().map(|target| target.name.as_str());
        return Some(Value::Array(names.map(Value::from).collect()));
    }
    if let Some(result) = dynamic.read_lock::<Arc<TargetResult>>() {
        return Some(Value::Map(result_map(&result)));
    }
    if let Some(results) = dynamic.read_lock::<Results>() {
        let results = results.set().iter();
        return Some(Value::Array(
            results.map(|result| result_map(result).into()).collect(),
        ));
    }
    if let Some(tiers) = dynamic.read_lock::<Tiers>() {
        let waves = tiers.iter().cloned().map(Dynamic::from);
        return waves
            .map(|wave| object_value(&wave))
            .collect::<Option<_>>()
            .map(Value::Array);
    }
    if let Some(fault) = dynamic.read_lock::<Rc<Fault>>() {
        return Some(Value::Map(fault.to_map()));
    }
    dynamic
        .read_lock::<Hidden>()
        .map(|hidden| Value::sensitive(hidden.value().clone()))
}

/// The value that a script sees for data.
pub(super) fn to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => Dynamic::from_bool(*flag),
        Value::Integer(number) => Dynamic::from_int(*number),
        Value::Float(number) => Dynamic::from_float(*number),
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => Dynamic::from_array(items.iter().map(to_dynamic).collect()),
        Value::Map(map) => Dynamic::from_map(to_script_map(map)),
        Value::Sensitive(secret) => Dynamic::from(Hidden::new(secret.reveal().clone())),
    }
}

/// The map that a script sees for a map. Rhai's maps are sorted by key.
pub(super) fn to_script_map(map: &Map) -> ScriptMap {
    map.iter()
        .map(|(key, value)| (key.as_str().into(), to_dynamic(value)))
        .collect()
}

/// What a value is, as messages name it: with the words of the language.
pub(super) fn type_name(dynamic: &Dynamic) -> &'static str {
    let names: [(bool, &'static str); 15] = [
        (dynamic.is_unit(), "nothing"),
        (dynamic.is_bool(), "a Boolean"),
        (dynamic.is_int(), "an Integer"),
        (dynamic.is_float(), "a Float"),
        (dynamic.is_string(), "a String"),
        (dynamic.is_char(), "a character"),
        (dynamic.is_array(), "an Array"),
        (dynamic.is_map(), "a Map"),
        (dynamic.is::<FnPtr>(), "a closure"),
        (dynamic.is::<Arc<Target>>(), "a Target"),
        (dynamic.is::<TargetSet>(), "a TargetSet"),
        (dynamic.is::<Arc<TargetResult>>(), "a Result"),
        (dynamic.is::<Results>(), "a ResultSet"),
        (dynamic.is::<Rc<Fault>>(), "an Error"),
        (dynamic.is::<Hidden>(), "a Sensitive"),
    ];
    let known = names.into_iter().find(|(is, _)| *is);
    known.map_or_else(|| rare_type_name(dynamic), |(_, name)| name)
}

fn rare_type_name(dynamic: &Dynamic) -> &'static str {
    if dynamic.is::<Rc<Future>>() {
        "a Future"
    } else if dynamic.is::<Rc<Graph>>() {
        "a Graph"
    } else if dynamic.is::<Tiers>() {
        "Tiers"
    } else if dynamic.is::<Blob>() {
        "a Blob"
    } else {
        "a value of another type"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_comes_back_as_it_went() {
        let text = r#"{"a":[1,2.5,true,null,"x"],"b":{"c":{}}}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(to_value(&to_dynamic(&value)), Ok(value));
    }

    #[test]
    fn secrets_stay_covered_both_ways() {
        let secret = Value::sensitive("hunter2".into());
        let dynamic = to_dynamic(&secret);
        assert!(!format!("{dynamic} {dynamic:?}").contains("hunter2"));
        assert_eq!(to_value(&dynamic), Ok(secret));
    }

    #[test]
    fn what_is_no_data_says_what_it_is() {
        let closure = Dynamic::from(FnPtr::new("f").unwrap());
        let error = to_value(&Dynamic::from_array(vec![closure])).unwrap_err();
        assert_eq!(error.to_string(), "a closure can't be used as data");
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_crash() {
        let mut nested = Dynamic::UNIT;
        for _ in 0..200 {
            nested = Dynamic::from_array(vec![nested]);
        }
        assert_eq!(to_value(&nested), Err(ConvertError::TooDeep));
    }
}
