//! Which events share a transaction.
//!
//! A commit costs what a hundred inserts do, and what waits for one is a start on a target: the result of the one before is on
//! the target as well, and no one but a reader wants it. So all else is held back for a moment, and goes with the next start.
//! Where work goes on on many targets at once the starts are held back too, for each other: the others go on meanwhile.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, TryRecvError},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    record::{Record, Turn, Work},
    writer::{Call, Order},
};

/// How long an event is held back at most. A line on the terminal comes that much later, which no eye sees; a process that is
/// killed forgets the results of so much time, and a resume asks the targets for them.
const LINGER: Duration = Duration::from_millis(20);

/// While no more than this is going on a start has a transaction of its own: a few at a time wait for each other's results, and
/// would feel it.
const CROWD: usize = 8;

/// How long something counts that was begun and not told to be over, at least: what a plan has given up never is.
const COUNTS: Duration = Duration::from_secs(10);

/// How many events share a transaction at most. Beyond it nothing is gained, and others wait longer.
const GROUP_MAX: usize = 4096;

/// Gathers what is written at once.
///
/// It sleeps while it waits for more: whoever gives an order that can't be held back wakes the thread.
pub(super) struct Gathering {
    linger: Duration,
    /// What was begun on a target and is not over: lately, and before.
    afoot: [HashSet<Work>; 2],
    /// Since when it is lately.
    lately: Instant,
    /// Whether that is so much that a start can wait.
    is_crowded: Arc<AtomicBool>,
}

impl Default for Gathering {
    fn default() -> Self {
        Self {
            linger: LINGER,
            afoot: Default::default(),
            lately: Instant::now(),
            is_crowded: Arc::default(),
        }
    }
}

impl Gathering {
    /// What follows `first` in a transaction with it, and what is to be done after that.
    pub(super) fn gather(
        &mut self,
        first: Order,
        orders: &Receiver<Order>,
    ) -> (Vec<Record>, Option<Call>) {
        let deadline = Instant::now() + self.linger;
        let mut group = Vec::new();
        let mut can_wait = true;
        let mut next = Ok(first);
        loop {
            match next {
                Ok(Order::Call(call)) => return (group, Some(call)),
                Ok(Order::Append(record)) => {
                    can_wait &= self.can_wait(&record);
                    group.push(*record);
                }
                Err(TryRecvError::Disconnected) => return (group, None),
                Err(TryRecvError::Empty) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if !can_wait || left.is_zero() {
                        return (group, None);
                    }
                    thread::park_timeout(left);
                }
            }
            if group.len() == GROUP_MAX {
                return (group, None);
            }
            next = orders.try_recv();
        }
    }

    /// Whether starts can wait now, for those who give them: they need not wake the thread.
    pub(super) fn is_crowded(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_crowded)
    }

    /// Forgets what was begun and will not be told to be over.
    pub(super) fn forget(&mut self) {
        self.afoot = Default::default();
        self.count();
    }

    fn can_wait(&mut self, record: &Record) -> bool {
        match &record.turn {
            Turn::Any => true,
            Turn::Next => false,
            Turn::Begins(work) => {
                if self.lately.elapsed() > COUNTS {
                    self.age();
                }
                self.afoot[0].insert(work.clone());
                self.count()
            }
            Turn::Ends(work) => {
                for afoot in &mut self.afoot {
                    afoot.remove(work);
                }
                self.count();
                true
            }
        }
    }

    /// What was begun lately was begun before, and what was begun before that does not count any more.
    fn age(&mut self) {
        self.afoot.swap(0, 1);
        self.afoot[0].clear();
        self.lately = Instant::now();
    }

    fn count(&self) -> bool {
        let [lately, before] = &self.afoot;
        let is_crowded = lately.len() + before.len() > CROWD;
        self.is_crowded.store(is_crowded, Ordering::Relaxed);
        is_crowded
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{SyncSender, sync_channel};

    use jiff::Timestamp;

    use super::*;
    use crate::{
        event::{Event, EventKind},
        model::{JobId, MessageLevel, Status, TargetName},
        store::{
            Lease, Receipts,
            sample::{effect_id, result},
        },
    };

    struct Desk {
        gathering: Gathering,
        sender: SyncSender<Order>,
        orders: Receiver<Order>,
    }

    impl Desk {
        /// Nothing of what these tests are about ends because an hour is over.
        fn open() -> Self {
            let (sender, orders) = sync_channel(64);
            let gathering = Gathering {
                linger: Duration::from_hours(1),
                ..Gathering::default()
            };
            Self {
                gathering,
                sender,
                orders,
            }
        }

        /// How many events share a transaction with the first, if the others come when it is already waited for more.
        fn gathered(&mut self, first: EventKind, later: Vec<Order>) -> usize {
            let (sender, gatherer) = (self.sender.clone(), thread::current());
            let late = thread::spawn(move || {
                for order in later {
                    let _ = sender.send(order);
                    gatherer.unpark();
                }
            });
            let (group, _) = self.gathering.gather(order(first), &self.orders);
            late.join().unwrap();
            group.len()
        }
    }

    fn order(kind: EventKind) -> Order {
        let event = Event {
            seq: 1,
            at: Timestamp::UNIX_EPOCH,
            job: JobId::new(0, 0),
            kind,
        };
        let lease = Lease {
            job: event.job.clone(),
            token: 1,
            seq_last: 0,
        };
        let (receipts, _) = Receipts::new(0);
        Order::Append(Box::new(Record::new(&lease, &event, &receipts)))
    }

    fn begun(target: &str) -> EventKind {
        EventKind::TargetStarted {
            effect: effect_id("", 1),
            target: TargetName::from(target),
            attempt: 1,
            run: String::new(),
        }
    }

    fn over(target: &str) -> EventKind {
        EventKind::TargetFinished {
            effect: effect_id("", 1),
            result: result(target, Status::Succeeded).into(),
        }
    }

    fn printed() -> EventKind {
        EventKind::MessagePrinted {
            effect: None,
            level: MessageLevel::Info,
            text: "so far".to_owned(),
        }
    }

    fn call() -> Order {
        Order::Call(Box::new(|_| {}))
    }

    #[test]
    fn what_nobody_waits_for_goes_with_the_next_start() {
        let mut desk = Desk::open();
        let later = vec![order(printed()), order(begun("web2"))];
        assert_eq!(desk.gathered(over("web1"), later), 3);
    }

    #[test]
    fn a_start_waits_for_nothing_while_little_goes_on() {
        let mut desk = Desk::open();
        for number in 1..=20 {
            let target = format!("web{number}");
            assert_eq!(desk.gathered(begun(&target), Vec::new()), 1);
            assert_eq!(desk.gathered(over(&target), vec![call()]), 1);
        }
    }

    #[test]
    fn starts_wait_for_each_other_in_a_crowd() {
        let mut desk = Desk::open();
        for number in 1..=CROWD {
            assert_eq!(desk.gathered(begun(&format!("web{number}")), Vec::new()), 1);
        }
        let later = vec![order(begun("db2")), call()];
        assert_eq!(desk.gathered(begun("db1"), later), 2);
        desk.gathering.forget();
        assert_eq!(desk.gathered(begun("db1"), Vec::new()), 1);
    }

    #[test]
    fn what_was_given_up_is_no_crowd_for_long() {
        let mut desk = Desk::open();
        for number in 1..=CROWD {
            assert_eq!(desk.gathered(begun(&format!("web{number}")), Vec::new()), 1);
        }
        desk.gathering.age();
        assert_eq!(desk.gathered(begun("db1"), vec![call()]), 1);
        assert!(desk.gathering.is_crowded().load(Ordering::Relaxed));
        desk.gathering.age();
        assert_eq!(desk.gathered(begun("db2"), Vec::new()), 1);
        assert!(!desk.gathering.is_crowded().load(Ordering::Relaxed));
    }

    #[test]
    fn when_nobody_can_give_more_it_waits_for_nothing() {
        let Desk {
            mut gathering,
            sender,
            orders,
        } = Desk::open();
        drop(sender);
        let (group, call) = gathering.gather(order(printed()), &orders);
        assert_eq!(group.len(), 1);
        assert!(call.is_none());
    }
}
