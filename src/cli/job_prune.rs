//! `segue job prune`: removes old jobs, and tells how much is kept.

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::{
    arguments::Format,
    kept::{self, Kept, KeptArguments},
    output::{print_json, print_json_line, print_text},
    setup,
};
use crate::error::{Error, Exit};

/// Remove jobs that are older than a time; one that runs is kept
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How old, such as `30d` or `12h`
    #[arg(long, value_name = "DURATION")]
    older_than: String,
    #[command(flatten)]
    kept: KeptArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let age = setup::duration(&arguments.older_than)?;
    let kept = Kept::open(&arguments.kept)?;
    let now = kept.clock.now();
    let before = now.checked_sub(age).unwrap_or(Timestamp::MIN);
    let gone = kept.store.prune(before, now).map_err(kept::store_error)?;
    let size = kept.store.size().map_err(kept::store_error)?;
    let document = json!({
        "removed": gone,
        "jobs": size.jobs,
        "events": size.events,
        "bytes": size.bytes,
    });
    match arguments.kept.format {
        Format::Human => {
            let jobs = if gone.len() == 1 { "job" } else { "jobs" };
            print_text(&format!(
                "removed {} {jobs}; {} are kept, with {} events in {} KiB\n",
                gone.len(),
                size.jobs,
                size.events,
                size.bytes.div_ceil(1024)
            ));
        }
        Format::Json => print_json(&document),
        Format::Jsonl => print_json_line(&document),
    }
    Ok(Exit::Success)
}
