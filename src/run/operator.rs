//! The person at the terminal, if there is one: asked by prompts, menus and approvals.

use crate::model::{Failure, kinds};

/// A question of a plan to its operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// A line of text.
    Line {
        message: String,
        /// The answer is not shown while it is typed.
        sensitive: bool,
        default: Option<String>,
    },
    /// One of some choices.
    Choice {
        message: String,
        choices: Vec<String>,
        default: Option<String>,
    },
    /// A yes or a no.
    Consent { message: String },
}

/// Answers questions. Called on a thread that may block.
pub trait Operator: Send + Sync {
    /// The answer; for [`Question::Consent`] it is `yes` or `no`.
    ///
    /// # Errors
    /// Nobody can be asked, and the question has no default.
    fn answer(&self, question: &Question) -> Result<String, Failure>;

    /// Whether there is somebody who can be asked now.
    fn is_present(&self) -> bool;
}

/// Nobody is there: defaults are taken, everything else fails.
#[derive(Clone, Copy, Debug)]
pub struct NoOperator;

impl Operator for NoOperator {
    fn answer(&self, question: &Question) -> Result<String, Failure> {
        let (message, default) = match question {
            Question::Line {
                message, default, ..
            }
            | Question::Choice {
                message, default, ..
            } => (message, default.clone()),
            Question::Consent { message } => (message, None),
        };
        default.ok_or_else(|| {
            Failure::new(
                kinds::EFFECT,
                format!("nobody can be asked `{message}`: there is no terminal, and the question has no default"),
            )
        })
    }

    fn is_present(&self) -> bool {
        false
    }
}
