//! How many targets may fail before the rest is left alone.

use std::{fmt, str::FromStr};

use miette::Diagnostic;
use thiserror::Error;

use super::{Percent, PercentError};
use crate::model::Status;

/// How many of a set may fail. The rule, without exception: it is ended when **more** have failed than the budget says.
///
/// - `0` ends at the first failure, `2` at the third, `0%` at the first, `100%` never.
/// - A percentage is of all targets that the action or roll was given, for a budget of a batch of those in the batch;
///   never of those that are left or well. A share that is not whole is rounded down: `10%` of 19 allows one.
/// - What counts is in [`counts_as_failed`]. A target that was never started does not.
/// - What runs when it is ended is let finish, so more may have failed in the end than the budget and one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureBudget {
    Count(usize),
    Percent(Percent),
}

/// Whether a result uses up the budget: it failed, or it was started and nobody knows what became of it.
///
/// Skipped targets were left out on purpose, and those that were never reached had nothing done to them.
#[must_use]
pub const fn counts_as_failed(status: Status) -> bool {
    match status {
        Status::Failed | Status::Lost => true,
        Status::Succeeded | Status::Unreached | Status::Skipped => false,
    }
}

impl FailureBudget {
    /// No failure is allowed.
    pub const NONE: Self = Self::Count(0);
    /// Failures never end anything.
    pub const UNLIMITED: Self = Self::Percent(Percent::ALL);

    /// The number of failures of `total` that end nothing.
    #[must_use]
    pub const fn allowed(self, total: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => percent.of(total),
        }
    }

    /// Whether `failed` of `total` are too many.
    #[must_use]
    pub const fn is_exceeded(self, failed: usize, total: usize) -> bool {
        failed > self.allowed(total)
    }
}

/// A plan that says nothing wants to know at once.
impl Default for FailureBudget {
    fn default() -> Self {
        Self::NONE
    }
}

impl fmt::Display for FailureBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}"),
        }
    }
}

/// Why a text or number is no budget.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
pub enum BudgetError {
    #[error("`{text}` is not a number of failures")]
    #[diagnostic(
        code(segue::schedule::not_a_budget),
        help("write how many may fail, such as 2, or a share such as \"10%\"")
    )]
    NotABudget { text: String },
    #[error(transparent)]
    #[diagnostic(transparent)]
    Percent(#[from] PercentError),
}

impl TryFrom<i64> for FailureBudget {
    type Error = BudgetError;

    /// A number of a plan.
    fn try_from(count: i64) -> Result<Self, Self::Error> {
        usize::try_from(count)
            .map(Self::Count)
            .map_err(|_| BudgetError::NotABudget {
                text: count.to_string(),
            })
    }
}

impl FromStr for FailureBudget {
    type Err = BudgetError;

    /// Reads `2` or `10%`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.ends_with('%') {
            return Ok(Self::Percent(text.parse()?));
        }
        text.parse()
            .map(Self::Count)
            .map_err(|_| BudgetError::NotABudget { text: text.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ended_when_more_have_failed_than_the_budget_says() {
        // The budget, of how many, how many failures end nothing.
        let cases = [
            ("0", 0, 0),
            ("0", 1, 0),
            ("0", 100, 0),
            ("1", 1, 1),
            ("1", 100, 1),
            ("2", 1, 2),
            ("0%", 0, 0),
            ("0%", 100, 0),
            ("1%", 99, 0),
            ("1%", 100, 1),
            ("1%", 199, 1),
            ("1%", 200, 2),
            ("10%", 9, 0),
            ("10%", 10, 1),
            ("10%", 19, 1),
            ("10%", 20, 2),
            ("12.5%", 8, 1),
            ("33.33%", 3, 0),
            ("33.34%", 3, 1),
            ("50%", 1, 0),
            ("50%", 2, 1),
            ("50%", 3, 1),
            ("99%", 1, 0),
            ("99%", 100, 99),
            ("100%", 0, 0),
            ("100%", 1, 1),
            ("100%", 100, 100),
        ];
        for (budget, total, allowed) in cases {
            let budget: FailureBudget = budget.parse().unwrap();
            assert!(
                !budget.is_exceeded(allowed, total),
                "{budget} of {total}: {allowed} failures are within"
            );
            assert!(
                budget.is_exceeded(allowed + 1, total),
                "{budget} of {total}: {} failures are too many",
                allowed + 1
            );
        }
    }

    #[test]
    fn lost_targets_count_and_those_that_nothing_was_done_to_do_not() {
        assert!(counts_as_failed(Status::Failed) && counts_as_failed(Status::Lost));
        for status in [Status::Succeeded, Status::Unreached, Status::Skipped] {
            assert!(!counts_as_failed(status), "{status:?}");
        }
    }

    #[test]
    fn what_is_no_budget_is_refused() {
        for text in ["", "-1", "few", "101%", "2.5", "%"] {
            assert!(text.parse::<FailureBudget>().is_err(), "{text:?}");
        }
        assert!(FailureBudget::try_from(-1).is_err());
        assert_eq!(FailureBudget::try_from(3), "3".parse());
        assert_eq!(FailureBudget::default(), FailureBudget::NONE);
    }
}
