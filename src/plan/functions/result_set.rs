//! The members of `ResultSet`.

use std::sync::Arc;

use rhai::{Dynamic, ImmutableString};

use super::{catalog::Entry, sequence, target_set::length};
use crate::{
    model::{ResultSet, Status, TargetResult},
    plan::{
        call::{Call, CallResult},
        convert,
        object::{Results, TargetSet},
    },
};

const SET: &str = "ResultSet";

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = getters();
    entries.extend(parts());
    entries.extend(methods());
    entries.extend(operators());
    entries
}

fn getters() -> Vec<Entry> {
    vec![
        Entry::getter(SET, "ok", |call| Ok(results(call).set().is_ok().into()))
            .gives("Boolean")
            .doc("Whether every target succeeded. It is so for none.")
            .example(r#"let results = run_command("true", "web", #{ catch_errors: true }); if !results.ok { print(results.failed.names); }"#),
        Entry::getter(SET, "names", |call| {
            let results = results(call);
            let names = results.set().iter().map(|result| result.target.as_str().into());
            Ok(Dynamic::from_array(names.collect()))
        })
        .gives("Array[String]")
        .doc("The names of the targets, in their order.")
        .example(r#"print(run_command("uptime", "web").names);"#),
        Entry::getter(SET, "targets", |call| {
            let host = call.host();
            let results = results(call);
            let targets = results.set().iter().map(|result| host.target_named(&result.target));
            Ok(Dynamic::from(targets.collect::<TargetSet>()))
        })
        .gives("TargetSet")
        .doc("The targets, in their order.")
        .example(r#"let healthy = run_command("true", "web", #{ catch_errors: true }).succeeded.targets;"#),
        Entry::getter(SET, "values", |call| {
            let results = results(call);
            let values = results.set().iter().map(|result| value(result));
            Ok(Dynamic::from_array(values.collect()))
        })
        .gives("Array[Map]")
        .doc("The value of each result.")
        .example(r#"let values = run_task("package", "web", #{ action: "status" }).values;"#),
        Entry::getter(SET, "len", |call| Ok(length(results(call).set().len())))
            .gives("Integer")
            .doc("How many results there are: one for every target.")
            .example(r#"print(run_command("uptime", "web").len);"#),
        Entry::getter(SET, "is_empty", |call| Ok(results(call).set().is_empty().into()))
            .gives("Boolean")
            .doc("Whether there are none.")
            .example(r#"if run_command("uptime", "web").failed.is_empty { print("all answered"); }"#),
        Entry::getter(SET, "first", |call| Ok(element(results(call).set().at(0))))
            .gives("Result")
            .doc("The first result, or `()` if there is none.")
            .example(r#"print(run_command("hostname", "web1").first.stdout);"#),
        Entry::getter(SET, "last", |call| {
            let results = results(call);
            let last = results.set().len().checked_sub(1);
            Ok(element(last.and_then(|last| results.set().at(last))))
        })
        .gives("Result")
        .doc("The last result, or `()` if there is none.")
        .example(r#"print(run_command("hostname", "web").last.target);"#),
    ]
}

fn parts() -> Vec<Entry> {
    vec![
        Entry::getter(SET, "succeeded", |call| Ok(part(call, TargetResult::is_ok)))
            .gives(SET)
            .doc("The results of the targets that succeeded.")
            .example(r#"let healthy = run_command("true", "web", #{ catch_errors: true }).succeeded;"#),
        Entry::getter(SET, "failed", |call| Ok(part(call, |result| !result.is_ok())))
            .gives(SET)
            .doc("The results of all other targets: failed, lost, unreached or skipped.")
            .example(r#"let rest = targets("web") - run_command("true", "web", #{ catch_errors: true }).failed;"#),
        Entry::getter(SET, "unreached", |call| {
            Ok(part(call, |result| result.status == Status::Unreached))
        })
        .gives(SET)
        .doc("The results of the targets whose turn never came.")
        .example(r#"let results = run_command("true", "web", #{ max_failures: 1, catch_errors: true }); print(results.unreached.names);"#),
        Entry::getter(SET, "lost", |call| Ok(part(call, |result| result.status == Status::Lost)))
            .gives(SET)
            .doc("The results of the targets that were started, and nobody knows what became of it.")
            .example(r#"let results = run_command("true", "web", #{ catch_errors: true }); print(results.lost.names);"#),
    ]
}

fn methods() -> Vec<Entry> {
    vec![
        Entry::method(SET, "filter", |call| {
            Ok(Dynamic::from(collected(sequence::filter(call, items(call))?)))
        })
        .takes("keep", "Closure")
        .gives(SET)
        .doc("The results that the closure says `true` to.")
        .example(r#"let busy = run_command("nproc", "web").filter(|r| r.duration > 0.5);"#),
        Entry::method(SET, "map", |call| sequence::map(call, items(call)))
            .takes("change", "Closure")
            .gives("Array")
            .doc("What the closure makes of each result.")
            .example(r#"let lines = run_command("hostname", "web").map(|r| `${r.name}: ${r.stdout}`);"#),
        Entry::method(SET, "find", |call| sequence::find(call, items(call), 0))
            .takes("is_meant", "Closure")
            .gives("Result")
            .doc("The first result that the closure says `true` to, or `()`.")
            .example(r#"let primary = run_command("hostname", "db").find(|r| r.ok);"#),
        Entry::method(SET, "any", |call| sequence::any(call, items(call)))
            .takes("is_meant", "Closure")
            .gives("Boolean")
            .doc("Whether the closure says `true` to one of the results.")
            .example(r#"let one_works = run_command("true", "web", #{ catch_errors: true }).any(|r| r.ok);"#),
        Entry::method(SET, "all", |call| sequence::all(call, items(call)))
            .takes("is_meant", "Closure")
            .gives("Boolean")
            .doc("Whether the closure says `true` to all results. It does for none, and is not asked any more after the first no.")
            .example(r#"let same = run_command("true", "web").all(|r| r.exit_code == 0);"#),
        Entry::method(SET, "count", |call| sequence::count(call, items(call)))
            .takes("is_meant", "Closure")
            .gives("Integer")
            .doc("How many results the closure says `true` to.")
            .example(r#"let slow = run_command("true", "web").count(|r| r.duration > 10.0);"#),
        Entry::method(SET, "group_by", |call| {
            sequence::group_by(call, items(call), |items| Dynamic::from(collected(items)))
        })
        .takes("key", "Closure")
        .gives("Map")
        .doc("Result sets of the results for which the closure gives the same, by what it gives, as text.")
        .example(r#"let by_version = run_command("uname -r", "web").group_by(|r| r.stdout);"#),
        Entry::method(SET, "sort_by", |call| {
            Ok(Dynamic::from(collected(sequence::sort_by(call, items(call))?)))
        })
        .takes("key", "Closure")
        .gives(SET)
        .doc("The results in the order of what the closure gives for them: numbers or texts.")
        .example(r#"let slowest = run_command("true", "web").sort_by(|r| r.duration).last;"#),
        Entry::method(SET, "contains", |call| {
            let name = call.text(1)?;
            Ok(results(call).get(&name).is_some().into())
        })
        .takes("name", "String")
        .gives("Boolean")
        .doc("Whether there is a result of the target of that name. `\"web1\" in results` is the same.")
        .example(r#"if "web1" in run_command("true", "web") { print("web1 was asked"); }"#),
        Entry::method(SET, "to_array", |call| Ok(Dynamic::from_array(items(call))))
            .gives("Array[Result]")
            .doc("The results as an array.")
            .example(r#"let array = run_command("true", "web").to_array();"#),
        Entry::method(SET, "to_string", |call| Ok(results(call).to_string().into()))
            .gives("String")
            .doc("How many succeeded, and the names of those that did not.")
            .example(r#"print(`restarted: ${run_command("true", "web")}`);"#),
    ]
}

fn operators() -> Vec<Entry> {
    vec![
        Entry::operator(SET, "+", join)
            .takes("others", SET)
            .gives(SET)
            .doc("The results of both, those on the left first.")
            .example(r#"let both = run_command("true", "web") + run_command("true", "db");"#),
        Entry::operator(SET, "==", |call| Ok(is_equal(call).into()))
            .takes("others", "Any")
            .gives("Boolean")
            .doc("Whether both are the same results.")
            .example(r#"let same = run_command("true", "web") == run_command("true", "web");"#),
        Entry::operator(SET, "!=", |call| Ok((!is_equal(call)).into()))
            .takes("others", "Any")
            .gives("Boolean")
            .doc("Whether the results differ.")
            .example(r#"let changed = run_command("date", "web") != run_command("date", "web");"#),
        Entry::index(SET, at)
            .takes("which", "Integer | String")
            .gives("Result")
            .doc("The result of the target of that name, or at that position; `()` if there is none. -1 is the last one.")
            .example(r#"print(run_command("hostname", "web")["web1"].stdout);"#),
    ]
}

fn results(call: &Call<'_>) -> Results {
    call.receiver()
}

fn items(call: &Call<'_>) -> Vec<Dynamic> {
    results(call).into_iter().collect()
}

/// The set of what was taken out of a set.
fn collected(items: Vec<Dynamic>) -> Results {
    let set: ResultSet = items
        .into_iter()
        .filter_map(Dynamic::try_cast::<Arc<TargetResult>>)
        .collect();
    set.into()
}

fn part(call: &Call<'_>, keep: impl Fn(&TargetResult) -> bool) -> Dynamic {
    Dynamic::from(results(call).filtered(keep))
}

pub(super) fn value(result: &TargetResult) -> Dynamic {
    Dynamic::from_map(convert::to_script_map(result.value.map()))
}

fn element(result: Option<&Arc<TargetResult>>) -> Dynamic {
    result.cloned().map_or(Dynamic::UNIT, Dynamic::from)
}

fn at(call: &Call<'_>) -> CallResult {
    let results = results(call);
    if let Ok(index) = call.argument(1).as_int() {
        let position = sequence::position(index, results.set().len());
        return Ok(element(position.and_then(|at| results.set().at(at))));
    }
    if let Some(name) = call.argument(1).read_lock::<ImmutableString>() {
        return Ok(element(results.get(&name)));
    }
    if let Some(target) = call.argument(1).read_lock::<Arc<crate::model::Target>>() {
        return Ok(element(results.get(target.name.as_str())));
    }
    Err(call.wrong_type(1, "the name of a target, or a position"))
}

fn join(call: &Call<'_>) -> CallResult {
    let right = call.argument(1).read_lock::<Results>();
    let Some(right) = right else {
        return Err(call.wrong_type(1, "a ResultSet"));
    };
    let left = results(call);
    let set: ResultSet = left
        .set()
        .iter()
        .chain(right.set().iter())
        .cloned()
        .collect();
    Ok(Dynamic::from(Results::from(set)))
}

fn is_equal(call: &Call<'_>) -> bool {
    let right = call.argument(1).read_lock::<Results>();
    right.is_some_and(|right| results(call).set() == right.set())
}
