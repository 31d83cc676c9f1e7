//! What happened on the fleet, in order: who came, what each target was asked, what changed there.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::FaultKind;
use crate::model::{Exit, TargetName};

/// The book that a fleet keeps. Counts are kept for ever; of the entries, the newest.
#[derive(Debug)]
pub struct Logbook {
    pages: Mutex<Pages>,
    /// The number of entries written so far, for those who wait for one.
    written: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Pages {
    entries: VecDeque<LogEntry>,
    counts: BTreeMap<TargetName, TargetCounts>,
    total: TargetCounts,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Counted from 1, over the whole fleet.
    pub order: u64,
    pub target: TargetName,
    pub what: Happening,
}

/// The kinds of thing that happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A client was let in.
    ConnectionOpened,
    ConnectionClosed,
    ChannelOpened,
    /// A command was begun; its head, as text.
    RunStarted {
        command: String,
    },
    RunEnded {
        end: RunEnd,
    },
    FaultStruck {
        kind: FaultKind,
    },
    /// A command left something otherwise than it found it: `services/nginx` went from `running` to `stopped`.
    StateChanged {
        item: String,
        from: Option<String>,
        to: Option<String>,
    },
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnd {
    Exited(Exit),
    /// It could not be begun, and why.
    NotStarted(String),
}

/// How often things happened on one target, or on all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetCounts {
    pub connections: u64,
    pub connections_open: u64,
    pub connections_open_max: u64,
    pub channels: u64,
    /// Commands begun.
    pub runs: u64,
    pub running: u64,
    pub running_max: u64,
    pub faults: u64,
}

/// 20 entries each for 10,000 targets; about 30 MB when full.
const ENTRIES_MAX: usize = 200_000;
/// How much of a command is kept: enough to tell commands apart, although whole scripts travel in some.
const COMMAND_BYTES_MAX: usize = 200;

impl Logbook {
    pub(super) fn new() -> Self {
        Self {
            pages: Mutex::default(),
            written: watch::Sender::new(0),
        }
    }

    pub(super) fn write(&self, target: &TargetName, what: Happening) {
        let mut pages = self.pages();
        pages.counts.entry(target.clone()).or_default().count(&what);
        pages.total.count(&what);
        if pages.entries.len() == ENTRIES_MAX {
            pages.entries.pop_front();
        }
        self.written.send_modify(|order| {
            *order += 1;
            pages.entries.push_back(LogEntry {
                order: *order,
                target: target.clone(),
                what,
            });
        });
    }

    /// The newest entries, oldest first: up to 200,000.
    #[must_use]
    pub fn entries(&self) -> Vec<LogEntry> {
        self.pages().entries.iter().cloned().collect()
    }

    /// How often things happened on one target.
    #[must_use]
    pub fn counts(&self, target: &str) -> TargetCounts {
        self.pages().counts.get(target).copied().unwrap_or_default()
    }

    /// How often things happened on the whole fleet; the maxima are those of the fleet, not of a target.
    #[must_use]
    pub fn total(&self) -> TargetCounts {
        self.pages().total
    }

    /// Waits until the book says so. Give it a deadline: it may never.
    pub async fn until(&self, holds: impl Fn(&Self) -> bool) {
        let mut written = self.written.subscribe();
        loop {
            written.borrow_and_update();
            if holds(self) {
                return;
            }
            // The sender is a field of `self`, so it outlives the wait.
            let _ = written.changed().await;
        }
    }

    /// How many things of a folder (`pool`) stood at a word (`out`) at the same time, at the worst moment.
    #[must_use]
    pub fn most_at_once(&self, folder: &str, word: &str) -> usize {
        let mut standing = BTreeSet::new();
        let mut most = 0;
        for entry in &self.pages().entries {
            if let Happening::StateChanged { item, to, .. } = &entry.what
                && item.split('/').next() == Some(folder)
            {
                let thing = (&entry.target, item);
                if to.as_deref() == Some(word) {
                    standing.insert(thing);
                } else {
                    standing.remove(&thing);
                }
                most = most.max(standing.len());
            }
        }
        most
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Happening {
    pub(super) fn run_started(command: &[u8]) -> Self {
        let head = &command[..command.len().min(COMMAND_BYTES_MAX)];
        Self::RunStarted {
            command: String::from_utf8_lossy(head).into_owned(),
        }
    }
}

impl TargetCounts {
    fn count(&mut self, what: &Happening) {
        match what {
            Happening::ConnectionOpened => {
                self.connections += 1;
                self.connections_open += 1;
                self.connections_open_max = self.connections_open_max.max(self.connections_open);
            }
            Happening::ConnectionClosed => self.connections_open -= 1,
            Happening::ChannelOpened => self.channels += 1,
            Happening::RunStarted { .. } => {
                self.runs += 1;
                self.running += 1;
                self.running_max = self.running_max.max(self.running);
            }
            Happening::RunEnded { .. } => self.running -= 1,
            Happening::FaultStruck { .. } => self.faults += 1,
            Happening::StateChanged { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_was_at_once() {
        let log = Logbook::new();
        let [one, two] = ["web1", "web2"].map(TargetName::from);
        log.write(&one, Happening::run_started(b"true"));
        log.write(&two, Happening::run_started(b"true"));
        let end = RunEnd::Exited(Exit::Code(0));
        log.write(&one, Happening::RunEnded { end: end.clone() });
        log.write(&one, Happening::run_started(b"true"));
        log.write(&two, Happening::RunEnded { end });
        assert_eq!(
            (
                log.total().runs,
                log.total().running,
                log.total().running_max
            ),
            (3, 1, 2)
        );
        assert_eq!(
            (log.counts("web1").runs, log.counts("web1").running_max),
            (2, 1)
        );
        assert_eq!(log.counts("web3"), TargetCounts::default());
    }

    #[test]
    fn knows_the_worst_moment_of_a_pool() {
        let log = Logbook::new();
        let balancer = TargetName::from("lb1");
        let turn = |item: &str, to: &str| {
            let (item, to) = (item.to_owned(), Some(to.to_owned()));
            log.write(
                &balancer,
                Happening::StateChanged {
                    item,
                    from: None,
                    to,
                },
            );
        };
        turn("pool/web1", "out");
        turn("pool/web1", "in");
        turn("pool/web2", "out");
        turn("pool/web3", "out");
        turn("services/haproxy", "out");
        assert_eq!(log.most_at_once("pool", "out"), 2);
    }

    #[tokio::test]
    async fn waiting_ends_with_the_entry_that_was_waited_for() {
        let log = std::sync::Arc::new(Logbook::new());
        let waiting = tokio::spawn({
            let log = std::sync::Arc::clone(&log);
            async move { log.until(|log| log.counts("web1").channels == 2).await }
        });
        for _ in 0..2 {
            log.write(&TargetName::from("web1"), Happening::ChannelOpened);
            tokio::task::yield_now().await;
        }
        waiting.await.unwrap();
    }
}
