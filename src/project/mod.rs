//! Finding what there is to run: the root of the project, its settings, the module path, tasks and plans by name.
//!
//! Knows nothing of connections or of how plans run.

mod error;
mod file;
mod plan_file;
mod root;
mod settings;
mod task_summary;

pub use self::{
    error::{FileError, ImportError, PlanLookupError, ProjectError, TaskLookupError},
    file::ProjectFile,
    plan_file::PlanFile,
    root::Project,
    settings::Settings,
    task_summary::TaskSummary,
};
