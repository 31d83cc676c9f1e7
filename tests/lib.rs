//! The one integration binary: a module for each behaviour.

mod check;
mod everywhere;
mod jobs;
mod run_local;
mod segue;
mod sshd;
mod tidy;
