//! Asking a target what became of a run, over as many connections as it takes.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, timeout};

use super::{live::Shared, try_once::session_failure};
use crate::{
    model::{Failure, Target, kinds},
    task::{Call, KeptInquiry, KeptOutcome, RunId},
    transport::SessionError,
};

/// How often a target is called again whose connection broke. With the pauses between, that is a minute: a router
/// or a server that is restarted is back by then.
const CALLS_MAX: u32 = 8;
const PAUSE_FIRST: Duration = Duration::from_millis(500);
/// A machine that is rebooted is found a few seconds after it is up.
const PAUSE_MAX: Duration = Duration::from_secs(20);

/// A run that somebody wants to know about.
pub(super) struct Question<'a> {
    pub(super) target: &'a Arc<Target>,
    pub(super) call: &'a Call<'a>,
    /// How long ago it was started, when `asked_at`.
    pub(super) age: Duration,
    pub(super) asked_at: Instant,
    pub(super) deadline: Instant,
    /// The target is expected to be away for a while.
    pub(super) is_patient: bool,
    /// Who gives up on the question leaves the run alone.
    pub(super) only_looks: bool,
}

impl Shared {
    /// Waits for the end of the run if it is still going on.
    ///
    /// # Errors
    /// Its time was over, or the target can't be asked.
    pub(super) async fn ask(&self, question: &Question<'_>) -> Result<KeptOutcome, Failure> {
        let own = RunId::new(rand::random());
        let inquiry = KeptInquiry::new(*question.call, &own);
        let target = question.target;
        let mut pause = PAUSE_FIRST;
        let mut calls = 0;
        let mut trouble = String::new();
        loop {
            let left = question.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || (calls >= CALLS_MAX && !question.is_patient) {
                let message = format!("what became of it is not known: {trouble}");
                return Err(Failure::new(kinds::LOST, message));
            }
            if calls > 0 {
                sleep(pause.min(left)).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
            calls += 1;
            let session = match timeout(left, self.lanes.session(target)).await {
                Ok(Ok(session)) => session,
                Ok(Err(error)) => {
                    trouble = error.to_string();
                    continue;
                }
                Err(_) => continue,
            };
            let payload = if question.only_looks {
                inquiry.look(left)
            } else {
                inquiry.payload(left)
            };
            let answer = session.run(&payload?, None).await;
            self.lanes.release(&target.name, session).await;
            match answer {
                Ok(output) => {
                    let age = question.age.saturating_add(question.asked_at.elapsed());
                    return inquiry
                        .read(&output, age)
                        .map_err(|failure| Failure::new(kinds::LOST, failure.message));
                }
                Err(error @ SessionError::TimedOut(_)) => return Err(session_failure(&error)),
                Err(error) => trouble = error.to_string(),
            }
        }
    }
}
