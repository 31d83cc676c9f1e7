//! The inventory of a fleet, in Bolt's version 2 form: nothing in it says that the targets are played.

use std::{collections::HashSet, path::PathBuf};

use serde::Serialize;

use super::{Fleet, FleetError, FleetSpec, FleetTarget};

#[derive(Serialize)]
struct InventoryFile<'a> {
    version: u8,
    config: Config,
    groups: Vec<Group<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    targets: Vec<Member<'a>>,
}

#[derive(Serialize)]
struct Config {
    transport: &'static str,
    ssh: SshConfig,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct SshConfig {
    private_key: PathBuf,
    known_hosts: PathBuf,
    host_key_check: bool,
    /// The user's own `~/.ssh/config` may say anything about 127.0.0.1.
    load_config: bool,
}

#[derive(Serialize)]
struct Group<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    depends_on: Option<&'a [String]>,
    targets: Vec<Member<'a>>,
}

/// A target is described once; the other groups that it is in name it.
#[derive(Serialize)]
#[serde(untagged)]
enum Member<'a> {
    Described { name: &'a str, uri: String },
    Named(&'a str),
}

pub(super) fn describe(spec: &FleetSpec, fleet: &Fleet) -> Result<String, FleetError> {
    let mut described = HashSet::new();
    let mut member = |target: &'_ FleetTarget| -> Option<String> {
        described
            .insert(target.name.clone())
            .then(|| format!("ssh://{}@127.0.0.1:{}", target.name, fleet.port_of(target)))
    };
    let groups = spec.all_groups();
    let groups: Vec<Group<'_>> = groups
        .iter()
        .map(|group| Group {
            name: &group.name,
            depends_on: group.depends_on.as_deref(),
            targets: spec
                .targets
                .iter()
                .filter(|target| target.groups.contains(&group.name))
                .map(|target| Member::new(target, member(target)))
                .collect(),
        })
        .collect();
    let file = InventoryFile {
        version: 2,
        config: Config {
            transport: "ssh",
            ssh: SshConfig {
                private_key: fleet.private_key(),
                known_hosts: fleet.known_hosts(),
                host_key_check: true,
                load_config: false,
            },
        },
        groups,
        targets: spec
            .targets
            .iter()
            .filter(|target| target.groups.is_empty())
            .map(|target| Member::new(target, member(target)))
            .collect(),
    };
    serde_saphyr::to_string(&file).map_err(|source| FleetError::Inventory { source })
}

impl<'a> Member<'a> {
    fn new(target: &'a FleetTarget, uri: Option<String>) -> Self {
        let name = target.name.as_str();
        uri.map_or(Self::Named(name), |uri| Self::Described { name, uri })
    }
}
