//! Plans run against a performer that a test scripts.

mod branching;
mod errors;
mod examples;
mod graphs;
mod identity;
mod limits;
mod running;
mod stage;
mod stopping;
mod traps;
mod values;
