//! Other plans, and the end of this one.

use std::rc::Rc;

use rhai::{Dynamic, EvalAltResult, Map as ScriptMap, Position};

use super::catalog::Entry;
use crate::{
    model::{Failure, Map, TargetResult, Value, kinds},
    plan::{
        branches::caught,
        call::{Call, CallError, CallResult},
        convert,
        host::Host,
        object::{Fault, Results},
        options,
        program::Program,
        scheduler::BranchKind,
        trace::PlanError,
    },
};

pub(super) fn entries() -> Vec<Entry> {
    vec![
        Entry::function("run_plan", run_plan)
            .takes("name", "PlanName")
            .may_take("params", "Map")
            .may_take_options(&["catch_errors", "description"])
            .gives("Any")
            .doc("Runs another plan as a part of this job, with parameters that are checked against its header, and gives what it gives. With `#{ catch_errors: true }` its error is given instead of thrown.")
            .example(r#"let restarted = run_plan("restart", #{ service: "nginx" });"#),
        Entry::function("fail", fail)
            .takes("message", "String | Error | Map")
            .may_take("more", "ResultSet | Map | String")
            .gives("Never")
            .doc("Ends the plan with an error that can be caught. More may be the results that it comes of, a map of details (with `kind`, and with `results` if it comes of some), or the kind: `bolt/plan-failure` unless something else is said. An `Error` is thrown again as it is. A resume does again what failed of the results.")
            .example(r#"if targets("web").is_empty { fail("there are no web servers", "shop/empty"); }"#),
        Entry::function("exit", |call| {
            let value = call.given(0).cloned().unwrap_or(Dynamic::UNIT);
            Err(Box::new(EvalAltResult::Exit(value, Position::NONE)))
        })
        .may_take("value", "Any")
        .gives("Never")
        .doc("Ends the plan with a value, as `return` does at its top, from wherever it is.")
        .example(r#"if targets("web").len < 100 { exit("nothing to do"); }"#),
    ]
}

fn run_plan(call: &Call<'_>) -> CallResult {
    let host = call.host();
    let name = call.text(0)?.to_string();
    let given: Map = convert::to_map(&call.map(1)?)
        .map_err(|error| call.misuse(format!("{}: {error}", call.parameter(1))))?;
    let options = options::read(call, 2)?;
    call.check_depth()?;
    let program = load(call, &host, &name)?;
    let inside = Rc::clone(&host);
    let body = Box::new(move || run(&inside, &program, given));
    let branch = host.scheduler.spawn(&name, BranchKind::Joined, body);
    host.scheduler.join(&branch);
    let Some(result) = branch.take_result() else {
        return Ok(Dynamic::UNIT);
    };
    match result {
        Err(error) if options.run.catch_errors => caught(&host, &error).ok_or(error),
        // What may be caught is told with the line of the call; what may not must stay so.
        Err(error) if error.is_catchable() => Err(Box::new(EvalAltResult::ErrorInFunctionCall(
            format!("plan {name}"),
            String::new(),
            error,
            call.position(),
        ))),
        result => result,
    }
}

fn load(call: &Call<'_>, host: &Rc<Host>, name: &str) -> Result<Program, CallError> {
    let file = host
        .world
        .plan(name)
        .map_err(|failure| call.fail(*failure))?;
    Program::read(file).map_err(|errors| {
        let told: Vec<String> = errors
            .iter()
            .map(|problem| problem.message.clone())
            .collect();
        call.fail(Failure::new(
            kinds::PLAN_FAILURE,
            format!("the plan `{name}` is not valid: {}", told.join("; ")),
        ))
    })
}

/// The body of the branch in which a called plan runs.
fn run(host: &Rc<Host>, program: &Program, given: Map) -> CallResult {
    let thrown = |error: Box<PlanError>| {
        let place = error.place().cloned();
        Fault::new(error.failure, place).into_error(Position::NONE)
    };
    let scope = program.bind(host, given).map_err(thrown)?;
    let (inside, compiled) = (Rc::clone(host), program.clone());
    let (ast, mut scope) = host.scheduler.outside(move || {
        let ast = compiled.compile(&inside, &scope);
        (ast, scope)
    });
    host.engine()
        .eval_ast_with_scope::<Dynamic>(&mut scope, &ast?)
}

fn fail(call: &Call<'_>) -> CallResult {
    if call.argument(0).is::<Rc<Fault>>() {
        return Err(Box::new(EvalAltResult::ErrorRuntime(
            call.argument(0).clone(),
            call.position(),
        )));
    }
    // What a `catch` gets of an error of the interpreter is a map.
    let mut failure = if call.argument(0).is_map() {
        crate::plan::trace::thrown(call.argument(0)).failure
    } else {
        Failure::new(kinds::PLAN_FAILURE, super::talk::shown(call, 0))
    };
    let Some(more) = call.given(1) else {
        return Err(call.fail(failure));
    };
    if let Some(results) = more.read_lock::<Results>() {
        return Err(with_results(call, failure, results.clone()));
    }
    if let Some(result) = more.read_lock::<std::sync::Arc<TargetResult>>() {
        let only = [std::sync::Arc::clone(&result)];
        let results: crate::model::ResultSet = only.into_iter().collect();
        return Err(with_results(call, failure, results.into()));
    }
    let told = more
        .read_lock::<ScriptMap>()
        .and_then(|map| Some(map.get("results")?.read_lock::<Results>()?.clone()));
    match call.value(1)? {
        Value::String(kind) => failure.kind = kind,
        Value::Map(mut details) => {
            if let Some(kind) = details.shift_remove("kind") {
                failure.kind = kind.to_string();
            }
            if told.is_some() {
                details.shift_remove("results");
            }
            failure.details = details;
        }
        _ => return Err(call.wrong_type(1, "a ResultSet, a Map or a String")),
    }
    Err(match told {
        Some(results) => with_results(call, failure, results),
        None => call.fail(failure),
    })
}

fn with_results(call: &Call<'_>, failure: Failure, results: Results) -> CallError {
    Fault::new(failure, call.place())
        .with_results(results)
        .into_error(call.position())
}
