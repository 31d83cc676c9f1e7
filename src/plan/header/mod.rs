//! What a plan says of itself before it begins: its description and its parameters.
//!
//! `param name: Type [= default];` lines are read here and erased in place before Rhai sees the text.

mod declaration;
mod erase;
mod explain;
mod fault;
mod header_part;
mod outline;
mod param;

pub use self::param::{DefaultExpression, Header, PlanParam};
pub(super) use self::{
    erase::{erased, erased_but_defaults},
    header_part::{HeaderPart, header_part},
    param::comment_text,
};
