//! `segue job events`: what happened in a job, also while it happens in another process.

use clap::Args;
use serde_json::json;

use super::{
    arguments::Format,
    follow::{self, Reading},
    kept::{Kept, KeptArguments},
    output::{self, print_json},
};
use crate::{
    error::{Error, Exit},
    event::{Event, JobView},
    report::Detail,
};

/// Show what happened in a job, event by event
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The job: its id, the beginning of it, or `last`
    #[arg(default_value = "last")]
    job: String,
    /// Go on until the job ends
    #[arg(short, long)]
    follow: bool,
    /// Show everything that targets answer
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    kept: KeptArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let kept = Kept::open(&arguments.kept)?;
    let job = kept.job(&arguments.job)?.job;
    let format = arguments.kept.format;
    let detail = if arguments.verbose {
        Detail::Full
    } else {
        Detail::Brief
    };
    let mut all: Vec<Event> = Vec::new();
    let mut reporter = output::reporter(format, detail, &JobView::default());
    follow::read(
        &kept,
        &job,
        &Reading::Events,
        arguments.follow,
        |event| match &mut reporter {
            Some(reporter) => reporter.event(event),
            None => all.push(event.clone()),
        },
    )?;
    if format == Format::Json {
        print_json(&json!({ "job_id": job, "events": all }));
    }
    Ok(Exit::Success)
}
