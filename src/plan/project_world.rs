//! The world of a plan that is a project: tasks, plans and files are found in it and in its modules.

use std::{
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use miette::Diagnostic;

use super::world::World;
use crate::{
    model::{Failure, kinds},
    project::{PlanFile, Project, ProjectFile},
    task::{FileSource, Task},
};

/// Where downloads go, below the root of the project.
const DOWNLOADS: &str = "downloads";

impl World for Project {
    fn task(&self, name: &str) -> Result<Arc<Task>, Box<Failure>> {
        Self::task(self, name).map_err(|error| failure(kinds::UNKNOWN_TASK, &error))
    }

    fn plan(&self, name: &str) -> Result<PlanFile, Box<Failure>> {
        Self::plan(self, name).map_err(|error| failure(kinds::UNKNOWN_PLAN, &error))
    }

    fn import(&self, from: &PlanFile, path: &str) -> Result<PlanFile, Box<Failure>> {
        self.import_file(from, path)
            .map_err(|error| failure(kinds::PLAN_FAILURE, &error))
    }

    fn file(&self, name: &str) -> Result<FileSource, Box<Failure>> {
        Self::file(self, name)
            .map(ProjectFile::into_source)
            .map_err(|error| failure(kinds::VALIDATION, &error))
    }

    fn download_directory(&self, name: &str) -> Result<PathBuf, Box<Failure>> {
        let inside = Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if inside && !name.is_empty() {
            return Ok(self.root().join(DOWNLOADS).join(name));
        }
        Err(Box::new(Failure::new(
            kinds::VALIDATION,
            format!(
                "`{name}` is no name below the project's `{DOWNLOADS}`: write it without `..` and without a leading `/`"
            ),
        )))
    }
}

/// What a person is told of it, with what to type instead.
fn failure<E: Diagnostic>(kind: &str, error: &E) -> Box<Failure> {
    let help = error.help().map(|help| format!(": {help}"));
    Box::new(Failure::new(
        kind,
        format!("{error}{}", help.unwrap_or_default()),
    ))
}
