//! Why a task, a plan or a file was not found.

use std::{io, path::PathBuf};

use miette::Diagnostic;
use thiserror::Error;

use crate::{
    model::unreadable_help,
    task::{MetadataError, TaskError},
};

/// Why a name gives no task.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum TaskLookupError {
    #[error("no task is called `{name}`")]
    #[diagnostic(code(segue::project::unknown_task), help("{}", unknown_task(nearest.as_deref(), absent_module.as_ref())))]
    Unknown {
        name: String,
        nearest: Option<String>,
        /// The module that it would be in, if that is nowhere.
        absent_module: Option<AbsentModule>,
    },

    /// The task is there, and what describes it is broken.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Metadata(Box<MetadataError>),

    /// The task is there, and its files make none.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Files(TaskError),

    #[error("the metadata of the task `{name}` could not be read from `{path}`")]
    #[diagnostic(code(segue::project::read), help("{}", unreadable_help(source)))]
    Read {
        name: String,
        path: String,
        source: io::Error,
    },
}

/// A module that is in no directory of the module path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbsentModule {
    pub name: String,
    /// Whether the project's file of Bolt lists it.
    pub is_listed: bool,
}

/// Why a name gives no plan.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum PlanLookupError {
    #[error("no plan is called `{name}`")]
    #[diagnostic(code(segue::project::unknown_plan), help("{}", unknown("plan show", nearest.as_deref())))]
    Unknown {
        name: String,
        nearest: Option<String>,
    },

    #[error("the plan `{name}` is not written in Rhai: `{path}`")]
    #[diagnostic(
        code(segue::project::other_language),
        help("`segue plan convert {path}` makes a Rhai plan of a YAML plan")
    )]
    OtherLanguage { name: String, path: String },

    #[error("the plan `{path}` could not be read")]
    #[diagnostic(code(segue::project::read), help("{}", unreadable_help(source)))]
    Read { path: String, source: io::Error },

    #[error("`{path}` is outside of the project and its modules")]
    #[diagnostic(
        code(segue::project::outside),
        help("a plan runs plans of its project and of modules only")
    )]
    Outside { path: String },
}

/// Why an `import` gives no file.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ImportError {
    #[error("nothing that can be imported is called `{path}`")]
    #[diagnostic(code(segue::project::unknown_import), help("{}", unknown_import(nearest.as_deref())))]
    Unknown {
        path: String,
        nearest: Option<String>,
    },

    #[error("`{path}` leads out of the project and its modules")]
    #[diagnostic(
        code(segue::project::outside),
        help(
            "import by a path inside of the project, without `..`, a leading `/` or a symbolic link that leads out"
        )
    )]
    Outside { path: String },

    #[error("`{path}` could not be read")]
    #[diagnostic(code(segue::project::read), help("{}", unreadable_help(source)))]
    Read { path: String, source: io::Error },
}

/// Why a name gives no file for a script, an upload or a plan that reads it.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum FileError {
    #[error("no file of the project or of a module is called `{name}`")]
    #[diagnostic(code(segue::project::unknown_file), help("{}", unknown_file(nearest.as_deref())))]
    Unknown {
        name: String,
        nearest: Option<String>,
    },

    #[error("`{name}` leads out of the project and its modules")]
    #[diagnostic(
        code(segue::project::outside),
        help("name a file by its path in the project, or as `module/file`")
    )]
    Outside { name: String },

    #[error("`{name}` could not be read")]
    #[diagnostic(code(segue::project::read), help("{}", unreadable_help(source)))]
    Read {
        name: String,
        path: Option<PathBuf>,
        source: io::Error,
    },
}

fn unknown_task(nearest: Option<&str>, absent: Option<&AbsentModule>) -> String {
    match (absent, nearest) {
        (
            Some(AbsentModule {
                name,
                is_listed: true,
            }),
            _,
        ) => format!(
            "`bolt-project.yaml` lists the module `{name}`, and it is not there: `bolt module install` puts it into `.modules`, or copy it into `modules/{name}`"
        ),
        (Some(AbsentModule { name, .. }), None) => {
            format!("no module is called `{name}`: put it into `modules/{name}`")
        }
        _ => unknown("task show", nearest),
    }
}

fn unknown(list: &str, nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("`segue {list}` lists what there is"),
    }
}

fn unknown_import(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => {
            "files are looked for beside the plan, in the project, in `module/...` and in `std/...`"
                .to_owned()
        }
    }
}

fn unknown_file(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "files are looked for in `files/`, in `scripts/`, in the project itself, and as `module/file`".to_owned(),
    }
}
