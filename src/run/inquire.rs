//! Finding out, when a job is resumed, what became of the runs that its last controller did not see the end of.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    ask::Question,
    journal::{Finding, Found, Inquiry, Started},
    live::{LivePerformer, Shared},
    ready::Ready,
    stop::StopStage,
};
use crate::{
    model::{EffectId, Failure, Target, kinds},
    plan::Run,
    task::{Keeping, Kept, KeptOutcome},
};

/// How long a target is asked at least, if the time of the run itself is nearly over.
const ASKING_MIN: Duration = Duration::from_secs(20);

impl Inquiry for LivePerformer {
    fn find(&self, _: &EffectId, run: &Run, target: &Arc<Target>, started: Started) -> Finding {
        let shared = Arc::clone(&self.shared);
        let ready = Ready::to_read(run, target, shared.options.timeout);
        Box::pin(async move {
            tokio::select! {
                found = shared.find(&ready, target_of(&ready), started) => found,
                // Giving up on the question ends the run, as it should now.
                () = shared.stop.reached(StopStage::End) => Found::Unasked,
            }
        })
    }
}

fn target_of(ready: &Ready) -> &Arc<Target> {
    ready.target(0)
}

impl Shared {
    async fn find(&self, ready: &Ready, target: &Arc<Target>, started: Started) -> Found {
        let Some(run) = started.run.filter(|_| ready.keeps_outcome()) else {
            return Found::Unknown;
        };
        let keeping = Keeping {
            acknowledged: &[],
            sweeps: false,
            is_detached: ready.is_detached(),
        };
        let call = ready.call(0, &run, Some(&keeping));
        let age = self.clock.now().duration_since(started.at);
        // A clock that went back tells nothing of what is not there.
        let age = Duration::try_from(age).unwrap_or(Duration::MAX);
        let now = Instant::now();
        let wait = ready.timeout().saturating_sub(age).max(ASKING_MIN);
        let question = Question {
            target,
            call: &call,
            age,
            asked_at: now,
            deadline: now + wait,
            is_patient: ready.is_detached(),
            only_looks: false,
        };
        let answer = self.ask(&question).await;
        let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        let attempt = ready.attempt(&call, age_ms, started.attempt);
        let found = match answer {
            // It was to be left, and its outcome is there for whoever collects it.
            Ok(KeptOutcome::Finished(_)) if ready.is_detached() => {
                return Found::Finished(Box::new(ready.started(&attempt)));
            }
            Ok(KeptOutcome::Finished(output)) => {
                Found::Finished(Box::new(ready.read(0, &attempt, &output).await))
            }
            // The question has taken its place on the target, and that must stay taken: the run may still be on its way, in
            // a server that has not come to read it. The place goes when it is too old.
            Ok(KeptOutcome::NeverStarted) => return Found::NeverStarted,
            Err(failure) if is_timeout(&failure) => {
                Found::Finished(Box::new(ready.unsuccessful(&attempt, failure)))
            }
            Ok(KeptOutcome::Unknown(_)) | Err(_) => return Found::Unknown,
        };
        let kept = Kept::of(&call).into_iter().collect();
        self.lanes.acknowledge_late(&target.name, kept);
        found
    }
}

fn is_timeout(failure: &Failure) -> bool {
    failure.kind == kinds::TIMEOUT
}
