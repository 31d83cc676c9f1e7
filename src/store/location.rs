//! Where the store is, when nobody says and when somebody does.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use etcetera::BaseStrategy as _;

use super::{Access, MemoryStore, SqliteStore, Store, StoreError};

/// Segue's own directory in a project.
const PROJECT_DIRECTORY: &str = ".segue";
const FILE: &str = "jobs.db";

/// A place for jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    Sqlite(PathBuf),
    /// Nowhere: `--ephemeral`.
    Memory,
}

impl Location {
    /// The place that `--store` names, or else that of the project, or else that of the user.
    ///
    /// # Errors
    /// The store is of a kind that is not supported, or nobody has a place for one.
    pub fn find(store: Option<&str>, project: Option<&Path>) -> Result<Self, StoreError> {
        if let Some(store) = store {
            return Self::named(store);
        }
        if let Some(project) = project {
            return Ok(Self::Sqlite(project.join(PROJECT_DIRECTORY).join(FILE)));
        }
        let user = etcetera::choose_base_strategy().map_err(|_| StoreError::NoPlace)?;
        Ok(Self::Sqlite(user.data_dir().join("segue").join(FILE)))
    }

    fn named(store: &str) -> Result<Self, StoreError> {
        let unsupported = || StoreError::Unsupported {
            store: without_password(store),
        };
        match store.split_once(':') {
            Some(("sqlite", path)) => {
                let path = path.strip_prefix("//").unwrap_or(path);
                match path {
                    "" => Err(unsupported()),
                    ":memory:" => Ok(Self::Memory),
                    path => Ok(Self::Sqlite(PathBuf::from(path))),
                }
            }
            // One letter is a drive of Windows.
            Some((scheme, rest)) if scheme.len() > 1 && rest.starts_with("//") => {
                Err(unsupported())
            }
            _ if store.is_empty() => Err(unsupported()),
            _ => Ok(Self::Sqlite(PathBuf::from(store))),
        }
    }

    /// Opens the store. Reading where there is none gives an empty one, and makes nothing.
    ///
    /// # Errors
    /// As [`SqliteStore::open`], and the place is a directory.
    pub fn open(&self, access: Access) -> Result<Arc<dyn Store>, StoreError> {
        match self {
            Self::Memory => Ok(Arc::new(MemoryStore::default())),
            Self::Sqlite(path) if path.is_dir() => {
                Err(StoreError::Directory { path: path.clone() })
            }
            // What can't be looked for, such as in the directory of another user, may be there.
            Self::Sqlite(path)
                if access == Access::Read && matches!(path.try_exists(), Ok(false)) =>
            {
                Ok(Arc::new(MemoryStore::default()))
            }
            Self::Sqlite(path) => {
                let store = SqliteStore::open(path, access)?;
                keep_out_of_git(path);
                Ok(Arc::new(store))
            }
        }
    }
}

/// Jobs are no part of a project's history. That it could not be said harms nothing.
fn keep_out_of_git(database: &Path) {
    let Some(directory) = database.parent() else {
        return;
    };
    let ignore = directory.join(".gitignore");
    if directory.ends_with(PROJECT_DIRECTORY) && !ignore.exists() {
        let _ = fs::write(ignore, "*\n");
    }
}

/// A URL may carry a password, and the message that names it is shown.
fn without_password(store: &str) -> String {
    match store.split_once("://").and_then(|(scheme, rest)| {
        let (_, host) = rest.rsplit_once('@')?;
        Some(format!("{scheme}://…@{host}"))
    }) {
        Some(hidden) => hidden,
        None => store.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_found_without_configuration() {
        let project = Path::new("/srv/site");
        assert_eq!(
            Location::find(None, Some(project)),
            Ok(Location::Sqlite("/srv/site/.segue/jobs.db".into()))
        );
        let named = |store| Location::find(Some(store), Some(project));
        assert_eq!(named("x/y.db"), Ok(Location::Sqlite("x/y.db".into())));
        assert_eq!(named("sqlite:x.db"), Ok(Location::Sqlite("x.db".into())));
        assert_eq!(
            named("sqlite:///x.db"),
            Ok(Location::Sqlite("/x.db".into()))
        );
        assert_eq!(named("C:\\x.db"), Ok(Location::Sqlite("C:\\x.db".into())));
    }

    #[test]
    fn a_store_that_is_not_supported_is_refused_without_its_password() {
        let error = Location::find(Some("postgres://ada:hunter2@db/segue"), None).unwrap_err();
        assert_eq!(
            error,
            StoreError::Unsupported {
                store: "postgres://…@db/segue".to_owned()
            }
        );
    }

    #[test]
    fn a_place_that_cannot_be_looked_at_is_no_empty_store() {
        let room = tempfile::tempdir().unwrap();
        let file = room.path().join("file");
        fs::write(&file, "").unwrap();
        // Rights say nothing to root; that a file is no directory does.
        let location = Location::Sqlite(file.join("jobs.db"));
        let opened = location.open(Access::Read).map(|_| ());
        assert!(
            matches!(opened, Err(StoreError::Unavailable { .. })),
            "{opened:?}"
        );
    }

    #[test]
    fn a_directory_is_no_store_and_a_file_in_it_is_named() {
        let room = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(room.path().to_owned());
        for access in [Access::Read, Access::Write] {
            let error = location.open(access).map(|_| ()).unwrap_err();
            let help = miette::Diagnostic::help(&error).unwrap().to_string();
            let file = room.path().join("jobs.db");
            assert!(help.contains(&file.display().to_string()), "{help}");
        }
    }

    #[test]
    fn reading_makes_nothing_and_writing_keeps_out_of_git() {
        let room = tempfile::tempdir().unwrap();
        let location = Location::find(None, Some(room.path())).unwrap();
        location.open(Access::Read).unwrap();
        assert!(!room.path().join(".segue").exists());
        location.open(Access::Write).unwrap();
        let ignore = fs::read_to_string(room.path().join(".segue/.gitignore")).unwrap();
        assert_eq!(ignore, "*\n");
    }
}
