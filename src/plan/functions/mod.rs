//! The functions of the language, by theme. Each theme is a list of entries that hold the documentation and the
//! native function side by side.

mod branching;
mod catalog;
mod controller;
mod data;
mod error;
mod expectation;
mod files;
mod graph;
mod growth;
mod inventory;
mod list;
mod list_walk;
mod patience;
mod plan;
mod result;
mod result_set;
mod run;
mod sequence;
mod talk;
mod target;
mod target_set;
mod testing;
mod text;
mod text_change;

pub use self::catalog::{Entry, EntryKind, Param, catalog, test_catalog};
pub(super) use self::catalog::{names, register, register_for_tests, register_namespaces};
pub(super) use self::sequence::position;
pub(super) use self::text_change::{CLEAR, POP};
