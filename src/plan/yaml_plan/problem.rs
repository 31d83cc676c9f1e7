//! What of a YAML plan has no twin, told at its line.

use crate::plan::{
    diagnostic::PlanDiagnostic,
    source::{Source, Span},
};

const NOT_CONVERTED: &str = "segue::plan::not_converted";
const CHANGED: &str = "segue::plan::converted_otherwise";
const NO_YAML_PLAN: &str = "segue::plan::not_a_yaml_plan";

/// How much of what was meant is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// It is no plan that Bolt would run.
    Invalid,
    /// It is left out.
    Whole,
    /// It is there, and means something a little different.
    Nuance,
}

/// Something that a person has to look at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Problem {
    pub(super) line: usize,
    pub(super) loss: Loss,
    pub(super) message: String,
    pub(super) help: String,
}

impl Problem {
    pub(super) fn diagnostic(&self, source: &Source) -> PlanDiagnostic {
        let span = line_span(source, self.line);
        let (code, label) = match self.loss {
            Loss::Invalid => (NO_YAML_PLAN, "here"),
            Loss::Whole => (NOT_CONVERTED, "not converted"),
            Loss::Nuance => (CHANGED, "look at this"),
        };
        let diagnostic = if self.loss == Loss::Nuance {
            PlanDiagnostic::warning(code, &*self.message)
        } else {
            PlanDiagnostic::error(code, &*self.message)
        };
        diagnostic
            .within(source)
            .label(span, label)
            .help(&*self.help)
    }
}

/// What is written on a line.
fn line_span(source: &Source, line: usize) -> Span {
    let start = source.offset(line, 1);
    let text = source.text()[start..].lines().next().unwrap_or_default();
    let inner = text.trim();
    let begin = start + (text.len() - text.trim_start().len());
    Span::new(begin, begin + inner.len())
}
