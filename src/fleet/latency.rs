//! How long a target of the fleet takes to answer.

use std::{fmt, str::FromStr, time::Duration};

use serde::Deserialize;
use thiserror::Error;

use super::seed::draw;
use crate::model::parse_duration;

/// A range of waiting times, both ends included. Written `20ms` or `5ms-20ms`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Latency {
    min: Duration,
    max: Duration,
}

/// Why a text is no latency.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{text}` is not a latency; write one such as `20ms` or `5ms-20ms`, the shorter time first"
)]
pub struct ParseLatencyError {
    pub text: String,
}

impl Latency {
    pub const NONE: Self = Self {
        min: Duration::ZERO,
        max: Duration::ZERO,
    };

    /// Between two times, in whichever order they are given.
    #[must_use]
    pub fn between(one: Duration, other: Duration) -> Self {
        Self {
            min: one.min(other),
            max: one.max(other),
        }
    }

    /// The waiting time of a target's `turn`-th answer.
    pub(super) fn at(self, seed: u64, target: &str, turn: u32) -> Duration {
        let width_us =
            u64::try_from(self.max.saturating_sub(self.min).as_micros()).unwrap_or(u64::MAX);
        if width_us == 0 {
            return self.min;
        }
        let chance = draw(seed, &["latency", target, &turn.to_string()]);
        self.min + Duration::from_micros(chance % width_us.saturating_add(1).max(1))
    }
}

impl FromStr for Latency {
    type Err = ParseLatencyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseLatencyError {
            text: text.to_owned(),
        };
        let (min, max) = text.split_once('-').unwrap_or((text, text));
        let min = parse_duration(min).map_err(|_| error())?;
        let max = parse_duration(max).map_err(|_| error())?;
        if min > max {
            return Err(error());
        }
        Ok(Self { min, max })
    }
}

impl TryFrom<String> for Latency {
    type Error = ParseLatencyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.min.as_millis())?;
        if self.min != self.max {
            write!(f, "-{}ms", self.max.as_millis())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_one_time_and_a_range() {
        assert_eq!("20ms".parse::<Latency>().unwrap().to_string(), "20ms");
        assert_eq!(
            "5ms-1s".parse::<Latency>().unwrap().to_string(),
            "5ms-1000ms"
        );
        for wrong in ["", "fast", "20ms-5ms", "5ms-", "-5ms"] {
            assert!(wrong.parse::<Latency>().is_err(), "{wrong:?} was accepted");
        }
    }

    proptest! {
        #[test]
        fn every_answer_lies_in_the_range(min in 0..2000_u64, width in 0..2000_u64, seed: u64, turn: u32) {
            let latency = Latency::between(Duration::from_millis(min + width), Duration::from_millis(min));
            let waited = latency.at(seed, "web1", turn);
            prop_assert!(waited >= Duration::from_millis(min));
            prop_assert!(waited <= Duration::from_millis(min + width));
            prop_assert_eq!(waited, latency.at(seed, "web1", turn));
        }
    }
}
