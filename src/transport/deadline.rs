//! Points in time to wait until.

use std::time::Duration;

use tokio::time::Instant;

/// Longer than any job. A timeout that a person writes may be longer than what clocks can count.
const WAIT_MAX: Duration = Duration::from_hours(24 * 365);

/// The point in time that is so far away.
pub(super) fn deadline_in(time: Duration) -> Instant {
    Instant::now() + time.min(WAIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeout_beyond_all_clocks_does_no_harm() {
        assert!(deadline_in(Duration::MAX) > Instant::now());
    }
}
