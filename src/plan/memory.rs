//! Watches how much memory a plan takes, from a thread of its own.
//!
//! One line can double a text or a list, so forty of them are more than any machine has, and the interpreter looks around at
//! every 256th operation. What doubles a gigabyte takes a tenth of a second for it, though: somebody who looks at the clock sees it
//! coming. Rhai's own limits measure a whole list after each change of it, which makes filling one quadratic.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::Thread,
    time::Duration,
};

use super::meter::Pace;

/// Between two looks. Memory can't be filled by more than some 100 MB in that time.
const TICK: Duration = Duration::from_millis(10);

/// The stack of the watching thread, which does next to nothing.
const STACK_BYTES: usize = 64 << 10;

/// The watch of one run. It ends when it is dropped.
pub(super) struct MemoryWatch {
    shared: Arc<Shared>,
    /// None if no thread could be had: then nothing is watched.
    thread: Option<Thread>,
}

struct Shared {
    pace: Arc<Pace>,
    /// What the process may have at most.
    bytes_max: u64,
    exceeded: AtomicBool,
    /// The plan waits for something from outside, and takes no memory.
    resting: AtomicBool,
    /// The watch sleeps until it is woken.
    asleep: AtomicBool,
    ended: AtomicBool,
}

impl MemoryWatch {
    /// Begins to watch. From now on the process may take so many bytes more.
    pub(super) fn new(pace: Arc<Pace>, bytes: u64) -> Self {
        let shared = Arc::new(Shared {
            pace,
            bytes_max: process_memory().unwrap_or(0).saturating_add(bytes),
            exceeded: AtomicBool::new(false),
            resting: AtomicBool::new(false),
            asleep: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        });
        let inside = Arc::clone(&shared);
        let spawned = std::thread::Builder::new()
            .name("memory".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || inside.watch());
        Self {
            shared,
            thread: spawned.ok().map(|handle| handle.thread().clone()),
        }
    }

    /// Whether the process has more than it may.
    pub(super) fn is_exceeded(&self) -> bool {
        self.shared.exceeded.load(Ordering::Relaxed)
    }

    /// The plan waits from now on.
    pub(super) fn rest(&self) {
        self.shared.resting.store(true, Ordering::SeqCst);
    }

    /// The plan goes on. A watch that has seen it rest for a while has to be woken.
    pub(super) fn wake(&self) {
        self.shared.resting.store(false, Ordering::SeqCst);
        if self.shared.asleep.swap(false, Ordering::SeqCst) {
            self.unpark();
        }
    }

    fn unpark(&self) {
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }
}

impl Drop for MemoryWatch {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.unpark();
    }
}

impl Shared {
    fn watch(&self) {
        let mut rested = false;
        while !self.ended.load(Ordering::SeqCst) {
            let resting = self.resting.load(Ordering::SeqCst);
            if resting && rested {
                self.asleep.store(true, Ordering::SeqCst);
                // Who ends the rest after this sees that the watch sleeps, and who has ended it before is seen here.
                if self.resting.load(Ordering::SeqCst) {
                    std::thread::park();
                }
                rested = false;
                continue;
            }
            rested = resting;
            if !resting && process_memory().is_some_and(|bytes| bytes > self.bytes_max) {
                self.exceeded.store(true, Ordering::Relaxed);
                self.pace.look_now();
            }
            std::thread::park_timeout(TICK);
        }
    }
}

/// Bytes of memory that the process has, swapped ones included. None where that can't be known: on other systems than Linux.
fn process_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let number = line.trim().trim_end_matches("kB").trim_end();
        number.parse::<u64>().ok()
    };
    Some(1_024 * (kilobytes("VmRSS:")? + kilobytes("VmSwap:").unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::meter::Meter;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_process_has_some_memory() {
        let bytes = process_memory().unwrap();
        assert!(bytes > 1 << 20, "{bytes}");
    }

    #[test]
    fn a_watch_that_sleeps_wakes_and_ends() {
        let watch = MemoryWatch::new(Meter::default().pace(), u64::MAX / 2);
        for _ in 0..3 {
            watch.rest();
            std::thread::yield_now();
            watch.wake();
        }
        assert!(!watch.is_exceeded());
        let shared = Arc::downgrade(&watch.shared);
        drop(watch);
        while shared.strong_count() > 0 {
            std::thread::yield_now();
        }
    }
}
