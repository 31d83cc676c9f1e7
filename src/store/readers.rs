//! Readers behind the store: whoever tells people of a job sees an event when it is kept, and not before.
//!
//! What was told is then on record, whatever happens to this process or to the disk in the next moment. Readers have
//! a thread of their own, so that a terminal that is held back holds no target back.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel},
    },
    thread,
    time::Duration,
};

use tokio::runtime::Runtime;

use super::{Durable, Lease, Receipts, Store, StoreError};
use crate::{
    event::{Event, EventKind, EventSink},
    model::{JobId, Status, TargetResult},
};

/// Events that wait to be told: as many as the store writes at once. What finds no room is read from the store later.
const QUEUE_MAX: usize = 4096;

/// Events that are read from the store at once.
const PAGE: usize = 1024;

/// How long it waits for more when something comes after a rest. To be woken by each event of many would cost more than to
/// tell them, and no eye sees the difference.
const GATHERING: Duration = Duration::from_millis(2);

/// The readers among the sinks of a [`crate::event::Stream`], behind a [`super::StoreSink`].
pub struct ReadersSink {
    orders: SyncSender<Order>,
}

/// What the thread of the readers is asked to do.
enum Order {
    Tell(Box<Event>),
    End,
}

/// The handle to the readers of one job.
pub struct Readers {
    orders: SyncSender<Order>,
    is_over: Arc<AtomicBool>,
    told: Durable,
    unkept: Receiver<Vec<Arc<TargetResult>>>,
}

impl ReadersSink {
    /// A sink that gives `readers` what `durable` says is kept, each event once and in order. Output that came while they were
    /// held back for long is left out.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn new(
        (store, lease): (&Arc<dyn Store>, &Lease),
        durable: Durable,
        readers: Vec<Box<dyn EventSink>>,
    ) -> io::Result<(Self, Readers)> {
        let (orders, queue) = sync_channel(QUEUE_MAX);
        let (receipts, told) = Receipts::new(durable.seq());
        let (sender, unkept) = sync_channel(1);
        let is_over = Arc::new(AtomicBool::new(false));
        // Only to wait on: it has no timer and no sockets.
        let waiting = tokio::runtime::Builder::new_current_thread().build()?;
        let teller = Teller {
            queue,
            is_over: Arc::clone(&is_over),
            waiting,
            store: Arc::clone(store),
            job: lease.job.clone(),
            passed: durable.seq(),
            durable,
            readers,
            receipts,
            unreported: None,
        };
        thread::Builder::new()
            .name("readers".to_owned())
            .spawn(move || {
                // Nobody waits for it any more when the job was left in a hurry.
                let _ = sender.send(teller.run());
            })?;
        let sink = Self {
            orders: orders.clone(),
        };
        let readers = Readers {
            orders,
            is_over,
            told,
            unkept,
        };
        Ok((sink, readers))
    }
}

impl EventSink for ReadersSink {
    fn event(&mut self, event: &Event) {
        // A reader that panicked is gone; the job goes on, and is on record. One that is held back must hold nobody back:
        // what finds no room is in the store, where it looks for it.
        let _ = self.orders.try_send(Order::Tell(Box::new(event.clone())));
    }
}

impl Readers {
    /// Tells how far the readers are. It fails as the store does.
    #[must_use]
    pub fn told(&self) -> Durable {
        self.told.clone()
    }

    /// Waits until everything is told that is kept, for no longer than `limit`. Gives the results of what was done on
    /// targets and could not be kept, which the readers were not told: none as long as the store does its work.
    #[must_use]
    pub fn finish(self, limit: Option<Duration>) -> Vec<Arc<TargetResult>> {
        self.is_over.store(true, Ordering::SeqCst);
        // Only to wake them. Where there is no room for it they are not asleep, and may be held back for longer than `limit`.
        let _ = self.orders.try_send(Order::End);
        let unkept = match limit {
            Some(limit) => self.unkept.recv_timeout(limit),
            None => self.unkept.recv().map_err(RecvTimeoutError::from),
        };
        unkept.unwrap_or_default()
    }
}

/// The thread of the readers.
struct Teller {
    queue: Receiver<Order>,
    /// Nothing comes behind what is in the queue.
    is_over: Arc<AtomicBool>,
    waiting: Runtime,
    store: Arc<dyn Store>,
    job: JobId,
    durable: Durable,
    readers: Vec<Box<dyn EventSink>>,
    receipts: Receipts,
    /// The last event that was told or passed over.
    passed: u64,
    /// The same, until it is reported.
    unreported: Option<u64>,
}

impl Teller {
    fn run(mut self) -> Vec<Arc<TargetResult>> {
        let mut unkept = Vec::new();
        while let Some(Order::Tell(event)) = self.next() {
            match self.kept(event.seq) {
                Ok(()) => {
                    self.catch_up(event.seq - 1);
                    self.tell(&event);
                }
                Err(failure) => {
                    self.catch_up(self.durable.seq().min(event.seq - 1));
                    self.receipts.fail(failure);
                    unkept.extend(done(*event));
                }
            }
        }
        self.catch_up(self.durable.seq());
        self.report();
        unkept
    }

    fn tell(&mut self, event: &Event) {
        for reader in &mut self.readers {
            reader.event(event);
        }
        self.pass(event.seq);
    }

    fn pass(&mut self, seq: u64) {
        self.passed = seq;
        self.unreported = Some(seq);
    }

    /// Tells what found no room in the queue, up to an event that is kept.
    fn catch_up(&mut self, seq: u64) {
        while self.passed < seq {
            let page = self.store.events(&self.job, self.passed, PAGE);
            // A store that can't be read has told whoever writes to it.
            let page = page.unwrap_or_default();
            let mut told = page.iter().take_while(|event| event.seq <= seq).peekable();
            if told.peek().is_none() {
                self.pass(seq);
            }
            for event in told {
                self.tell(event);
            }
        }
    }

    fn next(&mut self) -> Option<Order> {
        match self.queue.try_recv() {
            Ok(order) => Some(order),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                self.report();
                if self.is_over.load(Ordering::SeqCst) {
                    return None;
                }
                let order = self.queue.recv().ok()?;
                if matches!(order, Order::Tell(_)) {
                    // To be woken early does no harm.
                    thread::park_timeout(GATHERING);
                }
                Some(order)
            }
        }
    }

    fn kept(&mut self, seq: u64) -> Result<(), StoreError> {
        if self.durable.seq() >= seq {
            return Ok(());
        }
        self.report();
        self.waiting.block_on(self.durable.upto(seq))
    }

    /// Says how far it is: before each wait, and not after each event, since whoever listens is woken by it.
    fn report(&mut self) {
        if let Some(seq) = self.unreported.take() {
            self.receipts.reached(seq);
        }
    }
}

/// The result of an event that tells of something done.
fn done(event: Event) -> Option<Arc<TargetResult>> {
    match event.kind {
        EventKind::TargetFinished { result, .. }
            if !matches!(result.status, Status::Unreached | Status::Skipped) =>
        {
            Some(result)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;
    use crate::{
        event::Stream,
        store::{
            Holder, MemoryStore, StoreSink,
            sample::{effect_id, result},
        },
    };

    type Told = Arc<Mutex<Vec<u64>>>;

    fn store() -> (Arc<dyn Store>, Lease) {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let now = jiff::Timestamp::UNIX_EPOCH;
        let lease = store.create_job(&Holder::here(), now).unwrap();
        (store, lease)
    }

    fn with(reader: impl FnMut(&Event) + Send + 'static) -> (Receipts, ReadersSink, Readers) {
        let (receipts, durable) = Receipts::new(0);
        let (store, lease) = store();
        let readers: Vec<Box<dyn EventSink>> = vec![Box::new(reader)];
        let (sink, readers) = ReadersSink::new((&store, &lease), durable, readers).unwrap();
        (receipts, sink, readers)
    }

    fn noting(told: &Told) -> impl FnMut(&Event) + Send + use<> {
        let told = Arc::clone(told);
        move |event| {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            told.push(event.seq);
        }
    }

    fn begin() -> (Receipts, ReadersSink, Readers, Told) {
        let told = Told::default();
        let (receipts, sink, readers) = with(noting(&told));
        (receipts, sink, readers, told)
    }

    fn finished(seq: u64, status: Status) -> EventKind {
        EventKind::TargetFinished {
            effect: effect_id("", 1),
            result: result(&format!("web{seq}"), status).into(),
        }
    }

    fn event(seq: u64, status: Status) -> Event {
        Event {
            seq,
            at: jiff::Timestamp::UNIX_EPOCH,
            job: JobId::new(0, 0),
            kind: finished(seq, status),
        }
    }

    #[tokio::test]
    async fn nothing_is_told_before_it_is_kept() {
        let (receipts, mut sink, readers, told) = begin();
        for seq in 1..=3 {
            sink.event(&event(seq, Status::Succeeded));
        }
        receipts.reached(2);
        readers.told().upto(2).await.unwrap();
        assert_eq!(*told.lock().unwrap(), [1, 2]);
        assert_eq!(readers.told().seq(), 2);
        receipts.reached(3);
        assert_eq!(readers.finish(None), []);
        assert_eq!(*told.lock().unwrap(), [1, 2, 3]);
    }

    #[tokio::test]
    async fn what_could_not_be_kept_is_given_back_untold() {
        let (receipts, mut sink, readers, told) = begin();
        for (seq, status) in [
            (1, Status::Succeeded),
            (2, Status::Failed),
            (3, Status::Unreached),
            (4, Status::Lost),
        ] {
            sink.event(&event(seq, status));
        }
        receipts.reached(1);
        receipts.fail(StoreError::NoPlace);
        assert_eq!(readers.told().upto(2).await, Err(StoreError::NoPlace));
        let unkept = readers.finish(None);
        let names: Vec<&str> = unkept.iter().map(|result| result.target.as_str()).collect();
        assert_eq!(names, ["web2", "web4"]);
        assert_eq!(*told.lock().unwrap(), [1]);
    }

    #[test]
    fn a_reader_that_is_held_back_holds_nobody_back_and_reads_on_later() {
        let (store, lease) = store();
        let (keeper, durable) = StoreSink::new(Arc::clone(&store), lease.clone());
        let (release, held) = sync_channel::<()>(0);
        let told = Told::default();
        let mut note = noting(&told);
        let reader = move |event: &Event| {
            // It goes on when the other end is dropped.
            let _ = held.recv();
            note(event);
        };
        let (sink, readers) =
            ReadersSink::new((&store, &lease), durable, vec![Box::new(reader)]).unwrap();
        let stream = Stream::new(
            lease.job.clone(),
            0,
            Arc::new(|| jiff::Timestamp::UNIX_EPOCH),
            vec![Box::new(keeper), Box::new(sink)],
        );
        let last = 2 * QUEUE_MAX as u64 + 1;
        for seq in 1..=last {
            stream.emit(finished(seq, Status::Succeeded));
        }
        let reading = readers.told();
        assert_eq!(readers.finish(Some(Duration::ZERO)), []);
        drop(release);
        while reading.seq() < last {
            thread::yield_now();
        }
        let told = told.lock().unwrap();
        assert_eq!(*told, (1..=last).collect::<Vec<_>>());
    }

    #[test]
    fn a_reader_that_panics_takes_nobody_with_it() {
        let (receipts, mut sink, readers) = with(|_| panic!("out of ink"));
        receipts.reached(9);
        for seq in 1..=9 {
            sink.event(&event(seq, Status::Succeeded));
        }
        assert_eq!(readers.finish(None), []);
    }
}
