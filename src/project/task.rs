//! Tasks by name.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, PoisonError},
};

use super::{
    Project, TaskLookupError, TaskSummary,
    lookup_error::AbsentModule,
    module::{Module, TaskFiles},
    name::{nearest_name, qualified},
    tree::{Tree, read_text},
};
use crate::task::{FileSource, Metadata, Task, TaskFile, TaskParts};

/// A metadata file of a megabyte is a mistake.
const METADATA_BYTES_MAX: u64 = 1024 * 1024;
/// What makes a module a plugin of Bolt.
const PLUGIN_FILE: &str = "bolt_plugin.json";

impl Project {
    /// The task of that name: `task` of the project, `module::task`, or `module` for its `init`.
    ///
    /// # Errors
    /// There is none, or it is broken.
    pub fn task(&self, name: &str) -> Result<Arc<Task>, TaskLookupError> {
        let known = |inner: &super::root::Inner| {
            let tasks = inner.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            tasks.get(name).map(Arc::clone)
        };
        if let Some(task) = known(&self.inner) {
            return Ok(task);
        }
        let Some((module, stem, files)) = self.find_task(name) else {
            let names = self.task_names();
            return Err(TaskLookupError::Unknown {
                name: name.to_owned(),
                nearest: nearest_name(name, &names),
                absent_module: self.absent_module(name),
            });
        };
        let mut task = self.load(&module, &stem, files)?;
        if module.is_project && name.contains("::") {
            task = task.told_as(name);
        }
        let task = Arc::new(task);
        let mut tasks = self
            .inner
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(tasks.entry(name.to_owned()).or_insert(task)))
    }

    /// The names of all tasks, sorted.
    pub fn task_names(&self) -> Vec<String> {
        self.task_index().into_keys().collect()
    }

    /// All tasks with their descriptions, sorted by name. It reads the metadata of every one.
    pub fn tasks(&self) -> Vec<TaskSummary> {
        self.task_names()
            .into_iter()
            .map(|name| match self.task(&name) {
                Ok(task) => {
                    let metadata = task.metadata();
                    let description = metadata.description.clone();
                    TaskSummary {
                        name,
                        description: (!description.is_empty()).then_some(description),
                        private: metadata.private,
                        broken: None,
                    }
                }
                Err(error) => TaskSummary {
                    name,
                    description: None,
                    private: false,
                    broken: Some(error.to_string()),
                },
            })
            .collect()
    }

    /// The file on disk that one looks at to learn of a task: its metadata, or else its script.
    pub fn task_path(&self, name: &str) -> Option<PathBuf> {
        let (_, _, files) = self.find_task(name)?;
        let metadata = files.metadata.into_iter().map(|(_, source)| source);
        let executables = files.executables.into_iter().map(|file| file.source);
        metadata.chain(executables).find_map(|source| match source {
            FileSource::Disk(path) => Some(path),
            FileSource::Embedded(_) => None,
        })
    }

    /// All tasks: the modules that they are in, and their stems there. Of two with one name the stronger.
    fn task_index(&self) -> BTreeMap<String, (String, String)> {
        let library = &self.inner.library;
        let mut index = BTreeMap::new();
        let modules = std::iter::once(library.own.clone()).chain(library.modules());
        for module in modules {
            for stem in module.task_stems() {
                let name = if module.is_project && stem == "init" {
                    module.name.clone()
                } else {
                    qualified(module.prefix(), &stem)
                };
                index
                    .entry(name)
                    .or_insert_with(|| (module.name.clone(), stem));
            }
        }
        index
    }

    fn find_task(&self, name: &str) -> Option<(Module, String, TaskFiles)> {
        let library = &self.inner.library;
        let mut places: Vec<(Module, &str)> = Vec::new();
        match name.split_once("::") {
            None => {
                places.push((library.own.clone(), name));
                places.extend(library.modules_called(name).map(|module| (module, "init")));
            }
            // `module::init` is called `module`.
            Some((_, "init")) => {}
            Some((module, stem)) => {
                places.extend(library.modules_called(module).map(|module| (module, stem)));
            }
        }
        places.into_iter().find_map(|(module, stem)| {
            let files = module.task_files(stem, |tree, path| self.show(tree, path))?;
            let init_of_project = stem == "init" && module.is_project && name == "init";
            (!init_of_project).then(|| (module, stem.to_owned(), files))
        })
    }

    fn load(&self, module: &Module, stem: &str, files: TaskFiles) -> Result<Task, TaskLookupError> {
        let name = if stem == "init" {
            module.name.clone()
        } else {
            qualified(module.prefix(), stem)
        };
        let metadata = match files.metadata {
            None => Metadata::default(),
            Some((path, source)) => {
                let text = read_text(&source, METADATA_BYTES_MAX).map_err(|source| {
                    TaskLookupError::Read {
                        name: name.clone(),
                        path: path.clone(),
                        source,
                    }
                })?;
                Metadata::parse(&name, &path, &text).map_err(TaskLookupError::Metadata)?
            }
        };
        Task::new(TaskParts {
            name,
            module: module.name.clone(),
            metadata,
            executables: files.executables,
            find: &|path| self.mounted(path),
        })
        .map_err(TaskLookupError::Files)
    }

    /// The module of a task, if it is nowhere.
    fn absent_module(&self, task: &str) -> Option<AbsentModule> {
        let (module, of_module) = match task.split_once("::") {
            Some((module, _)) => (module, true),
            None => (task, false),
        };
        let library = &self.inner.library;
        let settings = &self.inner.settings;
        let is_listed = settings.modules.iter().any(|listed| listed == module);
        let is_on_disk = library
            .modulepath
            .iter()
            .any(|directory| directory.join(module).is_dir());
        let is_absent = if is_listed {
            !is_on_disk
        } else {
            of_module && library.modules_called(module).next().is_none()
        };
        is_absent.then(|| AbsentModule {
            name: module.to_owned(),
            is_listed,
        })
    }

    /// The task that answers references of an inventory to the plugin of that name: a module's `resolve_reference`, or
    /// the one that its `bolt_plugin.json` names.
    #[must_use]
    pub fn plugin_task(&self, plugin: &str) -> Option<String> {
        let usual = format!("{plugin}::resolve_reference");
        let library = &self.inner.library;
        let named = library.modules_called(plugin).find_map(|module| {
            let file = module
                .trees
                .iter()
                .find_map(|tree| tree.file(PLUGIN_FILE))?;
            let text = read_text(&file, METADATA_BYTES_MAX).ok()?;
            let file: serde_json::Value = serde_json::from_str(&text).ok()?;
            let task = file.pointer("/hooks/resolve_reference/task")?.as_str()?;
            Some(task.to_owned())
        });
        let task = named.unwrap_or(usual);
        self.find_task(&task).is_some().then_some(task)
    }

    /// Files of modules that a task names: `module/mount/path`.
    fn mounted(&self, path: &str) -> Option<Vec<TaskFile>> {
        let (module, path) = path.split_once('/')?;
        self.inner
            .library
            .modules_called(module)
            .find_map(|module| module.mounted(path))
    }

    /// How messages show a file.
    pub(super) fn show(&self, tree: &Tree, path: &str) -> String {
        tree.show(path, &self.inner.root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::sample::Sample;

    const PROJECT: &[(&str, &str)] = &[
        ("segue.yaml", "name: shop\n"),
        ("tasks/deploy.sh", "echo deploy"),
        ("tasks/init.sh", "echo shop"),
        ("tasks/README.md", "no task"),
        (
            "modules/web/tasks/init.json",
            r#"{"description": "Web", "private": true}"#,
        ),
        ("modules/web/tasks/init.sh", "echo web"),
        ("modules/web/tasks/reload.rb", "puts 1"),
        (
            "modules/web/tasks/reload.json",
            r#"{"files": ["web/files/lib/", "service/files/common.sh"]}"#,
        ),
        ("modules/web/files/lib/a/b.rb", "b"),
        ("modules/web/tasks/broken.json", "{\"parameters\": 3}"),
        ("modules/web/tasks/broken.sh", ""),
        ("modules/web/tasks/twice.sh", ""),
        ("modules/web/tasks/twice.ps1", ""),
        (
            ".modules/web/tasks/hidden.sh",
            "never seen: modules comes first",
        ),
        (".modules/db/tasks/dump.sh", "dump"),
    ];

    fn executable(project: &Project, name: &str) -> String {
        let task = project.task(name).unwrap_or_else(|error| panic!("{error}"));
        let file = task.executables().next().unwrap();
        String::from_utf8(file.read().unwrap().into_owned()).unwrap()
    }

    #[test]
    fn tasks_are_found_in_the_project_in_modules_and_in_the_binary() {
        let sample = Sample::of(PROJECT);
        let project = sample.open();
        assert_eq!(
            project.task_names(),
            [
                "db::dump",
                "deploy",
                "service",
                "service::stop",
                "shop",
                "web",
                "web::broken",
                "web::reload",
                "web::twice"
            ]
        );
        for (name, content) in [
            ("deploy", "echo deploy"),
            ("shop::deploy", "echo deploy"),
            ("shop", "echo shop"),
            ("web", "echo web"),
            ("db::dump", "dump"),
            ("service::stop", "echo stop"),
        ] {
            assert_eq!(executable(&project, name), content, "{name}");
        }
        assert_eq!(project.task("shop::deploy").unwrap().name(), "deploy");
        for name in [
            "init",
            "web::init",
            "web::hidden",
            "README",
            "a::b::c",
            "",
            "::",
            "../x",
        ] {
            assert!(
                matches!(project.task(name), Err(TaskLookupError::Unknown { .. })),
                "{name}"
            );
        }
    }

    #[test]
    fn a_task_of_the_project_hides_the_shipped_one_as_a_whole() {
        let sample = Sample::of(&[("modules/service/tasks/init.rb", "puts 1")]);
        let project = sample.open();
        let task = project.task("service").unwrap();
        assert_eq!(task.executables().count(), 1);
        assert_eq!(
            (
                executable(&project, "service").as_str(),
                task.metadata().description.as_str()
            ),
            ("puts 1", "")
        );
        assert_eq!(executable(&project, "service::stop"), "echo stop");
    }

    #[test]
    fn files_that_a_task_needs_are_found_in_all_modules() {
        let sample = Sample::of(PROJECT);
        let task = sample.open().task("web::reload").unwrap();
        let features = ["shell".to_owned()].into();
        let implementation = task.implementation(&features).unwrap();
        let paths: Vec<&str> = implementation
            .files
            .iter()
            .map(|file| file.path.as_str())
            .collect();
        assert_eq!(paths, ["web/files/lib/a/b.rb", "service/files/common.sh"]);
    }

    #[test]
    fn broken_tasks_are_told_from_missing_ones_and_do_not_hide_the_others() {
        let sample = Sample::of(PROJECT);
        let project = sample.open();
        assert!(matches!(
            project.task("web::broken"),
            Err(TaskLookupError::Metadata(_))
        ));
        assert!(matches!(
            project.task("web::twice"),
            Err(TaskLookupError::Files(_))
        ));
        let Err(TaskLookupError::Unknown { nearest, .. }) = project.task("web::relaod") else {
            panic!("found");
        };
        assert_eq!(nearest.as_deref(), Some("web::reload"));
        let tasks = project.tasks();
        assert_eq!(tasks.iter().filter(|task| task.broken.is_some()).count(), 2);
        let web = tasks.iter().find(|task| task.name == "web").unwrap();
        assert_eq!(
            (web.description.as_deref(), web.private),
            (Some("Web"), true)
        );
    }

    #[test]
    fn a_task_is_looked_at_in_its_metadata_or_its_script() {
        let sample = Sample::of(PROJECT);
        let project = sample.open();
        let path = |name: &str| project.task_path(name);
        assert!(path("web").unwrap().ends_with("web/tasks/init.json"));
        assert!(path("deploy").unwrap().ends_with("tasks/deploy.sh"));
        assert_eq!(path("service"), None);
        assert_eq!(path("nothing"), None);
    }

    #[test]
    fn a_task_is_read_once() {
        let sample = Sample::of(PROJECT);
        let project = sample.open();
        assert!(Arc::ptr_eq(
            &project.task("web").unwrap(),
            &project.task("web").unwrap()
        ));
    }
}
