//! Groups as other rooms see them, and the tiers that some of them are.

use crate::model::{Place, TargetName};

/// A named set of targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    /// All of its targets, those of groups in it included, in the order of the inventory.
    pub targets: Vec<TargetName>,
    /// The groups that have to be ready before this one: what makes it a tier.
    pub depends_on: Vec<String>,
    /// The groups that it is in, nearest first, `all` last. Empty for `all`.
    pub parents: Vec<String>,
}

/// A group that depends on others or is depended on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    pub name: String,
    /// All of its targets, in the order of the inventory. No target is in two tiers.
    pub targets: Vec<TargetName>,
    /// Names of other tiers. There is no cycle.
    pub depends_on: Vec<String>,
    /// Where the inventory defines it.
    pub place: Option<Place>,
}
