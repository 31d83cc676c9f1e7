//! Files of the project and of modules: for scripts, uploads, and plans that read them.

use std::path::{Path, PathBuf};

use super::{
    FileError, Project,
    module::Module,
    tree::{Found, LeadsOut, is_inward, read_text},
};
use crate::{model::nearest, task::FileSource};

/// What a plan reads into a string. More than this is a job for an upload.
const TEXT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Where a file was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProjectFile {
    /// A file or a directory.
    OnDisk(PathBuf),
    /// Travels in the binary.
    Embedded {
        /// How messages show it.
        path: String,
        content: &'static [u8],
    },
}

impl ProjectFile {
    /// Where its content is.
    pub fn into_source(self) -> FileSource {
        match self {
            Self::OnDisk(path) => FileSource::Disk(path),
            Self::Embedded { content, .. } => FileSource::Embedded(content),
        }
    }
}

impl Project {
    /// A file or directory for scripts and uploads: `module/path`, a path in the project, or an absolute path.
    ///
    /// It is looked for in `files`, then in `scripts`, then from the root of the project or the module.
    ///
    /// # Errors
    /// There is none, or it leads out of the project and its modules.
    pub fn file(&self, name: &str) -> Result<ProjectFile, FileError> {
        let path = Path::new(name);
        if path.is_absolute() {
            // Whoever runs a plan can read the file anyway, and packages to upload lie anywhere.
            return if path.exists() {
                Ok(ProjectFile::OnDisk(path.to_owned()))
            } else {
                Err(self.unknown_file(name))
            };
        }
        let (shown, found) = self.find_file(name)?;
        Ok(match found {
            Found::Directory(path) | Found::File(FileSource::Disk(path)) => {
                ProjectFile::OnDisk(path)
            }
            Found::File(FileSource::Embedded(content)) => ProjectFile::Embedded {
                path: shown,
                content,
            },
        })
    }

    /// The text of a file of the project or of a module.
    ///
    /// # Errors
    /// There is none, it leads out of the project and its modules, is no text, or has more than 16 MiB.
    pub fn read_file(&self, name: &str) -> Result<String, FileError> {
        let (_, found) = self.find_file(name)?;
        let source = match found {
            Found::File(source) => source,
            Found::Directory(path) => FileSource::Disk(path),
        };
        let path = match &source {
            FileSource::Disk(path) => Some(path.clone()),
            FileSource::Embedded(_) => None,
        };
        read_text(&source, TEXT_BYTES_MAX).map_err(|source| FileError::Read {
            name: name.to_owned(),
            path,
            source,
        })
    }

    /// The names of what lies in a directory of the project or of a module on disk, sorted.
    ///
    /// # Errors
    /// There is none, it leads out of the project and its modules, is a file, or can't be read.
    pub fn list_files(&self, name: &str) -> Result<Vec<String>, FileError> {
        let unreadable = |path: PathBuf, source| FileError::Read {
            name: name.to_owned(),
            path: Some(path),
            source,
        };
        let path = match self.find_file(name)?.1 {
            Found::Directory(path) => path,
            Found::File(source) => {
                let path = source
                    .on_disk()
                    .map_or_else(|| PathBuf::from(name), Path::to_owned);
                return Err(unreadable(path, std::io::ErrorKind::NotADirectory.into()));
            }
        };
        let names = std::fs::read_dir(&path).and_then(|entries| {
            let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
            names.collect::<std::io::Result<Vec<String>>>()
        });
        let mut names = names.map_err(|error| unreadable(path, error))?;
        names.sort_unstable();
        Ok(names)
    }

    /// Whether there is such a file or directory of the project or of a module.
    ///
    /// # Errors
    /// It would be outside of the project and its modules.
    pub fn has_file(&self, name: &str) -> Result<bool, FileError> {
        match self.find_file(name) {
            Ok(_) => Ok(true),
            Err(FileError::Unknown { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn find_file(&self, name: &str) -> Result<(String, Found), FileError> {
        let outside = || FileError::Outside {
            name: name.to_owned(),
        };
        let wanted = name
            .strip_prefix("./")
            .unwrap_or(name)
            .trim_end_matches('/');
        if !is_inward(wanted) {
            return Err(outside());
        }
        for (module, path) in self.file_places(wanted) {
            match module.find(&path) {
                Err(LeadsOut) => return Err(outside()),
                Ok(Some((tree, found))) => return Ok((self.show(tree, &path), found)),
                Ok(None) => {}
            }
        }
        Err(self.unknown_file(name))
    }

    fn file_places(&self, wanted: &str) -> Vec<(Module, String)> {
        const DIRECTORIES: [&str; 3] = ["files/", "scripts/", ""];
        let library = &self.inner.library;
        let mut places: Vec<(Module, String)> = DIRECTORIES
            .iter()
            .map(|directory| (library.own.clone(), format!("{directory}{wanted}")))
            .collect();
        if let Some((module, inner)) = wanted.split_once('/') {
            for module in library.modules_called(module) {
                places.extend(
                    DIRECTORIES
                        .iter()
                        .map(|directory| (module.clone(), format!("{directory}{inner}"))),
                );
            }
        }
        places
    }

    /// The names of files that somebody may mean who has written `name` so far: those of the project, and those of the
    /// module that it begins with.
    pub fn file_names(&self, name: &str) -> Vec<String> {
        let library = &self.inner.library;
        let files = |module: &Module, prefix: &str| -> Vec<String> {
            ["files", "scripts"]
                .iter()
                .flat_map(|directory| {
                    module
                        .trees
                        .iter()
                        .flat_map(|tree| tree.files_under(directory))
                })
                .map(|file| format!("{prefix}{file}"))
                .collect()
        };
        let mut names = files(&library.own, "");
        if let Some((module, _)) = name.split_once('/') {
            for module in library.modules_called(module) {
                names.extend(files(&module, &format!("{}/", module.name)));
            }
        }
        names
    }

    fn unknown_file(&self, name: &str) -> FileError {
        let names = self.file_names(name);
        FileError::Unknown {
            name: name.to_owned(),
            nearest: nearest(name, names.iter().map(String::as_str)).map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::sample::Sample;

    const PROJECT: &[(&str, &str)] = &[
        ("segue.yaml", "name: shop\n"),
        ("files/motd", "files"),
        ("scripts/motd", "scripts"),
        ("scripts/check.sh", "check"),
        ("data/site.json", "{}"),
        ("modules/web/files/site.conf", "site"),
        ("modules/web/scripts/site.conf", "never"),
    ];

    #[test]
    fn files_come_before_scripts_and_scripts_before_the_root() {
        let sample = Sample::of(PROJECT);
        let project = sample.open();
        for (name, text) in [
            ("motd", "files"),
            ("./motd", "files"),
            ("scripts/motd", "scripts"),
            ("check.sh", "check"),
            ("data/site.json", "{}"),
            ("shop/motd", "files"),
            ("web/site.conf", "site"),
            ("web/files/site.conf", "site"),
            ("service/common.sh", "shipped common"),
        ] {
            assert_eq!(
                project
                    .read_file(name)
                    .unwrap_or_else(|error| panic!("{error}")),
                text,
                "{name}"
            );
            assert!(project.has_file(name).unwrap());
        }
        let embedded = project.file("service/common.sh").unwrap();
        assert!(
            matches!(embedded, ProjectFile::Embedded { path, .. } if path == "<segue>/modules/service/files/common.sh")
        );
        let directory = project.file("data/").unwrap();
        assert_eq!(directory, ProjectFile::OnDisk(project.root().join("data")));
        assert!(project.read_file("data").is_err());
        assert_eq!(project.list_files("data").unwrap(), ["site.json"]);
        assert!(project.list_files("data/site.json").is_err());
    }

    #[test]
    fn a_plan_reads_nothing_outside_of_the_project() {
        let sample = Sample::of(PROJECT);
        let project = sample.open();
        for name in ["../x", "/etc/passwd", "files/../../x", "", "~/x/../../.."] {
            assert!(
                matches!(project.read_file(name), Err(FileError::Outside { .. })),
                "{name}"
            );
            assert!(project.has_file(name).is_err());
            assert!(project.list_files(name).is_err());
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/etc/passwd", sample.path().join("files/link")).unwrap();
            assert!(matches!(
                project.read_file("link"),
                Err(FileError::Outside { .. })
            ));
        }
    }

    #[test]
    fn uploads_may_come_from_anywhere_and_missing_files_are_told_with_the_nearest() {
        let sample = Sample::of(PROJECT);
        let project = sample.open();
        let absolute = sample.path().join("data/site.json");
        assert_eq!(
            project.file(absolute.to_str().unwrap()).unwrap(),
            ProjectFile::OnDisk(absolute)
        );
        for (name, wanted) in [("chekc.sh", "check.sh"), ("web/site.cnf", "web/site.conf")] {
            match project.file(name) {
                Err(FileError::Unknown { nearest, .. }) => {
                    assert_eq!(nearest.as_deref(), Some(wanted));
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(!project.has_file("nothing").unwrap());
    }
}
