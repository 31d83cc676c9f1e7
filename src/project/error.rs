//! Why something of a project was not found.

use miette::Diagnostic;
use thiserror::Error;

#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ProjectError {
    #[error("read `{path}`")]
    Read { path: std::path::PathBuf },
}

#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum TaskLookupError {
    #[error("no task is called `{name}`")]
    #[diagnostic(code(segue::project::unknown_task))]
    Unknown {
        name: String,
        nearest: Option<String>,
    },
}

#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum PlanLookupError {
    #[error("no plan is called `{name}`")]
    #[diagnostic(code(segue::project::unknown_plan))]
    Unknown {
        name: String,
        nearest: Option<String>,
    },
}

#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ImportError {
    #[error("nothing to import is called `{path}`")]
    #[diagnostic(code(segue::project::unknown_import))]
    Unknown {
        path: String,
        nearest: Option<String>,
    },
}

#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum FileError {
    #[error("no file of the project or of a module is called `{name}`")]
    #[diagnostic(code(segue::project::unknown_file))]
    Unknown {
        name: String,
        nearest: Option<String>,
    },
}
