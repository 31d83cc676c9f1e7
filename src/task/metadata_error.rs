//! Why the metadata of a task can't be used.

use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

/// What is wrong at which place of the file.
#[derive(Debug, Error, Diagnostic)]
#[error("the metadata of the task `{task}` can't be used: {message}")]
#[diagnostic(code(segue::task::metadata))]
pub struct MetadataError {
    pub task: String,
    pub message: String,
    #[source_code]
    pub text: NamedSource<String>,
    #[label("{label}")]
    pub span: SourceSpan,
    pub label: String,
    #[help]
    pub help: Option<String>,
}

impl MetadataError {
    /// Bolt's kind for it.
    pub const KIND: &'static str = "puppet.tasks/unparseable-metadata";
}
