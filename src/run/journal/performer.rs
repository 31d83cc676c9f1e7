//! The performer that answers what is recorded, and records what is new before and after it happens.

use std::{
    collections::HashSet,
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{StreamExt as _, stream};
use jiff::SignedDuration;

use super::{
    Found, Inquiry, Journal, JournalError, LostRule, LostTargets, ResumeRules, Started,
    asked::{asked, is_idempotent},
    decision::{Completion, Decision, Part, answer, approval_value, decide},
    record::StepEnd,
};
use crate::{
    clock::Clock,
    event::{Asked, EventKind, Reply, Stream},
    model::{
        EffectId, Failure, ResultSet, ResultValue, Status, StepStatus, Target, TargetResult, Value,
        kinds,
    },
    plan::{ApproveBy, Effect, Outcome, Perform, Performer, Request, Run},
    task::Task,
};

/// How many lost targets are asked at the same time: each is a connection, and after a crash
/// there may be as many as were worked on at once.
const INQUIRIES_MAX: usize = 64;

/// Nobody approved in time.
const APPROVAL_TIMEOUT: &str = "segue/approval-timeout";

/// What a journal performer is made of.
pub struct JournalParts {
    /// Empty for a new job.
    pub journal: Journal,
    pub rules: ResumeRules,
    /// Performs what is not recorded. It tells what happens on targets (`TargetStarted` to `TargetFinished`, output);
    /// the start and the end of effects, messages, steps and approvals are told here.
    pub inner: Arc<dyn Performer>,
    pub stream: Stream,
    pub clock: Clock,
    pub inquiry: Arc<dyn Inquiry>,
    /// What a task's metadata says: run again without harm.
    pub idempotent: fn(&Task) -> bool,
}

/// Performs the effects of a job with a journal. Cloning it gives the same performer.
#[derive(Clone)]
pub struct JournalPerformer {
    shared: Arc<Shared>,
}

struct Shared {
    parts: JournalParts,
    seen: Mutex<Seen>,
}

/// What has come up in this run of the plan.
#[derive(Default)]
struct Seen {
    asked: HashSet<EffectId>,
    answered: HashSet<EffectId>,
    lost: Vec<LostTargets>,
    /// Effects with targets that were to be asked when the job was stopped.
    unasked: HashSet<EffectId>,
}

impl JournalPerformer {
    #[must_use]
    pub fn new(parts: JournalParts) -> Self {
        Self {
            shared: Arc::new(Shared {
                parts,
                seen: Mutex::default(),
            }),
        }
    }

    /// The recorded effects that this run of the plan has not asked for, in the order of the record:
    /// complete when the plan has come to its end.
    #[must_use]
    pub fn unused(&self) -> Vec<(EffectId, Asked)> {
        let seen = self.shared.seen();
        let entries = self.shared.parts.journal.iter();
        entries
            .filter(|(effect, _)| !seen.asked.contains(*effect))
            .filter_map(|(effect, entry)| Some((effect.clone(), entry.asked.clone()?)))
            .collect()
    }

    /// Whether the record has answered this effect in this run. A plan that ends by such a failure has done nothing
    /// about it yet: it went down before it could say that this failure was its end.
    #[must_use]
    pub fn was_answered(&self, effect: &EffectId) -> bool {
        self.shared.seen().answered.contains(effect)
    }

    /// The targets that are a person's to decide. When there are any, the job was stopped for them.
    ///
    /// # Errors
    /// There are such targets.
    pub fn check_lost(&self) -> Result<(), JournalError> {
        let lost = self.shared.seen().lost.clone();
        if lost.is_empty() {
            return Ok(());
        }
        Err(JournalError::Lost {
            job: self.shared.parts.stream.job().clone(),
            lost,
        })
    }
}

impl Performer for JournalPerformer {
    /// What is decided and told at once is done before it returns, so that effects are numbered in the order
    /// in which the plan asks.
    fn perform(&self, request: Request) -> Perform {
        let shared = &self.shared;
        shared.seen().asked.insert(request.id.clone());
        match &request.effect {
            Effect::Print { .. } | Effect::StartStep { .. } | Effect::FinishStep { .. } => {
                shared.say(request);
                Box::pin(ready(Outcome::Done))
            }
            Effect::Approve { message, by } => {
                let (message, by) = (message.clone(), by.clone());
                shared.approve(request, message, by)
            }
            _ => shared.decide_and_perform(request),
        }
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decide_and_perform(self: &Arc<Self>, request: Request) -> Perform {
        let parts = &self.parts;
        let id = request.id.clone();
        let entry = parts.journal.get(&id);
        let redo = parts.rules.redo.contains(&id);
        let told = asked(&request, parts.idempotent);
        let original = request.clone();
        let shared = Arc::clone(self);
        match decide(request, entry, redo, parts.clock.now()) {
            Decision::Answer(outcome) => {
                self.seen().answered.insert(id.clone());
                parts.stream.emit(EventKind::EffectReplayed { effect: id });
                Box::pin(ready(outcome))
            }
            Decision::Perform(request) => {
                self.start(&id, told);
                Box::pin(async move {
                    let outcome = shared.parts.inner.perform(request).await;
                    shared.finish(&id, outcome)
                })
            }
            Decision::Complete(completion) => {
                self.start(&id, told);
                Box::pin(async move {
                    let outcome = shared.complete(original, completion).await;
                    shared.finish(&id, outcome)
                })
            }
        }
    }

    fn start(&self, effect: &EffectId, asked: Asked) {
        self.parts.stream.emit(EventKind::EffectStarted {
            effect: effect.clone(),
            asked,
        });
    }

    /// Records the end, and hands the outcome on. An effect that is suspended, or has lost targets that are a person's
    /// to decide or still to be asked, has none.
    fn finish(&self, effect: &EffectId, outcome: Outcome) -> Outcome {
        let seen = self.seen();
        let undecided =
            seen.unasked.contains(effect) || seen.lost.iter().any(|lost| lost.effect == *effect);
        drop(seen);
        let reply = match &outcome {
            Outcome::Suspended => None,
            Outcome::Stopped if undecided => None,
            Outcome::Stopped => Some(Reply::Stopped),
            Outcome::Results { .. } => Some(Reply::Results),
            Outcome::Value { value } => Some(Reply::Value {
                value: value.clone(),
            }),
            Outcome::Done => Some(Reply::Done),
            Outcome::Failed { failure } => Some(Reply::Failed {
                failure: failure.clone(),
            }),
        };
        if let Some(reply) = reply {
            self.parts.stream.emit(EventKind::EffectFinished {
                effect: effect.clone(),
                reply,
            });
        }
        outcome
    }

    /// Does what is missing of a run, after what is lost has been found out about.
    async fn complete(&self, request: Request, mut completion: Completion) -> Outcome {
        let Effect::Run(run) = request.effect else {
            return self.parts.inner.perform(request).await;
        };
        let undecided = self.settle_lost(&request.id, &run, &mut completion).await;
        if self.seen().unasked.contains(&request.id) {
            // Whoever stops a job has decided nothing about its targets: the next resume asks them again.
            return Outcome::Stopped;
        }
        if !undecided.is_empty() {
            self.seen().lost.push(LostTargets {
                effect: request.id,
                object: run.action.object().to_owned(),
                targets: undecided.iter().map(|target| target.name.clone()).collect(),
            });
            // The plan must not be able to catch it and go on as if it knew.
            return Outcome::Stopped;
        }
        if completion.is_over_budget(&run) {
            // The process died before it could say that the rest is left alone.
            for (part, target) in completion.parts.iter_mut().zip(&run.targets) {
                if *part == Part::Missing {
                    let unreached = result_without_value(&run, target, 0, Status::Unreached);
                    *part = self.tell(&request.id, unreached);
                }
            }
        }
        let narrowed = completion.narrowed(&run);
        if !narrowed.targets.is_empty() {
            let outcome = self
                .parts
                .inner
                .perform(Request {
                    id: request.id,
                    place: request.place,
                    effect: Effect::Run(narrowed),
                    urgency: request.urgency,
                })
                .await;
            let Outcome::Results { results } = outcome else {
                return outcome;
            };
            fill(&mut completion, &run, &results);
        }
        completion
            .results()
            .map_or(Outcome::Stopped, |results| Outcome::Results { results })
    }

    /// Finds out about lost targets. Gives those that a person has to decide about.
    async fn settle_lost(
        &self,
        effect: &EffectId,
        run: &Run,
        completion: &mut Completion,
    ) -> Vec<Arc<Target>> {
        let lost: Vec<(usize, Started)> = completion
            .parts
            .iter()
            .enumerate()
            .filter_map(|(at, part)| match part {
                Part::Lost(started) => Some((at, *started)),
                Part::Known(_) | Part::Missing => None,
            })
            .collect();
        let findings = lost.into_iter().map(|(at, started)| {
            let finding = self
                .parts
                .inquiry
                .find(effect, run, &run.targets[at], started);
            async move { (at, started, finding.await) }
        });
        let found: Vec<(usize, Started, Found)> = stream::iter(findings)
            .buffered(INQUIRIES_MAX)
            .collect()
            .await;
        let harmless = is_idempotent(run, self.parts.idempotent);
        let mut undecided = Vec::new();
        for (at, started, found) in found {
            let target = &run.targets[at];
            let rule = self.parts.rules.lost;
            completion.parts[at] = match found {
                Found::Finished(result) => self.tell(effect, *result),
                Found::NeverStarted => Part::Missing,
                Found::Unasked => {
                    self.seen().unasked.insert(effect.clone());
                    Part::Lost(started)
                }
                Found::Unknown if harmless || rule == LostRule::Rerun => Part::Missing,
                Found::Unknown => {
                    if let Some(result) = assumed(run, target, started.attempt, rule) {
                        self.tell(effect, result)
                    } else {
                        undecided.push(Arc::clone(target));
                        Part::Lost(started)
                    }
                }
            };
        }
        undecided
    }

    fn tell(&self, effect: &EffectId, result: TargetResult) -> Part {
        let result = Arc::new(result);
        self.parts.stream.emit(EventKind::TargetFinished {
            effect: effect.clone(),
            result: Arc::clone(&result),
        });
        Part::Known(result)
    }

    /// Messages and steps are events and nothing else. One that was told before is not told again.
    fn say(&self, request: Request) {
        let Request {
            id, place, effect, ..
        } = request;
        let (journal, stream) = (&self.parts.journal, &self.parts.stream);
        match effect {
            Effect::Print { level, text } => {
                let is_told = journal.get(&id).is_some_and(|entry| entry.reply.is_some());
                if is_told && !self.parts.rules.redo.contains(&id) {
                    return;
                }
                // With the effect in it, it keeps a resume from saying it twice.
                let effect = Some(id);
                stream.emit(EventKind::MessagePrinted {
                    effect,
                    level,
                    text,
                });
            }
            Effect::StartStep { name, after } => {
                let is_told = journal.step(&id.branch, &name).is_some_and(|step| {
                    let end = step.end.as_ref();
                    end.is_none_or(|end| end.status == StepStatus::Done)
                });
                if !is_told {
                    let branch = id.branch;
                    stream.emit(EventKind::StepStarted {
                        branch,
                        name,
                        place,
                        after,
                    });
                }
            }
            Effect::FinishStep {
                name,
                status,
                failure,
                because,
                after,
            } => {
                let is_same = |end: &StepEnd| {
                    (end.status, &end.failure) == (status, &failure)
                        && (because.is_none() || end.because == because)
                };
                let step = journal.step(&id.branch, &name);
                if step.and_then(|step| step.end.as_ref()).is_some_and(is_same) {
                    return;
                }
                let branch = id.branch;
                stream.emit(if status == StepStatus::Skipped {
                    EventKind::StepSkipped {
                        branch,
                        name,
                        because: because.unwrap_or_default(),
                        after,
                    }
                } else {
                    EventKind::StepFinished {
                        branch,
                        name,
                        status,
                        failure,
                        after,
                    }
                });
            }
            _ => {}
        }
    }

    /// Asks for an approval once. The answer is given by whoever the inner performer can ask, or comes by an event
    /// of another process while the job is suspended.
    fn approve(self: &Arc<Self>, request: Request, message: String, by: ApproveBy) -> Perform {
        if let Some(outcome) = self.recorded_approval(&request, &message, &by) {
            return Box::pin(ready(outcome));
        }
        let effect = request.id.clone();
        self.start(&effect, asked(&request, self.parts.idempotent));
        self.parts.stream.emit(EventKind::ApprovalAsked {
            effect: effect.clone(),
            message,
            by: by.names,
        });
        let shared = Arc::clone(self);
        Box::pin(async move {
            let outcome = shared.parts.inner.perform(request).await;
            if let Outcome::Value { value } = &outcome {
                let answer = |key| value.as_map().and_then(|answer| answer.get(key));
                let text = |key| answer(key).and_then(Value::as_str).unwrap_or_default();
                shared.parts.stream.emit(EventKind::ApprovalGiven {
                    effect: effect.clone(),
                    who: text("by").to_owned(),
                    approved: answer("approved").and_then(Value::as_bool) == Some(true),
                    comment: text("comment").to_owned(),
                });
            }
            shared.finish(&effect, outcome)
        })
    }

    /// What is on record of an approval; nothing if it was never asked.
    fn recorded_approval(
        &self,
        request: &Request,
        message: &str,
        by: &ApproveBy,
    ) -> Option<Outcome> {
        let id = &request.id;
        let (journal, stream) = (&self.parts.journal, &self.parts.stream);
        let entry = journal
            .get(id)
            .filter(|_| !self.parts.rules.redo.contains(id));
        if let Some(outcome) = entry.and_then(|entry| answer(entry, &request.effect)) {
            self.seen().answered.insert(id.clone());
            stream.emit(EventKind::EffectReplayed { effect: id.clone() });
            return Some(outcome);
        }
        let approval = entry.and_then(|entry| entry.approval.as_ref())?;
        if let Some(given) = &approval.given {
            let value = approval_value(&given.who, given.approved, &given.comment);
            return Some(self.finish(id, Outcome::Value { value }));
        }
        let waited = self.parts.clock.now().duration_since(approval.asked_at);
        let is_over =
            |timeout| SignedDuration::try_from(timeout).is_ok_and(|limit| waited >= limit);
        if by.timeout.is_some_and(is_over) {
            let failure = Failure::new(
                APPROVAL_TIMEOUT,
                format!("nobody answered in time: {message}"),
            );
            return Some(self.finish(id, Outcome::Failed { failure }));
        }
        Some(Outcome::Suspended)
    }
}

/// Puts new results where they are missing. A performer that forgot a target has not reached it.
fn fill(completion: &mut Completion, run: &Run, results: &ResultSet) {
    let mut by_name: std::collections::HashMap<_, _> = results
        .iter()
        .map(|result| (&result.target, result))
        .collect();
    for (part, target) in completion.parts.iter_mut().zip(&run.targets) {
        if *part == Part::Missing {
            let result = by_name.remove(&target.name).map_or_else(
                || Arc::new(result_without_value(run, target, 0, Status::Unreached)),
                Arc::clone,
            );
            *part = Part::Known(result);
        }
    }
}

/// The result that a person has decided on beforehand.
fn assumed(run: &Run, target: &Target, attempt: u32, rule: LostRule) -> Option<TargetResult> {
    match rule {
        LostRule::AssumeSucceeded => Some(result_without_value(
            run,
            target,
            attempt,
            Status::Succeeded,
        )),
        LostRule::AssumeFailed => Some(result_without_value(run, target, attempt, Status::Failed)),
        LostRule::Decide | LostRule::Rerun => None,
    }
}

fn result_without_value(run: &Run, target: &Target, attempts: u32, status: Status) -> TargetResult {
    let failure = match status {
        Status::Succeeded => None,
        Status::Unreached => Some(Failure::new(kinds::UNREACHED, "it was not reached")),
        _ => Some(Failure::new(
            kinds::LOST,
            "what became of it is not known; it was taken to have failed",
        )),
    };
    TargetResult {
        target: target.name.clone(),
        action: run.action.kind(),
        object: run.action.object().to_owned(),
        status,
        value: ResultValue::default(),
        failure,
        duration_ms: 0,
        attempts,
    }
}
