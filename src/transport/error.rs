//! Why a target could not be reached, or was lost.

use thiserror::Error;

use super::GivenUp;

/// Why no connection came about. Becomes the result of the one target that it concerns.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct ConnectError {
    pub reason: ConnectReason,
    /// A whole sentence part: what was tried, on which host and port, and what came back.
    pub message: String,
    /// What to type or to change.
    pub help: Option<String>,
}

impl ConnectError {
    pub fn new(reason: ConnectReason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            help: None,
        }
    }

    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The kinds of trouble that call for different remedies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectReason {
    /// The name does not resolve.
    Unresolved,
    /// Nothing listens there, or no route leads there.
    Refused,
    TimedOut,
    /// The host's key is in no `known_hosts` file.
    HostKeyUnknown,
    /// The host shows another key than the one that is known.
    HostKeyChanged,
    HostKeyRevoked,
    /// It let us in with none of our keys and passwords.
    AuthenticationRefused,
    /// A key, an agent or a setting of ours can't be used.
    Misconfigured,
    /// The other side broke off or spoke nonsense.
    Protocol,
}

impl ConnectReason {
    /// Bolt's `issue_code` for it.
    #[must_use]
    pub const fn issue_code(self) -> &'static str {
        match self {
            Self::AuthenticationRefused => "AUTH_ERROR",
            Self::HostKeyUnknown | Self::HostKeyChanged | Self::HostKeyRevoked => "HOST_KEY_ERROR",
            _ => "CONNECT_ERROR",
        }
    }
}

/// Why a payload did not come to its end.
#[derive(Debug, Error)]
pub enum SessionError {
    /// The connection broke. Whether the process still runs is not known.
    #[error("the connection broke: {message}")]
    Broken { message: String },
    /// The payload's time was over.
    #[error("it did not end within its time{}", match .0 {
        GivenUp::Ended => "",
        GivenUp::MayGoOn => ", and may still run there",
    })]
    TimedOut(GivenUp),
    /// The payload's time was over before the target had begun it, which it will not do any more.
    #[error("the target did not begin it within its time")]
    NotBegun,
    /// The target refused to start a process at all, so nothing was done.
    #[error("the target did not start it: {message}")]
    Refused { message: String },
    /// A file on the controller could not be read or written.
    #[error("`{path}` could not be used: {source}")]
    LocalFile {
        path: std::path::PathBuf,
        source: std::io::Error,
    },
}
