//! The options of an action: how it is done, apart from what is done. They belong to one call.

use std::{collections::BTreeMap, str::FromStr};

use rhai::{Dynamic, ImmutableString, Map as ScriptMap};

use super::{
    call::{Call, CallError, read_duration},
    convert,
    effect::{FailureBudget, OnFailure, Retry, RunOptions},
};
use crate::model::nearest;

/// The names of all options, with what each wants, as messages and the documentation have it.
pub(super) const OPTIONS: &[(&str, &str)] = &[
    ("arguments", "an Array of Strings"),
    (
        "batch",
        "a number of targets, a share such as \"25%\", or an Array of these",
    ),
    ("catch_errors", "a Boolean"),
    ("description", "a String"),
    ("env", "a Map"),
    ("limit", "a number of targets"),
    (
        "max_failures",
        "a number of targets, or a share such as \"10%\"",
    ),
    ("noop", "a Boolean"),
    (
        "on_failure",
        "\"stop\", \"survivors\", or how many may fail: a number or a share such as \"10%\"",
    ),
    (
        "retry",
        "a number of attempts, or a Map with `attempts`, `delay` and `backoff`",
    ),
    ("run_as", "a String"),
    ("timeout", "a duration such as \"90s\""),
];

/// The options of one call.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) run: RunOptions,
    pub(super) arguments: Vec<String>,
    /// Sizes of batches, as written.
    pub(super) batch: Option<Dynamic>,
}

/// Reads the options of a call that understands `allowed` of them.
pub(super) fn read(call: &Call<'_>, index: usize, allowed: &[&str]) -> Result<Options, CallError> {
    let given = call.map(index)?;
    let mut options = Options::default();
    for (name, value) in &given {
        if !allowed.contains(&name.as_str()) {
            return Err(unknown(call, name, allowed));
        }
        if value.is_unit() {
            continue;
        }
        set(&mut options, name, value).ok_or_else(|| wrong(call, name, value))?;
    }
    if given.contains_key("max_failures") && given.contains_key("on_failure") {
        return Err(call.misuse(format!(
            "`on_failure` and `max_failures` of `{}` say the same thing: give one of them",
            call.entry.name
        )));
    }
    Ok(options)
}

fn unknown(call: &Call<'_>, name: &str, allowed: &[&str]) -> CallError {
    let function = call.entry.name;
    let help = nearest(name, allowed.iter().copied()).map_or_else(
        || format!("it has {}", listed(allowed)),
        |near| format!("did you mean `{near}`?"),
    );
    call.misuse(format!("`{function}` has no option `{name}`: {help}"))
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
    let actual = convert::type_name(value);
    call.misuse(format!(
        "the option `{name}` of `{}` must be {wanted}, but is {actual}: {value}",
        call.entry.name
    ))
}

/// Sets one option. None if the value is not of its type.
fn set(options: &mut Options, name: &str, value: &Dynamic) -> Option<()> {
    let run = &mut options.run;
    match name {
        "catch_errors" => run.catch_errors = value.as_bool().ok()?,
        "noop" => run.noop = value.as_bool().ok()?,
        "run_as" => run.run_as = Some(text(value)?),
        "description" => run.description = Some(text(value)?),
        "timeout" => run.timeout = Some(read_duration(value)?),
        "retry" => run.retry = Some(retry(value)?),
        "limit" => run.limit = Some(count(value)?),
        "on_failure" => run.on_failure = on_failure(value)?,
        "max_failures" => run.on_failure = OnFailure::Budget(budget(value)?),
        "env" => run.env = environment(value)?,
        "arguments" => options.arguments = arguments(value)?,
        "batch" => options.batch = Some(value.clone()),
        _ => return None,
    }
    Some(())
}

fn text(value: &Dynamic) -> Option<String> {
    value
        .read_lock::<ImmutableString>()
        .map(|text| text.to_string())
}

/// A number of targets: at least one.
fn count(value: &Dynamic) -> Option<usize> {
    let number = usize::try_from(value.as_int().ok()?).ok()?;
    (number > 0).then_some(number)
}

fn on_failure(value: &Dynamic) -> Option<OnFailure> {
    match text(value).as_deref() {
        Some("stop") => Some(OnFailure::Stop),
        Some("survivors") => Some(OnFailure::Survivors),
        _ => Some(OnFailure::Budget(budget(value)?)),
    }
}

fn budget(value: &Dynamic) -> Option<FailureBudget> {
    if let Ok(number) = value.as_int() {
        return Some(FailureBudget::Count(usize::try_from(number).ok()?));
    }
    let text = text(value)?;
    let percent = f64::from_str(text.strip_suffix('%')?.trim()).ok()?;
    (0.0..=100.0)
        .contains(&percent)
        .then_some(FailureBudget::Percent(percent))
}

fn environment(value: &Dynamic) -> Option<BTreeMap<String, crate::model::Value>> {
    let map = value.read_lock::<ScriptMap>()?;
    map.iter()
        .map(|(key, value)| Some((key.to_string(), convert::to_value(value).ok()?)))
        .collect()
}

fn arguments(value: &Dynamic) -> Option<Vec<String>> {
    let items = value.read_lock::<rhai::Array>()?;
    items
        .iter()
        .map(|item| {
            let plain = item.is_string() || item.is_int() || item.is_float() || item.is_bool();
            plain.then(|| item.to_string())
        })
        .collect()
}

/// `3`, or `#{ attempts: 3, delay: "5s", backoff: 2.0 }`.
pub(super) fn retry(value: &Dynamic) -> Option<Retry> {
    let mut retry = Retry {
        attempts: 3,
        delay: std::time::Duration::from_secs(1),
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
fn factor(value: &Dynamic) -> Option<f64> {
    let factor = value
        .as_float()
        .or_else(|_| value.as_int().map(|number| number as f64))
        .ok()?;
    (factor.is_finite() && factor >= 1.0).then_some(factor)
}
