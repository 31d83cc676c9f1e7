//! The options of an action: how it is done, apart from what is done. They belong to one call.

use std::{collections::BTreeMap, time::Duration};

use rhai::{Array, Dynamic, ImmutableString, Map as ScriptMap};

use super::{
    batches,
    call::{Call, CallError, read_duration},
    convert,
    effect::{OnFailure, Retry, RunOptions},
};
use crate::{
    model::{Value, nearest},
    schedule::FailureBudget,
};

/// An option of a call, as the documentation and messages have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionEntry {
    pub name: &'static str,
    /// What its value has to be, after "must be".
    pub wanted: &'static str,
    pub doc: &'static str,
}

const fn option(name: &'static str, wanted: &'static str, doc: &'static str) -> OptionEntry {
    OptionEntry { name, wanted, doc }
}

/// All options that calls have. Which call has which is in its entry of the catalog.
pub const OPTIONS: &[OptionEntry] = &[
    option(
        "after",
        "the name of a step, or an Array of names",
        "The steps that come before it.",
    ),
    option(
        "arguments",
        "an Array of Strings and numbers",
        "The arguments of the script.",
    ),
    option(
        "attempts",
        "a number, at least 1",
        "How many times it is tried in all.",
    ),
    option(
        "backoff",
        "a number, at least 1",
        "What the delay is multiplied by after each attempt.",
    ),
    option(
        "batch",
        "a number of targets, a share such as \"25%\", or an Array of these",
        "Works on the targets batch by batch. A failure beyond `max_failures` (0 unless it is given) begins no further batch.",
    ),
    option(
        "by",
        "a name, or an Array of names",
        "Who may answer; anybody unless it is given.",
    ),
    option(
        "catch_errors",
        "a Boolean",
        "A failure is not thrown: the plan looks at the results itself.",
    ),
    option(
        "default",
        "a value",
        "The answer of somebody who types nothing.",
    ),
    option(
        "delay",
        "a duration such as \"5s\"",
        "The time between two attempts.",
    ),
    option(
        "description",
        "a String",
        "Words for whoever follows the job.",
    ),
    option(
        "detach",
        "a Boolean",
        "It may take the target or its network down: it is started and left, and the results say no more than that. `collect` brings what came of it.",
    ),
    option(
        "env",
        "a Map of data",
        "Variables of the environment. Anything but a text is given as JSON.",
    ),
    option(
        "interval",
        "a duration such as \"2s\"",
        "The time between two looks.",
    ),
    option(
        "limit",
        "a number, at least 1",
        "How many are worked on at the same time.",
    ),
    option(
        "max_failures",
        "how many targets may fail, or a share such as \"10%\"",
        "When more targets have failed, no further one is started, and the error is thrown. A share is rounded down.",
    ),
    option(
        "noop",
        "a Boolean",
        "The task says what it would do, and does nothing.",
    ),
    option(
        "on_failure",
        "\"stop\", \"survivors\", or how many targets may fail: a number or a share such as \"10%\"",
        "`stop` throws when all targets have been tried, `survivors` goes on, a number or share is `max_failures`.",
    ),
    option(
        "pause",
        "a duration such as \"10s\"",
        "The time between two batches.",
    ),
    option(
        "preview",
        "a Map of data",
        "What `segue plan preview` takes for its value, since nothing is done there.",
    ),
    option("pretty", "a Boolean", "Puts it on several lines."),
    option(
        "retry",
        "a number of attempts, or a Map with `attempts`, `delay` and `backoff`",
        "Tries again where it failed.",
    ),
    option("run_as", "a String", "The user that it is done as."),
    option(
        "sensitive",
        "a Boolean",
        "The answer is not shown, and becomes a `Sensitive`.",
    ),
    option(
        "timeout",
        "a duration such as \"90s\"",
        "When it takes longer, it is ended and has failed.",
    ),
    option(
        "undo",
        "a closure",
        "What a rollback calls to undo the step.",
    ),
    option(
        "uses",
        "a name, or an Array of names",
        "Resources that it needs: no two steps use the same at once.",
    ),
    option(
        "when",
        "a closure",
        "The step is skipped when it gives `false`.",
    ),
];

const ON_STEP_FAILURE: &str = "\"skip_dependents\", \"stop\", \"continue\" or \"rollback\"";

/// Options of a step that mean something else there than for an action.
const STEP_OPTIONS: &[OptionEntry] = &[
    option(
        "description",
        "a String",
        "Words for whoever looks at the graph: `segue plan graph` draws them.",
    ),
    option(
        "limit",
        "a number, at least 1",
        "How many targets its actions work on at the same time, all of them together.",
    ),
    option(
        "on_failure",
        ON_STEP_FAILURE,
        "What becomes of the graph when the step fails; what the run says unless it is given.",
    ),
];

/// Options of the run of a graph that mean something else there.
const GRAPH_RUN_OPTIONS: &[OptionEntry] = &[
    option(
        "limit",
        "a number, at least 1",
        "How many steps run at the same time.",
    ),
    option(
        "on_failure",
        ON_STEP_FAILURE,
        "What becomes of the graph when a step fails that does not say itself; `skip_dependents` unless it is given.",
    ),
    option(
        "uses",
        "a Map of numbers",
        "How many steps may use a resource at the same time, by its name; one unless it is given.",
    ),
];

/// What an option of a call wants and means: for `Graph.step` and `Graph.run` not always what it means for an action.
pub(super) fn entry_of(
    receiver: Option<&str>,
    call: &str,
    name: &str,
) -> Option<&'static OptionEntry> {
    let own = match (receiver, call) {
        (Some("Graph"), "step") => STEP_OPTIONS,
        (Some("Graph"), "run") => GRAPH_RUN_OPTIONS,
        _ => &[],
    };
    own.iter().chain(OPTIONS).find(|option| option.name == name)
}

/// The options of one call.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) run: RunOptions,
    pub(super) arguments: Vec<String>,
    pub(super) interval: Option<Duration>,
}

/// Reads the options of an action.
pub(super) fn read(call: &Call<'_>, index: usize) -> Result<Options, CallError> {
    let given = known(call, index)?;
    let mut options = Options {
        run: RunOptions::default(),
        arguments: Vec::new(),
        interval: None,
    };
    for (name, value) in &given {
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
    if options.run.pause.is_some() && options.run.batch.is_none() {
        return Err(call.misuse(format!(
            "`pause` of `{}` is a pause between batches: give `batch`, too",
            call.entry.name
        )));
    }
    Ok(options)
}

/// The map of options that is given to a call, each of which its entry of the catalog has.
pub(super) fn known(call: &Call<'_>, index: usize) -> Result<ScriptMap, CallError> {
    let given = call.map(index)?;
    let allowed = &call.entry.options;
    let Some(name) = given.keys().find(|name| !allowed.contains(&name.as_str())) else {
        return Ok(given);
    };
    let function = call.entry.name;
    let help = nearest(name, allowed.iter().copied()).map_or_else(
        || format!("it has {}", listed(allowed)),
        |near| format!("did you mean `{near}`?"),
    );
    Err(call.misuse(format!("`{function}` has no option `{name}`: {help}")))
}

/// One option, read as what it has to be; none if it is not given.
pub(super) fn option_of<T>(
    call: &Call<'_>,
    options: &ScriptMap,
    name: &str,
    read: impl FnOnce(&Dynamic) -> Option<T>,
) -> Result<Option<T>, CallError> {
    let Some(value) = options.get(name).filter(|value| !value.is_unit()) else {
        return Ok(None);
    };
    read(value)
        .map(Some)
        .ok_or_else(|| wrong(call, name, value))
}

/// Names in backticks with commas between them.
pub(super) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn wrong(call: &Call<'_>, name: &str, value: &Dynamic) -> CallError {
    let is_plain = value.is_int() || value.is_float() || value.is_string() || value.is_bool();
    let shown = if is_plain {
        format!(": `{value}`")
    } else {
        String::new()
    };
    let option = call.entry.option(name);
    let wanted = option.map_or("something else", |option| option.wanted);
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
            _ => run.on_failure = OnFailure::Budget(budget(value)?),
        },
        "max_failures" => run.on_failure = OnFailure::Budget(budget(value)?),
        "env" => run.env = environment(value)?,
        "preview" => run.preview = Some(convert::to_map(&*value.read_lock::<ScriptMap>()?).ok()?),
        "arguments" => options.arguments = arguments(value)?,
        "batch" => run.batch = Some(batches::read(value).ok()?),
        "pause" => run.pause = Some(read_duration(value)?),
        _ => return None,
    }
    Some(())
}

pub(super) fn text(value: &Dynamic) -> Option<String> {
    value
        .read_lock::<ImmutableString>()
        .map(|text| text.to_string())
}

/// A number of things: at least one.
pub(super) fn count(value: &Dynamic) -> Option<usize> {
    let number = usize::try_from(value.as_int().ok()?).ok()?;
    (number > 0).then_some(number)
}

fn budget(value: &Dynamic) -> Option<FailureBudget> {
    match value.as_int() {
        Ok(number) => number.try_into().ok(),
        Err(_) => text(value)?.parse().ok(),
    }
}

/// `"a"`, or `["a", "b"]`.
pub(super) fn texts(value: &Dynamic) -> Option<Vec<String>> {
    if let Some(only) = text(value) {
        return Some(vec![only]);
    }
    let items = value.read_lock::<Array>()?;
    items.iter().map(text).collect()
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
pub(super) fn retry(value: &Dynamic) -> Option<Retry> {
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
