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

/// What a person is told of it, with what it came of and what to type instead.
fn failure<E: Diagnostic>(kind: &str, error: &E) -> Box<Failure> {
    let mut told = error.to_string();
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let causes = causes.map(ToString::to_string);
    for more in causes.chain(error.help().map(|help| help.to_string())) {
        told.push_str(": ");
        told.push_str(&more);
    }
    Box::new(Failure::new(kind, told))
}
