//! Which effect a failed result came of: the one whose failure ends the plan is done again when the job is resumed.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use super::by_hand::ByHand;
use crate::model::{EffectId, ResultSet, TargetName, TargetResult};

/// The failed results that effects gave, wherever a script has put them since: filtered, added up, one by one.
#[derive(Default)]
pub(super) struct Blame {
    // By address: a result that a script passes on is the same one, and two equal ones of two effects are not.
    // Keeping the result keeps its address its own.
    failed: RefCell<HashMap<*const TargetResult, (Arc<TargetResult>, EffectId)>>,
    /// How the effects that failed are done by hand.
    by_hand: RefCell<HashMap<EffectId, ByHand>>,
}

impl Blame {
    /// Notes what an effect gave.
    pub(super) fn note(&self, effect: &EffectId, results: &ResultSet, by_hand: Option<&ByHand>) {
        if let Some(by_hand) = by_hand.filter(|_| !results.is_ok()) {
            let mut known = self.by_hand.borrow_mut();
            known.insert(effect.clone(), by_hand.clone());
        }
        let mut failed = self.failed.borrow_mut();
        for result in results.iter().filter(|result| !result.is_ok()) {
            failed.insert(Arc::as_ptr(result), (Arc::clone(result), effect.clone()));
        }
    }

    /// The effects that the failed ones of these results came of, each once.
    pub(super) fn of(&self, results: &ResultSet) -> Vec<EffectId> {
        let failed = self.failed.borrow();
        let mut effects: Vec<EffectId> = Vec::new();
        for result in results.iter() {
            if let Some((_, effect)) = failed.get(&Arc::as_ptr(result))
                // Results of one effect stand side by side.
                && effects.last() != Some(effect)
                && !effects.contains(effect)
            {
                effects.push(effect.clone());
            }
        }
        effects
    }

    /// What to type to do again what failed of these results.
    pub(super) fn commands(&self, results: &ResultSet) -> Vec<String> {
        let (failed, by_hand) = (self.failed.borrow(), self.by_hand.borrow());
        let effects = self.of(results).into_iter();
        let commands = effects.filter_map(|effect| {
            let targets = results.iter().filter(|result| {
                let known = failed.get(&Arc::as_ptr(result));
                known.is_some_and(|(_, of)| *of == effect)
            });
            let targets: Vec<&TargetName> = targets.map(|result| &result.target).collect();
            by_hand.get(&effect)?.command(&targets)
        });
        commands.collect()
    }
}
