//! Keeping jobs: their events, output and sealed secrets. The only room that speaks SQL.
//!
//! Knows nothing of how effects are performed or shown. A job is its events: all else that is kept of it
//! (the summary in lists) is made of them when they are written, or says who holds it.

mod approval;
mod durable;
mod error;
mod finding;
mod holder;
mod interface;
mod keeper;
mod lease;
mod location;
mod memory;
mod output;
mod readers;
mod request;
mod seal;
mod secrets;
mod sink;
mod sqlite;
mod summary;

#[cfg(test)]
mod contract;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod fold;
#[cfg(test)]
pub(crate) mod sample;

pub use self::{
    approval::{Answered, ApprovalAnswer, answer_approval},
    durable::{Durable, Receipts},
    error::StoreError,
    holder::Holder,
    interface::{NO_LIMIT, Store, StoreSize},
    keeper::{Call, Keeper},
    lease::{Lease, LockConflict},
    location::Location,
    memory::MemoryStore,
    output::{OutputCut, OutputFilter, STORED_OUTPUT},
    readers::{Readers, ReadersSink},
    request::{NumberedRequest, Request},
    sink::StoreSink,
    sqlite::{Access, SqliteOptions, SqliteStore},
    summary::{JobFilter, JobState, JobSummary, ParseJobStateError},
};
