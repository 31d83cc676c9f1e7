//! Performing effects: dispatcher, lanes, limits, timeouts, retries, cancellation, journal.
//!
//! Reaches targets through the traits of `transport`, and keeps what happened through those of `store`.
