//! The ways through a plan: the one where all succeeds, and for each call the one where it fails.

use std::collections::HashSet;

use super::{PreviewRecord, Previewed};
use crate::model::{BranchPath, EffectId};

/// The actions whose failure is worth following: the first of each call in each step, since the second batch of a loop
/// fails as the first one does. Gives at most `count_max`, and how many were left out for that.
#[must_use]
pub fn ways(record: &PreviewRecord, count_max: usize) -> (Vec<&Previewed>, usize) {
    let steps: HashSet<BranchPath> = record
        .effects
        .iter()
        .filter(|effect| effect.asked.function == "step")
        .map(|effect| BranchPath::root().child(&effect.asked.object))
        .collect();
    let steps: HashSet<&str> = steps.iter().map(BranchPath::as_str).collect();
    let mut seen = HashSet::new();
    let mut calls: Vec<&Previewed> = record
        .effects
        .iter()
        .filter(|effect| effect.is_action() && !effect.asked.targets.is_empty())
        .filter(|effect| {
            let asked = &effect.asked;
            let branch = effect.branch().as_str().split('/');
            let step: Vec<&str> = branch.filter(|name| steps.contains(name)).collect();
            // A command that is put together in a loop has another text each time, and is still one call.
            let object = asked.place.is_none().then_some(&asked.object);
            seen.insert((&asked.place, &asked.function, object, step))
        })
        .collect();
    let left_out = calls.len().saturating_sub(count_max);
    calls.truncate(count_max);
    (calls, left_out)
}

/// What is different on one way.
#[derive(Clone, Debug)]
pub struct Difference<'a> {
    /// What only this way asks for, in order.
    pub follows: Vec<&'a Previewed>,
    /// The actions that this way leaves out.
    pub left_out: Vec<&'a Previewed>,
}

impl<'a> Difference<'a> {
    /// What `way` does and does not do, compared with `usual`.
    #[must_use]
    pub fn new(usual: &'a PreviewRecord, way: &'a PreviewRecord) -> Self {
        Self {
            follows: only_in(way, usual).collect(),
            left_out: only_in(usual, way)
                .filter(|effect| effect.is_action())
                .collect(),
        }
    }

    /// Whether the plan does anything about it but end.
    #[must_use]
    pub fn is_handled(&self) -> bool {
        self.follows
            .iter()
            .any(|effect| effect.asked.function != "step")
    }
}

fn only_in<'a>(
    record: &'a PreviewRecord,
    other: &'a PreviewRecord,
) -> impl Iterator<Item = &'a Previewed> {
    let others: HashSet<&EffectId> = other.effects.iter().map(|effect| &effect.id).collect();
    record
        .effects
        .iter()
        .filter(move |effect| !others.contains(&effect.id))
}
