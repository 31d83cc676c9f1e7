//! What a fleet is to be: its targets, their groups and state, its latency and its faults.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use super::{FaultRule, FleetError, FleetTier, Latency};
use crate::model::{TargetName, nearest};

/// What a fleet is to be. The same spec gives the same fleet, faults and all.
#[derive(Clone, Debug, Default)]
pub struct FleetSpec {
    pub targets: Vec<FleetTarget>,
    /// The groups in the order in which the inventory lists them. A group that a target names and that is
    /// missing here is added at the end.
    pub groups: Vec<FleetGroup>,
    pub seed: u64,
    /// How long a target takes to let a connection in, and to begin a command.
    pub latency: Latency,
    /// The first rule that means a target gives it its fault.
    pub faults: Vec<FaultRule>,
    /// Where the targets' directories lie. They outlive the fleet there; without it they go with the fleet.
    pub root: Option<PathBuf>,
}

/// One target that the fleet plays.
#[derive(Clone, Debug)]
pub struct FleetTarget {
    pub name: TargetName,
    pub groups: Vec<String>,
    pub answer: Answer,
    /// What lies in its directory at the beginning: file by relative path. Nothing that is there already is changed.
    pub state: BTreeMap<String, String>,
}

/// What a target does with a command.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Runs it, with `/bin/sh -c` as sshd would with the login shell.
    Run,
    /// Says that and runs nothing: for measuring the controller with more targets than this machine could run for.
    Canned { stdout: Arc<str>, exit: u8 },
}

/// A group of the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetGroup {
    pub name: String,
    /// The groups that must be well before this one; makes the group a tier.
    pub depends_on: Option<Vec<String>>,
}

impl FleetSpec {
    /// Targets that run what they are sent, tier by tier.
    #[must_use]
    pub fn of(tiers: impl IntoIterator<Item = FleetTier>) -> Self {
        tiers.into_iter().fold(Self::default(), Self::with_tier)
    }

    /// The same with the targets of one more tier: `web1`, `web2`, ...
    #[must_use]
    pub fn with_tier(mut self, tier: FleetTier) -> Self {
        let numbered = (1..=tier.count)
            .map(|number| FleetTarget::new(&format!("{}{number}", tier.name), &tier.name));
        self.targets.extend(numbered);
        self.groups.push(FleetGroup {
            name: tier.name,
            depends_on: Some(tier.depends_on),
        });
        self
    }

    /// The same with a fault.
    #[must_use]
    pub fn with_fault(mut self, rule: FaultRule) -> Self {
        self.faults.push(rule);
        self
    }

    /// The groups of the inventory, those that only targets name included.
    pub(super) fn all_groups(&self) -> Vec<FleetGroup> {
        let mut groups = self.groups.clone();
        for name in self.targets.iter().flat_map(|target| &target.groups) {
            if !groups.iter().any(|group| group.name == *name) {
                groups.push(FleetGroup {
                    name: name.clone(),
                    depends_on: None,
                });
            }
        }
        groups
    }

    /// Finds what can't be played before anything is begun.
    pub(super) fn check(&self) -> Result<(), FleetError> {
        let mut names = std::collections::HashSet::new();
        for target in &self.targets {
            let name = target.name.as_str();
            if !is_name(name) {
                return Err(FleetError::Name {
                    name: name.to_owned(),
                });
            }
            if !names.insert(name) {
                return Err(FleetError::DoubledTarget {
                    name: name.to_owned(),
                });
            }
            if let Some(path) = target.state.keys().find(|path| !is_inside(path)) {
                return Err(FleetError::StatePath { path: path.clone() });
            }
        }
        self.check_groups()?;
        let unused = self
            .faults
            .iter()
            .find(|rule| !names.iter().any(|name| rule.names(name)));
        unused.map_or(Ok(()), |rule| {
            Err(FleetError::FaultFitsNothing {
                rule: rule.to_string(),
            })
        })
    }

    fn check_groups(&self) -> Result<(), FleetError> {
        let groups = self.all_groups();
        for group in &groups {
            if !is_name(&group.name) {
                return Err(FleetError::Name {
                    name: group.name.clone(),
                });
            }
            for needed in group.depends_on.iter().flatten() {
                if !groups.iter().any(|it| it.name == *needed) {
                    let known = groups.iter().map(|it| it.name.as_str());
                    return Err(FleetError::UnknownGroup {
                        group: group.name.clone(),
                        missing: needed.clone(),
                        nearest: nearest(needed, known).map(str::to_owned),
                    });
                }
            }
        }
        Ok(())
    }
}

impl FleetTarget {
    /// A target that runs what it is sent and has no state yet.
    pub fn new(name: &str, group: &str) -> Self {
        Self {
            name: TargetName::from(name),
            groups: vec![group.to_owned()],
            answer: Answer::Run,
            state: BTreeMap::new(),
        }
    }

    /// Lets a service run on it.
    pub fn add_service(&mut self, name: &str) {
        self.add_state(&format!("services/{name}"), "running");
    }

    /// Installs a package on it.
    pub fn add_package(&mut self, name: &str, version: &str) {
        self.add_state(&format!("packages/{name}"), version);
    }

    /// Puts a file of one line into its directory.
    pub fn add_state(&mut self, path: &str, line: &str) {
        self.state.insert(path.to_owned(), format!("{line}\n"));
    }

    /// The same, but it says that to every command and runs nothing.
    #[must_use]
    pub fn canned(mut self, stdout: &str, exit: u8) -> Self {
        self.answer = Answer::Canned {
            stdout: Arc::from(stdout),
            exit,
        };
        self
    }
}

/// A name becomes a user name, a directory and a word in YAML, so it has to be harmless in all three.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || "._-".contains(it))
}

fn is_inside(path: &str) -> bool {
    !path.is_empty() && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_that_cannot_be_played_is_refused() {
        let of = |tier: &str| FleetSpec::of([tier.parse().unwrap()]);
        let error = |spec: FleetSpec| spec.check().unwrap_err().to_string();
        let named = |name: &str| FleetSpec {
            targets: vec![FleetTarget::new(name, "web")],
            ..FleetSpec::default()
        };
        for name in ["", "../etc", "-oProxyCommand", "a b", "a/b", "ä"] {
            assert!(named(name).check().is_err(), "{name:?} was accepted");
        }
        assert_eq!(
            error(of("web=1").with_tier("web=1".parse().unwrap())),
            "there are two targets named `web1`"
        );
        assert_eq!(
            error(of("web=1").with_tier("app=1:wbe".parse().unwrap())),
            "the group `app` depends on `wbe`, which is no group of the fleet"
        );
        assert_eq!(
            error(of("web=1").with_fault("app*:hang".parse().unwrap())),
            "the fault `app*:hang` fits no target"
        );
        let mut outside = named("web1");
        outside.targets[0].add_state("../../etc/passwd", "root");
        assert!(outside.check().is_err());
    }
}
