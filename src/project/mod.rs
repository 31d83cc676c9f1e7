//! Finding what there is to run: the root of the project, its settings, the module path, tasks and plans by name.
//!
//! Knows nothing of connections or of how plans run.

mod embedded;
mod error;
mod file;
mod find;
mod import;
mod library;
mod lookup_error;
mod module;
mod name;
mod plan;
mod plan_file;
mod plan_place;
mod root;
#[cfg(test)]
mod sample;
mod settings;
mod settings_reader;
mod task;
mod task_summary;
mod tree;

pub use self::{
    embedded::standard_library,
    error::ProjectError,
    file::ProjectFile,
    lookup_error::{AbsentModule, FileError, ImportError, PlanLookupError, TaskLookupError},
    plan_file::PlanFile,
    plan_place::{PlanPlace, PlanPlaceError},
    root::Project,
    settings::Settings,
    task_summary::TaskSummary,
};
