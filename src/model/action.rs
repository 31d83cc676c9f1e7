//! The kinds of thing that can be done on a target, as results and reports name them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What was done on a target. The words are those of Bolt's JSON (`"action": "task"`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    Task,
    Command,
    Script,
    Upload,
    Download,
    WriteFile,
    WaitUntilAvailable,
    CollectFacts,
}

impl ActionKind {
    /// The word that stands for this kind in output and in stored events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Command => "command",
            Self::Script => "script",
            Self::Upload => "upload",
            Self::Download => "download",
            Self::WriteFile => "write_file",
            Self::WaitUntilAvailable => "wait_until_available",
            Self::CollectFacts => "collect_facts",
        }
    }
}

impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
