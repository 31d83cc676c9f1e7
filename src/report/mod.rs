//! What people and scripts read: terminal, JSON, JSON lines.
//!
//! Draws from events and from the fold of events, and has no state of its own. Writes where it is told to;
//! whether that is a terminal is for the command to know.

mod cut_cleanup;
mod human;
mod job_page;
mod job_record;
mod json;
mod json_lines;
mod language;
mod result_lines;

pub use self::{
    human::{Detail, Human},
    job_page::{JobPage, local_time},
    job_record::job_record,
    json::{job_document, result_document, status_word},
    json_lines::JsonLines,
    language::{Topic, language_page, topic_text},
};
