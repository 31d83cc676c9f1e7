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

use super::{Durable, Receipts, StoreError};
use crate::{
    event::{Event, EventKind, EventSink},
    model::{Status, TargetResult},
};

/// Events that wait to be told. It is as much as the store writes at once; beyond it, whoever reads is slower than the
/// job, and holds it back as a pipe does.
const QUEUE_MAX: usize = 4096;

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
    /// A sink that gives `readers` what `durable` says is kept, each event once and in order.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn new(durable: Durable, readers: Vec<Box<dyn EventSink>>) -> io::Result<(Self, Readers)> {
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
            durable,
            readers,
            receipts,
            last: None,
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
        // A reader that panicked is gone; the job goes on, and is on record.
        let _ = self.orders.send(Order::Tell(Box::new(event.clone())));
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
    durable: Durable,
    readers: Vec<Box<dyn EventSink>>,
    receipts: Receipts,
    /// The last event that was told, until that is reported.
    last: Option<u64>,
}

impl Teller {
    fn run(mut self) -> Vec<Arc<TargetResult>> {
        let mut unkept = Vec::new();
        while let Some(Order::Tell(event)) = self.next() {
            match self.kept(event.seq) {
                Ok(()) => {
                    for reader in &mut self.readers {
                        reader.event(&event);
                    }
                    self.last = Some(event.seq);
                }
                Err(failure) => {
                    self.receipts.fail(failure);
                    unkept.extend(done(*event));
                }
            }
        }
        self.report();
        unkept
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
                self.queue.recv().ok()
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
        if let Some(seq) = self.last.take() {
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
    use crate::store::sample::{effect_id, result};

    type Told = Arc<Mutex<Vec<u64>>>;

    fn begin() -> (Receipts, ReadersSink, Readers, Told) {
        let (receipts, durable) = Receipts::new(0);
        let told = Told::default();
        let seen = Arc::clone(&told);
        let reader = move |event: &Event| {
            seen.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(event.seq);
        };
        let (sink, readers) = ReadersSink::new(durable, vec![Box::new(reader)]).unwrap();
        (receipts, sink, readers, told)
    }

    fn event(seq: u64, status: Status) -> Event {
        Event {
            seq,
            at: jiff::Timestamp::UNIX_EPOCH,
            job: crate::model::JobId::new(0, 0),
            kind: EventKind::TargetFinished {
                effect: effect_id("", 1),
                result: result(&format!("web{seq}"), status).into(),
            },
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
    fn a_reader_that_is_held_back_is_not_waited_for_beyond_the_limit() {
        let (receipts, durable) = Receipts::new(0);
        let (release, held) = sync_channel::<()>(0);
        let reader = move |_: &Event| {
            // It goes on when the other end is dropped.
            let _ = held.recv();
        };
        let (mut sink, readers) = ReadersSink::new(durable, vec![Box::new(reader)]).unwrap();
        let told = readers.told();
        let last = QUEUE_MAX as u64 + 1;
        receipts.reached(last);
        // One that it is held back with, and as many behind it as there is room for.
        for seq in 1..=last {
            sink.event(&event(seq, Status::Succeeded));
        }
        assert_eq!(readers.finish(Some(Duration::ZERO)), []);
        drop(release);
        // It comes to its end all the same.
        drop(sink);
        while told.seq() < last {
            thread::yield_now();
        }
    }

    #[test]
    fn a_reader_that_panics_takes_nobody_with_it() {
        let (receipts, durable) = Receipts::new(0);
        let reader = |_: &Event| panic!("out of ink");
        let (mut sink, readers) = ReadersSink::new(durable, vec![Box::new(reader)]).unwrap();
        receipts.reached(9);
        for seq in 1..=9 {
            sink.event(&event(seq, Status::Succeeded));
        }
        assert_eq!(readers.finish(None), []);
    }
}
