//! What is fuzzed, and how its inputs are made. `cargo +nightly fuzz run check` uses it, and on a stable compiler
//! `cargo bench --bench fuzz`.

pub mod mutator;
pub mod random;
pub mod subject;
