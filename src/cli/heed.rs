//! Hearing what is wanted of a running job: Ctrl-C, SIGTERM, and the requests of other processes.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{Mutex as AsyncMutex, mpsc};

use super::terminal;
use crate::{
    event::{EventKind, JobView, StopReason, Stream},
    model::a_few,
    run::{StopHandle, StopStage},
    store::{Call, Durable, Request, StoreError},
};

/// Names of targets that are written out before the rest is counted.
const NAMED_MAX: usize = 5;

/// What it takes to hear and to act on it.
pub(super) struct Heeding {
    pub(super) handle: StopHandle,
    pub(super) stream: Stream,
    /// Whoever comes after this goes on with them.
    pub(super) calls: Arc<AsyncMutex<mpsc::Receiver<Call>>>,
    pub(super) view: Arc<Mutex<JobView>>,
    /// How far the record is, and how far the readers are, who stand behind it.
    pub(super) kept: Durable,
    pub(super) told: Durable,
}

/// How long the readers are waited for, so that what is said on stderr comes after what it is about.
/// A terminal that is held back must not hold back the next Ctrl-C.
const READERS_WAIT: Duration = Duration::from_millis(500);

/// Each Ctrl-C, SIGTERM or `job stop` asks for the next stage of stopping.
pub(super) async fn heed(heeding: Heeding) {
    use tokio::signal::unix::{SignalKind, signal};

    let Heeding {
        handle,
        stream,
        calls,
        view,
        kept,
        told: readers,
    } = heeding;
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        // Without handlers the signals end the process, as they do by default.
        return;
    };
    let mut calls = calls.lock().await;
    let mut is_recorded = true;
    loop {
        let running = || running(&view.lock().unwrap_or_else(PoisonError::into_inner));
        let reason = tokio::select! {
            _ = interrupt.recv() => StopReason::Interrupted,
            _ = terminate.recv() => StopReason::Terminated,
            error = kept.failed(), if is_recorded => {
                is_recorded = false;
                // What has lost its job to another process hears of that by a call.
                if !matches!(error, StoreError::LeaseLost { .. }) {
                    let waits = match running().as_slice() {
                        [] => String::new(),
                        running => format!("; waiting for {}", a_few(running, NAMED_MAX)),
                    };
                    terminal::tell(&format!(
                        "{error}: nothing more is begun, since it could not be recorded{waits}"
                    ));
                    handle.raise(StopStage::Drain);
                }
                continue;
            }
            Some(call) = calls.recv() => match call {
                Call::Asked(Request::Stop { by }) => StopReason::Asked { by },
                Call::Asked(Request::AnswerApproval { effect, who, approved, comment }) => {
                    // Whoever asked is on its way to be suspended; the answer waits for the resume.
                    stream.emit(EventKind::ApprovalGiven { effect, who, approved, comment });
                    continue;
                }
                Call::LeaseLost(error) => {
                    terminal::tell(&format!("{error}: stopping, since nothing more can be recorded"));
                    handle.raise(StopStage::End);
                    continue;
                }
            },
        };
        let stage = handle.escalate();
        if stage == StopStage::Drain {
            let seq = stream.emit(EventKind::JobStopping { reason });
            let _ = tokio::time::timeout(READERS_WAIT, readers.upto(seq)).await;
        }
        if let Some(told) = told(stage, &running()) {
            terminal::tell(&told);
        }
    }
}

/// The targets that are worked on, each once.
fn running(view: &JobView) -> Vec<String> {
    let mut names: Vec<String> = view
        .effects
        .values()
        .filter(|effect| effect.reply.is_none())
        .flat_map(|effect| effect.running.keys().map(ToString::to_string))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// What is said of a stage: what it waits for, and what the next one does.
fn told(stage: StopStage, running: &[String]) -> Option<String> {
    let who = a_few(running, NAMED_MAX);
    match stage {
        StopStage::Drain if running.is_empty() => {
            Some("nothing runs on targets; once more does not wait for the plan".to_owned())
        }
        StopStage::Drain => Some(format!(
            "waiting for {who} to come to an end; once more ends what runs there"
        )),
        StopStage::End if running.is_empty() => {
            Some("giving up what has not begun; once more leaves it as it is".to_owned())
        }
        StopStage::End => Some(format!(
            "ending what runs on {who}; once more leaves it as it is"
        )),
        StopStage::Abandon if running.is_empty() => None,
        StopStage::Abandon => Some(format!("left, with work under way on {who}")),
        StopStage::Run => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_says_what_it_waits_for_and_what_the_next_one_does() {
        let names: Vec<String> = (1..=7).map(|number| format!("web{number}")).collect();
        assert_eq!(
            told(StopStage::Drain, &names[..2]).unwrap(),
            "waiting for web1, web2 to come to an end; once more ends what runs there"
        );
        assert_eq!(
            told(StopStage::End, &names).unwrap(),
            "ending what runs on web1, web2, web3, web4, web5 and 2 more; once more leaves it as it is"
        );
        assert_eq!(told(StopStage::Abandon, &[]), None);
    }
}
