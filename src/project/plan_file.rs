//! The text of a plan, and where it was found.

use std::sync::Arc;

use super::tree::Tree;

/// A plan or a file that a plan imports.
#[derive(Clone, Debug)]
pub struct PlanFile {
    /// `module::plan`, or `plan` for one of the project.
    pub name: String,
    /// As messages show it: relative to the project, or `<segue>/plans/x.rhai` for an embedded one. It stands for
    /// the file: no two files have the same.
    pub path: Arc<str>,
    pub text: Arc<str>,
    /// The module that it is in; none for the project's own.
    pub module: Option<String>,
    pub(super) home: Option<Home>,
}

/// The tree of a plan file, and its path in it.
#[derive(Clone, Debug)]
pub(super) struct Home {
    pub(super) tree: Tree,
    pub(super) path: String,
}

impl PlanFile {
    /// A plan that is in no file, such as one that a test or an editor holds. It imports as if it lay in the root of
    /// the project.
    pub fn from_text(name: &str, path: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            path: Arc::from(path),
            text: Arc::from(text),
            module: None,
            home: None,
        }
    }
}

impl PartialEq for PlanFile {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.text == other.text
    }
}

impl Eq for PlanFile {}
