//! The project that a file is in, with its inventory; or why there is none.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use lsp_types::Range;
use miette::Diagnostic;

use super::{file_uri, position::Lines};
use crate::{
    inventory::{Inventory, InventoryError},
    plan::Span,
    project::{PlanFile, Project, ProjectError},
};

/// The files that say what a project is.
const SETTINGS: [&str; 2] = ["segue.yaml", "bolt-project.yaml"];
const INVENTORIES: [&str; 2] = ["inventory.yaml", "inventory.yml"];

/// What there is around a file.
#[derive(Debug)]
pub(super) struct Ground {
    /// None if its settings are broken: then nothing is known of tasks, plans and files.
    pub(super) project: Option<Project>,
    pub(super) inventory: Inventory,
    /// False if the inventory is broken: then nothing is known of targets.
    pub(super) knows_targets: bool,
    pub(super) troubles: Vec<Trouble>,
    stamps: Vec<Stamp>,
}

/// What is wrong with a file that describes the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// None if it is no file that is wrong.
    pub(super) path: Option<PathBuf>,
    pub(super) range: Range,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// A file as it was when it was read: its time and its length.
type Stamp = (PathBuf, Option<(SystemTime, u64)>);

impl Ground {
    /// The project that a directory is in. Reads its settings and its inventory, and runs nothing.
    pub(super) fn of(directory: &Path) -> Self {
        let mut ground = Self {
            project: None,
            inventory: Inventory::empty(),
            knows_targets: false,
            troubles: Vec::new(),
            stamps: Vec::new(),
        };
        let mut watched: Vec<PathBuf> = directory
            .ancestors()
            .flat_map(|above| SETTINGS.map(|name| above.join(name)))
            .collect();
        match Project::find(directory) {
            Ok(project) => {
                watched.extend(INVENTORIES.map(|name| project.root().join(name)));
                watched.extend(project.inventory_path());
                match project.inventory() {
                    Ok(inventory) => {
                        ground.inventory = inventory;
                        ground.knows_targets = true;
                    }
                    Err(error) => ground.troubles.push(of_inventory(&project, &error)),
                }
                ground.project = Some(project);
            }
            Err(error) => ground.troubles.push(of_project(directory, &error)),
        }
        ground.stamps = watched
            .into_iter()
            .map(|path| (stamp(&path), path))
            .map(|(stamp, path)| (path, stamp))
            .collect();
        ground
    }

    /// Whether a file that describes the project is another than when it was read.
    pub(super) fn is_outdated(&self) -> bool {
        self.stamps
            .iter()
            .any(|(path, known)| stamp(path) != *known)
    }

    /// The file at a path, with the text that an editor has of it, as the project knows it.
    pub(super) fn plan_file(&self, path: &Path, text: &str) -> PlanFile {
        let on_disk = self
            .project
            .as_ref()
            .and_then(|project| project.plan_at(path).ok());
        if let Some(mut file) = on_disk {
            file.text = text.into();
            return file;
        }
        let root = self.project.as_ref().map(Project::root);
        let shown = root
            .and_then(|root| path.strip_prefix(root).ok())
            .unwrap_or(path);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        PlanFile::from_text(&stem, &shown.to_string_lossy(), text)
    }

    /// Where a file is that messages show so; none for what travels in the binary.
    pub(super) fn path_of(&self, shown: &str) -> Option<PathBuf> {
        if shown.starts_with("<segue>/") {
            return None;
        }
        let path = Path::new(shown);
        match &self.project {
            Some(project) => Some(project.root().join(path)),
            None => path.is_absolute().then(|| path.to_owned()),
        }
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn trouble(path: Option<PathBuf>, error: &dyn Diagnostic) -> Trouble {
    Trouble {
        path: path.map(|path| file_uri::real(&path)),
        range: Range::default(),
        code: error
            .code()
            .map(|code| code.to_string())
            .unwrap_or_default(),
        message: error.to_string(),
        help: error.help().map(|help| help.to_string()),
    }
}

fn of_project(directory: &Path, error: &ProjectError) -> Trouble {
    let settings = || {
        directory
            .ancestors()
            .flat_map(|above| SETTINGS.map(|name| above.join(name)))
            .find(|path| path.is_file())
    };
    match error {
        ProjectError::Setting(setting) => {
            let mut trouble = trouble(settings(), error);
            let text = setting.text.inner();
            let start = setting.span.offset();
            trouble.range =
                Lines::of(text).range(text, Span::new(start, start + setting.span.len()));
            trouble
        }
        ProjectError::Read { path, .. } => trouble(Some(path.clone()), error),
        _ => trouble(None, error),
    }
}

fn of_inventory(project: &Project, error: &InventoryError) -> Trouble {
    let Some(place) = error.place() else {
        return trouble(project.inventory_path(), error);
    };
    let path = project.root().join(&*place.file);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let mut trouble = trouble(Some(path), error);
    let line_start: usize = text
        .split_inclusive('\n')
        .take(place.line.saturating_sub(1) as usize)
        .map(str::len)
        .sum();
    let line = text[line_start..].lines().next().unwrap_or_default();
    let column = place.column.saturating_sub(1) as usize;
    let start = line
        .char_indices()
        .nth(column)
        .map_or(line.len(), |(at, _)| at);
    let span = Span::new(line_start + start, line_start + line.trim_end().len());
    trouble.range = Lines::of(&text).range(&text, span);
    trouble
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        directory
    }

    #[test]
    fn a_broken_inventory_is_told_at_its_line_and_the_project_stays() {
        let directory = project(&[
            ("segue.yaml", "name: x\n"),
            ("inventory.yaml", "targets:\n  - nmae: web1\n"),
        ]);
        let ground = Ground::of(directory.path());
        assert!(ground.project.is_some() && !ground.knows_targets);
        let [trouble] = ground.troubles.as_slice() else {
            panic!("{:?}", ground.troubles);
        };
        assert!(trouble.path.as_ref().unwrap().ends_with("inventory.yaml"));
        assert_eq!(trouble.range.start.line, 1);
        assert!(!ground.is_outdated());
        fs::write(directory.path().join("inventory.yaml"), "targets: [web1]\n").unwrap();
        assert!(ground.is_outdated());
    }

    #[test]
    fn broken_settings_are_told_at_their_line() {
        let directory = project(&[("segue.yaml", "name: x\nlmit: 5\n"), ("plans/a.rhai", "")]);
        let ground = Ground::of(&directory.path().join("plans"));
        assert!(ground.project.is_none());
        let [trouble] = ground.troubles.as_slice() else {
            panic!("{:?}", ground.troubles);
        };
        assert!(trouble.path.as_ref().unwrap().ends_with("segue.yaml"));
        assert_eq!(trouble.range.start.line, 1);
    }

    #[test]
    fn references_that_would_run_something_run_nothing() {
        let directory = project(&[
            ("segue.yaml", ""),
            ("tasks/list.sh", "touch \"$(dirname \"$0\")/../ran\"\n"),
            (
                "inventory.yaml",
                "targets:\n  _plugin: task\n  task: list\nconfig:\n  ssh:\n    password: {_plugin: exec, command: touch ran}\n",
            ),
        ]);
        let ground = Ground::of(directory.path());
        assert!(!ground.knows_targets);
        let names: Vec<_> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names.len(), 3, "{names:?}");
    }
}
