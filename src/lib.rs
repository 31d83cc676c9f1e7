//! Segue runs plans: Rhai scripts that run tasks on many machines, look at the results and decide what comes next.
//!
//! The rooms, in reading order. ARCHITECTURE.md says what each owns and must not know; `tests/tidy.rs` keeps it so.

// The nouns, and the facts about a job.
pub mod event;
pub mod model;

// What there is to run, and on what.
pub mod inventory;
pub mod project;
pub mod task;

// The language, and the order of things.
pub mod plan;
pub mod schedule;

// Making it happen.
pub mod fleet;
pub mod run;
pub mod transport;

// Keeping it and telling it.
pub mod report;
pub mod store;

// Helping to write plans.
pub mod lsp;

// Joining the rooms.
pub mod cli;
pub mod clock;
pub mod error;
