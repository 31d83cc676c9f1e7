//! What can be written at the cursor.

use lsp_types::{CompletionItem, CompletionItemKind, CompletionTextEdit};

use super::{
    file_view::FileView,
    key::{self, KnownKey},
    keyword::{EXPRESSIONS, STATEMENTS},
    member::{self, MemberOf},
    proposal::{List, Proposal, Rank},
    snippet,
    text::{self, Named},
    type_names::TYPES,
    words,
};
use crate::plan::{Entry, EntryKind, Header, Outline, Place, PlaceKind, Span, standard_functions};

/// Tasks whose metadata is read to be shown beside their names. Beyond that the name has to do.
const TASKS_READ_MAX: usize = 500;

/// Targets that are listed. Who has more types a letter first.
const TARGETS_MAX: usize = 1_000;

/// Files that are listed.
const FILES_MAX: usize = 1_000;

/// The signs behind which an editor asks by itself.
pub(super) const TRIGGERS: [&str; 6] = [".", ":", "\"", "/", "{", ","];

/// How an editor asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// It fills in snippets.
    pub(super) snippets: bool,
    /// The sign behind which it asks by itself; none if somebody wants to know.
    pub(super) behind: Option<String>,
}

impl Asked {
    /// Whether the sign is one to ask behind: a brace may begin a block, a comma stand anywhere.
    fn is_meant(&self, kind: &PlaceKind) -> bool {
        let in_text = matches!(kind, PlaceKind::Text { .. } | PlaceKind::ImportPath { .. });
        match self.behind.as_deref() {
            Some("{") => matches!(kind, PlaceKind::Key { .. }),
            Some(",") => in_text || matches!(kind, PlaceKind::Key { .. }),
            Some(":") => {
                in_text || matches!(kind, PlaceKind::Namespace { .. } | PlaceKind::ParamType)
            }
            Some("/" | "\"") => in_text,
            _ => true,
        }
    }
}

/// What can be written at a byte.
pub(super) fn complete(view: &FileView<'_>, offset: usize, asked: &Asked) -> Vec<CompletionItem> {
    let place = Place::at(&view.source, offset);
    if !asked.is_meant(&place.kind) {
        return Vec::new();
    }
    let mut list = List {
        view,
        snippets: asked.snippets,
        word: place.word,
        items: Vec::new(),
    };
    match &place.kind {
        PlaceKind::Nothing => {}
        PlaceKind::ParamType => list.types(),
        PlaceKind::Text { .. } | PlaceKind::ImportPath { .. } => list.text(&place),
        PlaceKind::Key { present } => list.keys(&place, present),
        PlaceKind::Member { receiver } => list.members(*receiver),
        PlaceKind::Namespace { name } => list.namespace(name),
        PlaceKind::Statement | PlaceKind::Expression => list.expression(&place),
    }
    list.items
}

impl List<'_> {
    fn entry(&mut self, entry: &'static Entry, label: &'static str, rank: Rank) {
        let (kind, detail) = match entry.kind {
            EntryKind::Getter => (CompletionItemKind::PROPERTY, entry.signature()),
            EntryKind::Method => (CompletionItemKind::METHOD, entry.signature()),
            _ => (CompletionItemKind::FUNCTION, entry.signature()),
        };
        let proposal = Proposal::new(label, kind, rank)
            .detail(detail)
            .doc(words::of_entry(entry));
        let proposal = if entry.kind == EntryKind::Getter {
            proposal
        } else {
            self.call(proposal, snippet::of_entry(entry, label))
        };
        self.push(proposal);
    }

    fn keywords(&mut self, keywords: &'static [(&'static str, &'static str)]) {
        for (word, snippet) in keywords {
            self.push(
                Proposal::new(word, CompletionItemKind::KEYWORD, Rank::Far)
                    .snippet((*snippet).to_owned()),
            );
        }
    }

    fn types(&mut self) {
        for (name, inserted, doc) in TYPES {
            let text = self.view.source.text();
            let proposal = Proposal::new(name, CompletionItemKind::CLASS, Rank::Language).doc(doc);
            let proposal = if text[self.word.end..].starts_with('[') {
                proposal
            } else {
                proposal.snippet(inserted.to_owned())
            };
            self.push(proposal);
        }
    }

    fn text(&mut self, place: &Place) {
        match text::named(self.view, place) {
            Named::Task => self.tasks(),
            Named::Plan => self.plans(),
            Named::Targets => self.targets(),
            Named::Import => self.imports(),
            Named::File => self.files(),
            Named::Step => {
                for step in &self.view.outline.steps {
                    self.push(Proposal::new(
                        &step.name,
                        CompletionItemKind::EVENT,
                        Rank::Best,
                    ));
                }
            }
            Named::Word(words) => {
                for word in &words {
                    let word = word.trim_matches('"');
                    self.push(Proposal::new(
                        word,
                        CompletionItemKind::ENUM_MEMBER,
                        Rank::Best,
                    ));
                }
            }
            Named::Nothing => {}
        }
    }

    fn tasks(&mut self) {
        let Some(project) = self.view.project() else {
            return;
        };
        for (number, name) in project.task_names().iter().enumerate() {
            let task = (number < TASKS_READ_MAX).then(|| project.task(name));
            let mut proposal = Proposal::new(name, CompletionItemKind::MODULE, Rank::Own);
            match task {
                Some(Ok(task)) => {
                    let metadata = task.metadata();
                    if metadata.private {
                        proposal.rank = Rank::Far;
                    }
                    proposal = proposal
                        .detail(metadata.description.clone())
                        .doc(words::of_task(
                            &task,
                            task_place(self.view, name).as_deref(),
                        ));
                }
                Some(Err(error)) => proposal = proposal.detail(format!("broken: {error}")),
                None => {}
            }
            self.push(proposal);
        }
    }

    fn plans(&mut self) {
        let Some(project) = self.view.project() else {
            return;
        };
        for name in project.plan_names() {
            let mut proposal = Proposal::new(&name, CompletionItemKind::FILE, Rank::Own);
            if let Some(source) = self.view.plan(&name) {
                let header = Header::read(&source).0;
                let description = header.description.clone().unwrap_or_default();
                let first = description.lines().next().unwrap_or_default().to_owned();
                proposal =
                    proposal
                        .detail(first)
                        .doc(words::of_plan(&name, &header, source.name()));
            }
            self.push(proposal);
        }
    }

    fn targets(&mut self) {
        let inventory = &self.view.world.ground.inventory;
        for group in inventory.groups() {
            let count = group.targets.len();
            self.push(
                Proposal::new(&group.name, CompletionItemKind::ENUM, Rank::Near)
                    .detail(format!("group of {count} targets")),
            );
        }
        for name in inventory.target_names().into_iter().take(TARGETS_MAX) {
            self.push(Proposal::new(name, CompletionItemKind::VALUE, Rank::Own).detail("target"));
        }
    }

    fn imports(&mut self) {
        let Some(project) = self.view.project() else {
            return;
        };
        for name in project.import_names() {
            let path = name.replace("::", "/");
            self.push(Proposal::new(&path, CompletionItemKind::FILE, Rank::Own));
        }
    }

    fn files(&mut self) {
        let Some(project) = self.view.project() else {
            return;
        };
        let written = self.word.of(self.view.source.text());
        for name in project.file_names(written).iter().take(FILES_MAX) {
            self.push(Proposal::new(name, CompletionItemKind::FILE, Rank::Own));
        }
    }

    /// What an argument names, in quotes: nobody has begun a string yet.
    fn quoted(&mut self, place: &Place) {
        let begin = self.items.len();
        match text::named(self.view, place) {
            Named::Task => self.tasks(),
            Named::Plan => self.plans(),
            Named::Targets => self.targets(),
            _ => {}
        }
        for item in &mut self.items[begin..] {
            let quoted = format!("\"{}\"", item.label);
            if let Some(CompletionTextEdit::Edit(edit)) = &mut item.text_edit {
                edit.new_text.clone_from(&quoted);
            }
            item.label = quoted;
        }
    }

    /// Those that are missing and needed come first.
    fn keys(&mut self, place: &Place, present: &[String]) {
        let keys = key::keys_at(self.view, place, place.path.len());
        for key in keys.iter().filter(|key| !present.contains(&key.name)) {
            let rank = if key.required { Rank::Best } else { Rank::Near };
            let need = if key.required { " (required)" } else { "" };
            let proposal = Proposal::new(&key.name, CompletionItemKind::FIELD, rank)
                .detail(format!("{}{need}", key.wanted))
                .doc(key.doc.clone());
            let rest = &self.view.source.text()[self.word.end..];
            let proposal = if rest.trim_start().starts_with(':') {
                proposal
            } else {
                proposal.snippet(format!("{}: {}", key.name, value_snippet(key)))
            };
            self.push(proposal);
        }
    }

    fn members(&mut self, receiver: Option<Span>) {
        let kind = receiver.and_then(|receiver| self.view.type_of(receiver, self.word));
        for member in member::members(self.view, kind.as_deref()) {
            match member {
                MemberOf::Own(entry) => self.entry(entry, entry.name, Rank::Own),
                MemberOf::Standard(function) => {
                    let params = function.params.iter().skip(1);
                    let snippet =
                        snippet::of_params(&function.name, params.map(|(name, _)| name.as_str()));
                    let proposal =
                        Proposal::new(&function.name, CompletionItemKind::METHOD, Rank::Far)
                            .detail(function.method_signature())
                            .doc(words::of_standard(function));
                    let proposal = self.call(proposal, snippet);
                    self.push(proposal);
                }
            }
        }
    }

    fn namespace(&mut self, name: &str) {
        for entry in self.view.entries() {
            if let Some((_, last)) = entry.name.split_once("::").filter(|(own, _)| *own == name) {
                self.entry(entry, last, Rank::Language);
            }
        }
        let Some(source) = self.view.imported(name) else {
            return;
        };
        for function in Outline::of(&source)
            .functions
            .iter()
            .filter(|function| !function.private)
        {
            let proposal = Proposal::new(&function.name, CompletionItemKind::FUNCTION, Rank::Own)
                .detail(function.signature())
                .doc(words::of_function(function, Some(source.name())));
            let snippet =
                snippet::of_params(&function.name, function.params.iter().map(String::as_str));
            let proposal = self.call(proposal, snippet);
            self.push(proposal);
        }
    }

    fn expression(&mut self, place: &Place) {
        let view = self.view;
        if let Some(key) = key::key_around(view, place) {
            for value in &key.values {
                self.push(
                    Proposal::new(value, CompletionItemKind::ENUM_MEMBER, Rank::Best)
                        .detail(key.wanted.clone()),
                );
            }
        } else if place.kind == PlaceKind::Expression {
            self.quoted(place);
        }
        for variable in &place.variables {
            let kind = view
                .type_of_variable(variable.span, self.word)
                .unwrap_or_default();
            self.push(
                Proposal::new(&variable.name, CompletionItemKind::VARIABLE, Rank::Near)
                    .detail(kind),
            );
        }
        for param in view.header.params.iter().filter(|_| !place.in_function) {
            if place
                .variables
                .iter()
                .any(|variable| variable.name == param.name)
            {
                continue;
            }
            self.push(
                Proposal::new(&param.name, CompletionItemKind::VARIABLE, Rank::Near)
                    .detail(format!("param {}: {}", param.name, param.data_type))
                    .doc(param.doc.clone().unwrap_or_default()),
            );
        }
        for function in &view.outline.functions {
            let snippet =
                snippet::of_params(&function.name, function.params.iter().map(String::as_str));
            let proposal = Proposal::new(&function.name, CompletionItemKind::FUNCTION, Rank::Own)
                .detail(function.signature())
                .doc(words::of_function(function, None));
            let proposal = self.call(proposal, snippet);
            self.push(proposal);
        }
        for import in &view.outline.imports {
            self.push(
                Proposal::new(&import.alias, CompletionItemKind::MODULE, Rank::Own)
                    .detail(format!("import \"{}\"", import.path)),
            );
        }
        for entry in view
            .entries()
            .filter(|entry| entry.kind == EntryKind::Function)
        {
            self.entry(entry, entry.name, Rank::Language);
        }
        self.keywords(&EXPRESSIONS);
        if place.kind == PlaceKind::Statement {
            self.keywords(&STATEMENTS);
            if self.is_in_header() {
                self.push(
                    Proposal::new("param", CompletionItemKind::KEYWORD, Rank::Far)
                        .detail("a parameter of the plan")
                        .snippet("param ${1:name}: ${2:String};".to_owned()),
                );
            }
        }
        self.far_functions();
    }

    /// Whether a `param` line may stand here: nothing but such lines and comments are in front.
    fn is_in_header(&self) -> bool {
        let before = &self.view.source.text()[..self.word.start];
        let last = self.view.header.params.last();
        let rest = last.map_or(before, |param| {
            before.get(param.type_span.end..).unwrap_or_default()
        });
        let rest = match last {
            Some(_) => rest.split_once(';').map_or("", |(_, rest)| rest),
            None => rest,
        };
        rest.lines().all(|line| {
            let line = line.trim();
            line.is_empty() || line.starts_with("//")
        })
    }

    /// Functions of Rhai that are no methods.
    fn far_functions(&mut self) {
        let mut last = "";
        for function in standard_functions() {
            let is_method = function
                .params
                .first()
                .is_some_and(|(_, first)| matches!(first.as_str(), "Array" | "Map" | "String"));
            if is_method || function.name == last {
                continue;
            }
            last = &function.name;
            if self.view.functions(&function.name).next().is_some() {
                continue;
            }
            let params = function.params.iter().map(|(name, _)| name.as_str());
            let snippet = snippet::of_params(&function.name, params);
            let proposal = Proposal::new(&function.name, CompletionItemKind::FUNCTION, Rank::Far)
                .doc(words::of_standard(function));
            let proposal = self.call(proposal, snippet);
            self.push(proposal);
        }
    }
}

fn value_snippet(key: &KnownKey) -> String {
    if !key.values.is_empty() {
        let plain: Vec<String> = key
            .values
            .iter()
            .map(|value| value.replace([',', '|', '$', '}', '\\'], ""))
            .collect();
        return format!("${{1|{}|}}", plain.join(","));
    }
    let wanted = key.wanted.trim_start_matches("Optional[");
    let is_text = [
        "String",
        "Pattern",
        "TargetSpec",
        "Enum",
        "a String",
        "a duration",
        "the name",
    ];
    if is_text.iter().any(|start| wanted.starts_with(start)) {
        "\"$1\"".to_owned()
    } else if wanted.starts_with("a closure") {
        "|| $1".to_owned()
    } else {
        "$1".to_owned()
    }
}

/// The file that describes a task, as messages show it.
pub(super) fn task_place(view: &FileView<'_>, name: &str) -> Option<String> {
    let project = view.project()?;
    let path = project.task_path(name)?;
    let shown = path.strip_prefix(project.root()).unwrap_or(&path);
    Some(shown.to_string_lossy().into_owned())
}
