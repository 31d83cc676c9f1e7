//! What there is to run on: targets, groups and tiers, and what a plan says of them in memory.

use rhai::{Array, Dynamic, ImmutableString};

use super::{catalog::Entry, sequence, target_set::length};
use crate::{
    inventory::{InventoryError, TargetSpec},
    model::{Failure, Map, TargetName, Value, kinds, nearest},
    plan::{
        call::{Call, CallError, CallResult},
        convert,
        diagnostic::ADVICE,
        object::{TargetSet, Tiers},
        options::listed,
    },
    schedule,
};

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = finding();
    entries.extend(telling());
    entries.extend(tiers_entries());
    entries
}

fn finding() -> Vec<Entry> {
    vec![
        Entry::function("targets", |call| {
            Ok(Dynamic::from(
                call.targets(0)?.into_iter().collect::<TargetSet>(),
            ))
        })
        .takes("which", "TargetSpec")
        .gives("TargetSet")
        .doc("The targets that an expression names: names, groups and patterns with commas between them, `!` for what is left out.")
        .example(r#"let web = targets("web,!web3");"#),
        Entry::function("target", |call| {
            if call.argument(0).is_string() {
                let name = call.text(0)?;
                let found = call.host().inventory.borrow().resolve_one(&name);
                return found.map(Dynamic::from).map_err(|error| {
                    with_help(call, error.to_string(), error.help_text())
                });
            }
            match call.targets(0)?.as_slice() {
                [only] => Ok(Dynamic::from(std::sync::Arc::clone(only))),
                several => Err(call.misuse(format!(
                    "{} must name one target, but names {}",
                    call.parameter(0),
                    several.len()
                ))),
            }
        })
        .takes("which", "TargetSpec")
        .gives("Target")
        .doc("The one target of that name, alias or address.")
        .example(r#"let primary = target("db1");"#),
        Entry::function("vars", |call| {
            let target = one(call)?;
            Ok(Dynamic::from_map(convert::to_script_map(&target.vars)))
        })
        .takes("target", "TargetSpec")
        .gives("Map")
        .doc("The variables of a target.")
        .example(r#"print(vars("db1").role);"#),
        Entry::function("facts", |call| {
            let target = one(call)?;
            Ok(Dynamic::from_map(convert::to_script_map(&target.facts)))
        })
        .takes("target", "TargetSpec")
        .gives("Map")
        .doc("The facts of a target that are known. `collect_facts` asks for them.")
        .example(r#"print(facts("db1"));"#),
    ]
}

fn telling() -> Vec<Entry> {
    vec![
        Entry::function("new_target", new_target)
            .takes("target", "Map")
            .gives("Target")
            .doc("Adds a target in memory, or adds to the one of that name: a map with `name` or `uri`, and `aliases`, `config`, `vars`, `facts`, `features`, `groups`.")
            .example(r#"let fresh = new_target(#{ name: "web9", uri: "ssh://10.0.0.9", groups: ["web"] });"#),
        Entry::function("add_to_group", |call| {
            let group = call.text(1)?;
            edit(call, |inventory, names| inventory.add_to_group(names, &group))
        })
        .takes("targets", "TargetSpec")
        .takes("group", "String")
        .doc("Puts targets into a group, in memory.")
        .example(r#"add_to_group("web3", "old");"#),
        Entry::function("remove_from_group", |call| {
            let group = call.text(1)?;
            edit(call, |inventory, names| inventory.remove_from_group(names, &group))
        })
        .takes("targets", "TargetSpec")
        .takes("group", "String")
        .doc("Takes targets out of a group, in memory. Nothing leaves `all`.")
        .example(r#"remove_from_group("web1", "old");"#),
        Entry::function("set_var", |call| {
            let (key, value) = (call.text(1)?, call.value(2)?);
            edit(call, |inventory, names| {
                names.iter().try_for_each(|name| inventory.set_var(name, &key, value.clone()))
            })
        })
        .takes("targets", "TargetSpec")
        .takes("name", "String")
        .takes("value", "Any")
        .doc("Sets a variable of targets, in memory.")
        .example(r#"set_var("web1", "weight", 10);"#),
        Entry::function("set_config", |call| {
            let path = path(call)?;
            let value = call.value(2)?;
            edit(call, |inventory, names| {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                names.iter().try_for_each(|name| inventory.set_config(name, &path, value.clone()))
            })
        })
        .takes("targets", "TargetSpec")
        .takes("setting", "String | Array")
        .takes("value", "Any")
        .doc("Sets how targets are reached, in memory: `\"transport\"`, or `\"ssh.user\"`.")
        .example(r#"set_config("web1", "ssh.user", "admin");"#),
        Entry::function("set_feature", |call| {
            let feature = call.text(1)?;
            let present = match call.given(2) {
                None => true,
                Some(value) => value.as_bool().map_err(|_| call.wrong_type(2, "a Boolean"))?,
            };
            edit(call, |inventory, names| {
                names.iter().try_for_each(|name| inventory.set_feature(name, &feature, present))
            })
        })
        .takes("targets", "TargetSpec")
        .takes("feature", "String")
        .may_take("present", "Boolean")
        .doc("Says that targets can do something, or can't, in memory.")
        .example(r#"set_feature("web1", "puppet-agent");"#),
        Entry::function("add_facts", |call| {
            let Value::Map(facts) = call.value(1)? else {
                return Err(call.wrong_type(1, "a Map"));
            };
            edit(call, |inventory, names| {
                names.iter().try_for_each(|name| inventory.add_facts(name, facts.clone()))
            })
        })
        .takes("targets", "TargetSpec")
        .takes("facts", "Map")
        .doc("Adds facts to those that are known of targets, in memory.")
        .example(r#"add_facts("web1", #{ rack: "r7" });"#),
    ]
}

fn tiers_entries() -> Vec<Entry> {
    vec![
        Entry::function("tiers", tiers)
            .takes("targets", "TargetSpec")
            .gives("Tiers")
            .doc("The targets in waves by the `depends_on` of their groups, dependencies first; tiers that don't depend on each other are one wave. Those in no tier come last.")
            .example(r#"for tier in tiers("all") { run_command("uptime", tier); }"#),
        Entry::method("Tiers", "reverse", |call| {
            Ok(Dynamic::from(call.receiver::<Tiers>().reversed()))
        })
        .gives("Tiers")
        .doc("The waves from the last to the first: for stopping from the top.")
        .example(r#"for tier in tiers("all").reverse() { run_command("uptime", tier); }"#),
        Entry::getter("Tiers", "len", |call| Ok(length(call.receiver::<Tiers>().len())))
            .gives("Integer")
            .doc("How many waves there are.")
            .example(r#"print(tiers("all").len);"#),
        Entry::getter("Tiers", "is_empty", |call| Ok(call.receiver::<Tiers>().is_empty().into()))
            .gives("Boolean")
            .doc("Whether there is no wave, because there are no targets.")
            .example(r#"if tiers("all").is_empty { fail("nothing to do"); }"#),
        Entry::getter("Tiers", "first", |call| {
            Ok(wave(call.receiver::<Tiers>().first()))
        })
        .gives("TargetSet")
        .doc("The first wave, or `()`.")
        .example(r#"print(tiers("all").first);"#),
        Entry::getter("Tiers", "last", |call| Ok(wave(call.receiver::<Tiers>().last())))
            .gives("TargetSet")
            .doc("The last wave, or `()`.")
            .example(r#"print(tiers("all").last);"#),
        Entry::index("Tiers", |call| {
            let tiers: Tiers = call.receiver();
            let position = sequence::position(call.integer(1)?, tiers.len());
            Ok(wave(position.and_then(|position| tiers.get(position))))
        })
        .takes("position", "Integer")
        .gives("TargetSet")
        .doc("The wave at that position, or `()`. -1 is the last one.")
        .example(r#"print(tiers("all")[0]);"#),
        Entry::method("Tiers", "to_string", |call| {
            Ok(call.receiver::<Tiers>().to_string().into())
        })
        .gives("String")
        .doc("The waves with arrows between them.")
        .example(r#"print(tiers("all"));"#),
    ]
}

fn wave(wave: Option<&TargetSet>) -> Dynamic {
    wave.cloned().map_or(Dynamic::UNIT, Dynamic::from)
}

fn one(call: &Call<'_>) -> Result<std::sync::Arc<crate::model::Target>, CallError> {
    let mut targets = call.targets(0)?;
    match (targets.pop(), targets.is_empty()) {
        (Some(only), true) => Ok(only),
        (last, _) => Err(call.misuse(format!(
            "{} must name one target, but names {}",
            call.parameter(0),
            targets.len() + usize::from(last.is_some())
        ))),
    }
}

/// Changes what the inventory in memory says of the targets that argument 0 names.
fn edit(
    call: &Call<'_>,
    change: impl FnOnce(&mut crate::inventory::Inventory, &[&str]) -> Result<(), InventoryError>,
) -> CallResult {
    let targets = call.targets(0)?;
    let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
    let host = call.host();
    let result = change(&mut host.inventory.borrow_mut(), &names);
    result.map_err(|error| told(call, &error))?;
    Ok(Dynamic::UNIT)
}

fn told(call: &Call<'_>, error: &InventoryError) -> CallError {
    with_help(
        call,
        error.to_string(),
        error.help_text().map(str::to_owned),
    )
}

/// `"ssh.user"`, or `["ssh", "user"]`.
fn path(call: &Call<'_>) -> Result<Vec<String>, CallError> {
    if let Some(items) = call.argument(1).read_lock::<Array>() {
        let texts: Option<Vec<String>> = items
            .iter()
            .map(|item| {
                item.read_lock::<ImmutableString>()
                    .map(|text| text.to_string())
            })
            .collect();
        return texts.ok_or_else(|| call.wrong_type(1, "an Array of Strings"));
    }
    Ok(call.text(1)?.split('.').map(str::to_owned).collect())
}

const TARGET_KEYS: [&str; 8] = [
    "name", "uri", "aliases", "config", "vars", "facts", "features", "groups",
];

fn new_target(call: &Call<'_>) -> CallResult {
    let Value::Map(map) = call.value(0)? else {
        return Err(call.wrong_type(0, "a Map"));
    };
    let mut spec = TargetSpec::default();
    for (key, value) in map {
        let wrong = |wanted: &str| call.misuse(format!("`{key}` of `new_target` must be {wanted}"));
        match key.as_str() {
            "name" => spec.name = Some(text(value).ok_or_else(|| wrong("a String"))?),
            "uri" => spec.uri = Some(text(value).ok_or_else(|| wrong("a String"))?),
            "aliases" | "alias" => {
                spec.aliases = texts(value).ok_or_else(|| wrong("an Array of Strings"))?;
            }
            "groups" => spec.groups = texts(value).ok_or_else(|| wrong("an Array of Strings"))?,
            "features" => {
                let features = texts(value).ok_or_else(|| wrong("an Array of Strings"))?;
                spec.features = features.into_iter().collect();
            }
            "config" => spec.config = inner(value).ok_or_else(|| wrong("a Map"))?,
            "vars" => spec.vars = inner(value).ok_or_else(|| wrong("a Map"))?,
            "facts" => spec.facts = inner(value).ok_or_else(|| wrong("a Map"))?,
            other => {
                let help = nearest(other, TARGET_KEYS).map_or_else(
                    || format!("it has {}", listed(&TARGET_KEYS)),
                    |near| format!("did you mean `{near}`?"),
                );
                return Err(call.misuse(format!("a target has no `{other}`: {help}")));
            }
        }
    }
    let host = call.host();
    let added = host.inventory.borrow_mut().add_target(spec);
    added.map(Dynamic::from).map_err(|error| told(call, &error))
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn texts(value: Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.into_iter().map(text).collect(),
        _ => None,
    }
}

fn inner(value: Value) -> Option<Map> {
    match value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

fn tiers(call: &Call<'_>) -> CallResult {
    let targets = call.targets(0)?;
    let names: Vec<TargetName> = targets.iter().map(|target| target.name.clone()).collect();
    let host = call.host();
    let specs = host
        .inventory
        .borrow()
        .tiers()
        .into_iter()
        .map(|tier| schedule::TierSpec {
            name: tier.name,
            targets: tier.targets,
            depends_on: tier.depends_on,
        });
    let tiers =
        schedule::Tiers::new(specs.collect()).map_err(|error| call.misuse(error.to_string()))?;
    let waves = tiers.waves(&names);
    let sets: Tiers = waves
        .iter()
        .map(|wave| {
            let targets = wave.targets().map(|name| host.target_named(name));
            targets.collect::<TargetSet>()
        })
        .collect();
    Ok(Dynamic::from(sets))
}

/// An error with what to type beside it.
fn with_help(call: &Call<'_>, message: String, help: Option<String>) -> CallError {
    let failure = Failure::new(kinds::VALIDATION, message);
    call.fail(match help {
        Some(help) => failure.with_detail(ADVICE, help),
        None => failure,
    })
}
