//! The task contract: metadata, Puppet data types, parameters, the payload that runs on a target, and what its
//! output means.
//!
//! Knows nothing of where modules are found, of connections or of plans.

mod definition;

pub use self::definition::Task;
