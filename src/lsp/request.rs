//! Requests about one file, and what the server says of itself.

use lsp_server::{ErrorCode, Message, Request, RequestId};
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionProviderCapability,
    CompletionOptions, CompletionParams, DocumentSymbolParams, GotoDefinitionParams, HoverParams,
    HoverProviderCapability, InitializeResult, OneOf, Position, ServerCapabilities, ServerInfo,
    SignatureHelpOptions, SignatureHelpParams, TextDocumentSyncCapability, TextDocumentSyncKind,
    TextDocumentSyncOptions, TextDocumentSyncSaveOptions, Uri,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    code_action,
    completion::{self, Asked},
    definition,
    document::Document,
    file_view::FileView,
    hover, outgoing, signature, symbol,
};

/// What a request about a file needs of the server.
pub(super) trait Desk {
    /// Calls back with the file, if it is open and can be looked at.
    fn with_file(&mut self, uri: &Uri, then: &mut dyn FnMut(&FileView<'_>));

    /// The text of a file as it is open, without its project.
    fn document(&self, uri: &Uri) -> Option<&Document>;

    /// Whether the editor fills in snippets.
    fn snippets(&self) -> bool;
}

/// Answers a request about a file; none if it is no such request.
pub(super) fn answer(desk: &mut dyn Desk, request: Request) -> Message {
    let Request { id, method, params } = request;
    let done = match method.as_str() {
        "textDocument/completion" => read(params).map(|params: CompletionParams| {
            let at = params.text_document_position;
            let asked = Asked {
                snippets: desk.snippets(),
                behind: params.context.and_then(|context| context.trigger_character),
            };
            at_place(desk, &at.text_document.uri, at.position, |view, offset| {
                Some(completion::complete(view, offset, &asked))
            })
        }),
        "textDocument/hover" => read(params).map(|params: HoverParams| {
            let at = params.text_document_position_params;
            at_place(desk, &at.text_document.uri, at.position, hover::hover)
        }),
        "textDocument/definition" => read(params).map(|params: GotoDefinitionParams| {
            let at = params.text_document_position_params;
            at_place(
                desk,
                &at.text_document.uri,
                at.position,
                definition::definition,
            )
        }),
        "textDocument/signatureHelp" => read(params).map(|params: SignatureHelpParams| {
            let at = params.text_document_position_params;
            at_place(
                desk,
                &at.text_document.uri,
                at.position,
                signature::signature,
            )
        }),
        "textDocument/documentSymbol" => read(params).map(|params: DocumentSymbolParams| {
            at_place(
                desk,
                &params.text_document.uri,
                Position::default(),
                |view, _| Some(symbol::symbols(view)),
            )
        }),
        "textDocument/codeAction" => read(params).map(|params: CodeActionParams| {
            let document = desk.document(&params.text_document.uri);
            let actions = document
                .map(|document| code_action::code_actions(document, params.context.diagnostics));
            serde_json::to_value(actions).unwrap_or_default()
        }),
        _ => {
            let message = format!("there is no method `{method}` here");
            return outgoing::refusal(id, ErrorCode::MethodNotFound, message);
        }
    };
    reply(id, done)
}

fn reply(id: RequestId, done: Result<Value, serde_json::Error>) -> Message {
    match done {
        Ok(result) => outgoing::answer(id, result),
        Err(error) => outgoing::refusal(id, ErrorCode::InvalidParams, error.to_string()),
    }
}

fn read<P: DeserializeOwned>(params: Value) -> Result<P, serde_json::Error> {
    serde_json::from_value(params)
}

/// What is answered about a place of a file: nothing if the file is not open.
fn at_place<R: Serialize>(
    desk: &mut dyn Desk,
    uri: &Uri,
    position: Position,
    ask: impl Fn(&FileView<'_>, usize) -> Option<R>,
) -> Value {
    let mut answer = None;
    desk.with_file(uri, &mut |view| {
        let document = view.document;
        let offset = document.lines.offset(&document.text, position);
        answer = ask(view, offset);
    });
    serde_json::to_value(answer).unwrap_or_default()
}

/// What the server can do.
pub(super) fn capabilities() -> InitializeResult {
    let signs = |signs: &[&str]| Some(signs.iter().map(|sign| (*sign).to_owned()).collect());
    InitializeResult {
        capabilities: ServerCapabilities {
            text_document_sync: Some(TextDocumentSyncCapability::Options(
                TextDocumentSyncOptions {
                    open_close: Some(true),
                    change: Some(TextDocumentSyncKind::INCREMENTAL),
                    save: Some(TextDocumentSyncSaveOptions::Supported(true)),
                    ..TextDocumentSyncOptions::default()
                },
            )),
            completion_provider: Some(CompletionOptions {
                trigger_characters: signs(&completion::TRIGGERS),
                ..CompletionOptions::default()
            }),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            definition_provider: Some(OneOf::Left(true)),
            signature_help_provider: Some(SignatureHelpOptions {
                trigger_characters: signs(&["(", ","]),
                ..SignatureHelpOptions::default()
            }),
            document_symbol_provider: Some(OneOf::Left(true)),
            code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
                code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
                ..CodeActionOptions::default()
            })),
            ..ServerCapabilities::default()
        },
        server_info: Some(ServerInfo {
            name: "segue".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    }
}
