//! What is told to a person about a plan. The one place that knows Rhai's errors.

mod bracket;
mod explain;
mod failed_targets;
mod habit;
mod parse;
mod plan_errors;
mod report;
mod runtime;
#[cfg(test)]
mod runtime_tests;
mod scene;
#[cfg(test)]
pub(super) mod shown;
#[cfg(test)]
mod tests;
mod type_word;
mod word;

pub(super) use self::runtime::{Ended, Interpreter, Thrown, runtime_error};
#[cfg_attr(
    not(test),
    expect(unused_imports, reason = "the interpreter hands its errors over here")
)]
pub(super) use self::word::foreign as foreign_word;
pub use self::{
    parse::parse_error,
    plan_errors::PlanErrors,
    report::{Label, PlanDiagnostic, Severity},
};
