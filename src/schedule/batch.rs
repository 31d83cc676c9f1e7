//! How many targets are worked on together, batch after batch.

use std::{fmt, num::NonZeroUsize, str::FromStr};

use miette::Diagnostic;
use thiserror::Error;

use super::{Percent, PercentError};

/// The size of one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BatchSize {
    Count(NonZeroUsize),
    /// Of all targets, not of those that are left; rounded down, but at least one. Never zero percent.
    Percent(Percent),
}

/// The sizes of batches, the last of which repeats: `2`, `25%`, or growing as `1, 10%, 50%, 100%`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BatchSpec {
    first: BatchSize,
    later: Vec<BatchSize>,
}

/// The sizes of the batches that `total` targets are worked on in. They add up to `total`, and none is zero;
/// no targets make no batch. The last batch is what is left.
#[must_use]
pub fn batch_sizes(total: usize, spec: &BatchSpec) -> Vec<usize> {
    let mut left = total;
    let mut sizes = Vec::new();
    for size in spec.sizes(total) {
        if left == 0 {
            break;
        }
        let size = size.min(left);
        left -= size;
        sizes.push(size);
    }
    sizes
}

impl BatchSize {
    /// The number of targets that it means of `total`: at least one, and perhaps more than there are.
    #[must_use]
    pub fn of(self, total: usize) -> usize {
        match self {
            Self::Count(count) => count.get(),
            Self::Percent(percent) => percent.of(total).max(1),
        }
    }
}

impl BatchSpec {
    /// Batches of these sizes, the last of which repeats.
    ///
    /// # Errors
    /// The list is empty.
    pub fn growing(sizes: impl IntoIterator<Item = BatchSize>) -> Result<Self, BatchError> {
        let mut sizes = sizes.into_iter();
        Ok(Self {
            first: sizes.next().ok_or(BatchError::Empty)?,
            later: sizes.collect(),
        })
    }

    /// The same with every share of `total` as a number, for when only a part of the targets is left.
    #[must_use]
    pub fn counted(&self, total: usize) -> Self {
        let count = |size: &BatchSize| {
            let count = NonZeroUsize::new(size.of(total));
            BatchSize::Count(count.expect("a batch has at least one target"))
        };
        Self {
            first: count(&self.first),
            later: self.later.iter().map(count).collect(),
        }
    }

    /// How many sizes were written.
    pub(super) fn len(&self) -> usize {
        1 + self.later.len()
    }

    /// The sizes of `total` targets, without end.
    pub(super) fn sizes(&self, total: usize) -> impl Iterator<Item = usize> {
        let last = *self.later.last().unwrap_or(&self.first);
        std::iter::once(self.first)
            .chain(self.later.iter().copied())
            .chain(std::iter::repeat(last))
            .map(move |size| size.of(total))
    }
}

impl From<BatchSize> for BatchSpec {
    fn from(size: BatchSize) -> Self {
        Self {
            first: size,
            later: Vec::new(),
        }
    }
}

impl From<NonZeroUsize> for BatchSpec {
    fn from(count: NonZeroUsize) -> Self {
        BatchSize::Count(count).into()
    }
}

impl fmt::Display for BatchSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}"),
        }
    }
}

impl fmt::Display for BatchSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        self.later.iter().try_for_each(|size| write!(f, ", {size}"))
    }
}

/// Why a text or number is no size of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
pub enum BatchError {
    #[error("`{text}` is not the size of a batch")]
    #[diagnostic(
        code(segue::schedule::not_a_batch),
        help(
            "write a number such as 2, a share such as \"25%\", or a list such as [1, \"10%\", \"50%\"]"
        )
    )]
    NotASize { text: String },
    #[error("a batch of `{text}` would never get anything done")]
    #[diagnostic(
        code(segue::schedule::empty_batch),
        help("write 1 or more, or more than 0%")
    )]
    Zero { text: String },
    #[error("a list of batches is empty")]
    #[diagnostic(
        code(segue::schedule::no_batches),
        help("write at least one size, such as [1, \"25%\"]; the last one repeats")
    )]
    Empty,
    #[error(transparent)]
    #[diagnostic(transparent)]
    Percent(#[from] PercentError),
}

impl TryFrom<i64> for BatchSize {
    type Error = BatchError;

    /// A number of a plan.
    fn try_from(count: i64) -> Result<Self, Self::Error> {
        let text = count.to_string();
        match usize::try_from(count).map(NonZeroUsize::new) {
            Ok(Some(count)) => Ok(Self::Count(count)),
            Ok(None) => Err(BatchError::Zero { text }),
            Err(_) => Err(BatchError::NotASize { text }),
        }
    }
}

impl FromStr for BatchSize {
    type Err = BatchError;

    /// Reads `2` or `25%`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.ends_with('%') {
            let percent: Percent = text.parse()?;
            if percent.is_zero() {
                return Err(BatchError::Zero { text: text.into() });
            }
            return Ok(Self::Percent(percent));
        }
        let not_a_size = || BatchError::NotASize { text: text.into() };
        let count: usize = text.parse().map_err(|_| not_a_size())?;
        let count =
            NonZeroUsize::new(count).ok_or_else(|| BatchError::Zero { text: text.into() })?;
        Ok(Self::Count(count))
    }
}

impl FromStr for BatchSpec {
    type Err = BatchError;

    /// Reads `2`, `25%` or `1, 10%, 50%, 100%`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() {
            return Err(BatchError::Empty);
        }
        let sizes: Vec<BatchSize> = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
        Self::growing(sizes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_at_the_edges() {
        let cases: [(usize, &str, &[usize]); 16] = [
            (0, "1", &[]),
            (0, "100%", &[]),
            (1, "1", &[1]),
            (1, "1%", &[1]),
            (5, "2", &[2, 2, 1]),
            (4, "2", &[2, 2]),
            (5, "5", &[5]),
            (5, "9", &[5]),
            (5, "100%", &[5]),
            (10, "25%", &[2, 2, 2, 2, 2]),
            (11, "25%", &[2, 2, 2, 2, 2, 1]),
            (3, "10%", &[1, 1, 1]),
            (199, "1%", &[1; 199]),
            (20, "1, 10%, 50%, 100%", &[1, 2, 10, 7]),
            (40, "1, 10%, 25%", &[1, 4, 10, 10, 10, 5]),
            (2, "1, 10%, 50%, 100%", &[1, 1]),
        ];
        for (total, spec, sizes) in cases {
            let spec: BatchSpec = spec.parse().unwrap();
            assert_eq!(batch_sizes(total, &spec), sizes, "{total} in {spec}");
        }
    }

    #[test]
    fn what_is_no_batch_is_refused_with_the_reason() {
        let zero = |text: &str| BatchError::Zero { text: text.into() };
        let not_a_size = |text: &str| BatchError::NotASize { text: text.into() };
        let cases = [
            ("", BatchError::Empty),
            ("0", zero("0")),
            ("0%", zero("0%")),
            ("1, 0", zero("0")),
            ("-1", not_a_size("-1")),
            ("two", not_a_size("two")),
            ("1,,2", not_a_size("")),
            ("2.5", not_a_size("2.5")),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<BatchSpec>(), Err(error), "{text:?}");
        }
        assert_eq!(
            "101%".parse::<BatchSpec>().unwrap_err().to_string(),
            "`101%` is not a percentage from 0% to 100%"
        );
        assert_eq!(BatchSize::try_from(0), Err(zero("0")));
        assert_eq!(BatchSize::try_from(-2), Err(not_a_size("-2")));
    }

    #[test]
    fn specs_read_back_as_they_are_written() {
        for text in ["2", "25%", "1, 10%, 50%, 100%"] {
            assert_eq!(text.parse::<BatchSpec>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn shares_stay_those_of_all_targets_when_some_are_done() {
        let spec: BatchSpec = "1, 10%, 50%".parse().unwrap();
        assert_eq!(spec.counted(40).to_string(), "1, 4, 20");
        assert_eq!(spec.counted(3).to_string(), "1, 1, 1");
        assert_eq!(spec.counted(0).to_string(), "1, 1, 1");
    }

    fn any_size() -> impl Strategy<Value = BatchSize> {
        prop_oneof![
            (1..50_usize).prop_map(|n| BatchSize::Count(NonZeroUsize::new(n).unwrap())),
            (1..=100_u16).prop_map(|n| BatchSize::Percent(Percent::new(n).unwrap())),
        ]
    }

    proptest! {
        #[test]
        fn batches_add_up_and_none_is_larger_than_it_may_be(
            total in 0..2_000_usize,
            sizes in prop::collection::vec(any_size(), 1..5),
        ) {
            let spec = BatchSpec::growing(sizes.clone()).unwrap();
            let batches = batch_sizes(total, &spec);
            prop_assert_eq!(batches.iter().sum::<usize>(), total);
            for (number, batch) in batches.iter().enumerate() {
                let size = sizes[number.min(sizes.len() - 1)].of(total);
                prop_assert!(*batch >= 1 && *batch <= size);
                prop_assert!(*batch == size || number + 1 == batches.len());
            }
        }
    }
}
