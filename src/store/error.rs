//! Why a job could not be kept or found again, in words that say what to do next.

use std::path::{Path, PathBuf};

use miette::Diagnostic;
use thiserror::Error;

use super::Holder;
use crate::model::{JobId, TargetName};

/// What went wrong with the store. Cloned for everybody who waits for the same write.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
pub enum StoreError {
    #[error("the store `{}` could not be opened: {reason}", path.display())]
    #[diagnostic(
        code(segue::store::unavailable),
        help("check the directory and its rights, or choose another place with `--store PATH`")
    )]
    Unavailable { path: PathBuf, reason: String },

    #[error("`{}` is a directory, and a store is a file", path.display())]
    #[diagnostic(
        code(segue::store::directory),
        help("name a file in it, such as `--store '{}'`, or move it away", path.join("jobs.db").display())
    )]
    Directory { path: PathBuf },

    #[error("the store `{}` is damaged: {reason}", path.display())]
    #[diagnostic(
        code(segue::store::corrupt),
        help(
            "nothing was written to it. Restore it from a backup, or move it away to begin with an empty one: \
             mv '{0}' '{0}.damaged'",
            path.display()
        )
    )]
    Corrupt { path: PathBuf, reason: String },

    #[error("`{}` is an SQLite database, but not one of Segue's", path.display())]
    #[diagnostic(
        code(segue::store::foreign),
        help("nothing was written to it; give another path with `--store PATH`")
    )]
    Foreign { path: PathBuf },

    #[error(
        "the store `{}` has format {found}, and this version of Segue knows formats up to {known}",
        path.display()
    )]
    #[diagnostic(
        code(segue::store::newer),
        help("use the newer Segue that wrote it, or another store with `--store PATH`")
    )]
    Newer {
        path: PathBuf,
        found: usize,
        known: usize,
    },

    #[error("the store `{}` can only be read", path.display())]
    #[diagnostic(
        code(segue::store::read_only),
        help(
            "make it writable, choose another with `--store PATH`, or keep nothing with `--ephemeral`"
        )
    )]
    ReadOnly { path: PathBuf },

    #[error("there is no space left for the store `{}`", path.display())]
    #[diagnostic(
        code(segue::store::full),
        help(
            "free some space on its disk, or keep jobs on another one with `--store PATH`; a job that was under way \
             is gone on with by `segue job resume` when there is space again"
        )
    )]
    Full { path: PathBuf },

    #[error("another process has kept the store `{}` locked for too long", path.display())]
    #[diagnostic(
        code(segue::store::locked),
        help("find it with `fuser '{}'`, end it, and try again", path.display())
    )]
    Locked { path: PathBuf },

    #[error("the store `{}` was deleted or replaced while it was in use", path.display())]
    #[diagnostic(
        code(segue::store::gone),
        help("what was told so far is true, but it is not kept and can't be resumed")
    )]
    Gone { path: PathBuf },

    #[error("the store `{}` failed: {reason}", path.display())]
    #[diagnostic(
        code(segue::store::failed),
        help(
            "check the disk that it is on, and try again; another place is named with `--store PATH`"
        )
    )]
    Failed { path: PathBuf, reason: String },

    #[error("no id for the job was found that no other job has")]
    #[diagnostic(code(segue::store::no_id), help("try again in half a minute"))]
    NoIdLeft,

    #[error("the store was closed")]
    #[diagnostic(code(segue::store::closed))]
    Closed,

    #[error("`{store}` names a store of a kind that is not supported yet")]
    #[diagnostic(code(segue::store::unsupported), help("use a path or `sqlite:PATH`"))]
    Unsupported { store: String },

    #[error("there is no project here and no home directory, so there is no place for the store")]
    #[diagnostic(
        code(segue::store::no_place),
        help("give one with `--store PATH`, or keep nothing with `--ephemeral`")
    )]
    NoPlace,

    #[error("event {seq} of job `{job}` can't be read: {reason}")]
    #[diagnostic(
        code(segue::store::damaged_event),
        help(
            "the job can't be shown or resumed; `segue job prune --older-than 30d` removes it when it is old enough"
        )
    )]
    DamagedEvent {
        job: JobId,
        seq: u64,
        reason: String,
    },

    #[error("the key file `{}` may be read by others (mode {mode:o})", path.display())]
    #[diagnostic(
        code(segue::store::key_rights),
        help("chmod 600 '{}'", path.display())
    )]
    KeyRights { path: PathBuf, mode: u32 },

    #[error("the key file `{}` could not be used: {reason}", path.display())]
    #[diagnostic(
        code(segue::store::key_unusable),
        help(
            "restore it from a backup. Without one, move it away to begin with a new key; what it has sealed can't be \
             read any more then, and the jobs that it is part of can't be shown or resumed: mv '{0}' '{0}.unusable'",
            path.display()
        )
    )]
    KeyUnusable { path: PathBuf, reason: String },

    #[error("the key file `{}` is missing", path.display())]
    #[diagnostic(
        code(segue::store::key_missing),
        help(
            "restore it from a backup. Without it, jobs that it is needed for can't be shown or resumed: run them \
             anew, which makes a new key"
        )
    )]
    KeyMissing { path: PathBuf },

    #[error("what is sealed in event {seq} of job `{job}` can't be opened with the key `{}`", path.display())]
    #[diagnostic(
        code(segue::store::key_wrong),
        help(
            "restore the key that belongs to this store; without it, this job can't be shown or resumed, and has to be run anew"
        )
    )]
    KeyWrong { path: PathBuf, job: JobId, seq: u64 },

    #[error("there is no job `{job}`{}", meant(nearest.as_deref()))]
    #[diagnostic(
        code(segue::store::unknown_job),
        help("`segue job list` shows the jobs that are kept")
    )]
    UnknownJob {
        job: String,
        nearest: Option<String>,
    },

    #[error("`{job}` is the beginning of {count} jobs")]
    #[diagnostic(
        code(segue::store::ambiguous_job),
        help("type more of it; `segue job list` shows the jobs that are kept")
    )]
    AmbiguousJob { job: String, count: usize },

    #[error("job `{job}` is run by {holder}")]
    #[diagnostic(
        code(segue::store::job_running),
        help("watch it with `segue job events -f {job}`, or stop it with `segue job stop {job}`")
    )]
    JobRunning { job: JobId, holder: Holder },

    #[error("job `{job}` was taken over by another process")]
    #[diagnostic(
        code(segue::store::lease_lost),
        help(
            "this process records nothing more; watch the other with `segue job events -f {job}`"
        )
    )]
    LeaseLost { job: JobId },

    #[error("target `{target}` is locked by job `{job}`")]
    #[diagnostic(
        code(segue::store::target_locked),
        help("wait for the job, stop it with `segue job stop {job}`, or run without locks")
    )]
    TargetLocked { target: TargetName, job: JobId },
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

impl StoreError {
    /// The error for what SQLite says of the database at `path`.
    pub(super) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;

        let path = path.to_owned();
        let reason = error.to_string();
        // The file that readers and writers share could not be made as large as it has to be.
        if error.sqlite_error().map(|error| error.extended_code)
            == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
        {
            return Self::Full { path };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Corrupt { path, reason }
            }
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::Unavailable { path, reason }
            }
            _ => Self::Failed { path, reason },
        }
    }

    pub(super) fn unavailable(path: &Path, error: &std::io::Error) -> Self {
        Self::Unavailable {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }
}
