//! What the person who resumes a job has decided beforehand.

use std::collections::HashSet;

use super::{
    Journal, JournalError,
    record::{branch_of_step, is_within},
};
use crate::model::{EffectId, nearest};

/// How a job is resumed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResumeRules {
    /// `--redo`: performed again on all their targets, whatever came of them.
    pub redo: HashSet<EffectId>,
    pub lost: LostRule,
}

/// What is done about a target that was started, that can't tell what became of it, and whose task may not
/// simply be run again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LostRule {
    /// Nothing, until a person decides: the job ends and says so.
    #[default]
    Decide,
    /// `--rerun-lost`.
    Rerun,
    /// `--assume-lost ok`.
    AssumeSucceeded,
    /// `--assume-lost failed`.
    AssumeFailed,
}

impl ResumeRules {
    /// Adds the effects that a person means by `--redo`: an id as it is shown, the beginning of one,
    /// or the name of what was run.
    ///
    /// # Errors
    /// Nothing that is recorded fits.
    pub fn redo_named(&mut self, journal: &Journal, typed: &str) -> Result<(), JournalError> {
        let fits = |effect: &EffectId, object: &str| {
            object == typed || (!typed.is_empty() && effect.to_string().starts_with(typed))
        };
        let named = journal.iter().filter_map(|(effect, entry)| {
            let asked = entry.asked.as_ref()?;
            fits(effect, &asked.object).then(|| effect.clone())
        });
        let before = self.redo.len();
        self.redo.extend(named);
        if self.redo.len() > before {
            return Ok(());
        }
        let objects = journal.iter().filter_map(|(_, entry)| entry.asked.as_ref());
        Err(JournalError::UnknownEffect {
            typed: typed.to_owned(),
            nearest: nearest(typed, objects.map(|asked| asked.object.as_str())).map(str::to_owned),
        })
    }

    /// Adds what `--from STEP` means: all that was done in the step, and all that was first begun after it.
    /// After it is after its end if it has one, so that steps beside it keep what they did.
    ///
    /// # Errors
    /// No step of that name is recorded.
    pub fn redo_from_step(&mut self, journal: &Journal, step: &str) -> Result<(), JournalError> {
        let mut found = false;
        for (branch, _, record) in journal.steps().filter(|(_, name, _)| *name == step) {
            found = true;
            let within = branch_of_step(branch, step);
            let after = record
                .end
                .as_ref()
                .map_or(record.started_seq, |end| end.seq);
            let redone = journal.iter().filter(|(effect, entry)| {
                entry.started_seq > after || is_within(&effect.branch, &within)
            });
            self.redo.extend(redone.map(|(effect, _)| effect.clone()));
        }
        if found {
            return Ok(());
        }
        let names = journal.steps().map(|(_, name, _)| name);
        Err(JournalError::UnknownStep {
            typed: step.to_owned(),
            nearest: nearest(step, names).map(str::to_owned),
        })
    }
}
