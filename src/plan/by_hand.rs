//! What to type to do an action once more by hand, where it failed.

use std::borrow::Cow;

use super::effect::{Action, Effect, Params};
use crate::model::{TargetName, Value};

/// How many targets a command line names. Who has more to do by hand resumes the job.
const TARGETS_MAX: usize = 20;

/// An action that can be typed.
#[derive(Clone, Debug)]
pub(super) struct ByHand {
    action: Action,
    run_as: Option<String>,
}

impl ByHand {
    /// Of an effect that has a command line of its own. One whose parameters differ from target to target has none.
    pub(super) fn of(effect: &Effect) -> Option<Self> {
        let Effect::Run(run) = effect else {
            return None;
        };
        let is_typed = match &run.action {
            Action::Task { params, .. } => matches!(params, Params::Same(_)),
            Action::Command { .. } => true,
            _ => false,
        };
        (is_typed && !run.options.noop).then(|| Self {
            action: run.action.clone(),
            run_as: run.options.run_as.clone(),
        })
    }

    /// The command line that does it on these targets. A secret is left to be filled in.
    pub(super) fn command(&self, targets: &[&TargetName]) -> Option<String> {
        if targets.len() > TARGETS_MAX {
            return None;
        }
        let mut words: Vec<Cow<'_, str>> = match &self.action {
            Action::Task { task, .. } => vec!["task".into(), "run".into(), task.name().into()],
            Action::Command { command } => vec!["command".into(), "run".into(), command.into()],
            _ => return None,
        };
        let names: Vec<&str> = targets.iter().map(|name| name.as_str()).collect();
        words.extend(["-t".into(), names.join(",").into()]);
        if let Action::Task {
            params: Params::Same(params),
            ..
        } = &self.action
        {
            let given = params.iter().filter(|(_, value)| **value != Value::Null);
            words.extend(given.map(|(name, value)| format!("{name}={}", typed(value)).into()));
        }
        if let Some(user) = &self.run_as {
            words.extend(["--run-as".into(), user.into()]);
        }
        let words: Vec<Cow<'_, str>> = words.iter().map(|word| quoted(word)).collect();
        Some(format!("segue {}", words.join(" ")))
    }
}

/// A word as a shell reads it. What needs no quotes has none, so that a person can read it, too.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.,:/@%+=".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        Cow::Borrowed(word)
    } else {
        shell_words::quote(word)
    }
}

/// A value as it is typed behind the name of a parameter.
fn typed(value: &Value) -> String {
    match value {
        Value::Sensitive(_) => "...".to_owned(),
        Value::String(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Run, RunOptions};

    fn command(command: &str, run_as: Option<&str>) -> Effect {
        Effect::Run(Run {
            action: Action::Command {
                command: command.to_owned(),
            },
            targets: Vec::new(),
            options: RunOptions {
                run_as: run_as.map(str::to_owned),
                ..RunOptions::default()
            },
        })
    }

    #[test]
    fn a_command_is_quoted_for_the_shell_of_whoever_types_it() {
        let by_hand = ByHand::of(&command("systemctl start 'shop'", Some("root"))).unwrap();
        let names = ["web1".into(), "web2".into()];
        let names: Vec<&TargetName> = names.iter().collect();
        assert_eq!(
            by_hand.command(&names).unwrap(),
            r"segue command run 'systemctl start '\''shop'\''' -t web1,web2 --run-as root"
        );
        let many: Vec<TargetName> = (0..30).map(|n| format!("web{n}").into()).collect();
        assert_eq!(by_hand.command(&many.iter().collect::<Vec<_>>()), None);
    }

    #[test]
    fn secrets_and_what_has_no_command_line_are_not_typed() {
        assert_eq!(typed(&Value::sensitive("hunter2".into())), "...");
        assert_eq!(
            typed(&Value::Array(vec![1.into(), "a".into()])),
            r#"[1,"a"]"#
        );
        let Effect::Run(mut run) = command("true", None) else {
            panic!("a run");
        };
        run.action = Action::WriteFile {
            content: String::new(),
            destination: "/etc/motd".to_owned(),
        };
        assert!(ByHand::of(&Effect::Run(run)).is_none());
    }
}
