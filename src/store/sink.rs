//! Feeds the events of a job to the store as they come.

use std::sync::Arc;

use super::{Durable, Lease, Receipts, Store};
use crate::event::{Event, EventSink};

/// The store among the sinks of a [`crate::event::Stream`].
///
/// When the store fails the job goes on: its events still reach the other sinks. Whoever has to know that an event
/// is safe before it goes on asks the [`Durable`], and is told of the failure by it.
pub struct StoreSink {
    store: Arc<dyn Store>,
    lease: Lease,
    receipts: Receipts,
}

impl StoreSink {
    /// A sink for the job of this lease, and the means to wait for what it was given.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, lease: Lease) -> (Self, Durable) {
        let (receipts, durable) = Receipts::new(lease.seq_last);
        let sink = Self {
            store,
            lease,
            receipts,
        };
        (sink, durable)
    }
}

impl EventSink for StoreSink {
    fn event(&mut self, event: &Event) {
        self.store.append(&self.lease, event, &self.receipts);
    }
}
