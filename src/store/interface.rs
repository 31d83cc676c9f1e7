//! What a store is: the trait that every kind of store implements, and that `contract.rs` tests.
//!
//! It is synchronous. All but [`Store::append`] is rare and short, most callers are commands that do one thing
//! and end, and a store over a network has a thread of its own for its connection, as the one on disk has for its
//! writes. What must not wait, the events of a running job, is queued by `append` and its safety awaited through
//! [`super::Durable`].

use jiff::Timestamp;

use super::{
    Holder, JobFilter, JobSummary, Lease, LockConflict, NumberedRequest, OutputCut, OutputFilter,
    Receipts, Request, StoreError,
};
use crate::{
    event::Event,
    model::{JobId, Secret, TargetName},
};

/// Keeps jobs.
///
/// A job is its events. Each job has one writer at a time, the holder of its lease; everybody may read,
/// and leaves a [`Request`] to be heard by the writer.
#[expect(
    clippy::missing_errors_doc,
    reason = "every one fails when the store does, or knows no such job; what else there is, is said"
)]
pub trait Store: Send + Sync {
    /// Makes a job with an id that no other job of this store has, held by `holder`.
    fn create_job(&self, holder: &Holder, now: Timestamp) -> Result<Lease, StoreError>;

    /// Takes a job up again. What was asked of its former process (stopping) is forgotten.
    ///
    /// # Errors
    /// [`StoreError::JobRunning`] if the process that holds it is alive. Of two that try at once, one gets it.
    fn take_job(&self, job: &JobId, holder: &Holder, now: Timestamp) -> Result<Lease, StoreError>;

    /// What secrets of this job are digested with: the same in each of its lives, and kept apart from its events.
    ///
    /// # Errors
    /// It was there when the job began and is not any more.
    fn identity_key(&self, lease: &Lease) -> Result<Secret<Vec<u8>>, StoreError>;

    /// Says that the holder is still there.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] if another process has taken the job.
    fn beat(&self, lease: &Lease, now: Timestamp) -> Result<(), StoreError>;

    /// Gives the job and its locks on targets back, after all that was appended is kept.
    fn release(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Queues an event of the job. It is kept in the order of the calls, together with others that wait,
    /// and `receipts` are told. When the queue is full, output is left out and counted; all else waits for its turn.
    fn append(&self, lease: &Lease, event: &Event, receipts: &Receipts);

    /// Returns when everything that was appended before is kept or has failed.
    fn flush(&self) -> Result<(), StoreError>;

    /// The events of a job with a number above `after`, in order, at most `limit`. Output is not among them.
    fn events(&self, job: &JobId, after: u64, limit: usize) -> Result<Vec<Event>, StoreError>;

    /// The output of a job, as events, with a number above the filter's, in order.
    fn output(&self, job: &JobId, filter: &OutputFilter) -> Result<Vec<Event>, StoreError>;

    /// Where output was left out, and how much.
    fn output_cuts(&self, job: &JobId) -> Result<Vec<OutputCut>, StoreError>;

    /// The jobs that match, the latest first.
    fn jobs(&self, filter: &JobFilter, now: Timestamp) -> Result<Vec<JobSummary>, StoreError>;

    /// One job.
    fn job(&self, job: &JobId, now: Timestamp) -> Result<JobSummary, StoreError>;

    /// The job that a person means: its id or the beginning of it, or `last`.
    fn find_job(&self, typed: &str) -> Result<JobId, StoreError>;

    /// Leaves a request for the process that runs the job.
    fn request(&self, job: &JobId, request: &Request, now: Timestamp) -> Result<(), StoreError>;

    /// The requests with a number above `after`, in order.
    fn requests(&self, job: &JobId, after: u64) -> Result<Vec<NumberedRequest>, StoreError>;

    /// Locks all of these targets for the job, or none. Gives those that other jobs hold: empty means locked.
    /// A job whose process died holds nothing; locking twice is locking once.
    ///
    /// Only jobs of the same store see each other's locks.
    fn lock_targets(
        &self,
        lease: &Lease,
        targets: &[TargetName],
        now: Timestamp,
    ) -> Result<Vec<LockConflict>, StoreError>;

    /// Gives locks back. Targets that the job does not hold are passed over.
    fn unlock_targets(&self, lease: &Lease, targets: &[TargetName]) -> Result<(), StoreError>;

    /// Removes a job and all that belongs to it.
    ///
    /// # Errors
    /// [`StoreError::JobRunning`] if its process is alive.
    fn delete_job(&self, job: &JobId, now: Timestamp) -> Result<(), StoreError>;

    /// Removes the jobs that were started before `before` and that no living process holds; gives their ids.
    fn prune(&self, before: Timestamp, now: Timestamp) -> Result<Vec<JobId>, StoreError>;

    /// How much is kept.
    fn size(&self) -> Result<StoreSize, StoreError>;
}

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreSize {
    /// On disk; 0 for a store in memory.
    pub bytes: u64,
    pub jobs: u64,
    pub events: u64,
}

/// The `limit` of [`Store::events`] and [`Store::output`] for all there are.
pub const NO_LIMIT: usize = usize::MAX;
