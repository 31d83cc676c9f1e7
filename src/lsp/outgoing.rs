//! Messages to the editor, made of what they say.

use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    DidChangeWatchedFilesRegistrationOptions, FileSystemWatcher, GlobPattern, MessageType,
    PublishDiagnosticsParams, Registration, RegistrationParams, ShowMessageParams,
};
use serde::Serialize;
use serde_json::Value;

/// The files by which a project changes.
const WATCHED: [&str; 4] = ["**/*.rhai", "**/*.{yaml,yml}", "**/tasks/*", "**/modules/*"];

/// The id of the one request that we make.
const REGISTRATION: &str = "segue-watch";

fn json(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

pub(super) fn answer(id: RequestId, result: impl Serialize) -> Message {
    Message::Response(Response {
        id,
        response_result: Ok(json(result)),
    })
}

pub(super) fn refusal(id: RequestId, code: ErrorCode, message: impl Into<String>) -> Message {
    Message::Response(Response::new_err(id, code as i32, message.into()))
}

pub(super) fn diagnostics(params: PublishDiagnosticsParams) -> Message {
    notification("textDocument/publishDiagnostics", params)
}

/// Words for the person.
pub(super) fn shown(kind: MessageType, message: String) -> Message {
    notification(
        "window/showMessage",
        ShowMessageParams { typ: kind, message },
    )
}

/// Asks to be told when files of a project change.
pub(super) fn watch() -> Message {
    let watchers = WATCHED
        .iter()
        .map(|glob| FileSystemWatcher {
            glob_pattern: GlobPattern::String((*glob).to_owned()),
            kind: None,
        })
        .collect();
    let registration = Registration {
        id: REGISTRATION.to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: Some(json(DidChangeWatchedFilesRegistrationOptions { watchers })),
    };
    Message::Request(Request {
        id: REGISTRATION.to_owned().into(),
        method: "client/registerCapability".to_owned(),
        params: json(RegistrationParams {
            registrations: vec![registration],
        }),
    })
}

fn notification(method: &str, params: impl Serialize) -> Message {
    Message::Notification(Notification {
        method: method.to_owned(),
        params: json(params),
    })
}
