//! Parameters of tasks and plans: missing, unknown, or of the wrong type.

use super::{
    checker::Checker,
    kind::Kind,
    report::listed,
    through::Wants,
    tree::{Call, Entry, Expression, ExpressionKind, StatementKind},
    vocabulary::Signature,
};
use crate::{
    model::{Value, ValueKind, nearest, parse_duration},
    plan::source::Span,
    task::{DataType, Parameter, Parameters},
};

/// How long a value may be to be written out in a help.
const SHOWN_MAX: usize = 60;

/// Whose parameters are checked, and where they are given.
pub(super) struct ParamsCall<'a> {
    /// The argument that they are, if there is one.
    pub(super) given: Option<Span>,
    /// `` task `service` ``.
    pub(super) owner: String,
    pub(super) parameters: &'a Parameters,
    /// The whole call.
    pub(super) span: Span,
    /// The function that is called.
    pub(super) function: &'a Signature,
}

/// What does not fit, where.
#[derive(Default)]
struct Misfit {
    span: Span,
    expected: String,
    found: String,
    /// The key that was meant.
    meant: Option<String>,
}

impl<'t> Checker<'t> {
    /// Checks the map of parameters that is given, or that none is.
    pub(super) fn params(&mut self, call: &ParamsCall<'_>, given: Option<&'t Expression>) {
        let Some(given) = given else {
            self.missing_params(call, &[], call.span);
            return;
        };
        let resolved = self.resolved(given);
        match &resolved.kind {
            ExpressionKind::Unit => self.missing_params(call, &[], call.span),
            ExpressionKind::Map(entries) => {
                let at = resolved.span;
                self.missing_params(call, entries, at);
                for entry in entries {
                    self.param(call, entry);
                }
            }
            _ => {}
        }
    }

    /// `run_task_with` gets the parameters from a closure. What it gives for each key is known only in it.
    pub(super) fn params_of_closure(&mut self, call: &ParamsCall<'_>, given: &'t Expression) {
        let ExpressionKind::Closure(closure) = &given.kind else {
            return;
        };
        let last = closure.body.last().map(|statement| &statement.kind);
        if let (Some(StatementKind::Expression(value)), 1) = (last, closure.body.len())
            && let ExpressionKind::Map(entries) = &value.kind
        {
            self.missing_params(call, entries, value.span);
            for entry in entries {
                if !call.parameters.contains_key(key_of(entry)) {
                    self.unknown_param(call, entry);
                }
            }
        }
    }

    fn missing_params(&mut self, call: &ParamsCall<'_>, given: &[Entry], span: Span) {
        let missing: Vec<(&String, &Parameter)> = call
            .parameters
            .iter()
            .filter(|(name, parameter)| {
                parameter.is_required() && !given.iter().any(|entry| key_of(entry) == name.as_str())
            })
            .collect();
        let Some((first, _)) = missing.first() else {
            return;
        };
        // A misspelt key is told as such.
        let misspelt = given.iter().any(|entry| {
            !call.parameters.contains_key(key_of(entry))
                && nearest(key_of(entry), [first.as_str()]).is_some()
        });
        if misspelt && missing.len() == 1 {
            return;
        }
        let names = listed(missing.iter().map(|(name, _)| name.as_str()));
        let plural = if missing.len() == 1 {
            "parameter"
        } else {
            "parameters"
        };
        let shown: Vec<String> = missing
            .iter()
            .map(|(name, parameter)| format!("{name}: {}", parameter.data_type))
            .collect();
        let problem = self
            .error(
                "segue::task::missing_parameter",
                format!("{} needs the {plural} {names}", call.owner),
                span,
                "not given here",
            )
            .help(format!("add `{}`", shown.join(", ")));
        self.tell(problem);
    }

    fn param(&mut self, call: &ParamsCall<'_>, entry: &'t Entry) {
        let name = key_of(entry);
        let Some(parameter) = call.parameters.get(name) else {
            self.unknown_param(call, entry);
            return;
        };
        let wants = Wants::Value {
            data_type: parameter.data_type.clone(),
            parameter: name.to_owned(),
            owner: call.owner.clone(),
        };
        self.used_for(&entry.value, wants);
        let Some(misfit) = self.misfit(&parameter.data_type, &entry.value) else {
            return;
        };
        let help = self.meant_literal(&parameter.data_type, &entry.value, &misfit);
        let mut problem = self
            .error(
                "segue::task::parameter_type",
                format!(
                    "the parameter `{name}` of {} expects {}",
                    call.owner, misfit.expected
                ),
                misfit.span,
                format!("this is {}", misfit.found),
            )
            .maybe_help(help);
        if !entry.value.span.covers(misfit.span) {
            problem = problem.label(entry.value.span, "given here");
        }
        if let Some(given) = call.given
            && !given.covers(entry.key.span)
        {
            problem = problem.label(given, format!("passed to {} here", call.owner));
        }
        self.tell(problem);
    }

    /// A value that reaches a parameter from somewhere else.
    pub(super) fn value_fits(
        &mut self,
        data_type: &DataType,
        parameter: &str,
        owner: &str,
        value: &'t Expression,
    ) {
        if let Some(misfit) = self.misfit(data_type, value) {
            let help = self.meant_literal(data_type, value, &misfit);
            let problem = self
                .error(
                    "segue::task::parameter_type",
                    format!(
                        "the parameter `{parameter}` of {owner} expects {}",
                        misfit.expected
                    ),
                    misfit.span,
                    format!("this is {}", misfit.found),
                )
                .maybe_help(help);
            self.tell(problem);
        }
    }

    /// What to write in place of a literal that is almost of the type.
    fn meant_literal(
        &self,
        data_type: &DataType,
        expression: &'t Expression,
        misfit: &Misfit,
    ) -> Option<String> {
        if let Some(meant) = &misfit.meant {
            return Some(format!("did you mean `{meant}`?"));
        }
        let resolved = self.resolved(expression);
        if resolved.span != misfit.span {
            return None;
        }
        let kind = self.kind_of(resolved, &resolved.kind);
        let written = resolved.span.of(self.source.text());
        if kind.is_native("TargetSet") || kind.is_native("ResultSet") {
            let names = Value::Array(vec![Value::String("name".to_owned())]);
            return (data_type.check(&names).is_ok() && written.len() <= SHOWN_MAX)
                .then(|| format!("write `{written}.names`"));
        }
        let value = self.literal(resolved)?;
        meant_value(data_type, &value, written)
    }

    /// A task that says nothing of its parameters is given what nobody but an action has a use for.
    pub(super) fn options_as_params(
        &mut self,
        task: &str,
        function: &Signature,
        call: &Call,
        given: &'t Expression,
    ) {
        let entries = self.resolved(given).as_map().unwrap_or_default();
        let is_option = |entry: &Entry| {
            let name = key_of(entry);
            function
                .options
                .contains(&name.strip_prefix('_').unwrap_or(name))
        };
        // Tasks have parameters such as `description` and `limit` as well.
        let is_nothing_else = |entry: &Entry| {
            let name = key_of(entry);
            name.starts_with('_') || ["catch_errors", "run_as", "max_failures"].contains(&name)
        };
        let index = function.index_of_options().unwrap_or(usize::MAX);
        let is_given = call.arguments.len() > index;
        let are_options = entries.iter().all(is_option) && entries.iter().any(is_nothing_else);
        if is_given || !are_options {
            return;
        }
        let keys = entries.iter().map(key_of);
        let keys = keys.map(|key| format!("{}: ...", key.strip_prefix('_').unwrap_or(key)));
        let keys: Vec<String> = keys.collect();
        let which = function.ordinal_of_options();
        let problem = self
            .warning(
                "segue::plan::wrong_arguments",
                format!("the task `{task}` gets these options as its parameters"),
                given.span,
                format!("options are the {which} argument of `{}`", function.name),
            )
            .help(format!(
                "write `#{{}}, #{{ {} }}`; if they are meant for the task, declare them in its metadata",
                keys.join(", ")
            ));
        self.tell(problem);
    }

    fn unknown_param(&mut self, call: &ParamsCall<'_>, entry: &Entry) {
        let name = key_of(entry);
        let known = || call.parameters.keys().map(String::as_str);
        // The options of Bolt stand among the parameters, with a `_` in front.
        let option = name.strip_prefix('_').unwrap_or(name);
        let is_option = call.function.options.contains(&option);
        let behind = || {
            let which = call.function.ordinal_of_options();
            let function = &call.function.name;
            format!("options are the {which} argument of `{function}`")
        };
        let help = if option != name && is_option {
            format!("{}: `#{{ {option}: ... }}`", behind())
        } else if is_option {
            let meant = nearest(name, known());
            let meant = meant.map(|meant| format!("did you mean `{meant}`? "));
            format!(
                "{}`{name}` is an option: {}{}",
                meant.unwrap_or_default(),
                behind(),
                if call.parameters.is_empty() {
                    format!(": `#{{}}, #{{ {name}: ... }}`")
                } else {
                    String::new()
                }
            )
        } else if let Some(meant) = nearest(name, known()) {
            format!("did you mean `{meant}`?")
        } else if call.parameters.is_empty() {
            "it takes no parameters".to_owned()
        } else {
            format!("its parameters are {}", listed(known()))
        };
        let problem = self
            .error(
                "segue::task::unknown_parameter",
                format!("{} has no parameter `{name}`", call.owner),
                entry.key.span,
                "",
            )
            .help(help);
        self.tell(problem);
    }

    /// What in an expression can't be of the type, whatever happens.
    fn misfit(&self, data_type: &DataType, expression: &'t Expression) -> Option<Misfit> {
        let resolved = self.resolved(expression);
        if let ExpressionKind::Map(entries) = &resolved.kind {
            match data_type {
                // What is wrong in a map says more than that it is none of the other types.
                DataType::Variant(types) => {
                    let mut maps = types.iter().filter(|one| accepts(one, ValueKind::Hash));
                    if let (Some(only), None) = (maps.next(), maps.next()) {
                        return self.misfit(only, resolved);
                    }
                }
                DataType::Optional(inner) => return self.misfit(inner, resolved),
                DataType::Struct(members) => {
                    let names = || members.iter().map(|member| member.name.as_str());
                    let unknown = entries
                        .iter()
                        .find(|entry| !names().any(|name| name == key_of(entry)));
                    if let Some(entry) = unknown {
                        return Some(Misfit {
                            span: entry.key.span,
                            expected: format!("the keys {}", listed(names())),
                            found: format!("the key `{}`", key_of(entry)),
                            meant: nearest(key_of(entry), names()).map(str::to_owned),
                        });
                    }
                }
                _ => {}
            }
        }
        if let Some(value) = self.literal(resolved) {
            let mismatch = data_type.check(&value).err()?;
            return Some(Misfit {
                span: self.at_path(resolved, &mismatch.path),
                expected: without_undef(&mismatch.expected),
                found: if mismatch.actual == "none" {
                    "a map without it".to_owned()
                } else {
                    mismatch.actual
                },
                meant: None,
            });
        }
        match (data_type, &resolved.kind) {
            (
                DataType::Optional(inner) | DataType::NotUndef(inner) | DataType::Sensitive(inner),
                _,
            ) => self.misfit(inner, resolved),
            (DataType::Variant(types), _) => {
                let mut misfits: Vec<Misfit> = Vec::new();
                for one in types {
                    misfits.push(self.misfit(one, resolved)?);
                }
                // What is wrong with the alternative of the same shape says more than that none fits.
                let inner = misfits
                    .iter()
                    .position(|misfit| misfit.span != resolved.span);
                match inner {
                    Some(index) => Some(misfits.swap_remove(index)),
                    None => misfits.pop().map(|misfit| Misfit {
                        expected: data_type.to_string(),
                        ..misfit
                    }),
                }
            }
            (DataType::Array { item, .. }, ExpressionKind::Array(items)) => {
                items.iter().find_map(|one| self.misfit(item, one))
            }
            (DataType::Tuple { items: types, .. }, ExpressionKind::Array(items)) => items
                .iter()
                .enumerate()
                .find_map(|(index, one)| self.misfit(types.get(index).or(types.last())?, one)),
            (DataType::Hash { value, .. }, ExpressionKind::Map(entries)) => entries
                .iter()
                .find_map(|entry| self.misfit(value, &entry.value)),
            (DataType::Struct(members), ExpressionKind::Map(entries)) => {
                entries.iter().find_map(|entry| {
                    let name = key_of(entry);
                    match members.iter().find(|member| member.name == name) {
                        Some(member) => self.misfit(&member.data_type, &entry.value),
                        None => Some(Misfit {
                            span: entry.key.span,
                            expected: format!(
                                "the keys {}",
                                listed(members.iter().map(|member| member.name.as_str()))
                            ),
                            found: format!("the key `{name}`"),
                            meant: None,
                        }),
                    }
                })
            }
            (_, kind) => {
                let known = self.kind_of(resolved, kind);
                let value_kind = value_kind(&known)?;
                (!accepts(data_type, value_kind)).then(|| Misfit {
                    span: resolved.span,
                    expected: with_article(&data_type.to_string()),
                    found: known.to_string(),
                    meant: None,
                })
            }
        }
    }

    /// The type of an expression that has been looked at before, without looking at it again.
    pub(super) fn kind_of(&self, expression: &Expression, kind: &ExpressionKind) -> Kind {
        match kind {
            ExpressionKind::Template(_) => Kind::Text,
            ExpressionKind::Array(_) => Kind::array(Kind::Unknown),
            ExpressionKind::Map(_) => Kind::Map,
            ExpressionKind::Closure(_) => Kind::Closure,
            ExpressionKind::Variable(name) => self
                .scopes
                .get(name)
                .map_or(Kind::Unknown, |variable| variable.kind.clone()),
            _ => self
                .known_kinds
                .get(&(expression.span.start, expression.span.end))
                .cloned()
                .unwrap_or(Kind::Unknown),
        }
    }

    /// The part of an expression that a path such as `flags[1]` or `opts.port` leads to.
    fn at_path(&self, expression: &'t Expression, path: &str) -> Span {
        let mut current = self.resolved(expression);
        for step in path.split(['.', '[', ']']).filter(|step| !step.is_empty()) {
            let step = step.trim_matches(['\'', '"']);
            let next = match &current.kind {
                ExpressionKind::Array(items) => step
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| items.get(index)),
                ExpressionKind::Map(entries) => entries
                    .iter()
                    .find(|entry| key_of(entry) == step)
                    .map(|entry| &entry.value),
                _ => None,
            };
            match next {
                Some(next) => current = self.resolved(next),
                None => break,
            }
        }
        current.span
    }
}

/// The key of an entry, which may be written as a string.
pub(super) fn key_of(entry: &Entry) -> &str {
    &entry.key.text
}

/// Of `Undef or Integer` the part that somebody would write.
pub(super) fn without_undef(expected: &str) -> String {
    expected.replacen("Undef or ", "", 1)
}

/// The words of an enumeration.
fn words_of(data_type: &DataType) -> Vec<&str> {
    match data_type {
        DataType::Enum { words, .. } => words.iter().map(String::as_str).collect(),
        DataType::Optional(inner) | DataType::NotUndef(inner) => words_of(inner),
        DataType::Variant(types) => types.iter().flat_map(words_of).collect(),
        _ => Vec::new(),
    }
}

const fn value_kind(kind: &Kind) -> Option<ValueKind> {
    Some(match kind {
        Kind::Unit => ValueKind::Undef,
        Kind::Boolean => ValueKind::Boolean,
        Kind::Integer => ValueKind::Integer,
        Kind::Float => ValueKind::Float,
        Kind::Character | Kind::Text => ValueKind::String,
        Kind::Array(_) => ValueKind::Array,
        Kind::Map => ValueKind::Hash,
        // What a native value becomes as data is not for the check to know.
        _ => return None,
    })
}

/// Whether any value of that kind is of the type.
fn accepts(data_type: &DataType, kind: ValueKind) -> bool {
    let scalar = matches!(
        kind,
        ValueKind::Boolean | ValueKind::Integer | ValueKind::Float | ValueKind::String
    );
    match data_type {
        DataType::Scalar | DataType::ScalarData => scalar,
        DataType::Numeric => matches!(kind, ValueKind::Integer | ValueKind::Float),
        DataType::String(_) | DataType::Enum { .. } | DataType::Pattern(_) => {
            kind == ValueKind::String
        }
        DataType::Integer(_) => kind == ValueKind::Integer,
        DataType::Float(_) => kind == ValueKind::Float,
        DataType::Boolean(_) => kind == ValueKind::Boolean,
        DataType::Array { .. } | DataType::Tuple { .. } => kind == ValueKind::Array,
        DataType::Hash { .. } | DataType::Struct(_) => kind == ValueKind::Hash,
        DataType::Collection(_) => matches!(kind, ValueKind::Array | ValueKind::Hash),
        DataType::TargetSpec => matches!(kind, ValueKind::String | ValueKind::Array),
        DataType::Undef => kind == ValueKind::Undef,
        DataType::NotUndef(inner) => kind != ValueKind::Undef && accepts(inner, kind),
        DataType::Optional(inner) => kind == ValueKind::Undef || accepts(inner, kind),
        DataType::Sensitive(inner) => accepts(inner, kind),
        DataType::Variant(types) => types.iter().any(|one| accepts(one, kind)),
        _ => true,
    }
}

fn with_article(data_type: &str) -> String {
    let vowel = data_type.starts_with(['A', 'E', 'I', 'O', 'U']);
    format!("{} {data_type}", if vowel { "an" } else { "a" })
}

/// What to write in place of a literal value that is almost of a type.
pub(super) fn meant_value(data_type: &DataType, value: &Value, written: &str) -> Option<String> {
    let fits = |value: &Value| data_type.check(value).is_ok();
    let alone = Value::Array(vec![value.clone()]);
    match value {
        Value::String(text) => {
            let number = text.trim();
            let is_number = number
                .parse::<i64>()
                .is_ok_and(|it| fits(&Value::Integer(it)))
                || number
                    .parse::<f64>()
                    .is_ok_and(|it| fits(&Value::Float(it)));
            let flag = match number {
                "true" | "yes" | "on" => Some(true),
                "false" | "no" | "off" => Some(false),
                _ => None,
            };
            if is_number {
                return Some(format!("write `{number}` without quotes"));
            }
            if let Some(flag) = flag.filter(|flag| fits(&Value::Bool(*flag))) {
                return Some(format!("write `{flag}`"));
            }
            if let Ok(duration) = parse_duration(text)
                && let Ok(seconds) = i64::try_from(duration.as_secs())
                && fits(&Value::Integer(seconds))
            {
                return Some(format!(
                    "write a number, such as `{seconds}` if it is in seconds"
                ));
            }
            if let Some(meant) = nearest(text, words_of(data_type)) {
                return Some(format!("did you mean `\"{meant}\"`?"));
            }
        }
        Value::Integer(_) | Value::Float(_) | Value::Bool(_)
            if fits(&Value::String(written.to_owned())) =>
        {
            return Some(format!("write `\"{written}\"`"));
        }
        _ => {}
    }
    if let Value::String(text) = value
        && text.contains(',')
    {
        let parts = text
            .split(',')
            .map(|part| Value::String(part.trim().to_owned()));
        let parts = Value::Array(parts.collect());
        if fits(&parts) && written.len() <= SHOWN_MAX {
            let parts: Vec<String> = text
                .split(',')
                .map(|part| format!("\"{}\"", part.trim()))
                .collect();
            return Some(format!("write `[{}]`", parts.join(", ")));
        }
    }
    if let Value::Array(items) = value
        && let [only] = items.as_slice()
        && fits(only)
        && written.len() <= SHOWN_MAX
    {
        let inner = written
            .strip_prefix('[')
            .and_then(|inner| inner.strip_suffix(']'));
        return inner.map(|inner| format!("write `{}`", inner.trim()));
    }
    (fits(&alone) && written.len() <= SHOWN_MAX).then(|| format!("write `[{written}]`"))
}
