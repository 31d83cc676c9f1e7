//! The fold of a job's events that answers the question: was this asked before, and what came of it?

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use indexmap::IndexMap;

use super::entry::{Approval, ApprovalGiven, Entry, Started};
use crate::{
    event::{Event, EventKind, Reply},
    model::{BranchPath, EffectId, Failure, StepStatus},
    plan::taken_back_by,
};

/// All that a job has asked, in the order of the first asking.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Journal {
    entries: IndexMap<EffectId, Entry>,
    steps: HashMap<(BranchPath, String), StepRecord>,
    seq_last: u64,
    /// The job was told to stop, and nobody has resumed it yet.
    is_stopping: bool,
    /// What was asked meanwhile.
    late: HashSet<EffectId>,
    /// What of it was done, too: only a clean-up is.
    cleanups: HashSet<EffectId>,
}

/// What is recorded of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct StepRecord {
    pub(super) started_seq: u64,
    pub(super) end: Option<StepEnd>,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StepEnd {
    pub(super) seq: u64,
    pub(super) status: StepStatus,
    pub(super) failure: Option<Failure>,
    pub(super) because: Option<String>,
}

impl Journal {
    /// The journal of a job with these events, which are in the order of their numbers.
    #[must_use]
    pub fn from_events(events: &[Event]) -> Self {
        let mut journal = Self::default();
        for event in events {
            journal.apply(event);
        }
        journal.forget_cleanups();
        journal
    }

    #[must_use]
    pub fn get(&self, effect: &EffectId) -> Option<&Entry> {
        self.entries.get(effect)
    }

    /// The effects, in the order in which they were first asked.
    pub fn iter(&self) -> impl Iterator<Item = (&EffectId, &Entry)> {
        self.entries.iter()
    }

    /// The number of the last event in it.
    #[must_use]
    pub const fn seq_last(&self) -> u64 {
        self.seq_last
    }

    pub(super) fn step(&self, branch: &BranchPath, name: &str) -> Option<&StepRecord> {
        self.steps.get(&(branch.clone(), name.to_owned()))
    }

    pub(super) fn steps(&self) -> impl Iterator<Item = (&BranchPath, &str, &StepRecord)> {
        self.steps
            .iter()
            .map(|((branch, name), step)| (branch, name.as_str(), step))
    }

    fn apply(&mut self, event: &Event) {
        self.seq_last = event.seq;
        match &event.kind {
            EventKind::JobStopping { .. } => self.is_stopping = true,
            EventKind::JobResumed { .. } => {
                self.is_stopping = false;
                self.forget_cleanups();
            }
            EventKind::JobFinished { failed_effects, .. } => {
                for effect in failed_effects {
                    if let Some(entry) = self.entries.get_mut(effect) {
                        entry.ended_plan = true;
                    }
                }
            }
            EventKind::StepStarted { branch, name, .. } => {
                let step = StepRecord {
                    started_seq: event.seq,
                    end: None,
                };
                self.steps.insert((branch.clone(), name.clone()), step);
            }
            EventKind::StepFinished {
                branch,
                name,
                status,
                failure,
                ..
            } => {
                let end = StepEnd {
                    seq: event.seq,
                    status: *status,
                    failure: failure.clone(),
                    because: None,
                };
                self.end_step(branch, name, end);
            }
            EventKind::StepSkipped {
                branch,
                name,
                because,
                ..
            } => {
                let end = StepEnd {
                    seq: event.seq,
                    status: StepStatus::Skipped,
                    failure: None,
                    because: Some(because.clone()),
                };
                self.end_step(branch, name, end);
            }
            _ => self.apply_to_effect(event),
        }
    }

    fn apply_to_effect(&mut self, event: &Event) {
        match &event.kind {
            EventKind::EffectStarted { effect, asked } => {
                let entry = self.entry(effect, event);
                entry.asked = Some(asked.clone());
                entry.started_at.get_or_insert(event.at);
                entry.reply = None;
                entry.ended_plan = false;
                if self.is_stopping {
                    self.late.insert(effect.clone());
                }
            }
            EventKind::EffectFinished { effect, reply } => {
                if *reply != Reply::Stopped {
                    self.note_cleanup(effect);
                }
                self.entry(effect, event).reply = Some(reply.clone());
            }
            EventKind::MessagePrinted {
                effect: Some(effect),
                ..
            } => self.entry(effect, event).reply = Some(Reply::Done),
            EventKind::TargetStarted {
                effect,
                target,
                attempt,
                run,
            } => {
                self.note_cleanup(effect);
                let targets = &mut self.entry(effect, event).targets;
                let record = targets.entry(target.clone()).or_default();
                record.is_open = true;
                record.started = Some(Started {
                    seq: event.seq,
                    at: event.at,
                    attempt: *attempt,
                    run: run.parse().ok(),
                });
            }
            // It failed and waits for its next attempt: nothing of it is running.
            EventKind::TargetRetrying { effect, target, .. } => {
                let targets = &mut self.entry(effect, event).targets;
                targets.entry(target.clone()).or_default().is_open = false;
            }
            EventKind::TargetFinished { effect, result } => {
                let targets = &mut self.entry(effect, event).targets;
                let record = targets.entry(result.target.clone()).or_default();
                record.is_open = false;
                record.result = Some(Arc::clone(result));
            }
            EventKind::ApprovalAsked { effect, .. } => {
                self.entry(effect, event).approval = Some(Approval {
                    asked_at: event.at,
                    given: None,
                });
            }
            EventKind::ApprovalGiven {
                effect,
                who,
                approved,
                comment,
            } => {
                let given = ApprovalGiven {
                    who: who.clone(),
                    approved: *approved,
                    comment: comment.clone(),
                };
                // The first answer counts.
                if let Some(approval) = &mut self.entry(effect, event).approval {
                    approval.given.get_or_insert(given);
                }
            }
            _ => {}
        }
    }

    fn note_cleanup(&mut self, effect: &EffectId) {
        if self.late.remove(effect) {
            self.cleanups.insert(effect.clone());
        }
    }

    /// What was cleaned up because of a stop is cleaned up again when the plan, resumed, comes to it; and what that has
    /// taken back is done again before.
    fn forget_cleanups(&mut self) {
        self.late.clear();
        let cleanups = std::mem::take(&mut self.cleanups);
        if cleanups.is_empty() {
            return;
        }
        let branches = cleanups.iter().map(|cleanup| &cleanup.branch);
        let taken_back: HashSet<String> = branches.flat_map(taken_back_by).collect();
        for (effect, entry) in &mut self.entries {
            let branch = effect.branch.as_str();
            let outer = branch.match_indices('/').map(|(end, _)| &branch[..end]);
            let is_taken_back = outer.chain([branch]).any(|root| taken_back.contains(root));
            if is_taken_back || cleanups.contains(effect) {
                entry.void();
            }
        }
    }

    fn entry(&mut self, effect: &EffectId, event: &Event) -> &mut Entry {
        self.entries.entry(effect.clone()).or_insert_with(|| Entry {
            started_seq: event.seq,
            ..Entry::default()
        })
    }

    fn end_step(&mut self, branch: &BranchPath, name: &str, end: StepEnd) {
        // What was undone is not done. After an undo that failed nobody can say what is, so it is done again.
        if matches!(end.status, StepStatus::Undone | StepStatus::UndoFailed) {
            let within = branch_of_step(branch, name);
            for (effect, entry) in &mut self.entries {
                if is_within(&effect.branch, &within) {
                    entry.void();
                }
            }
        }
        let step = self.steps.entry((branch.clone(), name.to_owned()));
        step.or_default().end = Some(end);
    }
}

/// The branch that a step works in: its events name that branch, or the one that it was begun in.
pub(super) fn branch_of_step(branch: &BranchPath, name: &str) -> BranchPath {
    let own = BranchPath::root().child(name);
    let last = branch.as_str().rsplit('/').next();
    if last == Some(own.as_str()) {
        branch.clone()
    } else {
        branch.child(name)
    }
}

/// Whether a branch is `root` or grows out of it.
pub(super) fn is_within(branch: &BranchPath, root: &BranchPath) -> bool {
    branch
        .as_str()
        .strip_prefix(root.as_str())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        event::{JobStatus, StopReason},
        model::{Failure, JobId, Status},
        store::sample::{asked, effect_id, origin, result},
    };

    fn journal(kinds: impl IntoIterator<Item = EventKind>) -> Journal {
        let events: Vec<Event> = (1..)
            .zip(kinds)
            .map(|(seq, kind)| Event {
                seq,
                at: Timestamp::UNIX_EPOCH,
                job: JobId::new(0, 0),
                kind,
            })
            .collect();
        Journal::from_events(&events)
    }

    fn done(effect: &EffectId) -> Vec<EventKind> {
        vec![
            EventKind::EffectStarted {
                effect: effect.clone(),
                asked: asked(&["web1"]),
            },
            EventKind::TargetStarted {
                effect: effect.clone(),
                target: "web1".into(),
                attempt: 1,
                run: String::new(),
            },
            EventKind::TargetFinished {
                effect: effect.clone(),
                result: result("web1", Status::Succeeded).into(),
            },
            EventKind::EffectFinished {
                effect: effect.clone(),
                reply: Reply::Results,
            },
        ]
    }

    fn undone(branch: BranchPath, name: &str) -> EventKind {
        EventKind::StepFinished {
            branch,
            name: name.to_owned(),
            status: StepStatus::Undone,
            failure: None,
            after: Vec::new(),
        }
    }

    #[test]
    fn what_was_undone_is_not_done() {
        let inside = effect_id("release/web/left", 1);
        let beside = effect_id("release/web2", 1);
        for branch in ["release", "release/web"] {
            let branch = effect_id(branch, 0).branch;
            let mut kinds = [done(&inside), done(&beside)].concat();
            kinds.push(undone(branch.clone(), "web"));
            let after_undo = journal(kinds.clone());
            assert!(!after_undo.get(&inside).unwrap().is_settled(), "{branch}");
            assert!(after_undo.get(&inside).unwrap().targets.is_empty());
            assert!(after_undo.get(&beside).unwrap().is_settled(), "{branch}");
            kinds.extend(done(&inside));
            assert!(journal(kinds).get(&inside).unwrap().is_settled());
        }
    }

    #[test]
    fn what_a_stop_has_cleaned_up_is_cleaned_up_again_and_what_that_took_back_is_done_again() {
        let [before, body, after, elsewhere] = [
            "roll/around/before",
            "roll",
            "roll/around/after/lb1",
            "roll/around~2/before",
        ]
        .map(|branch| effect_id(branch, 1));
        let stopping = || EventKind::JobStopping {
            reason: StopReason::Interrupted,
        };
        let refused = |effect: &EffectId| {
            let [first, .., last] = <[EventKind; 4]>::try_from(done(effect)).unwrap();
            let EventKind::EffectFinished { effect, .. } = last else {
                panic!("the last is the end");
            };
            let reply = Reply::Stopped;
            [first, EventKind::EffectFinished { effect, reply }]
        };
        let settled = |kinds: &[EventKind]| {
            let journal = journal(kinds.to_vec());
            [&before, &body, &after, &elsewhere].map(|effect| {
                let entry = journal.get(effect);
                entry.is_some_and(|entry| entry.is_settled() && !entry.targets.is_empty())
            })
        };
        let mut kinds = [done(&elsewhere), done(&before)].concat();
        kinds.push(stopping());
        kinds.extend(refused(&body));
        assert_eq!(settled(&kinds), [true, false, false, true]);
        kinds.extend(done(&after));
        assert_eq!(settled(&kinds), [false, false, false, true]);
        kinds.push(EventKind::JobResumed {
            origin: origin(),
            flags: Vec::new(),
        });
        kinds.extend([done(&before), done(&body)].concat());
        assert_eq!(settled(&kinds), [true, true, false, true]);
        // A second stop takes nothing from what is not cleaned up: results that are there are kept.
        kinds.push(stopping());
        kinds.extend(refused(&body));
        let twice_stopped = journal(kinds.clone());
        assert_eq!(twice_stopped.get(&body).unwrap().targets.len(), 1);
        assert!(twice_stopped.get(&before).unwrap().is_settled());
    }

    #[test]
    fn an_effect_that_ended_the_plan_is_due_until_it_is_started_again() {
        let effect = effect_id("", 1);
        let mut kinds = done(&effect);
        kinds.push(EventKind::JobFinished {
            status: JobStatus::Failed,
            failure: None,
            value: crate::model::Value::Null,
            failed_effects: vec![effect.clone()],
        });
        assert!(journal(kinds.clone()).get(&effect).unwrap().ended_plan);
        kinds.extend(done(&effect));
        assert!(journal(kinds).get(&effect).unwrap().is_settled());
    }

    #[test]
    fn a_target_that_waits_for_its_next_attempt_is_not_lost() {
        let effect = effect_id("", 1);
        let mut kinds = done(&effect);
        kinds.truncate(2);
        let open = |kinds: &[EventKind]| {
            journal(kinds.to_vec()).get(&effect).unwrap().targets["web1"].is_open
        };
        assert!(open(&kinds));
        kinds.push(EventKind::TargetRetrying {
            effect: effect.clone(),
            target: "web1".into(),
            failure: Failure::new("segue/timeout", "slow"),
            delay_ms: 5,
        });
        assert!(!open(&kinds));
    }

    #[test]
    fn the_first_answer_to_an_approval_counts() {
        let effect = effect_id("", 1);
        let given = |who: &str| EventKind::ApprovalGiven {
            effect: effect.clone(),
            who: who.to_owned(),
            approved: who == "ada",
            comment: String::new(),
        };
        let asked = EventKind::ApprovalAsked {
            effect: effect.clone(),
            message: String::new(),
            by: Vec::new(),
        };
        let journal = journal([asked, given("ada"), given("bob")]);
        let approval = journal.get(&effect).unwrap().approval.clone().unwrap();
        assert_eq!(approval.given.unwrap().who, "ada");
    }
}
