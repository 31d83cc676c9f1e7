//! Options of calls: which there are, and what they may be.

use std::collections::BTreeSet;

use super::{
    action::parameters_of,
    checker::Checker,
    kind::Kind,
    report::listed,
    through::Wants,
    tree::{Call, Expression, ExpressionKind, Name},
    vocabulary::Signature,
};
use crate::{
    model::{ParseDurationError, Value, nearest, parse_duration},
    plan::{
        header::Header,
        options::{OPTIONS, entry_of},
        source::Span,
    },
    schedule::OnStepFailure,
};

/// Whether any action has an option of that name.
pub(super) fn is_option(name: &str) -> bool {
    OPTIONS.iter().any(|option| option.name == name)
}

impl<'t> Checker<'t> {
    /// Checks the options that are given to a function, as far as they are literal.
    pub(super) fn options(&mut self, signature: &Signature, call: &'t Call, given: &'t Expression) {
        let Some(entries) = self.resolved(given).as_map() else {
            return;
        };
        let (function, known) = (signature.name.as_str(), signature.options);
        if known.is_empty() {
            return;
        }
        let parameters = self.parameters_of_call(function, call);
        for entry in entries {
            let name = entry.key.text.as_str();
            if !known.contains(&name) {
                let help = match nearest(name, known.iter().copied()) {
                    _ if parameters.contains(name) => {
                        format!(
                            "`{name}` is a parameter: parameters are the map before the options"
                        )
                    }
                    _ if signature.params.iter().any(|param| param.name == name) => {
                        format!("`{name}` is an argument of its own: {}", signature.shown)
                    }
                    _ if function == "run_command" && matches!(name, "arguments" | "args") => {
                        "a command has its arguments in itself: write them behind it".to_owned()
                    }
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None if known.contains(&"delay")
                        && matches!(name, "wait" | "sleep" | "pause" | "interval") =>
                    {
                        "write `delay: \"5s\"`".to_owned()
                    }
                    None => match foreign_option(name).filter(|(_, own)| known.contains(own)) {
                        Some((meant, _)) => format!("write `{meant}`"),
                        None => format!("its options are {}", listed(known.iter().copied())),
                    },
                };
                self.unknown_option(function, &entry.key, help);
                continue;
            }
            self.option(signature, call, name, &entry.value);
        }
    }

    /// A task that would have to do nothing, and does not know how.
    fn noop(&mut self, call: &'t Call, span: Span) {
        let name = call.arguments.first().and_then(|name| self.text_of(name));
        let Some((name, _)) = name else { return };
        let Ok(Some(task)) = self.world.task(name) else {
            return;
        };
        if task.supports_noop {
            return;
        }
        let problem = self
            .error(
                "segue::plan::option_value",
                format!("the task `{name}` does not support noop"),
                span,
                "it would be refused",
            )
            .help(
                "its metadata says so with `\"supports_noop\": true`, and the task heeds `_noop`",
            );
        self.tell(problem);
    }

    /// The names of the parameters of the task or the plan that a call runs.
    fn parameters_of_call(&mut self, function: &str, call: &'t Call) -> BTreeSet<String> {
        let name = call.arguments.first().and_then(|name| self.text_of(name));
        let Some((name, _)) = name else {
            return BTreeSet::new();
        };
        let parameters = match function {
            "run_task" | "run_task_with" => {
                let task = self.world.task(name).ok().flatten();
                task.and_then(|task| task.parameters)
            }
            "run_plan" => {
                let plan = self.world.plan(name).ok().flatten();
                plan.map(|plan| parameters_of(&Header::read(&plan).0))
            }
            _ => None,
        };
        parameters
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
            .collect()
    }

    /// Options of a function that is written in the language.
    pub(super) fn known_options(
        &mut self,
        function: &str,
        known: &[String],
        given: &'t Expression,
    ) {
        let Some(entries) = self.resolved(given).as_map() else {
            return;
        };
        let known = || known.iter().map(String::as_str);
        for entry in entries {
            let name = entry.key.text.as_str();
            if known().any(|known| known == name) {
                continue;
            }
            let help = nearest(name, known()).map_or_else(
                || format!("its options are {}", listed(known())),
                |meant| format!("did you mean `{meant}`?"),
            );
            self.unknown_option(function, &entry.key, help);
        }
    }

    fn unknown_option(&mut self, function: &str, key: &Name, help: String) {
        let problem = self
            .error(
                "segue::plan::unknown_option",
                format!("`{function}` has no option `{}`", key.text),
                key.span,
                "",
            )
            .help(help);
        self.tell(problem);
    }

    fn option(&mut self, signature: &Signature, call: &'t Call, name: &str, value: &'t Expression) {
        let Some(literal) = self.literal(value) else {
            self.closure_option(signature, name, value);
            return;
        };
        let is_graph = signature.receiver.as_deref() == Some("Graph");
        // Nothing stands for not given.
        let fits = literal == Value::Null
            || match name {
                "on_failure" if is_graph => literal
                    .as_str()
                    .is_some_and(|rule| rule.parse::<OnStepFailure>().is_ok()),
                // Names for a step, a map for a run.
                "uses" if is_graph => true,
                "after" if is_graph => {
                    matches!(literal, Value::String(_) | Value::Array(_) | Value::Map(_))
                }
                _ => fits(name, &literal),
            };
        if name == "retry" {
            self.retry_keys(value);
        }
        if name == "batch" {
            self.batch_in_quotes(value);
        }
        if let ("noop", Value::Bool(true)) = (name, &literal) {
            self.noop(call, value.span);
        }
        let function = &signature.name;
        let option = entry_of(signature.receiver.as_deref(), function, name);
        let Some(wanted) = option.filter(|_| !fits).map(|option| option.wanted) else {
            return;
        };
        let message = format!("the option `{name}` of `{function}` must be {wanted}");
        let help = meant_value(name, &literal, is_graph);
        self.wrong_value(message, value, &literal, help);
    }

    fn wrong_value(
        &mut self,
        message: String,
        value: &'t Expression,
        literal: &Value,
        help: Option<String>,
    ) {
        let span = self.resolved(value).span;
        let label = format!("this is {}", shown(literal));
        let problem = self
            .error("segue::plan::option_value", message, span, label)
            .maybe_help(help);
        self.tell(problem);
    }

    /// `"25"` is a number of targets, as `25` is.
    pub(super) fn batch_in_quotes(&mut self, value: &'t Expression) {
        let Some(Value::String(text)) = self.literal(value) else {
            return;
        };
        if text.parse::<usize>().is_err() {
            return;
        }
        let span = self.resolved(value).span;
        let problem = self
            .warning(
                "segue::plan::option_value",
                format!("`\"{text}\"` is a number of targets, and looks like a share of them"),
                span,
                "",
            )
            .help(format!("write `{text}`, or `\"{text}%\"` for a share"));
        self.tell(problem);
    }

    /// `undo: run_command(...)`: it would be done now, and not when it is wanted.
    fn closure_option(&mut self, signature: &Signature, name: &str, value: &'t Expression) {
        let kind = self.kind_of(value, &value.kind);
        if !matches!(name, "undo" | "when") || kind.fits("Closure") {
            return;
        }
        let is_call = matches!(
            value.kind,
            ExpressionKind::Call(_) | ExpressionKind::Method { .. }
        );
        let problem = self
            .error(
                "segue::plan::option_value",
                format!(
                    "the option `{name}` of `{}` must be a closure",
                    signature.name
                ),
                value.span,
                format!("this is {kind}"),
            )
            .help(if is_call {
                "write `||` in front, so that it is done later and not now"
            } else {
                "write `|| ...`"
            });
        self.tell(problem);
    }

    /// The keys of `retry: #{ ... }`.
    fn retry_keys(&mut self, value: &'t Expression) {
        const KEYS: [&str; 3] = ["attempts", "delay", "backoff"];
        let Some(entries) = self.resolved(value).as_map() else {
            return;
        };
        for entry in entries {
            let name = entry.key.text.as_str();
            if KEYS.contains(&name) {
                self.retry_value(name, &entry.value);
                continue;
            }
            let help = match (nearest(name, KEYS), foreign_option(name)) {
                (Some(meant), _) => format!("did you mean `{meant}`?"),
                (None, Some((meant, own))) if KEYS.contains(&own) => format!("write `{meant}`"),
                _ => format!("it has {}", listed(KEYS)),
            };
            let problem = self
                .error(
                    "segue::plan::unknown_option",
                    format!("`retry` has no `{name}`"),
                    entry.key.span,
                    "",
                )
                .help(help);
            self.tell(problem);
        }
    }

    /// What stands behind a key of `retry: #{ ... }`.
    fn retry_value(&mut self, name: &str, value: &'t Expression) {
        let literal = self.literal(value).filter(|literal| !fits(name, literal));
        let (Some(literal), Some(option)) = (literal, entry_of(None, "retry", name)) else {
            return;
        };
        let message = format!("`{name}` of `retry` must be {}", option.wanted);
        let help = meant_value(name, &literal, false);
        self.wrong_value(message, value, &literal, help);
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

/// What an option is called elsewhere: what to write, and the option that it is.
fn foreign_option(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "user" | "become_user" | "as" | "as_user" | "sudo_user" => ("run_as: \"user\"", "run_as"),
        "sudo" | "become" | "root" | "run_as_root" | "as_root" => ("run_as: \"root\"", "run_as"),
        "_catch_errors" | "ignore_errors" | "ignore_failures" | "check" | "allow_failure" => {
            ("catch_errors: true", "catch_errors")
        }
        "parallel" | "forks" | "concurrency" | "max_parallel" | "threads" => ("limit: 10", "limit"),
        "serial" | "batch_size" => ("batch: 1", "batch"),
        "wait" | "delay" | "sleep" | "interval" => ("pause: \"10s\"", "pause"),
        "retries" | "tries" | "attempts" => ("retry: 3", "retry"),
        "times" | "count" | "max" | "max_attempts" => ("attempts: 3", "attempts"),
        "environment" | "env_vars" => ("env: #{ NAME: \"value\" }", "env"),
        "args" | "arguments" | "params" => ("arguments: [\"a\"]", "arguments"),
        "dry_run" | "check_mode" => ("noop: true", "noop"),
        "depends_on" | "needs" | "requires" | "require" => ("after: \"step\"", "after"),
        "on_error" | "rollback" => ("on_failure: \"rollback\"", "on_failure"),
        "max_time" | "deadline" => ("timeout: \"5m\"", "timeout"),
        _ => return None,
    })
}

/// What a wrong value of an option was meant to be.
fn meant_value(name: &str, value: &Value, is_graph: bool) -> Option<String> {
    match (name, value) {
        ("on_failure", Value::String(text)) => {
            let meant = if is_graph {
                nearest(text, OnStepFailure::ALL.map(OnStepFailure::as_str))
            } else {
                nearest(text, ["stop", "survivors"])
            };
            match (meant, text.as_str()) {
                (Some(meant), _) => Some(format!("did you mean `{meant}`?")),
                (None, "continue" | "ignore" | "skip") if !is_graph => {
                    Some("`survivors` goes on with those that are well".to_owned())
                }
                (None, "abort" | "fail" | "throw" | "raise" | "exit") => {
                    Some("write `\"stop\"`".to_owned())
                }
                (None, "ignore") => Some("write `\"continue\"`".to_owned()),
                _ => None,
            }
        }
        ("catch_errors" | "detach" | "noop" | "pretty" | "sensitive", Value::String(text))
            if matches!(text.as_str(), "true" | "false") =>
        {
            Some(format!("write `{text}` without quotes"))
        }
        ("limit" | "attempts" | "max_failures" | "retry", Value::String(text))
            if text.parse::<u32>().is_ok_and(|number| number > 0) =>
        {
            Some(format!("write `{text}` without quotes"))
        }
        ("max_failures" | "batch", Value::Float(share)) if *share > 0.0 && *share < 1.0 => {
            Some(format!(
                "a share is written in percent: `\"{}%\"`",
                (share * 100.0).round()
            ))
        }
        ("max_failures" | "batch", Value::String(text)) if text.contains("percent") => {
            let number: String = text.chars().filter(char::is_ascii_digit).collect();
            Some(format!("write `\"{number}%\"`"))
        }
        ("sensitive" | "catch_errors" | "noop" | "detach" | "pretty", Value::String(text))
            if matches!(text.as_str(), "yes" | "on" | "no" | "off") =>
        {
            Some(format!("write `{}`", matches!(text.as_str(), "yes" | "on")))
        }
        ("sensitive" | "catch_errors" | "noop" | "detach" | "pretty", Value::Integer(0 | 1)) => {
            Some("write `true` or `false`".to_owned())
        }
        ("max_failures" | "batch", Value::String(text)) if text.ends_with('%') => {
            Some("a share is from 0% to 100%".to_owned())
        }
        ("limit", Value::String(text)) if text.ends_with('%') => Some(format!(
            "`limit` is a number; a share of the targets is `batch: \"{text}\"`"
        )),
        ("undo" | "when", _) => Some(format!("write `{name}: || ...`")),
        ("env", Value::Array(items)) => {
            let pair = items.first().and_then(Value::as_str);
            let (name, value) = pair.and_then(|pair| pair.split_once('='))?;
            Some(format!("write `#{{ {name}: \"{value}\" }}`"))
        }
        ("run_as" | "description", Value::Integer(_)) => Some(format!("write `\"{value}\"`")),
        ("run_as", Value::Bool(true)) => Some("write `run_as: \"root\"`".to_owned()),
        ("timeout" | "interval" | "delay" | "pause", _) => {
            Some(ParseDurationError::HELP.to_owned())
        }
        ("env", Value::String(text)) => text
            .split_once('=')
            .map(|(name, value)| format!("write `#{{ {name}: \"{value}\" }}`")),
        ("arguments", Value::String(text)) => {
            let words: Vec<String> = text
                .split_whitespace()
                .map(|word| format!("\"{word}\""))
                .collect();
            Some(format!("write `[{}]`", words.join(", ")))
        }
        _ => None,
    }
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
        "batch" => is_batch(value),
        "undo" | "when" => false,
        "env" | "preview" => value.as_map().is_some(),
        "arguments" => value.as_array().is_some(),
        _ => true,
    }
}

/// A number, a share, or an array of these.
pub(super) fn is_batch(value: &Value) -> bool {
    match value {
        Value::Integer(number) => *number >= 1,
        Value::String(text) => is_share(text) || text.parse::<usize>().is_ok_and(|size| size > 0),
        Value::Array(sizes) => !sizes.is_empty() && sizes.iter().all(is_batch),
        _ => false,
    }
}

pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`\"{text}\"`"),
        Value::Array(_) => Kind::array(Kind::Unknown).to_string(),
        Value::Map(_) => Kind::Map.to_string(),
        other => format!("`{other}`"),
    }
}
