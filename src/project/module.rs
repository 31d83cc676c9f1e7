//! A module: a name, and the trees in which its tasks, plans and files are.

use super::tree::{Found, LeadsOut, Tree};
use crate::task::{FileSource, TaskFile};

/// Where a kind of file lies in a module.
const MOUNTS: [&str; 4] = ["tasks", "files", "lib", "scripts"];

/// A module, or the project, which is one too.
#[derive(Clone, Debug)]
pub(super) struct Module {
    pub(super) name: String,
    /// It is the project itself: its plans and tasks are called by their own names.
    pub(super) is_project: bool,
    /// The stronger before the weaker: the module on disk, then what is embedded under the same name.
    pub(super) trees: Vec<Tree>,
}

/// The files of one task.
#[derive(Clone, Debug)]
pub(super) struct TaskFiles {
    /// How messages show the metadata file, and the file.
    pub(super) metadata: Option<(String, FileSource)>,
    pub(super) executables: Vec<TaskFile>,
}

impl Module {
    /// What its names begin with.
    pub(super) fn prefix(&self) -> Option<&str> {
        (!self.is_project).then_some(self.name.as_str())
    }

    /// Stems of the files in `tasks`, sorted, each once.
    pub(super) fn task_stems(&self) -> Vec<String> {
        let mut stems: Vec<String> = self
            .trees
            .iter()
            .flat_map(|tree| tree.files_in("tasks"))
            .filter_map(|file| task_stem(&file).map(str::to_owned))
            .collect();
        stems.sort_unstable();
        stems.dedup();
        stems
    }

    /// The files of the task with that stem: of the strongest tree that has any, so that a task of a project is never
    /// mixed with an embedded one.
    pub(super) fn task_files(
        &self,
        stem: &str,
        show: impl Fn(&Tree, &str) -> String,
    ) -> Option<TaskFiles> {
        self.trees.iter().find_map(|tree| {
            let mut files = TaskFiles {
                metadata: None,
                executables: Vec::new(),
            };
            for file in tree.files_in("tasks") {
                if task_stem(&file) != Some(stem) {
                    continue;
                }
                let path = format!("tasks/{file}");
                let Some(source) = tree.file(&path) else {
                    continue;
                };
                if file
                    .rsplit_once('.')
                    .is_some_and(|(_, ending)| ending == "json")
                {
                    files.metadata = Some((show(tree, &path), source));
                } else {
                    files.executables.push(TaskFile {
                        path: format!("{}/{path}", self.name),
                        source,
                    });
                }
            }
            (files.metadata.is_some() || !files.executables.is_empty()).then_some(files)
        })
    }

    /// Answers [`crate::task::FindFiles`] for a path in this module.
    pub(super) fn mounted(&self, path: &str) -> Option<Vec<TaskFile>> {
        let (mount, _) = path.split_once('/')?;
        if !MOUNTS.contains(&mount) {
            return None;
        }
        let file = |path: String, source| TaskFile {
            path: format!("{}/{path}", self.name),
            source,
        };
        if let Some(directory) = path.strip_suffix('/') {
            return self.trees.iter().find_map(|tree| {
                let files: Vec<TaskFile> = tree
                    .files_under(directory)
                    .into_iter()
                    .filter_map(|inner| {
                        let path = format!("{directory}/{inner}");
                        let source = tree.file(&path)?;
                        Some(file(path, source))
                    })
                    .collect();
                let there = !files.is_empty()
                    || matches!(tree.find(directory), Ok(Some(Found::Directory(_))));
                there.then_some(files)
            });
        }
        self.trees
            .iter()
            .find_map(|tree| tree.file(path))
            .map(|source| vec![file(path.to_owned(), source)])
    }

    /// The file or directory at a path, and the tree that it is in.
    pub(super) fn find(&self, path: &str) -> Result<Option<(&Tree, Found)>, LeadsOut> {
        for tree in &self.trees {
            if let Some(found) = tree.find(path)? {
                return Ok(Some((tree, found)));
            }
        }
        Ok(None)
    }

    /// The plans, as paths from `plans` without their ending, sorted, each once.
    pub(super) fn plan_paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self
            .trees
            .iter()
            .flat_map(|tree| tree.files_under("plans"))
            .filter_map(|path| path.strip_suffix(".rhai").map(str::to_owned))
            .filter(|path| path.split('/').all(super::name::is_name))
            .collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }
}

/// The stem of a file in `tasks`, if it is one of a task.
fn task_stem(file: &str) -> Option<&str> {
    let stem = match file.rsplit_once('.') {
        Some((_, "md" | "conf")) => return None,
        Some((stem, _)) => stem,
        None => file,
    };
    super::name::is_name(stem).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::task_stem;

    #[test]
    fn documents_and_odd_names_are_no_tasks() {
        assert_eq!(task_stem("init.sh"), Some("init"));
        assert_eq!(task_stem("run_it"), Some("run_it"));
        assert_eq!(task_stem("run.json"), Some("run"));
        for file in [
            "README.md",
            "run.md",
            "run.conf",
            "a.b.sh",
            "Run.sh",
            ".hidden",
            "1x.rb",
        ] {
            assert_eq!(task_stem(file), None, "{file}");
        }
    }
}
