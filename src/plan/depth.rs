//! How deeply a value is nested: lists and maps in each other, closures in what closures captured.
//!
//! Rhai clones, compares, prints and drops values by recursion and has no limit on their depth. So whatever puts one value into
//! another looks at the depth first: [`super::nesting`] in the text of a plan, the functions of the language here.

use std::rc::Rc;

use rhai::{Array, Dynamic, EvalAltResult, FnPtr, Map as ScriptMap, Position};

use super::object::Graph;

/// How deeply a value may be nested to be put into another one. Parsers of JSON stop at the same number, so all that
/// a task can answer may be handed on.
pub(super) const DEPTH_MAX: usize = 128;

/// Closures that are looked into. Those that capture the same variables form a net with more ways through it than anybody
/// could go, and a variable that holds a closure which captured it is a ring.
const CLOSURES_MAX: usize = 10_000;

/// What [`EvalAltResult::ErrorDataTooLarge`] names when it was the depth.
pub(super) const NESTING: &str = "nesting of a value";

/// An error if a value is nested too deeply to be put into another.
pub(super) fn check(value: &Dynamic, position: Position) -> Result<(), Box<EvalAltResult>> {
    let levels = Measure::default().levels(value, DEPTH_MAX);
    levels.map(|_| ()).ok_or_else(|| too_deep(position))
}

/// An error if what a closure captured is nested too deeply for it to be handed on.
pub(super) fn check_captured(
    pointer: &FnPtr,
    position: Position,
) -> Result<(), Box<EvalAltResult>> {
    let levels = Measure::default().deepest(pointer.iter_curry(), DEPTH_MAX);
    levels.map(|_| ()).ok_or_else(|| too_deep(position))
}

/// How many levels a graph has with a step that captured these values. That it is in one of them adds nothing to it.
pub(super) fn of_step<'a>(
    graph: &Rc<Graph>,
    captured: impl Iterator<Item = &'a Dynamic>,
    position: Position,
) -> Result<usize, Box<EvalAltResult>> {
    let mut measure = Measure {
        of: Some(graph),
        ..Measure::default()
    };
    let levels = measure.deepest(captured, DEPTH_MAX);
    levels.ok_or_else(|| too_deep(position))
}

fn too_deep(position: Position) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorDataTooLarge(
        NESTING.to_owned(),
        position,
    ))
}

struct Measure<'a> {
    /// Closures that may still be looked into.
    closures: usize,
    /// The graph that is measured.
    of: Option<&'a Rc<Graph>>,
}

impl Default for Measure<'_> {
    fn default() -> Self {
        Self {
            closures: CLOSURES_MAX,
            of: None,
        }
    }
}

impl Measure<'_> {
    /// How many levels a value has; none if there are more than `most`. A variable that is in use around the call is taken for a
    /// shallow one: what is put into it is looked at there.
    fn levels(&mut self, value: &Dynamic, most: usize) -> Option<usize> {
        // The usual elements are none of these, and are told apart by their tags alone.
        if value.is_array() {
            return match value.read_lock::<Array>() {
                Some(items) => self.deepest(items.iter(), most),
                None => Some(1),
            };
        }
        if value.is_map() {
            return match value.read_lock::<ScriptMap>() {
                Some(map) => self.deepest(map.values(), most),
                None => Some(1),
            };
        }
        if value.is_fnptr() {
            let Some(pointer) = value.read_lock::<FnPtr>() else {
                return Some(1);
            };
            if pointer.curry().is_empty() {
                return Some(0);
            }
            self.closures = self.closures.checked_sub(1)?;
            return self.deepest(pointer.iter_curry(), most);
        }
        let graph = value.read_lock::<Rc<Graph>>();
        let levels = graph.map_or(0, |graph| match self.of {
            Some(of) if Rc::ptr_eq(of, &graph) => 0,
            _ => graph.levels(),
        });
        (levels <= most).then_some(levels)
    }

    /// How many levels something has in which these values are.
    fn deepest<'v>(
        &mut self,
        values: impl Iterator<Item = &'v Dynamic>,
        most: usize,
    ) -> Option<usize> {
        let most = most.checked_sub(1)?;
        let mut deepest = 0;
        for value in values {
            deepest = deepest.max(self.levels(value, most)?);
        }
        Some(deepest + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> Dynamic {
        (0..levels).fold(Dynamic::ONE, |inner, level| {
            if level % 2 == 0 {
                Dynamic::from_array(vec![Dynamic::UNIT, inner])
            } else {
                Dynamic::from_map(ScriptMap::from([("x".into(), inner)]))
            }
        })
    }

    fn is_refused(value: &Dynamic) -> bool {
        check(value, Position::NONE).is_err()
    }

    #[test]
    fn as_many_levels_as_there_may_be() {
        assert!(!is_refused(&nested(0)));
        assert!(!is_refused(&nested(DEPTH_MAX)));
        assert!(is_refused(&nested(DEPTH_MAX + 1)));
        assert!(is_refused(&nested(DEPTH_MAX + 1).into_shared()));
    }

    #[test]
    fn closures_count_with_what_they_captured() {
        let mut closure = Dynamic::from(FnPtr::new("f").unwrap());
        for level in 0..=DEPTH_MAX {
            assert!(!is_refused(&closure), "{level}");
            let mut outer = FnPtr::new("f").unwrap();
            outer.add_curry(closure.into_shared());
            closure = outer.into();
        }
        assert!(is_refused(&closure));
    }

    #[test]
    fn a_net_of_closures_is_not_gone_through_in_every_way() {
        let mut closure = Dynamic::from(FnPtr::new("f").unwrap());
        for _ in 0..DEPTH_MAX / 2 {
            let mut outer = FnPtr::new("f").unwrap();
            let captured = closure.into_shared();
            outer.add_curry(captured.clone());
            outer.add_curry(captured);
            closure = outer.into();
        }
        assert!(is_refused(&closure));
    }
}
