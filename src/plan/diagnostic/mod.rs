//! What is told to a person about a plan. The one place that knows Rhai's errors.

mod bracket;
mod code;
mod explain;
mod failed_targets;
mod habit;
mod own_name;
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

pub use self::{
    code::CODES,
    parse::parse_error,
    plan_errors::PlanErrors,
    report::{Label, PlanDiagnostic, Severity},
};
pub(super) use self::{
    own_name::{PREFIX, own_name, own_names},
    runtime::{ADVICE, Ended, Interpreter, Thrown, runtime_error},
    word::foreign as foreign_word,
};
