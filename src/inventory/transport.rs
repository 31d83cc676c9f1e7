//! The settings that each transport knows, and what their values must be.
//!
//! The names are Bolt's, so that an inventory works as it is; `known-hosts` is ours.

use crate::model::{Map, Value, ValueKind, parse_duration};

/// What the value of a setting must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SettingKind {
    Text,
    /// A path. One that is relative is meant from the directory of the project.
    Path,
    Flag,
    /// 1 to 65535.
    Port,
    /// Whole seconds, or a duration such as `"1m"`.
    Seconds,
    /// A list of strings.
    Words,
    /// A command in one string, or its words.
    Command,
    /// From file extensions to a program, or the words of a command.
    Interpreters,
    /// A path, or a map with `key-data`.
    PrivateKey,
    LoginShell,
}

impl SettingKind {
    pub(super) const fn expected(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Path => "a path",
            Self::Flag => "true or false",
            Self::Port => "a port from 1 to 65535",
            Self::Seconds => "a number of seconds",
            Self::Words => "a list of strings",
            Self::Command => "a string or a list of strings",
            Self::Interpreters => "a map from file extensions to programs",
            Self::PrivateKey => "a path or a map with `key-data`",
            Self::LoginShell => "one of `sh`, `bash`, `dash`, `ksh`, `zsh`, `powershell`",
        }
    }
}

const LOGIN_SHELLS: [&str; 6] = ["sh", "bash", "dash", "ksh", "zsh", "powershell"];

type Settings = &'static [(&'static str, SettingKind)];

const SSH: Settings = &[
    ("batch-mode", SettingKind::Flag),
    ("cleanup", SettingKind::Flag),
    ("connect-timeout", SettingKind::Seconds),
    ("copy-command", SettingKind::Command),
    ("disconnect-timeout", SettingKind::Seconds),
    ("encryption-algorithms", SettingKind::Words),
    ("extensions", SettingKind::Words),
    ("host", SettingKind::Text),
    ("host-key-algorithms", SettingKind::Words),
    ("host-key-check", SettingKind::Flag),
    ("interpreters", SettingKind::Interpreters),
    ("kex-algorithms", SettingKind::Words),
    ("known-hosts", SettingKind::Path),
    ("load-config", SettingKind::Flag),
    ("login-shell", SettingKind::LoginShell),
    ("mac-algorithms", SettingKind::Words),
    ("native-ssh", SettingKind::Flag),
    ("password", SettingKind::Text),
    ("port", SettingKind::Port),
    ("private-key", SettingKind::PrivateKey),
    ("proxyjump", SettingKind::Text),
    ("run-as", SettingKind::Text),
    ("run-as-command", SettingKind::Words),
    ("script-dir", SettingKind::Text),
    ("ssh-command", SettingKind::Command),
    ("sudo-executable", SettingKind::Text),
    ("sudo-password", SettingKind::Text),
    ("tmpdir", SettingKind::Text),
    ("tty", SettingKind::Flag),
    ("user", SettingKind::Text),
];

const LOCAL: Settings = &[
    ("bundled-ruby", SettingKind::Flag),
    ("cleanup", SettingKind::Flag),
    ("extensions", SettingKind::Words),
    ("interpreters", SettingKind::Interpreters),
    ("run-as", SettingKind::Text),
    ("run-as-command", SettingKind::Words),
    ("sudo-executable", SettingKind::Text),
    ("sudo-password", SettingKind::Text),
    ("tmpdir", SettingKind::Text),
];

/// Transports whose settings may stand in an inventory although nothing can be reached over them yet.
const NOT_YET: [&str; 8] = [
    "choria", "docker", "jail", "lxd", "pcp", "podman", "remote", "winrm",
];

/// Whether targets can be reached over a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportSupport {
    Supported,
    /// Known from Bolt. Its settings are kept and not looked at; using it is an error of the target.
    NotYet,
    Unknown,
}

impl TransportSupport {
    /// Looks a transport up by its name in the inventory.
    #[must_use]
    pub fn of(transport: &str) -> Self {
        if settings(transport).is_some() {
            Self::Supported
        } else if NOT_YET.contains(&transport) {
            Self::NotYet
        } else {
            Self::Unknown
        }
    }
}

/// All names that can stand in `transport:`.
pub(super) fn transport_names() -> impl Iterator<Item = &'static str> {
    ["ssh", "local"].into_iter().chain(NOT_YET)
}

/// The settings of a transport that is supported.
pub(super) fn settings(transport: &str) -> Option<Settings> {
    match transport {
        "ssh" => Some(SSH),
        "local" => Some(LOCAL),
        _ => None,
    }
}

pub(super) fn setting(transport: &str, key: &str) -> Option<SettingKind> {
    settings(transport)?
        .iter()
        .find(|(name, _)| *name == key)
        .map(|(_, kind)| *kind)
}

/// Checks the value of a setting. A number or boolean where a text is meant becomes the text that was written
/// (`raw`), so that `password: 0123` and `user: no` mean what they say.
///
/// # Errors
/// What was found in its place.
pub(super) fn check(
    kind: SettingKind,
    value: Value,
    raw: Option<&str>,
) -> Result<Value, ValueKind> {
    if let Value::Sensitive(secret) = value {
        return check(kind, secret.into_revealed(), raw).map(Value::sensitive);
    }
    let found = value.kind();
    let accepted = match (kind, value) {
        (SettingKind::Text | SettingKind::Path | SettingKind::PrivateKey, value)
            if is_scalar(&value) =>
        {
            Some(to_text(value, raw))
        }
        (SettingKind::PrivateKey, Value::Map(map)) => map
            .get("key-data")
            .filter(|data| map.len() == 1 && matches!(data.revealed(), Value::String(_)))
            .map(|data| Value::sensitive(data.clone()))
            .map(|data| Value::Map(Map::from_iter([("key-data".to_owned(), data)]))),
        (SettingKind::Flag, value @ Value::Bool(_))
        | (SettingKind::Command, value @ Value::String(_)) => Some(value),
        (SettingKind::Port, Value::Integer(port)) if (1..=65535).contains(&port) => {
            Some(Value::Integer(port))
        }
        (SettingKind::Seconds, Value::Integer(seconds)) if seconds >= 0 => {
            Some(Value::Integer(seconds))
        }
        // Whole seconds, rounded up: a timeout of half a second must not become none.
        (SettingKind::Seconds, Value::String(text)) => parse_duration(&text)
            .ok()
            .and_then(|duration| i64::try_from(duration.as_millis().div_ceil(1000)).ok())
            .map(Value::Integer),
        (SettingKind::Words | SettingKind::Command, value @ Value::Array(_))
            if is_words(&value) =>
        {
            Some(value)
        }
        (SettingKind::Interpreters, Value::Map(map))
            if map
                .values()
                .all(|program| program.as_str().is_some() || is_words(program)) =>
        {
            Some(Value::Map(map))
        }
        (SettingKind::LoginShell, Value::String(shell))
            if LOGIN_SHELLS.contains(&shell.as_str()) =>
        {
            Some(Value::String(shell))
        }
        _ => None,
    };
    accepted.ok_or(found)
}

const fn is_scalar(value: &Value) -> bool {
    matches!(
        value,
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Bool(_)
    )
}

fn to_text(value: Value, raw: Option<&str>) -> Value {
    match (value, raw) {
        (text @ Value::String(_), _) => text,
        (_, Some(raw)) if !raw.is_empty() => Value::from(raw),
        (other, _) => Value::String(other.to_string()),
    }
}

fn is_words(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|words| words.iter().all(|word| word.as_str().is_some()))
}

/// The same value with everything in it hidden that stands under the key of a secret.
pub(super) fn hide_secrets(value: Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(
            map.into_iter()
                .map(|(key, value)| {
                    let value = if is_secret(&key) {
                        Value::sensitive(value)
                    } else {
                        hide_secrets(value)
                    };
                    (key, value)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(hide_secrets).collect()),
        other => other,
    }
}

/// Whether the value under this key must not be seen, in any transport.
pub(super) fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["password", "passphrase", "secret", "token", "key-data"]
        .iter()
        .any(|ending| key.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_keys() {
        for key in ["password", "sudo-password", "key-data", "token", "Password"] {
            assert!(is_secret(key), "{key}");
        }
        for key in ["user", "token-file", "private-key", "run-as"] {
            assert!(!is_secret(key), "{key}");
        }
    }

    #[test]
    fn numbers_that_are_meant_as_text_keep_their_spelling() {
        let checked = check(SettingKind::Text, Value::Integer(83), Some("0123"));
        assert_eq!(checked, Ok(Value::from("0123")));
        let hidden = check(
            SettingKind::Text,
            Value::sensitive(Value::Integer(83)),
            Some("0123"),
        );
        assert_eq!(hidden, Ok(Value::sensitive(Value::from("0123"))));
    }

    #[test]
    fn values_of_the_wrong_kind_are_refused() {
        for (kind, value) in [
            (SettingKind::Port, Value::Integer(0)),
            (SettingKind::Port, Value::Integer(65536)),
            (SettingKind::Flag, Value::from("yes")),
            (SettingKind::Seconds, Value::Integer(-1)),
            (SettingKind::Seconds, Value::from("soon")),
            (SettingKind::Words, Value::from("a b")),
            (SettingKind::Text, Value::Array(Vec::new())),
            (SettingKind::PrivateKey, Value::Map(Map::new())),
            (SettingKind::LoginShell, Value::from("fish")),
        ] {
            assert!(
                check(kind, value.clone(), None).is_err(),
                "{kind:?} took {value}"
            );
        }
        assert_eq!(
            check(SettingKind::Seconds, Value::from("1500ms"), None),
            Ok(Value::Integer(2))
        );
    }

    #[test]
    fn transports_that_are_not_there_yet_are_told_from_typos() {
        assert_eq!(TransportSupport::of("ssh"), TransportSupport::Supported);
        assert_eq!(TransportSupport::of("winrm"), TransportSupport::NotYet);
        assert_eq!(TransportSupport::of("shh"), TransportSupport::Unknown);
    }
}
