//! A process on the controller with all its children, ended together.

use std::{process::Stdio, time::Duration};

use rustix::{
    io::Errno,
    process::{Pid, Signal, kill_process_group, test_kill_process_group},
};
use tokio::{
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    GivenUp,
    endings::{Endings, TELL_WITHIN},
};
use crate::model::Exit;

/// How long the command that ends a payload may take: it sends signals and waits a moment for them to act.
const END_COMMAND_MAX: Duration = Duration::from_secs(10);
/// How long a group may take to tidy up after it was asked to end.
const TERM_GRACE: Duration = Duration::from_secs(5);
/// How long a group may take to be gone after it was killed: one that hangs in the kernel, or is not ours to kill, stays.
const KILL_GRACE: Duration = Duration::from_secs(3);
/// How often it is looked whether the group is gone: nobody tells us of the end of grandchildren.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A shell and everything that it starts. Dropping it ends the group in the background.
pub(super) struct ProcessGroup {
    /// None when nothing of it is left, or it is being ended.
    group: Option<Pid>,
    /// Gone when the process has been reaped, or is being ended.
    child: Option<Child>,
    end: Option<std::sync::Arc<str>>,
    endings: Endings,
}

/// The ends of the pipes to a process.
pub(super) struct Pipes {
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}

impl ProcessGroup {
    /// Starts `/bin/sh -c command` as the leader of a group of its own. `end` is a command that ends it from inside;
    /// `endings` counts that.
    pub(super) fn start(
        command: &str,
        end: Option<std::sync::Arc<str>>,
        endings: &Endings,
    ) -> std::io::Result<(Self, Pipes)> {
        let mut child = Command::new("/bin/sh")
            .arg("-c")
            .arg(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            // The last resort for the leader, when the runtime ends before the group could be ended in order.
            .kill_on_drop(true)
            .spawn()?;
        let pipes = Pipes {
            stdin: child.stdin.take().expect("it was piped"),
            stdout: child.stdout.take().expect("it was piped"),
            stderr: child.stderr.take().expect("it was piped"),
        };
        let group = Self {
            group: child.id().and_then(pid),
            child: Some(child),
            end,
            endings: endings.clone(),
        };
        Ok((group, pipes))
    }

    /// Waits for the leader.
    pub(super) async fn wait(&mut self) -> std::io::Result<Exit> {
        use std::os::unix::process::ExitStatusExt as _;

        let child = self.child.as_mut().expect("it is waited for once");
        let status = child.wait().await?;
        self.child = None;
        // Looked at now, while the number is not given to anything else.
        self.group = self.group.filter(|group| is_there(*group));
        Ok(match (status.code(), status.signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, Some(signal)) => Exit::Signal(signal_name(signal)),
            (None, None) => Exit::Code(-1),
        })
    }

    /// Lets what the leader left behind live: it is none of our business.
    pub(super) fn leave(mut self) {
        self.group = None;
    }

    /// Ends the group: first by its own command, then asking, then without asking. Where that takes long, it goes on beside.
    pub(super) async fn end(mut self) -> GivenUp {
        let Some(ended) = self.begin_to_end() else {
            return GivenUp::Ended;
        };
        match timeout(TELL_WITHIN, ended).await {
            Ok(Ok(given_up)) => given_up,
            Ok(Err(_)) | Err(_) => GivenUp::MayGoOn,
        }
    }

    /// A task of its own, so that it goes on when nobody waits for it any more. It is cut short only by the end of the
    /// runtime; the command is begun at once, since that may be near.
    fn begin_to_end(&mut self) -> Option<JoinHandle<GivenUp>> {
        let group = self.group.take()?;
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        let ending = self.endings.begin();
        let (child, command) = (self.child.take(), self.end.take().map(|end| begin(&end)));
        Some(runtime.spawn(async move {
            let given_up = end(group, child, command).await;
            ending.came_to(given_up);
            given_up
        }))
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.begin_to_end();
    }
}

/// Begins the command that ends a run. It goes on when the runtime is gone: the run may be another group than ours.
fn begin(command: &str) -> std::io::Result<Child> {
    Command::new("/bin/sh")
        .arg("-c")
        .arg(command)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

async fn end(
    group: Pid,
    mut leader: Option<Child>,
    command: Option<std::io::Result<Child>>,
) -> GivenUp {
    // What the command did not end may be another group than ours.
    let others_ended = match command {
        None => true,
        Some(Err(_)) => false,
        Some(Ok(mut command)) => {
            if let Ok(status) = timeout(END_COMMAND_MAX, command.wait()).await {
                status.is_ok_and(|status| status.success())
            } else {
                let _ = command.start_kill();
                false
            }
        }
    };
    let mut is_gone = false;
    for (signal, grace) in [(Signal::TERM, TERM_GRACE), (Signal::KILL, KILL_GRACE)] {
        // Whether the signal arrived shows in the group.
        let _ = kill_process_group(group, signal);
        let gone = timeout(grace, until_gone(group, leader.as_mut())).await;
        is_gone = gone.is_ok() || has_ended_unasked_for(group);
        if is_gone {
            break;
        }
    }
    if is_gone && others_ended {
        GivenUp::Ended
    } else {
        GivenUp::MayGoOn
    }
}

async fn until_gone(group: Pid, leader: Option<&mut Child>) {
    if let Some(leader) = leader {
        let _ = leader.wait().await;
    }
    while is_there(group) {
        sleep(LOOK_AGAIN).await;
    }
}

/// Whether anything of a group lives. Its number is not given to a new process while a member of it does. One that we may
/// not send signals to is there, too.
fn is_there(group: Pid) -> bool {
    test_kill_process_group(group) != Err(Errno::SRCH)
}

/// Whether everything of a group has ended and is only not asked for by its parent: in a container whose first process looks
/// after no orphans it stays so.
fn has_ended_unasked_for(group: Pid) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return false;
    };
    let mut members = processes.flatten().filter_map(|process| {
        let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
        // proc_pid_stat(5): number, name in parentheses, state, parent, group.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let has_ended = fields.next()? == "Z";
        let is_member = fields.nth(1)? == group.to_string();
        is_member.then_some(has_ended)
    });
    // Who is not shown at all may be somebody else's.
    members.next().is_some_and(|has_ended| has_ended) && members.all(|has_ended| has_ended)
}

fn pid(id: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(id).ok()?)
}

/// The name of a signal as RFC 4254, section 6.10, spells it; its number where it has no name there.
fn signal_name(number: i32) -> String {
    const NAMES: [(Signal, &str); 13] = [
        (Signal::HUP, "HUP"),
        (Signal::INT, "INT"),
        (Signal::QUIT, "QUIT"),
        (Signal::ILL, "ILL"),
        (Signal::ABORT, "ABRT"),
        (Signal::FPE, "FPE"),
        (Signal::KILL, "KILL"),
        (Signal::USR1, "USR1"),
        (Signal::SEGV, "SEGV"),
        (Signal::USR2, "USR2"),
        (Signal::PIPE, "PIPE"),
        (Signal::ALARM, "ALRM"),
        (Signal::TERM, "TERM"),
    ];
    NAMES
        .iter()
        .find(|(signal, _)| signal.as_raw() == number)
        .map_or_else(|| number.to_string(), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A child that has ended, and that nobody has asked for.
    fn ended() -> std::process::Child {
        use std::os::unix::process::CommandExt as _;

        use rustix::process::{WaitId, WaitIdOptions, waitid};

        let child = std::process::Command::new("true")
            .process_group(0)
            .spawn()
            .unwrap();
        let of_child = WaitId::Pid(pid(child.id()).unwrap());
        waitid(of_child, WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
        child
    }

    #[tokio::test]
    async fn what_can_not_be_killed_is_waited_for_no_longer_and_said_to_go_on() {
        let mut other = ended();
        let mut leader = Command::new("sleep");
        // No signal to the other group reaches it.
        let leader = leader.arg("1000").kill_on_drop(true).spawn().unwrap();
        let group = pid(other.id()).unwrap();
        other.wait().unwrap();
        let ended = timeout(Duration::from_mins(1), end(group, Some(leader), None));
        assert_eq!(ended.await, Ok(GivenUp::MayGoOn));
    }

    #[tokio::test]
    async fn what_has_ended_and_is_not_asked_for_has_ended() {
        let mut child = ended();
        let given_up = end(pid(child.id()).unwrap(), None, None).await;
        assert_eq!(given_up, GivenUp::Ended);
        child.wait().unwrap();
    }

    #[tokio::test]
    async fn command_that_fails_has_perhaps_ended_nothing() {
        let mut child = ended();
        child.wait().unwrap();
        let command = Some(begin("exit 1"));
        let given_up = end(pid(child.id()).unwrap(), None, command).await;
        assert_eq!(given_up, GivenUp::MayGoOn);
    }

    #[test]
    fn what_ends_it_goes_on_when_the_runtime_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let (go, ended) = (directory.path().join("go"), directory.path().join("ended"));
        let command = format!(
            "until [ -e '{}' ]; do sleep 0.01; done; echo >'{}'",
            go.display(),
            ended.display()
        );
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            drop(
                ProcessGroup::start("sleep 1000", Some(command.into()), &Endings::default())
                    .unwrap(),
            );
        });
        runtime.shutdown_background();
        std::fs::write(&go, "").unwrap();
        let began = std::time::Instant::now();
        while !ended.exists() {
            assert!(began.elapsed() < Duration::from_mins(1));
            std::thread::yield_now();
        }
    }
}
