//! Performing effects: dispatcher, lanes, limits, timeouts, retries, cancellation, journal.
//!
//! Reaches targets through the traits of `transport`, and keeps what happened through those of `store`.
//! Knows nothing of Rhai, of SQL or of the terminal.

mod ask;
mod controller;
mod dispatch;
mod fan_out;
mod gate;
mod inquire;
mod journal;
mod lane;
mod live;
mod locks;
mod operator;
mod preview;
mod ready;
mod stop;
mod told;
mod try_once;

pub use self::{
    gate::Gate,
    journal::{
        Approval, ApprovalGiven, Entry, Finding, Found, Inquiry, Journal, JournalError,
        JournalParts, JournalPerformer, LostRule, LostTargets, NoInquiry, PreviewLine,
        ResumePreview, ResumeRules, Started, TargetRecord,
    },
    live::{Connections, DEFAULT_TIMEOUT, LiveOptions, LiveParts, LivePerformer},
    locks::TargetLocks,
    operator::{NoOperator, Operator, Question},
    preview::{
        Answer, Decision, Difference, PREVIEWED_MAX, PreviewParts, PreviewPerformer, PreviewRecord,
        Previewed, Unknown, ways,
    },
    stop::{StopHandle, StopSignal, StopStage},
};
