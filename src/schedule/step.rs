//! A step as its author writes it, and what its failure does.

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::model::nearest;

/// A step of a graph: its position among the [`StepSpec`]s that the graph was made of, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepIndex(pub(super) u32);

impl StepIndex {
    /// The position in the list of steps.
    #[must_use]
    pub const fn position(self) -> usize {
        self.0 as usize
    }

    /// The step at that position. Graphs are no longer than [`super::STEPS_MAX`], so nothing is cut off.
    pub(super) fn at(position: usize) -> Self {
        Self(u32::try_from(position).expect("a graph has at most STEPS_MAX steps"))
    }
}

/// A step as its author writes it. What it does is known to the caller alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepSpec {
    pub name: String,
    /// Words for whoever looks at the graph.
    pub description: Option<String>,
    /// Names of the steps that come before it. Order and repetition don't matter.
    pub after: Vec<String>,
    /// Names of the resources that it needs while it runs: no two steps use the same at once, unless
    /// [`super::RunRules::capacities`] says how many may.
    pub uses: Vec<String>,
    /// It can be undone by a rollback.
    pub has_undo: bool,
    /// What its failure does, if not what the run says.
    pub on_failure: Option<OnStepFailure>,
}

impl StepSpec {
    /// A step of that name that waits for nothing.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// The same step, after these as well.
    #[must_use]
    pub fn after<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.after.extend(names.into_iter().map(Into::into));
        self
    }

    /// The same step, using these resources as well.
    #[must_use]
    pub fn uses<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.uses.extend(names.into_iter().map(Into::into));
        self
    }

    /// The same step, with an undo.
    #[must_use]
    pub fn with_undo(mut self) -> Self {
        self.has_undo = true;
        self
    }

    /// The same step, with a rule of its own for its failure.
    #[must_use]
    pub fn on_failure(mut self, rule: OnStepFailure) -> Self {
        self.on_failure = Some(rule);
        self
    }
}

/// What the failure of a step does to the others. A rule of the step goes before the one of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnStepFailure {
    /// What comes after it, directly or not, is skipped; everything else goes on.
    #[default]
    SkipDependents,
    /// Nothing more is started. What runs is let finish, the rest is unreached.
    Stop,
    /// What comes after it is run as if it had not failed.
    Continue,
    /// As `Stop`; then what was done is undone, the last that was done first.
    Rollback,
}

impl OnStepFailure {
    /// All rules, in the order in which the language names them.
    pub const ALL: [Self; 4] = [
        Self::SkipDependents,
        Self::Stop,
        Self::Continue,
        Self::Rollback,
    ];

    /// The rule as it is written in a plan.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SkipDependents => "skip_dependents",
            Self::Stop => "stop",
            Self::Continue => "continue",
            Self::Rollback => "rollback",
        }
    }
}

impl fmt::Display for OnStepFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is not a rule for failed steps")]
pub struct ParseOnStepFailureError {
    pub text: String,
    pub nearest: Option<&'static str>,
}

impl ParseOnStepFailureError {
    /// What to type instead.
    pub const HELP: &'static str =
        "write \"skip_dependents\", \"stop\", \"continue\" or \"rollback\"";
}

impl FromStr for OnStepFailure {
    type Err = ParseOnStepFailureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|rule| rule.as_str() == text)
            .ok_or_else(|| ParseOnStepFailureError {
                text: text.to_owned(),
                nearest: nearest(text, Self::ALL.map(Self::as_str)),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_back_as_they_are_written() {
        for rule in OnStepFailure::ALL {
            assert_eq!(rule.as_str().parse(), Ok(rule));
        }
        let error = "rolback".parse::<OnStepFailure>().unwrap_err();
        assert_eq!(error.nearest, Some("rollback"));
        assert_eq!(
            error.to_string(),
            "`rolback` is not a rule for failed steps"
        );
    }
}
