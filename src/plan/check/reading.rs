//! What the check knows of a file besides its problems: the types of what is written in it, for editors.

use std::collections::HashMap;

use super::{checker::Known, kind::Kind, world::CheckWorld};
use crate::plan::source::{Source, Span};

/// The types of the expressions and variables of one file, as far as they are certain.
#[derive(Debug, Default)]
pub struct Reading {
    kinds: HashMap<(usize, usize), Kind>,
    declared: HashMap<Span, Kind>,
}

impl Reading {
    /// Reads a file as the check does. Of statements that can't be parsed nothing is known.
    #[must_use]
    pub fn of(world: &dyn CheckWorld, source: &Source) -> Self {
        let examined = Known::default().examined(world, source);
        Self {
            kinds: examined.kinds.clone(),
            declared: examined.declared.iter().cloned().collect(),
        }
    }

    /// The type of the expression that is exactly there, such as `ResultSet` or `Array[String]`.
    #[must_use]
    pub fn type_of(&self, span: Span) -> Option<String> {
        self.kinds.get(&(span.start, span.end))?.type_name()
    }

    /// The type of the variable whose name is declared there.
    #[must_use]
    pub fn type_of_variable(&self, declared: Span) -> Option<String> {
        self.declared.get(&declared)?.type_name()
    }
}
