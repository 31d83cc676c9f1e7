//! A target as a plan or a plugin describes it.

use std::collections::BTreeSet;

use crate::model::Map;

/// Describes a target that is added to an inventory in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetSpec {
    /// One of `name` and `uri` is needed; the name defaults to the URI.
    pub name: Option<String>,
    pub uri: Option<String>,
    pub aliases: Vec<String>,
    /// As in the inventory: `transport`, and a map for each transport.
    pub config: Map,
    pub vars: Map,
    pub facts: Map,
    pub features: BTreeSet<String>,
    /// Groups that it joins. It is in `all` anyway.
    pub groups: Vec<String>,
}
