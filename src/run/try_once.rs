//! One try of an action on one target.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::time::timeout;

use super::{
    ask::Question,
    live::{SILENT_WAIT, Shared},
    ready::{Ready, Work, available},
    stop::StopStage,
    told::ALONE_MAX,
};
use crate::{
    event::EventKind,
    model::{EffectId, Exit, Failure, Output, OutputStream, Payload, Target, TargetResult, kinds},
    task::{Call, Keeping, Kept, KeptOutcome, RunId, open_stderr},
    transport::{ConnectError, GivenUp, Session, SessionError},
};

/// A try that is about to be made.
pub(super) struct Try {
    pub(super) shared: Arc<Shared>,
    pub(super) ready: Arc<Ready>,
    pub(super) effect: EffectId,
    pub(super) index: usize,
    /// Counted from 1.
    pub(super) number: u32,
    /// How long it has waited for the end of what was given up on its target.
    pub(super) waited_ms: AtomicU64,
}

/// A try that was made.
pub(super) struct Tried {
    pub(super) index: usize,
    pub(super) result: TargetResult,
    /// Whether another try could end differently.
    pub(super) may_retry: bool,
    /// What the target keeps until the result is on record.
    pub(super) kept: Vec<Kept>,
}

/// What came back from the target.
enum Answer {
    Output(Output),
    Available,
    /// It has begun, and goes on by itself.
    Left,
    /// The connection broke before anything began.
    NeverStarted,
}

/// How often the same try is sent when the connection breaks before it arrives.
const SENDINGS_MAX: u32 = 3;

impl Try {
    pub(super) async fn run(self) -> Tried {
        if self.ready.collected(self.index).is_some() {
            return self.collect().await;
        }
        // Those of the steps first, always from the outermost inwards, so that nobody waits in a circle; and while one
        // waits for its step, others may have the slots of the job.
        let mut step_slots = Vec::new();
        for limit in self.ready.step_limits() {
            let slots = self.shared.step_slots(limit);
            step_slots.push(slots.acquire_owned().await);
        }
        let slot = self.shared.slots.acquire().await;
        let began = Instant::now();
        let mut kept = Vec::new();
        let mut sendings = 0;
        let (run, answer) = loop {
            sendings += 1;
            let run = RunId::new(rand::random());
            let answer = tokio::select! {
                answer = self.work(&run, &mut kept) => answer,
                // Dropping the work ends it on the target, too.
                () = self.shared.stop.reached(StopStage::End) => {
                    Err(Failure::new(kinds::STOPPED, "ended because the job was stopped"))
                }
            };
            match answer {
                // Whoever asked has taken the place of that run, which must stay taken: it may still be on its way.
                Ok(Answer::NeverStarted) if sendings < SENDINGS_MAX => kept.clear(),
                Ok(Answer::NeverStarted) => {
                    kept.clear();
                    let message = "the connection broke again and again before it began";
                    break (run, Err(Failure::new(kinds::CONNECT, message)));
                }
                answer => break (run, answer),
            }
        };
        drop((slot, step_slots));
        let keeping = self.keeping(&[], false);
        let call = self.call(&run, keeping.as_ref());
        let attempt = self
            .ready
            .attempt(&call, self.duration_ms(began), self.number);
        let (result, may_retry) = match answer {
            Ok(Answer::Output(output)) => {
                (self.ready.read(self.index, &attempt, &output).await, true)
            }
            Ok(Answer::Left) => {
                // Whoever collects it removes it.
                kept.clear();
                (self.ready.started(&attempt), true)
            }
            Ok(Answer::Available | Answer::NeverStarted) => (available(&attempt), true),
            Err(failure) => {
                // What is lost was perhaps done, and is asked after when the job is resumed.
                const HOPELESS: [&str; 3] =
                    [kinds::VALIDATION, kinds::NO_IMPLEMENTATION, kinds::STOPPED];
                let is_lost = failure.kind == kinds::LOST && self.ready.keeps_outcome();
                let may_retry = !is_lost && !HOPELESS.contains(&failure.kind.as_str());
                if is_lost {
                    kept.clear();
                }
                (self.ready.unsuccessful(&attempt, failure), may_retry)
            }
        };
        Tried {
            index: self.index,
            result,
            may_retry,
            kept,
        }
    }

    /// How long it took, without the wait for what others gave up.
    fn duration_ms(&self, began: Instant) -> u64 {
        let waited = Duration::from_millis(self.waited_ms.load(Ordering::Relaxed));
        let duration = began.elapsed().saturating_sub(waited);
        u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
    }

    fn keeping<'a>(&self, acknowledged: &'a [Kept], sweeps: bool) -> Option<Keeping<'a>> {
        self.ready.keeps_outcome().then_some(Keeping {
            acknowledged,
            sweeps,
            is_detached: self.ready.is_detached(),
        })
    }

    fn call<'a>(&'a self, run: &'a RunId, keeping: Option<&'a Keeping<'a>>) -> Call<'a> {
        self.ready.call(self.index, run, keeping)
    }

    async fn work(&self, run: &RunId, kept: &mut Vec<Kept>) -> Result<Answer, Failure> {
        let (lanes, target) = (&self.shared.lanes, self.target());
        let keeping = self.keeping(&[], false);
        let call = self.call(run, keeping.as_ref());
        let (acknowledged, sweeps) = if keeping.is_some() {
            let beside = lanes.take_acknowledged(&target.name, |kept| kept.is_beside(&call));
            (beside, lanes.is_first_run(&target.name))
        } else {
            (Vec::new(), false)
        };
        let keeping = self.keeping(&acknowledged, sweeps);
        let call = self.call(run, keeping.as_ref());
        match self.ready.work(self.index, &call)? {
            Work::Run(payload) => self.run_payload(&call, &payload, kept).await,
            Work::Connect { wait, interval } => {
                let deadline = tokio::time::Instant::now() + wait;
                loop {
                    // The last failure is the answer, so the try that is on its way at the deadline is let end.
                    match lanes.session(target).await {
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

    async fn run_payload(
        &self,
        call: &Call<'_>,
        payload: &Payload,
        kept: &mut Vec<Kept>,
    ) -> Result<Answer, Failure> {
        let target = self.target();
        let session = self
            .shared
            .lanes
            .session(target)
            .await
            .map_err(connect_failure)?;
        self.wait_for_given_up().await;
        let keeps = call.keeping.is_some();
        let seq = self.shared.stream.emit(EventKind::TargetStarted {
            effect: self.effect.clone(),
            target: target.name.clone(),
            attempt: self.number,
            run: if keeps {
                call.run.to_string()
            } else {
                String::new()
            },
        });
        self.shared.gate.kept(seq).await.map_err(|reason| {
            Failure::new(
                kinds::UNREACHED,
                format!("not started, because its start could not be recorded: {reason}"),
            )
        })?;
        kept.extend(Kept::of(call));
        let started = tokio::time::Instant::now();
        let output = self.exchange(session.as_ref(), call, payload).await;
        self.shared.lanes.release(&target.name, session).await;
        match output {
            Ok(output) if self.ready.is_detached() && output.exit == Exit::Code(0) => {
                Ok(Answer::Left)
            }
            Ok(output) => Ok(Answer::Output(output)),
            Err(SessionError::Broken { message }) if keeps => {
                let is_told = self.tell_loss(&message);
                let answer = self.find_out(call, started).await;
                if is_told {
                    self.tell_return(&answer);
                }
                answer
            }
            Err(error) => Err(session_failure(&error)),
        }
    }

    /// Says that the connection is gone and what is done about it, unless that was said of too many already.
    fn tell_loss(&self, reason: &str) -> bool {
        let before = self.shared.losses_told.fetch_add(1, Ordering::Relaxed);
        match before {
            0..ALONE_MAX => self.shared.warn(format!(
                "lost {} ({reason}); asking it what became of `{}`",
                self.target().name,
                self.ready.object()
            )),
            ALONE_MAX => self
                .shared
                .warn("more connections were lost, which are asked as well".to_owned()),
            _ => {}
        }
        before < ALONE_MAX
    }

    fn tell_return(&self, answer: &Result<Answer, Failure>) {
        let target = &self.target().name;
        match answer {
            Ok(Answer::NeverStarted) => {
                self.shared.warn(format!(
                    "{target} is back, and had not begun; it is sent again"
                ));
            }
            Ok(_) => self.shared.warn(format!(
                "{target} is back with the outcome; nothing was run twice"
            )),
            // The result says it.
            Err(_) => {}
        }
    }

    /// Waits until what was given up on the target has ended there: it gets no new work beside that, as far as this can
    /// be had.
    async fn wait_for_given_up(&self) {
        let mut wait = Wait {
            before: self,
            is_over: false,
        };
        let since = Instant::now();
        let target = &self.target().name;
        let mut given_up = pin!(self.shared.lanes.given_up(target));
        let came_of_it = if let Ok(soon) = timeout(SILENT_WAIT, &mut given_up).await {
            soon
        } else {
            wait.tell();
            given_up.await
        };
        wait.is_over = true;
        let waited_ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.waited_ms.fetch_add(waited_ms, Ordering::Relaxed);
        if came_of_it == GivenUp::MayGoOn {
            let text = format!(
                "what was given up on {target} could not be ended; `{}` is begun beside it",
                self.ready.object()
            );
            let others = "more targets get work beside what was given up there";
            let told = &self.shared.beside_told;
            self.shared.warn_of(target, told, text, others);
        }
    }

    /// Fetches the outcome of a run whose connection broke. It is not run again unless it never began.
    async fn find_out(
        &self,
        call: &Call<'_>,
        started: tokio::time::Instant,
    ) -> Result<Answer, Failure> {
        let question = Question {
            target: self.target(),
            call,
            age: Duration::ZERO,
            asked_at: started,
            deadline: started + self.ready.timeout(),
            is_patient: self.ready.is_detached(),
            only_looks: self.ready.is_detached(),
        };
        match self.shared.ask(&question).await? {
            KeptOutcome::Finished(_) if self.ready.is_detached() => Ok(Answer::Left),
            KeptOutcome::Finished(output) => Ok(Answer::Output(output)),
            KeptOutcome::NeverStarted => Ok(Answer::NeverStarted),
            KeptOutcome::Unknown(why) => Err(Failure::new(
                kinds::LOST,
                format!("the connection broke, and what became of it is not known: {why}"),
            )),
        }
    }

    /// Brings the outcome of a run that was left.
    async fn collect(self) -> Tried {
        let slot = self.shared.slots.acquire().await;
        let began = Instant::now();
        let collected = self.ready.collected(self.index);
        let collected = collected.expect("it is looked at before");
        let Some(left) = collected.left else {
            // It never began, or it was not left: there is nothing more to know.
            return self.tried(TargetResult::clone(collected.started), false);
        };
        let keeping = Keeping {
            acknowledged: &[],
            sweeps: false,
            is_detached: true,
        };
        let call = self.ready.call(self.index, &left.run, Some(&keeping));
        let asked_at = tokio::time::Instant::now();
        let question = Question {
            target: self.target(),
            call: &call,
            // It has begun, so what is not there is gone.
            age: Duration::MAX,
            asked_at,
            deadline: asked_at + self.ready.timeout(),
            is_patient: true,
            only_looks: true,
        };
        let answer = tokio::select! {
            answer = self.shared.ask(&question) => answer,
            () = self.shared.stop.reached(StopStage::End) => {
                Err(Failure::new(kinds::STOPPED, "not waited for any longer because the job was stopped"))
            }
        };
        drop(slot);
        let attempt = self
            .ready
            .attempt(&call, self.duration_ms(began), self.number);
        let result = match answer {
            Ok(KeptOutcome::Finished(output)) => {
                let result = self.ready.read(self.index, &attempt, &output).await;
                // It stays until the job is over, for a plan that asks twice.
                let kept = Kept::of(&call).into_iter().collect();
                let lanes = &self.shared.lanes;
                lanes.acknowledge_late(&self.target().name, kept);
                result
            }
            Ok(KeptOutcome::NeverStarted) => {
                let failure = Failure::new(kinds::LOST, "the target knows nothing of it");
                self.ready.unsuccessful(&attempt, failure)
            }
            Ok(KeptOutcome::Unknown(why)) => {
                let message = format!("what became of it is not known: {why}");
                let failure = Failure::new(kinds::LOST, message);
                self.ready.unsuccessful(&attempt, failure)
            }
            Err(failure) => self.ready.unsuccessful(&attempt, failure),
        };
        self.tried(result, false)
    }

    fn tried(&self, result: TargetResult, may_retry: bool) -> Tried {
        Tried {
            index: self.index,
            result,
            may_retry,
            kept: Vec::new(),
        }
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

/// A wait for what was given up. Where a plan cuts it short, as one that gives its tries less time than that takes, it is
/// told of as well.
struct Wait<'a> {
    before: &'a Try,
    is_over: bool,
}

impl Wait<'_> {
    fn tell(&self) {
        let (target, shared) = (&self.before.target().name, &self.before.shared);
        let object = self.before.ready.object();
        let text = format!("`{object}` waits for {target}, where what was given up is being ended");
        let others = "more targets are waited for, where what was given up is being ended";
        shared.warn_of(target, &shared.waits_told, text, others);
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if !self.is_over && self.before.shared.stop.stage() < StopStage::End {
            self.tell();
        }
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

pub(super) fn session_failure(error: &SessionError) -> Failure {
    let message = error.to_string();
    let kind = match error {
        SessionError::Broken { .. } => kinds::LOST,
        SessionError::TimedOut(_) | SessionError::NotBegun => kinds::TIMEOUT,
        SessionError::Refused { .. } => kinds::CONNECT,
        SessionError::LocalFile { .. } => kinds::FILE,
    };
    let failure = Failure::new(kind, message);
    match error {
        SessionError::TimedOut(_) | SessionError::NotBegun => failure.with_detail(
            "help",
            "give it longer with `--timeout`, such as `--timeout 1h`, or in a plan with the option `timeout`",
        ),
        _ => failure,
    }
}
