//! The members of `TargetSet`.

use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString};

use super::{catalog::Entry, sequence};
use crate::{
    model::Target,
    plan::{
        batches,
        call::{Call, CallResult},
        object::TargetSet,
    },
    schedule::FailureBudget,
};

const SET: &str = "TargetSet";

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = getters();
    entries.extend(methods());
    entries.extend(operators());
    entries
}

fn getters() -> Vec<Entry> {
    vec![
        Entry::getter(SET, "names", |call| {
            let names = set(call);
            let names = names.iter().map(|target| name(target));
            Ok(Dynamic::from_array(names.collect()))
        })
        .gives("Array[String]")
        .doc("The names of the targets, in their order.")
        .example(r#"print(targets("web").names);"#),
        Entry::getter(SET, "len", |call| Ok(length(set(call).len())))
            .gives("Integer")
            .doc("How many targets there are.")
            .example(r#"print(targets("web").len);"#),
        Entry::getter(SET, "is_empty", |call| Ok(set(call).is_empty().into()))
            .gives("Boolean")
            .doc("Whether there are none.")
            .example(r#"if (targets("web") - "web1").is_empty { fail("only one is left"); }"#),
        Entry::getter(SET, "first", |call| Ok(element(set(call).first())))
            .gives("Target")
            .doc("The first target, or `()` if there is none.")
            .example(r#"let leader = targets("web").first;"#),
        Entry::getter(SET, "last", |call| Ok(element(set(call).last())))
            .gives("Target")
            .doc("The last target, or `()` if there is none.")
            .example(r#"let last = targets("web").last;"#),
    ]
}

fn methods() -> Vec<Entry> {
    vec![
        Entry::method(SET, "take", |call| {
            let set = set(call);
            Ok(Dynamic::from(set.part(0..call.count(1)?.min(set.len()))))
        })
        .takes("count", "Integer")
        .gives(SET)
        .doc("The first so many targets.")
        .example(r#"let canary = targets("web").take(1);"#),
        Entry::method(SET, "skip", |call| {
            let set = set(call);
            Ok(Dynamic::from(set.part(call.count(1)?.min(set.len())..set.len())))
        })
        .takes("count", "Integer")
        .gives(SET)
        .doc("All but the first so many targets.")
        .example(r#"let rest = targets("web").skip(1);"#),
        Entry::method(SET, "batches", batches)
            .takes("size", "Integer | String | Array")
            .gives("Array[TargetSet]")
            .doc("The targets in batches: of a number, of a share of all of them (`\"25%\"`, rounded down, but at least one), or growing (`[1, \"10%\", \"50%\"]`, the last size repeats).")
            .example(r#"for nodes in targets("web").batches("50%") { print(nodes); }"#),
        Entry::method(SET, "share", share)
            .takes("part", "Integer | String")
            .gives("Integer")
            .doc("How many of the targets a number or a share means: the number itself, or `\"10%\"` of all of them, rounded down. It is the rule of `max_failures`.")
            .example(r#"let bearable = targets("web").share("10%");"#),
        Entry::method(SET, "contains", contains)
            .takes("target", "TargetSpec")
            .gives("Boolean")
            .doc("Whether a target, or all of several, are in the set. `\"web1\" in nodes` is the same.")
            .example(r#"if targets("web").contains("web1") { print("it is a web server"); }"#),
        Entry::method(SET, "filter", |call| {
            Ok(Dynamic::from(collected(sequence::filter(call, items(call))?)))
        })
        .takes("keep", "Closure")
        .gives(SET)
        .doc("The targets that the closure says `true` to.")
        .example(r#"let primaries = targets("db").filter(|t| t.vars.role == "primary");"#),
        Entry::method(SET, "map", |call| sequence::map(call, items(call)))
            .takes("change", "Closure")
            .gives("Array")
            .doc("What the closure makes of each target.")
            .example(r#"let hosts = targets("web").map(|t| t.host);"#),
        Entry::method(SET, "find", |call| sequence::find(call, items(call), 0))
            .takes("is_meant", "Closure")
            .gives("Target")
            .doc("The first target that the closure says `true` to, or `()`.")
            .example(r#"let primary = targets("db").find(|t| t.vars.role == "primary");"#),
        Entry::method(SET, "any", |call| sequence::any(call, items(call)))
            .takes("is_meant", "Closure")
            .gives("Boolean")
            .doc("Whether the closure says `true` to one of the targets.")
            .example(r#"if targets("db").any(|t| t.vars.role == "primary") { print("there is a primary"); }"#),
        Entry::method(SET, "all", |call| sequence::all(call, items(call)))
            .takes("is_meant", "Closure")
            .gives("Boolean")
            .doc("Whether the closure says `true` to all targets. It does for none, and is not asked any more after the first no.")
            .example(r#"if targets("web").all(|t| t.transport == "ssh") { print("all by SSH"); }"#),
        Entry::method(SET, "count", |call| sequence::count(call, items(call)))
            .takes("is_meant", "Closure")
            .gives("Integer")
            .doc("How many targets the closure says `true` to.")
            .example(r#"let primaries = targets("db").count(|t| t.vars.role == "primary");"#),
        Entry::method(SET, "group_by", |call| {
            sequence::group_by(call, items(call), |items| Dynamic::from(collected(items)))
        })
        .takes("key", "Closure")
        .gives("Map")
        .doc("Sets of the targets for which the closure gives the same, by what it gives, as text.")
        .example(r#"for (role, index) in targets("all").group_by(|t| t.transport).keys() { print(role); }"#),
        Entry::method(SET, "sort_by", |call| {
            Ok(Dynamic::from(collected(sequence::sort_by(call, items(call))?)))
        })
        .takes("key", "Closure")
        .gives(SET)
        .doc("The targets in the order of what the closure gives for them: numbers or texts.")
        .example(r#"let sorted = targets("web").sort_by(|t| t.host);"#),
        Entry::method(SET, "reversed", |call| {
            let set = set(call);
            Ok(Dynamic::from(set.iter().rev().cloned().collect::<TargetSet>()))
        })
        .gives(SET)
        .doc("The targets from the last to the first.")
        .example(r#"for node in targets("web").reversed() { print(node); }"#),
        Entry::method(SET, "to_array", |call| Ok(Dynamic::from_array(items(call))))
            .gives("Array[Target]")
            .doc("The targets as an array.")
            .example(r#"let array = targets("web").to_array();"#),
        Entry::method(SET, "to_string", |call| Ok(set(call).to_string().into()))
            .gives("String")
            .doc("The names, separated by commas.")
            .example(r#"print(`restarting ${targets("web")}`);"#),
    ]
}

fn operators() -> Vec<Entry> {
    vec![
        Entry::operator(SET, "-", |call| {
            Ok(Dynamic::from(set(call).difference(&other(call)?)))
        })
        .takes("others", "TargetSpec")
        .gives(SET)
        .doc("The targets without the others.")
        .example(r#"let rest = targets("web") - "web1";"#),
        Entry::operator(SET, "+", |call| {
            Ok(Dynamic::from(set(call).union(&other(call)?)))
        })
        .takes("others", "TargetSpec")
        .gives(SET)
        .doc("The targets and the others, each once.")
        .example(r#"let both = targets("web") + "db";"#),
        Entry::operator(SET, "&", |call| {
            Ok(Dynamic::from(set(call).intersection(&other(call)?)))
        })
        .takes("others", "TargetSpec")
        .gives(SET)
        .doc("The targets that are among the others too.")
        .example(r#"let old_web = targets("web") & "old";"#),
        Entry::operator(SET, "==", |call| Ok(is_equal(call).into()))
            .takes("others", "Any")
            .gives("Boolean")
            .doc("Whether both are the same targets, in whatever order.")
            .example(r#"if targets("web") == targets("old") { print("all are old"); }"#),
        Entry::operator(SET, "!=", |call| Ok((!is_equal(call)).into()))
            .takes("others", "Any")
            .gives("Boolean")
            .doc("Whether one has a target that the other has not.")
            .example(r#"if targets("web") != targets("old") { print("some are new"); }"#),
        Entry::index(SET, at)
            .takes("which", "Integer | String")
            .gives("Target")
            .doc("The target of that name, or at that position; `()` if there is none. -1 is the last one.")
            .example(r#"let second = targets("web")[1];"#),
    ]
}

fn set(call: &Call<'_>) -> TargetSet {
    call.receiver()
}

fn items(call: &Call<'_>) -> Vec<Dynamic> {
    set(call).into_iter().collect()
}

/// The set of what was taken out of a set.
fn collected(items: Vec<Dynamic>) -> TargetSet {
    items
        .into_iter()
        .filter_map(Dynamic::try_cast::<Arc<Target>>)
        .collect()
}

fn other(call: &Call<'_>) -> Result<TargetSet, crate::plan::call::CallError> {
    Ok(call.targets(1)?.into_iter().collect())
}

fn name(target: &Target) -> Dynamic {
    target.name.as_str().into()
}

pub(super) fn length(count: usize) -> Dynamic {
    Dynamic::from_int(i64::try_from(count).unwrap_or(i64::MAX))
}

fn element(target: Option<&Arc<Target>>) -> Dynamic {
    target.cloned().map_or(Dynamic::UNIT, Dynamic::from)
}

fn contains(call: &Call<'_>) -> CallResult {
    let set = set(call);
    // A plain name needs no look at the inventory, and one that is not there is no error.
    if let Some(name) = call.argument(1).read_lock::<ImmutableString>()
        && set.contains_name(&name)
    {
        return Ok(true.into());
    }
    if call.argument(1).is_string() {
        let named = call.host().resolve(&call.text(1)?).unwrap_or_default();
        let all = named
            .iter()
            .all(|target| set.contains_name(target.name.as_str()));
        return Ok((all && !named.is_empty()).into());
    }
    Ok(other(call)?.difference(&set).is_empty().into())
}

fn is_equal(call: &Call<'_>) -> bool {
    let right = call.argument(1).read_lock::<TargetSet>();
    right.is_some_and(|right| set(call).has_same(&right))
}

fn at(call: &Call<'_>) -> CallResult {
    let set = set(call);
    if let Ok(index) = call.argument(1).as_int() {
        let position = sequence::position(index, set.len());
        return Ok(element(position.and_then(|position| set.get(position))));
    }
    let name = call.text(1)?;
    Ok(element(
        set.iter()
            .find(|target| target.name.as_str() == name.as_str()),
    ))
}

fn share(call: &Call<'_>) -> CallResult {
    let given = call.argument(1);
    let budget: Option<FailureBudget> = match given.as_int() {
        Ok(number) => number.try_into().ok(),
        Err(_) => given
            .read_lock::<ImmutableString>()
            .and_then(|text| text.parse().ok()),
    };
    let budget =
        budget.ok_or_else(|| call.wrong_type(1, "a number, or a share such as \"10%\""))?;
    let count = budget.allowed(set(call).len());
    Ok(Dynamic::from_int(i64::try_from(count).unwrap_or(i64::MAX)))
}

fn batches(call: &Call<'_>) -> CallResult {
    let set = set(call);
    let spec = batches::read(call.argument(1)).map_err(|error| call.misuse(error))?;
    let mut start = 0;
    let parts: Array = crate::schedule::batch_sizes(set.len(), &spec)
        .into_iter()
        .map(|size| {
            let part = set.part(start..start + size);
            start += size;
            Dynamic::from(part)
        })
        .collect();
    Ok(Dynamic::from_array(parts))
}
