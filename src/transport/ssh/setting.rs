//! Reading one setting of a target: the right kind of value, or an error that names the setting.

use std::time::Duration;

use crate::{
    model::{ParseDurationError, Secret, Target, Value, parse_duration},
    transport::{ConnectError, ConnectReason},
};

type Read<T> = Result<Option<T>, ConnectError>;

fn wrong(key: &str, value: &Value, wanted: &str) -> ConnectError {
    let message = format!("`{key}` must be {wanted}, and is of type {}", value.kind());
    misconfigured(message).with_help(format!(
        "mend `{key}` under `config: ssh:` in the inventory"
    ))
}

pub(super) fn misconfigured(message: impl Into<String>) -> ConnectError {
    ConnectError::new(ConnectReason::Misconfigured, message)
}

fn value<'a>(target: &'a Target, key: &str) -> Option<&'a Value> {
    let value = target.setting(key).map(Value::revealed);
    value.filter(|value| **value != Value::Null)
}

pub(super) fn text(target: &Target, key: &str) -> Read<String> {
    let Some(value) = value(target, key) else {
        return Ok(None);
    };
    let text = value
        .as_str()
        .ok_or_else(|| wrong(key, value, "a string"))?;
    Ok(Some(text.to_owned()))
}

pub(super) fn secret(target: &Target, key: &str) -> Read<Secret<String>> {
    Ok(text(target, key)?.map(Secret::new))
}

pub(super) fn flag(target: &Target, key: &str) -> Read<bool> {
    let Some(value) = value(target, key) else {
        return Ok(None);
    };
    let flag = value
        .as_bool()
        .ok_or_else(|| wrong(key, value, "true or false"))?;
    Ok(Some(flag))
}

pub(super) fn port(target: &Target, key: &str) -> Read<u16> {
    let Some(value) = value(target, key) else {
        return Ok(None);
    };
    let number = value
        .as_integer()
        .and_then(|number| u16::try_from(number).ok());
    let port = number.filter(|port| *port > 0);
    Ok(Some(port.ok_or_else(|| {
        wrong(key, value, "a port from 1 to 65535")
    })?))
}

/// Seconds, or a duration as people write it.
pub(super) fn duration(target: &Target, key: &str) -> Read<Duration> {
    let Some(value) = value(target, key) else {
        return Ok(None);
    };
    let duration = match value {
        Value::Integer(seconds) => u64::try_from(*seconds).ok().map(Duration::from_secs),
        Value::String(text) => parse_duration(text).ok(),
        _ => None,
    };
    match duration.filter(|duration| !duration.is_zero()) {
        Some(duration) => Ok(Some(duration)),
        None => Err(wrong(key, value, "a duration above zero").with_help(ParseDurationError::HELP)),
    }
}

/// A list of strings, or one string.
pub(super) fn list(target: &Target, key: &str) -> Read<Vec<String>> {
    let Some(value) = value(target, key) else {
        return Ok(None);
    };
    let one = |item: &Value| {
        let text = item.revealed().as_str().map(str::to_owned);
        text.ok_or_else(|| wrong(key, item, "a list of strings"))
    };
    match value.as_array() {
        Some(items) => items.iter().map(one).collect::<Result<_, _>>().map(Some),
        None => Ok(Some(vec![one(value)?])),
    }
}
