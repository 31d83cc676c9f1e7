//! One expectation of a test: which effects it means, how often, and what is answered.

use std::{collections::HashSet, fmt, sync::Arc};

use regex::Regex;

use crate::{
    model::{
        Failure, Map, Place, ResultSet, ResultValue, Status, Target, TargetName, TargetResult,
        Value,
    },
    plan::{Action, Effect, Params, Run},
};

/// What a test expects.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Expectation {
    /// The function of the test that it was made with, such as `expect_task`.
    pub(in crate::plan) made_with: &'static str,
    /// The function of the language that is expected to be called.
    pub(in crate::plan) function: &'static str,
    /// The name of the task, the command, the path or the message; `*` stands for any text.
    pub(in crate::plan) object: String,
    /// Every target of the action must be one of these.
    pub(in crate::plan) targets: Option<HashSet<TargetName>>,
    /// Entries that the parameters must have. There may be others.
    pub(in crate::plan) params: Map,
    pub(in crate::plan) count: Count,
    /// The last one that is for a target is its answer.
    pub(in crate::plan) replies: Vec<Reply>,
    /// What a question is answered with.
    pub(in crate::plan) answer: Option<Value>,
    pub(in crate::plan) place: Option<Place>,
    pub(in crate::plan) used: usize,
}

/// How many times it is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Count {
    AtLeastOnce,
    Exactly(usize),
    AnyTimes,
}

/// What some targets answer.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Reply {
    /// None: all.
    pub(in crate::plan) targets: Option<HashSet<TargetName>>,
    pub(in crate::plan) said: Said,
}

#[derive(Clone, Debug)]
pub(in crate::plan) enum Said {
    Value(Map),
    Failure(Failure),
}

/// Why an effect is not the one that was meant. The later ones are nearer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mismatch {
    Function,
    Object,
    Targets(String),
    Params(String),
    UsedUp(usize),
}

impl Expectation {
    /// Whether it means this effect, and has not been met often enough yet.
    pub(super) fn meets(&self, effect: &Effect) -> Result<(), Mismatch> {
        if effect.function() != self.function {
            return Err(Mismatch::Function);
        }
        if !matches_pattern(&self.object, object(effect)) {
            return Err(Mismatch::Object);
        }
        if let (Effect::Run(run), Some(meant)) = (effect, &self.targets) {
            let other = run
                .targets
                .iter()
                .find(|target| !meant.contains(&target.name));
            if let Some(other) = other {
                return Err(Mismatch::Targets(other.name.to_string()));
            }
        }
        for given in params(effect) {
            for (name, wanted) in &self.params {
                let actual = given.get(name).unwrap_or(&Value::Null);
                if wanted.to_revealed_json() != actual.to_revealed_json() {
                    return Err(Mismatch::Params(format!("`{name}` is {}", shown(actual))));
                }
            }
        }
        match self.count {
            Count::Exactly(count) if self.used >= count => Err(Mismatch::UsedUp(count)),
            _ => Ok(()),
        }
    }

    /// What is missing, if it was not met often enough.
    pub(super) fn unmet(&self) -> Option<String> {
        let missing = match self.count {
            Count::AtLeastOnce => self.used == 0,
            Count::Exactly(count) => self.used < count,
            Count::AnyTimes => false,
        };
        let times = |count: usize| match count {
            0 => "never".to_owned(),
            1 => "once".to_owned(),
            count => format!("{count} times"),
        };
        missing.then(|| match self.count {
            Count::Exactly(count) if count > 0 => format!(
                "{self} was met {}, but expected {}",
                times(self.used),
                times(count)
            ),
            _ => format!("{self} was never met"),
        })
    }

    /// The answers of the targets.
    pub(super) fn results(&self, run: &Run) -> ResultSet {
        run.targets
            .iter()
            .enumerate()
            .map(|(position, target)| self.result(run, position, target))
            .collect()
    }

    fn result(&self, run: &Run, position: usize, target: &Target) -> TargetResult {
        let own_failure = match &run.action {
            Action::Task {
                params: Params::Each(each),
                ..
            } => each.get(position).and_then(|own| own.as_ref().err()),
            _ => None,
        };
        let reply = self.replies.iter().rev().find(|reply| {
            let targets = reply.targets.as_ref();
            targets.is_none_or(|targets| targets.contains(&target.name))
        });
        let (value, failure) = match (own_failure, reply.map(|reply| &reply.said)) {
            (Some(failure), _) | (None, Some(Said::Failure(failure))) => {
                (Map::new(), Some(failure.clone()))
            }
            (None, Some(Said::Value(map))) => (map.clone(), None),
            (None, None) => (Map::new(), None),
        };
        TargetResult {
            target: target.name.clone(),
            action: run.action.kind(),
            object: run.action.object().to_owned(),
            status: if failure.is_some() {
                Status::Failed
            } else {
                Status::Succeeded
            },
            value: ResultValue::new(value),
            failure,
            duration_ms: 0,
            attempts: 1,
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}(\"{}\")`", self.made_with, self.object)
    }
}

/// An effect as a test's report names it.
pub(super) fn described(effect: &Effect) -> String {
    let mut text = format!("`{}(\"{}\")`", effect.function(), object(effect));
    if let Effect::Run(run) = effect {
        let names: Vec<&str> = run
            .targets
            .iter()
            .map(|target| target.name.as_str())
            .collect();
        text.push_str(" on ");
        text.push_str(&names.join(", "));
    }
    if let Some(params) = params(effect).first().filter(|params| !params.is_empty()) {
        let map = Value::Map(params.as_ref().clone());
        text.push_str(" with ");
        text.push_str(&map.to_string());
    }
    text
}

fn object(effect: &Effect) -> &str {
    match effect {
        Effect::Run(run) => run.action.object(),
        Effect::Prompt { message, .. }
        | Effect::Menu { message, .. }
        | Effect::Approve { message, .. } => message,
        _ => "",
    }
}

/// What `with_params` compares: one map for all targets, or one for each.
fn params(effect: &Effect) -> Vec<Arc<Map>> {
    let Effect::Run(run) = effect else {
        return Vec::new();
    };
    let one = |name: &str, value: Value| vec![Arc::new(Map::from_iter([(name.to_owned(), value)]))];
    match &run.action {
        Action::Task { params, .. } => match params {
            Params::Same(map) => vec![Arc::clone(map)],
            Params::Each(each) => each.iter().flatten().cloned().collect(),
        },
        Action::Script { arguments, .. } => {
            let arguments = arguments.iter().map(|text| text.as_str().into());
            one("arguments", Value::Array(arguments.collect()))
        }
        Action::Upload { source, .. } => one("source", source.as_str().into()),
        Action::Download { destination, .. } => one("destination", destination.as_str().into()),
        Action::WriteFile { content, .. } => one("content", content.as_str().into()),
        Action::Command { .. }
        | Action::WaitUntilAvailable { .. }
        | Action::Collect { .. }
        | Action::CollectFacts { .. } => Vec::new(),
    }
}

/// `*` stands for any text, everything else for itself.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    if !pattern.contains('*') {
        return pattern == text;
    }
    let parts: Vec<String> = pattern.split('*').map(regex::escape).collect();
    Regex::new(&format!("(?s)^{}$", parts.join(".*"))).is_ok_and(|regex| regex.is_match(text))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "not given".to_owned(),
        other => format!("`{other}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_nothing_else_does() {
        assert!(matches_pattern(
            "systemctl * nginx",
            "systemctl restart nginx"
        ));
        assert!(matches_pattern("*", "a\nb"));
        assert!(!matches_pattern("a.c", "abc"));
        assert!(!matches_pattern("a*", "ba"));
    }
}
