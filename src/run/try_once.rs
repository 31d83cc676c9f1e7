//! One try of an action on one target.

use std::{sync::Arc, time::Instant};

use super::{
    live::Shared,
    ready::{Ready, Work, available},
    stop::StopStage,
};
use crate::{
    event::EventKind,
    model::{EffectId, Failure, Output, OutputStream, Payload, Target, TargetResult, kinds},
    task::{Call, RunId, open_stderr},
    transport::{ConnectError, Session, SessionError},
};

/// A try that is about to be made.
pub(super) struct Try {
    pub(super) shared: Arc<Shared>,
    pub(super) ready: Arc<Ready>,
    pub(super) effect: EffectId,
    pub(super) index: usize,
    /// Counted from 1.
    pub(super) number: u32,
}

/// A try that was made.
pub(super) struct Tried {
    pub(super) index: usize,
    pub(super) result: TargetResult,
    /// Whether another try could end differently.
    pub(super) may_retry: bool,
}

/// What came back from the target.
enum Answer {
    Output(Output),
    Available,
}

impl Try {
    pub(super) async fn run(self) -> Tried {
        let slot = self.shared.slots.acquire().await;
        let run = RunId::new(rand::random());
        let call = self.ready.call(self.index, &run);
        let began = Instant::now();
        let answer = tokio::select! {
            answer = self.work(&call) => answer,
            // Dropping the work ends it on the target, too.
            () = self.shared.stop.reached(StopStage::End) => {
                Err(Failure::new(kinds::STOPPED, "ended because the job was stopped"))
            }
        };
        drop(slot);
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let attempt = self.ready.attempt(&call, duration_ms, self.number);
        let (result, may_retry) = match answer {
            Ok(Answer::Output(output)) => {
                (self.ready.read(self.index, &attempt, &output).await, true)
            }
            Ok(Answer::Available) => (available(&attempt), true),
            Err(failure) => {
                const HOPELESS: [&str; 3] =
                    [kinds::VALIDATION, kinds::NO_IMPLEMENTATION, kinds::STOPPED];
                let may_retry = !HOPELESS.contains(&failure.kind.as_str());
                (self.ready.unsuccessful(&attempt, failure), may_retry)
            }
        };
        Tried {
            index: self.index,
            result,
            may_retry,
        }
    }

    async fn work(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        match self.ready.work(self.index, call)? {
            Work::Run(payload) => self.run_payload(call, &payload).await.map(Answer::Output),
            Work::Connect { wait, interval } => {
                let deadline = tokio::time::Instant::now() + wait;
                loop {
                    // The last failure is the answer, so the try that is on its way at the deadline is let end.
                    match self.shared.lanes.session(self.target()).await {
                        Ok(_) => return Ok(Answer::Available),
                        Err(error) if tokio::time::Instant::now() + interval > deadline => {
                            return Err(connect_failure(error));
                        }
                        Err(_) => tokio::time::sleep(interval).await,
                    }
                }
            }
        }
    }

    async fn run_payload(&self, call: &Call<'_>, payload: &Payload) -> Result<Output, Failure> {
        let target = self.target();
        let session = self
            .shared
            .lanes
            .session(target)
            .await
            .map_err(connect_failure)?;
        let seq = self.shared.stream.emit(EventKind::TargetStarted {
            effect: self.effect.clone(),
            target: target.name.clone(),
            attempt: self.number,
        });
        self.shared.gate.kept(seq).await.map_err(|reason| {
            Failure::new(
                kinds::UNREACHED,
                format!("not started, because its start could not be recorded: {reason}"),
            )
        })?;
        let output = self.exchange(session.as_ref(), call, payload).await;
        self.shared.lanes.release(&target.name, session).await;
        output.map_err(|error| session_failure(&error))
    }

    async fn exchange(
        &self,
        session: &dyn Session,
        call: &Call<'_>,
        payload: &Payload,
    ) -> Result<Output, SessionError> {
        if !self.shared.options.stream_output {
            return session.run(payload, None).await;
        }
        let watch = |stream: OutputStream, bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            let text = match stream {
                OutputStream::Stdout => text.as_ref(),
                // What escalation says is not the task's, and may hold what nobody should see.
                OutputStream::Stderr => open_stderr(call, &text),
            };
            if text.is_empty() {
                return;
            }
            self.shared.stream.emit(EventKind::OutputChunk {
                effect: self.effect.clone(),
                target: self.target().name.clone(),
                stream,
                text: text.to_owned(),
            });
        };
        session.run(payload, Some(&watch)).await
    }

    fn target(&self) -> &Arc<Target> {
        self.ready.target(self.index)
    }
}

fn connect_failure(error: ConnectError) -> Failure {
    let failure =
        Failure::new(kinds::CONNECT, error.message).with_issue_code(error.reason.issue_code());
    match error.help {
        Some(help) => failure.with_detail("help", help),
        None => failure,
    }
}

fn session_failure(error: &SessionError) -> Failure {
    let message = error.to_string();
    let kind = match error {
        SessionError::Broken { .. } => kinds::LOST,
        SessionError::TimedOut => kinds::TIMEOUT,
        SessionError::Refused { .. } => kinds::CONNECT,
        SessionError::LocalFile { .. } => kinds::FILE,
    };
    Failure::new(kind, message)
}
