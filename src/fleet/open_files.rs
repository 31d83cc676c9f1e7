//! The limit on open files, which a fleet of thousands meets before any other.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What every connection and process of the fleet may take together, with as much again for a controller in the same
/// process: more than 10,000 targets need.
const FILES_WANTED: u64 = 65_536;

/// Raises the soft limit towards the hard one, as far as the fleet could use it.
///
/// That it can't be raised is no error: a small fleet needs no more than there is, and a large one finds out at its
/// connections, which then wait.
pub(super) fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(u64::MAX).min(FILES_WANTED);
    if limit.current.is_some_and(|current| current < wanted) {
        let _ = setrlimit(
            Resource::Nofile,
            Rlimit {
                current: Some(wanted),
                maximum: limit.maximum,
            },
        );
    }
}
