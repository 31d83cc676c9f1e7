//! One thing that is wrong with a plan: what, where, and what to do about it.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, SourceCode};

use crate::{
    model::Place,
    plan::source::{Mend, Mended, Source, Span},
};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A place that belongs to another problem.
    Note,
    /// The plan would run; something in it has no effect or is not what it seems.
    Warning,
    /// The plan must not run, or could not go on.
    Error,
}

/// A place in the plan, and what is to be seen there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

/// One problem of a plan. The first label is the place of the problem, the others explain it.
#[derive(Clone, Debug)]
pub struct PlanDiagnostic {
    pub severity: Severity,
    /// A stable word such as `segue::plan::unknown_task`.
    pub code: &'static str,
    pub message: String,
    pub source: Option<Source>,
    pub labels: Vec<Label>,
    pub help: Option<String>,
    /// What goes on with the job that it has ended: the last line of the help.
    pub next: Option<String>,
    /// Problems and places in other files that belong to this one.
    pub related: Vec<PlanDiagnostic>,
    /// What the author will have meant, so that the rest of the file can be read.
    pub(in crate::plan) mends: Vec<Mend>,
}

impl PlanDiagnostic {
    pub(in crate::plan) fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message.into())
    }

    pub(in crate::plan) fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message.into())
    }

    const fn new(severity: Severity, code: &'static str, message: String) -> Self {
        Self {
            severity,
            code,
            message,
            source: None,
            labels: Vec::new(),
            help: None,
            next: None,
            related: Vec::new(),
            mends: Vec::new(),
        }
    }

    /// In that file.
    #[must_use]
    pub(in crate::plan) fn within(mut self, source: &Source) -> Self {
        self.source = Some(source.clone());
        self
    }

    /// With a place, the first time the place of the problem itself.
    #[must_use]
    pub(in crate::plan) fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    #[must_use]
    pub(in crate::plan) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With help, if there is any.
    #[must_use]
    pub(in crate::plan) fn maybe_help(mut self, help: Option<impl Into<String>>) -> Self {
        self.help = help.map(Into::into);
        self
    }

    #[must_use]
    pub(in crate::plan) fn related(mut self, other: Self) -> Self {
        self.related.push(other);
        self
    }

    /// With a text that stands for a part of the file when the rest of it is read.
    #[must_use]
    pub(in crate::plan) fn mend(mut self, span: Span, text: impl Into<String>) -> Self {
        self.mends.push(Mend::new(span, text));
        self
    }

    /// The same about the file as it was written, if it is about what became of it.
    #[must_use]
    pub(in crate::plan) fn unmended(mut self, mended: &Mended) -> Self {
        if self
            .source
            .as_ref()
            .is_some_and(|source| source.is(mended.current()))
        {
            self.source = Some(mended.original().clone());
            for label in &mut self.labels {
                label.span = mended.written(label.span);
            }
        }
        self.related = self
            .related
            .into_iter()
            .map(|other| other.unmended(mended))
            .collect();
        self
    }

    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The span of the problem itself.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|label| label.span)
    }

    /// Where the problem is, for a line of text or an editor.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        let source = self.source.as_ref()?;
        self.span().map(|span| source.place(span.start))
    }
}

impl fmt::Display for PlanDiagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PlanDiagnostic {}

impl Diagnostic for PlanDiagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Note => miette::Severity::Advice,
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let lines = [self.help.as_deref(), self.next.as_deref()];
        let lines: Vec<&str> = lines.into_iter().flatten().collect();
        (!lines.is_empty()).then(|| Box::new(lines.join("\n")) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() {
            return None;
        }
        Some(Box::new(self.labels.iter().enumerate().map(
            |(index, label)| {
                let text = (!label.text.is_empty()).then(|| label.text.clone());
                if index == 0 {
                    LabeledSpan::new_primary_with_span(text, label.span)
                } else {
                    LabeledSpan::new_with_span(text, label.span)
                }
            },
        )))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(
            self.related.iter().map(|other| other as &dyn Diagnostic),
        ))
    }
}
