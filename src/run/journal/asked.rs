//! What events tell of an effect.

use crate::{
    event::Asked,
    model::{Map, Value, format_duration},
    plan::{Action, Effect, Params, Request, Run, Urgency},
    task::Task,
};

/// The part of a request that others need to know. `idempotent` reads a task's metadata.
pub(in crate::run) fn asked(request: &Request, idempotent: fn(&Task) -> bool) -> Asked {
    let mut asked = Asked {
        function: request.effect.function().to_owned(),
        action: None,
        object: object(&request.effect),
        description: None,
        params: Map::new(),
        targets: Vec::new(),
        place: request.place.clone(),
        idempotent: false,
        cleanup: request.urgency == Urgency::Cleanup,
    };
    if let Effect::Run(run) = &request.effect {
        asked.action = Some(run.action.kind());
        asked.description.clone_from(&run.options.description);
        asked.params = params(&run.action);
        if run.options.noop {
            asked.params.insert("_noop".to_owned(), true.into());
        }
        if let Some(user) = &run.options.run_as {
            let user = user.as_str().into();
            asked.params.insert("_run_as".to_owned(), user);
        }
        asked.targets = run
            .targets
            .iter()
            .map(|target| target.name.clone())
            .collect();
        asked.idempotent = is_idempotent(run, idempotent);
    }
    asked
}

/// Whether the run may be done a second time without harm. What only copies, waits or looks may.
pub(super) fn is_idempotent(run: &Run, idempotent: fn(&Task) -> bool) -> bool {
    match &run.action {
        Action::Task { task, .. } => run.options.noop || idempotent(task),
        Action::Command { .. } | Action::Script { .. } => false,
        Action::Upload { .. }
        | Action::Download { .. }
        | Action::WriteFile { .. }
        | Action::WaitUntilAvailable { .. }
        | Action::Collect { .. }
        | Action::CollectFacts { .. } => true,
    }
}

fn object(effect: &Effect) -> String {
    match effect {
        Effect::Run(run) => run.action.object().to_owned(),
        Effect::Sleep { duration } => format_duration(*duration),
        Effect::Now => String::new(),
        Effect::Random { low, high } => format!("{low}..{high}"),
        Effect::Environment { name }
        | Effect::StartStep { name, .. }
        | Effect::FinishStep { name, .. } => name.clone(),
        Effect::ReadFile { path } | Effect::FileExists { path } | Effect::ListFiles { path } => {
            path.clone()
        }
        Effect::Prompt { message, .. }
        | Effect::Menu { message, .. }
        | Effect::Approve { message, .. } => message.clone(),
        Effect::Print { text, .. } => text.clone(),
    }
}

/// Those that are the same for all targets: ten thousand maps would be a heavy event, and are told by the plan.
fn params(action: &Action) -> Map {
    let one = |key: &str, value: Value| Map::from_iter([(key.to_owned(), value)]);
    match action {
        Action::Task {
            params: Params::Same(params),
            ..
        } => redacted(params),
        Action::Script { arguments, .. } if !arguments.is_empty() => {
            let arguments = arguments.iter().map(|text| text.as_str().into());
            one("arguments", Value::Array(arguments.collect()))
        }
        Action::Upload { source, .. } => one("source", source.as_str().into()),
        Action::Download { destination, .. } => one("destination", destination.as_str().into()),
        _ => Map::new(),
    }
}

/// Events tell nobody's secrets, and a resume computes parameters anew.
fn redacted(params: &Map) -> Map {
    let shown = |value: &Value| {
        if value.has_secrets() {
            Value::from(value.to_json())
        } else {
            value.clone()
        }
    };
    params
        .iter()
        .map(|(key, value)| (key.clone(), shown(value)))
        .collect()
}
