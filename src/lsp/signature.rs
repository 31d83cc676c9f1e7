//! How the call is called whose arguments are being written.

use lsp_types::{
    Documentation, MarkupContent, MarkupKind, ParameterInformation, ParameterLabel, SignatureHelp,
    SignatureInformation,
};

use super::file_view::FileView;
use crate::plan::{CallAt, Entry, FunctionAt, Place};

/// The call around a byte.
pub(super) fn signature(view: &FileView<'_>, offset: usize) -> Option<SignatureHelp> {
    let place = Place::at(&view.source, offset);
    let call = place.call.as_ref()?;
    let information = own(view, call)
        .map(|function| of_function(&function, call))
        .or_else(|| {
            view.called(call, place.word)
                .map(|entry| of_entry(entry, call))
        })?;
    Some(SignatureHelp {
        signatures: vec![information],
        active_signature: Some(0),
        active_parameter: u32::try_from(call.index).ok(),
    })
}

fn own(view: &FileView<'_>, call: &CallAt) -> Option<FunctionAt> {
    if call.receiver.is_some() {
        return None;
    }
    match call.name.split_once("::") {
        Some((alias, name)) => view
            .imported_function(alias, name)
            .map(|(_, function)| function),
        None => view.outline.function(&call.name, None).cloned(),
    }
}

fn of_entry(entry: &Entry, call: &CallAt) -> SignatureInformation {
    let params = entry
        .params
        .iter()
        .map(|param| format!("{}: {}", param.name, param.kind));
    information(entry.signature(), params, entry.doc, call)
}

fn of_function(function: &FunctionAt, call: &CallAt) -> SignatureInformation {
    let doc = function.doc.as_deref().unwrap_or_default();
    information(
        function.signature(),
        function.params.iter().cloned(),
        doc,
        call,
    )
}

fn information(
    label: String,
    params: impl Iterator<Item = String>,
    doc: &str,
    call: &CallAt,
) -> SignatureInformation {
    SignatureInformation {
        label,
        documentation: (!doc.is_empty()).then(|| {
            Documentation::MarkupContent(MarkupContent {
                kind: MarkupKind::Markdown,
                value: doc.to_owned(),
            })
        }),
        parameters: Some(
            params
                .map(|param| ParameterInformation {
                    label: ParameterLabel::Simple(param),
                    documentation: None,
                })
                .collect(),
        ),
        active_parameter: u32::try_from(call.index).ok(),
    }
}
