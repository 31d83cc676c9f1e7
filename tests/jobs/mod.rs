//! Jobs that outlive their process: looked at, stopped, answered, and taken up again, by real processes.

mod answering;
mod broken_store;
mod killing;
mod looking;
mod project;
mod resuming;
mod stopping;
mod store;
