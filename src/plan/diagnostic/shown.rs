//! How a report looks without colour and without special characters, for the snapshots of tests.

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

pub(in crate::plan) fn shown(problem: &dyn Diagnostic) -> String {
    let mut text = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::none())
        .with_width(110)
        .render_report(&mut text, problem)
        .expect("a string takes everything");
    text
}

pub(in crate::plan) fn all_shown(problems: &[super::PlanDiagnostic]) -> String {
    problems
        .iter()
        .map(|problem| shown(problem))
        .collect::<Vec<_>>()
        .join("\n")
}
