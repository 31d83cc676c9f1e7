//! `segue job show`: one job, with all that came of it.

use clap::Args;

use super::{
    arguments::Format,
    kept::{self, Kept, KeptArguments},
    output::{print_json, print_json_line, print_text},
};
use crate::{
    error::{Error, Exit},
    event::JobView,
    report::{JobPage, job_record},
    store::{JobState, NO_LIMIT},
};

/// Show a job: who started what, and what came of it on each target, failures first
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The job: its id, the beginning of it, or `last`
    #[arg(default_value = "last")]
    job: String,
    #[command(flatten)]
    kept: KeptArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let kept = Kept::open(&arguments.kept)?;
    let summary = kept.job(&arguments.job)?;
    let events = kept
        .store
        .events(&summary.job, 0, NO_LIMIT)
        .map_err(kept::store_error)?;
    let view = JobView::fold(&events);
    match arguments.kept.format {
        Format::Human => {
            let page = JobPage {
                view: &view,
                state: summary.state.as_str(),
                holder: summary.holder.as_ref().map(ToString::to_string),
            };
            print_text(&page.to_string());
            print_text(&next_steps(&summary.job.to_string(), summary.state, &view));
        }
        Format::Json => print_json(&job_record(&view, summary.state.as_str())),
        Format::Jsonl => print_json_line(&job_record(&view, summary.state.as_str())),
    }
    Ok(Exit::Success)
}

/// What may be typed next.
fn next_steps(job: &str, state: JobState, view: &JobView) -> String {
    let is_plan = view.what == Some(crate::event::JobKind::Plan);
    match state {
        JobState::Finished => String::new(),
        JobState::Running | JobState::Stopping => {
            format!("\nsegue job events -f {job}\nsegue job stop {job}\n")
        }
        JobState::Suspended => {
            format!("\nsegue job approve {job}\nsegue plan resume {job}\n")
        }
        _ if is_plan => format!("\nsegue plan resume {job}\n"),
        JobState::SomeFailed => {
            format!("\nsegue job resume {job}\nsegue job rerun {job} --failed\n")
        }
        _ => format!("\nsegue job resume {job}\n"),
    }
}
