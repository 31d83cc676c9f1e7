//! What is wrong with a graph, as data: whoever knows the lines of the script points at them.

use std::fmt;

use thiserror::Error;

use super::StepIndex;

/// Everything that is wrong with a graph, in the order of its steps.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct GraphError {
    /// Never empty.
    pub faults: Vec<GraphFault>,
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.faults.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

/// One thing that is wrong with a graph. Indices are positions in the list of steps, names are repeated for messages.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GraphFault {
    /// Steps that wait for each other.
    #[error("these steps wait for each other: {}", drawn_in_a_line(names))]
    Cycle {
        /// Each step waits for the one after it in the list, the last for the first.
        names: Vec<String>,
        /// One edge for each step of the cycle, in the same order.
        edges: Vec<CycleEdge>,
    },
    #[error("step `{name}` waits for itself")]
    SelfLoop { step: StepIndex, name: String },
    #[error("step `{name}` is after `{after}`, which is no step")]
    UnknownAfter {
        step: StepIndex,
        name: String,
        /// The name that is not known.
        after: String,
        /// Its position in the step's `after`.
        position: usize,
        nearest: Option<String>,
    },
    #[error("there are two steps of the name `{name}`")]
    Duplicate {
        name: String,
        first: StepIndex,
        second: StepIndex,
    },
    #[error("{count} steps are more than a graph may have: {max}")]
    TooMany { count: usize, max: usize },
    #[error("more dependencies than a graph may have: {max}")]
    TooManyEdges { max: usize },
}

impl GraphFault {
    /// The stable code of the fault, with a page under docs/errors.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Cycle { .. } => "segue::schedule::cycle",
            Self::SelfLoop { .. } => "segue::schedule::self_loop",
            Self::UnknownAfter { .. } => "segue::schedule::unknown_after",
            Self::Duplicate { .. } => "segue::schedule::duplicate_step",
            Self::TooMany { .. } => "segue::schedule::too_many_steps",
            Self::TooManyEdges { .. } => "segue::schedule::too_many_dependencies",
        }
    }

    /// What to change.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Cycle { .. } => "take one of these `after` away".to_owned(),
            Self::SelfLoop { name, .. } => format!("take `{name}` out of its own `after`"),
            Self::UnknownAfter {
                nearest: Some(nearest),
                ..
            } => format!("did you mean `{nearest}`?"),
            Self::UnknownAfter { after, .. } => {
                format!("add a step `{after}`, or take it out of `after`")
            }
            Self::Duplicate { .. } => "give one of them another name".to_owned(),
            Self::TooMany { .. } => {
                "make one step do the work for many targets, or run several graphs".to_owned()
            }
            Self::TooManyEdges { .. } => {
                "put one step between the groups, and make the later one come after that".to_owned()
            }
        }
    }

    /// The steps that the fault is about, in the order in which a message should point at them.
    #[must_use]
    pub fn steps(&self) -> Vec<StepIndex> {
        match self {
            Self::Cycle { edges, .. } => edges.iter().map(|edge| edge.step).collect(),
            Self::SelfLoop { step, .. } | Self::UnknownAfter { step, .. } => vec![*step],
            Self::Duplicate { first, second, .. } => vec![*first, *second],
            Self::TooMany { .. } | Self::TooManyEdges { .. } => Vec::new(),
        }
    }
}

/// A dependency that is part of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CycleEdge {
    /// The step that waits.
    pub step: StepIndex,
    /// The step that it waits for.
    pub after: StepIndex,
    /// The position in the `after` of `step` that says so.
    pub position: usize,
}

fn drawn_in_a_line(names: &[String]) -> String {
    let mut line = String::new();
    for name in names.iter().chain(names.first()) {
        if !line.is_empty() {
            line.push_str(" waits for ");
        }
        line.push('`');
        line.push_str(name);
        line.push('`');
    }
    line
}
