//! Why a file that a task needs is not found.

use std::fmt;

use super::{definition::FindFiles, metadata_reader::MOUNTS};

/// An entry of `files` that leads to no file.
#[derive(Clone, Debug)]
pub(super) struct MissingFile {
    pub(super) entry: String,
    reason: MissingReason,
}

#[derive(Clone, Copy, Debug)]
enum MissingReason {
    NoModule,
    /// The module is there, and has no such file.
    NoFile,
    /// It is a directory, and does not end in `/`.
    Directory,
    /// It is a file, and ends in `/`.
    File,
}

impl MissingFile {
    pub(super) fn new(entry: &str, find: &FindFiles<'_>) -> Self {
        let module = entry.split('/').next().unwrap_or(entry);
        let is_there = |path: &str| find(path).is_some();
        let reason = match entry.strip_suffix('/') {
            Some(file) if is_there(file) => MissingReason::File,
            None if is_there(&format!("{entry}/")) => MissingReason::Directory,
            _ if MOUNTS
                .iter()
                .any(|mount| is_there(&format!("{module}/{mount}/"))) =>
            {
                MissingReason::NoFile
            }
            _ => MissingReason::NoModule,
        };
        Self {
            entry: entry.to_owned(),
            reason,
        }
    }
}

impl fmt::Display for MissingFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = &self.entry;
        let module = entry.split('/').next().unwrap_or(entry);
        match self.reason {
            MissingReason::NoModule => write!(
                f,
                "`{entry}`, which is in no module: install the module `{module}`"
            ),
            MissingReason::NoFile => write!(f, "`{entry}`, which the module `{module}` has not"),
            MissingReason::Directory => write!(
                f,
                "`{entry}`, which is a directory: write `{entry}/` under `files` in its metadata"
            ),
            MissingReason::File => write!(
                f,
                "`{entry}`, which is a file: write `{}` under `files` in its metadata",
                entry.trim_end_matches('/')
            ),
        }
    }
}
