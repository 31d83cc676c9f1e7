//! Finding the directory of a project.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    ProjectError, Settings,
    settings_reader::{SettingsFile, read_settings},
};
use crate::model::utf8;

/// A directory that looks like a project, and the file that says so.
#[derive(Clone, Debug)]
pub(super) struct Surveyed {
    pub(super) root: PathBuf,
    pub(super) settings: Option<SettingsFile>,
}

impl Surveyed {
    pub(super) fn read_settings(&self) -> Result<Settings, ProjectError> {
        let Some(kind) = self.settings else {
            return Ok(Settings::default());
        };
        let path = self.root.join(kind.name());
        let text = fs::read(&path).and_then(utf8);
        let text = text.map_err(|source| ProjectError::Read {
            path: path.clone(),
            source,
        })?;
        read_settings(kind, &text, &self.root)
    }
}

/// The nearest directory from `start` upward that looks like a project.
pub(super) fn upward(start: &Path) -> Option<Surveyed> {
    start
        .ancestors()
        .find_map(|directory| survey(directory).or_else(|| embedded(directory)))
}

/// A project of Bolt in a directory of its own, beside what it serves.
fn embedded(directory: &Path) -> Option<Surveyed> {
    let root = directory.join("Boltdir");
    root.is_dir().then(|| {
        survey(&root).unwrap_or(Surveyed {
            root,
            settings: None,
        })
    })
}

/// Whether a directory looks like a project.
pub(super) fn survey(directory: &Path) -> Option<Surveyed> {
    let settings = [SettingsFile::Segue, SettingsFile::Bolt]
        .into_iter()
        .find(|kind| directory.join(kind.name()).is_file());
    // Plans alone are too little: many things are called plans.
    let looks_like_one = || {
        directory.join("plans").is_dir()
            && ["inventory.yaml", "tasks", "modules"]
                .iter()
                .any(|name| directory.join(name).exists())
    };
    (settings.is_some() || looks_like_one()).then(|| Surveyed {
        root: directory.to_owned(),
        settings,
    })
}

/// Whether everybody may put files there.
#[cfg(unix)]
pub(super) fn is_world_writable(directory: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(directory).is_ok_and(|metadata| metadata.mode() & 0o002 != 0)
}

/// Other systems have no such bit.
#[cfg(not(unix))]
pub(super) fn is_world_writable(_directory: &Path) -> bool {
    false
}
