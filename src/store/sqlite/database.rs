//! Opening a database: it is ours, of a format that we know, and brought up to date.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, TransactionBehavior, config::DbConfig};

use super::file;
use crate::store::StoreError;

/// The changes of format, in order. The number of those that a database has had is its `user_version`.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_jobs.sql")];

/// Says that a database is Segue's: `SEGU`.
const APPLICATION: i32 = 0x5345_4755;

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read and write. The database is made if there is none.
    Write,
    /// To read. A database that can be written is brought up to date; one that can't is read as it is.
    Read,
}

/// Opens the database for its one writer.
pub(super) fn open_to_write(path: &Path, busy: Duration) -> Result<Connection, StoreError> {
    match try_to_write(path, busy) {
        // SQLite says no more than that one of its files can't be made.
        Err(StoreError::Unavailable { path, .. }) if file::is_read_only(&path) => {
            Err(StoreError::ReadOnly { path })
        }
        tried => tried,
    }
}

fn try_to_write(path: &Path, busy: Duration) -> Result<Connection, StoreError> {
    file::make(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = connect(path, path, flags, busy)?;
    let version = check(path, &connection)?;
    let told = |error| StoreError::from_sqlite(path, &error);
    prepare(&connection).map_err(told)?;
    if connection.is_readonly("main").map_err(told)? {
        return Err(StoreError::ReadOnly {
            path: path.to_owned(),
        });
    }
    // Only what is to be changed needs the lock, which a backup may hold.
    if version < MIGRATIONS.len() {
        migrate(&mut connection).map_err(told)?;
    }
    Ok(connection)
}

/// How readers open a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Beside a writer.
    Shared,
    /// As a file that nobody changes: the only way where SQLite can't make its files beside it.
    Unchanging,
}

/// Opens the database for one more reader, after [`open_to_write`] or [`check_readable`].
pub(super) fn open_to_read(
    path: &Path,
    reading: Reading,
    busy: Duration,
) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    match reading {
        Reading::Shared => connect(path, path, flags, busy),
        Reading::Unchanging => {
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            connect(path, &unchanging(path), flags, busy)
        }
    }
}

/// How a database that can't be written can be read.
pub(super) fn check_readable(path: &Path, busy: Duration) -> Result<Reading, StoreError> {
    let version = |reading| check(path, &open_to_read(path, reading, busy)?);
    let (reading, version) = match version(Reading::Shared) {
        Ok(found) => (Reading::Shared, found),
        // With a log beside it, it is not all there is.
        Err(error) if file::has_log(path) => return Err(error),
        Err(_) => (Reading::Unchanging, version(Reading::Unchanging)?),
    };
    if version < MIGRATIONS.len() {
        // It would have to be brought up to date first.
        return Err(StoreError::ReadOnly {
            path: path.to_owned(),
        });
    }
    Ok(reading)
}

/// The URI of a file that nobody changes (sqlite.org/uri.html).
fn unchanging(path: &Path) -> PathBuf {
    let escaped = path
        .to_string_lossy()
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    PathBuf::from(format!("file:{escaped}?immutable=1"))
}

/// `path` is the one to tell of, `name` what SQLite opens.
fn connect(
    path: &Path,
    name: &Path,
    flags: OpenFlags,
    busy: Duration,
) -> Result<Connection, StoreError> {
    let told = |error| StoreError::from_sqlite(path, &error);
    let connection = Connection::open_with_flags(name, flags).map_err(told)?;
    connection.busy_timeout(busy).map_err(told)?;
    // Else a statement that is kept is planned anew for the values of each call (sqlite.org/queryplanner-ng.html).
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(told)?;
    connection
        .execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
        )
        .map_err(told)?;
    Ok(connection)
}

/// Looks before anything is changed: gives the number of the format, 0 for an empty database.
fn check(path: &Path, connection: &Connection) -> Result<usize, StoreError> {
    let told = |error| StoreError::from_sqlite(path, &error);
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let tables = number("SELECT count(*) FROM sqlite_schema").map_err(told)?;
    let application = number("PRAGMA application_id").map_err(told)?;
    let version = number("PRAGMA user_version").map_err(told)?;
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    if application != i64::from(APPLICATION) && (application, tables) != (0, 0) {
        return Err(StoreError::Foreign {
            path: path.to_owned(),
        });
    }
    if version > MIGRATIONS.len() {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found: version,
            known: MIGRATIONS.len(),
        });
    }
    Ok(version)
}

/// The write-ahead log lets readers read while the writer writes. Incremental vacuum gives space back after pruning
/// without copying the database; it can only be chosen before the first table.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;")?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
}

fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Asked within the transaction: two processes may open a new store at once.
    let done: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(done).unwrap_or(usize::MAX);
    for migration in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(migration)?;
    }
    if done < MIGRATIONS.len() {
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        let version = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        transaction.pragma_update(None, "user_version", version)?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_read_where_nothing_can_be_made_beside_it() {
        let room = tempfile::tempdir().unwrap();
        let path = room.path().join("what? 100% #1.db");
        let busy = Duration::from_secs(1);
        drop(open_to_write(&path, busy).unwrap());
        assert_eq!(check_readable(&path, busy), Ok(Reading::Shared));
        let connection = open_to_read(&path, Reading::Unchanging, busy).unwrap();
        assert_eq!(check(&path, &connection), Ok(MIGRATIONS.len()));
        assert!(connection.execute_batch("DELETE FROM jobs").is_err());
    }

    #[test]
    fn an_empty_database_is_not_brought_up_to_date_for_a_reader() {
        let room = tempfile::tempdir().unwrap();
        let path = room.path().join("jobs.db");
        file::make(&path).unwrap();
        let busy = Duration::from_secs(1);
        assert_eq!(
            check_readable(&path, busy),
            Err(StoreError::ReadOnly { path: path.clone() })
        );
        assert_eq!(std::fs::metadata(path).unwrap().len(), 0);
    }
}
