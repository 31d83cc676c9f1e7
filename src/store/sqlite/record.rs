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
    pub(super) content: Content,
}

pub(super) enum Content {
    Event {
        body: String,
        /// In clear: sealed by the writer.
        secrets: Option<String>,
        change: Option<SummaryChange>,
        /// The target whose output has come to its end.
        over: Option<(EffectId, TargetName)>,
    },
    Output {
        key: OutputKey,
        text: String,
    },
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
                over: match kind {
                    EventKind::TargetFinished { effect, result } => {
                        Some((effect.clone(), result.target.clone()))
                    }
                    _ => None,
                },
            },
        };
        Self {
            job: lease.job.clone(),
            token: lease.token,
            seq: event.seq,
            at: event.at,
            receipts: receipts.clone(),
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
