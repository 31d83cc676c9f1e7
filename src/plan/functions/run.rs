//! Running things on targets: tasks, commands, scripts, and waiting until they answer.

use std::{sync::Arc, time::Duration};

use rhai::{Dynamic, Map as ScriptMap};

use super::catalog::Entry;
use crate::{
    model::{Failure, Map, Target, TargetResult, kinds},
    plan::{
        action::{self, Asked},
        call::{Call, CallError, CallResult},
        convert,
        effect::{Action, Params},
        object::Results,
        options,
    },
    task::{ParamError, Task},
};

/// How long `wait_until_available` waits, unless the plan says so: Bolt's two minutes, in which a machine restarts.
const AVAILABLE_WAIT: Duration = Duration::from_mins(2);
const AVAILABLE_INTERVAL: Duration = Duration::from_secs(1);

/// The task that `collect_facts` runs. It ships with Segue.
const FACTS_TASK: &str = "facts";

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = tasks();
    entries.extend(commands());
    entries
}

fn tasks() -> Vec<Entry> {
    vec![
        Entry::function("run_task", run_task)
            .takes("name", "TaskName")
            .takes("targets", "TargetSpec")
            .may_take("params", "Map")
            .may_take_options(&allowed(&["noop", "detach"]))
            .gives("ResultSet")
            .doc("Runs a task on every target. Parameters are checked against the task's metadata before anything is contacted. A failure that is not caught ends the plan when all targets have been tried.")
            .example(r#"let results = run_task("service", "web", #{ action: "restart", name: "nginx" });"#),
        Entry::function("run_task_with", run_task_with)
            .takes("name", "TaskName")
            .takes("targets", "TargetSpec")
            .takes("params", "Closure")
            .may_take_options(&allowed(&["noop", "detach"]))
            .gives("ResultSet")
            .doc("Runs a task with parameters of each target's own: the closure gets the target and gives its map. A map that does not fit is the failure of that target alone.")
            .example(r#"run_task_with("service", "web", |t| #{ action: "restart", name: `app-${t.name}` });"#),
        Entry::function("collect_facts", collect_facts)
            .takes("targets", "TargetSpec")
            .may_take_options(&allowed(&[]))
            .gives("ResultSet")
            .doc("Asks targets for their facts, and keeps them: `facts(target)` and `target.facts` have them from then on.")
            .example(r#"collect_facts("web"); print(facts("web1"));"#),
    ]
}

fn commands() -> Vec<Entry> {
    vec![
        Entry::function("run_command", run_command)
            .takes("command", "String")
            .takes("targets", "TargetSpec")
            .may_take_options(&allowed(&["env", "detach"]))
            .gives("ResultSet")
            .doc("Runs a command line in a shell on every target.")
            .example(r#"let uptime = run_command("uptime", "web").first.stdout;"#),
        Entry::function("run_script", run_script)
            .takes("script", "File")
            .takes("targets", "TargetSpec")
            .may_take_options(&allowed(&["env", "arguments", "detach"]))
            .gives("ResultSet")
            .doc("Copies a script of the project or of a module to every target and runs it there, with `arguments` and `env` of the options.")
            .example(r#"run_script("scripts/cleanup.sh", "web", #{ arguments: ["--keep", 3] });"#),
        Entry::function("collect", collect)
            .takes("started", "ResultSet")
            .may_take_options(&["timeout", "catch_errors", "on_failure", "max_failures", "limit", "description"])
            .gives("ResultSet")
            .doc("Waits until what an action with `detach` has started is over, and gives its results: those of the task, the command or the script itself. A target that is away is called again and again until `timeout`. What was not started, and what was not detached, keeps the result that it has. A target that was restarted before the end was kept is `lost`.")
            .example(r#"let going = run_command("(sleep 1; reboot) >/dev/null 2>&1 &", "web1", #{ detach: true }); wait_until_available("web1", #{ timeout: "10m" }); let results = collect(going);"#),
        Entry::function("wait_until_available", wait_until_available)
            .takes("targets", "TargetSpec")
            .may_take_options(&["timeout", "interval", "catch_errors", "description", "limit"])
            .gives("ResultSet")
            .doc("Connects again and again until each target answers, for two minutes unless `timeout` says otherwise, every second unless `interval` does.")
            .example(r#"run_command("reboot", "web1"); wait_until_available("web1", #{ timeout: "10m", interval: "5s" });"#),
    ]
}

/// What every action understands.
pub(super) const COMMON: [&str; 11] = [
    "catch_errors",
    "run_as",
    "timeout",
    "retry",
    "limit",
    "on_failure",
    "max_failures",
    "batch",
    "pause",
    "description",
    "preview",
];

/// The options that an action understands besides the common ones.
pub(super) fn allowed(more: &[&'static str]) -> Vec<&'static str> {
    COMMON.iter().chain(more).copied().collect()
}

fn run_task(call: &Call<'_>) -> CallResult {
    let task = task(call)?;
    let targets = call.targets(1)?;
    let options = options::read(call, 3)?;
    check_noop(call, &task, options.run.noop)?;
    let given = data(call, &call.map(2)?)?;
    let params = checked(&task, &given).map_err(|failure| call.fail(*failure))?;
    let asked = Asked {
        call,
        what: format!("task `{}`", task.name()),
        action: Action::Task {
            task,
            params: Params::Same(params),
        },
        targets,
    };
    action::perform(asked, &options)
}

fn run_task_with(call: &Call<'_>) -> CallResult {
    let task = task(call)?;
    let targets = call.targets(1)?;
    let options = options::read(call, 3)?;
    check_noop(call, &task, options.run.noop)?;
    let closure = call.pointer(2)?;
    let mut each = Vec::with_capacity(targets.len());
    for target in &targets {
        let own = call.invoke(&closure, Dynamic::from(Arc::clone(target)))?;
        each.push(own_params(&task, target, &own).map_err(|failure| *failure));
    }
    let asked = Asked {
        call,
        what: format!("task `{}`", task.name()),
        action: Action::Task {
            task,
            params: Params::Each(each),
        },
        targets,
    };
    action::perform(asked, &options)
}

fn task(call: &Call<'_>) -> Result<Arc<Task>, CallError> {
    let name = call.text(0)?;
    let found = call.host().world.task(&name);
    found.map_err(|failure| call.fail(*failure))
}

fn check_noop(call: &Call<'_>, task: &Task, noop: bool) -> Result<(), CallError> {
    if noop && !task.metadata().supports_noop {
        return Err(call.misuse(format!(
            "the task `{}` does not support noop: its metadata does not say `\"supports_noop\": true`",
            task.name()
        )));
    }
    Ok(())
}

fn data(call: &Call<'_>, map: &ScriptMap) -> Result<Map, CallError> {
    convert::to_map(map).map_err(|error| call.misuse(format!("{}: {error}", call.parameter(2))))
}

fn checked(task: &Task, given: &Map) -> Result<Arc<Map>, Box<Failure>> {
    task.check_params(given)
        .map(Arc::new)
        .map_err(|errors| Box::new(params_failure(&errors)))
}

/// The parameters of one target, or why they are none.
fn own_params(task: &Task, target: &Target, own: &Dynamic) -> Result<Arc<Map>, Box<Failure>> {
    let wrong = |message: String| Box::new(Failure::new(kinds::VALIDATION, message));
    let Some(map) = own.read_lock::<ScriptMap>() else {
        let (name, actual) = (&target.name, convert::type_name(own));
        return Err(wrong(format!(
            "the closure must give a Map for `{name}`, but gives {actual}"
        )));
    };
    let given = convert::to_map(&map).map_err(|error| wrong(error.to_string()))?;
    checked(task, &given)
}

/// All that is wrong with parameters, each with what to do about it.
fn params_failure(errors: &[ParamError]) -> Failure {
    let mut failure = ParamError::failure(errors);
    let help: Vec<String> = errors.iter().filter_map(ParamError::help).collect();
    if !help.is_empty() {
        failure.message = format!("{}: {}", failure.message, help.join("; "));
    }
    failure
}

fn run_command(call: &Call<'_>) -> CallResult {
    let command = call.text(0)?.to_string();
    let asked = Asked {
        call,
        what: format!("command `{command}`"),
        action: Action::Command { command },
        targets: call.targets(1)?,
    };
    action::perform(asked, &options::read(call, 2)?)
}

fn run_script(call: &Call<'_>) -> CallResult {
    let script = call.text(0)?.to_string();
    let targets = call.targets(1)?;
    let mut options = options::read(call, 2)?;
    let file = call.host().world.file(&script);
    let file = file.map_err(|failure| call.fail(*failure))?;
    let asked = Asked {
        call,
        what: format!("script `{script}`"),
        action: Action::Script {
            script,
            file,
            arguments: std::mem::take(&mut options.arguments),
        },
        targets,
    };
    action::perform(asked, &options)
}

fn wait_until_available(call: &Call<'_>) -> CallResult {
    let mut options = options::read(call, 1)?;
    let asked = Asked {
        call,
        what: "waiting for an answer".to_owned(),
        action: Action::WaitUntilAvailable {
            // The wait is what the action is; an action's own timeout would end it from outside.
            wait: options.run.timeout.take().unwrap_or(AVAILABLE_WAIT),
            interval: options.interval.unwrap_or(AVAILABLE_INTERVAL),
        },
        targets: call.targets(0)?,
    };
    action::perform(asked, &options)
}

fn collect(call: &Call<'_>) -> CallResult {
    let started = call.argument(0).read_lock::<Results>();
    let Some(started) = started.map(|results| results.set().clone()) else {
        return Err(call.wrong_type(0, "the ResultSet of an action"));
    };
    let options = options::read(call, 1)?;
    let host = call.host();
    let mut targets = Vec::with_capacity(started.len());
    for result in started.iter() {
        let inventory = host.inventory.borrow();
        let target = inventory.resolve_one(result.target.as_str());
        targets.push(target.map_err(|error| call.misuse(error.to_string()))?);
    }
    let started: Vec<Arc<TargetResult>> = (0..started.len())
        .filter_map(|position| started.at(position).cloned())
        .collect();
    let object = started.first().map_or("", |result| &result.object);
    let asked = Asked {
        call,
        what: format!("collecting `{object}`"),
        action: Action::Collect { started },
        targets,
    };
    action::perform(asked, &options)
}

fn collect_facts(call: &Call<'_>) -> CallResult {
    let host = call.host();
    let targets = call.targets(0)?;
    let options = options::read(call, 1)?;
    let task = host.world.task(FACTS_TASK);
    let asked = Asked {
        call,
        what: "collecting facts".to_owned(),
        action: Action::CollectFacts {
            task: task.map_err(|failure| call.fail(*failure))?,
        },
        targets,
    };
    let results = action::perform(asked, &options)?;
    if let Some(results) = results.read_lock::<Results>() {
        let mut inventory = host.inventory.borrow_mut();
        for result in results.set().iter().filter(|result| result.is_ok()) {
            // A target that was taken out in the meantime has no use for facts.
            let _ = inventory.add_facts(result.target.as_str(), result.value.map().clone());
        }
    }
    Ok(results)
}
