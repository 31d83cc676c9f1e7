//! What the command line says of how targets are reached: stronger than anything in the inventory.

use super::transport::setting;
use crate::model::{Map, Secret, Value};

/// Settings for every target. One that a target's transport doesn't know is not applied to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    pub transport: Option<String>,
    pub user: Option<String>,
    pub port: Option<u16>,
    pub password: Option<Secret<String>>,
    pub private_key: Option<String>,
    pub proxyjump: Option<String>,
    pub host_key_check: Option<bool>,
    pub connect_timeout_seconds: Option<u32>,
    pub run_as: Option<String>,
    pub sudo_password: Option<Secret<String>>,
    pub sudo_executable: Option<String>,
    pub tmpdir: Option<String>,
    pub tty: Option<bool>,
}

impl Overrides {
    /// The settings that a transport knows.
    pub(super) fn settings(&self, transport: &str) -> Map {
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        let secret = |secret: &Option<Secret<String>>| {
            secret
                .as_ref()
                .map(|secret| Value::sensitive(Value::from(secret.reveal().as_str())))
        };
        let settings = [
            ("user", text(&self.user)),
            (
                "port",
                self.port.map(|port| Value::Integer(i64::from(port))),
            ),
            ("password", secret(&self.password)),
            ("private-key", text(&self.private_key)),
            ("proxyjump", text(&self.proxyjump)),
            ("host-key-check", self.host_key_check.map(Value::Bool)),
            (
                "connect-timeout",
                self.connect_timeout_seconds
                    .map(|seconds| Value::Integer(i64::from(seconds))),
            ),
            ("run-as", text(&self.run_as)),
            ("sudo-password", secret(&self.sudo_password)),
            ("sudo-executable", text(&self.sudo_executable)),
            ("tmpdir", text(&self.tmpdir)),
            ("tty", self.tty.map(Value::Bool)),
        ];
        settings
            .into_iter()
            .filter(|(key, _)| setting(transport, key).is_some())
            .filter_map(|(key, value)| Some((key.to_owned(), value?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_goes_to_the_transports_that_know_it() {
        let overrides = Overrides {
            user: Some("bob".to_owned()),
            tmpdir: Some("/var/tmp".to_owned()),
            ..Overrides::default()
        };
        let keys = |transport| {
            overrides
                .settings(transport)
                .into_keys()
                .collect::<Vec<_>>()
        };
        assert_eq!(keys("ssh"), ["user", "tmpdir"]);
        assert_eq!(keys("local"), ["tmpdir"]);
    }
}
