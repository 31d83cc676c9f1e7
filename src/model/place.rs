//! A place in a text that a person wrote.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// A line of a plan: what an effect's events and a target's failure point at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The path as the project names it, such as `plans/rolling_restart.rhai`.
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1, in characters.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
