//! The store on disk, as everybody else sees it: orders for the writer, and reading beside it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, SyncSender, TrySendError},
    },
    thread::JoinHandle,
    time::Duration,
};

use jiff::Timestamp;
use rusqlite::Connection;

use super::{
    database::{self, Access, Reading},
    decoding::Decoder,
    file::{self, Identity},
    gathering::Gathering,
    leases, reading,
    record::Record,
    retention,
    row::{nanoseconds, word},
    writer::{Order, Overflow, QUEUE_MAX, Writer},
};
use crate::{
    event::Event,
    model::{JobId, OutputCap, Secret, TargetName},
    store::{
        Holder, JobFilter, JobSummary, Lease, LockConflict, NumberedRequest, OutputCut,
        OutputFilter, Receipts, Request, STORED_OUTPUT, Store, StoreError, StoreSize,
        output::OutputKey, seal::Seal,
    },
};

/// How many connections for reading are kept for the next reader. A command reads with one;
/// a console has a few requests at the same time.
const IDLE_READERS_MAX: usize = 4;

/// How a store on disk behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    /// How long another process may keep the database locked before it is an error.
    pub busy_timeout: Duration,
    /// How much output of one stream of one target is kept.
    pub output_cap: OutputCap,
}

impl Default for SqliteOptions {
    /// Ten seconds: another Segue locks the database for milliseconds, a backup for seconds.
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(10),
            output_cap: STORED_OUTPUT,
        }
    }
}

/// Jobs in an SQLite database. Dropping it writes what is queued and closes the database.
pub struct SqliteStore {
    path: PathBuf,
    options: SqliteOptions,
    here: Holder,
    seal: Arc<Seal>,
    overflow: Overflow,
    reading: Reading,
    readers: Mutex<Vec<Connection>>,
    /// Nothing if the database can only be read.
    pub(super) writing: Result<Writing, StoreError>,
}

pub(super) struct Writing {
    orders: Option<SyncSender<Order>>,
    thread: Option<JoinHandle<()>>,
    is_crowded: Arc<AtomicBool>,
}

impl Writing {
    /// Ends the wait for more to write.
    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.orders = None;
        self.wake();
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has told everybody who waited for it by going away.
            let _ = thread.join();
        }
    }
}

impl SqliteStore {
    /// Opens the database at `path`.
    ///
    /// # Errors
    /// It can't be opened, is damaged, not ours or of a later format; nothing is then written to it.
    pub fn open(path: &Path, access: Access) -> Result<Self, StoreError> {
        Self::open_with(path, access, SqliteOptions::default())
    }

    /// [`Self::open`] with options.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(
        path: &Path,
        access: Access,
        options: SqliteOptions,
    ) -> Result<Self, StoreError> {
        let busy = options.busy_timeout;
        let seal = Arc::new(Seal::beside(path)?);
        let overflow = Overflow::default();
        let (connection, reading) = match database::open_to_write(path, busy) {
            Ok(connection) => (Ok(connection), Reading::Shared),
            // What can't be written can perhaps still be looked at.
            Err(
                reason @ (StoreError::ReadOnly { .. }
                | StoreError::Unavailable { .. }
                | StoreError::Full { .. }
                | StoreError::Locked { .. }),
            ) if access == Access::Read => (Err(reason), database::check_readable(path, busy)?),
            Err(error) => return Err(error),
        };
        let writing = match connection {
            Ok(connection) => {
                let writer = Writer {
                    connection,
                    path: path.to_owned(),
                    identity: Identity::of(path),
                    seal: Arc::clone(&seal),
                    cap: options.output_cap,
                    overflow: Arc::clone(&overflow),
                    thinners: HashMap::new(),
                    barrier: true,
                    gathering: Gathering::default(),
                };
                Ok(start(path, writer)?)
            }
            Err(reason) => Err(reason),
        };
        Ok(Self {
            path: path.to_owned(),
            options,
            here: Holder::here(),
            seal,
            overflow,
            reading,
            readers: Mutex::default(),
            writing,
        })
    }

    /// Where the database lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn orders(&self) -> Result<(&SyncSender<Order>, &Writing), StoreError> {
        let writing = self.writing.as_ref().map_err(Clone::clone)?;
        let orders = writing.orders.as_ref().ok_or(StoreError::Closed)?;
        Ok((orders, writing))
    }

    /// Has the writer do something, after all that was ordered before, and waits for it.
    pub(super) fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, answer) = mpsc::sync_channel(1);
        let call = Order::Call(Box::new(move |writer| {
            // Whoever asked may have given up.
            let _ = sender.send(work(writer));
        }));
        let (orders, writing) = self.orders()?;
        orders.send(call).map_err(|_| StoreError::Closed)?;
        writing.wake();
        answer.recv().map_err(|_| StoreError::Closed)?
    }

    /// Has the writer do something in a transaction of its own.
    fn transact<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, leases::Refusal> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(move |writer| {
            let told = |error| StoreError::from_sqlite(&writer.path, &error);
            let transaction = writer
                .connection
                .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
                .map_err(told)?;
            let value = work(&transaction).map_err(|refusal| refusal.into_error(&writer.path))?;
            transaction.commit().map_err(told)?;
            writer.identity.check()?;
            Ok(value)
        })
    }

    /// Reads with a connection of its own, beside the writer.
    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, leases::Refusal>,
    ) -> Result<T, StoreError> {
        let idle = self.readers().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => database::open_to_read(&self.path, self.reading, self.options.busy_timeout)?,
        };
        let value = work(&connection).map_err(|refusal| refusal.into_error(&self.path));
        let mut readers = self.readers();
        if readers.len() < IDLE_READERS_MAX {
            readers.push(connection);
        }
        value
    }

    fn readers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave_out(&self, job: JobId, key: OutputKey, bytes: usize) {
        let mut overflow = self.overflow.lock().unwrap_or_else(PoisonError::into_inner);
        *overflow.entry((job, key)).or_default() += bytes as u64;
    }
}

fn start(path: &Path, writer: Writer) -> Result<Writing, StoreError> {
    let (orders, queue) = mpsc::sync_channel(QUEUE_MAX);
    let is_crowded = writer.gathering.is_crowded();
    let thread = std::thread::Builder::new()
        .name("store".to_owned())
        .spawn(move || writer.run(&queue))
        .map_err(|error| StoreError::unavailable(path, &error))?;
    Ok(Writing {
        orders: Some(orders),
        thread: Some(thread),
        is_crowded,
    })
}

impl Store for SqliteStore {
    fn create_job(&self, holder: &Holder, now: Timestamp) -> Result<Lease, StoreError> {
        let holder = holder.clone();
        self.transact(move |transaction| leases::create(transaction, &holder, now))
    }

    fn take_job(&self, job: &JobId, holder: &Holder, now: Timestamp) -> Result<Lease, StoreError> {
        let (job, holder, here) = (job.clone(), holder.clone(), self.here.clone());
        self.transact(move |transaction| leases::take(transaction, &job, &holder, &here, now))
    }

    fn identity_key(&self, lease: &Lease) -> Result<Secret<Vec<u8>>, StoreError> {
        let label = format!("identity {}", lease.job);
        // A job that has begun has its key. Another one would make other effects of those that were done.
        let is_new = lease.seq_last == 0;
        self.seal.derive(label.as_bytes(), is_new).map(Secret::new)
    }

    fn beat(&self, lease: &Lease, now: Timestamp) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.transact(move |transaction| leases::beat(transaction, &lease, now))
    }

    fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.call(move |writer| {
            let told = |error| StoreError::from_sqlite(&writer.path, &error);
            let number = leases::release(&mut writer.connection, &lease).map_err(told)?;
            writer.thinners.remove(&number);
            writer.gathering.forget();
            Ok(())
        })
    }

    fn append(&self, lease: &Lease, event: &Event, receipts: &Receipts) {
        if receipts.has_failed() {
            return;
        }
        let (orders, writing) = match self.orders() {
            Ok(open) => open,
            Err(error) => return receipts.fail(error),
        };
        let record = Box::new(Record::new(lease, event, receipts));
        let is_crowded = writing.is_crowded.load(Ordering::Relaxed);
        let is_pressing = record.turn.is_pressing(is_crowded);
        let sent = match orders.try_send(Order::Append(record)) {
            Err(TrySendError::Full(Order::Append(record))) => match record.into_output() {
                Ok((job, key, bytes)) => {
                    self.leave_out(job, key, bytes);
                    Ok(())
                }
                Err(record) => orders.send(Order::Append(record)).map_err(|_| ()),
            },
            Err(_) => Err(()),
            Ok(()) => Ok(()),
        };
        if sent.is_err() {
            receipts.fail(StoreError::Closed);
        } else if is_pressing {
            writing.wake();
        }
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.call(|_| Ok(()))
    }

    fn events(&self, job: &JobId, after: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        let rows = self.read(|connection| reading::events(connection, job, after, limit))?;
        let mut decoder = Decoder::default();
        rows.into_iter()
            .map(|row| row.into_event(job, &mut decoder, &self.seal))
            .collect()
    }

    fn output(&self, job: &JobId, filter: &OutputFilter) -> Result<Vec<Event>, StoreError> {
        self.read(|connection| reading::output(connection, job, filter))
    }

    fn output_cuts(&self, job: &JobId) -> Result<Vec<OutputCut>, StoreError> {
        self.read(|connection| reading::output_cuts(connection, job))
    }

    fn jobs(&self, filter: &JobFilter, now: Timestamp) -> Result<Vec<JobSummary>, StoreError> {
        self.read(|connection| reading::jobs(connection, filter, &self.here, now))
    }

    fn job(&self, job: &JobId, now: Timestamp) -> Result<JobSummary, StoreError> {
        self.read(|connection| reading::job(connection, job, &self.here, now))
    }

    fn find_job(&self, typed: &str) -> Result<JobId, StoreError> {
        let ids = self.read(reading::ids)?;
        crate::store::finding::find(typed, &ids)
    }

    fn request(&self, job: &JobId, request: &Request, now: Timestamp) -> Result<(), StoreError> {
        let job = job.clone();
        let body = serde_json::to_value(request).expect("requests are JSON");
        let wants = word(&body["wants"]);
        self.transact(move |transaction| {
            let number = leases::number(transaction, &job)?;
            transaction.execute(
                "INSERT INTO requests (job, at, wants, body) VALUES (?1, ?2, ?3, ?4)",
                rusqlite::params![number, nanoseconds(now), wants, body.to_string()],
            )?;
            Ok(())
        })
    }

    fn requests(&self, job: &JobId, after: u64) -> Result<Vec<NumberedRequest>, StoreError> {
        self.read(|connection| reading::requests(connection, job, after))
    }

    fn lock_targets(
        &self,
        lease: &Lease,
        targets: &[TargetName],
        now: Timestamp,
    ) -> Result<Vec<LockConflict>, StoreError> {
        let (lease, targets, here) = (lease.clone(), targets.to_vec(), self.here.clone());
        self.transact(move |transaction| {
            leases::lock_targets(transaction, &lease, &targets, &here, now)
        })
    }

    fn unlock_targets(&self, lease: &Lease, targets: &[TargetName]) -> Result<(), StoreError> {
        let (lease, targets) = (lease.clone(), targets.to_vec());
        self.transact(move |transaction| leases::unlock_targets(transaction, &lease, &targets))
    }

    fn delete_job(&self, job: &JobId, now: Timestamp) -> Result<(), StoreError> {
        let (job, here) = (job.clone(), self.here.clone());
        self.transact(move |transaction| retention::delete(transaction, &job, &here, now))?;
        self.call(retention::give_space_back)
    }

    fn prune(&self, before: Timestamp, now: Timestamp) -> Result<Vec<JobId>, StoreError> {
        let filter = JobFilter {
            until: Some(before),
            ..JobFilter::default()
        };
        let mut gone = Vec::new();
        // One transaction for each, so that a running job is not held up by all of them.
        for summary in self.jobs(&filter, now)?.into_iter().rev() {
            let (job, here) = (summary.job.clone(), self.here.clone());
            let deleted =
                self.transact(move |transaction| retention::delete(transaction, &job, &here, now));
            match deleted {
                Ok(()) => gone.push(summary.job),
                // Held by a living process, or another one has pruned it.
                Err(StoreError::JobRunning { .. } | StoreError::UnknownJob { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if !gone.is_empty() {
            self.call(retention::give_space_back)?;
        }
        Ok(gone)
    }

    fn size(&self) -> Result<StoreSize, StoreError> {
        let mut size = self.read(reading::size)?;
        for path in [self.path.clone(), file::log_of(&self.path)] {
            size.bytes += std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        }
        Ok(size)
    }
}
