//! Rehearsing a plan: what a test expects it to ask for, and the performer that answers out of these expectations.

mod expectation;
mod performer;

pub(super) use self::expectation::{Count, Expectation, Reply, Said};
pub use self::performer::{Problem, Rehearsal, TestCase};
