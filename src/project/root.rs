//! The project itself.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    FileError, ImportError, PlanFile, PlanLookupError, ProjectError, ProjectFile, Settings,
    TaskLookupError, TaskSummary,
};
use crate::task::Task;

/// A directory with plans, tasks, modules and an inventory. Cloning one is cloning an `Arc`.
#[derive(Clone, Debug)]
pub struct Project;

impl Project {
    /// The project that `start` is in: found upward, else `start` itself.
    pub fn find(_start: &Path) -> Result<Self, ProjectError> {
        unimplemented!()
    }

    /// The project at exactly this directory.
    pub fn at(_directory: &Path) -> Result<Self, ProjectError> {
        unimplemented!()
    }

    pub fn root(&self) -> &Path {
        unimplemented!()
    }

    pub fn settings(&self) -> &Settings {
        unimplemented!()
    }

    /// The inventory file, if there is one.
    pub fn inventory_path(&self) -> Option<PathBuf> {
        unimplemented!()
    }

    pub fn task(&self, _name: &str) -> Result<Arc<Task>, TaskLookupError> {
        unimplemented!()
    }

    pub fn task_names(&self) -> Vec<String> {
        unimplemented!()
    }

    pub fn tasks(&self) -> Vec<TaskSummary> {
        unimplemented!()
    }

    /// A plan by its name, or by a path that ends in `.rhai`.
    pub fn plan(&self, _name: &str) -> Result<PlanFile, PlanLookupError> {
        unimplemented!()
    }

    pub fn plan_names(&self) -> Vec<String> {
        unimplemented!()
    }

    /// What `import "path"` in that file means.
    pub fn import_file(&self, _from: &PlanFile, _path: &str) -> Result<PlanFile, ImportError> {
        unimplemented!()
    }

    /// A file or directory for scripts and uploads: `module/path`, or a path in the project.
    pub fn file(&self, _name: &str) -> Result<ProjectFile, FileError> {
        unimplemented!()
    }

    /// The text of a file of the project, for `read_file`.
    pub fn read_file(&self, _name: &str) -> Result<String, FileError> {
        unimplemented!()
    }
}
