//! Asking a target what became of a run that was going on when the controller went away.

use std::{future::Future, pin::Pin, sync::Arc};

use super::Started;
use crate::{
    model::{EffectId, Target, TargetResult},
    plan::Run,
};

/// What a target knows of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// It came to its end while nobody listened.
    Finished(Box<TargetResult>),
    /// Nothing of it ever reached the target.
    NeverStarted,
    /// It can't be said.
    Unknown,
    /// The job was stopped before it could be said. It can be asked again.
    Unasked,
}

/// An answer that is on its way.
pub type Finding = Pin<Box<dyn Future<Output = Found> + Send>>;

/// Whoever can ask.
pub trait Inquiry: Send + Sync {
    /// Asks one target for the outcome of one start. A run that is still going on is waited for.
    fn find(&self, effect: &EffectId, run: &Run, target: &Arc<Target>, started: Started)
    -> Finding;
}

/// Asks nobody: nothing can be said.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoInquiry;

impl Inquiry for NoInquiry {
    fn find(&self, _: &EffectId, _: &Run, _: &Arc<Target>, _: Started) -> Finding {
        Box::pin(std::future::ready(Found::Unknown))
    }
}
