//! Why a text is no data type.

use thiserror::Error;

/// What is wrong in the text of a type, and where. The one who knows the file around it draws the report.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct TypeError {
    /// Where it begins, in bytes of the text of the type.
    pub offset: usize,
    /// How many bytes it covers; 0 at the end of the text.
    pub length: usize,
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Whether all that is wrong is a word that looks like a type and is none.
    pub names_no_type: bool,
}

impl TypeError {
    /// The code for reports.
    pub const CODE: &'static str = "segue::task::type";

    pub(super) fn new(offset: usize, length: usize, message: impl Into<String>) -> Self {
        Self {
            offset,
            length,
            message: message.into(),
            help: None,
            names_no_type: false,
        }
    }

    pub(super) fn of_unknown_type(mut self, looks_like_one: bool) -> Self {
        self.names_no_type = looks_like_one;
        self
    }

    pub(super) fn maybe_help(mut self, help: Option<impl Into<String>>) -> Self {
        self.help = help.map(Into::into);
        self
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
