//! What a plan can find: tasks, other plans, files. The room asks, somebody else looks.

use std::{path::PathBuf, sync::Arc};

use crate::{
    model::{Failure, Map, Target, TargetName},
    task::Task,
};

/// The text of a plan or of a file that a plan imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// `module::plan`, or `plan` for one of the project.
    pub name: String,
    /// As messages show it, such as `plans/rolling_restart.rhai`.
    pub path: Arc<str>,
    pub text: Arc<str>,
    /// The module that it is in; none for the project's own.
    pub module: Option<String>,
}

/// Where a plan finds what it names. Nothing here touches a target, and the same question has the same answer
/// for as long as a plan runs.
///
/// Every failure says what to type instead, if there is something near.
pub trait World: Send + Sync {
    /// The task of that name.
    ///
    /// # Errors
    /// There is none, or its metadata can't be read.
    fn task(&self, name: &str) -> Result<Arc<Task>, Failure>;

    /// The parameters as the task gets them: checked against its metadata, coerced, completed with defaults.
    ///
    /// # Errors
    /// One is missing, unknown or of the wrong type.
    fn check_params(&self, task: &Task, params: Map) -> Result<Arc<Map>, Failure>;

    /// The targets that an expression names.
    ///
    /// # Errors
    /// It names something that there is not.
    fn resolve(&self, expression: &str) -> Result<Vec<Arc<Target>>, Failure>;

    /// The target of that name, if there is one.
    fn target(&self, name: &TargetName) -> Option<Arc<Target>>;

    /// The plan of that name.
    ///
    /// # Errors
    /// There is none.
    fn plan(&self, name: &str) -> Result<SourceFile, Failure>;

    /// What `import "path"` in that file means.
    ///
    /// # Errors
    /// There is no such file, or it lies outside of the project and of its modules.
    fn import(&self, from: &SourceFile, path: &str) -> Result<SourceFile, Failure>;

    /// A file or directory for scripts and uploads: `module/path`, or a path in the project.
    ///
    /// # Errors
    /// There is none.
    fn file(&self, name: &str) -> Result<PathBuf, Failure>;

    /// Where a download to that name goes.
    ///
    /// # Errors
    /// The name leads out of the project.
    fn download_directory(&self, name: &str) -> Result<PathBuf, Failure>;
}
