//! Durations as people write them: `"90s"`, `"1h 30m"`, or whole seconds.

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use thiserror::Error;

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is not a duration")]
pub struct ParseDurationError {
    pub text: String,
}

impl ParseDurationError {
    /// What to type instead.
    pub const HELP: &'static str = "write a number and a unit, such as \"90s\", \"1h 30m\" or \"30d\"; a bare number is seconds";
}

/// Reads `"90s"`, `"1h 30m"`, `"250ms"`, `"30d"` or whole seconds (`"90"`). A day has 24 hours, a week seven of them.
///
/// # Errors
/// The text is empty, negative, has no known unit, or is longer than about 584 million years.
pub fn parse_duration(text: &str) -> Result<Duration, ParseDurationError> {
    let error = || ParseDurationError {
        text: text.to_owned(),
    };
    let trimmed = text.trim();
    if let Ok(seconds) = trimmed.parse::<u64>() {
        return Ok(Duration::from_secs(seconds));
    }
    let days = || {
        let span: Span = trimmed.parse().ok()?;
        let fixed = SpanRelativeTo::days_are_24_hours();
        span.to_duration(fixed).ok()
    };
    let signed: SignedDuration = trimmed.parse().ok().or_else(days).ok_or_else(error)?;
    Duration::try_from(signed).map_err(|_| error())
}

/// Writes a duration the way a person says it: `850 ms`, `3.2 s`, `1 min 4 s`, `2 h 5 min`.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let ms = duration.as_millis();
    let seconds = duration.as_secs();
    if ms < 1000 {
        format!("{ms} ms")
    } else if seconds < 60 {
        let tenths = ms / 100;
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else if seconds < 3600 {
        whole(seconds / 60, "min", seconds % 60, "s")
    } else {
        whole(seconds / 3600, "h", seconds % 3600 / 60, "min")
    }
}

/// Without the smaller unit where there is none of it.
fn whole(large: u64, unit: &str, small: u64, smaller: &str) -> String {
    match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {smaller}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_units_and_bare_seconds() {
        assert_eq!(parse_duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("1h 30m"), Ok(Duration::from_mins(90)));
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("30d"), Ok(Duration::from_hours(720)));
        assert_eq!(
            parse_duration("1w 1d 2h"),
            Ok(Duration::from_hours(8 * 24 + 2))
        );
        assert_eq!(parse_duration(" 7 "), Ok(Duration::from_secs(7)));
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in ["", "soon", "-3s", "-3d", "5 parsecs", "1mo", "1y"] {
            assert!(parse_duration(text).is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn writes_in_the_unit_that_fits() {
        assert_eq!(format_duration(Duration::from_millis(850)), "850 ms");
        assert_eq!(format_duration(Duration::from_millis(3250)), "3.2 s");
        assert_eq!(format_duration(Duration::from_secs(64)), "1 min 4 s");
        assert_eq!(format_duration(Duration::from_mins(125)), "2 h 5 min");
        assert_eq!(format_duration(Duration::from_mins(5)), "5 min");
        assert_eq!(format_duration(Duration::from_hours(2)), "2 h");
    }
}
