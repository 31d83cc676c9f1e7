//! What went wrong while a plan ran: the line, the calls that led there, and the failed targets.

use rhai::{Dynamic, EvalAltResult, Position};

use super::{PlanDiagnostic, Severity, explain, failed_targets::failed_targets};
use crate::{
    model::{Failure, Place, ResultSet, Status, Value},
    plan::source::{Source, Span},
};

const CODE: &str = "segue::plan::failed";

/// The detail of a failure that says what to type.
pub(in crate::plan) const ADVICE: &str = "help";

/// How many lines may be between two places that are shown in one piece. All lines between them are shown, too.
const LINES_BETWEEN_MAX: u32 = 12;

/// How the names of the files of the standard library begin.
const LIBRARY: &str = "<segue>/stdlib/";

/// What the interpreter knows of a plan that failed, and Rhai does not.
pub(in crate::plan) trait Interpreter {
    /// The file of a position, and its byte there.
    fn locate(&self, position: Position) -> Option<(Source, usize)>;
    /// The file that a place names.
    fn source(&self, file: &str) -> Option<Source>;
    /// The failure that a thrown value is, if it is one of ours.
    fn thrown(&self, value: &Dynamic) -> Option<Thrown>;
    /// Why the plan was ended, if a token that no script can catch says so.
    fn ending(&self, token: &Dynamic) -> Option<Ended>;
    /// The names of all functions that a plan can call.
    fn functions(&self) -> Vec<String>;
    /// What to type next, if there is something that goes on with the job.
    fn next_command(&self) -> Option<String>;
}

/// A failure that was thrown.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Thrown {
    pub(in crate::plan) failure: Failure,
    pub(in crate::plan) results: Option<ResultSet>,
    /// The call that failed first, when it was caught and thrown again.
    pub(in crate::plan) place: Option<Place>,
}

/// A plan that was ended from outside.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Ended {
    pub(in crate::plan) code: &'static str,
    pub(in crate::plan) message: String,
    pub(in crate::plan) help: Option<String>,
}

/// Explains an error that nobody caught.
#[must_use]
pub(in crate::plan) fn runtime_error(
    interpreter: &dyn Interpreter,
    error: &EvalAltResult,
) -> PlanDiagnostic {
    let (innermost, calls) = unwound(error);
    let mut spots: Vec<Spot> = calls
        .iter()
        .filter_map(|call| {
            let (source, offset) = interpreter.locate(call.position)?;
            Some(Spot {
                span: source.token(offset),
                source,
                text: call.text(),
            })
        })
        .collect();
    let own = interpreter.locate(innermost.position());
    let mut problem = match innermost {
        EvalAltResult::ErrorRuntime(value, _) => {
            thrown(interpreter, value, &mut spots, own.clone())
        }
        EvalAltResult::ErrorTerminated(token, _) => match interpreter.ending(token) {
            Some(ended) => PlanDiagnostic::error(ended.code, ended.message).maybe_help(ended.help),
            None => PlanDiagnostic::error("segue::plan::ended", "the plan was ended"),
        },
        other => {
            let mut problem = explain::explain(interpreter, other, own.as_ref());
            if let Some(command) = interpreter.next_command() {
                problem.next = Some(format!("once the plan is mended: {command}"));
            }
            problem
        }
    };
    if problem.labels.is_empty() {
        let at = own.map(|(source, offset)| Spot {
            span: source.whole(offset),
            source,
            text: String::new(),
        });
        // Some errors have no position of their own; the innermost call has.
        match at.or_else(|| (!spots.is_empty()).then(|| spots.remove(0))) {
            Some(spot) => problem = problem.within(&spot.source).label(spot.span, ""),
            None => return problem,
        }
    }
    if matches!(innermost, EvalAltResult::ErrorRuntime(..)) {
        leave_library(&mut problem, &mut spots);
    }
    with_calls(problem, spots)
}

/// What the standard library throws is about the call of it: its own lines say nothing to whoever wrote that.
fn leave_library(problem: &mut PlanDiagnostic, spots: &mut Vec<Spot>) {
    let is_own = |source: &Source| !source.name().starts_with(LIBRARY);
    if !spots.iter().any(|spot| is_own(&spot.source)) {
        return;
    }
    spots.retain(|spot| is_own(&spot.source));
    if !problem.source.as_ref().is_some_and(is_own) {
        let call = spots.remove(0);
        if let Some(label) = problem.labels.first_mut() {
            label.span = call.span;
        }
        problem.labels.truncate(1);
        problem.source = Some(call.source);
    }
}

/// A call on the way to the failure.
struct Call<'a> {
    function: &'a str,
    position: Position,
}

impl Call<'_> {
    fn text(&self) -> String {
        if self.function.is_empty() {
            "called from here".to_owned()
        } else if self.function.starts_with("anon$") {
            "in a closure that was called here".to_owned()
        } else {
            format!("in `{}`, called here", self.function)
        }
    }
}

struct Spot {
    source: Source,
    span: Span,
    text: String,
}

/// The innermost error, and the calls that led to it, innermost first.
fn unwound(error: &EvalAltResult) -> (&EvalAltResult, Vec<Call<'_>>) {
    let mut calls = Vec::new();
    let mut inner = error;
    loop {
        match inner {
            EvalAltResult::ErrorInFunctionCall(function, _, next, position) => {
                calls.push(Call {
                    function,
                    position: *position,
                });
                inner = next;
            }
            EvalAltResult::ErrorInModule(_, next, position) => {
                calls.push(Call {
                    function: "",
                    position: *position,
                });
                inner = next;
            }
            _ => break,
        }
    }
    calls.reverse();
    (inner, calls)
}

fn with_calls(mut problem: PlanDiagnostic, spots: Vec<Spot>) -> PlanDiagnostic {
    for spot in spots {
        let is_near = problem.source.as_ref().is_some_and(|home| {
            let line = |span: Span| home.place(span.start).line;
            let first = problem.labels.first().map(|label| line(label.span));
            home.is(&spot.source)
                && first.is_none_or(|first| first.abs_diff(line(spot.span)) <= LINES_BETWEEN_MAX)
        });
        if is_near {
            let known = problem.labels.iter().any(|label| label.span == spot.span);
            if !known {
                problem = problem.label(spot.span, spot.text);
            }
        } else {
            let mut note = PlanDiagnostic::error("segue::plan::called_from", spot.text)
                .within(&spot.source)
                .label(spot.span, "");
            note.severity = Severity::Note;
            problem = problem.related(note);
        }
    }
    problem
}

fn thrown(
    interpreter: &dyn Interpreter,
    value: &Dynamic,
    spots: &mut Vec<Spot>,
    own: Option<(Source, usize)>,
) -> PlanDiagnostic {
    let Some(thrown) = interpreter.thrown(value) else {
        let mut problem = PlanDiagnostic::error(CODE, thrown_text(value));
        problem.next = interpreter.next_command();
        return problem;
    };
    let mut problem = PlanDiagnostic::error(CODE, thrown.failure.message.clone());
    let results = thrown.results.as_ref().filter(|results| !results.is_ok());
    let label = match results {
        Some(results) => {
            let unreached = results
                .iter()
                .filter(|result| matches!(result.status, Status::Unreached | Status::Skipped))
                .count();
            let failed = results.iter().filter(|result| !result.is_ok()).count() - unreached;
            let rest = if unreached == 0 {
                String::new()
            } else {
                format!(", {unreached} not reached")
            };
            format!(
                "{failed} of {} {} failed{rest}",
                results.len(),
                targets(results.len())
            )
        }
        None => "failed here".to_owned(),
    };
    let mut help: Vec<String> = results.map(failed_targets).unwrap_or_default();
    let advice = thrown.failure.details.get(ADVICE);
    help.extend(advice.and_then(|advice| advice.as_str()).map(str::to_owned));
    help.extend(needs_human(&thrown.failure));
    problem.next = interpreter.next_command();
    problem = problem.maybe_help((!help.is_empty()).then(|| help.join("\n")));
    let origin = thrown.place.as_ref().and_then(|place| {
        let source = interpreter.source(&place.file)?;
        let offset = source.offset(place.line as usize, place.column as usize);
        Some((source, offset))
    });
    let Some((source, offset)) = origin.or_else(|| own.clone()) else {
        return problem;
    };
    problem = problem.within(&source).label(source.whole(offset), label);
    if let Some((again, at)) = own {
        let span = again.whole(at);
        let is_origin = again.is(&source) && span == source.whole(offset);
        if !is_origin {
            spots.insert(
                0,
                Spot {
                    source: again,
                    span,
                    text: "thrown again here".to_owned(),
                },
            );
        }
    }
    problem
}

/// What a rollback has left to a person.
fn needs_human(failure: &Failure) -> Vec<String> {
    let Some(Value::Array(steps)) = failure.details.get("needs_human") else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for step in steps.iter().filter_map(Value::as_map) {
        let text = |key: &str| step.get(key).and_then(Value::as_str);
        let (Some(name), Some(reason)) = (text("step"), text("reason")) else {
            continue;
        };
        let error = text("error").map_or_else(String::new, |error| format!(": {error}"));
        lines.push(format!("  `{name}` {reason}{error}"));
        if let Some(Value::Array(commands)) = step.get("commands") {
            let commands = commands.iter().filter_map(Value::as_str);
            lines.extend(commands.map(|command| format!("    {command}")));
        }
    }
    if !lines.is_empty() {
        lines.insert(0, "this needs a human:".to_owned());
    }
    lines
}

const fn targets(count: usize) -> &'static str {
    if count == 1 { "target" } else { "targets" }
}

/// What a plan threw that is no failure of ours.
fn thrown_text(value: &Dynamic) -> String {
    if value.is_unit() {
        return "the plan failed without a reason".to_owned();
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return text.to_string();
    }
    let message = value.as_map_ref().ok().and_then(|map| {
        map.get("message")
            .or_else(|| map.get("msg"))
            .map(Dynamic::to_string)
    });
    message.unwrap_or_else(|| format!("the plan threw {value}"))
}
