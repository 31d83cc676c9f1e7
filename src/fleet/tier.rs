//! A tier of a fleet as it is typed: `web=6:app` is six targets named `web1` to `web6` that need `app`.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// So many targets alike, and the tiers that they need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetTier {
    pub name: String,
    pub count: usize,
    pub depends_on: Vec<String>,
}

/// Why a text is no tier.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is not a tier; write `web=6`, or `web=6:app` if it needs the tier `app`")]
pub struct ParseTierError {
    pub text: String,
}

/// More than one machine can play: it keeps a slip of the finger from filling the disk with directories.
const TARGETS_MAX: usize = 100_000;

impl FromStr for FleetTier {
    type Err = ParseTierError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseTierError {
            text: text.to_owned(),
        };
        let (tier, needs) = text.split_once(':').unwrap_or((text, ""));
        let (name, count) = tier.split_once('=').ok_or_else(error)?;
        let count = count.trim().parse().map_err(|_| error())?;
        if name.trim().is_empty() || count > TARGETS_MAX {
            return Err(error());
        }
        Ok(Self {
            name: name.trim().to_owned(),
            count,
            depends_on: needs
                .split(',')
                .map(str::trim)
                .filter(|it| !it.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }
}

impl fmt::Display for FleetTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.count)?;
        if !self.depends_on.is_empty() {
            write!(f, ":{}", self.depends_on.join(","))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_tier_with_and_without_what_it_needs() {
        for text in ["web=6", "web=6:app", "web=6:app,cache"] {
            assert_eq!(text.parse::<FleetTier>().unwrap().to_string(), text);
        }
        for text in ["", "web", "web=", "web=some", "=6", "web=-1", "web=100001"] {
            assert!(text.parse::<FleetTier>().is_err(), "{text:?} was accepted");
        }
    }
}
