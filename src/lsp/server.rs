//! The server as a state machine: a message comes in, messages go out. It waits for nothing and has no clock.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
};

use lsp_server::{ErrorCode, Message, Notification, Request};
use lsp_types::{
    ClientCapabilities, Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, MessageType, Uri,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    document::Document,
    file_uri,
    file_view::FileView,
    ground::Ground,
    outgoing,
    problem::{self, Teller},
    publisher::Publisher,
    request::{self, Desk},
    world::{Buffers, World},
};
use crate::plan::{Source, check};

/// Longer texts are not looked at: no plan that is longer can be run.
const TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Directories whose project is kept in memory. An editor has a few open; with more the oldest are found anew.
const GROUNDS_MAX: usize = 32;

/// Problems that are told of one file. Nobody reads on, and editors grow slow with more.
const PROBLEMS_MAX: usize = 500;

/// Words about broken projects that are remembered, not to be said again. A day of editing makes fewer.
const SAID_MAX: usize = 200;

/// What the server has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Fresh,
    Running,
    ShutDown,
    Exited,
}

/// A language server. Feed it messages, send what it answers, and let it work when there is time.
#[derive(Debug, Default)]
pub struct Server {
    phase: Phase,
    /// `exit` came without `shutdown`.
    is_abrupt: bool,
    client: Client,
    documents: BTreeMap<String, Document>,
    /// By the directory of the file that asked for it.
    grounds: HashMap<PathBuf, Ground>,
    publisher: Publisher,
    /// Files to be checked, the last one first.
    dirty: Vec<String>,
    /// What was said of a broken project, which is said once.
    said: BTreeSet<String>,
}

/// What the editor can do.
#[derive(Clone, Copy, Debug, Default)]
struct Client {
    snippets: bool,
    watches: bool,
}

impl Server {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a message, and gives what is to be sent.
    pub fn handle(&mut self, message: Message) -> Vec<Message> {
        match message {
            Message::Request(request) => self.request(request),
            Message::Notification(notification) => self.notification(notification),
            // To the one request that we make there is no answer that changes anything.
            Message::Response(_) => Vec::new(),
        }
    }

    /// Whether a file waits to be checked.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.phase == Phase::Running && !self.dirty.is_empty()
    }

    /// Checks the file that was changed last, and gives what is to be sent.
    pub fn work(&mut self) -> Vec<Message> {
        let Some(uri) = self.dirty.pop() else {
            return Vec::new();
        };
        let Some(document) = self.documents.get(&uri) else {
            return Vec::new();
        };
        let directory = directory_of(document);
        let mut messages = self.refresh(&directory);
        let problems = self.problems_of(&uri, &directory);
        self.publisher.set(&uri, problems);
        messages.extend(self.news(Some(&uri)));
        messages
    }

    /// How it ended, once it has: whether `shutdown` came before `exit`.
    #[must_use]
    pub fn ending(&self) -> Option<bool> {
        (self.phase == Phase::Exited).then_some(!self.is_abrupt)
    }

    fn request(&mut self, request: Request) -> Vec<Message> {
        let refuse =
            |code, message: &str| vec![outgoing::refusal(request.id.clone(), code, message)];
        match (self.phase, request.method.as_str()) {
            (Phase::Fresh, "initialize") => {
                self.initialize(&request.params);
                self.phase = Phase::Running;
                vec![outgoing::answer(request.id, request::capabilities())]
            }
            (Phase::Fresh, _) => refuse(
                ErrorCode::ServerNotInitialized,
                "`initialize` has to come first",
            ),
            (Phase::Running, "initialize") => {
                refuse(ErrorCode::InvalidRequest, "`initialize` came before")
            }
            (Phase::Running, "shutdown") => {
                self.phase = Phase::ShutDown;
                vec![outgoing::answer(request.id, Value::Null)]
            }
            (Phase::Running, _) => vec![request::answer(self, request)],
            (Phase::ShutDown | Phase::Exited, _) => {
                refuse(ErrorCode::InvalidRequest, "the server is shut down")
            }
        }
    }

    fn initialize(&mut self, params: &Value) {
        // Read apart from the rest: what else an editor sends wrongly does no harm.
        let capabilities = params.get("capabilities").cloned().unwrap_or_default();
        let Ok(capabilities) = serde_json::from_value::<ClientCapabilities>(capabilities) else {
            return;
        };
        let document = capabilities.text_document.unwrap_or_default();
        let item = document
            .completion
            .and_then(|completion| completion.completion_item);
        self.client.snippets = item.and_then(|item| item.snippet_support).unwrap_or(false);
        let workspace = capabilities.workspace.unwrap_or_default();
        let watching = workspace.did_change_watched_files;
        self.client.watches = watching
            .and_then(|watching| watching.dynamic_registration)
            .unwrap_or(false);
    }

    fn notification(&mut self, notification: Notification) -> Vec<Message> {
        let Notification { method, params } = notification;
        match (self.phase, method.as_str()) {
            (_, "exit") => {
                self.is_abrupt = self.phase != Phase::ShutDown;
                self.phase = Phase::Exited;
            }
            (Phase::Running, "initialized") if self.client.watches => {
                return vec![outgoing::watch()];
            }
            (Phase::Running, "textDocument/didOpen") => self.open(params),
            (Phase::Running, "textDocument/didChange") => self.change(params),
            (Phase::Running, "textDocument/didClose") => return self.close(params),
            (Phase::Running, "textDocument/didSave" | "workspace/didChangeWatchedFiles") => {
                self.reload();
            }
            // What is not known is passed over, as the specification wants it.
            _ => {}
        }
        Vec::new()
    }

    fn open(&mut self, params: Value) {
        let Some(params) = read::<DidOpenTextDocumentParams>(params) else {
            return;
        };
        let document = Document::new(params.text_document);
        let uri = document.uri.as_str().to_owned();
        self.documents.insert(uri.clone(), document);
        self.all_are_dirty();
        self.is_next(&uri);
    }

    fn change(&mut self, params: Value) {
        let Some(params) = read::<DidChangeTextDocumentParams>(params) else {
            return;
        };
        let uri = params.text_document.uri.as_str().to_owned();
        let Some(document) = self.documents.get_mut(&uri) else {
            return;
        };
        document.apply(params.text_document.version, params.content_changes);
        self.all_are_dirty();
        self.is_next(&uri);
    }

    fn close(&mut self, params: Value) -> Vec<Message> {
        let Some(params) = read::<DidCloseTextDocumentParams>(params) else {
            return Vec::new();
        };
        let uri = params.text_document.uri.as_str();
        self.documents.remove(uri);
        self.dirty.retain(|dirty| dirty != uri);
        self.publisher.forget(uri);
        self.all_are_dirty();
        if self.documents.is_empty() {
            self.grounds.clear();
        }
        self.news(None)
    }

    /// Files on disk have changed: what is known of the projects is found anew.
    fn reload(&mut self) {
        self.grounds.clear();
        self.all_are_dirty();
    }

    /// What is in one file may be wrong by what is in another.
    fn all_are_dirty(&mut self) {
        let plans = self
            .documents
            .iter()
            .filter(|(_, document)| document.is_plan);
        self.dirty = plans.map(|(uri, _)| uri.clone()).collect();
    }

    /// It is the next to be checked.
    fn is_next(&mut self, uri: &str) {
        if let Some(at) = self.dirty.iter().position(|dirty| dirty == uri) {
            let uri = self.dirty.remove(at);
            self.dirty.push(uri);
        }
    }

    /// Makes sure that the project of a directory is known as it is now, and tells of what is wrong with it.
    fn refresh(&mut self, directory: &Path) -> Vec<Message> {
        if self
            .grounds
            .get(directory)
            .is_some_and(|ground| !ground.is_outdated())
        {
            return Vec::new();
        }
        if self.grounds.len() >= GROUNDS_MAX {
            self.grounds.clear();
        }
        let ground = Ground::of(directory);
        let mut found: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
        let mut messages = Vec::new();
        for trouble in &ground.troubles {
            if let Some((uri, problem)) = problem::of_trouble(trouble) {
                found
                    .entry(uri.as_str().to_owned())
                    .or_default()
                    .push(problem);
            }
            if self.said.len() >= SAID_MAX {
                self.said.clear();
            }
            if self.said.insert(trouble.message.clone()) {
                let help = trouble.help.iter().map(|help| format!(" ({help})"));
                let words = format!("segue: {}{}", trouble.message, help.collect::<String>());
                messages.push(outgoing::shown(MessageType::WARNING, words));
            }
        }
        self.publisher.set(&directory.to_string_lossy(), found);
        self.grounds.insert(directory.to_owned(), ground);
        messages
    }

    /// What is wrong with a file and with what it reaches, by file.
    fn problems_of(&self, uri: &str, directory: &Path) -> BTreeMap<String, Vec<Diagnostic>> {
        let mut problems = BTreeMap::from([(uri.to_owned(), Vec::new())]);
        let (Some(document), Some(ground)) = (self.documents.get(uri), self.grounds.get(directory))
        else {
            return problems;
        };
        if document.text.len() > TEXT_BYTES_MAX {
            return problems;
        }
        let buffers = self.buffers(ground);
        let world = World::new(ground, &buffers);
        let source = source_of(&world, document);
        let uri_of = |other: &Source| {
            if other.name() == source.name() {
                return Some(document.uri.clone());
            }
            let path = ground.path_of(other.name())?;
            let open = self
                .documents
                .values()
                .find(|open| open.path.as_ref() == Some(&path));
            open.map(|open| open.uri.clone())
                .or_else(|| file_uri::uri_of(&path))
        };
        let teller = Teller::new(&uri_of);
        for found in check(&world, &source) {
            if !problem::is_certain(ground, &found) {
                continue;
            }
            let Some(file) = found.source.as_ref().and_then(uri_of) else {
                continue;
            };
            let all: &mut Vec<Diagnostic> = problems.entry(file.as_str().to_owned()).or_default();
            if all.len() < PROBLEMS_MAX {
                all.push(teller.diagnostic(&found));
            }
        }
        problems
    }

    /// The open files of a project, by the names that messages show of them.
    fn buffers(&self, ground: &Ground) -> Buffers {
        let Some(project) = &ground.project else {
            return Buffers::new();
        };
        self.documents
            .values()
            .filter_map(|document| {
                let path = document.path.as_deref()?;
                let shown = path.strip_prefix(project.root()).unwrap_or(path);
                let text = Arc::from(document.text.as_str());
                Some((shown.to_string_lossy().into_owned(), text))
            })
            .collect()
    }

    fn news(&mut self, checked: Option<&str>) -> Vec<Message> {
        let documents = &self.documents;
        let version = |uri: &str| documents.get(uri).map(|document| document.version);
        let news = self.publisher.news(checked, &version);
        news.into_iter().map(outgoing::diagnostics).collect()
    }
}

impl Desk for Server {
    fn with_file(&mut self, uri: &Uri, then: &mut dyn FnMut(&FileView<'_>)) {
        let Some(document) = self.documents.get(uri.as_str()) else {
            return;
        };
        if !document.is_plan || document.text.len() > TEXT_BYTES_MAX {
            return;
        }
        let directory = directory_of(document);
        if !self.grounds.contains_key(&directory) {
            self.grounds
                .insert(directory.clone(), Ground::of(&directory));
        }
        let (Some(document), Some(ground)) = (
            self.documents.get(uri.as_str()),
            self.grounds.get(&directory),
        ) else {
            return;
        };
        let buffers = self.buffers(ground);
        let world = World::new(ground, &buffers);
        let source = source_of(&world, document);
        then(&FileView::new(&world, document, source));
    }

    fn document(&self, uri: &Uri) -> Option<&Document> {
        self.documents.get(uri.as_str())
    }

    fn snippets(&self) -> bool {
        self.client.snippets
    }
}

/// The directory of a file. One that is in no file is at the root, where there is no project.
fn directory_of(document: &Document) -> PathBuf {
    let parent = document.path.as_deref().and_then(Path::parent);
    let there = parent.and_then(|parent| parent.ancestors().find(|above| above.is_dir()));
    there.unwrap_or(Path::new("/")).to_owned()
}

fn source_of(world: &World<'_>, document: &Document) -> Source {
    let path = match &document.path {
        Some(path) => path.clone(),
        None => PathBuf::from(document.uri.as_str()),
    };
    world.source(&world.ground.plan_file(&path, &document.text))
}

fn read<P: DeserializeOwned>(params: Value) -> Option<P> {
    serde_json::from_value(params).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    /// Every so many bytes of a plan are asked about: enough to come by each kind of place in some plan.
    const STRIDE: usize = 89;

    fn notify(server: &mut Server, method: &str, params: Value) -> Vec<Message> {
        server.handle(Message::Notification(Notification {
            method: method.to_owned(),
            params,
        }))
    }

    fn ask(server: &mut Server, method: &str, params: Value) -> Value {
        let request = Request {
            id: 1.into(),
            method: method.to_owned(),
            params,
        };
        let messages = server.handle(Message::Request(request));
        match messages.into_iter().next() {
            Some(Message::Response(response)) => response.response_result.unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn no_plan_and_no_place_in_it_is_too_odd() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut server = Server::new();
        ask(&mut server, "initialize", json!({ "capabilities": {} }));
        let mut asked = 0;
        for directory in ["tests/check/bad", "tests/check/good", "plans"] {
            for entry in fs::read_dir(root.join(directory)).unwrap() {
                let path = entry.unwrap().path();
                let text = fs::read_to_string(&path).unwrap();
                let uri = file_uri::uri_of(&path).unwrap();
                let item = json!({ "uri": uri, "languageId": "rhai", "version": 1, "text": text });
                notify(
                    &mut server,
                    "textDocument/didOpen",
                    json!({ "textDocument": item }),
                );
                let lines = super::super::position::Lines::of(&text);
                for offset in (0..=text.len()).step_by(STRIDE) {
                    let at = json!({
                        "textDocument": { "uri": uri },
                        "position": lines.position(&text, offset),
                    });
                    for method in ["completion", "hover", "definition", "signatureHelp"] {
                        ask(&mut server, &format!("textDocument/{method}"), at.clone());
                        asked += 1;
                    }
                }
                let document = json!({ "textDocument": { "uri": uri } });
                ask(&mut server, "textDocument/documentSymbol", document.clone());
                notify(&mut server, "textDocument/didClose", document);
            }
        }
        assert!(asked > 1_000, "{asked}");
    }

    #[test]
    fn what_is_open_is_forgotten_when_it_is_closed() {
        let mut server = Server::new();
        ask(&mut server, "initialize", json!({ "capabilities": {} }));
        let uri = "file:///nowhere/a.rhai";
        let item = json!({ "uri": uri, "languageId": "rhai", "version": 1, "text": "let x = ;" });
        notify(
            &mut server,
            "textDocument/didOpen",
            json!({ "textDocument": item }),
        );
        assert!(server.has_work());
        assert_eq!(server.work().len(), 1);
        assert!(!server.has_work());
        let document = json!({ "textDocument": { "uri": uri } });
        let cleared = notify(&mut server, "textDocument/didClose", document);
        assert_eq!(cleared.len(), 1);
        assert!(server.documents.is_empty() && server.grounds.is_empty() && !server.has_work());
    }
}
