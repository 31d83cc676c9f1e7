//! The one integration binary: a module for each behaviour.

mod check;
mod everywhere;
mod graph;
mod jobs;
mod plan_preview;
mod plan_test;
mod readme;
mod reference;
mod rolling;
mod run_local;
mod segue;
#[expect(
    dead_code,
    reason = "the unit tests of the transports have the rest of it"
)]
mod sshd;
mod stdlib;
mod tidy;
