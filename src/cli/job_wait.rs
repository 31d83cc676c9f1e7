//! `segue job wait`: ends when the job does, and with its exit code.

use clap::Args;

use super::{
    follow,
    kept::{Kept, KeptArguments},
    launch::exit_of,
    output,
};
use crate::{
    error::{Error, Exit},
    event::JobView,
    store::{JobState, NO_LIMIT},
};

/// Wait until a job ends; the exit code is the job's
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
    let job = kept.job(&arguments.job)?.job;
    follow::wait(&kept, &job)?;
    let summary = kept.summary(&job)?;
    if summary.state == JobState::Died {
        return Err(Error::new(
            Exit::Unexpected,
            Died {
                job: job.to_string(),
            },
        ));
    }
    let events = kept
        .store
        .events(&job, 0, NO_LIMIT)
        .map_err(super::kept::store_error)?;
    let view = JobView::fold(&events);
    output::finish(arguments.kept.format, &view);
    Ok(exit_of(view.status))
}

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the process of job `{job}` ended without a word")]
#[diagnostic(
    code(segue::cli::job_died),
    help("`segue job show {job}` shows how far it came, `segue job resume {job}` goes on with it")
)]
struct Died {
    job: String,
}
