//! The members of `Target`.

use std::sync::Arc;

use rhai::Dynamic;

use super::catalog::Entry;
use crate::{
    model::Target,
    plan::{call::Call, convert, object::TargetSet},
};

const TARGET: &str = "Target";

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = getters();
    entries.extend(operators());
    entries
}

fn getters() -> Vec<Entry> {
    vec![
        Entry::getter(TARGET, "name", |call| Ok(target(call).name.as_str().into()))
            .gives("String")
            .doc("Its name in the inventory, or its address if it is not in there.")
            .example(r#"print(target("web1").name);"#),
        Entry::getter(TARGET, "host", |call| Ok(now(call).host.as_str().into()))
            .gives("String")
            .doc("The host that is connected to.")
            .example(r#"print(target("web1").host);"#),
        Entry::getter(TARGET, "port", |call| {
            let port = now(call).port;
            Ok(port.map_or(Dynamic::UNIT, |port| Dynamic::from_int(i64::from(port))))
        })
        .gives("Integer")
        .doc("The port, or `()` if it is the usual one.")
        .example(r#"print(target("web1").port);"#),
        Entry::getter(TARGET, "user", |call| Ok(text(now(call).user.as_deref())))
            .gives("String")
            .doc("The user that is logged in as, or `()` if nothing is said.")
            .example(r#"print(target("web1").user);"#),
        Entry::getter(TARGET, "uri", |call| Ok(text(now(call).uri.as_deref())))
            .gives("String")
            .doc("The address as it was given, or `()`.")
            .example(r#"print(target("web1").uri);"#),
        Entry::getter(TARGET, "transport", |call| Ok(now(call).transport.as_str().into()))
            .gives("String")
            .doc("How it is reached: `ssh`, `local`, ...")
            .example(r#"print(target("web1").transport);"#),
        Entry::getter(TARGET, "vars", |call| Ok(map(&now(call).vars)))
            .gives("Map")
            .doc("Its variables, from the inventory and from `set_var`.")
            .example(r#"print(target("db1").vars.role);"#),
        Entry::getter(TARGET, "facts", |call| Ok(map(&now(call).facts)))
            .gives("Map")
            .doc("Its facts, as far as they are known: from the inventory, `add_facts` and `collect_facts`.")
            .example(r#"print(target("web1").facts);"#),
        Entry::getter(TARGET, "config", |call| Ok(map(&now(call).config)))
            .gives("Map")
            .doc("The settings of its transport. Passwords and keys are sensitive.")
            .example(r#"print(target("web1").config);"#),
        Entry::getter(TARGET, "groups", |call| Ok(list(&now(call).groups)))
            .gives("Array[String]")
            .doc("The groups that it is in, nearest first, `all` last.")
            .example(r#"if "old" in target("web1").groups { print("it is old"); }"#),
        Entry::getter(TARGET, "aliases", |call| Ok(list(&now(call).aliases)))
            .gives("Array[String]")
            .doc("Its other names.")
            .example(r#"print(target("web1").aliases);"#),
        Entry::getter(TARGET, "features", |call| {
            let features: Vec<String> = now(call).features.iter().cloned().collect();
            Ok(list(&features))
        })
        .gives("Array[String]")
        .doc("What it can do, as tasks require it: `shell`, `puppet-agent`, ...")
        .example(r#"if "puppet-agent" in target("web1").features { print("it has an agent"); }"#),
    ]
}

fn operators() -> Vec<Entry> {
    vec![
        Entry::method(TARGET, "to_string", |call| {
            Ok(target(call).name.as_str().into())
        })
        .gives("String")
        .doc("Its name.")
        .example(r#"print(`restarting ${target("web1")}`);"#),
        Entry::operator(TARGET, "==", |call| Ok(is_equal(call).into()))
            .takes("other", "Any")
            .gives("Boolean")
            .doc("Whether both are the same target. A name is compared too.")
            .example(r#"if targets("web").first == "web1" { print("it is web1"); }"#),
        Entry::operator(TARGET, "!=", |call| Ok((!is_equal(call)).into()))
            .takes("other", "Any")
            .gives("Boolean")
            .doc("Whether they are different targets.")
            .example(r#"let others = targets("web").filter(|t| t != targets("web").first);"#),
        Entry::operator(TARGET, "+", |call| {
            let first: TargetSet = [target(call)].into_iter().collect();
            let rest: TargetSet = call.targets(1)?.into_iter().collect();
            Ok(Dynamic::from(first.union(&rest)))
        })
        .takes("others", "TargetSpec")
        .gives("TargetSet")
        .doc("The target and the others.")
        .example(r#"let both = target("web1") + "db1";"#),
    ]
}

fn target(call: &Call<'_>) -> Arc<Target> {
    call.receiver()
}

/// The target as the inventory has it now: `set_var` in between must be seen.
fn now(call: &Call<'_>) -> Arc<Target> {
    call.host().target_now(&target(call))
}

fn is_equal(call: &Call<'_>) -> bool {
    let name = target(call).name.clone();
    let other = call.argument(1);
    if let Some(other) = other.read_lock::<Arc<Target>>() {
        return other.name == name;
    }
    call.text(1)
        .is_ok_and(|text| text.as_str() == name.as_str())
}

fn text(text: Option<&str>) -> Dynamic {
    text.map_or(Dynamic::UNIT, Into::into)
}

fn map(map: &crate::model::Map) -> Dynamic {
    Dynamic::from_map(convert::to_script_map(map))
}

fn list(names: &[String]) -> Dynamic {
    Dynamic::from_array(names.iter().map(|name| name.as_str().into()).collect())
}
