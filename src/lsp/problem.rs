//! What the check finds, as the protocol says it.

use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location,
    NumberOrString, Range, Uri,
};

use super::{
    file_uri,
    ground::{Ground, Trouble},
    position::Lines,
};
use crate::plan::{PlanDiagnostic, Severity, Source, Span};

const SOURCE: &str = "segue";

/// What can't be told of a project that can't be read.
const NEEDS_PROJECT: [&str; 6] = [
    "segue::plan::broken_plan",
    "segue::plan::broken_task",
    "segue::plan::unknown_file",
    "segue::plan::unknown_import",
    "segue::plan::unknown_plan",
    "segue::plan::unknown_task",
];

/// Whether a problem is known to be one, whatever is wrong with the project.
pub(super) fn is_certain(ground: &Ground, problem: &PlanDiagnostic) -> bool {
    ground.project.is_some() || !NEEDS_PROJECT.contains(&problem.code)
}

/// A problem of a plan; `uri` finds the files of what belongs to it.
pub(super) fn diagnostic(
    problem: &PlanDiagnostic,
    uri: &dyn Fn(&Source) -> Option<Uri>,
) -> Diagnostic {
    let source = problem.source.as_ref();
    let range = |span: Span| source.map_or_else(Range::default, |source| range_in(source, span));
    let mut message = problem.message.clone();
    let first = problem.labels.first();
    if let Some(label) = first.filter(|label| !label.text.is_empty()) {
        message = format!("{message}: {}", label.text);
    }
    if let Some(help) = &problem.help {
        message = format!("{message}\nhelp: {help}");
    }
    let mut related = Vec::new();
    for label in problem.labels.iter().skip(1) {
        related.extend(
            source
                .and_then(uri)
                .map(|uri| DiagnosticRelatedInformation {
                    location: Location::new(uri, range(label.span)),
                    message: label.text.clone(),
                }),
        );
    }
    for other in &problem.related {
        related.extend(belonging(other, uri));
    }
    Diagnostic {
        range: first.map_or_else(Range::default, |label| range(label.span)),
        severity: Some(match problem.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Note => DiagnosticSeverity::INFORMATION,
        }),
        code: Some(NumberOrString::String(problem.code.to_owned())),
        source: Some(SOURCE.to_owned()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        tags: is_unnecessary(problem.code).then(|| vec![DiagnosticTag::UNNECESSARY]),
        ..Diagnostic::default()
    }
}

fn belonging(
    problem: &PlanDiagnostic,
    uri: &dyn Fn(&Source) -> Option<Uri>,
) -> Option<DiagnosticRelatedInformation> {
    let source = problem.source.as_ref()?;
    Some(DiagnosticRelatedInformation {
        location: Location::new(uri(source)?, range_in(source, problem.span()?)),
        message: problem.message.clone(),
    })
}

/// Something wrong with a file that describes the project.
pub(super) fn of_trouble(trouble: &Trouble) -> Option<(Uri, Diagnostic)> {
    let uri = file_uri::uri_of(trouble.path.as_ref()?)?;
    let help = trouble.help.iter().map(|help| format!("\nhelp: {help}"));
    let diagnostic = Diagnostic {
        range: trouble.range,
        severity: Some(DiagnosticSeverity::ERROR),
        code: Some(NumberOrString::String(trouble.code.clone())),
        source: Some(SOURCE.to_owned()),
        message: format!("{}{}", trouble.message, help.collect::<String>()),
        ..Diagnostic::default()
    };
    Some((uri, diagnostic))
}

/// What an editor shows faded.
fn is_unnecessary(code: &str) -> bool {
    code.contains("::unused_") || code == "segue::plan::unreachable"
}

pub(super) fn range_in(source: &Source, span: Span) -> Range {
    Lines::of(source.text()).range(source.text(), span)
}
