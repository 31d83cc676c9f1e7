//! The text of a plan, and where it was found.

use std::sync::Arc;

/// A plan or a file that a plan imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFile {
    /// `module::plan`, or `plan` for one of the project.
    pub name: String,
    /// As messages show it: relative to the project, or `<segue>/plans/x.rhai` for an embedded one. It stands for
    /// the file: no two files have the same. What the file imports is looked for beside it.
    pub path: Arc<str>,
    pub text: Arc<str>,
    /// The module that it is in; none for the project's own.
    pub module: Option<String>,
}

impl PlanFile {
    /// A plan that is in no file, such as one that a test or an editor holds.
    pub fn from_text(name: &str, path: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            path: Arc::from(path),
            text: Arc::from(text),
            module: None,
        }
    }

    /// Whether it travels in the binary.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.path.starts_with("<segue>/")
    }
}
