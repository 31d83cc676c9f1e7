//! A share of a set, exact: no floating point decides how many machines are taken out.

use std::{fmt, str::FromStr};

use miette::Diagnostic;
use thiserror::Error;

/// 0 to 100 percent, in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u16);

impl Percent {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(10_000);

    /// That many whole percent. `None` above 100.
    #[must_use]
    pub const fn new(percent: u16) -> Option<Self> {
        if percent <= 100 {
            Some(Self(percent * 100))
        } else {
            None
        }
    }

    /// The share of `total`, rounded down.
    #[must_use]
    pub const fn of(self, total: usize) -> usize {
        // Whole ten thousands apart, so that no total overflows.
        let hundredths = self.0 as usize;
        total / 10_000 * hundredths + total % 10_000 * hundredths / 10_000
    }

    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, hundredths) = (self.0 / 100, self.0 % 100);
        match (hundredths, hundredths % 10) {
            (0, _) => write!(f, "{whole}%"),
            (_, 0) => write!(f, "{whole}.{}%", hundredths / 10),
            _ => write!(f, "{whole}.{hundredths:02}%"),
        }
    }
}

/// A text or number that is no percentage.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
#[error("`{text}` is not a percentage from 0% to 100%")]
#[diagnostic(
    code(segue::schedule::not_a_percentage),
    help(
        "write a number and a percent sign, such as \"25%\" or \"2.5%\"; two decimals are kept at most"
    )
)]
pub struct PercentError {
    pub text: String,
}

impl FromStr for Percent {
    type Err = PercentError;

    /// Reads `25%`, `2.5%`, `0.25 %`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || PercentError {
            text: text.to_owned(),
        };
        let number = text.trim().strip_suffix('%').ok_or_else(error)?.trim_end();
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_digits(whole) || !is_digits(decimals) || decimals.len() > 2 {
            return Err(error());
        }
        let whole: u16 = whole.parse().map_err(|_| error())?;
        let hundredths: u16 = format!("{decimals:0<2}").parse().map_err(|_| error())?;
        let sum = whole
            .checked_mul(100)
            .and_then(|all| all.checked_add(hundredths));
        sum.filter(|sum| *sum <= Self::ALL.0)
            .map(Self)
            .ok_or_else(error)
    }
}

impl TryFrom<f64> for Percent {
    type Error = PercentError;

    /// The percentage of a number such as `2.5`. More than two decimals are rounded to the nearest.
    fn try_from(percent: f64) -> Result<Self, Self::Error> {
        if !(0.0..=100.0).contains(&percent) {
            return Err(PercentError {
                text: format!("{percent}%"),
            });
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to 10,000, as has just been checked"
        )]
        Ok(Self((percent * 100.0).round() as u16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact_and_rounded_down() {
        let share = |text: &str, total| text.parse::<Percent>().unwrap().of(total);
        assert_eq!(share("10%", 30), 3);
        assert_eq!(share("10%", 29), 2);
        assert_eq!(share("33.3%", 1000), 333);
        assert_eq!(share("0.01%", 9_999), 0);
        assert_eq!(share("0.01%", 10_000), 1);
        assert_eq!(share("100%", 7), 7);
        assert_eq!(share("100%", usize::MAX), usize::MAX);
        assert_eq!(share("0%", 7), 0);
    }

    #[test]
    fn percentages_read_back_as_they_are_written() {
        for text in ["0%", "25%", "2.5%", "0.25%", "99.05%", "100%"] {
            assert_eq!(text.parse::<Percent>().unwrap().to_string(), text);
        }
        assert_eq!("7.50 %".parse(), Percent::try_from(7.5));
        assert_eq!(Percent::new(25), "25%".parse().ok());
        assert_eq!(Percent::new(101), None);
    }

    #[test]
    fn what_is_no_percentage_is_refused() {
        for text in [
            "", "%", "25", "101%", "100.01%", "-1%", "1e1%", "2.555%", "1.%", ".5%", "70000%", "٣%",
        ] {
            assert!(text.parse::<Percent>().is_err(), "{text:?} was accepted");
        }
        for number in [f64::NAN, -0.1, 100.1, f64::INFINITY] {
            assert!(Percent::try_from(number).is_err(), "{number}");
        }
    }
}
