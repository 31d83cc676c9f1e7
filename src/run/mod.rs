//! Performing effects: dispatcher, lanes, limits, timeouts, retries, cancellation, journal.
//!
//! Reaches targets through the traits of `transport`, and keeps what happened through those of `store`.
//! Knows nothing of Rhai, of SQL or of the terminal.

mod dispatch;
mod lane;
mod operator;
mod stop;

pub use self::operator::{NoOperator, Operator, Question};
pub use self::stop::{StopHandle, StopSignal, StopStage};
