//! The one integration binary: a module for each behaviour.

#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, also in what tests share"
)]

mod beginning;
mod bolt_project;
mod check;
mod convert;
mod demo;
mod embedded_files;
mod errors;
mod everywhere;
mod from_bolt;
mod graph;
mod guide;
mod jobs;
mod lsp;
mod outcome;
mod page;
mod plan_preview;
mod plan_test;
mod readme;
mod reference;
mod rolling;
mod run_files;
mod run_local;
mod segue;
#[expect(
    dead_code,
    reason = "the unit tests of the transports have the rest of it"
)]
mod sshd;
mod stdlib;
mod tidy;
