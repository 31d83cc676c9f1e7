//! A project and its inventory as the world of the check.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use miette::Diagnostic;

use super::world::{CheckWorld, Lookup, TaskView, UnknownTargets};
use crate::{
    inventory::Inventory,
    plan::source::Source,
    project::{PlanFile, PlanLookupError, Project, TaskLookupError},
};

/// Where the tests of a project are.
const TESTS: &str = "tests/";

/// Looks names up in a project and in an inventory.
pub struct ProjectView<'a> {
    project: &'a Project,
    inventory: &'a Inventory,
    /// The files that were handed out, by their path: an import is relative to one.
    files: RefCell<HashMap<String, PlanFile>>,
}

impl<'a> ProjectView<'a> {
    #[must_use]
    pub fn new(project: &'a Project, inventory: &'a Inventory) -> Self {
        Self {
            project,
            inventory,
            files: RefCell::default(),
        }
    }

    /// The text of a file, which may then import others.
    pub fn source(&self, file: &PlanFile) -> Source {
        self.files
            .borrow_mut()
            .insert(file.path.to_string(), file.clone());
        Source::new(Arc::clone(&file.path), Arc::clone(&file.text))
    }
}

impl CheckWorld for ProjectView<'_> {
    fn task_names(&self) -> Vec<String> {
        self.project.task_names()
    }

    fn task(&self, name: &str) -> Result<Option<TaskView>, String> {
        match self.project.task(name) {
            Ok(task) => Ok(Some(TaskView {
                parameters: task.metadata().parameters.clone(),
                supports_noop: task.metadata().supports_noop,
            })),
            Err(TaskLookupError::Unknown { .. }) => Ok(None),
            Err(error) => Err(located(&error)),
        }
    }

    fn plan_names(&self) -> Vec<String> {
        self.project.plan_names()
    }

    fn plan(&self, name: &str) -> Result<Option<Source>, String> {
        match self.project.plan(name) {
            Ok(file) => Ok(Some(self.source(&file))),
            Err(PlanLookupError::Unknown { .. }) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    fn import(&self, from: &Source, path: &str) -> Result<Source, Lookup> {
        let file = self.files.borrow().get(from.name()).cloned();
        let file = file.unwrap_or_else(|| PlanFile::from_text("", from.name(), from.text()));
        self.project
            .import_file(&file, path)
            .map(|file| self.source(&file))
            .map_err(|error| lookup(&error))
    }

    fn file(&self, name: &str) -> Result<(), Lookup> {
        self.project
            .file(name)
            .map(|_| ())
            .map_err(|error| lookup(&error))
    }

    fn targets(&self, expression: &str) -> Result<(), UnknownTargets> {
        match self.inventory.resolve_names(expression) {
            Ok(_) => Ok(()),
            Err(error) => Err(UnknownTargets {
                help: error.help_text(),
                message: error.to_string(),
                span: error.span,
            }),
        }
    }

    fn is_test(&self, source: &Source) -> bool {
        let files = self.files.borrow();
        let of_a_module = files
            .get(source.name())
            .is_some_and(|file| file.module.is_some());
        source.name().starts_with(TESTS) && !of_a_module
    }
}

/// What is wrong with a file, where in it, and what to type.
fn located(error: &dyn Diagnostic) -> String {
    let mut text = error.to_string();
    let place = error.source_code().and_then(|source| {
        let label = error.labels()?.next()?;
        let contents = source.read_span(label.inner(), 0, 0).ok()?;
        let name = contents.name()?.to_owned();
        Some(format!(
            " ({name}:{}:{})",
            contents.line() + 1,
            contents.column() + 1
        ))
    });
    text.push_str(&place.unwrap_or_default());
    if let Some(help) = error.help() {
        text.push_str("; ");
        text.push_str(&help.to_string());
    }
    text
}

fn lookup(error: &dyn Diagnostic) -> Lookup {
    Lookup {
        message: error.to_string(),
        help: error.help().map(|help| help.to_string()),
    }
}
