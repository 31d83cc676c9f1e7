//! Jobs that were run before: where they are kept, and which one is meant.

use std::{path::PathBuf, sync::Arc};

use clap::Args;

use super::{
    arguments::{Format, ProjectArguments},
    setup,
};
use crate::{
    clock::Clock,
    error::{Error, Exit},
    model::JobId,
    store::{Access, JobState, JobSummary, Location, Store, StoreError},
    transport::ControllerUser,
};

/// Where jobs are kept and how to print. Unlike the commands that run something, these need no inventory.
#[derive(Debug, Args)]
pub(super) struct KeptArguments {
    /// The project's directory; without it the nearest one above the current directory
    #[arg(long, value_name = "DIR", env = "SEGUE_PROJECT")]
    pub(super) project: Option<PathBuf>,
    /// Where jobs are kept: a path, or `sqlite:PATH`; without it `.segue/` of the project
    #[arg(long, value_name = "URL", env = "SEGUE_STORE")]
    pub(super) store: Option<String>,
    /// What is printed on stdout
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// An open store.
pub(super) struct Kept {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
}

impl Kept {
    /// Opens the store that is meant. Where there is none, there are no jobs, and none is made.
    pub(super) fn open(arguments: &KeptArguments) -> Result<Self, Error> {
        let project = setup::project(&ProjectArguments {
            project: arguments.project.clone(),
            inventory: None,
            format: arguments.format,
        })?;
        let location = Location::find(arguments.store.as_deref(), Some(project.root()))
            .map_err(store_error)?;
        Self::of(&location)
    }

    /// The store at a place.
    pub(super) fn of(location: &Location) -> Result<Self, Error> {
        Ok(Self {
            store: location.open(Access::Read).map_err(store_error)?,
            clock: Clock::System,
        })
    }

    /// The job that is meant by an id, the beginning of one, or `last`.
    pub(super) fn job(&self, typed: &str) -> Result<JobSummary, Error> {
        let job = self.store.find_job(typed).map_err(store_error)?;
        self.summary(&job)
    }

    pub(super) fn summary(&self, job: &JobId) -> Result<JobSummary, Error> {
        self.store.job(job, self.clock.now()).map_err(store_error)
    }
}

/// Whether a process runs the job.
pub(super) const fn is_running(state: JobState) -> bool {
    matches!(state, JobState::Running | JobState::Stopping)
}

/// An error of the store with the code for scripts: a job that does not exist or is run by somebody is no fault
/// of the store.
pub(super) fn store_error(error: StoreError) -> Error {
    let exit = match error {
        StoreError::UnknownJob { .. }
        | StoreError::AmbiguousJob { .. }
        | StoreError::JobRunning { .. } => Exit::Usage,
        _ => Exit::Store,
    };
    Error::new(exit, error)
}

/// Who is at this terminal.
pub(super) fn user() -> String {
    ControllerUser::of_process()
        .name
        .unwrap_or_else(|| "operator".to_owned())
}
