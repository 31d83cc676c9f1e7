//! The members of `Error`, `Sensitive` and `Future`.

use std::rc::Rc;

use rhai::Dynamic;

use super::catalog::Entry;
use crate::plan::{
    call::Call,
    convert,
    object::{Fault, Future, Hidden, TargetSet},
};

const ERROR: &str = "Error";

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = error();
    entries.extend(others());
    entries
}

fn error() -> Vec<Entry> {
    vec![
        Entry::getter(ERROR, "kind", |call| Ok(fault(call).failure.kind.as_str().into()))
            .gives("String")
            .doc("A stable word to branch on, such as `bolt/run-failure` or `segue/timeout`.")
            .example(r#"try { run_command("false", "web"); } catch (err) { print(err.kind); }"#),
        Entry::getter(ERROR, "message", |call| {
            Ok(fault(call).failure.message.as_str().into())
        })
        .gives("String")
        .doc("What happened, for a person.")
        .example(r#"try { run_command("false", "web"); } catch (err) { print(err.message); }"#),
        Entry::getter(ERROR, "details", |call| {
            Ok(Dynamic::from_map(convert::to_script_map(&fault(call).failure.details)))
        })
        .gives("Map")
        .doc("What more is known.")
        .example(r#"try { run_command("false", "web"); } catch (err) { print(err.details); }"#),
        Entry::getter(ERROR, "results", |call| {
            let results = fault(call).results.clone();
            Ok(results.map_or(Dynamic::UNIT, Dynamic::from))
        })
        .gives("ResultSet")
        .doc("The results of the action that failed, all of them, or `()` if it was no action.")
        .example(r#"try { run_command("false", "web"); } catch (err) { print(err.results.failed.names); }"#),
        Entry::getter(ERROR, "targets", |call| {
            let host = call.host();
            let fault = fault(call);
            let failed = fault.results.iter().flat_map(|results| results.set().iter());
            let targets = failed
                .filter(|result| !result.is_ok())
                .map(|result| host.target_named(&result.target));
            Ok(Dynamic::from(targets.collect::<TargetSet>()))
        })
        .gives("TargetSet")
        .doc("The targets that failed.")
        .example(r#"try { run_command("false", "web"); } catch (err) { print(err.targets); }"#),
        Entry::getter(ERROR, "place", |call| {
            let place = fault(call).place.as_ref().map(ToString::to_string);
            Ok(place.map_or(Dynamic::UNIT, Dynamic::from))
        })
        .gives("String")
        .doc("The file, line and column of the call that failed, or `()`.")
        .example(r#"try { run_command("false", "web"); } catch (err) { print(err.place); }"#),
        Entry::method(ERROR, "to_string", |call| Ok(fault(call).to_string().into()))
            .gives("String")
            .doc("Its message.")
            .example(r#"try { run_command("false", "web"); } catch (err) { print(`it failed: ${err}`); }"#),
    ]
}

fn others() -> Vec<Entry> {
    vec![
        Entry::method("Sensitive", "to_string", |call| {
            Ok(call.receiver::<Hidden>().to_string().into())
        })
        .gives("String")
        .doc("The words that stand for it: never the value.")
        .example(r#"print(sensitive("hunter2"));"#),
        Entry::getter("Future", "done", |call| {
            Ok(call.receiver::<Rc<Future>>().is_done().into())
        })
        .gives("Boolean")
        .doc("Whether what runs in the background has come to its end.")
        .example(r#"let backup = background(|| run_command("true", "db")); wait(backup); print(backup.done);"#),
        Entry::method("Future", "to_string", |call| {
            let done = call.receiver::<Rc<Future>>().is_done();
            Ok(if done { "a future that is done" } else { "a future" }.into())
        })
        .gives("String")
        .doc("Whether it is done.")
        .example(r"let backup = background(|| 1); print(backup); wait(backup);"),
    ]
}

fn fault(call: &Call<'_>) -> Rc<Fault> {
    call.receiver()
}
