//! Everything that is wrong with a plan, as one error.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, SourceCode};

use super::PlanDiagnostic;

/// All problems of a plan, errors and warnings. A single one is shown as itself.
#[derive(Clone, Debug)]
pub struct PlanErrors(pub Vec<PlanDiagnostic>);

impl PlanErrors {
    /// The problems as an error, if one of them is one.
    ///
    /// # Errors
    /// Any of the problems is more than a warning.
    pub fn check(problems: Vec<PlanDiagnostic>) -> Result<(), Self> {
        if problems.iter().any(PlanDiagnostic::is_error) {
            Err(Self(problems))
        } else {
            Ok(())
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &PlanDiagnostic> {
        self.0.iter()
    }

    fn only(&self) -> Option<&PlanDiagnostic> {
        match self.0.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    fn count(&self) -> String {
        let errors = self.0.iter().filter(|problem| problem.is_error()).count();
        let warnings = self.0.len() - errors;
        let counted = |count: usize, word: &str| match count {
            0 => None,
            1 => Some(format!("1 {word}")),
            _ => Some(format!("{count} {word}s")),
        };
        [counted(errors, "error"), counted(warnings, "warning")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" and ")
    }
}

impl From<PlanDiagnostic> for PlanErrors {
    fn from(problem: PlanDiagnostic) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for PlanErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.only() {
            Some(only) => only.fmt(f),
            None => write!(f, "the plan is not valid: {}", self.count()),
        }
    }
}

impl std::error::Error for PlanErrors {}

impl Diagnostic for PlanErrors {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        match self.only() {
            Some(only) => only.code(),
            None => Some(Box::new("segue::plan::invalid")),
        }
    }

    fn severity(&self) -> Option<miette::Severity> {
        self.only().and_then(Diagnostic::severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.only().and_then(Diagnostic::help)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.only().and_then(Diagnostic::source_code)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.only().and_then(Diagnostic::labels)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        match self.only() {
            Some(only) => only.related(),
            None => Some(Box::new(
                self.0.iter().map(|problem| problem as &dyn Diagnostic),
            )),
        }
    }
}
