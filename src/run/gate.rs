//! What has to be on record before it may happen.

use std::{future::Future, pin::Pin, sync::Arc};

use crate::store::Durable;

/// Waits until an event is kept. Nothing is started on a target before its start is.
pub trait Gate: Send + Sync {
    /// Ends when the event of this number, and all before it, are on record.
    ///
    /// # Errors
    /// They can't be kept; the text says why. The work that they allow must not be started.
    fn kept(&self, seq: u64) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
}

impl Gate for Durable {
    fn kept(&self, seq: u64) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
        let durable = self.clone();
        Box::pin(async move { durable.upto(seq).await.map_err(|error| error.to_string()) })
    }
}

impl<G: Gate + ?Sized> Gate for Arc<G> {
    fn kept(&self, seq: u64) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
        (**self).kept(seq)
    }
}
