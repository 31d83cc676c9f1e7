//! Removing jobs, and giving their space back.

use jiff::Timestamp;
use rusqlite::Connection;

use super::{
    leases::{self, Refusal},
    row::{row_id, row_id_last},
    writer::Writer,
};
use crate::{
    model::JobId,
    store::{Holder, StoreError},
};

/// Removes a job that no living process holds.
pub(super) fn delete(
    connection: &Connection,
    job: &JobId,
    here: &Holder,
    now: Timestamp,
) -> Result<(), Refusal> {
    let number = leases::number(connection, job)?;
    leases::check_not_held(connection, number, job, here, now)?;
    let rows = [row_id(number, 0), row_id_last(number)];
    connection.execute("DELETE FROM events WHERE id BETWEEN ?1 AND ?2", rows)?;
    connection.execute("DELETE FROM output WHERE id BETWEEN ?1 AND ?2", rows)?;
    // What else belongs to it goes with it.
    connection.execute("DELETE FROM jobs WHERE number = ?1", [number])?;
    Ok(())
}

/// Makes the files smaller by what is free in them.
pub(super) fn give_space_back(writer: &mut Writer) -> Result<(), StoreError> {
    let told = |error| StoreError::from_sqlite(&writer.path, &error);
    let connection = &writer.connection;
    // The pragma frees a page for each row that is asked of it.
    connection
        .prepare("PRAGMA incremental_vacuum")
        .and_then(|mut statement| {
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
            Ok(())
        })
        .map_err(told)?;
    // A reader may be in the way; then the log shrinks another time.
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .map_err(told)
}
