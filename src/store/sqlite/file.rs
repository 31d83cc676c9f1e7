//! The file of a database: made for its owner alone, and still the one that was opened.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::store::StoreError;

/// Makes the file and the directories above it unless they are there. Nobody else may read them;
/// SQLite gives its other files the rights of this one.
pub(super) fn make(path: &Path) -> Result<(), StoreError> {
    let unavailable = |error: io::Error| match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            StoreError::ReadOnly {
                path: path.to_owned(),
            }
        }
        io::ErrorKind::StorageFull => StoreError::Full {
            path: path.to_owned(),
        },
        _ => StoreError::unavailable(path, &error),
    };
    if path.exists() {
        return Ok(());
    }
    let mut directories = fs::DirBuilder::new();
    let mut file = fs::OpenOptions::new();
    directories.recursive(true);
    file.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

        directories.mode(0o700);
        file.mode(0o600);
    }
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        directories.create(parent).map_err(unavailable)?;
    }
    match file.open(path) {
        // Another process was faster.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(unavailable(error)),
        _ => Ok(()),
    }
}

/// Which file it was that was opened. A file that is deleted goes on taking writes that nobody will ever read,
/// so whoever writes asks now and then.
#[derive(Debug)]
pub(super) struct Identity {
    path: PathBuf,
    file: Option<(u64, u64)>,
}

impl Identity {
    pub(super) fn of(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: number(path),
        }
    }

    /// # Errors
    /// [`StoreError::Gone`] if the file is not there any more, or another lies in its place.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if number(&self.path) == self.file && log_of(&self.path).exists() {
            Ok(())
        } else {
            Err(StoreError::Gone {
                path: self.path.clone(),
            })
        }
    }
}

/// SQLite's write-ahead log of a database. It exists as long as one that has written is open.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

/// Whether there is such a file, and it can't be written.
pub(super) fn is_read_only(path: &Path) -> bool {
    use std::io::ErrorKind;

    let opened = fs::OpenOptions::new().write(true).open(path);
    opened.is_err_and(|error| {
        matches!(
            error.kind(),
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied
        )
    })
}

/// Whether something is in the log beside the database.
pub(super) fn has_log(path: &Path) -> bool {
    fs::metadata(log_of(path)).is_ok_and(|log| log.len() > 0)
}

#[cfg(unix)]
fn number(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;

    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

// Windows does not delete files that are open.
#[cfg(not(unix))]
fn number(path: &Path) -> Option<(u64, u64)> {
    path.exists().then_some((0, 0))
}
