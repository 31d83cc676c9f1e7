//! One task: a name, its metadata, and the files that it needs on a target.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use crate::model::{Failure, Map, Target, kinds, nearest};

use super::{
    input_method::InputMethod,
    metadata::{ImplementationMetadata, Metadata},
    missing_file::MissingFile,
    parameter::{ParamError, check_params},
    task_error::TaskError,
};

/// A task as a module ships it.
#[derive(Clone, Debug)]
pub struct Task {
    name: String,
    /// What the task itself is told of its name, where that is another.
    told_name: Option<String>,
    metadata: Metadata,
    candidates: Vec<Candidate>,
}

/// What the project has found of a task. [`Task::new`] makes it one.
pub struct TaskParts<'a> {
    /// `module::task`, or `module` for its `init`.
    pub name: String,
    /// The module whose `tasks` directory it is in: the first element of the paths of its files.
    pub module: String,
    pub metadata: Metadata,
    /// Every file in `tasks` with the stem of the task, but its `.json` and what ends in `.md` or `.conf`.
    pub executables: Vec<TaskFile>,
    /// Finds files of modules.
    pub find: &'a FindFiles<'a>,
}

/// Finds `module/mount/path` in the modules, where `mount` is one of `tasks`, `files`, `lib` and `scripts`.
///
/// A path that ends in `/` is a directory: the answer is every file in and under it, each with its own whole path.
/// `None` means that there is no such module, file or directory. It is asked for each entry of `files` and for
/// each implementation that the metadata lists, while the task is made.
pub type FindFiles<'a> = dyn Fn(&str) -> Option<Vec<TaskFile>> + 'a;

/// A file that goes to the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFile {
    /// `module/tasks/x.sh`: where it lies under `_installdir`.
    pub path: String,
    pub source: FileSource,
}

/// Where the content of a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileSource {
    Disk(PathBuf),
    Embedded(&'static [u8]),
}

impl FileSource {
    /// The content.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn read(&self) -> io::Result<Cow<'static, [u8]>> {
        match self {
            Self::Disk(path) => fs::read(path).map(Cow::Owned),
            Self::Embedded(content) => Ok(Cow::Borrowed(content)),
        }
    }

    /// What it is called on this machine, if it is a file of it.
    #[must_use]
    pub fn on_disk(&self) -> Option<&Path> {
        match self {
            Self::Disk(path) => Some(path),
            Self::Embedded(_) => None,
        }
    }
}

impl TaskFile {
    /// The content.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn read(&self) -> io::Result<Cow<'static, [u8]>> {
        self.source.read()
    }

    /// The last element of the path.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// The file that runs on one target, and what it needs.
#[derive(Clone, Copy, Debug)]
pub struct Implementation<'a> {
    pub executable: &'a TaskFile,
    /// Others that are laid beside it under `_installdir`.
    pub files: &'a [TaskFile],
    pub input_method: InputMethod,
    pub remote: bool,
}

#[derive(Clone, Debug)]
struct Candidate {
    executable: TaskFile,
    requirements: BTreeSet<String>,
    /// Or the entry that was not found. It matters only when this one is to run.
    files: Result<Vec<TaskFile>, MissingFile>,
    input_method: InputMethod,
    remote: bool,
}

impl Task {
    /// Joins what was found to a task.
    ///
    /// # Errors
    /// It has no file to run, several and no word on which, or one that is listed and not there.
    pub fn new(parts: TaskParts<'_>) -> Result<Self, TaskError> {
        let TaskParts {
            name,
            module,
            metadata,
            executables,
            find,
        } = parts;
        let listed: Vec<(ImplementationMetadata, TaskFile)> = if metadata.implementations.is_empty()
        {
            let mut executables = executables;
            match (executables.pop(), executables.is_empty()) {
                (None, _) => return Err(TaskError::NoImplementation { task: name }),
                (Some(only), true) => vec![(ImplementationMetadata::default(), only)],
                (Some(last), false) => {
                    let mut files: Vec<String> =
                        executables.iter().map(|file| file.path.clone()).collect();
                    files.push(last.path);
                    return Err(TaskError::SeveralImplementations { task: name, files });
                }
            }
        } else {
            metadata
                .implementations
                .iter()
                .map(|one| listed_file(&name, &module, one, &executables, find))
                .collect::<Result<_, _>>()?
        };
        let candidates = listed
            .into_iter()
            .map(|(one, executable)| candidate(&metadata, one, executable, find))
            .collect();
        Ok(Self {
            name,
            told_name: None,
            metadata,
            candidates,
        })
    }

    /// `module::task`, or `module` for its `init`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same task, which is told that it is called `name`: a project's tasks have short names here, and with the
    /// project's name before them where a module has them.
    #[must_use]
    pub fn told_as(mut self, name: &str) -> Self {
        self.told_name = Some(name.to_owned());
        self
    }

    /// What the task is told of its name, as `_task`.
    #[must_use]
    pub fn told_name(&self) -> &str {
        self.told_name.as_deref().unwrap_or(&self.name)
    }

    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The files that may run, in the order of their precedence.
    pub fn executables(&self) -> impl Iterator<Item = &TaskFile> {
        self.candidates
            .iter()
            .map(|candidate| &candidate.executable)
    }

    /// Entries of `files` that are in no module. The implementations that need them can't run.
    pub fn missing_files(&self) -> impl Iterator<Item = &str> {
        self.candidates
            .iter()
            .filter_map(|candidate| candidate.files.as_ref().err())
            .map(|missing| missing.entry.as_str())
    }

    /// Checks what is given for its parameters, completes it and covers what is sensitive.
    ///
    /// # Errors
    /// All that is wrong with the parameters.
    pub fn check_params(&self, given: &Map) -> Result<Map, Vec<ParamError>> {
        let owner = format!("task `{}`", self.name);
        check_params(&owner, self.metadata.parameters.as_ref(), given)
    }

    /// The first implementation whose requirements a target with these features meets.
    ///
    /// # Errors
    /// The failure for that target: there is none, or one of its files is in no module.
    pub fn implementation(
        &self,
        features: &BTreeSet<String>,
    ) -> Result<Implementation<'_>, Failure> {
        let suitable = self
            .candidates
            .iter()
            .find(|candidate| candidate.requirements.is_subset(features));
        let Some(candidate) = suitable else {
            let listed = |words: &BTreeSet<String>| {
                words
                    .iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let wanted: Vec<String> = self
                .candidates
                .iter()
                .map(|one| {
                    format!(
                        "{} needs {}",
                        one.executable.file_name(),
                        listed(&one.requirements)
                    )
                })
                .collect();
            return Err(Failure::new(
                kinds::NO_IMPLEMENTATION,
                format!(
                    "no implementation of the task `{}` suits this target: {}, and the target has {}",
                    self.name,
                    wanted.join(", "),
                    if features.is_empty() {
                        "no features".to_owned()
                    } else {
                        listed(features)
                    },
                ),
            )
            .with_detail("help", self.help_with_features()));
        };
        match &candidate.files {
            Ok(files) => Ok(Implementation {
                executable: &candidate.executable,
                files,
                input_method: candidate.input_method,
                remote: candidate.remote,
            }),
            Err(missing) => Err(Failure::new(
                kinds::FILE,
                format!("the task `{}` needs {missing}", self.name),
            )),
        }
    }

    /// What to do where no implementation suits.
    fn help_with_features(&self) -> &'static str {
        let is_for_windows = |candidate: &Candidate| candidate.requirements.contains("powershell");
        if self.candidates.iter().all(is_for_windows) {
            "it is a task for Windows, and no target is reached as a Windows machine yet"
        } else {
            "the inventory says under `features:` what a target has beyond that, such as `puppet-agent`"
        }
    }

    /// The implementation for a target, by its features and by what its transport offers.
    ///
    /// # Errors
    /// As [`Task::implementation`]; or only one of task and target is a remote one.
    pub fn implementation_for(&self, target: &Target) -> Result<Implementation<'_>, Failure> {
        let implementation = self.implementation(&features_of(target))?;
        let wrong = match (implementation.remote, target.transport == "remote") {
            (true, false) => "is a remote task: it runs only on targets of the transport `remote`",
            (false, true) => {
                "is not a remote task: it does not run on targets of the transport `remote`"
            }
            _ => return Ok(implementation),
        };
        Err(Failure::new(
            kinds::NO_IMPLEMENTATION,
            format!("the task `{}` {wrong}", self.name),
        ))
    }
}

/// What a target can do: what the inventory says, and what its transport brings along.
#[must_use]
pub fn features_of(target: &Target) -> BTreeSet<String> {
    let mut features = target.features.clone();
    let brought = match target.transport.as_str() {
        "winrm" => "powershell",
        // A remote task runs on its proxy, which is a POSIX machine unless it says otherwise.
        _ => "shell",
    };
    if !features.contains("powershell") {
        features.insert(brought.to_owned());
    }
    features
}

fn listed_file(
    task: &str,
    module: &str,
    listed: &ImplementationMetadata,
    executables: &[TaskFile],
    find: &FindFiles<'_>,
) -> Result<(ImplementationMetadata, TaskFile), TaskError> {
    let path = format!("{module}/tasks/{}", listed.name);
    let own = executables.iter().find(|file| file.path == path).cloned();
    let file = own.or_else(|| find(&path).and_then(|files| files.into_iter().next()));
    match file {
        Some(file) => Ok((listed.clone(), file)),
        None => Err(TaskError::MissingImplementation {
            task: task.to_owned(),
            nearest: nearest(&listed.name, executables.iter().map(TaskFile::file_name))
                .map(str::to_owned),
            path,
        }),
    }
}

fn candidate(
    metadata: &Metadata,
    listed: ImplementationMetadata,
    executable: TaskFile,
    find: &FindFiles<'_>,
) -> Candidate {
    let entries = metadata.files.iter().chain(&listed.files);
    let mut files: Result<Vec<TaskFile>, MissingFile> = Ok(Vec::new());
    for entry in entries {
        match (&mut files, find(entry)) {
            (Ok(files), Some(found)) => {
                for file in found {
                    if file.path != executable.path
                        && !files.iter().any(|one| one.path == file.path)
                    {
                        files.push(file);
                    }
                }
            }
            (Ok(_), None) => files = Err(MissingFile::new(entry, find)),
            (Err(_), _) => break,
        }
    }
    Candidate {
        input_method: listed
            .input_method
            .or(metadata.input_method)
            .unwrap_or_else(|| InputMethod::of_file(&executable.path)),
        remote: listed.remote.unwrap_or(metadata.remote),
        requirements: listed.requirements.into_iter().collect(),
        files,
        executable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> TaskFile {
        TaskFile {
            path: path.to_owned(),
            source: FileSource::Embedded(b""),
        }
    }

    /// A module `mod` with some files, and a module `other`.
    fn make(metadata: &str, executables: &[&str]) -> Result<Task, TaskError> {
        Task::new(TaskParts {
            name: "mod::t".to_owned(),
            module: "mod".to_owned(),
            metadata: Metadata::parse("mod::t", "t.json", metadata).unwrap(),
            executables: executables.iter().map(|path| file(path)).collect(),
            find: &|path| match path {
                "mod/tasks/linux.sh" | "mod/tasks/windows.ps1" | "other/files/one.sh" => {
                    Some(vec![file(path)])
                }
                "other/lib/" => Some(vec![file("other/lib/a.rb"), file("other/lib/b/c.rb")]),
                _ => None,
            },
        })
    }

    fn features(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    const TWO: &str = r#"{"input_method": "stdin", "files": ["other/files/one.sh"], "implementations": [
        {"name": "windows.ps1", "requirements": ["powershell"], "input_method": "powershell"},
        {"name": "linux.sh", "requirements": ["shell"], "files": ["other/lib/", "other/files/one.sh"]}]}"#;

    #[test]
    fn one_file_needs_no_word() {
        let task = make("{}", &["mod/tasks/t.py"]).unwrap();
        let found = task.implementation(&features(&[])).unwrap();
        assert_eq!(found.executable.file_name(), "t.py");
        assert_eq!(found.input_method, InputMethod::Both);
        let task = make("{}", &["mod/tasks/t.ps1"]).unwrap();
        let found = task.implementation(&features(&[])).unwrap();
        assert_eq!(found.input_method, InputMethod::PowerShell);
    }

    #[test]
    fn requirements_choose_among_files_of_other_names() {
        let task = make(TWO, &[]).unwrap();
        let found = task
            .implementation(&features(&["shell", "puppet-agent"]))
            .unwrap();
        assert_eq!(found.executable.path, "mod/tasks/linux.sh");
        assert_eq!(found.input_method, InputMethod::Stdin);
        let paths: Vec<_> = found.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(
            paths,
            ["other/files/one.sh", "other/lib/a.rb", "other/lib/b/c.rb"]
        );
        let found = task
            .implementation(&features(&["powershell", "shell"]))
            .unwrap();
        assert_eq!(found.executable.path, "mod/tasks/windows.ps1");
        let failure = task.implementation(&features(&["fortran"])).unwrap_err();
        assert_eq!(failure.kind, kinds::NO_IMPLEMENTATION);
        assert_eq!(
            failure.message,
            "no implementation of the task `mod::t` suits this target: windows.ps1 needs powershell, \
             linux.sh needs shell, and the target has fortran"
        );
    }

    #[test]
    fn implementation_without_requirements_suits_all() {
        let metadata = r#"{"implementations": [{"name": "linux.sh"}]}"#;
        let task = make(metadata, &["mod/tasks/t.rb", "mod/tasks/t.py"]).unwrap();
        assert!(task.implementation(&features(&[])).is_ok());
    }

    #[test]
    fn what_makes_no_task_is_told_by_kind() {
        let several = make("{}", &["mod/tasks/t.rb", "mod/tasks/t.sh"]).unwrap_err();
        assert_eq!(several.kind(), "puppet.tasks/multiple-implementations");
        assert_eq!(
            several.to_string(),
            "the task `mod::t` has several files to run: mod/tasks/t.rb, mod/tasks/t.sh"
        );
        let none = make("{}", &[]).unwrap_err();
        assert_eq!(none.kind(), "puppet.tasks/no-implementation");
        let metadata = r#"{"implementations": [{"name": "t.hs"}]}"#;
        let missing = make(metadata, &["mod/tasks/t.sh"]).unwrap_err();
        assert_eq!(missing.kind(), "puppet.tasks/missing-implementation");
        assert_eq!(
            missing,
            TaskError::MissingImplementation {
                task: "mod::t".to_owned(),
                path: "mod/tasks/t.hs".to_owned(),
                nearest: Some("t.sh".to_owned()),
            }
        );
    }

    #[test]
    fn missing_module_breaks_only_what_needs_it() {
        let metadata = r#"{"implementations": [
            {"name": "windows.ps1", "requirements": ["powershell"], "files": ["helper/files/h.ps1"]},
            {"name": "linux.sh", "requirements": ["shell"]}]}"#;
        let task = make(metadata, &[]).unwrap();
        assert_eq!(
            task.missing_files().collect::<Vec<_>>(),
            ["helper/files/h.ps1"]
        );
        assert!(task.implementation(&features(&["shell"])).is_ok());
        let failure = task.implementation(&features(&["powershell"])).unwrap_err();
        assert!(
            failure.message.contains("install the module `helper`"),
            "{failure}"
        );
        assert_eq!(
            make(
                r#"{"implementations": [{"name": "windows.ps1", "requirements": ["powershell"]}]}"#,
                &[]
            )
            .unwrap()
            .implementation(&features(&["shell"]))
            .unwrap_err()
            .details["help"],
            "it is a task for Windows, and no target is reached as a Windows machine yet".into()
        );
    }

    #[test]
    fn file_that_is_not_found_is_told_with_the_reason() {
        let told: Vec<String> = [
            "helper/files/h.sh",
            "other/files/none.sh",
            "other/lib",
            "other/files/one.sh/",
        ]
        .into_iter()
        .map(|entry| {
            let metadata = serde_json::json!({ "files": [entry] }).to_string();
            let task = make(&metadata, &["mod/tasks/t.sh"]).unwrap();
            let failure = task.implementation(&features(&["shell"])).unwrap_err();
            assert_eq!(failure.kind, kinds::FILE);
            failure.message
        })
        .collect();
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn remote_tasks_and_remote_targets_belong_together() {
        let remote = make(r#"{"remote": true}"#, &["mod/tasks/t.rb"]).unwrap();
        let usual = make("{}", &["mod/tasks/t.rb"]).unwrap();
        let switch = Target::new("switch1", "remote");
        let host = Target::new("web1", "ssh");
        assert!(remote.implementation_for(&switch).is_ok());
        assert!(usual.implementation_for(&host).is_ok());
        assert!(remote.implementation_for(&host).is_err());
        assert!(usual.implementation_for(&switch).is_err());
    }

    #[test]
    fn transport_brings_its_shell() {
        assert_eq!(features_of(&Target::new("a", "ssh")), features(&["shell"]));
        assert_eq!(
            features_of(&Target::new("a", "winrm")),
            features(&["powershell"])
        );
    }
}
