//! The project itself.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use super::{
    ProjectError, Settings,
    embedded::Embedded,
    find::{Surveyed, is_world_writable, survey, upward},
    library::Library,
    module::Module,
    name::name_from,
    tree::Tree,
};
use crate::{
    inventory::{Inventory, InventoryError, Surroundings},
    task::Task,
};

/// A directory with plans, tasks, modules and an inventory. Cloning one is cloning an `Arc`.
///
/// What it finds of tasks is kept for as long as it lives, so an editor makes a new one when files change.
#[derive(Clone, Debug)]
pub struct Project {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) root: PathBuf,
    /// A directory that is no project, and to which anybody may write: nothing in it is looked at.
    ignored: bool,
    pub(super) settings: Settings,
    pub(super) library: Library,
    /// Tasks that were asked for. As many as there are on disk, at most.
    pub(super) tasks: Mutex<HashMap<String, Arc<Task>>>,
}

impl Project {
    /// The project that `start` is in: the nearest directory upward with a `segue.yaml`, a `bolt-project.yaml`, or
    /// `plans` beside an inventory, tasks or modules. Without one, `start` itself, be there anything in it or not.
    ///
    /// # Errors
    /// Everybody may write to the project, or its settings are wrong.
    pub fn find(start: &Path) -> Result<Self, ProjectError> {
        let start = absolute(start)?;
        if let Some(surveyed) = upward(&start) {
            if is_world_writable(&surveyed.root) {
                return Err(ProjectError::WorldWritable {
                    path: surveyed.root,
                });
            }
            return Self::open(surveyed, false, Embedded::shipped());
        }
        // In `/tmp` one may work without a project, but not with what others have put there.
        let ignored = is_world_writable(&start);
        let surveyed = Surveyed {
            root: start,
            settings: None,
        };
        Self::open(surveyed, ignored, Embedded::shipped())
    }

    /// The project at exactly this directory, which somebody has named.
    ///
    /// # Errors
    /// There is no such directory, or its settings are wrong.
    pub fn at(directory: &Path) -> Result<Self, ProjectError> {
        Self::at_with(directory, Embedded::shipped())
    }

    pub(super) fn at_with(directory: &Path, embedded: Embedded) -> Result<Self, ProjectError> {
        let root = absolute(directory)?;
        let settings = survey(&root).and_then(|surveyed| surveyed.settings);
        Self::open(Surveyed { root, settings }, false, embedded)
    }

    fn open(surveyed: Surveyed, ignored: bool, embedded: Embedded) -> Result<Self, ProjectError> {
        let settings = surveyed.read_settings()?;
        let root = surveyed.root;
        let name = settings.name.clone().unwrap_or_else(|| {
            let directory = root.file_name().unwrap_or_default();
            name_from(&directory.to_string_lossy())
        });
        let on_disk = if ignored {
            None
        } else {
            Tree::on_disk(root.clone())
        };
        let modulepath = match &settings.modulepath {
            _ if ignored => Vec::new(),
            Some(paths) => paths.clone(),
            None => vec![root.join("modules"), root.join(".modules")],
        };
        let library = Library {
            own: Module {
                name,
                is_project: true,
                trees: on_disk.into_iter().chain([embedded.plans()]).collect(),
            },
            modulepath,
            embedded,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                root,
                ignored,
                settings,
                library,
                tasks: Mutex::default(),
            }),
        })
    }

    /// The directory, absolute and without symbolic links.
    pub fn root(&self) -> &Path {
        &self.inner.root
    }

    /// What it is called: by its settings, else after its directory. Its own tasks and plans may be called
    /// `name::task`, too.
    pub fn name(&self) -> &str {
        &self.inner.library.own.name
    }

    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The inventory file, if there is one. One that the settings name is given even if it isn't there, so that
    /// reading it tells.
    pub fn inventory_path(&self) -> Option<PathBuf> {
        if self.inner.ignored {
            return None;
        }
        if let Some(path) = &self.inner.settings.inventory {
            return Some(path.clone());
        }
        ["inventory.yaml", "inventory.yml"]
            .iter()
            .map(|name| self.inner.root.join(name))
            .find(|path| path.exists())
    }

    /// The inventory of the project; an empty one if it has no file.
    ///
    /// # Errors
    /// The file can't be read, or is wrong.
    pub fn inventory(&self) -> Result<Inventory, InventoryError> {
        match self.inventory_path() {
            Some(path) => self.inventory_from(&path),
            None => Ok(Inventory::empty()),
        }
    }

    /// Another inventory file for this project, such as one that an option names: references in it are looked for in
    /// the project.
    ///
    /// # Errors
    /// The file can't be read, or is wrong.
    pub fn inventory_from(&self, path: &Path) -> Result<Inventory, InventoryError> {
        Inventory::load_with(path, &Surroundings::of_project(&self.inner.root))
    }
}

fn absolute(directory: &Path) -> Result<PathBuf, ProjectError> {
    let missing = || ProjectError::NoDirectory {
        path: directory.to_owned(),
    };
    let path = directory.canonicalize().map_err(|_| missing())?;
    if path.is_dir() {
        Ok(path)
    } else {
        Err(missing())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::project::{PlanLookupError, sample::Sample};

    #[test]
    fn a_project_is_found_upward_by_what_is_in_it() {
        for marks in [
            &["segue.yaml"][..],
            &["bolt-project.yaml"],
            &["plans/x.rhai", "inventory.yaml"],
            &["plans/x.rhai", "modules/m/tasks/x.sh"],
        ] {
            let files: Vec<(&str, &str)> = marks.iter().map(|mark| (*mark, "")).collect();
            let sample = Sample::of(&files);
            sample.write("deep/er/x", "");
            let project = Project::find(&sample.path().join("deep/er")).unwrap();
            assert_eq!(
                project.root(),
                sample.path().canonicalize().unwrap(),
                "{marks:?}"
            );
        }
        let sample = Sample::of(&[("plans/x", ""), ("deep/x", "")]);
        let deep = sample.path().join("deep");
        assert_eq!(
            Project::find(&deep).unwrap().root(),
            deep.canonicalize().unwrap()
        );
        assert!(matches!(
            Project::find(&sample.path().join("none")),
            Err(ProjectError::NoDirectory { .. })
        ));
        assert!(matches!(
            Project::at(&sample.path().join("plans/x")),
            Err(ProjectError::NoDirectory { .. })
        ));
    }

    #[cfg(unix)]
    #[test]
    fn a_project_that_everybody_may_write_to_is_refused_unless_it_is_named() {
        use std::os::unix::fs::PermissionsExt;
        let sample = Sample::of(&[
            ("segue.yaml", ""),
            ("plans/x.rhai", ""),
            ("inventory.yaml", ""),
        ]);
        fs::set_permissions(sample.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(
            Project::find(sample.path()),
            Err(ProjectError::WorldWritable { .. })
        ));
        let named = Project::at(sample.path()).unwrap();
        assert!(named.plan("x").is_ok() && named.inventory_path().is_some());
        // Without the marks it is no project, and what lies in it is left alone.
        fs::remove_file(sample.path().join("segue.yaml")).unwrap();
        fs::remove_file(sample.path().join("inventory.yaml")).unwrap();
        let open = Project::find(sample.path()).unwrap();
        assert!(matches!(
            open.plan("x"),
            Err(PlanLookupError::Unknown { .. })
        ));
        assert_eq!(open.inventory_path(), None);
    }

    #[test]
    fn the_settings_say_where_things_are() {
        let sample = Sample::of(&[
            (
                "segue.yaml",
                "name: shop\nmodulepath: [extra]\ninventory: prod.yaml\n",
            ),
            ("extra/m/plans/init.rhai", "// m"),
            ("modules/n/plans/init.rhai", "// n"),
        ]);
        let project = sample.open();
        assert_eq!(project.name(), "shop");
        assert_eq!(
            project.inventory_path(),
            Some(project.root().join("prod.yaml"))
        );
        assert!(project.plan("m").is_ok() && project.plan("n").is_err());
        assert!(project.inventory().is_err());
        sample.write(
            "prod.yaml",
            "targets: {_plugin: yaml, filepath: list.yaml}\n",
        );
        sample.write("list.yaml", "[a, b]\n");
        assert_eq!(project.inventory().unwrap().target_names(), ["a", "b"]);
        sample.write("segue.yaml", "nmae: x\n");
        assert!(matches!(
            Project::at(sample.path()),
            Err(ProjectError::Setting(_))
        ));
    }

    #[test]
    fn mistakes_are_told_with_what_to_type_next() {
        use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
        let sample = Sample::of(&[
            ("plans/deploy.rhai", ""),
            ("plans/old.yaml", ""),
            ("modules/web/tasks/reload.sh", ""),
            ("files/motd", ""),
        ]);
        let project = sample.open();
        let plan = project.plan("deploy").unwrap();
        let errors: Vec<Box<dyn Diagnostic>> = vec![
            Box::new(project.task("relaod").unwrap_err()),
            Box::new(project.task("kubernetes::apply").unwrap_err()),
            Box::new(project.plan("delpoy").unwrap_err()),
            Box::new(project.plan("old").unwrap_err()),
            Box::new(project.import_file(&plan, "../x").unwrap_err()),
            Box::new(project.import_file(&plan, "std/roling").unwrap_err()),
            Box::new(project.file("mtod").unwrap_err()),
            Box::new(project.read_file("/etc/passwd").unwrap_err()),
        ];
        sample.write("segue.yaml", "name: shop\nlmit: 5\n");
        let settings = Project::at(sample.path()).unwrap_err();
        let mut reports = String::new();
        for error in errors
            .iter()
            .map(|error| &**error)
            .chain([&settings as &dyn Diagnostic])
        {
            GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
                .with_width(100)
                .render_report(&mut reports, error)
                .unwrap();
        }
        insta::assert_snapshot!(reports);
    }

    #[test]
    fn what_is_shipped_can_be_read() {
        let directory = tempfile::tempdir().unwrap();
        let project = Project::at(directory.path()).unwrap();
        let broken: Vec<_> = project
            .tasks()
            .into_iter()
            .filter_map(|task| task.broken)
            .collect();
        assert_eq!(broken, [""; 0]);
        for name in project.plan_names() {
            assert!(project.plan(&name).is_ok(), "{name}");
        }
    }
}
