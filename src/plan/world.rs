//! What a plan can find: tasks, other plans, files. The room asks, somebody else looks.

use std::{path::PathBuf, sync::Arc};

use crate::{
    model::Failure,
    project::PlanFile,
    task::{FileSource, Task},
};

/// Where a plan finds what it names. Nothing here touches a target, and the same question has the same answer
/// for as long as a plan runs.
///
/// Every failure says what to type instead, if there is something near.
pub trait World: Send + Sync {
    /// The task of that name.
    ///
    /// # Errors
    /// There is none, or its metadata can't be read.
    fn task(&self, name: &str) -> Result<Arc<Task>, Box<Failure>>;

    /// The plan of that name.
    ///
    /// # Errors
    /// There is none.
    fn plan(&self, name: &str) -> Result<PlanFile, Box<Failure>>;

    /// What `import "path"` in that file means.
    ///
    /// # Errors
    /// There is no such file, or it lies outside of the project and of its modules.
    fn import(&self, from: &PlanFile, path: &str) -> Result<PlanFile, Box<Failure>>;

    /// A file or directory for scripts and uploads: `module/path`, or a path in the project.
    ///
    /// # Errors
    /// There is none.
    fn file(&self, name: &str) -> Result<FileSource, Box<Failure>>;

    /// Where a download to that name goes.
    ///
    /// # Errors
    /// The name leads out of the project.
    fn download_directory(&self, name: &str) -> Result<PathBuf, Box<Failure>>;
}
