//! The queries.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::{
    decoding::Decoder,
    leases::{Refusal, holder_at, number},
    row::{count, effect_of, nanoseconds, row_id, row_id_last, seq_of, timestamp, variant},
};
use crate::{
    event::{Event, EventKind, JobStatus},
    model::{EffectId, JobId, OutputStream, TargetName},
    store::{
        Holder, JobFilter, JobState, JobSummary, NumberedRequest, OutputCut, OutputFilter,
        StoreError, StoreSize, seal::Seal, secrets,
    },
};

const SUMMARY: &str = "SELECT jobs.id, kind, object, user, jobs.host, targets, status, started_at, finished_at, seq_last,
        leases.host, boot, process, process_started, heard_at
    FROM jobs LEFT JOIN leases ON leases.job = jobs.number";

/// An event as it lies in the database.
pub(super) struct EventRow {
    seq: u64,
    at: Timestamp,
    body: String,
    sealed: Option<Vec<u8>>,
}

impl EventRow {
    pub(super) fn into_event(
        self,
        job: &JobId,
        decoder: &mut Decoder,
        seal: &Seal,
    ) -> Result<Event, StoreError> {
        let seq = self.seq;
        let damaged = |error: serde_json::Error| StoreError::DamagedEvent {
            job: job.clone(),
            seq,
            reason: error.to_string(),
        };
        let mut kind = decoder.decode(&self.body).map_err(damaged)?;
        if let Some(sealed) = self.sealed {
            let text = seal.open(job, seq, &sealed)?;
            secrets::put_back(&mut kind, &text).map_err(damaged)?;
        }
        Ok(Event {
            seq,
            at: self.at,
            job: job.clone(),
            kind,
        })
    }
}

pub(super) fn events(
    connection: &Connection,
    job: &JobId,
    after: u64,
    limit: usize,
) -> Result<Vec<EventRow>, Refusal> {
    let job = number(connection, job)?;
    let mut statement = connection.prepare_cached(
        "SELECT id, at, body, sealed FROM events WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3",
    )?;
    let rows = statement.query_map(
        params![row_id(job, after), row_id_last(job), count(limit as u64)],
        |row| {
            Ok(EventRow {
                seq: seq_of(row.get(0)?),
                at: timestamp(row.get(1)?),
                body: row.get(2)?,
                sealed: row.get(3)?,
            })
        },
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn output(
    connection: &Connection,
    job: &JobId,
    filter: &OutputFilter,
) -> Result<Vec<Event>, Refusal> {
    let number = number(connection, job)?;
    let mut statement = connection.prepare_cached(
        "SELECT id, at, effect, target, stream, text FROM output
         WHERE id > ?1 AND id <= ?2 AND (?3 IS NULL OR target = ?3) ORDER BY id LIMIT ?4",
    )?;
    let mut rows = statement.query(params![
        row_id(number, filter.after),
        row_id_last(number),
        filter.target.as_ref().map(TargetName::as_str),
        count(filter.limit as u64)
    ])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let seq = seq_of(row.get(0)?);
        let (effect, stream) = effect_and_stream(job, seq, &row.get::<_, String>(2)?, row.get(4)?)?;
        events.push(Event {
            seq,
            at: timestamp(row.get(1)?),
            job: job.clone(),
            kind: EventKind::OutputChunk {
                effect,
                target: row.get::<_, String>(3)?.into(),
                stream,
                text: row.get(5)?,
            },
        });
    }
    Ok(events)
}

pub(super) fn output_cuts(connection: &Connection, job: &JobId) -> Result<Vec<OutputCut>, Refusal> {
    let number = number(connection, job)?;
    let mut statement = connection
        .prepare_cached("SELECT effect, target, stream, bytes FROM output_cuts WHERE job = ?1")?;
    let mut rows = statement.query([number])?;
    let mut cuts = Vec::new();
    while let Some(row) = rows.next()? {
        let (effect, stream) = effect_and_stream(job, 0, &row.get::<_, String>(0)?, row.get(2)?)?;
        cuts.push(OutputCut {
            effect,
            target: row.get::<_, String>(1)?.into(),
            stream,
            bytes: row.get::<_, i64>(3)?.unsigned_abs(),
        });
    }
    Ok(cuts)
}

fn effect_and_stream(
    job: &JobId,
    seq: u64,
    effect: &str,
    stream: String,
) -> Result<(EffectId, OutputStream), Refusal> {
    effect_of(effect).zip(variant(stream)).ok_or_else(|| {
        Refusal::Told(StoreError::DamagedEvent {
            job: job.clone(),
            seq,
            reason: format!("output of `{effect}`"),
        })
    })
}

pub(super) fn jobs(
    connection: &Connection,
    filter: &JobFilter,
    here: &Holder,
    now: Timestamp,
) -> Result<Vec<JobSummary>, Refusal> {
    let mut statement = connection.prepare_cached(&format!(
        "{SUMMARY} WHERE started_at >= ?1 AND started_at < ?2 ORDER BY jobs.number DESC"
    ))?;
    let mut rows = statement.query([
        filter.since.map_or(i64::MIN, nanoseconds),
        filter.until.map_or(i64::MAX, nanoseconds),
    ])?;
    let limit = filter.limit.unwrap_or(usize::MAX);
    let mut jobs = Vec::new();
    while jobs.len() < limit
        && let Some(row) = rows.next()?
    {
        let summary = summary(row, here, now)?;
        if filter.matches(&summary) {
            jobs.push(summary);
        }
    }
    Ok(jobs)
}

pub(super) fn job(
    connection: &Connection,
    job: &JobId,
    here: &Holder,
    now: Timestamp,
) -> Result<JobSummary, Refusal> {
    let number = number(connection, job)?;
    let mut statement = connection.prepare_cached(&format!("{SUMMARY} WHERE jobs.number = ?1"))?;
    Ok(statement.query_row([number], |row| summary(row, here, now))?)
}

fn summary(row: &Row<'_>, here: &Holder, now: Timestamp) -> rusqlite::Result<JobSummary> {
    let id: String = row.get(0)?;
    let holder = match row.get::<_, Option<String>>(10)? {
        Some(_) => Some(holder_at(row, 10)?),
        None => None,
    };
    let holder = holder
        .filter(|(holder, heard_at)| here.sees_alive(holder, *heard_at, now))
        .map(|(holder, _)| holder);
    let status = variant(row.get(6)?).unwrap_or(JobStatus::Running);
    Ok(JobSummary {
        job: id.parse().map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(
                0,
                rusqlite::types::Type::Text,
                Box::new(error),
            )
        })?,
        what: row.get::<_, Option<String>>(1)?.and_then(variant),
        object: row.get(2)?,
        user: row.get(3)?,
        host: row.get(4)?,
        targets: row.get::<_, i64>(5)?.unsigned_abs(),
        state: JobState::new(status, holder.is_some()),
        started_at: timestamp(row.get(7)?),
        finished_at: row.get::<_, Option<i64>>(8)?.map(timestamp),
        seq_last: row.get::<_, i64>(9)?.unsigned_abs(),
        holder,
    })
}

/// All ids, the latest first.
pub(super) fn ids(connection: &Connection) -> Result<Vec<String>, Refusal> {
    let mut statement = connection.prepare_cached("SELECT id FROM jobs ORDER BY number DESC")?;
    let ids = statement.query_map([], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn requests(
    connection: &Connection,
    job: &JobId,
    after: u64,
) -> Result<Vec<NumberedRequest>, Refusal> {
    let number = number(connection, job)?;
    let mut statement = connection.prepare_cached(
        "SELECT number, body FROM requests WHERE job = ?1 AND number > ?2 ORDER BY number",
    )?;
    let mut rows = statement.query(params![number, count(after)])?;
    let mut requests = Vec::new();
    while let Some(row) = rows.next()? {
        // A wish that only a later version understands is not ours to fulfil.
        if let Ok(request) = serde_json::from_str(&row.get::<_, String>(1)?) {
            requests.push(NumberedRequest {
                number: row.get::<_, i64>(0)?.unsigned_abs(),
                request,
            });
        }
    }
    Ok(requests)
}

/// All but the bytes.
pub(super) fn size(connection: &Connection) -> Result<StoreSize, Refusal> {
    let size = connection.query_row(
        "SELECT count(*), coalesce(sum(seq_last), 0) FROM jobs",
        [],
        |row| {
            Ok(StoreSize {
                bytes: 0,
                jobs: row.get::<_, i64>(0)?.unsigned_abs(),
                events: row.get::<_, i64>(1)?.unsigned_abs(),
            })
        },
    )?;
    Ok(size)
}
