//! What is wrong with the tiers of an inventory, as data: whoever knows the lines of the file points at them.

use std::fmt;

use thiserror::Error;

use super::draw;
use crate::model::TargetName;

/// How many of the targets that two tiers share a message names. All of them are in the fault.
const NAMED_MAX: usize = 3;

/// Everything that is wrong with the tiers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct TierError {
    /// Never empty.
    pub faults: Vec<TierFault>,
}

impl fmt::Display for TierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.faults.iter().enumerate() {
            let separator = if number == 0 { "" } else { "\n" };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

/// One thing that is wrong with the tiers. Numbers are positions in the list of tiers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TierFault {
    /// Tiers that depend on each other: each on the one after it in the list, the last on the first.
    #[error(
        "these tiers depend on each other:\n{}",
        draw::cycle(names, "depends on")
    )]
    Cycle {
        tiers: Vec<usize>,
        names: Vec<String>,
    },
    #[error("tier `{name}` depends on `{depends_on}`, which is no tier")]
    UnknownDependency {
        tier: usize,
        name: String,
        depends_on: String,
        /// The position in the tier's `depends_on`.
        position: usize,
        nearest: Option<String>,
    },
    #[error("there are two tiers of the name `{name}`")]
    Duplicate {
        name: String,
        first: usize,
        second: usize,
    },
    #[error(
        "{} in tier `{first_name}` and in tier `{second_name}`",
        some_of(targets)
    )]
    TargetsInTwo {
        first: usize,
        second: usize,
        first_name: String,
        second_name: String,
        /// Never empty.
        targets: Vec<TargetName>,
    },
}

impl TierFault {
    /// The stable code of the fault, with a page under docs/errors.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Cycle { .. } => "segue::schedule::tier_cycle",
            Self::UnknownDependency { .. } => "segue::schedule::unknown_tier",
            Self::Duplicate { .. } => "segue::schedule::duplicate_tier",
            Self::TargetsInTwo { .. } => "segue::schedule::target_in_two_tiers",
        }
    }

    /// What to change.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Cycle { .. } => "take one of these `depends_on` away".to_owned(),
            Self::UnknownDependency {
                nearest: Some(nearest),
                ..
            } => format!("did you mean `{nearest}`?"),
            Self::UnknownDependency { depends_on, .. } => {
                format!("add a group `{depends_on}`, or take it out of `depends_on`")
            }
            Self::Duplicate { .. } => "give one of them another name".to_owned(),
            Self::TargetsInTwo { .. } => {
                "leave each target in one of them, or take the `depends_on` away from one"
                    .to_owned()
            }
        }
    }

    /// The tiers that the fault is about, in the order in which a message should point at them.
    #[must_use]
    pub fn tiers(&self) -> Vec<usize> {
        match self {
            Self::Cycle { tiers, .. } => tiers.clone(),
            Self::UnknownDependency { tier, .. } => vec![*tier],
            Self::Duplicate { first, second, .. } | Self::TargetsInTwo { first, second, .. } => {
                vec![*first, *second]
            }
        }
    }
}

fn some_of(targets: &[TargetName]) -> impl fmt::Display {
    fmt::from_fn(|f| {
        for (number, target) in targets.iter().take(NAMED_MAX).enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            write!(f, "{separator}`{target}`")?;
        }
        match targets.len() {
            0 | 1 => f.write_str(" is"),
            2..=NAMED_MAX => f.write_str(" are"),
            many => write!(f, " and {} more are", many - NAMED_MAX),
        }
    })
}
