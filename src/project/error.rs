//! Why a directory can't be used as a project.

use std::{io, path::PathBuf};

use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

use crate::model::unreadable_help;

/// What is wrong with a project.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum ProjectError {
    #[error("there is no directory `{path}`")]
    #[diagnostic(
        code(segue::project::no_directory),
        help("name the directory that holds `segue.yaml`, `plans` or `modules`")
    )]
    NoDirectory { path: PathBuf },

    #[error("`{path}` could not be read")]
    #[diagnostic(code(segue::project::read), help("{}", unreadable_help(source)))]
    Read { path: PathBuf, source: io::Error },

    #[error(
        "everybody may write to the project directory `{path}`, so its plans could be anybody's"
    )]
    #[diagnostic(
        code(segue::project::world_writable),
        help("`chmod o-w {path}`, or name it with `--project {path}` if you mean it", path = path.display())
    )]
    WorldWritable { path: PathBuf },

    #[error(transparent)]
    #[diagnostic(transparent)]
    Setting(Box<SettingError>),
}

/// What is wrong at which place of a settings file.
#[derive(Debug, Error, Diagnostic)]
#[error("`{file}` can't be used: {message}")]
#[diagnostic(code(segue::project::setting))]
pub struct SettingError {
    pub file: String,
    pub message: String,
    #[help]
    pub help: Option<String>,
    #[label("here")]
    pub span: SourceSpan,
    #[source_code]
    pub text: NamedSource<String>,
}
