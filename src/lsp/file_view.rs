//! One open file with all that a request asks of it.

use std::{cell::OnceCell, sync::Arc};

use super::{document::Document, world::World};
use crate::{
    plan::{
        CallAt, CheckWorld as _, Entry, EntryKind, FunctionAt, Header, Outline, Reading, Source,
        Span, catalog, mended, test_catalog,
    },
    project::Project,
    task::Task,
};

/// An open file, as it is on the screen.
pub(super) struct FileView<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) document: &'a Document,
    pub(super) source: Source,
    pub(super) header: Header,
    pub(super) outline: Outline,
    is_test: bool,
    /// The types of the file in spite of the word that a request is about, which is the same one all the time.
    reading: OnceCell<(Span, Reading)>,
}

impl<'a> FileView<'a> {
    pub(super) fn new(world: &'a World<'a>, document: &'a Document, source: Source) -> Self {
        Self {
            world,
            document,
            header: Header::read(&source).0,
            outline: Outline::of(&source),
            is_test: world.is_test(&source),
            reading: OnceCell::new(),
            source,
        }
    }

    pub(super) fn project(&self) -> Option<&'a Project> {
        self.world.ground.project.as_ref()
    }

    /// What the language has for this file.
    pub(super) fn entries(&self) -> impl Iterator<Item = &'static Entry> {
        let of_tests: &'static [Entry] = if self.is_test { test_catalog() } else { &[] };
        catalog().iter().chain(of_tests)
    }

    /// The functions of that name, such as `log::info`.
    pub(super) fn functions(&self, name: &str) -> impl Iterator<Item = &'static Entry> {
        self.entries()
            .filter(move |entry| entry.kind == EntryKind::Function && entry.name == name)
    }

    /// What is called: by the type of what it is called on, or else the first of that name.
    pub(super) fn called(&self, call: &CallAt, word: Span) -> Option<&'static Entry> {
        let Some(receiver) = call.receiver else {
            return self.functions(&call.name).next();
        };
        let receiver = self.type_of(receiver, word);
        let owner = receiver.as_deref().map(base);
        let methods = || {
            self.entries()
                .filter(|entry| entry.kind == EntryKind::Method && entry.name == call.name)
        };
        match owner {
            Some(owner) => methods().find(|entry| entry.receiver == Some(owner)),
            None => methods().next(),
        }
    }

    /// The type of an expression in front of a word that is being written.
    pub(super) fn type_of(&self, expression: Span, word: Span) -> Option<String> {
        self.with_types(word, |types| types.type_of(expression))
    }

    /// The type of a variable that is declared in front of a word that is being written.
    pub(super) fn type_of_variable(&self, declared: Span, word: Span) -> Option<String> {
        self.with_types(word, |types| types.type_of_variable(declared))
    }

    fn with_types<T>(&self, word: Span, ask: impl FnOnce(&Reading) -> T) -> T {
        let read = || {
            mended(&self.source, word)
                .map(|whole| Reading::of(self.world, &whole))
                .unwrap_or_default()
        };
        let (known, types) = self.reading.get_or_init(|| (word, read()));
        if *known == word {
            ask(types)
        } else {
            ask(&read())
        }
    }

    pub(super) fn task(&self, name: &str) -> Option<Arc<Task>> {
        self.project()?.task(name).ok()
    }

    pub(super) fn plan(&self, name: &str) -> Option<Source> {
        self.world.plan(name).ok().flatten()
    }

    /// The file that is imported under a name.
    pub(super) fn imported(&self, alias: &str) -> Option<Source> {
        let import = self.outline.import(alias)?;
        self.world.import(&self.source, &import.path).ok()
    }

    /// A function of an imported file, and the file.
    pub(super) fn imported_function(
        &self,
        alias: &str,
        name: &str,
    ) -> Option<(Source, FunctionAt)> {
        let source = self.imported(alias)?;
        let outline = Outline::of(&source);
        let function = outline
            .function(name, None)
            .filter(|function| !function.private)?;
        Some((source, function.clone()))
    }
}

/// `Array` of `Array[String]`.
pub(super) fn base(kind: &str) -> &str {
    kind.split('[').next().unwrap_or(kind)
}
