//! What a process on a target wrote, and how it ended.

use serde::{Deserialize, Serialize};

/// Which of its two streams a process wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStream {
    Stdout,
    Stderr,
}

/// How a remote process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    Code(i32),
    /// The name of the signal without `SIG`, as in RFC 4254, section 6.10.
    Signal(String),
}

impl Exit {
    /// The code as a shell would give it: 128 and the number for the signals that have a well-known one.
    #[must_use]
    pub fn code(&self) -> i32 {
        match self {
            Self::Code(code) => *code,
            Self::Signal(name) => match name.as_str() {
                "HUP" => 129,
                "INT" => 130,
                "QUIT" => 131,
                "ABRT" => 134,
                "KILL" => 137,
                "SEGV" => 139,
                "PIPE" => 141,
                "ALRM" => 142,
                "TERM" => 143,
                _ => 128,
            },
        }
    }
}

/// All that came back from one process: bytes as they came, not text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub exit: Exit,
    /// Bytes that were left out in the middle of either stream because it was longer than its cap.
    pub omitted: u64,
}

/// How much of a stream is kept: its first and its last bytes.
///
/// A task that prints without end must not take the controller's memory with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputCap {
    pub head_bytes: usize,
    pub tail_bytes: usize,
}

impl Default for OutputCap {
    /// 16 MiB of head: a JSON result is useless when cut, so the head is what real results need at most.
    fn default() -> Self {
        Self {
            head_bytes: 16 << 20,
            tail_bytes: 256 << 10,
        }
    }
}
