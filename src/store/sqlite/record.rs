//! Events as they wait to be written: already text, so that the writer only writes.

use jiff::Timestamp;

use crate::{
    event::{Event, EventKind},
    model::{EffectId, JobId, TargetName},
    store::{Lease, Receipts, output::OutputKey, secrets, summary::SummaryChange},
};

/// One event in the queue.
pub(super) struct Record {
    pub(super) job: JobId,
    pub(super) token: i64,
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    pub(super) receipts: Receipts,
    pub(super) turn: Turn,
    pub(super) content: Content,
}

pub(super) enum Content {
    Event {
        body: String,
        /// In clear: sealed by the writer.
        secrets: Option<String>,
        change: Option<SummaryChange>,
    },
    Output {
        key: OutputKey,
        text: String,
    },
}

/// How soon an event is to be kept.
pub(super) enum Turn {
    /// Nothing waits for it.
    Any,
    /// Somebody waits for it.
    Next,
    /// Something waits to begin on a target.
    Begins(Work),
    /// It is over, and so is its output.
    Ends(Work),
}

/// What is done on one target for one effect.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Work {
    pub(super) effect: EffectId,
    pub(super) target: TargetName,
}

impl Record {
    pub(super) fn new(lease: &Lease, event: &Event, receipts: &Receipts) -> Self {
        let content = match &event.kind {
            EventKind::OutputChunk {
                effect,
                target,
                stream,
                text,
            } => Content::Output {
                key: OutputKey {
                    effect: effect.clone(),
                    target: target.clone(),
                    stream: *stream,
                },
                text: text.clone(),
            },
            kind => Content::Event {
                body: serde_json::to_string(kind).expect("events are JSON"),
                secrets: secrets::take(kind),
                change: SummaryChange::of(event),
            },
        };
        Self {
            job: lease.job.clone(),
            token: lease.token,
            seq: event.seq,
            at: event.at,
            receipts: receipts.clone(),
            turn: Turn::of(&event.kind),
            content,
        }
    }

    /// The output in it, which may be left out; or the record itself, which may not.
    pub(super) fn into_output(self: Box<Self>) -> Result<(JobId, OutputKey, usize), Box<Self>> {
        match self.content {
            Content::Output { key, text } => Ok((self.job, key, text.len())),
            content @ Content::Event { .. } => Err(Box::new(Self { content, ..*self })),
        }
    }

    pub(super) const fn is_output(&self) -> bool {
        matches!(self.content, Content::Output { .. })
    }
}

impl Turn {
    fn of(kind: &EventKind) -> Self {
        let work = |effect: &EffectId, target: &TargetName| Work {
            effect: effect.clone(),
            target: target.clone(),
        };
        match kind {
            EventKind::TargetStarted { effect, target, .. } => Self::Begins(work(effect, target)),
            EventKind::TargetFinished { effect, result } => {
                Self::Ends(work(effect, &result.target))
            }
            // People wait for a job that begins, asks or ends.
            EventKind::JobStarted { .. }
            | EventKind::JobResumed { .. }
            | EventKind::JobStopping { .. }
            | EventKind::JobFinished { .. }
            | EventKind::ApprovalAsked { .. }
            | EventKind::ApprovalGiven { .. } => Self::Next,
            _ => Self::Any,
        }
    }

    /// Whether whoever gathers has to look at it as soon as it comes.
    pub(super) const fn is_pressing(&self, is_crowded: bool) -> bool {
        match self {
            Self::Any | Self::Ends(_) => false,
            Self::Next => true,
            Self::Begins(_) => !is_crowded,
        }
    }
}
