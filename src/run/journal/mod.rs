//! The journal: what a job has asked and what came of it, and the performer that answers from it.
//!
//! The journal is the events of the job, folded another way; nothing is written for it alone.

mod asked;
mod decision;
mod entry;
mod error;
mod inquiry;
mod performer;
mod preview;
mod record;
mod rules;

#[cfg(test)]
mod cut;
#[cfg(test)]
mod script;

pub(super) use self::{asked::asked, decision::approval_value};
pub use self::{
    entry::{Approval, ApprovalGiven, Entry, Started, TargetRecord},
    error::{JournalError, LostTargets},
    inquiry::{Finding, Found, Inquiry, NoInquiry},
    performer::{JournalParts, JournalPerformer},
    preview::{PreviewLine, ResumePreview},
    record::Journal,
    rules::{LostRule, ResumeRules},
};
