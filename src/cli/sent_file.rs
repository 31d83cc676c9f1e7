//! A file that the command line names, on its way to targets: one of the current directory, else one of the project.

use std::path::{Path, PathBuf};

use crate::{
    error::{Error, Exit},
    project::{Project, ProjectFile},
    task::FileSource,
};

/// A file or directory of this machine, or a file that travels in the binary, and the name under which a job remembers it.
pub(super) struct SentFile {
    pub(super) name: String,
    pub(super) file: FileSource,
}

impl SentFile {
    /// What was typed. A path that leads somewhere from the current directory is meant as such, since that is what a
    /// shell completes; everything else is a name in the project: `module/file`, or a path below it.
    pub(super) fn find(project: &Project, typed: &str) -> Result<Self, Error> {
        let here = Path::new(typed);
        if typed.is_empty() || !here.exists() {
            return Self::of_project(project, typed);
        }
        let path = whole_path(here)?;
        Ok(Self {
            name: shortest_name(project, &path),
            file: FileSource::Disk(path),
        })
    }

    /// A name that a job has remembered, or one in the project.
    pub(super) fn of_project(project: &Project, name: &str) -> Result<Self, Error> {
        let found = project
            .file(name)
            .map_err(|error| Error::new(Exit::Usage, error))?;
        Ok(Self {
            name: name.to_owned(),
            file: found.into_source(),
        })
    }
}

/// The path from the root. A link at its end stays one: what it is called is what was meant.
pub(super) fn whole_path(typed: &Path) -> Result<PathBuf, Error> {
    let wrong = |error| Error::system(format!("find `{}`", typed.display()), error);
    let path = std::path::absolute(typed).map_err(wrong)?;
    let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
    Ok(match (parent, path.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => path.canonicalize().unwrap_or(path),
    })
}

/// The name within the project, if it has one; else the path.
fn shortest_name(project: &Project, path: &Path) -> String {
    let inside = path
        .strip_prefix(project.root())
        .ok()
        .and_then(Path::to_str)
        .filter(|inside| matches!(project.file(inside), Ok(ProjectFile::OnDisk(found)) if found == path));
    inside.map_or_else(|| path.to_string_lossy().into_owned(), str::to_owned)
}
