//! One proposal of a completion, and the list that it goes into.

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, InsertTextFormat,
    MarkupContent, MarkupKind, TextEdit,
};

use super::file_view::FileView;
use crate::plan::Span;

/// How far up a proposal stands.
#[derive(Clone, Copy)]
pub(super) enum Rank {
    Best = 0,
    Near = 1,
    Own = 2,
    Language = 3,
    Far = 4,
}

/// What is proposed in place of a word.
pub(super) struct List<'a> {
    pub(super) view: &'a FileView<'a>,
    pub(super) snippets: bool,
    pub(super) word: Span,
    pub(super) items: Vec<CompletionItem>,
}

/// One proposal before it is put in order.
pub(super) struct Proposal<'t> {
    label: &'t str,
    kind: CompletionItemKind,
    pub(super) rank: Rank,
    detail: Option<String>,
    doc: String,
    /// Inserted where an editor fills in snippets, in place of the label.
    snippet: Option<String>,
}

impl<'t> Proposal<'t> {
    pub(super) const fn new(label: &'t str, kind: CompletionItemKind, rank: Rank) -> Self {
        Self {
            label,
            kind,
            rank,
            detail: None,
            doc: String::new(),
            snippet: None,
        }
    }

    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub(super) fn doc(mut self, doc: impl Into<String>) -> Self {
        self.doc = doc.into();
        self
    }

    pub(super) fn snippet(mut self, snippet: String) -> Self {
        self.snippet = Some(snippet);
        self
    }
}

impl List<'_> {
    pub(super) fn push(&mut self, proposal: Proposal<'_>) {
        let order = self.items.len();
        let snippet = proposal.snippet.filter(|_| self.snippets);
        let new_text = snippet.clone().unwrap_or_else(|| proposal.label.to_owned());
        self.items.push(CompletionItem {
            label: proposal.label.to_owned(),
            kind: Some(proposal.kind),
            detail: proposal.detail,
            documentation: documentation(proposal.doc),
            sort_text: Some(format!("{}{order:05}", proposal.rank as u8)),
            insert_text_format: snippet.map(|_| InsertTextFormat::SNIPPET),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit {
                range: self.view.document.range(self.word),
                new_text,
            })),
            ..CompletionItem::default()
        });
    }

    /// Whether the brackets of a call stand behind the word already.
    fn has_brackets(&self) -> bool {
        let text = self.view.source.text();
        text[self.word.end..].starts_with('(')
    }

    /// With the arguments to fill in, unless they are there.
    pub(super) fn call<'t>(&self, proposal: Proposal<'t>, snippet: String) -> Proposal<'t> {
        if self.has_brackets() {
            proposal
        } else {
            proposal.snippet(snippet)
        }
    }
}

fn documentation(doc: String) -> Option<Documentation> {
    if doc.is_empty() {
        return None;
    }
    Some(Documentation::MarkupContent(MarkupContent {
        kind: MarkupKind::Markdown,
        value: doc,
    }))
}
