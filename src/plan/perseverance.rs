//! Trying again, and giving up in time: for `retry`, `timeout` and the steps of graphs.

use std::time::Duration;

use super::{
    branch::{Body, BranchResult},
    call::CallError,
    effect::{Effect, Retry},
    ending::Ending,
    scheduler::{BranchKind, Cancel},
    site::Site,
};
use crate::model::{Failure, format_duration, kinds};

/// No delay grows beyond an hour: a person would have looked by then.
const DELAY_MAX: Duration = Duration::from_hours(1);

/// Calls `attempt` with the number of the attempt, counted from 1, until it succeeds or fails for the last time.
pub(super) fn retried(
    site: &Site,
    retry: Retry,
    mut attempt: impl FnMut(u32) -> BranchResult,
) -> BranchResult {
    let mut delay = retry.delay;
    let mut number = 1;
    loop {
        match attempt(number) {
            Err(error) if error.is_catchable() && number < retry.attempts => {
                site.ask(Effect::Sleep { duration: delay })?;
                let longer = Duration::try_from_secs_f64(delay.as_secs_f64() * retry.backoff);
                delay = longer.unwrap_or(DELAY_MAX).min(DELAY_MAX.max(delay));
                number += 1;
            }
            over => return over,
        }
    }
}

/// How often a preview looks whether something has ended. Each look gives it the time of one effect, and there are targets by
/// the thousand; less than a preview's effects, so that what comes after something without an end is shown too.
const LOOKS_MAX: usize = 20_000;

/// In a preview nothing takes time, so the timer would always be the first. Gives whether it has ended before it was
/// plain that it does not.
pub(super) fn ends_in_preview(
    site: &Site,
    has_ended: impl Fn() -> bool,
) -> Result<bool, CallError> {
    for _ in 0..LOOKS_MAX {
        if has_ended() {
            return Ok(true);
        }
        site.ask(Effect::Sleep {
            duration: Duration::ZERO,
        })?;
    }
    Ok(has_ended())
}

fn within_in_preview(site: &Site, duration: Duration, name: &str, body: Body) -> BranchResult {
    let scheduler = &site.host.scheduler;
    let branch = scheduler.spawn(name, BranchKind::Joined, body);
    branch.sleep_left.set(Some(duration));
    let ended = ends_in_preview(site, || branch.has_ended());
    let overslept = branch.ending.get().is_some();
    if !branch.has_ended() {
        scheduler.cancel(&branch, Cancel::Now);
    }
    scheduler.join(&branch);
    let ended = ended?;
    let left = branch.sleep_left.get().filter(|_| !overslept);
    let slept = duration.saturating_sub(left.unwrap_or_default());
    scheduler.current().spend_sleep(slept);
    if overslept || !ended {
        return Err(site.fail(out_of_time(duration)));
    }
    branch
        .take_result()
        .unwrap_or_else(|| Err(Ending::Cancelled.into_error(site.position)))
}

/// Runs `body` in a branch of that name, and ends it when it takes longer.
pub(super) fn within(site: &Site, duration: Duration, name: &str, body: Body) -> BranchResult {
    let scheduler = &site.host.scheduler;
    if scheduler.performer().decides() {
        return within_in_preview(site, duration, name, body);
    }
    // Begun before the branch and looked at before it, so that a second run finds the same winner.
    let timer = site
        .host
        .begin(site.position, Effect::Sleep { duration })
        .map_err(|ending| ending.into_error(site.position))?;
    let current = scheduler.current();
    let branch = scheduler.spawn(name, BranchKind::Joined, body);
    while !branch.has_ended() && !timer.has_landed() && current.ending.get().is_none() {
        scheduler.await_end(&branch);
        scheduler.park();
    }
    if timer.has_landed() && current.ending.get().is_none() {
        scheduler.cancel(&branch, Cancel::Now);
        scheduler.join(&branch);
        site.host.land(site.position, &timer)?;
        return Err(site.fail(out_of_time(duration)));
    }
    scheduler.join(&branch);
    scheduler.drop_flight(&timer);
    branch
        .take_result()
        .unwrap_or_else(|| Err(Ending::Cancelled.into_error(site.position)))
}

/// The failure of what was not done in time.
pub(super) fn out_of_time(duration: Duration) -> Failure {
    let time = format_duration(duration);
    Failure::new(kinds::TIMEOUT, format!("it was not done within {time}"))
}
