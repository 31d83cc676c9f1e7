//! One exec request on one channel, from the question to the closed channel.

use std::{sync::Arc, time::Duration};

use russh::{
    ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig,
    server::{Handle, Msg},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin},
};
use tokio_util::sync::CancellationToken;

use super::{
    Answer, FaultKind, Happening, RunEnd, played_target::PlayedTarget, processes, stage::Stage,
};
use crate::model::Exit;

/// RFC 4254, section 5.2: `SSH_EXTENDED_DATA_STDERR`.
const STDERR: u32 = 1;
/// What is read from a pipe at once: one SSH packet's worth.
const READ_BYTES_MAX: usize = 32 << 10;

/// An exec request that has come in.
pub(super) struct ChannelRun {
    pub(super) stage: Arc<Stage>,
    pub(super) target: Arc<PlayedTarget>,
    pub(super) command: Vec<u8>,
    pub(super) writing: ChannelWriteHalf<Msg>,
    pub(super) session: Handle,
    /// Cancelled when the client has closed the channel or the connection; by ourselves at the end.
    pub(super) gone: CancellationToken,
    /// Resets the connection.
    pub(super) cut: CancellationToken,
}

impl ChannelRun {
    /// Answers the request. Like sshd, it lets a command that has begun go on when the client goes.
    pub(super) async fn answer(self, reading: ChannelReadHalf) {
        tokio::select! {
            () = self.stage.stopped.cancelled() => {}
            () = self.answer_to_the_end(reading) => {}
        }
        self.gone.cancel();
    }

    async fn answer_to_the_end(&self, reading: ChannelReadHalf) {
        let latency = self
            .target
            .next_latency(self.stage.latency, self.stage.seed);
        if !self.wait(latency).await {
            return;
        }
        let fault = self
            .target
            .strike(&self.stage.log, FaultKind::strikes_a_run);
        if let Some(FaultKind::Slow(by)) = fault
            && !self.wait(by).await
        {
            return;
        }
        // What can't be sent is not missed: then the client is gone.
        let _ = self.session.channel_success(self.writing.id()).await;
        match (fault, &self.target.answer) {
            (Some(FaultKind::Hang), _) => self.gone.cancelled().await,
            (Some(FaultKind::Exit(code)), _) => self.say(b"", code).await,
            (Some(FaultKind::Flood(bytes)), _) => self.flood(bytes).await,
            (_, Answer::Canned { stdout, exit }) => self.say(stdout.as_bytes(), *exit).await,
            (fault, Answer::Run) => self.run(reading, fault == Some(FaultKind::Reset)).await,
        }
    }

    /// Whether the client was still there after that time.
    async fn wait(&self, time: Duration) -> bool {
        if time.is_zero() {
            return !self.gone.is_cancelled();
        }
        tokio::select! {
            () = self.gone.cancelled() => false,
            () = tokio::time::sleep(time) => true,
        }
    }

    /// Answers without running anything.
    async fn say(&self, stdout: &[u8], code: u8) {
        self.log(Happening::run_started(&self.command));
        self.send(None, stdout).await;
        self.finish(Exit::Code(i32::from(code))).await;
        self.close().await;
    }

    async fn flood(&self, bytes: u64) {
        const NONSENSE: &[u8] = b"there is no end to what a broken program can print\n";
        self.log(Happening::run_started(&self.command));
        let chunk = NONSENSE.repeat(READ_BYTES_MAX / NONSENSE.len());
        let mut left = bytes;
        while left > 0 {
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
            if !self.send(None, &chunk[..length]).await {
                break;
            }
            left -= length as u64;
        }
        self.finish(Exit::Code(0)).await;
        self.close().await;
    }

    async fn run(&self, reading: ChannelReadHalf, is_reset: bool) {
        let work = Work::begin(&self.target);
        // The first command of a target waits for a place on the machine; those that come while it has one don't,
        // or else the command that is to end a hanging one could wait for ever.
        let place = if work.was_idle {
            tokio::select! {
                () = self.gone.cancelled() => return,
                place = self.stage.places.acquire() => place.ok(),
            }
        } else {
            None
        };
        self.log(Happening::run_started(&self.command));
        match self.stage.processes.begin(&self.target, &self.command) {
            Ok(child) => self.attend(child, reading, is_reset).await,
            Err(error) => self.fail_to_start(&error.to_string()).await,
        }
        self.close().await;
        drop(place);
    }

    /// Carries bytes both ways until the command and its streams have ended.
    async fn attend(&self, mut child: Child, reading: ChannelReadHalf, is_reset: bool) {
        let pid = child.id();
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let input_ended = CancellationToken::new();
        let input = async {
            feed(reading, stdin, pid, &input_ended).await;
            std::future::pending::<()>().await;
        };
        let reset = async {
            input_ended.cancelled().await;
            if is_reset {
                self.cut.cancel();
            }
            std::future::pending::<()>().await;
        };
        let end = async {
            let end = self.stage.processes.wait(&mut child).await;
            self.target.note_changes(&self.stage.log);
            if is_reset {
                self.cut.cancel();
            }
            self.finish(end.unwrap_or(Exit::Code(255))).await;
        };
        tokio::select! {
            _ = async { tokio::join!(self.carry(None, stdout), self.carry(Some(STDERR), stderr), end) } => {}
            () = input => {}
            () = reset => {}
        }
    }

    /// Hands what the command prints to the client, no faster than the client takes it. When the client goes, the pipe
    /// is closed, so a command that prints on has a broken pipe, as under sshd.
    async fn carry(&self, extended: Option<u32>, pipe: Option<impl AsyncRead + Unpin>) {
        let Some(mut pipe) = pipe else { return };
        let mut buffer = vec![0; READ_BYTES_MAX];
        loop {
            let read = tokio::select! {
                () = self.gone.cancelled() => return,
                read = pipe.read(&mut buffer) => read,
            };
            let Ok(length @ 1..) = read else { return };
            if !self.send(extended, &buffer[..length]).await {
                return;
            }
        }
    }

    /// Whether the client has taken it.
    async fn send(&self, extended: Option<u32>, bytes: &[u8]) -> bool {
        let taken = async {
            match extended {
                None => self.writing.data_bytes(bytes.to_vec()).await,
                Some(number) => {
                    self.writing
                        .extended_data_bytes(number, bytes.to_vec())
                        .await
                }
            }
        };
        tokio::select! {
            () = self.gone.cancelled() => false,
            taken = taken => taken.is_ok(),
        }
    }

    async fn fail_to_start(&self, why: &str) {
        self.send(Some(STDERR), format!("segue fleet: {why}\n").as_bytes())
            .await;
        self.log(Happening::RunEnded {
            end: RunEnd::NotStarted(why.to_owned()),
        });
        let _ = self
            .session
            .exit_status_request(self.writing.id(), 255)
            .await;
    }

    /// Tells how the command ended: the log first, so that a client who has heard of it finds it there. The client may
    /// hear of it before it has the last of the output, as from sshd.
    async fn finish(&self, end: Exit) {
        self.log(Happening::RunEnded {
            end: RunEnd::Exited(end.clone()),
        });
        let id = self.writing.id();
        let _ = match end {
            Exit::Code(code) => {
                self.session
                    .exit_status_request(id, code.unsigned_abs())
                    .await
            }
            Exit::Signal(name) => {
                self.session
                    .exit_signal_request(id, Sig::Custom(name), false, String::new(), String::new())
                    .await
            }
        };
    }

    async fn close(&self) {
        let _ = self.writing.eof().await;
        let _ = self.writing.close().await;
    }

    fn log(&self, what: Happening) {
        self.stage.log.write(&self.target.name, what);
    }
}

/// Marks a target as busy for as long as it lives.
struct Work<'a> {
    target: &'a PlayedTarget,
    was_idle: bool,
}

impl<'a> Work<'a> {
    fn begin(target: &'a PlayedTarget) -> Self {
        Self {
            was_idle: target.begin_work(),
            target,
        }
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        self.target.rest();
    }
}

/// Hands the client's bytes to the command until there are no more.
async fn feed(
    mut reading: ChannelReadHalf,
    mut stdin: Option<ChildStdin>,
    pid: Option<u32>,
    input_ended: &CancellationToken,
) {
    while let Some(message) = reading.wait().await {
        match message {
            ChannelMsg::Data { data } => {
                if let Some(pipe) = &mut stdin
                    && pipe.write_all(&data).await.is_err()
                {
                    // The command reads no more; what the client still sends is thrown away, as by sshd.
                    stdin = None;
                }
            }
            ChannelMsg::Eof => {
                stdin = None;
                input_ended.cancel();
            }
            ChannelMsg::Signal { signal } => processes::signal(pid, &signal),
            ChannelMsg::Close => break,
            _ => {}
        }
    }
}
