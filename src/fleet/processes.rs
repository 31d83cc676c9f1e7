//! The processes of a fleet: begun in a clean environment and a group of their own, and none left when the fleet goes.

use std::{
    collections::HashSet,
    io,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::{Child, Command};

use super::played_target::PlayedTarget;
use crate::model::Exit;

/// What is found on any Unix; what else the product's own environment holds is no business of a target.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How often the sweep looks again, because what it kills may have been making children at that moment.
const SWEEPS_MAX: usize = 10;

/// All processes that targets run.
pub(super) struct Processes {
    running: Mutex<Running>,
    /// The directory below which all targets live and work.
    root: PathBuf,
}

#[derive(Default)]
struct Running {
    /// Group leaders that have not been waited for, so their numbers can't have been given to others.
    leaders: HashSet<i32>,
    is_closed: bool,
}

impl Processes {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            running: Mutex::default(),
            root,
        }
    }

    /// Begins a command on a target, with pipes for its three streams.
    pub(super) fn begin(&self, target: &PlayedTarget, command: &[u8]) -> io::Result<Child> {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
        let mut process = Command::new("/bin/sh");
        process
            .arg("-c")
            .arg(OsStr::from_bytes(command))
            .env_clear()
            .env("PATH", PATH)
            .env("HOME", &target.directory)
            .env("SHELL", "/bin/sh")
            .env("TMPDIR", target.temporary_directory())
            .env("SEGUE_FLEET_TARGET", target.name.as_str())
            .env("SEGUE_FLEET_STATE", &target.directory)
            .envs(
                ["USER", "LOGNAME"]
                    .into_iter()
                    .filter_map(|it| Some((it, std::env::var_os(it)?))),
            )
            .current_dir(&target.directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let child = process.spawn()?;
        let pid = pid_of(&child)?;
        let mut running = self.running();
        if running.is_closed {
            kill_group(pid);
            return Err(io::Error::other("the fleet is being shut down"));
        }
        running.leaders.insert(pid);
        Ok(child)
    }

    /// Waits for a command to end, and forgets it.
    pub(super) async fn wait(&self, child: &mut Child) -> io::Result<Exit> {
        let pid = pid_of(child)?;
        let status = child.wait().await;
        self.running().leaders.remove(&pid);
        status.map(exit_of)
    }

    /// Ends everything that still runs, whatever group or session it has put itself into; nothing is begun any more.
    pub(super) fn close(&self) {
        let leaders = {
            let mut running = self.running();
            running.is_closed = true;
            std::mem::take(&mut running.leaders)
        };
        for pid in leaders {
            kill_group(pid);
        }
        for _ in 0..SWEEPS_MAX {
            let strays = processes_below(&self.root);
            if strays.is_empty() {
                break;
            }
            for pid in strays {
                // Gone in the meantime is as good.
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a signal to a running command and to what it has started, as sshd does for a `signal` request.
pub(super) fn signal(child_pid: Option<u32>, signal: &russh::Sig) {
    let pid = child_pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    if let (Some(pid), Some(signal)) = (pid, signal_of(signal)) {
        let _ = kill_process_group(pid, signal);
    }
}

fn kill_group(pid: i32) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

fn pid_of(child: &Child) -> io::Result<i32> {
    child
        .id()
        .and_then(|pid| i32::try_from(pid).ok())
        .ok_or_else(|| io::Error::other("the command has been waited for already"))
}

/// The processes whose working directory or environment lies below `root`.
///
/// Found through `/proc`, which finds those that have left their group too. Where there is none (macOS), only
/// the groups of commands that still ran are ended.
fn processes_below(root: &Path) -> Vec<Pid> {
    use std::os::unix::ffi::OsStrExt;
    let mut mark = b"SEGUE_FLEET_STATE=".to_vec();
    mark.extend_from_slice(root.as_os_str().as_bytes());
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid = entry
                .file_name()
                .to_str()?
                .parse()
                .ok()
                .and_then(Pid::from_raw)?;
            let path = entry.path();
            let works_below =
                std::fs::read_link(path.join("cwd")).is_ok_and(|it| it.starts_with(root));
            let is_marked = || {
                std::fs::read(path.join("environ")).is_ok_and(|it| {
                    it.split(|&byte| byte == 0)
                        .any(|entry| entry.starts_with(&mark))
                })
            };
            // A zombie has neither, so the sweep ends.
            (works_below || is_marked()).then_some(pid)
        })
        .filter(|&pid| pid != rustix::process::getpid())
        .collect()
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(number)) => Exit::Signal(signal_name(number).to_owned()),
        (None, None) => Exit::Code(255),
    }
}

fn signal_of(signal: &russh::Sig) -> Option<Signal> {
    use russh::Sig;
    Some(match signal {
        Sig::ABRT => Signal::ABORT,
        Sig::ALRM => Signal::ALARM,
        Sig::FPE => Signal::FPE,
        Sig::HUP => Signal::HUP,
        Sig::ILL => Signal::ILL,
        Sig::INT => Signal::INT,
        Sig::KILL => Signal::KILL,
        Sig::PIPE => Signal::PIPE,
        Sig::QUIT => Signal::QUIT,
        Sig::SEGV => Signal::SEGV,
        Sig::TERM => Signal::TERM,
        Sig::USR1 => Signal::USR1,
        Sig::Custom(_) => return None,
    })
}

/// The names of RFC 4254, section 6.10; what has none there is `UNKNOWN`, as OpenSSH says `SIG` and a number to nobody.
fn signal_name(number: i32) -> &'static str {
    let named = [
        (Signal::ABORT, "ABRT"),
        (Signal::ALARM, "ALRM"),
        (Signal::FPE, "FPE"),
        (Signal::HUP, "HUP"),
        (Signal::ILL, "ILL"),
        (Signal::INT, "INT"),
        (Signal::KILL, "KILL"),
        (Signal::PIPE, "PIPE"),
        (Signal::QUIT, "QUIT"),
        (Signal::SEGV, "SEGV"),
        (Signal::TERM, "TERM"),
        (Signal::USR1, "USR1"),
        (Signal::USR2, "USR2"),
    ];
    named
        .iter()
        .find(|(signal, _)| signal.as_raw() == number)
        .map_or("UNKNOWN", |(_, name)| name)
}
