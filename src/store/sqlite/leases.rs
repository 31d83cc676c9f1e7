//! Who holds jobs and targets, as SQL. Each function is called within a transaction that writes.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::row::{count, nanoseconds, timestamp};
use crate::{
    model::{JobId, TargetName},
    store::{Holder, Lease, LockConflict, StoreError},
};

/// How often an id that is taken is replaced by another. There are 32,768 for each half minute.
const TRIES_MAX: usize = 100;

/// Why a transaction is given up: the database failed, or the answer is no.
pub(super) enum Refusal {
    Database(rusqlite::Error),
    Told(StoreError),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Told(error)
    }
}

impl Refusal {
    pub(super) fn into_error(self, path: &Path) -> StoreError {
        match self {
            Self::Database(error) => StoreError::from_sqlite(path, &error),
            Self::Told(error) => error,
        }
    }
}

/// The number of a job in this database.
pub(super) fn number(connection: &Connection, job: &JobId) -> Result<i64, Refusal> {
    connection
        .prepare_cached("SELECT number FROM jobs WHERE id = ?1")?
        .query_row([job.as_str()], |row| row.get(0))
        .optional()?
        .ok_or_else(|| unknown(job))
}

fn unknown(job: &JobId) -> Refusal {
    Refusal::Told(StoreError::UnknownJob {
        job: job.to_string(),
        nearest: None,
    })
}

pub(super) fn create(
    connection: &Connection,
    holder: &Holder,
    now: Timestamp,
) -> Result<Lease, Refusal> {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    for _ in 0..TRIES_MAX {
        let job = JobId::new(seconds, rand::random());
        let made = connection.execute(
            "INSERT OR IGNORE INTO jobs (id, started_at) VALUES (?1, ?2)",
            params![job.as_str(), nanoseconds(now)],
        )?;
        if made == 1 {
            return hold(
                connection,
                connection.last_insert_rowid(),
                job,
                0,
                holder,
                now,
            );
        }
    }
    Err(Refusal::Told(StoreError::NoIdLeft))
}

pub(super) fn take(
    connection: &Connection,
    job: &JobId,
    holder: &Holder,
    here: &Holder,
    now: Timestamp,
) -> Result<Lease, Refusal> {
    let number = number(connection, job)?;
    check_not_held(connection, number, job, here, now)?;
    connection.execute(
        "DELETE FROM requests WHERE job = ?1 AND wants = 'stop'",
        [number],
    )?;
    let seq_last: i64 = connection.query_row(
        "SELECT seq_last FROM jobs WHERE number = ?1",
        [number],
        |row| row.get(0),
    )?;
    hold(
        connection,
        number,
        job.clone(),
        seq_last.unsigned_abs(),
        holder,
        now,
    )
}

fn hold(
    connection: &Connection,
    number: i64,
    job: JobId,
    seq_last: u64,
    holder: &Holder,
    now: Timestamp,
) -> Result<Lease, Refusal> {
    let token = rand::random::<i64>();
    connection.execute(
        "INSERT OR REPLACE INTO leases (job, token, host, boot, process, process_started, heard_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            number,
            token,
            holder.host,
            holder.boot,
            holder.process,
            count(holder.process_started),
            nanoseconds(now)
        ],
    )?;
    Ok(Lease {
        job,
        seq_last,
        token,
    })
}

pub(super) fn beat(connection: &Connection, lease: &Lease, now: Timestamp) -> Result<(), Refusal> {
    let number = held_number(connection, lease)?;
    connection.execute(
        "UPDATE leases SET heard_at = ?2 WHERE job = ?1",
        params![number, nanoseconds(now)],
    )?;
    Ok(())
}

/// Gives the number of the job, so that the writer can forget it. A lease that was lost is not given back.
pub(super) fn release(connection: &mut Connection, lease: &Lease) -> rusqlite::Result<i64> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let number = transaction
        .query_row(
            "SELECT number FROM jobs WHERE id = ?1",
            [lease.job.as_str()],
            |row| row.get(0),
        )
        .optional()?
        .unwrap_or(0);
    let given = transaction.execute(
        "DELETE FROM leases WHERE job = ?1 AND token = ?2",
        params![number, lease.token],
    )?;
    if given == 1 {
        transaction.execute("DELETE FROM target_locks WHERE job = ?1", [number])?;
    }
    transaction.commit()?;
    Ok(number)
}

fn held_number(connection: &Connection, lease: &Lease) -> Result<i64, Refusal> {
    let lost = || {
        Refusal::Told(StoreError::LeaseLost {
            job: lease.job.clone(),
        })
    };
    connection
        .prepare_cached(
            "SELECT number FROM jobs JOIN leases ON leases.job = jobs.number WHERE jobs.id = ?1 AND leases.token = ?2",
        )?
        .query_row(params![lease.job.as_str(), lease.token], |row| row.get(0))
        .optional()?
        .ok_or_else(lost)
}

/// The process that holds a job, dead or alive, and when it was last heard of.
fn holder(connection: &Connection, number: i64) -> rusqlite::Result<Option<(Holder, Timestamp)>> {
    connection
        .prepare_cached(
            "SELECT host, boot, process, process_started, heard_at FROM leases WHERE job = ?1",
        )?
        .query_row([number], |row| holder_at(row, 0))
        .optional()
}

/// A holder in five columns from `first`.
pub(super) fn holder_at(
    row: &rusqlite::Row<'_>,
    first: usize,
) -> rusqlite::Result<(Holder, Timestamp)> {
    let holder = Holder {
        host: row.get(first)?,
        boot: row.get(first + 1)?,
        process: row.get(first + 2)?,
        process_started: row.get::<_, i64>(first + 3)?.unsigned_abs(),
    };
    Ok((holder, timestamp(row.get(first + 4)?)))
}

/// # Errors
/// [`StoreError::JobRunning`] if a living process holds the job.
pub(super) fn check_not_held(
    connection: &Connection,
    number: i64,
    job: &JobId,
    here: &Holder,
    now: Timestamp,
) -> Result<(), Refusal> {
    match holder(connection, number)? {
        Some((holder, heard_at)) if here.sees_alive(&holder, heard_at, now) => {
            Err(Refusal::Told(StoreError::JobRunning {
                job: job.clone(),
                holder,
            }))
        }
        _ => Ok(()),
    }
}

pub(super) fn lock_targets(
    connection: &Connection,
    lease: &Lease,
    targets: &[TargetName],
    here: &Holder,
    now: Timestamp,
) -> Result<Vec<LockConflict>, Refusal> {
    let number = held_number(connection, lease)?;
    let mut conflicts = Vec::new();
    let mut select = connection.prepare_cached(
        "SELECT jobs.number, jobs.id FROM target_locks JOIN jobs ON jobs.number = target_locks.job
         WHERE target = ?1 AND jobs.number <> ?2",
    )?;
    for target in targets {
        let owner = select
            .query_row(params![target.as_str(), number], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            })
            .optional()?;
        let Some((owner, id)) = owner else { continue };
        let alive = holder(connection, owner)?
            .is_some_and(|(holder, heard_at)| here.sees_alive(&holder, heard_at, now));
        if alive && let Ok(job) = id.parse() {
            conflicts.push(LockConflict {
                target: target.clone(),
                job,
            });
        }
    }
    if conflicts.is_empty() {
        let mut insert = connection
            .prepare_cached("INSERT OR REPLACE INTO target_locks (target, job) VALUES (?1, ?2)")?;
        for target in targets {
            insert.execute(params![target.as_str(), number])?;
        }
    }
    Ok(conflicts)
}

pub(super) fn unlock_targets(
    connection: &Connection,
    lease: &Lease,
    targets: &[TargetName],
) -> Result<(), Refusal> {
    let number = held_number(connection, lease)?;
    let mut delete =
        connection.prepare_cached("DELETE FROM target_locks WHERE target = ?1 AND job = ?2")?;
    for target in targets {
        delete.execute(params![target.as_str(), number])?;
    }
    Ok(())
}
