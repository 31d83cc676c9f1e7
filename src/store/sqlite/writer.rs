//! The one thread that writes: what waits in the queue becomes one transaction.
//!
//! A commit is what costs, and the barrier to the disk in it most, so everything that is waiting shares one.
//! `synchronous` is FULL for a transaction with anything but output in it: an event that others wait for must
//! survive a loss of power, not only the end of the process. Output alone, and what is not awaited (leases,
//! requests), is written with NORMAL: it is safe from our own end, and a loss of power may take the last of it.

use std::{
    collections::HashMap,
    mem,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, mpsc::Receiver},
};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::{
    file::Identity,
    gathering::Gathering,
    record::{Content, Record, Turn},
    row::{count, effect_text, nanoseconds, row_id, row_id_last, word},
};
use crate::{
    model::{JobId, OutputCap},
    store::{
        StoreError,
        output::{OutputKey, OutputThinner},
        seal::Seal,
        summary::SummaryChange,
    },
};

/// How many events wait for the writer at most. It writes some 50,000 a second, so this is a third of a second
/// of work; whoever adds to a full queue waits, which slows a run down to what the disk can take.
pub(super) const QUEUE_MAX: usize = 16_384;

/// What the writer is asked to do, in the order of the asking.
pub(super) enum Order {
    Append(Box<Record>),
    Call(Call),
}

/// Something that is done between transactions.
pub(super) type Call = Box<dyn FnOnce(&mut Writer) + Send>;

/// Output that found the queue full, by job.
pub(super) type Overflow = Arc<Mutex<HashMap<(JobId, OutputKey), u64>>>;

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
    pub(super) seal: Arc<Seal>,
    pub(super) cap: OutputCap,
    pub(super) overflow: Overflow,
    pub(super) thinners: HashMap<i64, OutputThinner>,
    pub(super) barrier: bool,
    pub(super) gathering: Gathering,
}

impl Writer {
    /// Works until nobody can give orders any more, and then on what is left.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        while let Ok(first) = orders.recv() {
            let (group, call) = self.gathering.gather(first, orders);
            self.write(group);
            if let Some(call) = call {
                call(&mut self);
            }
        }
    }

    fn write(&mut self, mut group: Vec<Record>) {
        // After a failure nothing of that job is kept, so that what is kept has no holes.
        group.retain(|record| !record.receipts.has_failed());
        if group.is_empty() {
            return;
        }
        match self.try_write(&group) {
            Ok(jobs) => {
                let mut reached = HashMap::new();
                for record in &group {
                    reached.insert(&record.job, record);
                }
                for (job, record) in reached {
                    if jobs.get(job).copied().flatten().is_some() {
                        record.receipts.reached(record.seq);
                    } else {
                        record
                            .receipts
                            .fail(StoreError::LeaseLost { job: job.clone() });
                    }
                }
            }
            Err(failure) => {
                for record in &group {
                    record.receipts.fail(failure.clone());
                }
            }
        }
    }

    /// Writes the group, and gives the number of each job in it that is still held by those who wrote.
    fn try_write(&mut self, group: &[Record]) -> Result<HashMap<JobId, Option<i64>>, StoreError> {
        let path = self.path.clone();
        let told = |error| StoreError::from_sqlite(&path, &error);
        self.set_barrier(group.iter().any(|record| !record.is_output()))
            .map_err(told)?;
        let sealed = self.seal_all(group)?;
        let overflow =
            mem::take(&mut *self.overflow.lock().unwrap_or_else(PoisonError::into_inner));
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(told)?;
        let mut jobs = HashMap::new();
        let mut seqs = HashMap::new();
        for (record, sealed) in group.iter().zip(sealed) {
            let number = if let Some(known) = jobs.get(&record.job) {
                *known
            } else {
                let number = number_if_held(&transaction, record).map_err(told)?;
                jobs.insert(record.job.clone(), number);
                number
            };
            if let Some(number) = number {
                let thinner = self
                    .thinners
                    .entry(number)
                    .or_insert_with(|| OutputThinner::new(self.cap));
                insert(&transaction, number, record, sealed.as_deref(), thinner).map_err(told)?;
                seqs.insert(number, record.seq);
            }
        }
        for (number, seq) in seqs {
            transaction
                .prepare_cached("UPDATE jobs SET seq_last = max(seq_last, ?2) WHERE number = ?1")
                .and_then(|mut statement| statement.execute(params![number, count(seq)]))
                .map_err(told)?;
        }
        for ((job, key), bytes) in &overflow {
            if let Some(Some(number)) = jobs.get(job) {
                add_cut(&transaction, *number, key, *bytes).map_err(told)?;
            }
        }
        transaction.commit().map_err(told)?;
        self.identity.check()?;
        Ok(jobs)
    }

    fn seal_all(&self, group: &[Record]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let seal = |record: &Record| match &record.content {
            Content::Event {
                secrets: Some(text),
                ..
            } => self.seal.seal(&record.job, record.seq, text).map(Some),
            _ => Ok(None),
        };
        group.iter().map(seal).collect()
    }

    fn set_barrier(&mut self, barrier: bool) -> rusqlite::Result<()> {
        if self.barrier != barrier {
            let level = if barrier { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", level)?;
            self.barrier = barrier;
        }
        Ok(())
    }
}

/// The number of the record's job, if whoever wrote it holds the job.
fn number_if_held(transaction: &Transaction<'_>, record: &Record) -> rusqlite::Result<Option<i64>> {
    transaction
        .prepare_cached(
            "SELECT number FROM jobs JOIN leases ON leases.job = jobs.number WHERE jobs.id = ?1 AND leases.token = ?2",
        )?
        .query_row(params![record.job.as_str(), record.token], |row| row.get(0))
        .optional()
}

fn insert(
    transaction: &Transaction<'_>,
    job: i64,
    record: &Record,
    sealed: Option<&[u8]>,
    thinner: &mut OutputThinner,
) -> rusqlite::Result<()> {
    let id = row_id(job, record.seq);
    let at = nanoseconds(record.at);
    match &record.content {
        Content::Event { body, change, .. } => {
            transaction
                .prepare_cached(
                    "INSERT INTO events (id, at, body, sealed) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![id, at, body, sealed])?;
            if let Some(change) = change {
                apply(transaction, job, change)?;
            }
            if let Turn::Ends(work) = &record.turn {
                thinner.finish(&work.effect, &work.target);
            }
        }
        Content::Output { key, text } => {
            transaction
                .prepare_cached(
                    "INSERT INTO output (id, at, effect, target, stream, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    id,
                    at,
                    effect_text(&key.effect),
                    key.target.as_str(),
                    word(&key.stream),
                    text
                ])?;
            let thinning = thinner.take(key, record.seq, text.len());
            for gone in thinning.gone {
                transaction
                    .prepare_cached("DELETE FROM output WHERE id = ?1")?
                    .execute([row_id(job, gone)])?;
            }
            if thinning.cut_bytes > 0 {
                add_cut(transaction, job, key, thinning.cut_bytes)?;
            }
        }
    }
    Ok(())
}

fn apply(transaction: &Transaction<'_>, job: i64, change: &SummaryChange) -> rusqlite::Result<()> {
    match change {
        SummaryChange::Started {
            what,
            object,
            user,
            host,
            targets,
        } => transaction
            .prepare_cached(
                "UPDATE jobs SET kind = ?2, object = ?3, user = ?4, host = ?5, targets = ?6 WHERE number = ?1",
            )?
            .execute(params![job, what.as_str(), object, user, host, count(*targets)])?,
        SummaryChange::Status {
            status,
            finished_at,
        } => transaction
            .prepare_cached("UPDATE jobs SET status = ?2, finished_at = ?3 WHERE number = ?1")?
            .execute(params![job, word(status), finished_at.map(nanoseconds)])?,
    };
    if let SummaryChange::Status {
        finished_at: Some(_),
        ..
    } = change
    {
        count_targets(transaction, job)?;
    }
    Ok(())
}

/// Counts the targets of a plan that names its own, once, at its end: lists must not read events.
fn count_targets(transaction: &Transaction<'_>, job: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE jobs SET targets = max(targets, (
                SELECT count(DISTINCT target.value)
                FROM events, json_each(events.body, '$.asked.targets') AS target
                WHERE events.id BETWEEN ?2 AND ?3 AND events.body LIKE '{\"kind\":\"effect_started\"%'
            )) WHERE number = ?1 AND kind = 'plan'",
        )?
        .execute(params![job, row_id(job, 0), row_id_last(job)])?;
    Ok(())
}

fn add_cut(
    transaction: &Transaction<'_>,
    job: i64,
    key: &OutputKey,
    bytes: u64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO output_cuts (job, effect, target, stream, bytes) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes",
        )?
        .execute(params![
            job,
            effect_text(&key.effect),
            key.target.as_str(),
            word(&key.stream),
            count(bytes)
        ])?;
    Ok(())
}
