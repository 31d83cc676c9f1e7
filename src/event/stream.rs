//! The one place where events get their number and their time.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::{Event, EventKind};
use crate::model::JobId;

/// Whoever reads the events of a job: the store, a reporter, the live view.
///
/// Called in the order of the numbers, one event at a time, so a sink needs no lock of its own
/// and must not block: what is slow belongs behind a queue.
pub trait EventSink: Send {
    fn event(&mut self, event: &Event);
}

impl<F: FnMut(&Event) + Send> EventSink for F {
    fn event(&mut self, event: &Event) {
        self(event);
    }
}

/// The stream of one job. Cloning it gives another handle to the same stream.
#[derive(Clone)]
pub struct Stream {
    job: JobId,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    state: Arc<Mutex<State>>,
}

struct State {
    seq: u64,
    sinks: Vec<Box<dyn EventSink>>,
}

impl Stream {
    /// A stream whose next event has the number after `seq_last`: 0 for a new job.
    pub fn new(
        job: JobId,
        seq_last: u64,
        now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
        sinks: Vec<Box<dyn EventSink>>,
    ) -> Self {
        let state = State {
            seq: seq_last,
            sinks,
        };
        Self {
            job,
            now,
            state: Arc::new(Mutex::new(state)),
        }
    }

    #[must_use]
    pub const fn job(&self) -> &JobId {
        &self.job
    }

    /// The number of the last event.
    #[must_use]
    pub fn seq_last(&self) -> u64 {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.seq
    }

    /// Numbers an event, gives it to every sink in turn, and returns its number.
    pub fn emit(&self, kind: EventKind) -> u64 {
        // A sink that panicked has poisoned the lock; the others still want to know.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.seq += 1;
        let event = Event {
            seq: state.seq,
            at: (self.now)(),
            job: self.job.clone(),
            kind,
        };
        for sink in &mut state.sinks {
            sink.event(&event);
        }
        event.seq
    }
}
