//! Talking with people: what a plan says, and what it asks.

use rhai::{Array, Dynamic, Map as ScriptMap};

use super::catalog::Entry;
use crate::{
    model::{Failure, MessageLevel, Value},
    plan::{
        call::{Call, CallError, CallResult, read_duration},
        convert,
        effect::{ApproveBy, Effect},
        options,
    },
};

/// The kind of error when somebody said no.
const REJECTED: &str = "segue/rejected";

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = saying();
    entries.extend(asking());
    entries
}

fn saying() -> Vec<Entry> {
    vec![
        Entry::function("print", |call| say(call, MessageLevel::Print))
            .may_take("value", "Any")
            .doc("Says something to the user.")
            .example(r#"print(`restarting ${targets("web")}`);"#),
        Entry::function("debug", |call| say(call, MessageLevel::Debug))
            .takes("value", "Any")
            .doc("Says something to whoever looks for a mistake.")
            .example(r#"debug(targets("web").names);"#),
        Entry::function("log::trace", |call| say(call, MessageLevel::Trace))
            .takes("value", "Any")
            .doc("Logs a message of the level `trace`.")
            .example(r#"log::trace("every little thing");"#),
        Entry::function("log::debug", |call| say(call, MessageLevel::Debug))
            .takes("value", "Any")
            .doc("Logs a message of the level `debug`.")
            .example(r#"log::debug("for whoever looks for a mistake");"#),
        Entry::function("log::info", |call| say(call, MessageLevel::Info))
            .takes("value", "Any")
            .doc("Logs a message of the level `info`.")
            .example(r#"log::info("the maintenance window is open");"#),
        Entry::function("log::warn", |call| say(call, MessageLevel::Warn))
            .takes("value", "Any")
            .doc("Logs a message of the level `warn`.")
            .example(r#"log::warn("only two balancers are left");"#),
        Entry::function("log::error", |call| say(call, MessageLevel::Error))
            .takes("value", "Any")
            .doc("Logs a message of the level `error`. The plan goes on; `fail` ends it.")
            .example(r#"log::error("the backup is older than a day");"#),
    ]
}

fn asking() -> Vec<Entry> {
    vec![
        Entry::function("prompt", |call| prompt(call, false))
            .takes("message", "String")
            .may_take_options(&["default", "sensitive"])
            .gives("String")
            .doc("Asks the user for a line. Options: `default`, `sensitive`.")
            .example(r#"let reason = prompt("Why?", #{ default: "routine" });"#),
        Entry::function("prompt_secret", |call| prompt(call, true))
            .takes("message", "String")
            .may_take_options(&["default"])
            .gives("Sensitive")
            .doc("Asks the user for a line that is not shown, neither while it is typed nor later.")
            .example(r#"let password = prompt_secret("Password of the database");"#),
        Entry::function("menu", menu)
            .takes("message", "String")
            .takes("choices", "Array | Map")
            .may_take_options(&["default"])
            .gives("Any")
            .doc("Asks the user for one of several. Of a map, the keys are shown and the value of the one that was chosen is given. Options: `default`.")
            .example(r#"let site = menu("Which site?", ["north", "south"], #{ default: "north" });"#),
        Entry::function("approve", approve)
            .takes("message", "String")
            .may_take_options(&["by", "timeout"])
            .gives("Map")
            .doc("Waits until somebody says yes: a map with `by` and `comment`. A no is an error of the kind `segue/rejected`. Options: `by` (who may answer), `timeout`. The process may end while it waits; the job is resumed when there is an answer.")
            .example(r#"let yes = approve("Fail over to db2?", #{ by: ["dba"], timeout: "4h" });"#),
    ]
}

/// A value as `print` shows it.
pub(super) fn shown(call: &Call<'_>, index: usize) -> String {
    let mut value = call.argument(index).clone();
    if value.is_string() {
        return value.to_string();
    }
    let text = call
        .context
        .call_native_fn_raw("to_string", true, &mut [&mut value]);
    text.map_or_else(|_| value.to_string(), |text| text.to_string())
}

fn say(call: &Call<'_>, level: MessageLevel) -> CallResult {
    let text = if call.arguments.is_empty() {
        String::new()
    } else {
        shown(call, 0)
    };
    call.ask(Effect::Print { level, text })?;
    Ok(Dynamic::UNIT)
}

fn text_option(map: &ScriptMap, key: &str) -> Option<String> {
    map.get(key)
        .filter(|value| !value.is_unit())
        .map(Dynamic::to_string)
}

fn prompt(call: &Call<'_>, secret: bool) -> CallResult {
    let options = options::known(call, 1)?;
    let asked = options
        .get("sensitive")
        .is_some_and(|value| value.as_bool() == Ok(true));
    let sensitive = secret || asked;
    let answer = call.ask_value(Effect::Prompt {
        message: call.text(0)?.to_string(),
        sensitive,
        default: text_option(&options, "default"),
    })?;
    let answer = if sensitive {
        Value::sensitive(answer)
    } else {
        answer
    };
    Ok(convert::to_dynamic(&answer))
}

fn menu(call: &Call<'_>) -> CallResult {
    let options = options::known(call, 2)?;
    let values = call
        .argument(1)
        .read_lock::<ScriptMap>()
        .map(|map| map.clone());
    let choices = match &values {
        Some(map) => map.keys().map(ToString::to_string).collect(),
        None => texts(call, 1)?,
    };
    if choices.is_empty() {
        return Err(call.misuse("a menu needs at least one choice"));
    }
    let default = text_option(&options, "default");
    if let Some(default) = &default
        && !choices.contains(default)
    {
        return Err(call.misuse(format!("the default `{default}` is none of the choices")));
    }
    let answer = call.ask_value(Effect::Menu {
        message: call.text(0)?.to_string(),
        choices,
        default,
    })?;
    let chosen = answer.as_str().and_then(|key| values?.get(key).cloned());
    Ok(chosen.unwrap_or_else(|| convert::to_dynamic(&answer)))
}

fn texts(call: &Call<'_>, index: usize) -> Result<Vec<String>, CallError> {
    let items = call.argument(index).read_lock::<Array>();
    items
        .map(|items| items.iter().map(Dynamic::to_string).collect())
        .ok_or_else(|| call.wrong_type(index, "an Array or a Map"))
}

fn approve(call: &Call<'_>) -> CallResult {
    let options = options::known(call, 1)?;
    let message = call.text(0)?.to_string();
    let timeout = options::option_of(call, &options, "timeout", read_duration)?;
    let names = options::option_of(call, &options, "by", options::texts)?.unwrap_or_default();
    let answer = call.ask_value(Effect::Approve {
        message: message.clone(),
        by: ApproveBy { names, timeout },
    })?;
    let approved = answer.as_map().and_then(|map| map.get("approved")) == Some(&Value::Bool(true));
    if approved {
        return Ok(convert::to_dynamic(&answer));
    }
    let said = |key: &str| {
        let value = answer.as_map().and_then(|map| map.get(key));
        value
            .map(ToString::to_string)
            .filter(|text| !text.is_empty())
    };
    let by = said("by").map(|by| format!(" by {by}")).unwrap_or_default();
    let comment = said("comment")
        .map(|comment| format!(": {comment}"))
        .unwrap_or_default();
    let failure = Failure::new(REJECTED, format!("`{message}` was rejected{by}{comment}"));
    Err(call.fail(failure.with_detail("answer", answer)))
}
