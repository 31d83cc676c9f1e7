//! What the check finds, as the protocol says it.

use std::{cell::RefCell, collections::BTreeMap};

use lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag,
    Location, NumberOrString, Range, Uri,
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

/// Says what the check finds in the protocol's words. `uri` finds the files that problems are in.
pub(super) struct Teller<'a> {
    pub(super) uri: &'a dyn Fn(&Source) -> Option<Uri>,
    /// The lines of files, by name: a file with many problems is cut into lines once.
    lines: RefCell<BTreeMap<String, Lines>>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(uri: &'a dyn Fn(&Source) -> Option<Uri>) -> Self {
        Self {
            uri,
            lines: RefCell::default(),
        }
    }

    /// A problem of a plan.
    pub(super) fn diagnostic(&self, problem: &PlanDiagnostic) -> Diagnostic {
        let mut message = problem.message.clone();
        let first = problem.labels.first();
        if let Some(label) = first.filter(|label| !label.text.is_empty()) {
            message = format!("{message}: {}", label.text);
        }
        if let Some(help) = &problem.help {
            message = format!("{message}\nhelp: {help}");
        }
        let source = problem.source.as_ref();
        let more = problem.labels.iter().skip(1);
        let mut related: Vec<DiagnosticRelatedInformation> = more
            .filter_map(|label| self.information(source?, label.span, &label.text))
            .collect();
        related.extend(problem.related.iter().filter_map(|other| {
            self.information(other.source.as_ref()?, other.span()?, &other.message)
        }));
        let range = source
            .zip(first)
            .map(|(source, label)| self.range(source, label.span));
        Diagnostic {
            range: range.unwrap_or_default(),
            severity: Some(match problem.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
                Severity::Note => DiagnosticSeverity::INFORMATION,
            }),
            code: Some(NumberOrString::String(problem.code.to_owned())),
            code_description: page_of(problem.code),
            source: Some(SOURCE.to_owned()),
            message,
            related_information: (!related.is_empty()).then_some(related),
            tags: is_unnecessary(problem.code).then(|| vec![DiagnosticTag::UNNECESSARY]),
            ..Diagnostic::default()
        }
    }

    fn information(
        &self,
        source: &Source,
        span: Span,
        message: &str,
    ) -> Option<DiagnosticRelatedInformation> {
        Some(DiagnosticRelatedInformation {
            location: Location::new((self.uri)(source)?, self.range(source, span)),
            message: message.to_owned(),
        })
    }

    fn range(&self, source: &Source, span: Span) -> Range {
        let mut lines = self.lines.borrow_mut();
        let lines = lines
            .entry(source.name().to_owned())
            .or_insert_with(|| Lines::of(source.text()));
        lines.range(source.text(), span)
    }
}

/// Something wrong with a file that describes the project.
pub(super) fn of_trouble(trouble: &Trouble) -> Option<(Uri, Diagnostic)> {
    let uri = file_uri::uri_of(trouble.path.as_ref()?)?;
    let help = trouble.help.iter().map(|help| format!("\nhelp: {help}"));
    let diagnostic = Diagnostic {
        range: trouble.range,
        severity: Some(DiagnosticSeverity::ERROR),
        code: Some(NumberOrString::String(trouble.code.clone())),
        code_description: page_of(&trouble.code),
        source: Some(SOURCE.to_owned()),
        message: format!("{}{}", trouble.message, help.collect::<String>()),
        ..Diagnostic::default()
    };
    Some((uri, diagnostic))
}

/// Where the pages about errors can be read by anybody: none for a build of which nobody says where it comes from.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// The entry about a code, which `segue explain CODE` prints too.
fn page_of(code: &str) -> Option<CodeDescription> {
    page_in(REPOSITORY, code)
}

fn page_in(repository: &str, code: &str) -> Option<CodeDescription> {
    let room = code.split("::").nth(1)?;
    let anchor = code.replace("::", "");
    let repository = repository.trim_end_matches('/');
    let href = format!("{repository}/blob/main/docs/errors/{room}.md#{anchor}");
    let href = (!repository.is_empty())
        .then(|| href.parse().ok())
        .flatten()?;
    Some(CodeDescription { href })
}

/// What an editor shows faded.
fn is_unnecessary(code: &str) -> bool {
    code.contains("::unused_") || code == "segue::plan::unreachable"
}

pub(super) fn range_in(source: &Source, span: Span) -> Range {
    Lines::of(source.text()).range(source.text(), span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_leads_to_its_entry_where_there_is_a_repository() {
        let page = |repository: &str| page_in(repository, "segue::plan::unknown_task");
        let page_of = |repository: &str| page(repository).map(|page| page.href.to_string());
        assert_eq!(
            page_of("https://example.org/segue/").as_deref(),
            Some("https://example.org/segue/blob/main/docs/errors/plan.md#segueplanunknown_task")
        );
        assert_eq!(page_of(""), None);
    }
}
