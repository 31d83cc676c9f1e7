//! Who runs a job: a process that can be told from a later one with the same number.

use std::{fmt, fs};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a process on another machine counts as alive after it was last heard of.
///
/// Six beats of [`super::Keeper`]: one slow disk or a short pause does not lose a job.
const SILENCE_MAX: SignedDuration = SignedDuration::from_secs(30);

/// A process that holds a job.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Holder {
    pub host: String,
    /// The boot of the machine and the namespace of its process numbers; empty where neither can be told.
    pub boot: String,
    pub process: u32,
    /// When the process began, in the machine's own ticks: numbers of processes are used again.
    pub process_started: u64,
}

impl Holder {
    /// This process.
    #[must_use]
    pub fn here() -> Self {
        let process = std::process::id();
        Self {
            host: host(),
            boot: boot(),
            process,
            process_started: process_start(process).unwrap_or(0),
        }
    }

    /// Whether the process still runs, seen from `self`. Certain on the same boot of the same machine;
    /// elsewhere it is whether it was heard of lately.
    ///
    /// A time of hearing that lies in the future counts by its distance too: after the clock went back,
    /// a dead process must not look alive for years.
    pub(super) fn sees_alive(&self, other: &Self, heard_at: Timestamp, now: Timestamp) -> bool {
        let can_look = self.host == other.host && !self.boot.is_empty();
        if can_look && self.boot == other.boot {
            process_start(other.process) == Some(other.process_started)
        } else if can_look && same_machine_rebooted(&self.boot, &other.boot) {
            false
        } else {
            now.duration_since(heard_at).abs() <= SILENCE_MAX
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}", self.process, self.host)
    }
}

/// The same namespace in another boot: what ran then runs no more.
fn same_machine_rebooted(here: &str, there: &str) -> bool {
    match (here.split_once(' '), there.split_once(' ')) {
        (Some((boot, space)), Some((other_boot, other_space))) => {
            boot != other_boot && space == other_space
        }
        _ => false,
    }
}

#[cfg(unix)]
fn host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

#[cfg(not(unix))]
fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// Linux tells both; elsewhere the text is empty and only the time of hearing counts.
fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let space = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    if id.is_empty() {
        String::new()
    } else {
        format!("{} {}", id.trim(), space.display())
    }
}

/// Field 22 of proc(5)'s `stat`; nothing if there is no such process or it has ended and waits to be collected.
fn process_start(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold anything; the state and the numbers come after its end.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn this_process_is_alive_and_a_reused_number_is_not() {
        let here = Holder::here();
        assert!(here.sees_alive(&here, at(0), at(9999)));
        let earlier = Holder {
            process_started: here.process_started + 1,
            ..here.clone()
        };
        assert!(!here.sees_alive(&earlier, at(0), at(0)));
    }

    #[test]
    fn a_process_that_ended_is_dead_at_once() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let here = Holder::here();
        let ended = Holder {
            process: child.id(),
            process_started: process_start(child.id()).unwrap_or(1),
            ..here.clone()
        };
        child.wait().unwrap();
        assert!(!here.sees_alive(&ended, at(0), at(0)));
    }

    #[test]
    fn elsewhere_only_silence_tells() {
        let here = Holder::here();
        let there = Holder {
            host: "another".to_owned(),
            ..here.clone()
        };
        assert!(here.sees_alive(&there, at(100), at(120)));
        assert!(!here.sees_alive(&there, at(100), at(200)));
        // The clock went back by an hour.
        assert!(!here.sees_alive(&there, at(3700), at(100)));
    }

    #[test]
    fn a_reboot_ends_every_process() {
        let here = Holder::here();
        let (_, space) = here.boot.split_once(' ').unwrap();
        let before = Holder {
            boot: format!("11111111-0000 {space}"),
            ..here.clone()
        };
        assert!(!here.sees_alive(&before, at(0), at(0)));
    }
}
