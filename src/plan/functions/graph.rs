//! Step graphs: what is done in an order that the plan declares.

use std::{collections::BTreeMap, num::NonZeroUsize, rc::Rc};

use rhai::{Dynamic, FnPtr, Map as ScriptMap};

use super::{catalog::Entry, target_set::length};
use crate::{
    plan::{
        call::{Call, CallError, CallResult, read_duration},
        closure::Closure,
        depth,
        graph_run::{self, Rules},
        object::{Graph, Step},
        options,
    },
    schedule::{OnStepFailure, ParseOnStepFailureError, RunRules, StepSpec, nest},
};

const GRAPH: &str = "Graph";

pub(super) fn entries() -> Vec<Entry> {
    vec![
        Entry::function("graph", |call| {
            Ok(Dynamic::from(Rc::new(Graph::new(call.text(0)?.to_string()))))
        })
        .takes("name", "String")
        .gives(GRAPH)
        .doc("A graph of steps that has none yet.")
        .example(r#"let release = graph("release"); release.step("fetch", || run_command("true", "web")); release.run();"#),
        Entry::method(GRAPH, "step", step)
            .takes("name", "String")
            .takes("options", "Options | Closure")
            .may_take("work", "Closure")
            .with_options(&["after", "when", "undo", "retry", "timeout", "limit", "uses", "on_failure", "description"])
            .changes()
            .gives("String")
            .doc("Adds a step, and gives its name. Options: `after` (steps that come before it), `when` (it is skipped if that gives `false`), `undo` (for a rollback), `retry`, `timeout`, `limit` (targets that its actions work on at the same time, all of them together), `uses` (resources that no two steps use at once), `on_failure` (`\"skip_dependents\"`, `\"stop\"`, `\"continue\"`, `\"rollback\"`), `description` (words for the drawing). A closure with a parameter gets a map of the values of all steps that come before it, by name.")
            .example(r#"let g = graph("g"); g.step("a", || 1); g.step("b", #{ after: "a", undo: || print("undone") }, |done| done["a"] + 1); g.run();"#),
        Entry::method(GRAPH, "add", add)
            .takes("other", GRAPH)
            .may_take_options(&["after"])
            .changes()
            .gives("String")
            .doc("Adds the steps of another graph as a group, and gives its name: the step `fetch` of the graph `app` becomes `app/fetch`, and `after: \"app\"` means all of it.")
            .example(r#"let app = graph("app"); app.step("fetch", || 1); let all = graph("all"); all.add(app); all.step("tell", #{ after: "app" }, || print("done")); all.run();"#),
        Entry::method(GRAPH, "run", run)
            .may_take_options(&["on_failure", "limit", "uses", "catch_errors"])
            .gives("Map")
            .doc("Runs the steps, each as soon as those before it are done. Options: `on_failure` for steps that don't say themselves (`\"skip_dependents\"` unless it is given), `limit` (steps at once), `uses` (how many steps may use a resource at once, by name), `catch_errors`. Gives a map with `ok`, `ending`, `steps` (by name: `status`, `value`, `error`, `because`) and `needs_human`. A failed step is an error of the kind `segue/graph-failed` when all is over, unless its rule is `\"continue\"`, or errors are caught.")
            .example(r#"let g = graph("g"); g.step("a", || 7); let outcome = g.run(#{ limit: 4, on_failure: "rollback" }); print(outcome.steps.a.value);"#),
        Entry::getter(GRAPH, "name", |call| Ok(graph(call).name().into()))
            .gives("String")
            .doc("Its name.")
            .example(r#"print(graph("release").name);"#),
        Entry::getter(GRAPH, "len", |call| Ok(length(graph(call).steps().len())))
            .gives("Integer")
            .doc("How many steps it has.")
            .example(r#"print(graph("release").len);"#),
        Entry::getter(GRAPH, "steps", |call| {
            let steps = graph(call).steps();
            let names = steps.iter().map(|step| step.spec.name.as_str().into());
            Ok(Dynamic::from_array(names.collect()))
        })
        .gives("Array[String]")
        .doc("The names of its steps, as they were added.")
        .example(r#"print(graph("release").steps);"#),
        Entry::method(GRAPH, "to_string", |call| Ok(graph(call).to_string().into()))
            .gives("String")
            .doc("Its name, and how many steps it has.")
            .example(r#"print(graph("release"));"#),
    ]
}

fn graph(call: &Call<'_>) -> Rc<Graph> {
    call.receiver()
}

fn step(call: &Call<'_>) -> CallResult {
    let graph = graph(call);
    let name = call.text(1)?.to_string();
    if name.is_empty() {
        return Err(call.misuse("a step needs a name"));
    }
    if let Some(first) = graph.step(&name) {
        let place = call.host().place(first.position);
        let place = place
            .map(|place| format!(", added at {place}"))
            .unwrap_or_default();
        return Err(call.misuse(format!("there is a step `{name}` already{place}")));
    }
    let without_options = call.argument(2).is::<FnPtr>() && call.given(3).is_none();
    let (options, body) = if without_options {
        (ScriptMap::new(), call.closure(2)?)
    } else {
        (options::known(call, 2)?, call.closure(3)?)
    };
    let body = detached(body)?;
    let undo = closure(call, &options, "undo")?;
    let limit = options::option_of(call, &options, "limit", options::count)?;
    let spec = StepSpec {
        after: options::option_of(call, &options, "after", options::texts)?.unwrap_or_default(),
        uses: options::option_of(call, &options, "uses", options::texts)?.unwrap_or_default(),
        has_undo: undo.is_some(),
        on_failure: on_failure(call, &options)?,
        description: options::option_of(call, &options, "description", options::text)?,
        name: name.clone(),
    };
    let step = Step {
        spec,
        body,
        when: closure(call, &options, "when")?,
        undo,
        retry: options::option_of(call, &options, "retry", options::retry)?,
        timeout: options::option_of(call, &options, "timeout", read_duration)?,
        limit: limit.and_then(NonZeroUsize::new),
        position: call.position(),
    };
    let levels = depth::of_step(&graph, step.captured(), call.position())?;
    graph.add(step, levels);
    Ok(name.into())
}

fn closure(call: &Call<'_>, options: &ScriptMap, name: &str) -> Result<Option<Closure>, CallError> {
    options::option_of(call, options, name, |value| {
        let pointer = value.read_lock::<FnPtr>()?;
        Some(Closure::new(call.context, pointer.clone()))
    })?
    .map(detached)
    .transpose()
}

/// With what it captured as it is now: a graph that is written in a loop has steps of its own in every turn.
fn detached(mut closure: Closure) -> Result<Closure, CallError> {
    closure.detach()?;
    Ok(closure)
}

fn on_failure(call: &Call<'_>, options: &ScriptMap) -> Result<Option<OnStepFailure>, CallError> {
    let Some(value) = options.get("on_failure").filter(|value| !value.is_unit()) else {
        return Ok(None);
    };
    let rule: Result<OnStepFailure, ParseOnStepFailureError> = value.to_string().parse();
    rule.map(Some).map_err(|error| {
        let help = match error.nearest {
            Some(near) => format!("did you mean `\"{near}\"`?"),
            None => ParseOnStepFailureError::HELP.to_owned(),
        };
        call.misuse(format!(
            "the option `on_failure` of `{}`: {error}: {help}",
            call.entry.name
        ))
    })
}

fn add(call: &Call<'_>) -> CallResult {
    let graph = graph(call);
    let other = call
        .argument(1)
        .read_lock::<Rc<Graph>>()
        .map(|other| Rc::clone(&other));
    let other = other.ok_or_else(|| call.wrong_type(1, "a Graph"))?;
    if Rc::ptr_eq(&graph, &other) {
        return Err(call.misuse("a graph can't be a part of itself"));
    }
    let group = other.name().to_owned();
    let options = options::known(call, 2)?;
    let after = options::option_of(call, &options, "after", options::texts)?.unwrap_or_default();
    let steps = other.steps();
    let specs = nest(
        &group,
        &after,
        steps.iter().map(|step| step.spec.clone()).collect(),
    );
    for (spec, step) in specs.into_iter().zip(&steps) {
        if graph.step(&spec.name).is_some() {
            return Err(call.misuse(format!("there is a step `{}` already", spec.name)));
        }
        let step = Step {
            spec,
            body: step.body.clone(),
            when: step.when.clone(),
            undo: step.undo.clone(),
            retry: step.retry,
            timeout: step.timeout,
            limit: step.limit,
            position: step.position,
        };
        let levels = depth::of_step(&graph, step.captured(), call.position())?;
        graph.add(step, levels);
    }
    Ok(group.into())
}

fn run(call: &Call<'_>) -> CallResult {
    call.check_depth()?;
    let options = options::known(call, 1)?;
    let limit = options::option_of(call, &options, "limit", options::count)?;
    let rules = RunRules {
        on_failure: on_failure(call, &options)?.unwrap_or_default(),
        limit: limit.and_then(NonZeroUsize::new),
        capacities: capacities(call, &options)?,
    };
    let catch_errors =
        options::option_of(call, &options, "catch_errors", |value| value.as_bool().ok())?;
    let rules = Rules {
        run: rules,
        catch_errors: catch_errors.unwrap_or(false),
    };
    graph_run::run(call.site(), &graph(call), &rules)
}

/// `uses: #{ db: 2 }`: how many steps may use a resource at once.
fn capacities(
    call: &Call<'_>,
    options: &ScriptMap,
) -> Result<BTreeMap<String, NonZeroUsize>, CallError> {
    let Some(value) = options.get("uses").filter(|value| !value.is_unit()) else {
        return Ok(BTreeMap::new());
    };
    let wrong =
        || call.misuse("the option `uses` of `run` must be a Map of numbers, such as `#{ db: 2 }`");
    let map = value.read_lock::<ScriptMap>().ok_or_else(wrong)?;
    map.iter()
        .map(|(name, count)| {
            let count = options::count(count).and_then(NonZeroUsize::new);
            Ok((name.to_string(), count.ok_or_else(wrong)?))
        })
        .collect()
}
