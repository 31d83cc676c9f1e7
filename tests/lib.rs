//! The one integration binary: a module for each behaviour.

mod check;
mod everywhere;
mod jobs;
mod plan_preview;
mod plan_test;
mod run_local;
mod segue;
mod sshd;
mod tidy;
