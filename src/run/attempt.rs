//! One try of an action on one target.

use std::{sync::Arc, time::Instant};

use super::{
    live::Shared,
    ready::{Ready, Work},
    stop::StopStage,
};
use crate::{
    event::EventKind,
    model::{EffectId, Failure, OutputStream, Payload, Target, TargetResult, kinds},
    transport::{ConnectError, Session, SessionError},
};

/// A try that is about to be made.
pub(super) struct Attempt {
    pub(super) shared: Arc<Shared>,
    pub(super) ready: Arc<Ready>,
    pub(super) effect: EffectId,
    pub(super) index: usize,
    /// Counted from 1.
    pub(super) number: u32,
}

/// A try that was made.
pub(super) struct Ended {
    pub(super) index: usize,
    pub(super) result: TargetResult,
    /// Whether another try could end differently.
    pub(super) may_retry: bool,
}

impl Attempt {
    pub(super) async fn run(self) -> Ended {
        let slot = self.shared.slots.acquire().await;
        let began = Instant::now();
        let result = tokio::select! {
            result = self.work() => result,
            // Dropping the work ends it on the target, too.
            () = self.shared.stop.reached(StopStage::End) => {
                let failure = Failure::new(kinds::STOPPED, "ended because the job was stopped");
                Err(failure)
            }
        };
        drop(slot);
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (mut result, may_retry) = match result {
            Ok(result) => (result, true),
            Err(failure) => {
                let hopeless = [kinds::VALIDATION, kinds::NO_IMPLEMENTATION, kinds::STOPPED];
                let may_retry = !hopeless.contains(&failure.kind.as_str());
                let result = if failure.kind == kinds::LOST {
                    self.ready.lost(self.index, failure, self.number)
                } else {
                    self.ready.failed(self.index, failure)
                };
                (result, may_retry)
            }
        };
        result.duration_ms = duration_ms;
        result.attempts = self.number;
        Ended {
            index: self.index,
            result,
            may_retry,
        }
    }

    async fn work(&self) -> Result<TargetResult, Failure> {
        match self.ready.work(self.index)? {
            Work::Payload(payload) => self.run_payload(&payload).await,
            Work::Connect { wait, interval } => {
                let deadline = tokio::time::Instant::now() + wait;
                loop {
                    // The last failure is the answer, so one that is still going on at the deadline is let end.
                    match self.shared.lanes.session(self.target()).await {
                        Ok(_) => return Ok(self.ready.available(self.index)),
                        Err(error) => {
                            if tokio::time::Instant::now() + interval > deadline {
                                return Err(connect_failure(error));
                            }
                        }
                    }
                    tokio::time::sleep(interval).await;
                }
            }
        }
    }

    async fn run_payload(&self, payload: &Payload) -> Result<TargetResult, Failure> {
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
        let output = self.exchange(session.as_ref(), payload).await;
        self.shared.lanes.release(&target.name, session).await;
        let output = output.map_err(session_failure)?;
        self.ready.read(self.index, &output)
    }

    async fn exchange(
        &self,
        session: &dyn Session,
        payload: &Payload,
    ) -> Result<crate::model::Output, SessionError> {
        if !self.shared.options.stream_output {
            return session.run(payload, None).await;
        }
        let watch = |stream: OutputStream, bytes: &[u8]| {
            self.shared.stream.emit(EventKind::OutputChunk {
                effect: self.effect.clone(),
                target: self.target().name.clone(),
                stream,
                text: String::from_utf8_lossy(bytes).into_owned(),
            });
        };
        session.run(payload, Some(&watch)).await
    }

    fn target(&self) -> &Arc<Target> {
        self.ready.target(self.index)
    }
}

fn connect_failure(error: ConnectError) -> Failure {
    let failure = Failure::new(kinds::CONNECT, error.message)
        .with_issue_code(error.reason.issue_code());
    match error.help {
        Some(help) => failure.with_detail("help", help),
        None => failure,
    }
}

fn session_failure(error: SessionError) -> Failure {
    let message = error.to_string();
    match error {
        SessionError::Broken { .. } => Failure::new(kinds::LOST, message),
        SessionError::TimedOut => Failure::new(kinds::TIMEOUT, message),
        SessionError::Refused { .. } => Failure::new(kinds::CONNECT, message),
        SessionError::LocalFile { .. } => Failure::new(kinds::FILE, message),
    }
}
