//! The functions of the language, by theme. Each theme is a list of entries that hold the documentation and the
//! native function side by side.

mod catalog;
mod run;

pub use self::catalog::{Entry, EntryKind, Param, catalog};
pub(super) use self::catalog::{names, register};
