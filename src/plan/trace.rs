//! Why a plan could not go on, as data that leaves its thread: what happened, where, and through which calls.
//!
//! The one place that takes Rhai's run-time errors apart. How they are shown is `diagnostic`'s business.

use std::{fmt, rc::Rc};

use rhai::{EvalAltResult, ParseErrorType, Position};

use super::{ending::Ending, object::Fault, scheduler::NativePanic, sources::Sources};
use crate::model::{Failure, Place, ResultSet, kinds};

/// An error that nobody caught, or that ended no more than a branch.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct PlanError {
    pub kind: PlanErrorKind,
    /// What happened, as a fragment without its place.
    pub message: String,
    /// Innermost first: where it happened, then the call that led there, and so on to the first line of the plan.
    /// Empty if nothing is known of the place.
    pub frames: Vec<Frame>,
    /// What was thrown, if something was.
    pub failure: Option<Failure>,
    /// The results of the action that failed.
    pub results: Option<ResultSet>,
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

/// What kind of error it is.
#[derive(Clone, Debug, PartialEq)]
pub enum PlanErrorKind {
    /// The text of a file is not a script.
    Syntax(ParseErrorType),
    UnknownVariable {
        name: String,
    },
    /// No function or method of that name takes these arguments.
    UnknownFunction {
        /// With the types of its arguments, as Rhai names them.
        signature: String,
    },
    UnknownProperty {
        name: String,
    },
    UnknownModule {
        name: String,
    },
    /// A write to a constant, or to a variable that a branch captured.
    NotAssignable {
        name: String,
    },
    /// A method that changes its object, called on a constant or on what a branch captured.
    NotChangeable {
        method: String,
    },
    /// A variable is used while a method of it runs.
    InUse {
        what: String,
    },
    WrongType {
        expected: String,
        actual: String,
    },
    /// An index that is not there.
    OutOfBounds,
    /// A value that can't be indexed, iterated or has no such shape.
    WrongShape,
    Arithmetic,
    /// Calls nested more deeply than is allowed.
    TooDeep,
    /// A string, array or map larger than is allowed, or too many of something.
    TooLarge {
        what: String,
    },
    /// Thrown by the script or by a function of the language: see [`PlanError::failure`].
    Thrown,
    /// Ended from outside, or by a limit.
    Ended(Ending),
    /// A slip of Segue's.
    Panic,
    Other,
}

impl PlanError {
    /// An error without a place.
    pub(super) fn of_failure(failure: Failure) -> Self {
        Self {
            kind: PlanErrorKind::Thrown,
            message: failure.message.clone(),
            frames: Vec::new(),
            failure: Some(failure),
            results: None,
        }
    }

    /// Where it happened.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.frames.first().map(|frame| &frame.place)
    }

    /// Takes an error of the interpreter apart.
    pub(super) fn new(error: &EvalAltResult, sources: &Sources) -> Self {
        let mut chain = Vec::new();
        let mut inner = error;
        loop {
            match inner {
                EvalAltResult::ErrorInFunctionCall(name, _, next, position) => {
                    chain.push((*position, function_of(name)));
                    inner = next;
                }
                EvalAltResult::ErrorInModule(_, next, position) => {
                    chain.push((*position, FrameFunction::File));
                    inner = next;
                }
                _ => break,
            }
        }
        let thrown = Thrown::of(inner);
        let mut position = inner.position();
        if let EvalAltResult::ErrorSystem(_, source) = inner
            && let Some(panic) = source.downcast_ref::<NativePanic>()
        {
            position = panic.position;
        }
        let frames = frames(position, &chain, thrown.as_ref(), sources);
        let kind = kind_of(inner);
        let message = message_of(inner, &kind, thrown.as_ref());
        let (failure, results) = thrown.map_or((None, None), |thrown| {
            (Some(thrown.failure), thrown.results)
        });
        Self {
            kind,
            message,
            frames,
            failure,
            results,
        }
    }

    /// The failure that stands for this error where only data is kept.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        self.failure
            .clone()
            .unwrap_or_else(|| Failure::new(kinds::PLAN_FAILURE, self.message.clone()))
    }
}

/// What a script threw, whatever it was.
struct Thrown {
    failure: Failure,
    results: Option<ResultSet>,
    place: Option<Place>,
}

impl Thrown {
    fn of(error: &EvalAltResult) -> Option<Self> {
        let EvalAltResult::ErrorRuntime(value, _) = error else {
            return None;
        };
        if let Some(fault) = value.read_lock::<Rc<Fault>>() {
            return Some(Self {
                failure: fault.failure.clone(),
                results: fault.results.as_ref().map(|results| results.set().clone()),
                place: fault.place.clone(),
            });
        }
        Some(Self {
            failure: thrown_failure(value),
            results: None,
            place: None,
        })
    }
}

/// The failure that a thrown value of the script's own stands for: `throw "text"` or `throw #{ kind, message, ... }`.
pub(super) fn thrown_failure(value: &rhai::Dynamic) -> Failure {
    use crate::model::Value;
    match super::convert::to_value(value) {
        Ok(Value::Map(mut map)) => {
            let mut text = |keys: [&str; 2]| {
                keys.into_iter()
                    .find_map(|key| map.shift_remove(key))
                    .map(|value| value.to_string())
            };
            let kind = text(["kind", "kind"]).unwrap_or_else(|| kinds::PLAN_FAILURE.to_owned());
            let message = text(["message", "msg"]);
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

fn function_of(name: &str) -> FrameFunction {
    if name.starts_with(rhai_anonymous()) {
        FrameFunction::Closure
    } else {
        FrameFunction::Named(name.to_owned())
    }
}

/// How Rhai's names of closures begin.
const fn rhai_anonymous() -> &'static str {
    "anon$"
}

fn frames(
    position: Position,
    chain: &[(Position, FrameFunction)],
    thrown: Option<&Thrown>,
    sources: &Sources,
) -> Vec<Frame> {
    // Each link of the chain is the call of a function: the error below it happened in that function.
    let functions = chain
        .iter()
        .map(|(_, function)| function.clone())
        .rev()
        .chain([FrameFunction::File]);
    let positions = [position]
        .into_iter()
        .chain(chain.iter().rev().map(|(at, _)| *at));
    let mut frames: Vec<Frame> = functions
        .zip(positions)
        .filter_map(|(function, position)| {
            let place = sources.place(position)?;
            Some(Frame { place, function })
        })
        .collect();
    frames.dedup();
    if let Some(origin) = thrown.and_then(|thrown| thrown.place.clone())
        && frames.first().is_none_or(|first| first.place != origin)
    {
        let function = frames
            .first()
            .map_or(FrameFunction::File, |first| first.function.clone());
        frames.insert(
            0,
            Frame {
                place: origin,
                function,
            },
        );
    }
    frames
}

fn kind_of(error: &EvalAltResult) -> PlanErrorKind {
    use EvalAltResult as E;
    use PlanErrorKind as K;
    match error {
        E::ErrorParsing(kind, _) => K::Syntax(kind.clone()),
        E::ErrorVariableNotFound(name, _) => K::UnknownVariable { name: name.clone() },
        E::ErrorFunctionNotFound(signature, _) => K::UnknownFunction {
            signature: signature.clone(),
        },
        E::ErrorPropertyNotFound(name, _) | E::ErrorDotExpr(name, _) => {
            K::UnknownProperty { name: name.clone() }
        }
        E::ErrorModuleNotFound(name, _) => K::UnknownModule { name: name.clone() },
        E::ErrorAssignmentToConstant(name, _) => K::NotAssignable { name: name.clone() },
        E::ErrorNonPureMethodCallOnConstant(method, _) => K::NotChangeable {
            method: method.clone(),
        },
        E::ErrorDataRace(what, _) => K::InUse { what: what.clone() },
        E::ErrorMismatchDataType(expected, actual, _)
        | E::ErrorMismatchOutputType(expected, actual, _) => K::WrongType {
            expected: expected.clone(),
            actual: actual.clone(),
        },
        E::ErrorArrayBounds(..)
        | E::ErrorStringBounds(..)
        | E::ErrorBitFieldBounds(..)
        | E::ErrorIndexNotFound(..) => K::OutOfBounds,
        E::ErrorIndexingType(..) | E::ErrorFor(_) | E::ErrorUnboundThis(_) => K::WrongShape,
        E::ErrorArithmetic(..) => K::Arithmetic,
        E::ErrorStackOverflow(_) => K::TooDeep,
        E::ErrorDataTooLarge(what, _) => K::TooLarge { what: what.clone() },
        E::ErrorTooManyVariables(_) => K::TooLarge {
            what: "the number of variables".to_owned(),
        },
        E::ErrorTooManyModules(_) => K::TooLarge {
            what: "the number of imports".to_owned(),
        },
        E::ErrorTooManyOperations(_) => K::Ended(Ending::TooManyOperations),
        E::ErrorRuntime(..) => K::Thrown,
        E::ErrorTerminated(..) => Ending::of(error).map_or(K::Other, |ending| match ending {
            Ending::StackUsedUp => K::TooDeep,
            ending => K::Ended(ending),
        }),
        E::ErrorSystem(_, source) if source.is::<NativePanic>() => K::Panic,
        _ => K::Other,
    }
}

fn message_of(error: &EvalAltResult, kind: &PlanErrorKind, thrown: Option<&Thrown>) -> String {
    use PlanErrorKind as K;
    match (kind, thrown) {
        (_, Some(thrown)) => thrown.failure.message.clone(),
        (K::Ended(ending), _) => ending.to_string(),
        (K::TooDeep, _) => Ending::StackUsedUp.to_string(),
        (K::UnknownVariable { name }, _) => format!("there is no variable `{name}`"),
        (K::UnknownFunction { signature }, _) => format!("there is no function `{signature}`"),
        (K::UnknownProperty { name }, _) => format!("there is no property `{name}`"),
        (K::UnknownModule { name }, _) => format!("there is no module `{name}`"),
        (K::NotAssignable { name }, _) => format!("`{name}` can't be written here"),
        (K::NotChangeable { method }, _) => {
            let method = method.trim_start_matches("set$").trim_start_matches("get$");
            format!("`{method}` changes its object, which can't be written here")
        }
        (K::InUse { what }, _) => format!("{what} is in use by a method call around it"),
        _ => {
            let mut bare = error.to_string();
            // Rhai appends the position, which the frames tell better.
            if let Some(at) = bare.rfind(" (line ") {
                bare.truncate(at);
            }
            lowercased(&bare)
        }
    }
}

fn lowercased(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}
