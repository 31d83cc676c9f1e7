//! The world of the check as an editor has it: what is on the screen wins over what is on the disk.

use std::{collections::BTreeMap, sync::Arc};

use super::ground::Ground;
use crate::plan::{CheckWorld, Lookup, ProjectView, Source, TaskView, UnknownTargets};

/// The texts of open files, by the names that messages show of them.
pub(super) type Buffers = BTreeMap<String, Arc<str>>;

/// A project as an editor has it.
pub(super) struct World<'a> {
    pub(super) ground: &'a Ground,
    view: Option<ProjectView<'a>>,
    buffers: &'a Buffers,
}

impl<'a> World<'a> {
    pub(super) fn new(ground: &'a Ground, buffers: &'a Buffers) -> Self {
        let view = ground
            .project
            .as_ref()
            .map(|project| ProjectView::new(project, &ground.inventory));
        Self {
            ground,
            view,
            buffers,
        }
    }

    /// The text of a file, which may then import others.
    pub(super) fn source(&self, file: &crate::project::PlanFile) -> Source {
        match &self.view {
            Some(view) => view.source(file),
            None => Source::new(Arc::clone(&file.path), Arc::clone(&file.text)),
        }
    }

    /// The same file with the text of the editor, if it is open there.
    fn on_screen(&self, source: Source) -> Source {
        match self.buffers.get(source.name()) {
            Some(text) if **text != *source.text() => {
                Source::new(source.name().to_owned(), Arc::clone(text))
            }
            _ => source,
        }
    }
}

impl CheckWorld for World<'_> {
    fn task_names(&self) -> Vec<String> {
        self.view
            .as_ref()
            .map_or_else(Vec::new, CheckWorld::task_names)
    }

    fn task(&self, name: &str) -> Result<Option<TaskView>, String> {
        match &self.view {
            Some(view) => view.task(name),
            None => Ok(Some(TaskView::default())),
        }
    }

    fn plan_names(&self) -> Vec<String> {
        self.view
            .as_ref()
            .map_or_else(Vec::new, CheckWorld::plan_names)
    }

    fn plan(&self, name: &str) -> Result<Option<Source>, String> {
        match &self.view {
            Some(view) => Ok(view.plan(name)?.map(|source| self.on_screen(source))),
            None => Ok(None),
        }
    }

    fn import(&self, from: &Source, path: &str) -> Result<Source, Lookup> {
        match &self.view {
            Some(view) => view.import(from, path).map(|source| self.on_screen(source)),
            None => Err(Lookup {
                message: "the project can't be read".to_owned(),
                help: None,
            }),
        }
    }

    fn file(&self, name: &str) -> Result<(), Lookup> {
        self.view.as_ref().map_or(Ok(()), |view| view.file(name))
    }

    fn targets(&self, expression: &str) -> Result<(), UnknownTargets> {
        match &self.view {
            Some(view) if self.ground.knows_targets => view.targets(expression),
            _ => Ok(()),
        }
    }

    fn is_test(&self, source: &Source) -> bool {
        match &self.view {
            Some(view) => view.is_test(source),
            None => source.name().contains("/tests/"),
        }
    }
}
