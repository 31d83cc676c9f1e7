//! Calls of functions: by which name, with how many arguments, and of which types.

use super::{
    checker::Checker,
    closure::ClosureUse,
    foreign::foreign_function,
    kind::{Kind, wanted_words},
    report::listed,
    through::Wants,
    tree::{Call, Expression, ExpressionKind, Name},
    vocabulary::{MemberKind, Signature, Vocabulary},
};
use crate::{
    model::nearest,
    plan::{diagnostic::foreign_word, source::Span},
};

/// A way to call a function.
pub(super) struct Way {
    /// How many arguments it takes.
    pub(super) count: usize,
    /// With the names of the parameters, if they are known.
    shown: Option<String>,
}

impl Way {
    pub(super) const fn of_count(count: usize) -> Self {
        Self { count, shown: None }
    }

    fn shown<'a>(name: &str, params: impl Iterator<Item = &'a str>) -> Self {
        let params: Vec<&str> = params.collect();
        Self {
            count: params.len(),
            shown: Some(format!("`{name}({})`", params.join(", "))),
        }
    }
}

impl<'t> Checker<'t> {
    pub(super) fn call(&mut self, call: &'t Call, span: Span) -> Kind {
        let vocabulary = self.vocabulary;
        let full = match &call.namespace {
            Some(namespace) => format!("{}::{}", namespace.text, call.name.text),
            None => call.name.text.clone(),
        };
        let candidates: Vec<&'static Signature> = vocabulary.functions(&full).collect();
        self.pointer(call);
        let own = match call.namespace {
            None => self.functions.named(&call.name.text).to_vec(),
            Some(_) => Vec::new(),
        };
        if own.is_empty() && !candidates.is_empty() {
            return self.native_call(&candidates, call, None, span);
        }
        let kinds = self.arguments(&call.arguments);
        let first = kinds.first().cloned();
        if let Some(namespace) = &call.namespace {
            self.imported_call(namespace, call);
            self.options_of_library(call);
            self.own_call(call, kinds);
            return Kind::Unknown;
        }
        let count = call.arguments.len();
        if !own.is_empty() {
            let fits = own.iter().any(|function| function.params.len() == count);
            if !fits && !self.is_method_as_function(&call.name.text, count, first.as_ref()) {
                let ways: Vec<Way> = own
                    .iter()
                    .map(|function| {
                        let params = function.params.iter().map(|param| param.text.as_str());
                        Way::shown(&function.name, params)
                    })
                    .collect();
                let defined = own.first().map(|function| function.name_span);
                self.wrong_count(&call.name, count, &ways, defined);
            }
            if fits {
                self.own_call(call, kinds);
            }
            let key = (call.name.text.clone(), count);
            return self
                .functions
                .kinds
                .get(&key)
                .cloned()
                .unwrap_or(Kind::Unknown);
        }
        self.other_call(call, first.as_ref())
    }

    /// `Fn("name")`: the function that it points to has to be there.
    fn pointer(&mut self, call: &Call) {
        let [name] = call.arguments.as_slice() else {
            return;
        };
        let (true, Some(text)) = (call.name.text == "Fn", name.as_text()) else {
            return;
        };
        let known = self.vocabulary.knows(text)
            || !self.functions.named(text).is_empty()
            || self.lost.contains(text)
            || text.contains("::");
        if known {
            return;
        }
        let names = self.functions.names();
        let help = nearest(text, names).map(|meant| format!("did you mean `{meant}`?"));
        let help = help.unwrap_or_else(|| "write a closure: `|x| ...`".to_owned());
        let problem = self
            .error(
                "segue::plan::unknown_function",
                format!("unknown function `{text}`"),
                name.span,
                "",
            )
            .help(help);
        self.tell(problem);
    }

    fn arguments(&mut self, arguments: &'t [Expression]) -> Vec<Kind> {
        let uses = ClosureUse::default();
        arguments
            .iter()
            .map(|argument| self.argument(argument, &uses))
            .collect()
    }

    /// Methods can be called as functions with what they are called on as their first argument.
    fn is_method_as_function(&self, name: &str, count: usize, first: Option<&Kind>) -> bool {
        let native = self
            .vocabulary
            .named(name, MemberKind::Method)
            .any(|method| {
                count > 0
                    && method.takes(count - 1)
                    && first.is_none_or(|kind| {
                        method
                            .receiver
                            .as_deref()
                            .is_none_or(|receiver| kind.fits(receiver))
                    })
            });
        native
            || self
                .vocabulary
                .rhai(name)
                .iter()
                .any(|function| function.params.len() == count)
    }

    /// What a function of Rhai can't be called with, whatever stands behind it.
    fn first_argument(&mut self, call: &Call, first: Option<&Kind>) {
        let (name, count) = (&call.name.text, call.arguments.len());
        let Some(first) = first.filter(|first| **first != Kind::Unknown) else {
            return;
        };
        let methods = self.vocabulary.named(name, MemberKind::Method);
        let mut receivers = methods.filter_map(|method| method.receiver.as_deref());
        let ways = self.vocabulary.rhai(name).iter();
        let ways: Vec<_> = ways.filter(|way| way.params.len() == count).collect();
        let fits = receivers.any(|receiver| first.fits(receiver))
            || ways.is_empty()
            || ways
                .iter()
                .any(|way| way.params.first().is_none_or(|wanted| first.fits(wanted)));
        if fits {
            return;
        }
        let help = match name.as_str() {
            "log" => "write `log::info(...)` or `print(...)`; `log` is the logarithm".to_owned(),
            "int" | "to_int" => "write `parse_int(text)`".to_owned(),
            "float" | "to_float" => "write `parse_float(text)`".to_owned(),
            _ => format!("`segue doc {name}` shows how it is called"),
        };
        let problem = self
            .error(
                "segue::plan::wrong_arguments",
                format!("`{name}` can't be called with {first}"),
                call.arguments[0].span,
                "",
            )
            .help(help);
        self.tell(problem);
    }

    /// A name that is neither of Segue nor of the file.
    fn other_call(&mut self, call: &Call, first: Option<&Kind>) -> Kind {
        let name = &call.name.text;
        let count = call.arguments.len();
        if self.is_method_as_function(name, count, first) || self.lost.contains(name) {
            self.first_argument(call, first);
            return Kind::Unknown;
        }
        let ways: Vec<Way> = self
            .vocabulary
            .rhai(name)
            .iter()
            .map(|function| Way::of_count(function.params.len()))
            .collect();
        if !ways.is_empty() {
            self.wrong_count(&call.name, count, &ways, None);
            return Kind::Unknown;
        }
        let help = if let Some(variable) = self.scopes.find(name) {
            variable.variable.used = true;
            Some(format!(
                "a closure in a variable is called with `{name}.call(...)`"
            ))
        } else if Vocabulary::of_tests().functions(name).next().is_some() {
            Some(
                "only tests have it: the files in `tests/`, which `segue plan test` runs"
                    .to_owned(),
            )
        } else if let Some(help) = foreign_function(name).or_else(|| foreign_word(name)) {
            Some(help.to_owned())
        } else if let Some(alias) = self.imported_as(name) {
            Some(format!(
                "functions of an import are called by its name: write `{alias}::{name}(...)`"
            ))
        } else {
            let meant = nearest(
                name,
                self.functions
                    .names()
                    .chain(self.vocabulary.function_names())
                    // An exact name in another namespace is near as well.
                    .filter(|known| *known != name.as_str()),
            );
            meant
                .map(|meant| format!("did you mean `{meant}`?"))
                .or_else(|| self.known_elsewhere(name))
                .or_else(|| Some("`segue doc` lists all functions".to_owned()))
        };
        let problem = self
            .error(
                "segue::plan::unknown_function",
                format!("unknown function `{name}`"),
                call.name.span,
                "",
            )
            .maybe_help(help);
        self.tell(problem);
        Kind::Unknown
    }

    /// `verdict::check_options(who, options, ["a", "b"])`: how the functions of the library look at their options.
    fn options_of_library(&mut self, call: &'t Call) {
        if let ("check_options", [_, options, known]) =
            (call.name.text.as_str(), call.arguments.as_slice())
            && let ExpressionKind::Array(known) = &known.kind
        {
            let names = known.iter().filter_map(Expression::as_text);
            let names = names.map(str::to_owned).collect();
            self.used_for(options, Wants::Options(names));
        }
    }

    /// The import that has a function of that name.
    pub(super) fn imported_as(&self, name: &str) -> Option<&str> {
        let imports = self.imports.iter();
        imports
            .filter(|(_, import)| {
                let mut functions = import.functions.iter().flatten();
                functions.any(|(function, _)| function == name)
            })
            .map(|(alias, _)| alias.as_str())
            .next()
    }

    /// What is called by this name, but is no function.
    fn known_elsewhere(&self, name: &str) -> Option<String> {
        if let Ok(Some(_)) = self.world.task(name) {
            return Some(format!(
                "`{name}` is a task: write `run_task(\"{name}\", targets)`"
            ));
        }
        if matches!(self.world.plan(name), Ok(Some(_))) {
            return Some(format!("`{name}` is a plan: write `run_plan(\"{name}\")`"));
        }
        let member = self
            .vocabulary
            .all()
            .find(|signature| signature.name == name && signature.receiver.is_some())?;
        Some(format!("it belongs to a value: `{}`", member.shown))
    }

    fn imported_call(&mut self, namespace: &Name, call: &Call) {
        let Some(import) = self.imports.get_mut(&namespace.text) else {
            if namespace.text == "global" {
                return;
            }
            if self
                .vocabulary
                .namespaces()
                .any(|known| known == namespace.text)
            {
                let full = format!("{}::{}", namespace.text, call.name.text);
                let inside = format!("{}::", namespace.text);
                let names = self.vocabulary.function_names();
                let mut there: Vec<&str> = names.filter(|name| name.starts_with(&inside)).collect();
                there.sort_unstable();
                let meant = nearest(&full, self.vocabulary.function_names()).map_or_else(
                    || format!("there is {}", listed(there)),
                    |meant| format!("did you mean `{meant}`?"),
                );
                let meant = Some(meant);
                let problem = self
                    .error(
                        "segue::plan::unknown_function",
                        format!("unknown function `{full}`"),
                        namespace.span.to(call.name.span),
                        "",
                    )
                    .maybe_help(meant);
                self.tell(problem);
                return;
            }
            self.unknown_namespace(namespace);
            return;
        };
        import.used = true;
        let alias = import.alias.span;
        let is_later = namespace.span.start < alias.start && !alias.is_empty();
        if is_later && !self.scopes.in_function() {
            let problem = self
                .error(
                    "segue::plan::unknown_import",
                    format!("`{}` is imported further down", namespace.text),
                    namespace.span,
                    "not known yet here",
                )
                .label(alias, "imported here")
                .help("move the `import` above it");
            self.tell(problem);
            return;
        }
        let Some(import) = self.imports.get(&namespace.text) else {
            return;
        };
        let Some(functions) = &import.functions else {
            return;
        };
        let ways: Vec<Way> = functions
            .iter()
            .filter(|(name, _)| *name == call.name.text)
            .map(|(name, params)| {
                let name = format!("{}::{name}", namespace.text);
                Way::shown(&name, params.iter().map(String::as_str))
            })
            .collect();
        let count = call.arguments.len();
        if ways.iter().any(|way| way.count == count) {
            return;
        }
        if ways.is_empty() {
            let meant = nearest(
                &call.name.text,
                functions
                    .iter()
                    .map(|(name, _)| name.as_str())
                    .filter(|name| !name.starts_with("anon$")),
            )
            .map_or_else(
                || {
                    let mut names: Vec<&str> = functions
                        .iter()
                        .map(|(name, _)| name.as_str())
                        .filter(|name| !name.starts_with("anon$"))
                        .collect();
                    names.sort_unstable();
                    names.dedup();
                    (!names.is_empty()).then(|| format!("it has {}", listed(names)))
                },
                |meant| Some(format!("did you mean `{}::{meant}`?", namespace.text)),
            );
            let problem = self
                .error(
                    "segue::plan::unknown_function",
                    format!("`{}` has no function `{}`", namespace.text, call.name.text),
                    call.name.span,
                    "",
                )
                .maybe_help(meant);
            self.tell(problem);
        } else {
            self.wrong_count(&call.name, count, &ways, None);
        }
    }

    pub(super) fn wrong_count(
        &mut self,
        name: &Name,
        count: usize,
        ways: &[Way],
        defined: Option<Span>,
    ) {
        let mut counts: Vec<usize> = ways.iter().map(|way| way.count).collect();
        counts.sort_unstable();
        counts.dedup();
        let wanted = match counts.as_slice() {
            [0] => "no arguments".to_owned(),
            [1] => "1 argument".to_owned(),
            [only] => format!("{only} arguments"),
            [first, .., last] if last - first + 1 == counts.len() => {
                format!("{first} to {last} arguments")
            }
            several => {
                let several: Vec<String> = several.iter().map(ToString::to_string).collect();
                format!("{} arguments", several.join(" or "))
            }
        };
        let span = self.source.whole(name.span.start);
        let shown: Vec<&str> = ways.iter().filter_map(|way| way.shown.as_deref()).collect();
        let help = match shown.as_slice() {
            [] => format!("`segue doc {}` shows how it is called", name.text),
            shown => format!("it is called as {}", shown.join(" or ")),
        };
        let mut problem = self
            .error(
                "segue::plan::wrong_arguments",
                format!("`{}` takes {wanted}, got {count}", name.text),
                span,
                "",
            )
            .help(help);
        if let Some(defined) = defined {
            problem = problem.label(defined, "defined here");
        }
        self.tell(problem);
    }

    /// A call of one of Segue's own functions or methods, of which these are the ways to call it.
    pub(super) fn native_call(
        &mut self,
        candidates: &[&'static Signature],
        call: &'t Call,
        receiver: Option<&Kind>,
        span: Span,
    ) -> Kind {
        let name = call.name.text.as_str();
        let count = call.arguments.len();
        let mut kinds: Vec<Kind> = Vec::with_capacity(count);
        for (index, argument) in call.arguments.iter().enumerate() {
            let first = receiver.or(if index == 0 { None } else { kinds.first() });
            let uses = ClosureUse::of_function(name, index, first);
            let kind = self.argument(argument, &uses);
            kinds.push(kind);
        }
        let Some(signature) = candidates
            .iter()
            .find(|signature| signature.takes(count))
            .or_else(|| candidates.first())
        else {
            return Kind::Unknown;
        };
        if signature.takes(count) {
            // What is of the wrong type is not looked up as well.
            if self.argument_types(signature, call, &kinds) {
                self.action(signature, call, span);
            } else {
                self.misspelt_options(signature, call, &kinds);
            }
        } else {
            self.native_count(signature, call, span);
        }
        match receiver {
            Some(list @ Kind::Array(_)) if matches!(name, "filter" | "extract") => list.clone(),
            _ => returned(signature),
        }
    }

    /// Of a call with an argument of the wrong type, what stands in its map of options is told as well.
    fn misspelt_options(&mut self, signature: &Signature, call: &'t Call, kinds: &[Kind]) {
        let index = signature.index_of_options();
        let given = index.and_then(|at| call.arguments.get(at).zip(kinds.get(at)));
        if let Some((given, Kind::Map)) = given {
            self.options(signature, call, given);
        }
    }

    fn native_count(&mut self, signature: &Signature, call: &Call, span: Span) {
        let count = call.arguments.len();
        let required = signature
            .params
            .iter()
            .filter(|param| !param.optional)
            .count();
        let most = signature.params.len();
        let wanted = match (required, most) {
            (0, 0) => "no arguments".to_owned(),
            (1, 1) => "1 argument".to_owned(),
            (least, most) if least == most => format!("{most} arguments"),
            (least, most) => format!("{least} to {most} arguments"),
        };
        let (at, label) = if count > most {
            let extra = call.arguments[most].span;
            let last = call.arguments.last().map_or(extra, |last| last.span);
            (extra.to(last), "one too many".to_owned())
        } else {
            let missing: Vec<String> = signature
                .params
                .iter()
                .filter(|param| !param.optional)
                .skip(count)
                .map(|param| format!("`{}`", param.name))
                .collect();
            (span, format!("{} missing", missing.join(" and ")))
        };
        let problem = self
            .error(
                "segue::plan::wrong_arguments",
                format!("`{}` takes {wanted}, got {count}", signature.name),
                at,
                label,
            )
            .help(if is_told_parameters(signature, call) {
                format!(
                    "it has no parameters: its options are the {} argument",
                    signature.ordinal_of_options()
                )
            } else {
                format!("it is called as `{}`", signature.shown)
            });
        self.tell(problem);
    }

    /// Whether all arguments may be of the types that they have to be.
    fn argument_types(&mut self, signature: &Signature, call: &'t Call, kinds: &[Kind]) -> bool {
        let told = self.problems.len();
        if let Some(first) = swapped(signature, kinds) {
            self.other_way_round(signature, call, first);
            return false;
        }
        for ((param, argument), kind) in signature.params.iter().zip(&call.arguments).zip(kinds) {
            if *kind == Kind::Unknown {
                let wants = Wants::Argument {
                    wanted: param.wanted.clone(),
                    function: signature.name.clone(),
                };
                self.used_for(argument, wants);
            }
            let left_out = param.optional && *kind == Kind::Unit;
            if left_out || kind.fits(&param.wanted) {
                continue;
            }
            let problem = self
                .error(
                    "segue::plan::wrong_arguments",
                    format!(
                        "`{}` of `{}` {} {}",
                        param.name,
                        signature.name,
                        if param.wanted == "TargetSpec" {
                            "names"
                        } else {
                            "is"
                        },
                        wanted_words(&param.wanted)
                    ),
                    argument.span,
                    format!("this is {kind}"),
                )
                .help(argument_help(
                    signature,
                    call,
                    &param.wanted,
                    argument,
                    kind,
                ));
            self.tell(problem);
        }
        self.problems.len() == told
    }

    /// Two arguments that stand in place of each other.
    pub(super) fn other_way_round(&mut self, signature: &Signature, call: &Call, first: usize) {
        let text = self.source.text();
        let (one, other) = (&call.arguments[first], &call.arguments[first + 1]);
        let mut order: Vec<&str> = call
            .arguments
            .iter()
            .map(|argument| argument.span.of(text))
            .collect();
        order.swap(first, first + 1);
        let arguments = order.join(", ");
        let help = if arguments.contains('\n') {
            format!("it is called as `{}`", signature.shown)
        } else {
            format!("write `{}({arguments})`", signature.name)
        };
        let names = (
            &signature.params[first].name,
            &signature.params[first + 1].name,
        );
        let problem = self
            .error(
                "segue::plan::wrong_arguments",
                format!(
                    "`{}` and `{}` of `{}` stand the other way round",
                    names.0, names.1, signature.name
                ),
                one.span,
                format!("this is `{}`", names.1),
            )
            .label(other.span, format!("this is `{}`", names.0))
            .help(help);
        self.tell(problem);
    }
}

/// Whether an action without parameters is called as one that has some, `run_command("uptime", "web", #{}, #{ timeout: 5 })`.
fn is_told_parameters(signature: &Signature, call: &Call) -> bool {
    let most = signature.params.len();
    let is_map = |at: usize| {
        let given = call.arguments.get(at);
        given.is_some_and(|given| given.as_map().is_some())
    };
    let is_action = signature.options.contains(&"catch_errors");
    is_action
        && call.arguments.len() == most + 1
        && signature.index_of_options() == Some(most - 1)
        && is_map(most - 1)
        && is_map(most)
}

/// The type of what a function gives. What a signature has no words for is said here.
fn returned(signature: &Signature) -> Kind {
    match signature.name.as_str() {
        // Nothing, if there is none.
        "find" | "env" => Kind::Unknown,
        _ => Kind::named(&signature.returns),
    }
}

fn argument_help(
    signature: &Signature,
    call: &Call,
    wanted: &str,
    argument: &Expression,
    kind: &Kind,
) -> String {
    let function = signature.name.as_str();
    match (&argument.kind, wanted) {
        (ExpressionKind::Call(_), "Closure") => {
            "write `||` in front, so that it is done later and not now".to_owned()
        }
        (ExpressionKind::Closure(_), "Options")
            if matches!(function, "retry" | "wait_until" | "timeout") =>
        {
            let options = match function {
                "retry" => "#{ attempts: 3 }",
                _ => "#{ timeout: \"5m\" }",
            };
            format!("the closure stands last: write `{function}({options}, || ...)`")
        }
        (_, "Closure") if call.arguments.iter().any(is_closure) => {
            "the closure stands in the wrong place".to_owned()
        }
        (ExpressionKind::Boolean(_), "Options") if signature.options.contains(&"catch_errors") => {
            "write `#{ catch_errors: true }`".to_owned()
        }
        (ExpressionKind::Text(text), "Options") if signature.options.contains(&text.as_str()) => {
            format!("write `#{{ {text}: ... }}`")
        }
        (ExpressionKind::Array(_), "Options") if function == "run_script" => {
            "write `#{ arguments: [...] }`".to_owned()
        }
        (ExpressionKind::Text(text), "Future | Array") => format!("write `sleep(\"{text}\")`"),
        (ExpressionKind::Map(_), "String") if function == "write_file" => {
            "write `to_json(...)` or `to_yaml(...)` around it".to_owned()
        }
        (_, _) if matches!(function, "parallel" | "settle") && *kind == Kind::Map => {
            "a Map is gone through by its keys: `map.keys()`".to_owned()
        }
        (ExpressionKind::Integer(number), _)
            if matches!(function, "parallel" | "settle") && wanted != "Options" =>
        {
            format!("write `0..{number}`")
        }
        (ExpressionKind::Integer(number), "Options") if function == "wait_until_available" => {
            format!("write `#{{ timeout: {number} }}`")
        }
        (ExpressionKind::Text(rule), "Options") if function == "run" => {
            format!("write `#{{ on_failure: \"{rule}\" }}`")
        }
        (ExpressionKind::Integer(number), "Options") if function == "retry" => {
            format!("write `retry(#{{ attempts: {number} }}, ...)`")
        }
        (_, "Closure") => "write `|x|` in front, and `x` for what it is called with".to_owned(),
        (_, "String | Error | Map") if kind.is_native("ResultSet") => {
            "write `fail(\"what went wrong\", results)`".to_owned()
        }
        (ExpressionKind::Integer(number), "Options")
            if matches!(function, "parallel" | "settle") =>
        {
            format!("write `#{{ limit: {number} }}`")
        }
        (ExpressionKind::Map(entries), "Duration") if entries.len() == 1 => {
            "write the duration alone, such as `\"30s\"`".to_owned()
        }
        (ExpressionKind::Text(text), "Options") if function == "wait_until" => {
            format!("write `wait_until(#{{ timeout: \"{text}\" }}, ...)`")
        }
        (ExpressionKind::Text(text), _) if matches!(function, "parallel" | "settle") => {
            format!("write `{function}(targets(\"{text}\"), ...)`")
        }
        (ExpressionKind::Text(text), "Map") if function == "new_target" => {
            format!("write `new_target(#{{ name: \"{text}\" }})`")
        }
        (ExpressionKind::Text(_), "Map") if matches!(function, "run_task" | "run_plan") => {
            let name = call.arguments.first().and_then(Expression::as_text);
            format!(
                "parameters have names: write `{function}(\"{}\", ..., #{{ name: value }})`",
                name.unwrap_or("name")
            )
        }
        (ExpressionKind::Array(items), "String") if function == "run_command" => {
            let words: Option<Vec<&str>> = items.iter().map(Expression::as_text).collect();
            words.map_or_else(
                || format!("it is called as `{}`", signature.shown),
                |words| format!("a command is one line: write `\"{}\"`", words.join(" ")),
            )
        }
        (_, "String") if kind.is_native("Sensitive") => {
            "`reveal(value)` gives what is hidden: from there on it is seen by whoever looks"
                .to_owned()
        }
        (_, "TargetSpec") if *kind == Kind::Character => {
            "a loop over a text goes through its letters: write `for ... in targets(\"...\")`"
                .to_owned()
        }
        _ => format!("it is called as `{}`", signature.shown),
    }
}

fn is_closure(argument: &Expression) -> bool {
    matches!(argument.kind, ExpressionKind::Closure(_))
}

/// The first of two neighbours that would fit if each stood in place of the other, and don't as they are.
fn swapped(signature: &Signature, kinds: &[Kind]) -> Option<usize> {
    if kinds.len() > signature.params.len() {
        return None;
    }
    (1..kinds.len()).map(|second| second - 1).find(|first| {
        let (one, other) = (&kinds[*first], &kinds[first + 1]);
        let (wanted, next) = (
            &signature.params[*first].wanted,
            &signature.params[first + 1].wanted,
        );
        // Only what is known can be in the wrong place.
        let is_list = matches!(one, Kind::Array(_)) && wanted == "String";
        *one != Kind::Unknown
            && !is_list
            && *other != Kind::Unknown
            && !(one.fits(wanted) && other.fits(next))
            && one.fits(next)
            && other.fits(wanted)
            && !wanted.contains("Any")
            && !next.contains("Any")
    })
}
