//! Data in texts: JSON, YAML, durations, secrets.

use rhai::{Dynamic, ImmutableString};

use super::catalog::Entry;
use crate::{
    model::{Value, format_duration},
    plan::{
        call::{Call, CallError, CallResult},
        convert,
        object::Hidden,
        options,
    },
};

pub(super) fn entries() -> Vec<Entry> {
    vec![
        Entry::function("to_json", to_json)
            .takes("value", "Any")
            .may_take_options(&["pretty"])
            .gives("String")
            .doc("A value as JSON, secrets redacted. `#{ pretty: true }` puts it on several lines.")
            .example(r#"print(to_json(#{ nodes: targets("web").names }, #{ pretty: true }));"#),
        Entry::function("from_json", |call| {
            let text = text_to_read(call)?;
            let value: Result<Value, _> = serde_json::from_str(&text);
            match value {
                Ok(value) => Ok(convert::to_dynamic(&value)),
                Err(error) => Err(call.misuse(format!("this is no JSON: {error}"))),
            }
        })
        .takes("text", "String")
        .gives("Any")
        .doc("The value that a text of JSON stands for.")
        .example(r#"let settings = from_json("{\"port\": 80}"); print(settings.port);"#),
        Entry::function("to_yaml", |call| {
            let value = call.value(0)?;
            let text = serde_saphyr::to_string(&value);
            text.map(Dynamic::from)
                .map_err(|error| call.misuse(format!("this can't be written as YAML: {error}")))
        })
        .takes("value", "Any")
        .gives("String")
        .doc("A value as YAML, secrets redacted.")
        .example(r#"print(to_yaml(#{ nodes: targets("web").names }));"#),
        Entry::function("from_yaml", |call| {
            let text = text_to_read(call)?;
            let value: Result<Value, _> = serde_saphyr::from_str(&text);
            match value {
                Ok(value) => Ok(convert::to_dynamic(&value)),
                Err(error) => Err(call.misuse(format!("this is no YAML: {error}"))),
            }
        })
        .takes("text", "String")
        .gives("Any")
        .doc("The value that a text of YAML stands for.")
        .example(r#"let settings = from_yaml("port: 80"); print(settings.port);"#),
        Entry::function("seconds", seconds)
            .takes("duration", "Duration")
            .gives("Float")
            .doc("The seconds of a duration such as `\"1h 30m\"`.")
            .example(r#"print(seconds("1h 30m"));"#),
        Entry::function("format_duration", |call| {
            Ok(format_duration(call.duration(0)?).into())
        })
        .takes("duration", "Duration")
        .gives("String")
        .doc("A duration as a person says it: `1 min 4 s`.")
        .example(r"print(format_duration(64));"),
        Entry::function("sensitive", |call| {
            Ok(Dynamic::from(Hidden::new(call.value(0)?)))
        })
        .takes("value", "Any")
        .gives("Sensitive")
        .doc("Hides a value: it is handed on to tasks, and never printed, logged or stored in clear.")
        .example(r#"run_task("service", "web", #{ token: sensitive("hunter2") });"#),
        Entry::function("reveal", |call| {
            let hidden = call.argument(0).read_lock::<Hidden>();
            match hidden {
                Some(hidden) => Ok(convert::to_dynamic(hidden.value())),
                None => Ok(call.argument(0).clone()),
            }
        })
        .takes("value", "Any")
        .gives("Any")
        .doc("The value that is hidden. From here on it is seen by whoever looks.")
        .example(r#"let length = reveal(sensitive("hunter2")).len;"#),
        Entry::function("type_name", |call| Ok(convert::type_name(call.argument(0)).into()))
            .takes("value", "Any")
            .gives("String")
            .doc("What a value is, in words: `a String`, `a TargetSet`, `nothing`.")
            .example(r#"print(type_name(targets("web")));"#),
    ]
}

/// A text that is not too large to be read. What it stands for takes some ten times as much.
fn text_to_read(call: &Call<'_>) -> Result<ImmutableString, CallError> {
    let text = call.text(0)?;
    super::text_change::check_size(call, text.len())?;
    Ok(text)
}

fn to_json(call: &Call<'_>) -> CallResult {
    let options = options::known(call, 1)?;
    let pretty = options
        .get("pretty")
        .is_some_and(|value| value.as_bool() == Ok(true));
    let value = call.value(0)?;
    let text = if pretty {
        serde_json::to_string_pretty(&value)
    } else {
        serde_json::to_string(&value)
    };
    text.map(Dynamic::from)
        .map_err(|error| call.misuse(format!("this can't be written as JSON: {error}")))
}

fn seconds(call: &Call<'_>) -> CallResult {
    Ok(Dynamic::from_float(call.duration(0)?.as_secs_f64()))
}
