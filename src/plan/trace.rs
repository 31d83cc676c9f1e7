//! Why a plan could not go on, as data that leaves its thread: the report, the failure, the way to the line.

use std::{fmt, rc::Rc};

use rhai::{Dynamic, EvalAltResult, Position};

use super::{
    convert,
    diagnostic::{Ended, Interpreter as Explainer, PlanDiagnostic, Thrown, runtime_error},
    ending::Ending,
    functions,
    host::Host,
    object::Fault,
    scheduler::NativePanic,
    source::Source,
    sources::Sources,
};
use crate::model::{EffectId, Failure, Place, ResultSet, Value, kinds};

/// An error that nobody caught, or that ended no more than a branch.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{diagnostic}")]
pub struct PlanError {
    /// What a person is told.
    pub diagnostic: PlanDiagnostic,
    /// What was thrown, or what stands for it where only data is kept.
    pub failure: Failure,
    /// The results of the action that failed.
    pub results: Option<ResultSet>,
    /// The effects whose failures it came of: a resume does them again.
    pub effects: Vec<EffectId>,
    /// Innermost first: where it happened, then the call that led there, and so on to the plan itself.
    /// Empty if nothing is known of the place.
    pub frames: Vec<Frame>,
}

/// One line on the way to an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub place: Place,
    pub function: FrameFunction,
}

/// What a line belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameFunction {
    /// The statements of the file itself.
    File,
    Closure,
    Named(String),
}

impl fmt::Display for FrameFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("the plan itself"),
            Self::Closure => f.write_str("a closure"),
            Self::Named(name) => write!(f, "`{name}`"),
        }
    }
}

impl PlanError {
    /// An error of the interpreter.
    pub(super) fn new(error: &EvalAltResult, host: &Host) -> Self {
        let diagnostic = runtime_error(host, error);
        let frames = frames(error, &host.sources);
        let thrown = match error.unwrap_inner() {
            EvalAltResult::ErrorRuntime(value, _) => Some(thrown(value)),
            _ => None,
        };
        let effects = effects(error, host);
        let (failure, results) = match thrown {
            Some(thrown) => (thrown.failure, thrown.results),
            None => (
                Failure::new(kinds::PLAN_FAILURE, diagnostic.message.clone()),
                None,
            ),
        };
        Self {
            diagnostic,
            failure,
            results,
            effects,
            frames,
        }
    }

    /// An error without a line.
    pub(super) fn of_failure(failure: Failure) -> Self {
        Self {
            diagnostic: PlanDiagnostic::error("segue::plan::failed", failure.message.clone()),
            failure,
            results: None,
            effects: Vec::new(),
            frames: Vec::new(),
        }
    }

    /// An error that was found before the plan began.
    pub(super) fn of_diagnostic(diagnostic: PlanDiagnostic) -> Self {
        Self {
            failure: Failure::new(kinds::PLAN_FAILURE, diagnostic.message.clone()),
            diagnostic,
            results: None,
            effects: Vec::new(),
            frames: Vec::new(),
        }
    }

    /// Where it happened.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.frames.first().map(|frame| &frame.place)
    }
}

impl Explainer for Host {
    fn locate(&self, position: Position) -> Option<(Source, usize)> {
        self.sources.locate(position)
    }

    fn source(&self, file: &str) -> Option<Source> {
        self.sources.named(file)
    }

    fn thrown(&self, value: &Dynamic) -> Option<Thrown> {
        value.is::<Rc<Fault>>().then(|| thrown(value))
    }

    fn ending(&self, token: &Dynamic) -> Option<Ended> {
        let ending = token.clone().try_cast::<Ending>()?;
        Some(Ended {
            code: ending.code(),
            message: ending.to_string(),
            help: ending.help().map(str::to_owned),
        })
    }

    fn functions(&self) -> Vec<String> {
        let mut names = functions::names(self.engine());
        names.extend(self.sources.function_names());
        names
    }

    fn next_command(&self) -> Option<String> {
        self.next_command.clone()
    }
}

/// The effects whose failures an error came of.
pub(super) fn effects(error: &EvalAltResult, host: &Host) -> Vec<EffectId> {
    let EvalAltResult::ErrorRuntime(value, _) = error.unwrap_inner() else {
        return Vec::new();
    };
    let Some(fault) = value.read_lock::<Rc<Fault>>() else {
        return Vec::new();
    };
    let mut effects = fault.effects.clone();
    if let Some(results) = &fault.results {
        effects.extend(host.blame.of(results.set()));
    }
    effects
}

/// What a script threw, whatever it was.
pub(super) fn thrown(value: &Dynamic) -> Thrown {
    if let Some(fault) = value.read_lock::<Rc<Fault>>() {
        return Thrown {
            failure: fault.failure.clone(),
            results: fault.results.as_ref().map(|results| results.set().clone()),
            place: fault.place.clone(),
        };
    }
    Thrown {
        failure: thrown_failure(value),
        results: None,
        place: None,
    }
}

/// The failure that a value of the script's own stands for: `throw "text"`, or `throw #{ kind, message, ... }`.
fn thrown_failure(value: &Dynamic) -> Failure {
    match convert::to_value(value) {
        Ok(Value::Map(mut map)) => {
            let mut take = |key: &str| map.shift_remove(key).map(|value| value.to_string());
            let kind = take("kind").unwrap_or_else(|| kinds::PLAN_FAILURE.to_owned());
            let message = take("message").or_else(|| take("msg"));
            let mut failure = Failure::new(
                kind,
                message.unwrap_or_else(|| "the plan threw a map".to_owned()),
            );
            failure.details = map;
            failure
        }
        Ok(Value::Null) => Failure::new(kinds::PLAN_FAILURE, "the plan threw nothing"),
        Ok(value) => Failure::new(kinds::PLAN_FAILURE, value.to_string()),
        Err(error) => Failure::new(kinds::PLAN_FAILURE, error.to_string()),
    }
}

/// The lines that led to an error.
pub(super) fn frames(error: &EvalAltResult, sources: &Sources) -> Vec<Frame> {
    // Each link is the call of a function: what is below it happened in that function.
    let mut links = Vec::new();
    let mut inner = error;
    loop {
        match inner {
            EvalAltResult::ErrorInFunctionCall(name, _, next, position) => {
                links.push((*position, function_of(name)));
                inner = next;
            }
            EvalAltResult::ErrorInModule(_, next, position) => {
                links.push((*position, FrameFunction::File));
                inner = next;
            }
            _ => break,
        }
    }
    links.reverse();
    let functions = links.iter().map(|(_, function)| function.clone());
    let positions = links.iter().map(|(position, _)| *position);
    let mut frames: Vec<Frame> = std::iter::once(position_of(inner))
        .chain(positions)
        .zip(functions.chain([FrameFunction::File]))
        .filter_map(|(position, function)| {
            let place = sources.place(position)?;
            Some(Frame { place, function })
        })
        .collect();
    frames.dedup();
    if let EvalAltResult::ErrorRuntime(value, _) = inner
        && let Some(place) = thrown(value).place
        && frames.first().is_none_or(|first| first.place != place)
    {
        // It was caught and thrown again: it began elsewhere, in a function that is no longer known.
        let function = FrameFunction::File;
        frames.insert(0, Frame { place, function });
    }
    frames
}

fn position_of(error: &EvalAltResult) -> Position {
    if let EvalAltResult::ErrorSystem(_, source) = error
        && let Some(panic) = source.downcast_ref::<NativePanic>()
    {
        return panic.position;
    }
    error.position()
}

/// How Rhai's names of closures begin.
const CLOSURE_PREFIX: &str = "anon$";

fn function_of(name: &str) -> FrameFunction {
    if name.starts_with(CLOSURE_PREFIX) {
        FrameFunction::Closure
    } else {
        FrameFunction::Named(name.to_owned())
    }
}
