//! How a graph is run: what a failure does, and how much runs at once.

use std::{collections::BTreeMap, num::NonZeroUsize};

use super::OnStepFailure;

/// The rules of one run of a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunRules {
    /// For the steps that have no rule of their own.
    pub on_failure: OnStepFailure,
    /// How many steps run at once. `None` is as many as there are.
    pub limit: Option<NonZeroUsize>,
    /// How many steps may use a resource at once. A resource that is not named here is used by one at a time;
    /// one that no step uses is ignored ([`super::StepGraph::resources`] tells which there are).
    pub capacities: BTreeMap<String, NonZeroUsize>,
}
