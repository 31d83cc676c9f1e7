//! Tasks, plans and targets that are named in literals.

use super::{
    checker::Checker,
    options::{is_batch, shown},
    parameter::ParamsCall,
    through::Wants,
    tree::{Call, Expression, ExpressionKind},
    vocabulary::Signature,
};
use crate::{
    model::nearest,
    plan::{
        diagnostic::Severity,
        header::Header,
        source::{Source, Span},
    },
    task::{Parameter, Parameters},
};

impl<'t> Checker<'t> {
    /// Looks at the arguments of a call of one of Segue's functions that name things.
    pub(super) fn action(&mut self, signature: &Signature, call: &'t Call, span: Span) {
        let argument = |name: &str| {
            let index = signature
                .params
                .iter()
                .position(|param| param.name == name)?;
            call.arguments.get(index)
        };
        if self.names_swapped(signature, call) {
            self.other_way_round(signature, call, 0);
            return;
        }
        if self.targets_too_early(signature, call) {
            return;
        }
        for (param, given) in signature.params.iter().zip(&call.arguments) {
            match param.wanted.as_str() {
                "TaskName" => {
                    let misplaced = argument("options")
                        .is_some_and(|options| self.are_parameters(given, options));
                    if !misplaced {
                        self.task(signature, call, argument("params"), span);
                    }
                }
                "PlanName" => self.plan(signature, given, argument("params"), span),
                "TargetSpec" => self.targets(given),
                "Duration" => self.duration(given),
                "Pattern" => self.pattern(given),
                "File" => self.script_or_upload(&signature.name, given),
                "String" if param.name == "group" => self.group(given),
                "String" if matches!(param.name.as_str(), "command" | "content") => {
                    self.secret_in_text(&signature.name, given);
                }
                "Map" if signature.name == "new_target" => self.target_in_memory(given),
                _ if param.name == "size" && signature.name == "batches" => self.batch_size(given),
                _ => {}
            }
        }
        let options = signature
            .index_of_options()
            .and_then(|index| call.arguments.get(index));
        if let Some(given) = options {
            self.options(signature, call, given);
        }
    }

    /// `run_task("web", "service")`: both are strings, and only their names tell.
    fn names_swapped(&self, signature: &Signature, call: &'t Call) -> bool {
        let [first, second, ..] = call.arguments.as_slice() else {
            return false;
        };
        let (Some((one, _)), Some((other, _))) = (self.text_of(first), self.text_of(second)) else {
            return false;
        };
        let is_task = |name: &str| !matches!(self.world.task(name), Ok(None));
        let is_target = |name: &str| self.world.targets(name).is_ok();
        match signature.name.as_str() {
            "run_task" | "run_task_with" => {
                is_task(other) && is_target(one) && !is_task(one) && !is_target(other)
            }
            "run_command" => is_target(one) && !is_target(other),
            "run_script" => {
                let is_file = |name: &str| self.world.file(name).is_ok();
                is_target(one) && !is_file(one) && is_file(other)
            }
            "write_file" => {
                let is_path =
                    |text: &str| text.starts_with('/') && !text.contains(char::is_whitespace);
                is_path(one) && !other.starts_with(['/', '~']) && !other.contains(":\\")
            }
            _ => false,
        }
    }

    /// `upload("web", "a.conf", "/etc/a.conf")`: the targets of a transfer stand last.
    fn targets_too_early(&mut self, signature: &Signature, call: &'t Call) -> bool {
        if !matches!(signature.name.as_str(), "upload" | "download") {
            return false;
        }
        let texts = call.arguments.iter().take(3);
        let texts: Option<Vec<&str>> = texts
            .map(|argument| self.text_of(argument).map(|(text, _)| text))
            .collect();
        let Some([first, second, third]) = texts.as_deref() else {
            return false;
        };
        let is_target = |name: &str| self.world.targets(name).is_ok();
        if is_target(third) {
            return false;
        }
        let (place, order) = match (is_target(first), is_target(second)) {
            (true, false) => (0, [second, third, first]),
            (false, true) => (1, [first, third, second]),
            _ => return false,
        };
        let name = &signature.name;
        let order = order.map(|text| format!("\"{text}\"")).join(", ");
        let problem = self
            .error(
                "segue::plan::wrong_arguments",
                format!("the targets of `{name}` are its third argument"),
                call.arguments[place].span,
                "these are targets",
            )
            .help(format!("write `{name}({order})`"));
        self.tell(problem);
        true
    }

    /// Whether what stands in the options are parameters of the task, which is told where they stand.
    fn are_parameters(&self, name: &'t Expression, options: &'t Expression) -> bool {
        let (Some((name, _)), Some(entries)) =
            (self.text_of(name), self.resolved(options).as_map())
        else {
            return false;
        };
        let Ok(Some(task)) = self.world.task(name) else {
            return false;
        };
        let parameters = task.parameters.as_ref();
        entries.iter().any(|entry| {
            let name = entry.key.text.as_str();
            !super::options::is_option(name)
                && parameters.is_some_and(|parameters| parameters.contains_key(name))
        })
    }

    /// The size of batches that is literal has to be one.
    fn batch_size(&mut self, given: &'t Expression) {
        self.batch_in_quotes(given);
        let Some(size) = self.literal(given).filter(|size| !is_batch(size)) else {
            return;
        };
        let span = self.resolved(given).span;
        let problem = self.error(
            "segue::plan::wrong_arguments",
            "the size of a batch is a number of targets, a share such as \"25%\", or an Array of these",
            span,
            format!("this is {}", shown(&size)),
        );
        self.tell(problem);
    }

    /// A regular expression that is literal has to be one.
    fn pattern(&mut self, given: &'t Expression) {
        let Some((text, span)) = self.text_of(given) else {
            return;
        };
        let Err(error) = regex::Regex::new(text) else {
            return;
        };
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default();
        let problem = self.error(
            "segue::plan::wrong_arguments",
            "this is no regular expression",
            span,
            reason.trim_start_matches("error: ").to_owned(),
        );
        self.tell(problem);
    }

    fn task(
        &mut self,
        signature: &Signature,
        called: &'t Call,
        params: Option<&'t Expression>,
        span: Span,
    ) {
        let Some(name) = called.arguments.first() else {
            return;
        };
        self.used_for(name, Wants::Task);
        let Some((text, _)) = self.text_of(name) else {
            return;
        };
        match self.world.task(text) {
            Ok(Some(task)) => {
                let takes_map = signature
                    .params
                    .iter()
                    .any(|param| param.name == "params" && param.wanted == "Map");
                if let (true, Some(parameters)) = (takes_map, &task.parameters) {
                    let call = ParamsCall {
                        given: params.map(|params| params.span),
                        owner: format!("task `{text}`"),
                        parameters,
                        span,
                        function: signature,
                    };
                    self.params(&call, params);
                } else if let (Some(parameters), Some(closure)) = (&task.parameters, params) {
                    let call = ParamsCall {
                        given: None,
                        owner: format!("task `{text}`"),
                        parameters,
                        span,
                        function: signature,
                    };
                    self.params_of_closure(&call, closure);
                } else if let (true, Some(given)) = (takes_map, params) {
                    self.options_as_params(text, signature, called, given);
                }
            }
            _ => self.task_exists(name, name),
        }
    }

    /// Whether there is the task of the name that a value is; `used` is where it is used.
    pub(super) fn task_exists(&mut self, name: &'t Expression, used: &Expression) {
        let Some((text, at)) = self.text_of(name) else {
            return;
        };
        match self.world.task(text) {
            Ok(Some(_)) => {}
            Ok(None) => {
                let names = self.world.task_names();
                let help = match nearest(text, names.iter().map(String::as_str)) {
                    _ if matches!(self.world.plan(text), Ok(Some(_))) => {
                        format!("`{text}` is a plan: write `run_plan(\"{text}\", ...)`")
                    }
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => self.task_with_action(text).map_or_else(
                        || "`segue task show` lists all tasks".to_owned(),
                        |(task, action)| format!(
                            "what a task does is a parameter: write `run_task(\"{task}\", ..., #{{ action: \"{action}\" }})`"
                        ),
                    ),
                };
                self.unknown_name(
                    "segue::plan::unknown_task",
                    "task",
                    text,
                    (at, used.span),
                    help,
                );
            }
            Err(reason) => {
                let problem = self.error(
                    "segue::plan::broken_task",
                    format!("the task `{text}` can't be read"),
                    at,
                    reason,
                );
                self.tell(problem);
            }
        }
    }

    /// The task and the action, if `service::restart` or `service restart` can only mean the one with the other.
    fn task_with_action<'n>(&self, name: &'n str) -> Option<(&'n str, &'n str)> {
        let parts = name.rsplit_once("::").or_else(|| name.split_once(' '));
        let (task, action) = parts?;
        let parameters = self.world.task(task).ok()??.parameters?;
        let parameter = parameters.get("action")?;
        let takes = parameter.data_type.check(&action.into()).is_ok();
        takes.then_some((task, action))
    }

    /// A group that targets are put into has to be there.
    fn group(&mut self, given: &'t Expression) {
        let Some((name, span)) = self.text_of(given) else {
            return;
        };
        if self.has_own_inventory || self.world.targets(name).is_ok() {
            return;
        }
        let problem = self
            .error(
                "segue::plan::unknown_targets",
                format!("no group is called `{name}`"),
                span,
                "",
            )
            .help("groups are declared in `inventory.yaml`");
        self.tell(problem);
    }

    /// The map that `new_target` gets.
    fn target_in_memory(&mut self, given: &'t Expression) {
        const KEYS: [&str; 8] = [
            "name", "uri", "aliases", "config", "vars", "facts", "features", "groups",
        ];
        self.known_options("new_target", &KEYS.map(str::to_owned), given);
        let entries = self.resolved(given).as_map().unwrap_or_default();
        let groups = entries.iter().find(|entry| entry.key.text == "groups");
        if let Some(groups) = groups
            && let ExpressionKind::Array(groups) = &self.resolved(&groups.value).kind
        {
            for group in groups {
                self.group(group);
            }
        }
    }

    fn plan(
        &mut self,
        signature: &Signature,
        name: &'t Expression,
        params: Option<&'t Expression>,
        span: Span,
    ) {
        self.used_for(name, Wants::Plan);
        let Some(source) = self.plan_named(name, name) else {
            return;
        };
        let text = self.text_of(name).map_or("", |(text, _)| text);
        let (header, _) = Header::read(&source);
        let parameters = parameters_of(&header);
        let call = ParamsCall {
            given: params.map(|params| params.span),
            owner: format!("plan `{text}`"),
            parameters: &parameters,
            span,
            function: signature,
        };
        self.params(&call, params);
        self.endless(&source, span);
        self.follow(source);
    }

    /// The plan runs itself under no condition, and nothing in the file could end it. What is called before it may fail:
    /// then nobody can be sure.
    fn endless(&mut self, plan: &Source, span: Span) {
        const ENDS: [&str; 5] = ["return", "exit", "fail", "throw", "assert"];
        if plan.name() != self.source.name() || self.conditional > 0 || self.scopes.in_function() {
            return;
        }
        let (text, tokens) = (self.source.text(), self.source.tokens());
        let word = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map(|at| at.span.of(text));
        let mut calls = false;
        for (index, token) in tokens.all().iter().enumerate() {
            let is_before = token.span.start < span.start;
            match token.span.of(text) {
                ends if ENDS.contains(&ends) => return,
                // What is imported may do anything.
                "::" if is_before && word(tokens.previous(index)) != Some("log") => return,
                "(" if is_before => {
                    calls |= !matches!(word(tokens.previous(index)), Some("print" | "debug"));
                }
                _ => {}
            }
        }
        let (code, label) = ("segue::plan::endless", "it begins again here");
        let problem = if calls {
            let message = "the plan runs itself, and only a failure ends it";
            self.warning(code, message, span, label)
        } else {
            let message = "the plan runs itself, and never comes to an end";
            self.error(code, message, span, label)
        };
        let problem = problem.help("write a loop, or end the plan under a condition before this");
        self.tell(problem);
    }

    pub(super) fn plan_exists(&mut self, name: &'t Expression, used: &Expression) {
        if let Some(source) = self.plan_named(name, used) {
            self.follow(source);
        }
    }

    /// The plan is checked as well, unless it runs on an inventory that only the test knows.
    fn follow(&mut self, plan: Source) {
        if !self.has_own_inventory {
            self.reached.push(plan);
        }
    }

    /// The plan of the name that a value is, if it is known and there is one.
    fn plan_named(&mut self, name: &'t Expression, used: &Expression) -> Option<Source> {
        let (text, at) = self.text_of(name)?;
        let found = match self.world.plan(text) {
            Ok(found) => found,
            Err(reason) => {
                let problem = self.error("segue::plan::broken_plan", reason, at, "");
                self.tell(problem);
                return None;
            }
        };
        let Some(source) = found else {
            let names = self.world.plan_names();
            // `app::init`, and the path of the file.
            let stem = text.rsplit('/').next().unwrap_or(text);
            let stem = stem.strip_suffix(".rhai").unwrap_or(stem);
            let stem = stem.strip_suffix("::init").unwrap_or(stem);
            let known = |name: &str| names.iter().any(|known| known == name);
            let help = match nearest(text, names.iter().map(String::as_str)) {
                _ if matches!(self.world.task(text), Ok(Some(_))) => {
                    format!("`{text}` is a task: write `run_task(\"{text}\", targets, ...)`")
                }
                _ if known(stem) => format!("its name is `{stem}`"),
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "`segue plan show` lists all plans".to_owned(),
            };
            self.unknown_name(
                "segue::plan::unknown_plan",
                "plan",
                text,
                (at, used.span),
                help,
            );
            return None;
        };
        Some(source)
    }

    /// A file that is sent to targets. A script has to be there; what is uploaded may be made by the plan before.
    fn script_or_upload(&mut self, function: &str, given: &'t Expression) {
        let Some((text, at)) = self.text_of(given) else {
            return;
        };
        if let Err(mut lookup) = self.world.file(text) {
            if let Some((script, arguments)) = text.split_once(' ')
                && function == "run_script"
                && self.world.file(script).is_ok()
            {
                let words = arguments.split_whitespace();
                let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
                lookup.help = Some(format!(
                    "arguments are an option: `run_script(\"{script}\", ..., #{{ arguments: [{}] }})`",
                    words.join(", ")
                ));
            }
            let mut problem = self
                .error("segue::plan::unknown_file", lookup.message, at, "")
                .maybe_help(lookup.help);
            if function != "run_script" {
                problem.severity = Severity::Warning;
            }
            self.tell(problem);
        }
    }

    fn unknown_name(
        &mut self,
        code: &'static str,
        what: &str,
        name: &str,
        (written, used): (Span, Span),
        help: String,
    ) {
        let mut problem = self
            .error(code, format!("no {what} is called `{name}`"), written, "")
            .help(help);
        if written != used {
            problem = problem.label(used, format!("used as the name of a {what} here"));
        }
        self.tell(problem);
    }

    /// A range as Ansible has it is a pattern here, which leaves out what is between.
    fn range_of_hosts(&mut self, span: Span, text: &str) {
        let Some(range) = range_in_pattern(text) else {
            return;
        };
        let written = &text[range.clone()];
        let inner = written.trim_matches(['[', ']']);
        let is_short = inner.len() == 3;
        let help = if is_short {
            format!("write `[{}]`", inner.replace(':', "-"))
        } else {
            "a pattern has one character in brackets: name the targets, or write `*`".to_owned()
        };
        let problem = self
            .warning(
                "segue::plan::unknown_targets",
                format!("`{written}` is no range: it stands for one of the characters in it"),
                self.within_text(span, range.start, range.end),
                "",
            )
            .help(help);
        self.tell(problem);
    }

    /// The target expressions in an argument.
    pub(super) fn targets(&mut self, given: &'t Expression) {
        self.used_for(given, Wants::Targets);
        let resolved = self.resolved(given);
        match &resolved.kind {
            ExpressionKind::Array(items) => {
                for item in items {
                    self.targets(item);
                }
            }
            ExpressionKind::Text(text) => {
                if self.has_own_inventory {
                    return;
                }
                let Err(unknown) = self.world.targets(text) else {
                    self.range_of_hosts(resolved.span, text);
                    return;
                };
                let name = text.get(unknown.span.clone()).unwrap_or_default();
                if self.made.contains(name) {
                    return;
                }
                let span = self.within_text(resolved.span, unknown.span.start, unknown.span.end);
                let help = other_expression(text, name).or(unknown.help);
                let mut problem = self
                    .error("segue::plan::unknown_targets", unknown.message, span, "")
                    .maybe_help(help);
                if !given.span.covers(span) {
                    problem = problem.label(given.span, "used as targets here");
                }
                if self.makes_targets {
                    problem.severity = Severity::Warning;
                }
                self.tell(problem);
            }
            _ => {}
        }
    }
}

/// `web[1:20]`, a range of hosts in Ansible, and a pattern for one of these characters here: where it is in the text.
fn range_in_pattern(text: &str) -> Option<std::ops::Range<usize>> {
    let mut from = 0;
    while let Some(open) = text[from..].find('[').map(|at| from + at) {
        let close = open + text[open..].find(']')?;
        let (first, last) = text[open + 1..close].split_once(':').unwrap_or_default();
        let is_number =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_uri = text[..open].ends_with('/');
        if is_number(first) && is_number(last) && !is_uri {
            return Some(open..close + 1);
        }
        from = close;
    }
    None
}

/// How what stands in a target expression of another tool is written.
fn other_expression(text: &str, name: &str) -> Option<String> {
    let has = |words: &[&str]| name.split_whitespace().any(|word| words.contains(&word));
    Some(match name {
        _ if has(&["and", "or", "&", "+", "|", "&&", "||"]) => {
            "names stand with a comma between them; those in both groups are `targets(\"one\") & \"other\"`"
                .to_owned()
        }
        _ if has(&["not", "-", "except"]) => {
            "what is left out has a `!` right in front: `all,!db`".to_owned()
        }
        _ if name.contains(":!") || name.contains(":&") => {
            format!("names stand with a comma between them: write `{}`", text.replace(':', ","))
        }
        _ if name.contains("..") => {
            "a pattern has one character in brackets, such as `web[1-3]`; `web*` is all of them"
                .to_owned()
        }
        _ if name.contains([';', '|', '&']) => {
            format!("names stand with a comma between them: write `{}`", name.replace([';', '|', '&'], ","))
        }
        _ if name.starts_with('@') => {
            format!("a group has no `@` in front: write `{}`", name.trim_start_matches('@'))
        }
        _ if name.starts_with('~') => {
            "patterns are those of file names, such as `web*`".to_owned()
        }
        _ => return None,
    })
}

/// The parameters of a plan as those of a task; one with a default need not be given.
pub(super) fn parameters_of(header: &Header) -> Parameters {
    header
        .params
        .iter()
        .map(|param| {
            let parameter = Parameter {
                data_type: param.data_type.clone(),
                description: param.doc.clone().unwrap_or_default(),
                sensitive: param.sensitive,
                default: param
                    .default
                    .as_ref()
                    .map(|default| default.text.as_str().into()),
            };
            (param.name.clone(), parameter)
        })
        .collect()
}
