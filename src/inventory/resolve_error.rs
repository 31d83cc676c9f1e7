//! Why a target expression names no targets.

use std::{fmt, ops::Range};

use miette::{Diagnostic, LabeledSpan, SourceCode};
use thiserror::Error;

use super::{InventoryError, mask::mask_secrets};

/// What is wrong with a target expression.
#[derive(Clone, Debug, Error)]
#[error("{kind}")]
pub struct ResolveError {
    pub kind: ResolveErrorKind,
    /// The whole expression, passwords of URIs masked.
    pub expression: String,
    /// The bytes of the expression that are meant.
    pub span: Range<usize>,
}

/// The kinds of trouble with a target expression.
#[derive(Clone, Debug, Error)]
pub enum ResolveErrorKind {
    #[error("the target expression is empty")]
    Empty,
    #[error("the target expression only says what is left out")]
    OnlyExclusions,
    #[error("no target, alias or group is called `{name}`")]
    Unknown {
        name: String,
        nearest: Option<String>,
    },
    /// An address that the expression leaves out without having named it: most likely a typo, and one that would
    /// hit the wrong machine.
    #[error("`{name}` is left out, but nothing is called so")]
    LeftOutUnnamed { name: String },
    #[error("`{glob}` matches no target, alias or group")]
    NothingMatches { glob: String },
    #[error("`{glob}` is not a pattern: {reason}")]
    BadGlob { glob: String, reason: String },
    /// It looks like an address and is none.
    #[error("{0}")]
    BadAddress(InventoryError),
    #[error("`{expression}` names {count} targets where one is needed")]
    NotOne { expression: String, count: usize },
    /// A value that the target needs could not be had.
    #[error("`{target}` can't be used: {error}")]
    Unusable {
        target: String,
        error: InventoryError,
    },
}

impl ResolveError {
    pub(super) fn new(kind: ResolveErrorKind, expression: &str, span: Range<usize>) -> Self {
        Self {
            kind,
            expression: mask_secrets(expression),
            span,
        }
    }

    /// What to type next, if that can be told.
    pub fn help_text(&self) -> Option<String> {
        match &self.kind {
            ResolveErrorKind::Empty => Some("write names, groups or patterns, or `all`".to_owned()),
            ResolveErrorKind::OnlyExclusions => {
                Some(format!("say of what: `all,{}`", self.expression.trim()))
            }
            ResolveErrorKind::Unknown {
                nearest: Some(nearest),
                ..
            } => Some(format!("did you mean `{nearest}`?")),
            ResolveErrorKind::Unknown { name, .. } => Some(format!(
                "`segue inventory show` lists the targets; a host that is not in the inventory is written `ssh://{name}`"
            )),
            ResolveErrorKind::LeftOutUnnamed { .. } => Some(
                "what is left out is a target, alias or group of the inventory, or an address that the expression names"
                    .to_owned(),
            ),
            ResolveErrorKind::NothingMatches { .. } => {
                Some("`segue inventory show` lists the targets and groups".to_owned())
            }
            ResolveErrorKind::BadGlob { .. } => {
                Some("patterns are made of `*`, `?`, `[ab]` and `{a,b}`".to_owned())
            }
            // The line of the inventory is shown below, with its help.
            ResolveErrorKind::Unusable { error, .. } if error.place().is_some() => None,
            ResolveErrorKind::NotOne { .. } => None,
            ResolveErrorKind::BadAddress(error) | ResolveErrorKind::Unusable { error, .. } => {
                error.help_text().map(str::to_owned)
            }
        }
    }

    const fn code(&self) -> &'static str {
        match self.kind {
            ResolveErrorKind::Empty => "segue::inventory::empty_expression",
            ResolveErrorKind::OnlyExclusions => "segue::inventory::only_exclusions",
            ResolveErrorKind::Unknown { .. } => "segue::inventory::unknown_name",
            ResolveErrorKind::LeftOutUnnamed { .. } => "segue::inventory::left_out_unnamed",
            ResolveErrorKind::NothingMatches { .. } => "segue::inventory::nothing_matches",
            ResolveErrorKind::BadGlob { .. } => "segue::inventory::bad_glob",
            ResolveErrorKind::BadAddress(_) => "segue::inventory::bad_address",
            ResolveErrorKind::NotOne { .. } => "segue::inventory::not_one",
            ResolveErrorKind::Unusable { .. } => "segue::inventory::unusable_target",
        }
    }
}

impl Diagnostic for ResolveError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code()))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help_text()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.expression.is_empty()).then_some(&self.expression as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.expression.is_empty() {
            return None;
        }
        let label = LabeledSpan::new_primary_with_span(None, self.span.clone());
        Some(Box::new(std::iter::once(label)))
    }

    /// The line of the inventory that an unusable target has its trouble from.
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        match &self.kind {
            ResolveErrorKind::Unusable { error, .. } if error.place().is_some() => {
                Some(Box::new(std::iter::once(error as &dyn Diagnostic)))
            }
            _ => None,
        }
    }
}
