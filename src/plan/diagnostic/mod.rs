//! What is told to a person about a plan. The one place that knows Rhai's errors.

mod bracket;
mod habit;
mod parse;
mod plan_errors;
mod report;
mod scene;
#[cfg(test)]
pub(super) mod shown;
#[cfg(test)]
mod tests;
mod word;

pub use self::{
    parse::parse_error,
    plan_errors::PlanErrors,
    report::{Label, PlanDiagnostic, Severity},
};
