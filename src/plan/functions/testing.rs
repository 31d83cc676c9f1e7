//! Tests and assertions. Known in the files of `segue plan test` alone.

use std::rc::Rc;

use rhai::Dynamic;

use super::catalog::Entry;
use crate::{
    inventory::Inventory,
    model::{Failure, kinds},
    plan::{
        branches::caught,
        call::{Call, CallError, CallResult},
        object::Fault,
        rehearsal::Rehearsal,
    },
};

/// The kind of error of an assertion that does not hold.
const ASSERTION: &str = "segue/assertion";

pub(super) fn entries() -> Vec<Entry> {
    vec![
        Entry::function("test", test)
            .takes("name", "String")
            .takes("body", "Closure")
            .doc("A test. Each is run on its own: the lines of the file outside of tests come first, then its body. Nothing is touched; whatever the plan asks for that nobody expects fails the test.")
            .example(r#"test("says hello", || { expect_command("echo hello"); run_command("echo hello", "web"); });"#),
        Entry::function("inventory", inventory)
            .takes("text", "String")
            .doc("The inventory of the test, in YAML, in place of the project's.")
            .example("inventory(\"targets: [web1, web2]\"); assert_eq(targets(\"all\").len, 2);"),
        Entry::function("assert", assert)
            .takes("condition", "Boolean")
            .may_take("message", "String")
            .doc("Fails the test unless the condition holds.")
            .example(r#"assert(targets("web").len > 1, "there are several web servers");"#),
        Entry::function("assert_eq", assert_eq)
            .takes("actual", "Any")
            .takes("expected", "Any")
            .may_take("message", "String")
            .doc("Fails the test unless both are the same data. A target is its name.")
            .example(r#"assert_eq(targets("web1").names, ["web1"]);"#),
        Entry::function("assert_fails", assert_fails)
            .takes("body", "Closure")
            .may_take("kind", "String")
            .gives("Error")
            .doc("Fails the test unless the closure throws, an error of that kind if one is given. Gives the error.")
            .example(r#"let e = assert_fails(|| fail("no"), "bolt/plan-failure"); assert_eq(e.message, "no");"#),
    ]
}

/// The test that runs.
pub(super) fn rehearsal(call: &Call<'_>) -> Result<Rehearsal, CallError> {
    let running = call.host().scheduler.performer().rehearsal();
    running.ok_or_else(|| {
        call.misuse(format!(
            "`{}` belongs into a test: `segue plan test` runs these",
            call.entry.name
        ))
    })
}

fn test(call: &Call<'_>) -> CallResult {
    let rehearsal = rehearsal(call)?;
    let name = call.text(0)?;
    let body = call.closure(1)?;
    if rehearsal.begin(&name, call.place()) {
        body.call(&call.host(), Vec::new()).map(drop)?;
        rehearsal.finish();
    }
    Ok(Dynamic::UNIT)
}

fn inventory(call: &Call<'_>) -> CallResult {
    let text = call.text(0)?;
    let inventory = Inventory::parse("inventory of the test", &text).map_err(|error| {
        let help = error.help_text().map(|help| format!(": {help}"));
        call.misuse(format!("{error}{}", help.unwrap_or_default()))
    })?;
    call.host().inventory.replace(inventory);
    Ok(Dynamic::UNIT)
}

fn assert(call: &Call<'_>) -> CallResult {
    let holds = call.argument(0).as_bool();
    if holds.map_err(|_| call.wrong_type(0, "a Boolean"))? {
        return Ok(Dynamic::UNIT);
    }
    Err(does_not_hold(call, 1, "it is not so"))
}

fn assert_eq(call: &Call<'_>) -> CallResult {
    let (actual, expected) = (call.value(0)?, call.value(1)?);
    if actual == expected {
        return Ok(Dynamic::UNIT);
    }
    let difference = format!("it is `{actual}`, not `{expected}`");
    Err(does_not_hold(call, 2, &difference))
}

fn assert_fails(call: &Call<'_>) -> CallResult {
    let host = call.host();
    let body = call.closure(0)?;
    let Err(error) = body.call(&host, Vec::new()) else {
        return Err(does_not_hold(call, 2, "it did not fail"));
    };
    let Some(caught) = caught(&host, &error) else {
        return Err(error);
    };
    if call.given(1).is_some() {
        let wanted = call.text(1)?;
        let failure = caught.read_lock::<Rc<Fault>>().map_or_else(
            || Failure::new(kinds::UNNAMED, "something else was thrown"),
            |fault| fault.failure.clone(),
        );
        if failure.kind != wanted.as_str() {
            let told = format!(
                "it failed with `{}`, not with `{wanted}`: {}",
                failure.kind, failure.message
            );
            return Err(does_not_hold(call, 2, &told));
        }
    }
    Ok(caught)
}

/// The error of an assertion: what its author says of it, and what is so.
fn does_not_hold(call: &Call<'_>, message: usize, told: &str) -> CallError {
    let message = match call.given(message) {
        Some(text) => format!("{text}: {told}"),
        None => told.to_owned(),
    };
    call.fail(Failure::new(ASSERTION, message))
}
