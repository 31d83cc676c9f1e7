//! What the check asks of the world around a plan. Nothing in it touches a target.

use std::ops::Range;

use crate::{plan::source::Source, task::Parameters};

/// Tasks, plans, files and targets, by name.
pub trait CheckWorld {
    /// The names of all tasks that a plan may run, for did-you-mean.
    fn task_names(&self) -> Vec<String>;

    /// The task of that name.
    ///
    /// # Errors
    /// It is there, but can't be read: why.
    fn task(&self, name: &str) -> Result<Option<TaskView>, String>;

    fn plan_names(&self) -> Vec<String>;

    /// The plan of that name.
    ///
    /// # Errors
    /// It is there, but is no plan of ours or can't be read: why.
    fn plan(&self, name: &str) -> Result<Option<Source>, String>;

    /// What `import "path"` in that file means.
    ///
    /// # Errors
    /// There is no such file, or it must not be imported.
    fn import(&self, from: &Source, path: &str) -> Result<Source, Lookup>;

    /// Whether there is such a file for scripts and uploads.
    ///
    /// # Errors
    /// There is none.
    fn file(&self, name: &str) -> Result<(), Lookup>;

    /// Whether the expression names targets of the inventory.
    ///
    /// # Errors
    /// What in it is not known.
    fn targets(&self, expression: &str) -> Result<(), UnknownTargets>;

    /// Whether `segue plan test` runs the file: then it may use what only tests can.
    fn is_test(&self, _source: &Source) -> bool {
        false
    }
}

/// What the check wants to know of a task.
#[derive(Clone, Debug, Default)]
pub struct TaskView {
    /// None if it takes anything.
    pub parameters: Option<Parameters>,
    pub supports_noop: bool,
}

/// Why a name was not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    pub message: String,
    pub help: Option<String>,
}

/// What is wrong with a target expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTargets {
    /// The part that is meant, in bytes of the expression.
    pub span: Range<usize>,
    pub message: String,
    pub help: Option<String>,
}
