//! One action as a job of its own: what `task run`, `command run` and their kind have in common.

use std::sync::Arc;

use clap::Args;

use super::{
    arguments::{ConnectionArguments, ProjectArguments, RunArguments, TargetArguments},
    launch::{self, JobEnd, JobOptions, JobSpec},
    setup::Setup,
};
use crate::{
    error::{Error, Exit},
    event::{JobKind, JobStatus},
    model::{BranchPath, ContentHash, EffectId, Failure, Map, ResultSet, Target, Value, kinds},
    plan::{Action, Effect, Outcome, Performer, Request, Run, RunOptions, Urgency},
    report::Detail,
};

/// An action that was asked for on the command line.
pub(super) struct Asked {
    pub(super) what: JobKind,
    pub(super) action: Action,
    pub(super) params: Map,
    pub(super) targets: Vec<Arc<Target>>,
    pub(super) options: RunOptions,
}

/// On what an action is done, how that is reached, and how the work is done.
#[derive(Debug, Args)]
pub(super) struct ActionArguments {
    #[command(flatten)]
    targets: TargetArguments,
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    connection: ConnectionArguments,
    #[command(flatten)]
    run: RunArguments,
}

impl ActionArguments {
    /// The project with the command line's connection settings, and the targets that are meant.
    pub(super) fn prepare(&self) -> Result<(Setup, Vec<Arc<Target>>), Error> {
        let setup = Setup::new(&self.project)?.with_connection(&self.connection)?;
        let targets = setup.targets(&self.targets)?;
        Ok((setup, targets))
    }

    /// The options of an action, as far as every command has them.
    pub(super) fn options(&self) -> RunOptions {
        RunOptions {
            run_as: self.connection.run_as.clone(),
            ..RunOptions::default()
        }
    }

    /// Runs the action and tells what came of it.
    pub(super) fn run(&self, setup: &Setup, asked: Asked) -> Result<Exit, Error> {
        run(setup, &self.project, &self.run, asked)
    }
}

/// Runs the action and tells what came of it.
pub(super) fn run(
    setup: &Setup,
    project: &ProjectArguments,
    run: &RunArguments,
    asked: Asked,
) -> Result<Exit, Error> {
    let options = JobOptions::new(setup, project.format, Detail::Full, run)?;
    let spec = JobSpec {
        what: asked.what,
        object: asked.action.object().to_owned(),
        params: asked.params,
        targets: asked
            .targets
            .iter()
            .map(|target| target.name.clone())
            .collect(),
        plan_hash: String::new(),
    };
    let effect = Effect::Run(Run {
        action: asked.action,
        targets: asked.targets,
        options: asked.options,
    });
    let canonical = serde_json::to_vec(&effect).expect("effects are JSON");
    let request = Request {
        id: EffectId {
            branch: BranchPath::root(),
            content: ContentHash::of(&canonical),
            occurrence: 0,
        },
        place: None,
        effect,
        urgency: Urgency::Usual,
    };
    launch::launch(setup, &options, spec, |context| async move {
        end(context.performer.perform(request).await)
    })
}

fn end(outcome: Outcome) -> JobEnd {
    let (status, failure) = match outcome {
        Outcome::Results { results } => (status(&results), None),
        Outcome::Failed { failure } => (JobStatus::Failed, Some(failure)),
        Outcome::Stopped => (JobStatus::Stopped, None),
        Outcome::Suspended => (JobStatus::Suspended, None),
        Outcome::Value { .. } | Outcome::Done => (JobStatus::Finished, None),
    };
    JobEnd {
        status,
        failure,
        value: Value::Null,
        failed_effects: Vec::new(),
        diagnostic: None,
    }
}

fn status(results: &ResultSet) -> JobStatus {
    let was_stopped = |failure: &Failure| failure.kind == kinds::STOPPED;
    if results.is_ok() {
        JobStatus::Finished
    } else if results
        .iter()
        .any(|result| result.failure.as_ref().is_some_and(was_stopped))
    {
        JobStatus::Stopped
    } else {
        JobStatus::SomeFailed
    }
}
