//! Options of calls: which there are, and what they may be.

use super::{
    checker::Checker, kind::Kind, report::listed, through::Wants, tree::Expression,
    vocabulary::Signature,
};
use crate::{
    model::{ParseDurationError, Value, nearest, parse_duration},
    plan::options::OPTIONS,
};

/// Whether any action has an option of that name.
pub(super) fn is_option(name: &str) -> bool {
    OPTIONS.iter().any(|option| option.name == name)
}

impl<'t> Checker<'t> {
    /// Checks the options that are given to a function, as far as they are literal.
    pub(super) fn options(&mut self, signature: &Signature, given: &'t Expression) {
        let Some(entries) = self.resolved(given).as_map() else {
            return;
        };
        let (function, known) = (signature.name.as_str(), signature.options);
        if known.is_empty() {
            return;
        }
        for entry in entries {
            let name = entry.key.text.as_str();
            if !known.contains(&name) {
                let help = nearest(name, known.iter().copied()).map_or_else(
                    || format!("its options are {}", listed(known.iter().copied())),
                    |meant| format!("did you mean `{meant}`?"),
                );
                let problem = self
                    .error(
                        "segue::plan::unknown_option",
                        format!("`{function}` has no option `{name}`"),
                        entry.key.span,
                        "",
                    )
                    .help(help);
                self.tell(problem);
                continue;
            }
            self.option(signature, name, &entry.value);
        }
    }

    fn option(&mut self, signature: &Signature, name: &str, value: &'t Expression) {
        let Some(literal) = self.literal(value) else {
            return;
        };
        let is_graph = signature.receiver.as_deref() == Some("Graph");
        let wanted = match name {
            "on_failure" if is_graph => wrong_rule(&literal),
            // Names for a step, a map for a run.
            "uses" | "after" if is_graph => None,
            _ => wrong(name, &literal),
        };
        let Some(wanted) = wanted else {
            return;
        };
        let function = &signature.name;
        let span = self.resolved(value).span;
        let problem = self.error(
            "segue::plan::option_value",
            format!("the option `{name}` of `{function}` must be {wanted}"),
            span,
            format!("this is {}", shown(&literal)),
        );
        self.tell(problem);
    }

    /// A duration that is literal has to be one.
    pub(super) fn duration(&mut self, given: &'t Expression) {
        self.used_for(given, Wants::Duration);
        let Some(literal) = self.literal(given) else {
            return;
        };
        if !is_duration(&literal) && matches!(literal, Value::String(_) | Value::Integer(_)) {
            let span = self.resolved(given).span;
            let problem = self
                .error(
                    "segue::plan::duration",
                    format!("{} is not a duration", shown(&literal)),
                    span,
                    "",
                )
                .help(ParseDurationError::HELP);
            self.tell(problem);
        }
    }
}

/// What a graph does with a failed step.
fn wrong_rule(value: &Value) -> Option<&'static str> {
    let known = ["skip_dependents", "stop", "continue", "rollback"];
    let fits = *value == Value::Null || value.as_str().is_some_and(|rule| known.contains(&rule));
    (!fits).then_some("\"skip_dependents\", \"stop\", \"continue\" or \"rollback\"")
}

fn is_duration(value: &Value) -> bool {
    match value {
        Value::Integer(number) => *number >= 0,
        Value::Float(number) => *number >= 0.0,
        Value::String(text) => parse_duration(text).is_ok(),
        _ => false,
    }
}

fn is_share(text: &str) -> bool {
    text.strip_suffix('%')
        .and_then(|number| number.trim().parse::<f64>().ok())
        .is_some_and(|percent| (0.0..=100.0).contains(&percent))
}

/// What an option should be, if a value is something else. Nothing stands for not given.
fn wrong(name: &str, value: &Value) -> Option<&'static str> {
    if *value == Value::Null || fits(name, value) {
        return None;
    }
    OPTIONS
        .iter()
        .find(|option| option.name == name)
        .map(|option| option.wanted)
}

/// Whether a value may be that of an option.
fn fits(name: &str, value: &Value) -> bool {
    let count = |least: i64| value.as_integer().is_some_and(|number| number >= least);
    let share = || value.as_str().is_some_and(is_share);
    match name {
        "catch_errors" | "detach" | "noop" | "pretty" | "sensitive" => value.as_bool().is_some(),
        "run_as" | "description" => value.as_str().is_some(),
        "timeout" | "interval" | "delay" | "pause" => is_duration(value),
        "limit" | "attempts" => count(1),
        "backoff" => count(1) || matches!(value, Value::Float(factor) if *factor >= 1.0),
        "max_failures" => count(0) || share(),
        "on_failure" => matches!(value.as_str(), Some("stop" | "survivors")) || count(0) || share(),
        "retry" => count(1) || value.as_map().is_some(),
        "undo" | "when" => false,
        "env" | "preview" => value.as_map().is_some(),
        "arguments" => value.as_array().is_some(),
        _ => true,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`\"{text}\"`"),
        Value::Array(_) => Kind::array(Kind::Unknown).to_string(),
        Value::Map(_) => Kind::Map.to_string(),
        other => format!("`{other}`"),
    }
}
