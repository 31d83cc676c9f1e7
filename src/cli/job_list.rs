//! `segue job list`: the jobs that are kept, the latest first.

use clap::Args;
use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::json;

use super::{
    arguments::Format,
    kept::{self, Kept, KeptArguments},
    output::{print_json, print_json_line, print_text},
};
use crate::{
    error::{Error, Exit},
    event::JobKind,
    model::parse_duration,
    report::local_time,
    store::{JobFilter, JobState, JobSummary},
};

/// Names longer than this are cut: what a job ran is in `job show`.
const NAME_MAX: usize = 40;

/// List the jobs that are kept, the latest first
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only jobs with this in the name of the plan or task, or in the command
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Only jobs in this state, such as `running`, `failed` or `suspended`; repeatable
    #[arg(long, value_name = "STATE")]
    state: Vec<String>,
    /// Only jobs of this user
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only jobs started then or later: a time, a date, or how long ago, such as `2h`
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only jobs started before: a time, a date, or how long ago
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    kept: KeptArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let kept = Kept::open(&arguments.kept)?;
    let now = kept.clock.now();
    let filter = JobFilter {
        object: arguments.name.clone(),
        states: states(&arguments.state)?,
        user: arguments.user.clone(),
        since: time(arguments.since.as_deref(), now)?,
        until: time(arguments.until.as_deref(), now)?,
        limit: Some(arguments.limit),
    };
    let jobs = kept.store.jobs(&filter, now).map_err(kept::store_error)?;
    match arguments.kept.format {
        Format::Human => print_text(&table(&jobs)),
        Format::Json => print_json(&json!({ "items": jobs })),
        Format::Jsonl => jobs.iter().for_each(|job| print_json_line(&json!(job))),
    }
    Ok(Exit::Success)
}

fn states(typed: &[String]) -> Result<Vec<JobState>, Error> {
    typed
        .iter()
        .flat_map(|list| list.split(','))
        .map(|state| {
            state.trim().parse::<JobState>().map_err(|error| {
                let names = JobState::ALL.map(JobState::as_str).join(", ");
                Error::usage(error.to_string(), format!("states are {names}"))
            })
        })
        .collect()
}

/// A moment that a person names.
fn time(typed: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    typed.map(|typed| moment(typed, now)).transpose()
}

fn moment(typed: &str, now: Timestamp) -> Result<Timestamp, Error> {
    let text = typed.trim();
    if let Ok(ago) = parse_duration(text) {
        return Ok(now.checked_sub(ago).unwrap_or(Timestamp::MIN));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let local = |at: civil::DateTime| at.to_zoned(TimeZone::system()).ok();
    let at = text
        .parse::<civil::DateTime>()
        .or_else(|_| text.parse::<civil::Date>().map(civil::DateTime::from));
    at.ok()
        .and_then(local)
        .map(|at| at.timestamp())
        .ok_or_else(|| {
            Error::usage(
                format!("`{typed}` is no time"),
                "write a date (`2026-03-29`), a time (`2026-03-29T20:15`), or how long ago (`2h`, `30m`)",
            )
        })
}

fn table(jobs: &[JobSummary]) -> String {
    if jobs.is_empty() {
        return "no jobs\n".to_owned();
    }
    let head = ["ID", "STATUS", "TYPE", "NAME", "USER", "STARTED", "TARGETS"].map(str::to_owned);
    let mut rows = vec![head];
    rows.extend(jobs.iter().map(row));
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..7).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn row(job: &JobSummary) -> [String; 7] {
    let name = job.object.lines().next().unwrap_or_default();
    let mut shown: String = name.chars().take(NAME_MAX).collect();
    if shown.len() < job.object.len() {
        shown.push('…');
    }
    [
        job.job.to_string(),
        job.state.to_string(),
        job.what.map_or("", JobKind::as_str).to_owned(),
        shown,
        job.user.clone(),
        local_time(job.started_at),
        if job.targets == 0 {
            String::new()
        } else {
            job.targets.to_string()
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates_times_or_how_long_ago() {
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        assert_eq!(
            moment("2h", now).unwrap(),
            Timestamp::from_second(1_795_000_000 - 7200).unwrap()
        );
        assert_eq!(
            moment("2026-03-29T20:15:00Z", now).unwrap().to_string(),
            "2026-03-29T20:15:00Z"
        );
        assert!(moment("2026-03-29", now).is_ok());
        assert!(moment("yesterdayish", now).is_err());
    }

    #[test]
    fn states_are_told_when_one_is_misspelt() {
        assert_eq!(states(&["failed,died".to_owned()]).unwrap().len(), 2);
        let error = states(&["faild".to_owned()]).unwrap_err();
        assert!(format!("{:?}", error.report).contains("failed"));
    }
}
