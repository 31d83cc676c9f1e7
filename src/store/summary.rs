//! What lists say of a job without reading its events.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::Serialize;
use thiserror::Error;

use super::Holder;
use crate::{
    event::{Event, EventKind, JobKind, JobStatus},
    model::{JobId, nearest},
};

/// A job in a list. Kept up to date with every event that changes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobSummary {
    pub job: JobId,
    /// Nothing if its process ended before it told.
    pub what: Option<JobKind>,
    /// The name of the plan or task, the command, or the path.
    pub object: String,
    pub user: String,
    pub host: String,
    /// How many targets were named on the command line; of a plan that names its own, how many it has asked for when
    /// it ends.
    pub targets: u64,
    pub state: JobState,
    pub started_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub seq_last: u64,
    /// The process that runs it, if one does.
    pub holder: Option<Holder>,
}

/// How a job stands: what its events say, and whether its process is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Running,
    Stopping,
    Finished,
    SomeFailed,
    Failed,
    OverBudget,
    Stopped,
    Suspended,
    /// Its process ended without a word: it was killed, or its machine went down.
    Died,
}

/// Why a text is no state of a job.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is not a state of a job{}", nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?")))]
pub struct ParseJobStateError {
    pub text: String,
    pub nearest: Option<&'static str>,
}

impl JobState {
    pub const ALL: [Self; 9] = [
        Self::Running,
        Self::Stopping,
        Self::Finished,
        Self::SomeFailed,
        Self::Failed,
        Self::OverBudget,
        Self::Stopped,
        Self::Suspended,
        Self::Died,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Finished => "finished",
            Self::SomeFailed => "some_failed",
            Self::Failed => "failed",
            Self::OverBudget => "over_budget",
            Self::Stopped => "stopped",
            Self::Suspended => "suspended",
            Self::Died => "died",
        }
    }

    /// Whether `job resume` has something to go on with.
    #[must_use]
    pub const fn can_resume(self) -> bool {
        !matches!(self, Self::Running | Self::Stopping | Self::Finished)
    }

    pub(super) const fn new(status: JobStatus, held: bool) -> Self {
        match status {
            JobStatus::Running | JobStatus::Stopping if !held => Self::Died,
            JobStatus::Running => Self::Running,
            JobStatus::Stopping => Self::Stopping,
            JobStatus::Finished => Self::Finished,
            JobStatus::SomeFailed => Self::SomeFailed,
            JobStatus::Failed => Self::Failed,
            JobStatus::OverBudget => Self::OverBudget,
            JobStatus::Stopped => Self::Stopped,
            JobStatus::Suspended => Self::Suspended,
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for JobState {
    type Err = ParseJobStateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.to_lowercase().replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == wanted)
            .ok_or_else(|| ParseJobStateError {
                text: text.to_owned(),
                nearest: nearest(&wanted, Self::ALL.map(Self::as_str)),
            })
    }
}

/// Which jobs are listed, the latest first. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// A part of the name of the plan or task.
    pub object: Option<String>,
    /// Any of these; none for all.
    pub states: Vec<JobState>,
    pub user: Option<String>,
    /// Started at that time or later.
    pub since: Option<Timestamp>,
    /// Started before that time.
    pub until: Option<Timestamp>,
    pub limit: Option<usize>,
}

impl JobFilter {
    pub(super) fn matches(&self, summary: &JobSummary) -> bool {
        let object = |part: &String| summary.object.contains(part.as_str());
        self.object.as_ref().is_none_or(object)
            && (self.states.is_empty() || self.states.contains(&summary.state))
            && self.user.as_ref().is_none_or(|user| *user == summary.user)
            && self.since.is_none_or(|since| summary.started_at >= since)
            && self.until.is_none_or(|until| summary.started_at < until)
    }
}

/// What an event changes in the summary of its job.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SummaryChange {
    Started {
        what: JobKind,
        object: String,
        user: String,
        host: String,
        targets: u64,
    },
    Status {
        status: JobStatus,
        finished_at: Option<Timestamp>,
    },
}

impl SummaryChange {
    pub(super) fn of(event: &Event) -> Option<Self> {
        let status = |status, finished_at| {
            Some(Self::Status {
                status,
                finished_at,
            })
        };
        match &event.kind {
            EventKind::JobStarted {
                what,
                object,
                targets,
                origin,
                ..
            } => Some(Self::Started {
                what: *what,
                object: object.clone(),
                user: origin.user.clone(),
                host: origin.host.clone(),
                targets: targets.len() as u64,
            }),
            EventKind::JobResumed { .. } => status(JobStatus::Running, None),
            EventKind::JobStopping { .. } => status(JobStatus::Stopping, None),
            EventKind::JobFinished { status: end, .. } => status(*end, Some(event.at)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_as_they_are_written() {
        for state in JobState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert_eq!("over-budget".parse(), Ok(JobState::OverBudget));
        let error = "finnished".parse::<JobState>().unwrap_err();
        assert_eq!(error.nearest, Some("finished"));
    }
}
