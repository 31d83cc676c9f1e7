//! One machine, or one thing reached through a machine, with everything the inventory says of it.

use std::collections::BTreeSet;

use super::{Map, TargetName, Value};

/// A target as the inventory resolves it. Plain data: whoever changes one (`set_var`, `add_facts`) makes a new one.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub name: TargetName,
    /// The URI as it was given, if it was.
    pub uri: Option<String>,
    /// The host to connect to: of the transport's `host`, the URI, or the name.
    pub host: String,
    pub port: Option<u16>,
    pub user: Option<String>,
    /// `ssh`, `local`, ...: which transport reaches it.
    pub transport: String,
    /// The merged `config.<transport>` map. Passwords and key data in it are sensitive values.
    pub config: Map,
    pub vars: Map,
    pub facts: Map,
    /// What the target can do, as tasks require it: `shell`, `powershell`, `puppet-agent`, ...
    pub features: BTreeSet<String>,
    pub aliases: Vec<String>,
    /// The groups that it is in, nearest first, `all` last.
    pub groups: Vec<String>,
}

impl Target {
    /// A target of that name that is reached over `transport` with nothing configured.
    pub fn new(name: impl Into<TargetName>, transport: &str) -> Self {
        let name = name.into();
        Self {
            host: name.as_str().to_owned(),
            name,
            uri: None,
            port: None,
            user: None,
            transport: transport.to_owned(),
            config: Map::new(),
            vars: Map::new(),
            facts: Map::new(),
            features: BTreeSet::new(),
            aliases: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// A setting of this target's transport.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&Value> {
        self.config.get(key)
    }
}
