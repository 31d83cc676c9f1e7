//! Finds what is wrong with a plan before it runs, all at once, and without touching anything.
//!
//! It says nothing that it does not know: what depends on a value that only a run can give is left to the run.

mod action;
mod assign;
mod bodies;
mod call;
mod checker;
mod closure;
mod default;
mod flow;
mod foreign;
mod forgotten;
mod function;
mod import;
mod kind;
mod literal;
mod lost;
mod lower;
mod lower_expression;
mod lower_function;
mod member;
mod options;
mod parameter;
mod parse;
mod project_view;
mod reading;
mod report;
mod scope;
mod secret;
mod statement;
mod steps;
mod survey;
#[cfg(test)]
mod tests;
mod through;
mod tree;
mod value;
mod vocabulary;
mod walk;
mod world;

pub use self::{
    checker::{check, check_file, written_graphs},
    project_view::ProjectView,
    reading::Reading,
    steps::WrittenGraph,
    world::{CheckWorld, Lookup, TaskView, UnknownTargets},
};
pub(super) use self::{parse::parses_at, vocabulary::our_type};
