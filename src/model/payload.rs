//! What a transport is asked to carry: one command line, the bytes for its standard input, and a place for
//! what it prints. A transport adds nothing to it and reads nothing in it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::{OutputCap, Secret};

/// One process to run on a target.
#[derive(Clone, Debug)]
pub struct Payload {
    /// The command line for the login shell. Constant text: never parameters, never secrets.
    pub command: Arc<str>,
    pub stdin: Stdin,
    pub stdout: Stdout,
    /// How long the process may run before the controller ends it; the target ends it too.
    pub timeout: Duration,
    /// The command line that ends the process group of this payload, run on a channel of its own
    /// when the controller gives up on it.
    pub end: Option<Arc<str>>,
}

/// Where the standard input of the process comes from. It is always closed at its end.
#[derive(Clone, Debug)]
pub enum Stdin {
    Bytes(Arc<Secret<Vec<u8>>>),
    /// A file on the controller, read in pieces; one spool serves all targets of an upload.
    File(Arc<PathBuf>),
    /// Bytes of this target's own, and between them those that all targets of an action share.
    Around {
        head: Arc<Secret<Vec<u8>>>,
        shared: Arc<Secret<Vec<u8>>>,
        tail: Arc<Secret<Vec<u8>>>,
    },
    /// Bytes of this target's own, then such a file.
    Prefixed {
        head: Arc<Secret<Vec<u8>>>,
        file: Arc<PathBuf>,
    },
}

impl Stdin {
    /// The bytes that are in memory, in their order. Any of the pieces may be empty.
    #[must_use]
    pub fn pieces(&self) -> [&[u8]; 3] {
        match self {
            Self::Bytes(head) | Self::Prefixed { head, .. } => [head.reveal(), &[], &[]],
            Self::Around { head, shared, tail } => [head.reveal(), shared.reveal(), tail.reveal()],
            Self::File(_) => [&[]; 3],
        }
    }

    /// The bytes that come first, of which there may be none.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        self.pieces()[0]
    }

    /// The file that follows them, if one does.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Bytes(_) | Self::Around { .. } => None,
            Self::File(file) | Self::Prefixed { file, .. } => Some(file),
        }
    }

    #[must_use]
    pub fn empty() -> Self {
        Self::Bytes(Arc::new(Secret::new(Vec::new())))
    }
}

/// Where the standard output of the process goes.
#[derive(Clone, Debug)]
pub enum Stdout {
    /// Kept in memory, head and tail.
    Keep(OutputCap),
    /// Written whole to a new file on the controller; the output's `stdout` is then empty.
    File(PathBuf),
}
