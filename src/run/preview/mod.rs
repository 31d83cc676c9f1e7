//! The preview: nothing is performed, every effect is written down, and what nobody can know before is marked as such.

mod performer;
mod record;
mod way;

pub use self::{
    performer::{PREVIEWED_MAX, PreviewParts, PreviewPerformer},
    record::{Answer, Decision, PreviewRecord, Previewed, Unknown},
    way::{Difference, ways},
};
