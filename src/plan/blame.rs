//! Which effect a failed result came of: the one whose failure ends the plan is done again when the job is resumed.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use crate::model::{EffectId, ResultSet, TargetResult};

/// The failed results that effects gave, wherever a script has put them since: filtered, added up, one by one.
#[derive(Default)]
pub(super) struct Blame {
    // By address: a result that a script passes on is the same one, and two equal ones of two effects are not.
    // Keeping the result keeps its address its own.
    failed: RefCell<HashMap<*const TargetResult, (Arc<TargetResult>, EffectId)>>,
}

impl Blame {
    /// Notes what an effect gave.
    pub(super) fn note(&self, effect: &EffectId, results: &ResultSet) {
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
}
