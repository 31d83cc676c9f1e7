//! Performing effects: dispatcher, lanes, limits, timeouts, retries, cancellation, journal.
//!
//! Reaches targets through the traits of `transport`, and keeps what happened through those of `store`.

mod journal;

pub use self::journal::{
    Approval, ApprovalGiven, Entry, Finding, Found, Inquiry, Journal, JournalError, JournalParts,
    JournalPerformer, LostRule, LostTargets, NoInquiry, PreviewLine, ResumePreview, ResumeRules,
    Started, TargetRecord,
};
