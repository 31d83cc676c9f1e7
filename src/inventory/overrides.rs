//! What the command line says of how targets are reached: stronger than anything in the inventory.

use crate::model::Secret;

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
