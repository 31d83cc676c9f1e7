//! One action as a job of its own: what `task run`, `command run` and their kind have in common.

use std::sync::Arc;

use clap::Args;

use super::{
    arguments::{ConnectionArguments, ProjectArguments, RunArguments, TargetArguments},
    launch::{self, JobContext, JobEnd, JobOptions, JobSpec},
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

impl Asked {
    /// What is asked of a performer.
    pub(super) fn into_effect(self) -> Effect {
        Effect::Run(Run {
            action: self.action,
            targets: self.targets,
            options: self.options,
        })
    }
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
        params: asked.params.clone(),
        targets: asked
            .targets
            .iter()
            .map(|target| target.name.clone())
            .collect(),
        plan_hash: String::new(),
    };
    let effect = asked.into_effect();
    let canonical = serde_json::to_vec(&effect).expect("effects are JSON");
    let id = EffectId {
        branch: BranchPath::root(),
        content: ContentHash::of(&canonical),
        occurrence: 0,
    };
    launch::launch(setup, &options, spec, |context| {
        perform(id, effect, context)
    })
}

/// Performs the one effect of such a job, and tells how the job ended by it.
pub(super) async fn perform(id: EffectId, effect: Effect, context: JobContext) -> JobEnd {
    let request = Request {
        id: id.clone(),
        place: None,
        effect,
        urgency: Urgency::Usual,
    };
    let end = end(context.performer.perform(request).await);
    let has_failed = matches!(end.status, JobStatus::SomeFailed | JobStatus::Failed);
    JobEnd {
        failed_effects: has_failed.then_some(id).into_iter().collect(),
        ..end
    }
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
