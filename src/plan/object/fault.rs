//! `Error`: what a `catch` gets when a function of Segue failed, and what `fail` throws.

use std::{fmt, rc::Rc};

use rhai::{Dynamic, EvalAltResult, Position};

use super::Results;
use crate::model::{EffectId, Failure, Map, Place};

/// A failure on its way through a script. It knows where it began, so that throwing it again loses nothing.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) failure: Failure,
    /// The results of the action that failed.
    pub(crate) results: Option<Results>,
    /// The call that failed first.
    pub(crate) place: Option<Place>,
    /// The effects that it came of, beside those of the results.
    pub(crate) effects: Vec<EffectId>,
}

impl Fault {
    pub(crate) fn new(failure: Failure, place: Option<Place>) -> Self {
        Self {
            failure,
            results: None,
            place,
            effects: Vec::new(),
        }
    }

    /// The same failure with the results that it came of.
    pub(crate) fn with_results(mut self, results: Results) -> Self {
        self.results = Some(results);
        self
    }

    /// The same failure with more effects that it came of.
    pub(crate) fn of_effects(mut self, effects: Vec<EffectId>) -> Self {
        self.effects.extend(effects);
        self
    }

    /// The error that carries it through a script. The interpreter fills in the position of the call.
    pub(crate) fn into_error(self, position: Position) -> Box<EvalAltResult> {
        Box::new(EvalAltResult::ErrorRuntime(
            Dynamic::from(Rc::new(self)),
            position,
        ))
    }

    /// As the `_error` object of the task contract.
    pub(crate) fn to_map(&self) -> Map {
        let mut map = Map::new();
        map.insert("kind".to_owned(), self.failure.kind.as_str().into());
        map.insert("msg".to_owned(), self.failure.message.as_str().into());
        map.insert("details".to_owned(), self.failure.details.clone().into());
        map
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}
