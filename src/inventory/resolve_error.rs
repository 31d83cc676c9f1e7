//! Why a target expression names no targets.

use std::ops::Range;

use miette::Diagnostic;
use thiserror::Error;

/// What is wrong with a target expression.
#[derive(Debug, Error, Diagnostic)]
#[error("{kind}")]
pub struct ResolveError {
    pub kind: ResolveErrorKind,
    /// The whole expression, passwords of URIs masked.
    pub expression: String,
    /// The bytes of the expression that are meant.
    pub span: Range<usize>,
}

/// The kinds of trouble with a target expression.
#[derive(Debug, Error)]
pub enum ResolveErrorKind {
    #[error("the target expression is empty")]
    Empty,
    #[error("no target, alias or group is called `{name}`")]
    Unknown {
        name: String,
        nearest: Option<String>,
    },
    #[error("`{glob}` matches no target, alias or group")]
    NothingMatches { glob: String },
}

impl ResolveError {
    /// What to type next, if that can be told.
    pub fn help_text(&self) -> Option<String> {
        None
    }
}
