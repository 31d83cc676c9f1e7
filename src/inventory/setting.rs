//! Where the value of a setting comes from.

use crate::model::{Place, Value};

/// One setting of a target and its origin, for `inventory show --explain`.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingOrigin {
    /// Dotted: `config.ssh.user`, `vars.site`, `facts.os.name`, `features.shell`.
    pub setting: String,
    /// Displays redacted where it is sensitive.
    pub value: Value,
    /// ``group `web` ``, ``target `web1` ``, `the command line`, `the URI`, `the plan`, `the default`.
    pub origin: String,
    /// The line of the inventory, if the origin has one.
    pub place: Option<Place>,
}
