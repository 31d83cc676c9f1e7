//! How a plan goes on: it runs again from its first line, and the record answers.

use super::{arguments::ParamArguments, params, plan_check, plan_run, plan_show, resume::Resuming};
use crate::{
    error::{Error, Exit},
    event::{Event, EventKind},
    model::{Map, Value},
    plan::Header,
};

pub(super) fn go_on(resuming: &Resuming<'_>) -> Result<Exit, Error> {
    let (arguments, setup) = (resuming.arguments, &resuming.setup);
    let program = plan_run::load(setup, &resuming.summary.object)?;
    if !arguments.no_check {
        plan_check::before_run(setup, program.file())?;
    }
    let params = given(&arguments.params, &resuming.events, program.header())?;
    plan_run::check(&program, &params)?;
    resuming.run(&plan_run::hash(program.source().text()), |context| {
        plan_run::interpret(setup, program.clone(), params.clone(), context)
    })
}

/// The parameters that the job began with, and those that are given now: a mended plan may want more.
fn given(arguments: &ParamArguments, events: &[Event], header: &Header) -> Result<Map, Error> {
    let begun = events.iter().find_map(|event| match &event.kind {
        EventKind::JobStarted { params, .. } => Some(params),
        _ => None,
    });
    let mut given: Map = begun
        .into_iter()
        .flatten()
        // A parameter that the plan no longer has is of no use to it.
        .filter(|(name, _)| header.param(name).is_some())
        .map(|(name, value)| (name.clone(), uncovered(name, value, header)))
        .collect();
    given.extend(params::read(
        arguments,
        Some(&plan_show::parameters(header)),
    )?);
    Ok(given)
}

/// The value as it was given: whoever binds a sensitive parameter covers it anew.
fn uncovered(name: &str, value: &Value, header: &Header) -> Value {
    if header.param(name).is_some_and(|param| param.sensitive) {
        value.revealed().clone()
    } else {
        value.clone()
    }
}
