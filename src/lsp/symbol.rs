//! The outline of a file: parameters, functions, steps and tests.

use lsp_types::{DocumentSymbol, SymbolKind};

use super::file_view::FileView;
use crate::plan::Span;

/// What a file declares, in its order.
pub(super) fn symbols(view: &FileView<'_>) -> Vec<DocumentSymbol> {
    let mut symbols = Vec::new();
    for param in &view.header.params {
        let span = param.span.to(param.type_span);
        let detail = param.data_type.to_string();
        symbols.push((
            span,
            symbol(
                view,
                &param.name,
                detail,
                SymbolKind::VARIABLE,
                (span, param.span),
            ),
        ));
    }
    for function in &view.outline.functions {
        let (span, detail) = (function.span, function.signature());
        let spans = (span, function.name_span);
        symbols.push((
            span,
            symbol(view, &function.name, detail, SymbolKind::FUNCTION, spans),
        ));
    }
    for step in &view.outline.steps {
        let detail = if step.is_test { "test" } else { "step" };
        let spans = (step.span, step.name_span);
        let made = symbol(
            view,
            &step.name,
            detail.to_owned(),
            SymbolKind::EVENT,
            spans,
        );
        symbols.push((step.span, made));
    }
    symbols.sort_by_key(|(span, _)| span.start);
    symbols.into_iter().map(|(_, symbol)| symbol).collect()
}

#[expect(deprecated, reason = "the field is there, and has to be given")]
fn symbol(
    view: &FileView<'_>,
    name: &str,
    detail: String,
    kind: SymbolKind,
    (span, name_span): (Span, Span),
) -> DocumentSymbol {
    DocumentSymbol {
        // Editors refuse an empty name.
        name: if name.is_empty() { "?" } else { name }.to_owned(),
        detail: Some(detail),
        kind,
        tags: None,
        deprecated: None,
        range: view.document.range(span),
        selection_range: view.document.range(name_span),
        children: None,
    }
}
