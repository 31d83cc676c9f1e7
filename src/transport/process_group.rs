//! A process on the controller with all its children, ended together.

use std::{process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::{
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    time::{sleep, timeout},
};

use super::{
    GivenUp,
    endings::{Ending, Endings, TELL_WITHIN},
};
use crate::model::Exit;

/// How long the command that ends a payload may take: it sends signals and waits a moment for them to act.
const END_COMMAND_MAX: Duration = Duration::from_secs(10);
/// How long a group may take to tidy up after it was asked to end.
const TERM_GRACE: Duration = Duration::from_secs(5);
/// How often it is looked whether the group is gone: nobody tells us of the end of grandchildren.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A shell and everything that it starts. Dropping it ends the group in the background.
pub(super) struct ProcessGroup {
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
        Ok(match (status.code(), status.signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, Some(signal)) => Exit::Signal(signal_name(signal)),
            (None, None) => Exit::Code(-1),
        })
    }

    /// Ends the group: first by its own command, then asking, then without asking. Where that takes long, it goes on beside.
    pub(super) async fn end(mut self) -> GivenUp {
        let Some(child) = self.child.take() else {
            return GivenUp::Ended;
        };
        // A task of its own, so that it goes on when nobody waits for it any more.
        // It is cut short only by the end of the runtime.
        let ended = tokio::spawn(end(child, ending(self.end.take()), self.endings.begin()));
        match timeout(TELL_WITHIN, ended).await {
            Ok(_) => GivenUp::Ended,
            Err(_) => GivenUp::MayGoOn,
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(child) = self.child.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            // The command is begun at once, since the runtime may be on its way out.
            runtime.spawn(end(child, ending(self.end.take()), self.endings.begin()));
        }
    }
}

/// Begins the command that ends a run. It goes on when the runtime is gone: the run may be another group than ours.
fn ending(command: Option<std::sync::Arc<str>>) -> Option<Child> {
    let mut ending = Command::new("/bin/sh");
    ending
        .arg("-c")
        .arg(&*command?)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // Whether it worked shows in the group.
    ending.spawn().ok()
}

async fn end(mut child: Child, command: Option<Child>, ending: Ending) {
    let Some(group) = child.id().and_then(pid) else {
        return;
    };
    if let Some(mut command) = command
        && timeout(END_COMMAND_MAX, command.wait()).await.is_err()
    {
        let _ = command.start_kill();
    }
    // Errors of `kill` mean that the group is gone.
    let _ = kill_process_group(group, Signal::TERM);
    let _ = timeout(TERM_GRACE, async {
        let _ = child.wait().await;
        // The number of a group is not given to a new process while a member of it lives.
        while test_kill_process_group(group).is_ok() {
            sleep(LOOK_AGAIN).await;
        }
    })
    .await;
    let _ = kill_process_group(group, Signal::KILL);
    let _ = child.wait().await;
    ending.came_to(GivenUp::Ended);
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
