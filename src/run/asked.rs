//! What events say of an effect: enough to show it and to look it up, and no secret.

use crate::{
    event::Asked,
    model::{Map, Value},
    plan::{Action, Effect, Params, Request, Run},
};

/// The part of a request that is told and stored.
pub(super) fn asked(request: &Request) -> Asked {
    let mut asked = Asked {
        function: request.effect.function().to_owned(),
        action: None,
        object: String::new(),
        description: None,
        params: Map::new(),
        targets: Vec::new(),
        place: request.place.clone(),
        idempotent: false,
    };
    match &request.effect {
        Effect::Run(run) => describe_run(run, &mut asked),
        Effect::Sleep { duration } => asked.object = crate::model::format_duration(*duration),
        Effect::Now => {}
        Effect::Random { low, high } => asked.object = format!("{low} to {high}"),
        Effect::Environment { name } => asked.object.clone_from(name),
        Effect::ReadFile { path } | Effect::FileExists { path } => asked.object.clone_from(path),
        Effect::Prompt { message, .. }
        | Effect::Menu { message, .. }
        | Effect::Approve { message, .. } => asked.object.clone_from(message),
        Effect::Print { text, .. } => asked.object.clone_from(text),
        Effect::StartStep { name } | Effect::FinishStep { name, .. } => {
            asked.object.clone_from(name);
        }
    }
    asked
}

fn describe_run(run: &Run, asked: &mut Asked) {
    asked.action = Some(run.action.kind());
    run.action.object().clone_into(&mut asked.object);
    asked.description.clone_from(&run.options.description);
    asked.targets = run.targets.iter().map(|target| target.name.clone()).collect();
    if let Action::Task { task, params } = &run.action {
        asked.idempotent = task.metadata().idempotent;
        if let Params::Same(params) = params {
            // Serialising redacts, so what is stored here can't hold a secret.
            asked.params = params
                .iter()
                .map(|(name, value)| (name.clone(), Value::from(value.to_json())))
                .collect();
        }
    }
    if run.options.noop {
        asked.params.insert("_noop".to_owned(), true.into());
    }
    if let Some(user) = &run.options.run_as {
        asked.params.insert("_run_as".to_owned(), user.as_str().into());
    }
}
