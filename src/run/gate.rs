//! What has to be on record before it may happen.

use std::{future::Future, pin::Pin, sync::Arc};

/// Waits until an event is kept. Nothing is started on a target before its start is.
pub trait Gate: Send + Sync {
    /// Ends when the event of this number, and all before it, are on record.
    ///
    /// # Errors
    /// They can't be kept; the text says why. The work that they allow must not be started.
    fn kept(&self, seq: u64) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
}

/// Keeps nothing, so everything may happen at once: for `--ephemeral`.
#[derive(Clone, Copy, Debug)]
pub struct OpenGate;

impl Gate for OpenGate {
    fn kept(&self, _seq: u64) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl<G: Gate + ?Sized> Gate for Arc<G> {
    fn kept(&self, seq: u64) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
        (**self).kept(seq)
    }
}
