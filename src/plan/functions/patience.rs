//! Trying, trying again, and waiting.

use std::time::Duration;

use rhai::{Dynamic, Map as ScriptMap};

use super::catalog::Entry;
use crate::{
    model::{Failure, Value, format_duration, kinds},
    plan::{
        branches::caught,
        call::{Call, CallError, CallResult, read_duration},
        effect::{Effect, Retry},
        options,
        perseverance::retried,
        scheduler::BranchKind,
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
            .doc("Calls the first closure, then the second one, whatever came of the first, also when the job is being stopped; and gives what the first gave or throws what it threw.")
            .example(r#"finally(|| run_command("true", "web"), || run_command("true", "lb1"));"#),
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
        match answer.as_bool() {
            Ok(true) => return Ok(Dynamic::UNIT),
            Ok(false) => {}
            Err(_) => {
                let actual = crate::plan::convert::type_name(&answer);
                return Err(call.misuse(format!(
                    "the closure given to `wait_until` must give a Boolean, but gives {actual}"
                )));
            }
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
    let host = call.host();
    let body = call.closure(0)?;
    let cleanup = call.closure(1)?;
    let result = body.call(&host, Vec::new());
    let current = host.scheduler.current();
    // A branch of its own, because that of the body may have been told to end.
    let name = host.identities.name(&current.path, "finally");
    let inside = std::rc::Rc::clone(&host);
    let cleaning = host.scheduler.spawn(
        &name,
        BranchKind::Cleanup,
        Box::new(move || cleanup.call_isolated(&inside, Vec::new())),
    );
    host.scheduler.join(&cleaning);
    match (result, cleaning.take_result()) {
        (Err(error), Some(Err(second))) => {
            if second.is_catchable() {
                let told = crate::plan::trace::PlanError::new(&second, &host);
                host.swallowed.borrow_mut().push(told);
            }
            Err(error)
        }
        (Ok(_), Some(Err(error))) => Err(error),
        (result, _) => result,
    }
}
