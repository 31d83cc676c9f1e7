//! The options of an action: how it is done, apart from what is done. They belong to one call.

use std::{collections::BTreeMap, time::Duration};

use rhai::{Array, Dynamic, ImmutableString, Map as ScriptMap};

use super::{
    batches,
    call::{Call, CallError, read_duration},
    convert,
    effect::{FailureBudget, OnFailure, Retry, RunOptions},
};
use crate::{
    model::{Value, nearest},
    schedule::{self, BatchSpec},
};

/// The names of all options, with what each wants, as messages and the documentation have it.
pub(super) const OPTIONS: &[(&str, &str)] = &[
    ("arguments", "an Array of Strings and numbers"),
    (
        "batch",
        "a number of targets, a share such as \"25%\", or an Array of these",
    ),
    ("catch_errors", "a Boolean"),
    ("description", "a String"),
    ("detach", "a Boolean"),
    ("env", "a Map of data"),
    ("interval", "a duration such as \"2s\""),
    ("limit", "a number of targets, at least 1"),
    (
        "max_failures",
        "how many targets may fail, or a share such as \"10%\"",
    ),
    ("noop", "a Boolean"),
    (
        "on_failure",
        "\"stop\", \"survivors\", or how many targets may fail: a number or a share such as \"10%\"",
    ),
    (
        "retry",
        "a number of attempts, or a Map with `attempts`, `delay` and `backoff`",
    ),
    ("run_as", "a String"),
    ("timeout", "a duration such as \"90s\""),
];

/// The options of one call.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) run: RunOptions,
    pub(super) arguments: Vec<String>,
    pub(super) batch: Option<BatchSpec>,
    pub(super) interval: Option<Duration>,
    /// How many targets may fail, if the plan says so.
    pub(super) budget: Option<schedule::FailureBudget>,
}

/// Reads the options of a call that understands `allowed` of them.
pub(super) fn read(call: &Call<'_>, index: usize, allowed: &[&str]) -> Result<Options, CallError> {
    let given = call.map(index)?;
    let mut options = Options {
        run: RunOptions::default(),
        arguments: Vec::new(),
        batch: None,
        interval: None,
        budget: None,
    };
    for (name, value) in &given {
        check_name(call, name, allowed)?;
        if !value.is_unit() {
            set(&mut options, name, value).ok_or_else(|| wrong(call, name, value))?;
        }
    }
    if given.contains_key("max_failures") && given.contains_key("on_failure") {
        return Err(call.misuse(format!(
            "`on_failure` and `max_failures` of `{}` say the same: give one of them",
            call.entry.name
        )));
    }
    Ok(options)
}

/// An error if a call does not understand an option of that name.
pub(super) fn check_name(call: &Call<'_>, name: &str, allowed: &[&str]) -> Result<(), CallError> {
    if allowed.contains(&name) {
        return Ok(());
    }
    let function = call.entry.name;
    let help = nearest(name, allowed.iter().copied()).map_or_else(
        || format!("it has {}", listed(allowed)),
        |near| format!("did you mean `{near}`?"),
    );
    Err(call.misuse(format!("`{function}` has no option `{name}`: {help}")))
}

/// Names in backticks with commas between them.
pub(super) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn wrong(call: &Call<'_>, name: &str, value: &Dynamic) -> CallError {
    let wanted = OPTIONS
        .iter()
        .find(|(known, _)| *known == name)
        .map_or("something else", |(_, wanted)| wanted);
    let is_plain = value.is_int() || value.is_float() || value.is_string() || value.is_bool();
    let shown = if is_plain {
        format!(": `{value}`")
    } else {
        String::new()
    };
    let actual = convert::type_name(value);
    let function = call.entry.name;
    call.misuse(format!(
        "the option `{name}` of `{function}` must be {wanted}, but is {actual}{shown}"
    ))
}

/// Sets one option. None if the value is not of its type.
fn set(options: &mut Options, name: &str, value: &Dynamic) -> Option<()> {
    let run = &mut options.run;
    match name {
        "catch_errors" => run.catch_errors = value.as_bool().ok()?,
        "detach" => run.detach = value.as_bool().ok()?,
        "noop" => run.noop = value.as_bool().ok()?,
        "run_as" => run.run_as = Some(text(value)?),
        "description" => run.description = Some(text(value)?),
        "timeout" => run.timeout = Some(read_duration(value)?),
        "interval" => options.interval = Some(read_duration(value)?),
        "retry" => run.retry = Some(retry(value)?),
        "limit" => run.limit = Some(count(value)?),
        "on_failure" => match text(value).as_deref() {
            Some("stop") => run.on_failure = OnFailure::Stop,
            Some("survivors") => run.on_failure = OnFailure::Survivors,
            _ => set_budget(options, value)?,
        },
        "max_failures" => set_budget(options, value)?,
        "env" => run.env = environment(value)?,
        "arguments" => options.arguments = arguments(value)?,
        "batch" => options.batch = Some(batches::read(value).ok()?),
        _ => return None,
    }
    Some(())
}

fn text(value: &Dynamic) -> Option<String> {
    value
        .read_lock::<ImmutableString>()
        .map(|text| text.to_string())
}

/// A number of things: at least one.
pub(super) fn count(value: &Dynamic) -> Option<usize> {
    let number = usize::try_from(value.as_int().ok()?).ok()?;
    (number > 0).then_some(number)
}

fn set_budget(options: &mut Options, value: &Dynamic) -> Option<()> {
    let budget: schedule::FailureBudget = match value.as_int() {
        Ok(number) => number.try_into().ok()?,
        Err(_) => text(value)?.parse().ok()?,
    };
    options.budget = Some(budget);
    options.run.on_failure = OnFailure::Budget(match budget {
        schedule::FailureBudget::Count(count) => FailureBudget::Count(count),
        schedule::FailureBudget::Percent(percent) => {
            let text = percent.to_string();
            FailureBudget::Percent(text.trim_end_matches('%').parse().ok()?)
        }
    });
    Some(())
}

fn environment(value: &Dynamic) -> Option<BTreeMap<String, Value>> {
    let map = value.read_lock::<ScriptMap>()?;
    map.iter()
        .map(|(key, value)| Some((key.to_string(), convert::to_value(value).ok()?)))
        .collect()
}

fn arguments(value: &Dynamic) -> Option<Vec<String>> {
    let items = value.read_lock::<Array>()?;
    items
        .iter()
        .map(|item| {
            let plain = item.is_string() || item.is_int() || item.is_float() || item.is_bool();
            plain.then(|| item.to_string())
        })
        .collect()
}

/// `3`, or `#{ attempts: 3, delay: "5s", backoff: 2.0 }`.
fn retry(value: &Dynamic) -> Option<Retry> {
    let mut retry = Retry {
        attempts: 3,
        delay: Duration::from_secs(1),
        backoff: 1.0,
    };
    if value.is_int() {
        retry.attempts = u32::try_from(count(value)?).ok()?;
        return Some(retry);
    }
    let map = value.read_lock::<ScriptMap>()?;
    for (key, value) in map.iter() {
        match key.as_str() {
            "attempts" => retry.attempts = u32::try_from(count(value)?).ok()?,
            "delay" => retry.delay = read_duration(value)?,
            "backoff" => retry.backoff = factor(value)?,
            _ => return None,
        }
    }
    Some(retry)
}

/// What a delay is multiplied by: 1 or more.
#[expect(
    clippy::cast_precision_loss,
    reason = "nobody multiplies a delay by 2^53"
)]
pub(super) fn factor(value: &Dynamic) -> Option<f64> {
    let factor = value
        .as_float()
        .or_else(|_| value.as_int().map(|number| number as f64))
        .ok()?;
    (factor.is_finite() && factor >= 1.0).then_some(factor)
}
