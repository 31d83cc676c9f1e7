//! The live performer: effects happen, on targets and on the controller.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use super::{
    asked::asked,
    controller::Controller,
    fan_out::FanOut,
    gate::Gate,
    lane::Lanes,
    operator::Operator,
    stop::{StopSignal, StopStage},
};
use crate::{
    clock::Clock,
    event::{EventKind, Reply, Stream},
    model::{EffectId, StepStatus},
    plan::{Effect, Outcome, Perform, Performer, Request},
    project::Project,
    transport::Transport,
};

/// How long an action may take on a target that does not say otherwise.
///
/// An hour is more than any sane restart, and less than a night of waiting for a task that hangs.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_hours(1);

/// How a job is run.
#[derive(Clone, Copy, Debug)]
pub struct LiveOptions {
    /// How many targets are worked on at the same time, over all actions of the job.
    pub concurrency: NonZeroUsize,
    pub timeout: Duration,
    /// Tell what targets print while they print it.
    pub stream_output: bool,
}

/// What a live performer works with.
pub struct LiveParts {
    pub transport: Arc<dyn Transport>,
    pub stream: Stream,
    pub gate: Arc<dyn Gate>,
    pub stop: StopSignal,
    pub clock: Clock,
    pub project: Project,
    pub operator: Arc<dyn Operator>,
    pub options: LiveOptions,
}

/// Performs effects. Cloning it gives another handle to the same connections and limits.
#[derive(Clone)]
pub struct LivePerformer {
    shared: Arc<Shared>,
}

/// What all effects of a job share.
pub(super) struct Shared {
    pub(super) lanes: Lanes,
    /// One permit for each target that is worked on.
    pub(super) slots: Semaphore,
    pub(super) stream: Stream,
    pub(super) gate: Arc<dyn Gate>,
    pub(super) stop: StopSignal,
    pub(super) clock: Clock,
    pub(super) options: LiveOptions,
    controller: Controller,
}

impl LivePerformer {
    #[must_use]
    pub fn new(parts: LiveParts) -> Self {
        let controller = Controller::new(parts.clock.clone(), parts.project, parts.operator);
        Self {
            shared: Arc::new(Shared {
                lanes: Lanes::new(parts.transport),
                slots: Semaphore::new(parts.options.concurrency.get()),
                stream: parts.stream,
                gate: parts.gate,
                stop: parts.stop,
                clock: parts.clock,
                options: parts.options,
                controller,
            }),
        }
    }

    /// Closes every connection of the job.
    pub async fn close(&self) {
        self.shared.lanes.close().await;
    }
}

impl Performer for LivePerformer {
    fn perform(&self, request: Request) -> Perform {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.perform(request).await })
    }
}

impl Shared {
    async fn perform(self: Arc<Self>, request: Request) -> Outcome {
        if self.stop.stage() >= StopStage::Drain && !survives_stop(&request.effect) {
            return Outcome::Stopped;
        }
        match request.effect {
            Effect::Print { level, text } => {
                let effect = Some(request.id);
                self.stream.emit(EventKind::MessagePrinted { effect, level, text });
                Outcome::Done
            }
            Effect::StartStep { name } => {
                self.stream.emit(EventKind::StepStarted {
                    branch: request.id.branch,
                    name,
                    place: request.place,
                });
                Outcome::Done
            }
            Effect::FinishStep {
                name,
                status,
                failure,
                because,
            } => {
                let branch = request.id.branch;
                self.stream.emit(match because {
                    Some(because) if status == StepStatus::Skipped => EventKind::StepSkipped {
                        branch,
                        name,
                        because,
                    },
                    _ => EventKind::StepFinished {
                        branch,
                        name,
                        status,
                        failure,
                    },
                });
                Outcome::Done
            }
            _ => self.perform_recorded(request).await,
        }
    }

    /// An effect with a beginning and an end, both on record.
    async fn perform_recorded(self: Arc<Self>, request: Request) -> Outcome {
        let id = request.id.clone();
        self.stream.emit(EventKind::EffectStarted {
            effect: id.clone(),
            asked: asked(&request),
        });
        let outcome = match request.effect {
            Effect::Run(run) => FanOut::new(Arc::clone(&self), id.clone(), run).run().await,
            Effect::Approve { message, by } => {
                return self.approve(&id, message, by.names).await;
            }
            effect => tokio::select! {
                outcome = self.controller.perform(effect) => outcome,
                () = self.stop.reached(StopStage::Drain) => Outcome::Stopped,
            },
        };
        if let Some(reply) = reply(&outcome) {
            self.stream.emit(EventKind::EffectFinished { effect: id, reply });
        }
        outcome
    }

    /// Asks whoever is there. Without anybody the job is suspended, and the answer comes from outside.
    async fn approve(&self, id: &EffectId, message: String, by: Vec<String>) -> Outcome {
        let may_ask = by.is_empty() && self.controller.has_operator();
        self.stream.emit(EventKind::ApprovalAsked {
            effect: id.clone(),
            message: message.clone(),
            by,
        });
        if !may_ask {
            return Outcome::Suspended;
        }
        let consent = tokio::select! {
            consent = self.controller.consent(message) => consent,
            () = self.stop.reached(StopStage::Drain) => return Outcome::Stopped,
        };
        match consent {
            Ok((who, approved)) => {
                self.stream.emit(EventKind::ApprovalGiven {
                    effect: id.clone(),
                    who: who.clone(),
                    approved,
                    comment: String::new(),
                });
                let outcome = Controller::approval(approved, &who, "");
                if let Some(reply) = reply(&outcome) {
                    let effect = id.clone();
                    self.stream.emit(EventKind::EffectFinished { effect, reply });
                }
                outcome
            }
            Err(failure) => Outcome::Failed { failure },
        }
    }
}

/// What may still happen while the job is being stopped: telling, ending steps, cleaning up.
fn survives_stop(effect: &Effect) -> bool {
    match effect {
        Effect::Print { .. } | Effect::FinishStep { .. } => true,
        Effect::Run(run) => run.options.cleanup,
        _ => false,
    }
}

/// What is recorded of an outcome; nothing, if the effect has not come to an end.
fn reply(outcome: &Outcome) -> Option<Reply> {
    match outcome {
        Outcome::Results { .. } => Some(Reply::Results),
        Outcome::Value { value } => Some(Reply::Value {
            value: value.clone(),
        }),
        Outcome::Done => Some(Reply::Done),
        Outcome::Failed { failure } => Some(Reply::Failed {
            failure: failure.clone(),
        }),
        Outcome::Stopped => Some(Reply::Stopped),
        Outcome::Suspended => None,
    }
}
