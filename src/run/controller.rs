//! Effects that need no target: waiting, the clock, chance, files and the operator.

use std::{sync::Arc, time::Duration};

use super::{
    journal::approval_value,
    operator::{Operator, Question},
};
use crate::{
    clock::Clock,
    model::{Failure, Value, kinds},
    plan::{Effect, Outcome},
    project::Project,
    transport::ControllerUser,
};

/// The controller's own side of a job.
pub(super) struct Controller {
    clock: Clock,
    project: Project,
    operator: Arc<dyn Operator>,
}

impl Controller {
    pub(super) fn new(clock: Clock, project: Project, operator: Arc<dyn Operator>) -> Self {
        Self {
            clock,
            project,
            operator,
        }
    }

    /// Performs an effect that has no targets.
    pub(super) async fn perform(&self, effect: Effect) -> Outcome {
        match effect {
            Effect::Sleep { duration } => {
                self.sleep(duration).await;
                Outcome::Done
            }
            Effect::Now => value(self.clock.now().as_millisecond()),
            Effect::Random { low, high } if low <= high => value(rand::random_range(low..=high)),
            Effect::Random { low, high } => {
                failed(format!("there is no number from {low} to {high}"))
            }
            Effect::Environment { name } => match std::env::var(&name) {
                Ok(text) => value(text),
                Err(std::env::VarError::NotPresent) => Outcome::Value { value: Value::Null },
                Err(std::env::VarError::NotUnicode(_)) => {
                    failed(format!("the variable `{name}` is not UTF-8"))
                }
            },
            Effect::ReadFile { path } => match self.project.read_file(&path) {
                Ok(text) => value(text),
                Err(error) => failed(error.to_string()),
            },
            Effect::ListFiles { path } => match self.project.list_files(&path) {
                Ok(names) => value(Value::Array(names.into_iter().map(Value::from).collect())),
                Err(error) => failed(error.to_string()),
            },
            Effect::FileExists { path } => value(self.project.file(&path).is_ok()),
            Effect::Prompt {
                message,
                sensitive,
                default,
            } => {
                let question = Question::Line {
                    message,
                    sensitive,
                    default,
                };
                match self.ask(question).await {
                    Ok(answer) if sensitive => Outcome::Value {
                        value: Value::sensitive(answer.into()),
                    },
                    Ok(answer) => value(answer),
                    Err(failure) => Outcome::Failed { failure },
                }
            }
            Effect::Menu {
                message,
                choices,
                default,
            } => {
                let question = Question::Choice {
                    message,
                    choices,
                    default,
                };
                match self.ask(question).await {
                    Ok(answer) => value(answer),
                    Err(failure) => Outcome::Failed { failure },
                }
            }
            Effect::Approve { message, by } => self.approve(message, &by.names).await,
            Effect::Run(_)
            | Effect::Print { .. }
            | Effect::StartStep { .. }
            | Effect::FinishStep { .. } => {
                unreachable!("the live performer deals with these itself")
            }
        }
    }

    /// Asks whoever is there, if anybody may answer. Else the answer comes from outside, and the job waits for it.
    async fn approve(&self, message: String, by: &[String]) -> Outcome {
        if !by.is_empty() || !self.operator.is_present() {
            return Outcome::Suspended;
        }
        match self.ask(Question::Consent { message }).await {
            Ok(answer) => {
                let who = ControllerUser::of_process().name;
                let who = who.unwrap_or_else(|| "operator".to_owned());
                Outcome::Value {
                    value: approval_value(&who, answer == "yes", ""),
                }
            }
            // Whoever left the terminal (Ctrl-D, a window that was closed) has said neither yes nor no.
            Err(_) => Outcome::Suspended,
        }
    }

    async fn sleep(&self, duration: Duration) {
        match &self.clock {
            Clock::System => tokio::time::sleep(duration).await,
            paused @ Clock::Paused(_) => paused.advance(duration),
        }
    }

    /// The operator may think for hours: that is done on a thread that may block.
    async fn ask(&self, question: Question) -> Result<String, Failure> {
        let operator = Arc::clone(&self.operator);
        tokio::task::spawn_blocking(move || operator.answer(&question))
            .await
            .unwrap_or_else(|_| {
                Err(Failure::new(
                    kinds::EFFECT,
                    "asking the operator went wrong",
                ))
            })
    }
}

fn value(value: impl Into<Value>) -> Outcome {
    Outcome::Value {
        value: value.into(),
    }
}

fn failed(message: String) -> Outcome {
    Outcome::Failed {
        failure: Failure::new(kinds::EFFECT, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ApproveBy;

    /// Was there when the question came, and left.
    struct Leaver;

    impl Operator for Leaver {
        fn answer(&self, _: &Question) -> Result<String, Failure> {
            Err(Failure::new(
                kinds::EFFECT,
                "the input ended without an answer",
            ))
        }

        fn is_present(&self) -> bool {
            true
        }
    }

    #[tokio::test]
    async fn who_leaves_the_terminal_has_said_neither_yes_nor_no() {
        let room = tempfile::tempdir().unwrap();
        let project = Project::at(room.path()).unwrap();
        let controller = Controller::new(Clock::System, project, Arc::new(Leaver));
        let asked = Effect::Approve {
            message: "go on?".to_owned(),
            by: ApproveBy::default(),
        };
        let outcome = controller.perform(asked).await;
        assert!(matches!(outcome, Outcome::Suspended), "{outcome:?}");
    }
}
