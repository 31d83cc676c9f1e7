//! Trying, trying again, and waiting.

use std::{rc::Rc, time::Duration};

use rhai::{Dynamic, Map as ScriptMap};

use super::catalog::Entry;
use crate::{
    model::{BranchPath, Failure, Value, format_duration, kinds},
    plan::{
        branch::Body,
        branches::caught,
        call::{Call, CallError, CallResult, read_duration},
        closure::Closure,
        effect::{Effect, Retry},
        ending::Ending,
        host::Host,
        options,
        perseverance::retried,
        scheduler::BranchKind,
        taken_back::{AFTER, AROUND, BEFORE},
        trace::PlanError,
    },
};

pub(super) fn entries() -> Vec<Entry> {
    vec![
        Entry::function("sleep", |call| {
            let duration = call.duration(0)?;
            call.ask(Effect::Sleep { duration })?;
            Ok(Dynamic::UNIT)
        })
        .takes("duration", "Duration")
        .doc("Waits. Other branches go on.")
        .example(r#"sleep("5s");"#),
        Entry::function("retry", retry)
            .takes_options(&["attempts", "delay", "backoff"])
            .takes("body", "Closure")
            .gives("Any")
            .doc("Calls the closure until it does not fail, and gives what it gives. Options: `attempts` (3), `delay` between them (1 s), `backoff`, by which the delay is multiplied each time (1.0). The last error is thrown. A closure with a parameter gets the number of the attempt.")
            .example(r#"retry(#{ attempts: 10, delay: "3s" }, || run_command("true", "web"));"#),
        Entry::function("wait_until", wait_until)
            .takes_options(&["timeout", "interval"])
            .takes("check", "Closure")
            .doc("Calls the closure until it gives `true`. Options: `timeout` (5 min), `interval` (2 s). When the time is over, an error of the kind `segue/timeout` is thrown. Errors of the closure are thrown at once.")
            .example(r#"wait_until(#{ timeout: "2m", interval: "5s" }, || run_command("true", "web", #{ catch_errors: true }).ok);"#),
        Entry::function("attempt", attempt)
            .takes("body", "Closure")
            .gives("Map")
            .doc("Calls the closure and gives `#{ ok, value, error }`: the value if it did not fail, else the error.")
            .example(r#"let tried = attempt(|| run_command("false", "web")); if !tried.ok { print(tried.error.message); }"#),
        Entry::function("finally", finally)
            .takes("body", "Closure")
            .takes("cleanup", "Closure")
            .gives("Any")
            .doc("Calls the first closure, then the second one, whatever came of the first, also when the job is being stopped; and gives what the first gave or throws what it threw. When a job that was stopped meanwhile is resumed, the second one is done again after the first has come to its end.")
            .example(r#"finally(|| run_command("true", "web"), || run_command("true", "lb1"));"#),
        Entry::function("around", around)
            .takes("before", "Closure")
            .takes("body", "Closure")
            .takes("after", "Closure")
            .gives("Any")
            .doc("As `finally`, with something that the last closure takes back: `before` is called, then `body`, then `after`, whatever came of the body, also when the job is being stopped. Gives what `body` gave or throws what it threw. `body` and `after` get what `before` gave, if they have a parameter. If `before` fails, nothing else is called. When a job that was stopped meanwhile is resumed, `before` is done again, for `after` has taken it back.")
            .example(r#"around(|| run_command("take-out web1", "lb1"), || run_command("restart", "web1"), || run_command("put-back web1", "lb1"));"#),
    ]
}

fn retry(call: &Call<'_>) -> CallResult {
    let given = options::known(call, 0)?;
    let attempts = options::option_of(call, &given, "attempts", options::count)?.unwrap_or(3);
    let delay = options::option_of(call, &given, "delay", read_duration)?;
    let backoff = options::option_of(call, &given, "backoff", options::factor)?;
    let retry = Retry {
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        delay: delay.unwrap_or(Duration::from_secs(1)),
        backoff: backoff.unwrap_or(1.0),
    };
    let body = call.closure(1)?;
    let host = call.host();
    let takes_number = body.arity(&host) == Some(1);
    retried(&call.site(), retry, |number| {
        let number = takes_number.then(|| Dynamic::from_int(i64::from(number)));
        body.call(&host, number.into_iter().collect())
    })
}

fn wait_until(call: &Call<'_>) -> CallResult {
    let given = options::known(call, 0)?;
    let timeout = options::option_of(call, &given, "timeout", read_duration)?;
    let timeout = timeout.unwrap_or(Duration::from_mins(5));
    let interval = options::option_of(call, &given, "interval", read_duration)?;
    let interval = interval.unwrap_or(Duration::from_secs(2));
    let check = call.closure(1)?;
    let host = call.host();
    let started = milliseconds(call)?;
    loop {
        let answer = check.call(&host, Vec::new())?;
        if call.yes_or_no(&answer)? {
            return Ok(Dynamic::UNIT);
        }
        let waited = milliseconds(call)?.saturating_sub(started);
        if Duration::from_millis(waited) + interval > timeout {
            let time = format_duration(timeout);
            return Err(call.fail(Failure::new(
                kinds::TIMEOUT,
                format!("it was not so within {time}"),
            )));
        }
        call.ask(Effect::Sleep { duration: interval })?;
    }
}

fn milliseconds(call: &Call<'_>) -> Result<u64, CallError> {
    match call.ask_value(Effect::Now)? {
        Value::Integer(now) => Ok(u64::try_from(now).unwrap_or(0)),
        _ => Ok(0),
    }
}

fn attempt(call: &Call<'_>) -> CallResult {
    let host = call.host();
    let body = call.closure(0)?;
    let (value, error) = match body.call(&host, Vec::new()) {
        Ok(value) => (value, None),
        Err(error) => match caught(&host, &error) {
            Some(caught) => (Dynamic::UNIT, Some(caught)),
            None => return Err(error),
        },
    };
    let mut outcome = ScriptMap::new();
    outcome.insert("ok".into(), error.is_none().into());
    outcome.insert("value".into(), value);
    outcome.insert("error".into(), error.unwrap_or(Dynamic::UNIT));
    Ok(Dynamic::from_map(outcome))
}

fn finally(call: &Call<'_>) -> CallResult {
    let body = call.closure(0)?;
    let cleanup = call.closure(1)?;
    let result = body.call(&call.host(), Vec::new());
    let (host, inside) = (call.host(), call.host());
    let path = host.scheduler.current().path.clone();
    let name = host.identities.name(&path, "finally");
    let clean = Box::new(move || cleanup.call_isolated(&inside, Vec::new()));
    clean_up(&host, &path, &name, result, clean)
}

fn around(call: &Call<'_>) -> CallResult {
    let before = call.closure(0)?;
    let body = call.closure(1)?;
    let after = call.closure(2)?;
    let host = call.host();
    let path = host.scheduler.current().path.clone();
    let path = path.child(&host.identities.name(&path, AROUND));
    // A branch of its own, so that the journal knows what was taken back.
    let inside = Rc::clone(&host);
    let taking = host.scheduler.spawn_under(
        &path,
        BEFORE,
        BranchKind::Joined,
        Box::new(move || before.call_isolated(&inside, Vec::new())),
    );
    host.scheduler.join(&taking);
    let taken = taking
        .take_result()
        .unwrap_or_else(|| Err(Ending::Cancelled.into_error(call.position())));
    let (value, result) = match taken {
        Ok(value) => {
            let result = body.call(&host, given_to(&body, &host, &value));
            (value, result)
        }
        Err(error) if error.is_catchable() => return Err(error),
        // It was cut short: what there is of it is taken back.
        Err(ending) => (Dynamic::UNIT, Err(ending)),
    };
    let inside = Rc::clone(&host);
    let give_back = Box::new(move || {
        let given = given_to(&after, &inside, &value);
        after.call_isolated(&inside, given)
    });
    clean_up(&host, &path, AFTER, result, give_back)
}

/// What a closure of `around` is called with.
fn given_to(closure: &Closure, host: &Rc<Host>, value: &Dynamic) -> Vec<Dynamic> {
    if closure.arity(host) == Some(0) {
        Vec::new()
    } else {
        vec![value.clone()]
    }
}

/// Cleans up after `result`, and gives it.
fn clean_up(
    host: &Rc<Host>,
    path: &BranchPath,
    name: &str,
    result: CallResult,
    cleanup: Body,
) -> CallResult {
    // What waits for an answer from outside is not over: the next life of the job goes on with it.
    let ending = result.as_ref().err().and_then(|error| Ending::of(error));
    if ending == Some(Ending::Suspended) {
        return result;
    }
    // A branch of its own, because that of the body may have been told to end.
    let cleaning = host
        .scheduler
        .spawn_under(path, name, BranchKind::Cleanup, cleanup);
    host.scheduler.join(&cleaning);
    match (result, cleaning.take_result()) {
        (Err(error), Some(Err(second))) => {
            if second.is_catchable() {
                let told = PlanError::new(&second, host);
                host.swallowed.borrow_mut().push(told);
            }
            Err(error)
        }
        (Ok(_), Some(Err(error))) => Err(error),
        (result, _) => result,
    }
}
