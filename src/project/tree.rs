//! A directory of files, on disk or in the binary, that nothing leads out of.

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
};

use include_dir::Dir;

use crate::{model::utf8, task::FileSource};

/// Directories in directories are followed so far: deeper than any module is, and no circle of links gets further.
const DEPTH_MAX: usize = 16;

/// A directory of files.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    Disk {
        /// As it is shown.
        root: PathBuf,
        /// Without symbolic links: nothing outside of it is given out.
        jail: PathBuf,
    },
    Embedded {
        directory: &'static Dir<'static>,
        /// Where it lies in the source of Segue, such as `modules`: how it is shown.
        shown: &'static str,
        /// The path in `directory` at which this tree begins; empty for all of it.
        from: String,
        /// What a path must begin with to be looked for here; it is no part of the path in `directory`.
        under: &'static str,
    },
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    File(FileSource),
    /// On disk only.
    Directory(PathBuf),
}

/// The path leads out of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LeadsOut;

impl Tree {
    /// The tree at a directory of the disk, if that is one.
    pub(super) fn on_disk(root: PathBuf) -> Option<Self> {
        let jail = root.canonicalize().ok().filter(|jail| jail.is_dir())?;
        Some(Self::Disk { root, jail })
    }

    /// What lies at the path.
    pub(super) fn find(&self, path: &str) -> Result<Option<Found>, LeadsOut> {
        if !is_inward(path) {
            return Err(LeadsOut);
        }
        match self {
            Self::Disk { root, jail } => {
                // What can't be read is as good as not there.
                let Ok(full) = root.join(path).canonicalize() else {
                    return Ok(None);
                };
                if !full.starts_with(jail) {
                    return Err(LeadsOut);
                }
                let shown = root.join(path);
                Ok(if full.is_dir() {
                    Some(Found::Directory(shown))
                } else if full.is_file() {
                    Some(Found::File(FileSource::Disk(shown)))
                } else {
                    None
                })
            }
            Self::Embedded { directory, .. } => Ok(self
                .embedded_path(path)
                .and_then(|path| directory.get_file(path))
                .map(|file| Found::File(FileSource::Embedded(file.contents())))),
        }
    }

    /// The file at the path; nothing if it leads out.
    pub(super) fn file(&self, path: &str) -> Option<FileSource> {
        match self.find(path) {
            Ok(Some(Found::File(source))) => Some(source),
            _ => None,
        }
    }

    /// Names of the files in a directory, sorted.
    pub(super) fn files_in(&self, directory: &str) -> Vec<String> {
        self.names_in(directory, false)
    }

    /// Names of the directories in a directory, sorted.
    pub(super) fn directories_in(&self, directory: &str) -> Vec<String> {
        self.names_in(directory, true)
    }

    /// Paths, from the directory, of all files in and under it, sorted.
    pub(super) fn files_under(&self, directory: &str) -> Vec<String> {
        let mut files = Vec::new();
        self.collect(directory, "", DEPTH_MAX, &mut files);
        files
    }

    fn collect(&self, directory: &str, inner: &str, depth: usize, files: &mut Vec<String>) {
        files.extend(
            self.files_in(directory)
                .into_iter()
                .map(|name| join(inner, &name)),
        );
        if depth == 0 {
            return;
        }
        for name in self.directories_in(directory) {
            self.collect(
                &join(directory, &name),
                &join(inner, &name),
                depth - 1,
                files,
            );
        }
    }

    fn names_in(&self, path: &str, directories: bool) -> Vec<String> {
        let mut names: Vec<String> = match self {
            Self::Disk { root, jail } => {
                let full = root.join(path);
                let inside = is_inward_or_empty(path)
                    && full.canonicalize().is_ok_and(|full| full.starts_with(jail));
                if !inside {
                    return Vec::new();
                }
                let Ok(entries) = fs::read_dir(&full) else {
                    return Vec::new();
                };
                entries
                    .filter_map(Result::ok)
                    .filter(|entry| {
                        // Through links, as opening the file would be.
                        fs::metadata(entry.path()).is_ok_and(|kind| {
                            if directories {
                                kind.is_dir()
                            } else {
                                kind.is_file()
                            }
                        })
                    })
                    .filter_map(|entry| entry.file_name().into_string().ok())
                    .collect()
            }
            Self::Embedded { directory, .. } => {
                let Some(path) = self.embedded_path(path) else {
                    return Vec::new();
                };
                let within = if path.is_empty() {
                    Some(*directory)
                } else {
                    directory.get_dir(&path)
                };
                let Some(within) = within else {
                    return Vec::new();
                };
                let paths: Vec<&Path> = if directories {
                    within.dirs().map(Dir::path).collect()
                } else {
                    within.files().map(include_dir::File::path).collect()
                };
                paths
                    .into_iter()
                    .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
                    .collect()
            }
        };
        names.retain(|name| !name.starts_with('.'));
        names.sort_unstable();
        names
    }

    /// A path of this tree as a path of the embedded directory, if it can be in it.
    fn embedded_path(&self, path: &str) -> Option<String> {
        let Self::Embedded { from, under, .. } = self else {
            return None;
        };
        let path = if under.is_empty() {
            path
        } else {
            let inner = path.strip_prefix(under)?;
            match inner.strip_prefix('/') {
                Some(inner) => inner,
                None if inner.is_empty() => inner,
                None => return None,
            }
        };
        Some(join(from, path))
    }

    /// The path in this tree of an embedded file that [`Tree::show`] shows so.
    pub(super) fn hide(&self, shown_path: &str) -> Option<String> {
        let Self::Embedded {
            shown, from, under, ..
        } = self
        else {
            return None;
        };
        let inner = shown_path
            .strip_prefix("<segue>/")?
            .strip_prefix(shown)?
            .strip_prefix('/')?;
        let inner = match from.as_str() {
            "" => inner,
            from => inner.strip_prefix(from)?.strip_prefix('/')?,
        };
        Some(join(under, inner))
    }

    /// How messages show a file of this tree. `project` is left out of paths that lie in it.
    pub(super) fn show(&self, path: &str, project: &Path) -> String {
        match self {
            Self::Disk { root, .. } => {
                let full = root.join(path);
                let shown = full.strip_prefix(project).unwrap_or(&full);
                shown.to_string_lossy().into_owned()
            }
            Self::Embedded { shown, .. } => {
                let path = self.embedded_path(path).unwrap_or_default();
                format!("<segue>/{shown}/{path}")
            }
        }
    }
}

/// The content of a file, if it is no longer than `bytes_max`.
pub(super) fn read(source: &FileSource, bytes_max: u64) -> io::Result<Cow<'static, [u8]>> {
    match source {
        FileSource::Embedded(content) => Ok(Cow::Borrowed(content)),
        FileSource::Disk(path) => {
            let length = fs::metadata(path)?.len();
            if length > bytes_max {
                return Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    format!("it has {length} bytes, and {bytes_max} can be read"),
                ));
            }
            fs::read(path).map(Cow::Owned)
        }
    }
}

/// The text of a file, if it is no longer than `bytes_max` and UTF-8.
pub(super) fn read_text(source: &FileSource, bytes_max: u64) -> io::Result<String> {
    utf8(read(source, bytes_max)?.into_owned())
}

/// Whether a path can only lead inward: no root, no `..`, nothing that another system would read as one of these.
pub(super) fn is_inward(path: &str) -> bool {
    let foreign = path.contains(['\\', '\0']) || (cfg!(windows) && path.contains(':'));
    !foreign
        && path
            .split('/')
            .all(|element| !matches!(element, "" | "." | ".."))
}

fn is_inward_or_empty(path: &str) -> bool {
    path.is_empty() || is_inward(path)
}

pub(super) fn join(directory: &str, name: &str) -> String {
    match (directory, name) {
        ("", name) => name.to_owned(),
        (directory, "") => directory.to_owned(),
        (directory, name) => format!("{directory}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_out_of_a_tree() {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("in");
        fs::create_dir_all(root.join("sub")).unwrap();
        fs::write(outer.path().join("secret"), "x").unwrap();
        fs::write(root.join("sub/open"), "y").unwrap();
        let tree = Tree::on_disk(root.clone()).unwrap();
        assert!(tree.file("sub/open").is_some());
        for path in [
            "../secret",
            "sub/../../secret",
            "/etc/passwd",
            "",
            "sub//open",
            "./sub",
            "a\\..\\b",
        ] {
            assert_eq!(tree.find(path), Err(LeadsOut), "{path:?}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outer.path().join("secret"), root.join("link")).unwrap();
            std::os::unix::fs::symlink(outer.path(), root.join("out")).unwrap();
            std::os::unix::fs::symlink(&root, root.join("sub/circle")).unwrap();
            assert_eq!(tree.find("link"), Err(LeadsOut));
            assert_eq!(tree.find("out/secret"), Err(LeadsOut));
            assert!(tree.files_in("out").is_empty());
            assert!(tree.file("sub/circle/sub/open").is_some());
            // A circle of links ends.
            assert!(tree.files_under("").contains(&"sub/open".to_owned()));
        }
    }

    #[test]
    fn files_that_are_too_long_or_no_text_are_errors() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        fs::write(&path, [0xff, 0xfe]).unwrap();
        let source = FileSource::Disk(path);
        assert_eq!(
            read_text(&source, 9).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
        assert_eq!(
            read_text(&source, 1).unwrap_err().kind(),
            io::ErrorKind::FileTooLarge
        );
    }
}
