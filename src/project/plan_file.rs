//! The text of a plan, and where it was found.

use std::sync::Arc;

/// A plan or a file that a plan imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFile {
    /// `module::plan`, or `plan` for one of the project.
    pub name: String,
    /// As messages show it: relative to the project, or `<segue>/plans/x.rhai` for an embedded one.
    pub path: Arc<str>,
    pub text: Arc<str>,
    /// The module that it is in; none for the project's own.
    pub module: Option<String>,
}
