//! What a plan can find is what the project has.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use miette::Diagnostic;
use tempfile::TempDir;

use crate::{
    model::{Failure, kinds},
    plan::World,
    project::{PlanFile, Project, ProjectFile},
    task::Task,
};

/// The project as a plan sees it. Files that travel in the binary are laid out on disk when they are asked for.
pub(super) struct ProjectWorld {
    project: Project,
    laid_out: TempDir,
}

impl ProjectWorld {
    pub(super) fn new(project: Project) -> io::Result<Self> {
        let laid_out = TempDir::with_prefix("segue")?;
        Ok(Self { project, laid_out })
    }

    fn lay_out(&self, path: &str, content: &[u8]) -> io::Result<PathBuf> {
        let place = self.laid_out.path().join(path);
        if let Some(directory) = place.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(&place, content)?;
        Ok(place)
    }
}

impl World for ProjectWorld {
    fn task(&self, name: &str) -> Result<Arc<Task>, Failure> {
        self.project
            .task(name)
            .map_err(|error| failure(kinds::UNKNOWN_TASK, &error))
    }

    fn plan(&self, name: &str) -> Result<PlanFile, Failure> {
        self.project
            .plan(name)
            .map_err(|error| failure(kinds::UNKNOWN_PLAN, &error))
    }

    fn import(&self, from: &PlanFile, path: &str) -> Result<PlanFile, Failure> {
        self.project
            .import_file(from, path)
            .map_err(|error| failure(kinds::FILE, &error))
    }

    fn file(&self, name: &str) -> Result<PathBuf, Failure> {
        match self.project.file(name) {
            Ok(ProjectFile::OnDisk(path)) => Ok(path),
            Ok(ProjectFile::Embedded { path, content }) => {
                self.lay_out(&path, content).map_err(|error| {
                    Failure::new(kinds::FILE, format!("`{name}` can't be laid out: {error}"))
                })
            }
            Err(error) => Err(failure(kinds::FILE, &error)),
        }
    }

    fn download_directory(&self, name: &str) -> Result<PathBuf, Failure> {
        let is_inside = Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if name.is_empty() || !is_inside {
            return Err(Failure::new(
                kinds::FILE,
                format!("`{name}` leads out of the project's `downloads/`"),
            )
            .with_detail("help", "give a relative path without `..`"));
        }
        Ok(self.project.root().join("downloads").join(name))
    }
}

/// An error of the project as what a plan can catch; its help goes along.
fn failure(kind: &str, error: &dyn Diagnostic) -> Failure {
    let failure = Failure::new(kind, error.to_string());
    match error.help() {
        Some(help) => failure.with_detail("help", help.to_string()),
        None => failure,
    }
}
