//! The top error and the exit codes. It knows every room's errors; no room knows it.

use std::{fmt, process::ExitCode};

use miette::{Diagnostic, Report};

use crate::model::unreadable_help;

/// How the process ends. The numbers are a contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All succeeded.
    Success,
    /// Segue could not do its own work.
    Unexpected,
    /// The command line, the project or the inventory is wrong.
    Usage,
    /// The plan is not valid. Nothing was touched.
    InvalidPlan,
    /// Some targets failed.
    SomeFailed,
    /// The plan failed.
    PlanFailed,
    /// No targets matched.
    NoTargets,
    /// The store can't be used.
    Store,
    /// Too many targets failed, so the job was ended.
    OverBudget,
    /// The job waits for an approval.
    Waiting,
    /// Interrupted by the user.
    Interrupted,
}

impl Exit {
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::InvalidPlan => 3,
            Self::SomeFailed => 4,
            Self::PlanFailed => 5,
            Self::NoTargets => 6,
            Self::Store => 7,
            Self::OverBudget => 8,
            Self::Waiting => 9,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What a command ends with when it can't do what it was asked to.
pub struct Error {
    pub exit: Exit,
    /// What is told: what is wrong, where, and what to type next.
    pub report: Report,
}

impl Error {
    /// An error of a room, with the exit code that scripts see.
    pub fn new(exit: Exit, diagnostic: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self {
            exit,
            report: Report::new(diagnostic),
        }
    }

    /// An error on the command line.
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(
            Exit::Usage,
            UsageError {
                message: message.into(),
                help: help.into(),
            },
        )
    }

    /// What somebody named can't be read: `doing` is what we were about.
    pub fn unreadable(doing: impl Into<String>, source: std::io::Error) -> Self {
        Self::new(
            Exit::Usage,
            UnreadableError {
                doing: doing.into(),
                source,
            },
        )
    }

    /// The operating system refused something that we need: `doing` is what we were about.
    pub fn system(doing: impl Into<String>, source: std::io::Error) -> Self {
        Self::new(
            Exit::Unexpected,
            SystemError {
                doing: doing.into(),
                source,
            },
        )
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} (exit {})", self.report, self.exit.code())
    }
}

#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
#[diagnostic(code(segue::cli::usage), help("{help}"))]
struct UsageError {
    message: String,
    help: String,
}

#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("failed to {doing}")]
#[diagnostic(code(segue::cli::unreadable), help("{}", unreadable_help(source)))]
struct UnreadableError {
    doing: String,
    source: std::io::Error,
}

#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("failed to {doing}")]
#[diagnostic(code(segue::cli::system))]
struct SystemError {
    doing: String,
    source: std::io::Error,
}
