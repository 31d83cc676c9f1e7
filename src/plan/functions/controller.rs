//! What a plan may know of the machine that it runs on. All of it is an effect, so that a second run finds the same.

use jiff::Timestamp;
use rhai::Dynamic;

use super::catalog::Entry;
use crate::{
    model::Value,
    plan::{
        call::{Call, CallResult},
        convert,
        effect::Effect,
    },
};

pub(super) fn entries() -> Vec<Entry> {
    vec![
        Entry::function("read_file", |call| {
            let path = call.text(0)?.to_string();
            let text = call.ask_value(Effect::ReadFile { path })?;
            Ok(convert::to_dynamic(&text))
        })
        .takes("path", "String")
        .gives("String")
        .doc("The text of a file of the project or of a module.")
        .example(r#"let motd = read_file("files/motd");"#),
        Entry::function("file_exists", |call| {
            let path = call.text(0)?.to_string();
            let exists = call.ask_value(Effect::FileExists { path })?;
            Ok((exists == Value::Bool(true)).into())
        })
        .takes("path", "String")
        .gives("Boolean")
        .doc("Whether there is such a file in the project or in a module.")
        .example(r#"if !file_exists("files/motd") { print("there is no motd"); }"#),
        Entry::function("list_files", |call| {
            let path = call.text(0)?.to_string();
            let names = call.ask_value(Effect::ListFiles { path })?;
            Ok(convert::to_dynamic(&names))
        })
        .takes("path", "String")
        .gives("Array[String]")
        .doc("The names of the files and directories in a directory of the project or of a module, sorted.")
        .example(r#"for name in list_files("files") { print(name); }"#),
        Entry::function("env", env)
            .takes("name", "String")
            .may_take("otherwise", "Any")
            .gives("String")
            .doc("A variable of the environment of Segue, or something else (else `()`) if it is not set.")
            .example(r#"let region = env("REGION", "eu-west");"#),
        Entry::function("now", |call| {
            let now = call.ask_value(Effect::Now)?;
            Ok(convert::to_dynamic(&now))
        })
        .gives("Integer")
        .doc("The time of day in milliseconds since 1970. A resumed plan gets the answers that it got before.")
        .example(r"let started = now(); print(`${(now() - started) / 1000} seconds`);"),
        Entry::function("format_time", format_time)
            .takes("milliseconds", "Integer")
            .gives("String")
            .doc("A time as text, in UTC: `2026-07-01T12:30:00Z`.")
            .example(r"print(format_time(now()));"),
        Entry::function("random", random)
            .takes("low", "Integer")
            .takes("high", "Integer")
            .gives("Integer")
            .doc("A number by chance, both ends included. A resumed plan gets the answers that it got before.")
            .example(r"sleep(random(1, 10));"),
    ]
}

fn env(call: &Call<'_>) -> CallResult {
    let name = call.text(0)?.to_string();
    match call.ask_value(Effect::Environment { name })? {
        Value::Null => Ok(call.given(1).cloned().unwrap_or(Dynamic::UNIT)),
        value => Ok(convert::to_dynamic(&value)),
    }
}

fn format_time(call: &Call<'_>) -> CallResult {
    let time = Timestamp::from_millisecond(call.integer(0)?);
    time.map(|time| time.to_string().into())
        .map_err(|_| call.misuse(format!("{} is beyond the calendar", call.parameter(0))))
}

fn random(call: &Call<'_>) -> CallResult {
    let (low, high) = (call.integer(0)?, call.integer(1)?);
    if low > high {
        return Err(call.misuse(format!("there is no number from {low} to {high}")));
    }
    let number = call.ask_value(Effect::Random { low, high })?;
    Ok(convert::to_dynamic(&number))
}
