//! How a task wants its parameters.

use std::{path::Path, str::FromStr};

/// The `input_method` of the task contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputMethod {
    /// One JSON object on standard input.
    Stdin,
    /// A variable `PT_<name>` for each.
    Environment,
    Both,
    /// Named arguments of a PowerShell script.
    PowerShell,
}

impl InputMethod {
    pub(super) const WORDS: [&str; 4] = ["stdin", "environment", "both", "powershell"];

    #[must_use]
    pub const fn has_stdin(self) -> bool {
        matches!(self, Self::Stdin | Self::Both)
    }

    #[must_use]
    pub const fn has_environment(self) -> bool {
        matches!(self, Self::Environment | Self::Both)
    }

    /// What a file gets that says nothing.
    pub(super) fn of_file(path: &str) -> Self {
        if Path::new(path).extension().is_some_and(|one| one == "ps1") {
            Self::PowerShell
        } else {
            Self::Both
        }
    }
}

impl FromStr for InputMethod {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Ok(match word {
            "stdin" => Self::Stdin,
            "environment" => Self::Environment,
            "both" => Self::Both,
            "powershell" => Self::PowerShell,
            _ => return Err(()),
        })
    }
}
