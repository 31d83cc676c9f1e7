//! `segue job stop`: asks the process that runs a job to stop it, each time harder.

use clap::Args;
use serde_json::json;

use super::{
    arguments::Format,
    kept::{self, Kept, KeptArguments},
    output::{print_json, print_json_line},
    terminal,
};
use crate::{
    error::{Error, Exit},
    event::JobKind,
    store::{JobState, JobSummary, Request},
};

/// Stop a job: nothing new starts, what runs may end. Again ends what runs, a third time leaves it
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The job: its id, the beginning of it, or `last`
    job: String,
    #[command(flatten)]
    kept: KeptArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let kept = Kept::open(&arguments.kept)?;
    let summary = kept.job(&arguments.job)?;
    if !kept::is_running(summary.state) {
        return Err(not_running(&summary));
    }
    let job = &summary.job;
    let before = kept.store.requests(job, 0).map_err(kept::store_error)?;
    let before = before
        .iter()
        .filter(|asked| matches!(asked.request, Request::Stop { .. }))
        .count();
    let request = Request::Stop { by: kept::user() };
    kept.store
        .request(job, &request, kept.clock.now())
        .map_err(kept::store_error)?;
    let document = json!({ "job_id": job, "asked": before + 1, "holder": summary.holder });
    match arguments.kept.format {
        Format::Human => terminal::tell(&told(job.as_str(), before)),
        Format::Json => print_json(&document),
        Format::Jsonl => print_json_line(&document),
    }
    Ok(Exit::Success)
}

fn told(job: &str, before: usize) -> String {
    match before {
        0 => format!(
            "asked job {job} to stop: nothing new starts, and what runs on targets may come to its end. \
             `segue job stop {job}` again ends what runs; `segue job wait {job}` waits"
        ),
        1 => format!(
            "asked job {job} to end what runs on targets. `segue job stop {job}` once more leaves it as it is"
        ),
        _ => format!("asked job {job} to leave everything as it is"),
    }
}

fn not_running(summary: &JobSummary) -> Error {
    let job = &summary.job;
    let is_plan = summary.what == Some(JobKind::Plan);
    let help = match summary.state {
        JobState::Suspended => format!(
            "nothing runs: it waits for an approval. `segue job reject {job}` says no to it"
        ),
        state if state.can_resume() && is_plan => {
            format!("nothing runs; `segue plan resume {job}` would go on with it")
        }
        state if state.can_resume() => {
            format!("nothing runs; `segue job resume {job}` would go on with it")
        }
        _ => format!("nothing runs; `segue job show {job}` shows what it did"),
    };
    Error::usage(
        format!(
            "job `{job}` can't be stopped: it is {}",
            words(summary.state)
        ),
        help,
    )
}

fn words(state: JobState) -> &'static str {
    match state {
        JobState::Finished | JobState::SomeFailed => "finished",
        JobState::Failed | JobState::OverBudget => "over, it failed",
        JobState::Stopped => "stopped already",
        JobState::Suspended => "suspended",
        JobState::Died => "dead, its process is gone",
        JobState::Running | JobState::Stopping => "running",
    }
}
