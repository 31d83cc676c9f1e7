//! Configuration that comes from a plan, checked as the reader checks that of a file.

use super::{
    error::{InventoryError, InventoryErrorKind as Kind},
    reader::{unknown_setting, unknown_transport},
    transport::{TransportSupport, check, hide_secrets, is_secret, setting, settings},
};
use crate::model::{Map, Value};

/// Checks a config map that comes from a plan, as the reader checks one of a file.
pub(super) fn check_config(config: Value) -> Result<Map, InventoryError> {
    let mut checked = Map::new();
    for (key, value) in map_or_error("`config`", config)? {
        if key == "transport" {
            let transport = match value.as_str().map(TransportSupport::of) {
                Some(TransportSupport::Unknown) => {
                    return Err(InventoryError::new(unknown_transport(&value.to_string())));
                }
                Some(_) => value,
                None => return Err(wrong_kind("`transport`", "a string", &value)),
            };
            checked.insert(key, transport);
            continue;
        }
        if TransportSupport::of(&key) == TransportSupport::Unknown {
            return Err(InventoryError::new(unknown_transport(&key)));
        }
        let mut checked_settings = Map::new();
        for (name, value) in map_or_error(&format!("`{key}`"), value)? {
            let value = check_setting(&key, &name, value)?;
            checked_settings.insert(name, value);
        }
        checked.insert(key, Value::Map(checked_settings));
    }
    Ok(checked)
}

fn check_setting(transport: &str, name: &str, value: Value) -> Result<Value, InventoryError> {
    let value = if is_secret(name) {
        Value::sensitive(value)
    } else {
        value
    };
    if settings(transport).is_none() {
        return Ok(hide_secrets(value));
    }
    let Some(kind) = setting(transport, name) else {
        return Err(InventoryError::new(unknown_setting(transport, name)));
    };
    check(kind, value, None).map_err(|found| {
        InventoryError::new(Kind::WrongKind {
            what: format!("`{transport}.{name}`"),
            expected: kind.expected(),
            found: format!("of type {found}"),
        })
    })
}

pub(super) fn map_or_error(what: &str, value: Value) -> Result<Map, InventoryError> {
    match value {
        Value::Map(map) => Ok(map),
        other => Err(wrong_kind(what, "a map", &other)),
    }
}

pub(super) fn wrong_kind(what: &str, expected: &'static str, value: &Value) -> InventoryError {
    InventoryError::new(Kind::WrongKind {
        what: what.to_owned(),
        expected,
        found: format!("of type {}", value.kind()),
    })
}
