//! Why files and metadata make no task.

use miette::Diagnostic;
use thiserror::Error;

/// What keeps a task from being one.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
pub enum TaskError {
    #[error("the task `{task}` has no file to run")]
    #[diagnostic(
        code(segue::task::no_implementation),
        help("put an executable file beside its metadata, or list its `implementations` there")
    )]
    NoImplementation { task: String },

    #[error("the task `{task}` has several files to run: {}", files.join(", "))]
    #[diagnostic(
        code(segue::task::several_implementations),
        help(
            "say in its metadata which one runs where: `\"implementations\": [{{\"name\": \"...\", \"requirements\": [\"shell\"]}}]`"
        )
    )]
    SeveralImplementations { task: String, files: Vec<String> },

    #[error("the task `{task}` lists `{path}`, which is not there")]
    #[diagnostic(code(segue::task::missing_implementation))]
    MissingImplementation {
        task: String,
        path: String,
        nearest: Option<String>,
    },
}

impl TaskError {
    /// Bolt's kind for it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NoImplementation { .. } => "puppet.tasks/no-implementation",
            Self::SeveralImplementations { .. } => "puppet.tasks/multiple-implementations",
            Self::MissingImplementation { .. } => "puppet.tasks/missing-implementation",
        }
    }
}
