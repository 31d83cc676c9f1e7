//! Answering an approval that a job waits for.

use jiff::Timestamp;

use super::{Holder, Receipts, Request, Store, StoreError};
use crate::{
    event::{Event, EventKind},
    model::{EffectId, JobId},
};

/// The answer of somebody who may give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalAnswer {
    pub effect: EffectId,
    pub who: String,
    pub approved: bool,
    pub comment: String,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It is recorded; resuming the job goes on with it.
    Recorded,
    /// The job is running: its process is told, and records it.
    Told,
}

/// Gives an answer to a job: into its events if nobody runs it, else to the process that does.
///
/// # Errors
/// There is no such job, or the store failed.
pub fn answer_approval(
    store: &dyn Store,
    job: &JobId,
    answer: ApprovalAnswer,
    now: Timestamp,
) -> Result<Answered, StoreError> {
    let lease = match store.take_job(job, &Holder::here(), now) {
        Ok(lease) => lease,
        Err(StoreError::JobRunning { .. }) => {
            let request = Request::AnswerApproval {
                effect: answer.effect,
                who: answer.who,
                approved: answer.approved,
                comment: answer.comment,
            };
            store.request(job, &request, now)?;
            return Ok(Answered::Told);
        }
        Err(error) => return Err(error),
    };
    let event = Event {
        seq: lease.seq_last + 1,
        at: now,
        job: job.clone(),
        kind: EventKind::ApprovalGiven {
            effect: answer.effect,
            who: answer.who,
            approved: answer.approved,
            comment: answer.comment,
        },
    };
    let (receipts, durable) = Receipts::new(lease.seq_last);
    store.append(&lease, &event, &receipts);
    // Everything before it is written when the lease is given back.
    store.release(&lease)?;
    durable.failure().map_or(Ok(Answered::Recorded), Err)
}
