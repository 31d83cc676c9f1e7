//! Doing several things at once.

use std::{collections::HashSet, rc::Rc, sync::Arc};

use rhai::{Array, Dynamic, ImmutableString};

use super::catalog::Entry;
use crate::{
    model::{Target, TargetResult},
    plan::{
        branches::{self, Planned},
        call::{Call, CallError, CallResult},
        closure::Closure,
        effect::Effect,
        host::Host,
        object::{Future, Results, TargetSet, Tiers},
        options,
        perseverance::{ends_in_preview, out_of_time, within},
        scheduler::BranchKind,
    },
};

pub(super) fn entries() -> Vec<Entry> {
    vec![
        Entry::function("parallel", parallel)
            .takes("items", "Array | Range | TargetSet | ResultSet | Tiers")
            .takes("each", "Closure")
            .may_take_options(&["limit"])
            .gives("Array")
            .doc("Calls the closure for every item at the same time, and gives what it gives, in the order of the items. When one fails, no further one is begun, those that run come to their end, and the error is thrown. `#{ limit: 20 }` runs no more than that at once. What the closure captures from outside is read-only in it: give a value back instead.")
            .example(r#"let results = parallel(targets("web"), |t| run_command("uptime", t), #{ limit: 2 });"#),
        Entry::function("settle", settle)
            .takes("items", "Array | Range | TargetSet | ResultSet | Tiers")
            .takes("each", "Closure")
            .may_take_options(&["limit"])
            .gives("Array")
            .doc("As `parallel`, but everything is tried, and an error is a value: of the type `Error`, in the place of what the closure would have given.")
            .example(r#"for outcome in settle(targets("web"), |t| run_command("true", t)) { print(type_name(outcome)); }"#),
        Entry::function("background", background)
            .takes("body", "Closure")
            .may_take("name", "String")
            .gives("Future")
            .doc("Calls the closure while the plan goes on. `wait` gives what it gave. The plan ends when all that runs in the background has ended.")
            .example(r#"let backup = background(|| run_command("true", "db")); run_command("true", "web"); wait(backup);"#),
        Entry::function("wait", wait)
            .takes("futures", "Future | Array")
            .may_take("timeout", "Duration")
            .gives("Any")
            .doc("Waits for a future and gives its value, or for several and gives an array. An error of one is thrown when all have ended. When the time is over, an error of the kind `segue/timeout` is thrown, and they go on.")
            .example(r#"let both = wait([background(|| 1), background(|| 2)], "30s");"#),
        Entry::function("timeout", timeout)
            .takes("duration", "Duration")
            .takes("body", "Closure")
            .gives("Any")
            .doc("Calls the closure and gives what it gives, unless it takes longer: then it is ended, with the actions that it waits for, and an error of the kind `segue/timeout` is thrown.")
            .example(r#"timeout("5m", || run_command("true", "web"));"#),
    ]
}

/// An item of `parallel`, and the name of its branch.
struct Item {
    name: String,
    value: Dynamic,
}

fn parallel(call: &Call<'_>) -> CallResult {
    let host = call.host();
    let results = run(call, &host, true)?;
    branches::values_or_error(&host, results).map(Dynamic::from_array)
}

fn settle(call: &Call<'_>) -> CallResult {
    let host = call.host();
    let mut results = run(call, &host, false)?;
    for result in &mut results {
        if let Some(Err(error)) = result
            && let Some(value) = branches::caught(&host, error)
        {
            *result = Some(Ok(value));
        }
    }
    branches::values_or_error(&host, results).map(Dynamic::from_array)
}

fn run(
    call: &Call<'_>,
    host: &Rc<Host>,
    halt: bool,
) -> Result<Vec<Option<crate::plan::branch::BranchResult>>, CallError> {
    let items = items(call)?;
    let most = host.limits.branches;
    if items.len() > most {
        let count = items.len();
        return Err(call.misuse(format!(
            "{count} branches are more than one `{}` may have: {most}",
            call.entry.name
        )));
    }
    let limit = limit(call)?;
    let each = call.closure(1)?;
    let takes_item = each.arity(host) != Some(0);
    call.check_depth()?;
    let planned = items.into_iter().map(|item| {
        let (host, each) = (Rc::clone(host), each.clone());
        Planned {
            name: item.name,
            body: Box::new(move || {
                let arguments = if takes_item {
                    vec![item.value]
                } else {
                    Vec::new()
                };
                each.call_isolated(&host, arguments)
            }),
        }
    });
    let results = branches::run_all(host, planned.collect(), limit, halt);
    match host.scheduler.current().ending.get() {
        Some(ending) => Err(ending.into_error(call.position())),
        None => Ok(results),
    }
}

fn limit(call: &Call<'_>) -> Result<usize, CallError> {
    let options = options::known(call, 2)?;
    let limit = options::option_of(call, &options, "limit", options::count)?;
    Ok(limit.unwrap_or(usize::MAX))
}

/// What there is to do, each with a name that does not depend on what ends first.
fn items(call: &Call<'_>) -> Result<Vec<Item>, CallError> {
    let given = call.argument(0);
    let values: Vec<Dynamic> = if let Some(items) = given.read_lock::<Array>() {
        items.clone()
    } else if let Some(set) = given.read_lock::<TargetSet>() {
        set.clone().into_iter().collect()
    } else if let Some(set) = given.read_lock::<Results>() {
        set.clone().into_iter().collect()
    } else if let Some(tiers) = given.read_lock::<Tiers>() {
        tiers.clone().into_iter().collect()
    } else if let Some(range) = given.read_lock::<std::ops::Range<i64>>() {
        checked_range(call, range.start, range.end)?
    } else if let Some(range) = given.read_lock::<std::ops::RangeInclusive<i64>>() {
        checked_range(call, *range.start(), range.end().saturating_add(1))?
    } else {
        let help = if given.is_string() {
            "; `targets(...)` makes a set of an expression"
        } else {
            ""
        };
        let mut error = "an Array, a Range, a TargetSet, a ResultSet or Tiers".to_owned();
        error.push_str(help);
        return Err(call.wrong_type(0, &error));
    };
    let mut taken = HashSet::new();
    let named = values.into_iter().enumerate().map(|(position, value)| {
        let base = item_name(&value).unwrap_or_else(|| position.to_string());
        let mut name = base.clone();
        let mut again = 1;
        while !taken.insert(name.clone()) {
            again += 1;
            name = format!("{base}~{again}");
        }
        Item { name, value }
    });
    Ok(named.collect())
}

fn checked_range(call: &Call<'_>, start: i64, end: i64) -> Result<Vec<Dynamic>, CallError> {
    let most = call.host().limits.branches;
    let count = usize::try_from(end.saturating_sub(start)).unwrap_or(0);
    if count > most {
        return Err(call.misuse(format!(
            "{count} branches are more than one `{}` may have: {most}",
            call.entry.name
        )));
    }
    Ok((start..end).map(Dynamic::from_int).collect())
}

/// The name of a target, a result or a text; numbers and the rest go by their position.
fn item_name(value: &Dynamic) -> Option<String> {
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Some(text.to_string());
    }
    if let Some(target) = value.read_lock::<Arc<Target>>() {
        return Some(target.name.to_string());
    }
    let result = value.read_lock::<Arc<TargetResult>>()?;
    Some(result.target.to_string())
}

fn background(call: &Call<'_>) -> CallResult {
    let host = call.host();
    call.check_depth()?;
    let most = host.limits.branches;
    if host.futures.borrow().len() >= most {
        return Err(call.misuse(format!("more than {most} futures at the same time")));
    }
    let mut body = call.closure(0)?;
    body.detach()?;
    let branch = host.scheduler.current();
    let name = match call.given(1) {
        Some(_) => call.text(1)?.to_string(),
        None => host.identities.name(&branch.path, "background"),
    };
    let branch = spawn(&host, &name, BranchKind::Detached, body);
    host.detach_looks(&branch.path);
    let future = Rc::new(Future::new(branch));
    host.futures.borrow_mut().push(Rc::clone(&future));
    Ok(Dynamic::from(future))
}

fn spawn(
    host: &Rc<Host>,
    name: &str,
    kind: BranchKind,
    body: Closure,
) -> Rc<crate::plan::branch::Branch> {
    let inside = Rc::clone(host);
    let body = Box::new(move || body.call_isolated(&inside, Vec::new()));
    host.scheduler.spawn(name, kind, body)
}

fn wait(call: &Call<'_>) -> CallResult {
    let host = call.host();
    let given = call.argument(0);
    let one = given
        .read_lock::<Rc<Future>>()
        .map(|future| Rc::clone(&future));
    let futures = match &one {
        Some(future) => vec![Rc::clone(future)],
        None => several(call, given)?,
    };
    let in_preview = host.scheduler.performer().decides();
    if in_preview && call.given(1).is_some() {
        let duration = call.duration(1)?;
        for future in &futures {
            future.mark_awaited();
        }
        let are_done = || futures.iter().all(|future| future.is_done());
        if !ends_in_preview(&call.site(), are_done)? {
            return Err(call.fail(out_of_time(duration)));
        }
    }
    let timer = if !in_preview && call.given(1).is_some() {
        let duration = call.duration(1)?;
        let flight = host.begin(call.position(), Effect::Sleep { duration });
        let flight = flight.map_err(|ending| ending.into_error(call.position()))?;
        Some((duration, flight))
    } else {
        None
    };
    let current = host.scheduler.current();
    for future in &futures {
        future.mark_awaited();
        while !future.is_done() {
            if let Some(ending) = current.ending.get() {
                return Err(ending.into_error(call.position()));
            }
            if let Some((duration, timer)) = &timer
                && timer.has_landed()
            {
                host.land(call.position(), timer)?;
                return Err(call.fail(out_of_time(*duration)));
            }
            host.scheduler.await_end(future.branch());
            host.scheduler.park();
        }
    }
    if let Some((_, timer)) = &timer {
        host.scheduler.drop_flight(timer);
    }
    let results = futures.iter().map(|future| {
        let outcome = future.outcome()?;
        Some(outcome.map_err(|error| branches::rethrown(&host, &error, call.position())))
    });
    let values = branches::values_or_error(&host, results.collect())?;
    Ok(match one {
        Some(_) => values.into_iter().next().unwrap_or(Dynamic::UNIT),
        None => Dynamic::from_array(values),
    })
}

fn several(call: &Call<'_>, given: &Dynamic) -> Result<Vec<Rc<Future>>, CallError> {
    let items = given.read_lock::<Array>();
    let futures = items.and_then(|items| {
        let future = |item: &Dynamic| {
            item.read_lock::<Rc<Future>>()
                .map(|future| Rc::clone(&future))
        };
        items.iter().map(future).collect::<Option<Vec<_>>>()
    });
    futures.ok_or_else(|| call.wrong_type(0, "a Future, or an Array of these"))
}

fn timeout(call: &Call<'_>) -> CallResult {
    let host = call.host();
    let duration = call.duration(0)?;
    let body = call.closure(1)?;
    call.check_depth()?;
    let name = host
        .identities
        .name(&host.scheduler.current().path, "timeout");
    let body = Box::new(move || body.call_isolated(&host, Vec::new()));
    within(&call.site(), duration, &name, body)
}
