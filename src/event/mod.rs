//! The facts about a job: one numbered stream, and the fold that makes the state of the job of it.
//!
//! Reporters, the store, the journal and the console read this and nothing else.
//! Knows nothing of who performs effects or of where events are kept.

mod kind;
mod stream;
mod view;

pub use self::{
    kind::{Asked, Event, EventClass, EventKind, JobKind, JobOrigin, JobStatus, Reply, StopReason},
    stream::{EventSink, Stream},
    view::{EffectView, JobView, ResumeView, StepView, TargetCounts},
};
