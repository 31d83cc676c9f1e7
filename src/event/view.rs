//! The state of a job: the fold of its events, and nothing beside.

use std::sync::Arc;

use indexmap::{IndexMap, map::Entry};
use jiff::Timestamp;

use super::{Asked, Event, EventKind, JobKind, JobOrigin, JobStatus, Reply};
use crate::model::{
    BranchPath, EffectId, Failure, JobId, Map, Status, StepStatus, TargetName, TargetResult, Value,
};

/// A job as its events tell it. `fold(events) == live state`: whoever shows a job shows one of these.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobView {
    pub job: Option<JobId>,
    pub what: Option<JobKind>,
    pub object: String,
    pub params: Map,
    pub targets: Vec<TargetName>,
    pub origin: JobOrigin,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub status: JobStatus,
    pub failure: Option<Failure>,
    pub value: Value,
    /// In the order in which they were first started.
    pub effects: IndexMap<EffectId, EffectView>,
    /// How many effects have begun and not ended.
    pub effects_open: usize,
    /// In the order in which they were first told of.
    pub steps: IndexMap<(BranchPath, String), StepView>,
    /// When and by whom it was taken up again, in order.
    pub resumes: Vec<ResumeView>,
    pub seq_last: u64,
}

/// One time that a job was taken up again.
#[derive(Clone, Debug, PartialEq)]
pub struct ResumeView {
    pub at: Timestamp,
    pub origin: JobOrigin,
    /// As they were typed.
    pub flags: Vec<String>,
}

/// One effect of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectView {
    pub asked: Asked,
    pub started_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub reply: Option<Reply>,
    /// The last result of each target that has one.
    pub results: IndexMap<TargetName, Arc<TargetResult>>,
    /// Targets that were started and have not answered, with the number of the attempt.
    pub running: IndexMap<TargetName, u32>,
    pub replayed: bool,
    /// In which life of the job it was last started: how often the job had been resumed by then.
    pub life: usize,
    /// How many of the results are what. Counted as they come: there may be ten thousand, and somebody asks after each.
    counts: TargetCounts,
}

/// One step of a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct StepView {
    /// The steps of the same graph that it comes after.
    pub after: Vec<String>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub status: Option<StepStatus>,
    pub because: Option<String>,
    pub failure: Option<Failure>,
}

/// How many targets ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetCounts {
    pub succeeded: usize,
    pub failed: usize,
    pub unreached: usize,
    pub skipped: usize,
    pub lost: usize,
}

impl TargetCounts {
    pub fn add(&mut self, status: Status) {
        *self.of(status) += 1;
    }

    fn remove(&mut self, status: Status) {
        *self.of(status) -= 1;
    }

    const fn of(&mut self, status: Status) -> &mut usize {
        match status {
            Status::Succeeded => &mut self.succeeded,
            Status::Failed => &mut self.failed,
            Status::Unreached => &mut self.unreached,
            Status::Skipped => &mut self.skipped,
            Status::Lost => &mut self.lost,
        }
    }

    #[must_use]
    pub const fn total(&self) -> usize {
        self.succeeded + self.failed + self.unreached + self.skipped + self.lost
    }
}

impl EffectView {
    fn new(asked: Asked, at: Timestamp, life: usize) -> Self {
        Self {
            asked,
            started_at: at,
            finished_at: None,
            reply: None,
            results: IndexMap::new(),
            running: IndexMap::new(),
            replayed: false,
            life,
            counts: TargetCounts::default(),
        }
    }

    #[must_use]
    pub const fn counts(&self) -> TargetCounts {
        self.counts
    }

    fn take_in(&mut self, result: &Arc<TargetResult>) {
        self.running.swap_remove(&result.target);
        self.counts.add(result.status);
        let before = self
            .results
            .insert(result.target.clone(), Arc::clone(result));
        if let Some(before) = before {
            self.counts.remove(before.status);
        }
    }
}

impl JobView {
    /// The state after these events.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut view = Self::default();
        for event in events {
            view.apply(event);
        }
        view
    }

    /// Takes in one more event. Events of effects or steps that were never started are ignored:
    /// a reader may begin in the middle.
    pub fn apply(&mut self, event: &Event) {
        self.seq_last = event.seq;
        let at = event.at;
        match &event.kind {
            EventKind::JobStarted {
                what,
                object,
                params,
                targets,
                origin,
            } => {
                self.job = Some(event.job.clone());
                self.what = Some(*what);
                self.object.clone_from(object);
                self.params.clone_from(params);
                self.targets.clone_from(targets);
                self.origin = origin.clone();
                self.started_at = Some(at);
            }
            EventKind::JobResumed { origin, flags } => {
                self.resumes.push(ResumeView {
                    at,
                    origin: origin.clone(),
                    flags: flags.clone(),
                });
                self.resume();
            }
            EventKind::JobStopping { .. } => self.status = JobStatus::Stopping,
            EventKind::JobFinished {
                status,
                failure,
                value,
                ..
            } => {
                self.status = *status;
                self.failure.clone_from(failure);
                self.value = value.clone();
                self.finished_at = Some(at);
            }
            EventKind::StepStarted {
                branch,
                name,
                after,
                ..
            } => {
                let step = self.step(branch, name);
                step.after.clone_from(after);
                step.started_at = Some(at);
            }
            EventKind::StepFinished {
                branch,
                name,
                status,
                failure,
                after,
            } => {
                let step = self.step(branch, name);
                if !after.is_empty() {
                    step.after.clone_from(after);
                }
                step.status = Some(*status);
                step.failure.clone_from(failure);
                step.finished_at = Some(at);
            }
            EventKind::StepSkipped {
                branch,
                name,
                because,
                after,
            } => {
                let step = self.step(branch, name);
                if !after.is_empty() {
                    step.after.clone_from(after);
                }
                step.status = Some(StepStatus::Skipped);
                step.because = Some(because.clone());
            }
            kind => self.apply_to_effect(kind, at),
        }
    }

    fn apply_to_effect(&mut self, kind: &EventKind, at: Timestamp) {
        match kind {
            EventKind::EffectStarted { effect, asked } => {
                let life = self.resumes.len();
                match self.effects.entry(effect.clone()) {
                    // Started a second time by a resume: what it knew of its targets stays.
                    Entry::Occupied(mut entry) => {
                        let view = entry.get_mut();
                        // The time between two lives of a job is nobody's work.
                        view.started_at = at;
                        view.life = life;
                        view.finished_at = None;
                        self.effects_open += usize::from(view.reply.take().is_some());
                    }
                    Entry::Vacant(entry) => {
                        entry.insert(EffectView::new(asked.clone(), at, life));
                        self.effects_open += 1;
                    }
                }
            }
            EventKind::EffectReplayed { effect } => {
                if let Some(view) = self.effects.get_mut(effect) {
                    view.replayed = true;
                }
            }
            EventKind::EffectFinished { effect, reply } => {
                if let Some(view) = self.effects.get_mut(effect) {
                    self.effects_open -= usize::from(view.reply.is_none());
                    view.reply = Some(reply.clone());
                    view.finished_at = Some(at);
                }
            }
            EventKind::TargetStarted {
                effect,
                target,
                attempt,
                ..
            } => {
                if let Some(view) = self.effects.get_mut(effect) {
                    view.running.insert(target.clone(), *attempt);
                }
            }
            EventKind::TargetFinished { effect, result } => {
                if let Some(view) = self.effects.get_mut(effect) {
                    view.take_in(result);
                }
            }
            _ => {}
        }
    }

    fn resume(&mut self) {
        self.status = JobStatus::Running;
        self.finished_at = None;
        self.failure = None;
    }

    fn step(&mut self, branch: &BranchPath, name: &str) -> &mut StepView {
        self.steps
            .entry((branch.clone(), name.to_owned()))
            .or_insert(StepView {
                after: Vec::new(),
                started_at: None,
                finished_at: None,
                status: None,
                because: None,
                failure: None,
            })
    }

    /// What of clean-ups the job was asked for in its last life and stopped before: they did not come to their end. A resume
    /// goes through all of the plan again, so what it did not ask for is needed no more.
    pub fn cut_cleanups(&self) -> impl Iterator<Item = &EffectView> {
        let is_over = self.status == JobStatus::Stopped;
        self.effects.values().filter(move |effect| {
            let is_cut = match &effect.reply {
                Some(reply) => *reply == Reply::Stopped,
                None => is_over,
            };
            effect.asked.cleanup && is_cut && effect.life == self.resumes.len()
        })
    }

    /// The last word on every target that any effect asked: the worst of its results, failures first.
    #[must_use]
    pub fn target_counts(&self) -> TargetCounts {
        let mut worst: IndexMap<&TargetName, Status> = IndexMap::new();
        for result in self
            .effects
            .values()
            .flat_map(|effect| effect.results.values())
        {
            let entry = worst.entry(&result.target).or_insert(result.status);
            if badness(result.status) > badness(*entry) {
                *entry = result.status;
            }
        }
        let mut counts = TargetCounts::default();
        for status in worst.into_values() {
            counts.add(status);
        }
        counts
    }
}

const fn badness(status: Status) -> u8 {
    match status {
        Status::Succeeded => 0,
        Status::Skipped => 1,
        Status::Unreached => 2,
        Status::Lost => 3,
        Status::Failed => 4,
    }
}
