//! Functions and methods of Puppet and of Bolt, and what they are called in Rhai.

use super::{
    expression::{Call, Expression, ExpressionKind, Lambda},
    kind::Kind,
    options::Options,
    rhai_text::{self, Layout, quoted},
    step::{Bundled, REBOOT, facts_targets},
    writer::{Around, Writer, Written, as_set, literal_text},
};

/// Functions that take the same arguments in both languages, and what they give.
const SAME_ARGUMENTS: &[(&str, &str, Gives)] = &[
    ("add_facts", "add_facts", Gives::Unknown),
    ("add_to_group", "add_to_group", Gives::Unknown),
    ("remove_from_group", "remove_from_group", Gives::Unknown),
    ("ctrl::sleep", "sleep", Gives::Unknown),
    ("debug", "log::debug", Gives::Unknown),
    ("dir::children", "list_files", Gives::Unknown),
    ("err", "log::error", Gives::Unknown),
    ("facts", "facts", Gives::Map),
    ("fail", "fail", Gives::Unknown),
    ("fail_plan", "fail", Gives::Unknown),
    ("file::exists", "file_exists", Gives::Boolean),
    ("file::read", "read_file", Gives::Text),
    ("file::readable", "file_exists", Gives::Boolean),
    ("get_target", "target", Gives::Target),
    ("get_targets", "targets", Gives::TargetSet),
    ("info", "log::info", Gives::Unknown),
    ("log::debug", "log::debug", Gives::Unknown),
    ("log::error", "log::error", Gives::Unknown),
    ("log::fatal", "log::error", Gives::Unknown),
    ("log::info", "log::info", Gives::Unknown),
    ("log::trace", "log::trace", Gives::Unknown),
    ("log::warn", "log::warn", Gives::Unknown),
    ("notice", "log::info", Gives::Unknown),
    ("out::message", "print", Gives::Unknown),
    ("out::verbose", "log::debug", Gives::Unknown),
    ("parsejson", "from_json", Gives::Unknown),
    ("parseyaml", "from_yaml", Gives::Unknown),
    ("set_config", "set_config", Gives::Unknown),
    ("set_feature", "set_feature", Gives::Unknown),
    ("set_var", "set_var", Gives::Unknown),
    ("stdlib::to_json", "to_json", Gives::Text),
    ("stdlib::to_yaml", "to_yaml", Gives::Text),
    ("system::env", "env", Gives::Unknown),
    ("to_json", "to_json", Gives::Text),
    ("to_yaml", "to_yaml", Gives::Text),
    ("unwrap", "reveal", Gives::Unknown),
    ("vars", "vars", Gives::Map),
    ("warning", "log::warn", Gives::Unknown),
    ("Integer", "parse_int", Gives::Number),
    ("Sensitive", "sensitive", Gives::Unknown),
];

/// The type of what a function gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gives {
    Unknown,
    Text,
    Number,
    Boolean,
    Map,
    Target,
    TargetSet,
}

impl From<Gives> for Kind {
    fn from(gives: Gives) -> Self {
        match gives {
            Gives::Unknown => Self::Unknown,
            Gives::Text => Self::Text,
            Gives::Number => Self::Number,
            Gives::Boolean => Self::Boolean,
            Gives::Map => Self::Map,
            Gives::Target => Self::Target,
            Gives::TargetSet => Self::TargetSet,
        }
    }
}

impl Writer<'_> {
    pub(super) fn call(&mut self, at: usize, call: &Call) -> Written {
        let name = call.name.as_str();
        let own = call.name.strip_prefix("stdlib::").unwrap_or(name);
        if let Some(action) = self.action(call) {
            return action;
        }
        if let Some(flow) = self.flow(call) {
            return flow;
        }
        if let Some((_, rhai, gives)) = SAME_ARGUMENTS.iter().find(|(puppet, ..)| *puppet == name) {
            let arguments = self.arguments(&call.arguments);
            return Written::new(rhai_text::call("", rhai, &arguments), Kind::from(*gives));
        }
        match call.arguments.split_first() {
            Some((of, rest)) => self.member(at, own, of, rest, call),
            None => self.unknown(at, name),
        }
    }

    fn unknown(&mut self, at: usize, name: &str) -> Written {
        let what = format!("the function `{name}`");
        let help = match name {
            "apply" | "apply_prep" | "get_resources" | "resource" | "set_resources" => {
                "Segue applies no manifests: run `puppet apply` by a task, or write what it does as tasks"
            }
            "puppetdb_query" | "puppetdb_fact" | "puppetdb_command" => {
                "ask PuppetDB by a task or a command on a machine that reaches it, or list the targets in the inventory"
            }
            "run_container" => "run `docker run` by `run_command(..., \"localhost\")`",
            "lookup" => {
                "there is no Hiera: give the value as a parameter, or read a file with `from_yaml(read_file(path))`"
            }
            _ => "`segue doc` lists the functions that there are",
        };
        self.refused(at, &what, help)
    }

    fn arguments(&mut self, arguments: &[Expression]) -> Vec<Layout> {
        arguments
            .iter()
            .map(|argument| self.value(argument).layout)
            .collect()
    }

    /// A block as a closure whose parameters are of these types.
    fn closure(&mut self, lambda: &Lambda, kinds: &[Kind]) -> (String, Kind) {
        self.scoped(Around::Closure, |writer| {
            let params: Vec<String> = lambda
                .params
                .iter()
                .enumerate()
                .map(|(index, name)| {
                    let kind = kinds.get(index).cloned().unwrap_or(Kind::Unknown);
                    writer.declare(name, kind)
                })
                .collect();
            let body = writer.block_value(&lambda.body);
            (
                format!("|{}| {}", params.join(", "), body.text()),
                body.kind,
            )
        })
    }

    /// `each` where nobody looks at its value.
    pub(super) fn each(&mut self, call: &Call) -> String {
        let (Some(of), Some(lambda)) = (call.arguments.first(), &call.lambda) else {
            return String::from(";");
        };
        let items = self.value(of);
        let items = as_set(items);
        let item = items.kind.item();
        let is_map = items.kind == Kind::Map;
        self.scoped(Around::Loop, |writer| {
            let names: Vec<String> = lambda
                .params
                .iter()
                .enumerate()
                .map(|(index, name)| {
                    // Of two, the first is the number or the key.
                    let is_value = index + 1 == lambda.params.len();
                    writer.declare(
                        name,
                        if is_value {
                            item.clone()
                        } else {
                            Kind::Unknown
                        },
                    )
                })
                .collect();
            let body = writer.braces(&lambda.body, false);
            match names.as_slice() {
                [key, value] if is_map => {
                    let inner = body.strip_prefix("{\n").unwrap_or(&body);
                    let map = items.receiver();
                    format!(
                        "for {key} in {map}.keys() {{\n    let {value} = {map}[{key}];\n{inner}"
                    )
                }
                [number, value] => format!("for ({value}, {number}) in {} {body}", items.text()),
                _ => format!("for {} in {} {body}", names.join(", "), items.text()),
            }
        })
    }

    /// What runs something on targets, or another plan.
    fn action(&mut self, call: &Call) -> Option<Written> {
        let arguments = &call.arguments;
        let (function, named, targets) = match call.name.as_str() {
            "run_task" => ("run_task", 1, 1),
            "run_command" => ("run_command", 1, 1),
            "run_script" => ("run_script", 1, 1),
            "run_task_with" => ("run_task_with", 1, 1),
            "upload_file" => ("upload", 2, 2),
            "download_file" => ("download", 2, 2),
            "write_file" => ("write_file", 2, 2),
            "wait_until_available" => ("wait_until_available", 0, 0),
            "run_plan" => return Some(self.plan_call(arguments)),
            _ => return None,
        };
        if arguments.len() <= targets {
            return None;
        }
        let mut written = self.arguments(&arguments[..=targets]);
        let mut rest = &arguments[targets + 1..];
        let mut options = Options::default();
        if let [description, more @ ..] = rest
            && !matches!(description.kind, ExpressionKind::Map(_))
            && literal_text(description).is_some()
        {
            options.set("description", self.value(description).layout);
            rest = more;
        }
        let mut params = None;
        if let [map, ..] = rest {
            params = self.split(
                map,
                &mut options,
                named == 1 && function.starts_with("run_task"),
            );
        }
        if let Some(lambda) = &call.lambda {
            let (closure, _) = self.closure(lambda, &[Kind::Target]);
            written.push(Layout::text(closure));
        }
        if function == "run_task" && (params.is_some() || !options.is_empty()) {
            written.push(params.unwrap_or(Layout::Map(Vec::new())));
        }
        written.extend(options.layout());
        Some(Written::new(
            rhai_text::call("", function, &written),
            Kind::ResultSet,
        ))
    }

    fn plan_call(&mut self, arguments: &[Expression]) -> Written {
        let Some((plan, rest)) = arguments.split_first() else {
            return self.unknown(0, "run_plan");
        };
        let bundled = literal_text(plan).and_then(|name| self.bundled(&name));
        if let Some(Bundled::Gone(help)) = bundled {
            return self.refused(plan.at, "one of Bolt's own plans", help);
        }
        if bundled == Some(Bundled::Reboot) {
            return self.refused(plan.at, "one of Bolt's own plans", REBOOT);
        }
        let mut written = vec![self.value(plan).layout];
        let mut options = Options::default();
        let mut params = Vec::new();
        for argument in rest {
            if let ExpressionKind::Map(_) = &argument.kind {
                if let Some(Layout::Map(entries)) = self.split(argument, &mut options, true) {
                    params.extend(entries);
                }
                continue;
            }
            // Targets in front of the parameters fill the one that is called so.
            let name = literal_text(plan).map_or("targets", |plan| self.target_param(&plan));
            params.push((name.to_owned(), self.value(argument).layout));
        }
        if bundled == Some(Bundled::Facts) {
            let mut call = vec![facts_targets(Layout::Map(params))];
            call.extend(options.layout());
            let text = rhai_text::call("", "collect_facts", &call);
            return Written::new(text, Kind::ResultSet);
        }
        if !params.is_empty() || !options.is_empty() {
            written.push(Layout::Map(params));
        }
        written.extend(options.layout());
        Written::new(rhai_text::call("", "run_plan", &written), Kind::Unknown)
    }

    /// The parameter of a plan that takes targets: `nodes` if it has one, as Bolt decides.
    pub(super) fn target_param(&self, plan: &str) -> &'static str {
        let params = self.plans.params(plan).unwrap_or_default();
        if params.contains("nodes") && !params.contains("targets") {
            "nodes"
        } else {
            "targets"
        }
    }

    /// Parameters and options out of the one map that Bolt has for both. A map that is computed is all parameters.
    fn split(
        &mut self,
        map: &Expression,
        options: &mut Options,
        has_params: bool,
    ) -> Option<Layout> {
        let ExpressionKind::Map(pairs) = &map.kind else {
            return Some(self.value(map).layout);
        };
        let mut params = Vec::new();
        for (key, value) in pairs {
            let Some(name) = literal_text(key) else {
                self.value(map);
                continue;
            };
            let layout = self.value(value).layout;
            match option_name(&name, has_params) {
                Some(option) => options.set(option, layout),
                None if name.starts_with('_') => {
                    let what = format!("the option `{name}`");
                    self.refused(
                        key.at,
                        &what,
                        "`segue doc run_task` lists the options that there are",
                    );
                }
                None => params.push((rhai_text::key(&name), layout)),
            }
        }
        has_params.then_some(Layout::Map(params))
    }

    /// What has a block that says what is done, rather than what comes of a value.
    fn flow(&mut self, call: &Call) -> Option<Written> {
        let arguments = &call.arguments;
        let written = match (call.name.as_str(), arguments.as_slice(), &call.lambda) {
            ("return", [value], _) => {
                let value = self.value(value);
                Written::new(format!("return {}", value.text()), Kind::Unknown)
            }
            ("return", [], _) => Written::new("return", Kind::Unknown),
            ("next", [], _) if self.around == Around::Loop => {
                Written::new("continue", Kind::Unknown)
            }
            ("next", [value], _) if self.around == Around::Closure => {
                let value = self.value(value);
                Written::new(format!("return {}", value.text()), Kind::Unknown)
            }
            ("break", [], _) if self.around == Around::Loop => Written::new("break", Kind::Unknown),
            ("with" | "without_default_logging", [], Some(lambda)) => {
                self.block_value(&lambda.body)
            }
            ("catch_errors", _, Some(lambda)) => {
                let (closure, _) = self.closure(lambda, &[]);
                Written::new(format!("attempt({closure})"), Kind::Map)
            }
            ("parallelize", [items], Some(lambda)) => {
                let items = self.value(items);
                let (closure, _) = self.closure(lambda, &[items.kind.item()]);
                let layout = [items.layout, Layout::text(closure)];
                Written::new(rhai_text::call("", "parallel", &layout), Kind::array())
            }
            ("background", _, Some(lambda)) => {
                let (closure, _) = self.closure(lambda, &[]);
                Written::new(format!("background({closure})"), Kind::Unknown)
            }
            ("wait", [_, ..], None) => {
                let arguments = self.arguments(arguments);
                Written::new(rhai_text::call("", "wait", &arguments), Kind::Unknown)
            }
            ("prompt", [_, ..], None) => {
                let arguments = self.arguments(arguments);
                Written::new(rhai_text::call("", "prompt", &arguments), Kind::Text)
            }
            ("prompt::menu", [_, _, ..], None) => {
                let arguments = self.arguments(arguments);
                Written::new(rhai_text::call("", "menu", &arguments), Kind::Text)
            }
            ("String", [value], None) => {
                let value = self.value(value);
                Written::new(format!("`${{{}}}`", value.text()), Kind::Text)
            }
            ("file::join", parts, None) if !parts.is_empty() => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| match literal_text(part) {
                        Some(text) => rhai_text::in_template(&text),
                        None => format!("${{{}}}", self.value(part).text()),
                    })
                    .collect();
                Written::new(format!("`{}`", parts.join("/")), Kind::Text)
            }
            _ => return None,
        };
        Some(written)
    }

    /// What is called on a value, in either of Puppet's two ways.
    fn member(
        &mut self,
        at: usize,
        name: &str,
        of: &Expression,
        rest: &[Expression],
        call: &Call,
    ) -> Written {
        let value = self.value(of);
        let value = as_set(value);
        let on = value.receiver();
        let kind = value.kind.clone();
        if let Some(lambda) = &call.lambda {
            return self.with_lambda(at, name, &value, rest, lambda);
        }
        if let ([], Some((text, gives))) = (rest, property(name, &kind)) {
            return Written::new(format!("{on}.{text}"), gives);
        }
        let rest: Vec<String> = rest
            .iter()
            .map(|argument| self.value(argument).text())
            .collect();
        let method = |text: String, gives: Kind| Written::new(format!("{on}.{text}"), gives);
        match (name, rest.as_slice()) {
            ("length" | "size" | "count", []) if kind.is_set() => {
                method("len".to_owned(), Kind::Number)
            }
            ("length" | "size" | "count", []) => method("len()".to_owned(), Kind::Number),
            ("empty", []) if kind.is_set() => method("is_empty".to_owned(), Kind::Boolean),
            ("empty", []) => method("is_empty()".to_owned(), Kind::Boolean),
            ("keys" | "values", []) => method(format!("{name}()"), Kind::array()),
            ("upcase", []) => method("to_upper()".to_owned(), Kind::Text),
            ("downcase", []) => method("to_lower()".to_owned(), Kind::Text),
            ("strip", []) => method("trim()".to_owned(), Kind::Text),
            ("lstrip", []) => method("trim_start()".to_owned(), Kind::Text),
            ("rstrip" | "chomp", []) => method("trim_end()".to_owned(), Kind::Text),
            ("split", [pattern]) => method(
                format!("split_regex({pattern})"),
                Kind::Array(Box::new(Kind::Text)),
            ),
            ("join", [separator]) => method(format!("join({separator})"), Kind::Text),
            ("join", []) => method("join()".to_owned(), Kind::Text),
            ("regsubst", [pattern, by, ..]) => {
                method(format!("replace_regex({pattern}, {by})"), Kind::Text)
            }
            ("match", [pattern]) => method(format!("find({pattern})"), Kind::Unknown),
            ("first", []) => Written::new(format!("{on}[0]"), kind.item()),
            ("last", []) => Written::new(format!("{on}[-1]"), kind.item()),
            ("sort", []) => method("order()".to_owned(), kind),
            ("member" | "include", [item]) => method(format!("contains({item})"), Kind::Boolean),
            ("has_key", [key]) => Written {
                strength: 110,
                ..Written::new(format!("{key} in {on}"), Kind::Boolean)
            },
            ("merge" | "concat" | "union", [_, ..]) => Written {
                strength: 150,
                ..Written::new(format!("{on} + {}", rest.join(" + ")), kind)
            },
            ("dig", [_, ..]) => {
                let keys: Vec<String> = rest.iter().map(|key| format!("?[{key}]")).collect();
                Written::new(format!("{on}{}", keys.concat()), Kind::Unknown)
            }
            ("find", [name]) if kind == Kind::ResultSet => {
                Written::new(format!("{on}[{name}]"), Kind::Result)
            }
            ("to_data", []) if kind == Kind::ResultSet => {
                method("map(|result| result.to_map())".to_owned(), Kind::array())
            }
            ("to_data", []) => method("to_map()".to_owned(), Kind::Map),
            ("to_s" | "stringify", []) => Written::new(format!("`${{{on}}}`"), Kind::Text),
            ("new", [value]) if on.is_empty() => Written::new(value.clone(), Kind::Unknown),
            _ if call.is_method && kind == Kind::Unknown && rest.is_empty() => {
                // A value whose type nobody knows: most of what is looked up so is called the same.
                match property_anywhere(name) {
                    Some(text) => method(text.to_owned(), Kind::Unknown),
                    None => self.unknown(at, name),
                }
            }
            _ => self.unknown(at, &call.name),
        }
    }

    fn with_lambda(
        &mut self,
        at: usize,
        name: &str,
        value: &Written,
        rest: &[Expression],
        lambda: &Lambda,
    ) -> Written {
        let on = value.receiver();
        let item = value.kind.item();
        let is_pair = lambda.params.len() == 2 && !matches!(name, "reduce");
        if is_pair {
            let what = format!("`{name}` with two parameters");
            return self.refused(at, &what, "go over the keys with `for key in map.keys()`, or over the items with `for (item, number) in items`");
        }
        if matches!(value.kind, Kind::Text | Kind::Number | Kind::Boolean) {
            let what = format!("`{name}` on what is no list");
            return self.refused(
                at,
                &what,
                "Bolt would fail here, too: correct the YAML plan first",
            );
        }
        match name {
            "map" | "filter" | "any" | "all" | "filter_set" | "each" | "index" => {
                let (closure, gives) = self.closure(lambda, std::slice::from_ref(&item));
                let (method, kind) = match name {
                    "map" => ("map", Kind::Array(Box::new(gives))),
                    "filter" | "filter_set" => ("filter", value.kind.clone()),
                    "any" if value.kind.is_set() => ("any", Kind::Boolean),
                    "any" => ("some", Kind::Boolean),
                    "all" => ("all", Kind::Boolean),
                    "index" => ("index_of", Kind::Number),
                    _ => ("for_each", Kind::Unknown),
                };
                Written::new(format!("{on}.{method}({closure})"), kind)
            }
            "reduce" => {
                let (closure, _) = self.closure(lambda, &[Kind::Unknown, item]);
                let first = rest
                    .first()
                    .map(|first| format!(", {}", self.value(first).text()));
                let text = format!("{on}.reduce({closure}{})", first.unwrap_or_default());
                Written::new(text, Kind::Unknown)
            }
            "then" | "with" => {
                let (closure, gives) = self.closure(lambda, std::slice::from_ref(&value.kind));
                Written::new(format!("({closure}).call({})", value.text()), gives)
            }
            _ => self.unknown(at, name),
        }
    }
}

/// What Bolt calls an option, in Segue.
fn option_name(name: &str, has_params: bool) -> Option<&'static str> {
    Some(match name {
        "_catch_errors" => "catch_errors",
        "_description" => "description",
        "_env_vars" => "env",
        "_noop" => "noop",
        "_run_as" => "run_as",
        "arguments" if !has_params => "arguments",
        "description" if !has_params => "description",
        "retry_interval" if !has_params => "interval",
        "wait_time" if !has_params => "timeout",
        _ => return None,
    })
}

/// What a value has without being asked for anything.
fn property(name: &str, kind: &Kind) -> Option<(&'static str, Kind)> {
    let sets = kind.is_set();
    Some(match (kind, name) {
        (Kind::ResultSet, "ok_set") => ("succeeded", Kind::ResultSet),
        (Kind::ResultSet, "error_set") => ("failed", Kind::ResultSet),
        (Kind::ResultSet, "targets") => ("targets", Kind::TargetSet),
        (Kind::ResultSet, "results") => ("to_array()", Kind::Array(Box::new(Kind::Result))),
        (Kind::ResultSet | Kind::Result, "ok") => ("ok", Kind::Boolean),
        (_, "names") if sets => ("names", Kind::Array(Box::new(Kind::Text))),
        (_, "first") if sets => ("first", kind.item()),
        (_, "last") if sets => ("last", kind.item()),
        (Kind::Result, "target") => ("target", Kind::Target),
        (Kind::Result, "value") => ("value", Kind::Map),
        (Kind::Result, "error") => ("error", Kind::Error),
        (Kind::Result, "status") => ("status", Kind::Text),
        (Kind::Result, "action") => ("action", Kind::Text),
        (Kind::Result, "message") | (Kind::Error, "msg" | "message") => ("message", Kind::Text),
        (Kind::Error, "kind") => ("kind", Kind::Text),
        (Kind::Error, "details") => ("details", Kind::Map),
        (Kind::Target, "name" | "safe_name") => ("name", Kind::Text),
        (Kind::Target, "host") => ("host", Kind::Text),
        (Kind::Target, "uri") => ("uri", Kind::Text),
        (Kind::Target, "user") => ("user", Kind::Text),
        (Kind::Target, "port") => ("port", Kind::Number),
        (Kind::Target, "protocol" | "transport") => ("transport", Kind::Text),
        (Kind::Target, "vars") => ("vars", Kind::Map),
        (Kind::Target, "facts") => ("facts", Kind::Map),
        (Kind::Target, "config") => ("config", Kind::Map),
        (Kind::Target, "features") => ("features", Kind::array()),
        (Kind::Target, "target_alias") => ("aliases", Kind::array()),
        _ => return None,
    })
}

/// The same, where nobody knows what the value is.
fn property_anywhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "error_set" => "failed",
        "ok_set" => "succeeded",
        "details" => "details",
        "error" => "error",
        "facts" => "facts",
        "host" => "host",
        "kind" => "kind",
        "message" | "msg" => "message",
        "name" => "name",
        "names" => "names",
        "ok" => "ok",
        "status" => "status",
        "target" => "target",
        "targets" => "targets",
        "uri" => "uri",
        "value" => "value",
        "vars" => "vars",
        _ => return None,
    })
}

/// A text of YAML as a value.
pub(super) fn text_value(text: &str) -> Written {
    Written::new(quoted(text), Kind::Text)
}
