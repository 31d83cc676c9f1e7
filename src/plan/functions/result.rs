//! The members of `Result`.

use std::{rc::Rc, sync::Arc};

use rhai::Dynamic;

use super::{catalog::Entry, result_set::value};
use crate::{
    model::{Failure, Status, TargetResult, Value, kinds},
    plan::{
        call::Call,
        convert,
        effect::Look,
        object::{Fault, result_map},
    },
};

const RESULT: &str = "Result";

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = outcome();
    entries.extend(content());
    entries
}

fn outcome() -> Vec<Entry> {
    vec![
        Entry::getter(RESULT, "target", |call| {
            Ok(Dynamic::from(call.host().target_named(&result(call).target)))
        })
        .gives("Target")
        .doc("The target that answered.")
        .example(r#"for r in run_command("true", "web") { print(r.target.name); }"#),
        Entry::getter(RESULT, "name", |call| Ok(result(call).target.as_str().into()))
            .gives("String")
            .doc("The name of the target.")
            .example(r#"for r in run_command("true", "web") { print(r.name); }"#),
        Entry::getter(RESULT, "ok", |call| Ok(result(call).is_ok().into()))
            .gives("Boolean")
            .doc("Whether it succeeded.")
            .example(r#"for r in run_command("true", "web") { if r.ok { print(r.name); } }"#),
        Entry::getter(RESULT, "status", |call| Ok(status(result(call).status).into()))
            .gives("String")
            .doc("`succeeded`, `failed`, `unreached`, `skipped` or `lost`.")
            .example(r#"for r in run_command("true", "web") { print(r.status); }"#),
        Entry::getter(RESULT, "error", |call| Ok(error(&result(call))))
            .gives("Error")
            .doc("Why it failed, or `()` if it did not.")
            .example(r#"for r in run_command("false", "web", #{ catch_errors: true }).failed { print(r.error.kind); }"#),
        Entry::getter(RESULT, "message", |call| {
            let result = result(call);
            match &result.failure {
                Some(failure) => Ok(failure.message.as_str().into()),
                None => Ok(text(call, &["_output"])),
            }
        })
        .gives("String")
        .doc("What it says for a person: the message of its failure, else what the task printed.")
        .example(r#"for r in run_command("true", "web") { print(r.message); }"#),
        Entry::getter(RESULT, "duration", |call| Ok(seconds(result(call).duration_ms)))
            .gives("Float")
            .doc("Seconds from the start on the target to the end.")
            .example(r#"print(run_command("true", "web1").first.duration);"#),
        Entry::getter(RESULT, "attempts", |call| {
            Ok(Dynamic::from_int(i64::from(result(call).attempts)))
        })
        .gives("Integer")
        .doc("How many times it was tried; 0 if it was never started.")
        .example(r#"print(run_command("true", "web1", #{ retry: 3 }).first.attempts);"#),
        Entry::getter(RESULT, "action", |call| Ok(result(call).action.as_str().into()))
            .gives("String")
            .doc("What was done: `task`, `command`, `script`, `upload`, ...")
            .example(r#"print(run_command("true", "web1").first.action);"#),
        Entry::getter(RESULT, "object", |call| Ok(result(call).object.as_str().into()))
            .gives("String")
            .doc("The name of the task, the command, or the path.")
            .example(r#"print(run_command("true", "web1").first.object);"#),
    ]
}

fn content() -> Vec<Entry> {
    vec![
        Entry::getter(RESULT, "value", |call| {
            let result = result(call);
            // What is in it is not known where nothing is.
            if result.value.map().is_empty() {
                looked_at(call, &result, "value");
            }
            Ok(value(&result))
        })
            .gives("Map")
            .doc("What the task gave.")
            .example(r#"let status = run_task("service", "web1", #{ action: "status" }).first.value;"#),
        Entry::getter(RESULT, "stdout", |call| Ok(text(call, &["stdout", "_output"])))
            .gives("String")
            .doc("What was printed on the standard output. Of a task that gave JSON, its `_output`.")
            .example(r#"print(run_command("hostname", "web1").first.stdout);"#),
        Entry::getter(RESULT, "stderr", |call| Ok(text(call, &["stderr"])))
            .gives("String")
            .doc("What was printed on the standard error.")
            .example(r#"print(run_command("true", "web1").first.stderr);"#),
        Entry::getter(RESULT, "output", |call| {
            Ok(text(call, &["merged_output", "_output", "stdout"]))
        })
        .gives("String")
        .doc("What was printed, both streams together as far as they were kept together.")
        .example(r#"print(run_command("true", "web1").first.output);"#),
        Entry::getter(RESULT, "exit_code", |call| Ok(exit_code(&result(call))))
            .gives("Integer")
            .doc("The exit code of the process, or `()` if there was none.")
            .example(r#"print(run_command("true", "web1").first.exit_code);"#),
        Entry::index(RESULT, |call| {
            let key = call.text(1)?;
            Ok(entry(call, &[&key]).map_or(Dynamic::UNIT, |value| convert::to_dynamic(&value)))
        })
        .takes("key", "String")
        .gives("Any")
        .doc("An entry of its value, or `()` if there is none.")
        .example(r#"print(run_task("service", "web1", #{ action: "status" }).first["status"]);"#),
        Entry::method(RESULT, "get", |call| {
            let key = call.text(1)?;
            match entry(call, &[&key]) {
                Some(value) => Ok(convert::to_dynamic(&value)),
                None => Ok(call.argument(2).clone()),
            }
        })
        .takes("key", "String")
        .may_take("otherwise", "Any")
        .gives("Any")
        .doc("An entry of its value, or something else if there is none.")
        .example(r#"let version = run_task("package", "web1").first.get("version", "none");"#),
        Entry::method(RESULT, "contains", |call| {
            let key = call.text(1)?;
            Ok(entry(call, &[&key]).is_some().into())
        })
        .takes("key", "String")
        .gives("Boolean")
        .doc("Whether its value has an entry of that name. `\"version\" in result` is the same.")
        .example(r#"if "version" in run_task("package", "web1").first { print("it is installed"); }"#),
        Entry::method(RESULT, "keys", |call| {
            let result = result(call);
            let keys = result.value.map().keys().map(|key| key.as_str().into());
            Ok(Dynamic::from_array(keys.collect()))
        })
        .gives("Array[String]")
        .doc("The names of the entries of its value.")
        .example(r#"print(run_task("package", "web1").first.keys());"#),
        Entry::method(RESULT, "to_map", |call| {
            Ok(Dynamic::from_map(convert::to_script_map(&result_map(&result(call)))))
        })
        .gives("Map")
        .doc("All of it as a map with `target`, `action`, `object`, `status` and `value`, as `--format json` prints it.")
        .example(r#"print(to_json(run_command("true", "web1").first.to_map()));"#),
        Entry::method(RESULT, "to_string", |call| {
            let result = result(call);
            Ok(format!("{}: {}", result.target, status(result.status)).into())
        })
        .gives("String")
        .doc("The name of the target and how it ended.")
        .example(r#"print(run_command("true", "web1").first);"#),
    ]
}

fn result(call: &Call<'_>) -> Arc<TargetResult> {
    call.receiver()
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Succeeded => "succeeded",
        Status::Failed => "failed",
        Status::Unreached => "unreached",
        Status::Skipped => "skipped",
        Status::Lost => "lost",
    }
}

/// The first of these entries of the value, as text.
fn text(call: &Call<'_>, keys: &[&str]) -> Dynamic {
    entry(call, keys).map_or_else(|| "".into(), |value| value.to_string().into())
}

/// The first of these entries that the value has; else what stands for the first one while nobody knows the value.
fn entry(call: &Call<'_>, keys: &[&str]) -> Option<Value> {
    let result = result(call);
    let found = keys.iter().find_map(|key| result.value.get(key));
    found
        .cloned()
        .or_else(|| looked_at(call, &result, keys.first()?))
}

/// What stands for an entry that nobody knows yet.
fn looked_at(call: &Call<'_>, result: &Arc<TargetResult>, entry: &str) -> Option<Value> {
    let host = call.host();
    let place = call.place();
    let value = host.scheduler.performer().unknown(&Look {
        result,
        entry,
        place: place.as_ref(),
    })?;
    host.count_look();
    Some(value)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no action takes 2^53 milliseconds"
)]
fn seconds(milliseconds: u64) -> Dynamic {
    Dynamic::from_float(milliseconds as f64 / 1000.0)
}

fn exit_code(result: &TargetResult) -> Dynamic {
    if let Some(Value::Integer(code)) = result.value.get("exit_code") {
        return Dynamic::from_int(*code);
    }
    let failure = result.failure.as_ref();
    let code = failure.and_then(|failure| failure.details.get("exit_code"));
    match code {
        Some(Value::Integer(code)) => Dynamic::from_int(*code),
        _ if result.is_ok() => Dynamic::from_int(0),
        _ => Dynamic::UNIT,
    }
}

fn error(result: &TargetResult) -> Dynamic {
    if result.is_ok() {
        return Dynamic::UNIT;
    }
    let failure = result.failure.clone().unwrap_or_else(|| {
        Failure::new(
            kinds::UNNAMED,
            format!("`{}` is {}", result.target, status(result.status)),
        )
    });
    Dynamic::from(Rc::new(Fault::new(failure, None)))
}
