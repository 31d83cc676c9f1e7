//! The one integration binary: a module for each behaviour.

mod check;
mod run_local;
mod segue;
mod tidy;
