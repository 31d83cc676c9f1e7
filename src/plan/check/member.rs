//! Properties, indexes and methods of values whose type is known.

use super::{
    call::Way,
    checker::Checker,
    closure::ClosureUse,
    kind::Kind,
    report::listed,
    survey::is_changing,
    through::Wants,
    tree::{Call, Expression, ExpressionKind, Name},
    vocabulary::{MemberKind, Signature},
};
use crate::{
    model::nearest,
    plan::{
        functions::{CLEAR, POP},
        source::Span,
    },
};

impl<'t> Checker<'t> {
    /// `receiver.name`.
    pub(super) fn property(
        &mut self,
        kind: &Kind,
        receiver: &'t Expression,
        name: &Name,
        optional: bool,
    ) -> Kind {
        let receiver_name = match kind {
            Kind::Native(native) => native.to_string(),
            Kind::Text => "String".to_owned(),
            Kind::Array(_) => "Array".to_owned(),
            Kind::Integer | Kind::Float | Kind::Boolean => kind.to_string(),
            Kind::Unit if optional => return Kind::Unknown,
            Kind::Unit if self.gives_nothing(receiver) => return Kind::Unknown,
            Kind::Unit => {
                let problem = self.error(
                    "segue::plan::unknown_property",
                    "this is nothing, which has no properties",
                    receiver.span.to(name.span),
                    "",
                );
                self.tell(problem);
                return Kind::Unknown;
            }
            Kind::Map => {
                self.known_keys(receiver, name);
                return Kind::Unknown;
            }
            _ => return Kind::Unknown,
        };
        let getter = self
            .vocabulary
            .named(&name.text, MemberKind::Getter)
            .find(|signature| signature.receiver.as_deref() == Some(&receiver_name));
        if let Some(getter) = getter {
            // Nothing, for a set without a first one.
            return match name.text.as_str() {
                "names" | "groups" | "aliases" | "features" => Kind::array(Kind::Text),
                "user" | "uri" | "port" | "exit_code" => Kind::Unknown,
                _ => Kind::named(&getter.returns),
            };
        }
        let rhai_getter = format!("get${}", name.text);
        let is_rhai = !matches!(kind, Kind::Native(_))
            && self.vocabulary.rhai(&rhai_getter).iter().any(|function| {
                function
                    .params
                    .first()
                    .is_some_and(|param| kind.fits(param))
            });
        if is_rhai {
            return match name.text.as_str() {
                "len" => Kind::Integer,
                _ => Kind::Unknown,
            };
        }
        self.unknown_property(kind, &receiver_name, name);
        Kind::Unknown
    }

    /// The function of Segue that gives a map.
    pub(super) fn given_by(&self, map: &'t Expression) -> Option<&'static str> {
        match &self.resolved(map).kind {
            ExpressionKind::Call(call) if call.namespace.is_none() => match call.name.text.as_str()
            {
                "attempt" => Some("attempt"),
                "approve" => Some("approve"),
                _ => None,
            },
            ExpressionKind::Method { receiver, call, .. }
                if call.name.text == "run"
                    && self.kind_of(receiver, &receiver.kind).is_native("Graph") =>
            {
                Some("run")
            }
            _ => None,
        }
    }

    /// A key of a map that a function of Segue gives.
    fn known_keys(&mut self, receiver: &'t Expression, name: &Name) {
        let Some(function) = self.given_by(receiver) else {
            return;
        };
        let keys: &[&str] = match function {
            "attempt" => &["ok", "value", "error"],
            "approve" => &["by", "comment"],
            _ => &["ok", "ending", "steps", "needs_human"],
        };
        if keys.contains(&name.text.as_str()) {
            return;
        }
        let meant = match name.text.as_str() {
            "result" | "results" | "returned" if function == "attempt" => Some("value"),
            "err" | "exception" | "failure" if function == "attempt" => Some("error"),
            "success" | "succeeded" => Some("ok"),
            "user" if function == "approve" => Some("by"),
            other => nearest(other, keys.iter().copied()),
        };
        let help = match (meant, name.text.as_str()) {
            (_, "failed") => "write `!` in front, and `.ok` behind it".to_owned(),
            (Some(meant), _) => format!("did you mean `{meant}`?"),
            (None, _) if function == "run" => format!(
                "it has {}; what a step gave is `.steps[\"name\"].value`",
                listed(keys.iter().copied())
            ),
            (None, _) => format!("it has {}", listed(keys.iter().copied())),
        };
        let problem = self
            .error(
                "segue::plan::unknown_property",
                format!("what `{function}` gives has no `{}`", name.text),
                name.span,
                "",
            )
            .help(help);
        self.tell(problem);
    }

    fn unknown_property(&mut self, kind: &Kind, receiver: &str, name: &Name) {
        let members: Vec<&Signature> = self.vocabulary.members(receiver).collect();
        let is_method = members
            .iter()
            .any(|member| member.member == MemberKind::Method && member.name == name.text)
            || (!matches!(kind, Kind::Native(_)) && !self.vocabulary.rhai(&name.text).is_empty());
        let getters = || {
            members
                .iter()
                .filter(|member| member.member == MemberKind::Getter)
                .map(|member| member.name.as_str())
        };
        let help = if is_method {
            Some(format!("it is a method: write `.{}(...)`", name.text))
        } else if let Some(meant) = nearest(&name.text, getters()) {
            Some(format!("did you mean `{meant}`?"))
        } else if let Some(help) = elsewhere(kind, &name.text) {
            Some(help)
        } else {
            let mut names: Vec<&str> = getters().collect();
            names.sort_unstable();
            (!names.is_empty()).then(|| format!("it has {}", listed(names)))
        };
        let problem = self
            .error(
                "segue::plan::unknown_property",
                format!("{kind} has no `{}`", name.text),
                name.span,
                "",
            )
            .maybe_help(help);
        self.tell(problem);
    }

    /// `receiver[index]`.
    pub(super) fn index(
        &mut self,
        kind: &Kind,
        receiver: &Expression,
        index_kind: &Kind,
        index: &Expression,
    ) -> Kind {
        let wrong = match (kind, index_kind) {
            (Kind::Array(_), Kind::Text | Kind::Boolean | Kind::Unit | Kind::Map) => {
                Some("an Array is indexed by numbers")
            }
            (
                Kind::Map,
                Kind::Integer | Kind::Boolean | Kind::Unit | Kind::Map | Kind::Array(_),
            ) => Some("a Map is indexed by strings"),
            (Kind::Boolean | Kind::Unit | Kind::Closure, _) => Some("this can't be indexed"),
            (Kind::Native(name), Kind::Text) if &**name == "Error" => {
                Some("an Error is not indexed: it has `.kind`, `.message` and `.details`")
            }
            (Kind::Native(name), Kind::Text) if &**name == "Target" => {
                Some("a Target is not indexed: it has `.vars`, `.facts` and others")
            }
            _ => None,
        };
        if kind.is_native("ResultSet") && self.part_of_results(index) {
            return Kind::Unknown;
        }
        if let Some(message) = wrong {
            let span = if matches!(kind, Kind::Array(_) | Kind::Map) {
                index.span
            } else {
                receiver.span
            };
            let shown = if span == index.span { index_kind } else { kind };
            let problem = self.error(
                "segue::plan::wrong_type",
                message,
                span,
                format!("this is {shown}"),
            );
            self.tell(problem);
        }
        match (kind, index_kind) {
            (Kind::Array(item), Kind::Integer) => (**item).clone(),
            (Kind::Native(name), Kind::Integer | Kind::Text) => match &**name {
                "ResultSet" => Kind::native("Result"),
                "TargetSet" => Kind::native("Target"),
                "Tiers" => Kind::native("TargetSet"),
                _ => Kind::Unknown,
            },
            _ => Kind::Unknown,
        }
    }

    /// `results["exit_code"]`: results are looked up by the names of their targets.
    fn part_of_results(&mut self, index: &Expression) -> bool {
        let Some(name) = index.as_text() else {
            return false;
        };
        let mut parts = self.vocabulary.members("Result");
        let is_part = parts.any(|part| part.member == MemberKind::Getter && part.name == name);
        if !is_part || self.world.targets(name).is_ok() || self.made.contains(name) {
            return false;
        }
        let problem = self
            .warning(
                "segue::plan::unknown_property",
                "results are looked up by the names of targets",
                index.span,
                "no target has this name",
            )
            .help(format!(
                "each result has its own: `.first.{name}`, or `for result in results {{ result.{name} }}`"
            ));
        self.tell(problem);
        true
    }

    /// `receiver.name(arguments)`.
    pub(super) fn method(
        &mut self,
        receiver: &'t Expression,
        call: &'t Call,
        optional: bool,
        span: Span,
    ) -> Kind {
        let kind = self.value(receiver);
        self.changed_by(&kind, receiver, &call.name);
        self.self_capture(receiver, call);
        let name = &call.name.text;
        if name == "call" {
            self.used_for(receiver, Wants::Closure);
        }
        let receiver_name = match &kind {
            Kind::Native(native) => Some(native.to_string()),
            Kind::Text => Some("String".to_owned()),
            Kind::Array(_) => Some("Array".to_owned()),
            Kind::Map => Some("Map".to_owned()),
            _ => None,
        };
        if let Some(receiver_name) = &receiver_name {
            let vocabulary = self.vocabulary;
            let candidates: Vec<&'static Signature> = vocabulary
                .named(name, MemberKind::Method)
                .filter(|signature| signature.receiver.as_ref() == Some(receiver_name))
                .collect();
            if !candidates.is_empty() {
                if receiver_name == "Graph" {
                    match name.as_str() {
                        "step" => self.step(receiver, call),
                        // The steps of another graph: their names are not followed.
                        "add" => self.adds_graph(receiver),
                        _ => {}
                    }
                }
                return self.native_call(&candidates, call, Some(&kind), span);
            }
        }
        let uses = ClosureUse::of_method(name, &kind);
        for argument in &call.arguments {
            self.argument(argument, &uses);
        }
        if optional && kind == Kind::Unit {
            return Kind::Unknown;
        }
        self.other_method(&kind, receiver, call)
    }

    /// A method that is none of Segue's own: of the file, of Rhai, or of nobody.
    fn other_method(&mut self, kind: &Kind, receiver: &Expression, call: &Call) -> Kind {
        let name = &call.name.text;
        let count = call.arguments.len();
        let own = self.functions.named(name);
        if own.iter().any(|function| function.params.len() == count) {
            return Kind::Unknown;
        }
        let fitting: Vec<_> = self
            .vocabulary
            .rhai(name)
            .iter()
            .filter(|function| {
                function.params.len() == count + 1
                    && function
                        .params
                        .first()
                        .is_some_and(|first| kind.fits(first))
            })
            .collect();
        if !fitting.is_empty() {
            let gives_nothing = *kind != Kind::Unknown
                && is_changing(name)
                && fitting.iter().all(|function| function.returns == "()");
            if gives_nothing {
                return Kind::Unit;
            }
            return result_of(name);
        }
        if *kind == Kind::Map && !self.survey.keys.contains(name) && method_of_maps(name).is_some()
        {
            self.unknown_method(kind, receiver, call);
            return Kind::Unknown;
        }
        // The value of a key may be a closure.
        if matches!(kind, Kind::Map | Kind::Unknown)
            && (self.survey.keys.contains(name) || *kind == Kind::Map)
        {
            return Kind::Unknown;
        }
        if self.lost.contains(name) {
            return Kind::Unknown;
        }
        if *kind == Kind::Unknown {
            self.unknown_method_of_unknown(receiver, call);
            return Kind::Unknown;
        }
        if *kind == Kind::Unit && self.gives_nothing(receiver) {
            return Kind::Unknown;
        }
        self.unknown_method(kind, receiver, call);
        // What was meant may be a property.
        let getter = match kind {
            Kind::Native(native) => self
                .vocabulary
                .members(native)
                .find(|member| member.member == MemberKind::Getter && member.name == *name),
            _ => None,
        };
        getter.map_or(Kind::Unknown, |getter| Kind::named(&getter.returns))
    }

    fn unknown_method(&mut self, kind: &Kind, receiver: &Expression, call: &Call) {
        let name = &call.name.text;
        let receiver_name = match kind {
            Kind::Native(native) => native.to_string(),
            Kind::Text => "String".to_owned(),
            Kind::Array(_) => "Array".to_owned(),
            other => other.to_string(),
        };
        let count = call.arguments.len();
        let ways: Vec<Way> = self
            .vocabulary
            .rhai(name)
            .iter()
            .filter(|function| {
                function
                    .params
                    .first()
                    .is_some_and(|first| kind.fits(first))
            })
            .map(|function| Way::of_count(function.params.len() - 1))
            .collect();
        let is_getter = self
            .vocabulary
            .members(&receiver_name)
            .any(|member| member.member == MemberKind::Getter && member.name == *name);
        let is_foreign = elsewhere(kind, name).is_some();
        if !is_getter && !is_foreign && !ways.is_empty() && !matches!(kind, Kind::Native(_)) {
            self.wrong_count(&call.name, count, &ways, None);
            return;
        }
        let help = if is_getter {
            Some(format!("it is no method: write `.{name}` without brackets"))
        } else if let Some(help) = elsewhere(kind, name) {
            Some(help)
        } else if self.vocabulary.functions(name).next().is_some() {
            let shown = receiver.span.of(self.source.text());
            Some(format!(
                "it is a function: write `{name}(...)`, with `{shown}` among its arguments"
            ))
        } else {
            let mut names: Vec<&str> = self
                .vocabulary
                .members(&receiver_name)
                .map(|member| member.name.as_str())
                .collect();
            if !matches!(kind, Kind::Native(_)) {
                names.extend(self.vocabulary.rhai_names());
            }
            let others = || names.iter().copied().filter(|other| other != name);
            let meant = || nearest(name, others());
            meant()
                .map(|meant| format!("did you mean `{meant}`?"))
                .or_else(|| {
                    names.sort_unstable();
                    let native = matches!(kind, Kind::Native(_)) && !names.is_empty();
                    native.then(|| format!("it has {}", listed(names)))
                })
        };
        let problem = self
            .error(
                "segue::plan::unknown_method",
                format!("{kind} has no method `{name}`"),
                call.name.span,
                "",
            )
            .maybe_help(help);
        self.tell(problem);
    }

    /// Of what nothing is known, only a name that nothing at all has is worth a word.
    fn unknown_method_of_unknown(&mut self, receiver: &Expression, call: &Call) {
        let name = &call.name.text;
        // What was told of the receiver is enough.
        if let ExpressionKind::Variable(root) = &receiver.root().kind
            && self.scopes.get(root).is_none()
        {
            return;
        }
        let known = self.vocabulary.knows(name)
            || self
                .vocabulary
                .named(name, MemberKind::Getter)
                .next()
                .is_some()
            || !self.functions.named(name).is_empty();
        if known {
            return;
        }
        let methods = self
            .vocabulary
            .all()
            .filter(|signature| signature.member == MemberKind::Method)
            .map(|signature| signature.name.as_str())
            .chain(self.vocabulary.rhai_names());
        let Some(meant) = nearest(name, methods) else {
            return;
        };
        let help = format!("did you mean `{meant}`?");
        let problem = self
            .warning(
                "segue::plan::unknown_method",
                format!("nothing has a method `{name}`"),
                call.name.span,
                "",
            )
            .help(help);
        self.tell(problem);
    }

    /// Where a closure in an argument uses the variable; also one that a variable or a map holds.
    fn captured_in(&self, argument: &Expression, name: &str) -> Option<Span> {
        match &argument.kind {
            ExpressionKind::Closure(closure) => closure
                .captures
                .iter()
                .find(|capture| capture.text == name)
                .map(|capture| capture.span),
            ExpressionKind::Map(entries) => entries
                .iter()
                .find_map(|entry| self.captured_in(&entry.value, name)),
            ExpressionKind::Array(items) => {
                items.iter().find_map(|item| self.captured_in(item, name))
            }
            ExpressionKind::Variable(held) => {
                let value = self.scopes.get(held)?.value?;
                match value.kind {
                    ExpressionKind::Closure(_) => self.captured_in(value, name),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `r.keys().map(|k| r[k])`: Rhai holds `r` until the call has ended.
    fn self_capture(&mut self, receiver: &Expression, call: &Call) {
        let root = receiver.root();
        let ExpressionKind::Variable(name) = &root.kind else {
            return;
        };
        for argument in &call.arguments {
            let Some(captured) = self.captured_in(argument, name) else {
                continue;
            };
            let problem = self
                .error(
                    "segue::plan::self_capture",
                    format!("`{name}` is used inside of its own method call"),
                    captured,
                    "this closure uses it",
                )
                .label(
                    root.span.to(call.name.span),
                    format!("`{name}` is in use until this call has ended"),
                )
                .help(format!(
                    "take what is gone through out first: `let items = {};`, then `items.{}(...)`",
                    receiver.span.of(self.source.text()),
                    call.name.text
                ));
            self.tell(problem);
        }
    }
}

/// Where a property or method is that people look for in the wrong place.
fn elsewhere(kind: &Kind, name: &str) -> Option<String> {
    let is_length = matches!(name, "size" | "count") || nearest(name, ["length"]).is_some();
    if matches!(kind, Kind::Array(_) | Kind::Text | Kind::Map) && is_length {
        return Some("write `.len()`".to_owned());
    }
    if let (Kind::Map, Some(help)) = (kind, method_of_maps(name)) {
        return Some(help.to_owned());
    }
    if let Some(help) = foreign_method(kind, name) {
        return Some(help.to_owned());
    }
    if let Some(help) = needless(name) {
        return Some(help.to_owned());
    }
    let Kind::Native(native) = kind else {
        return None;
    };
    let help = match (&**native, name) {
        ("ResultSet", "status") => {
            "write `.ok`; each result has its own: `for result in results { result.status }`".to_owned()
        }
        ("Sensitive", _) => {
            "`reveal(value)` gives what is hidden: from there on it is seen by whoever looks".to_owned()
        }
        ("ResultSet", "value" | "stdout" | "stderr" | "exit_code" | "error" | "target") => {
            format!(
                "each result has its own: `.first.{name}`, or `for result in results {{ result.{name} }}`"
            )
        }
        ("ResultSet", "success" | "is_ok" | "all_ok" | "ok_all")
        | ("Result", "success" | "succeeded" | "is_ok") => "write `.ok`".to_owned(),
        ("ResultSet", "errors" | "failures" | "error_set") => "write `.failed`".to_owned(),
        ("ResultSet", "ok_set" | "successes") => "write `.succeeded`".to_owned(),
        ("Result", "output") => "write `.stdout`, or `[\"key\"]` for what a task gave".to_owned(),
        ("Result", "name" | "host" | "node") => "write `.target.name`".to_owned(),
        ("TargetSet" | "ResultSet" | "Tiers" | "Graph", _) if is_length => {
            "write `.len`".to_owned()
        }
        ("Result", "failed" | "is_failed" | "failure") => "write `!result.ok`".to_owned(),
        ("Result", "rc" | "code" | "exitcode" | "exit_status" | "return_code" | "returncode") => {
            "write `.exit_code`".to_owned()
        }
        ("Result", "stdout_lines" | "lines") => "write `.stdout.split(\"\\n\")`".to_owned(),
        ("Result", "changed" | "skipped") => format!("what a task gave is `[\"{name}\"]`"),
        ("Target", "os" | "osfamily" | "kernel" | "arch") => {
            format!("facts that were collected are in a map: write `.facts[\"{name}\"]`")
        }
        ("Future", "value" | "result" | "get" | "await" | "join" | "values") => {
            "write `wait(future)`".to_owned()
        }
        ("Error", "msg" | "reason" | "text") | ("Result", "msg") => "write `.message`".to_owned(),
        ("Error", "result" | "result_set") => "write `.results`".to_owned(),
        ("Error", "exit_code" | "stdout" | "stderr") => {
            format!("each result has its own: `for result in err.results.failed {{ result.{name} }}`")
        }
        ("Error", "stack" | "line" | "backtrace") => "write `.place`".to_owned(),
        ("Target", "hostname" | "fqdn" | "address" | "ip") => "write `.host`".to_owned(),
        ("Target", "var") => "write `.vars.name`".to_owned(),
        ("Target", "fact") => "write `.facts.name`".to_owned(),
        ("TargetSet" | "ResultSet", "each" | "for_each" | "forEach") => {
            "write `for item in items { ... }`; `parallel(items, |item| ...)` does it at the same time"
                .to_owned()
        }
        ("ResultSet", "push" | "add" | "append" | "concat") => {
            "results are joined with `+`".to_owned()
        }
        ("TargetSet", "push" | "add" | "append" | "insert") => {
            "a set is not changed: write `nodes + \"name\"`".to_owned()
        }
        ("TargetSet", "remove" | "delete" | "discard" | "without") => {
            "a set is not changed: write `nodes - \"name\"`".to_owned()
        }
        ("TargetSet", "slice" | "sub_array") => "write `.skip(0).take(2)`".to_owned(),
        _ => return None,
    };
    Some(help)
}

/// A method of Rust that has nothing to do here.
fn needless(name: &str) -> Option<&'static str> {
    Some(match name {
        "iter" | "into_iter" | "iter_mut" | "collect" | "to_vec" | "as_str" | "to_owned"
        | "as_ref" | "borrow" | "cloned" => "leave it out: it is what it has to be already",
        "unwrap" | "expect" => "leave it out: what fails ends the plan by itself",
        "unwrap_or" | "unwrap_or_default" | "unwrap_or_else" => "write `value ?? otherwise`",
        _ => return None,
    })
}

/// What a method of a map of another language is here. Any other name may be that of a key with a closure.
fn method_of_maps(name: &str) -> Option<&'static str> {
    Some(match name {
        "has_key" | "contains_key" | "hasOwnProperty" | "containsKey" | "has" | "include" => {
            "write `\"key\" in map`"
        }
        "items" | "entries" | "iteritems" | "each" | "each_pair" | "forEach" => {
            "write `for key in map.keys() { ... map[key] ... }`"
        }
        "delete" => "write `map.remove(\"key\")`",
        "merge" | "update" => "write `map.mixin(other);`, or `map += other;`",
        "empty" => "write `.is_empty()`",
        _ => return None,
    })
}

/// What Rhai calls a method of Python, Ruby or JavaScript.
fn foreign_method(kind: &Kind, name: &str) -> Option<&'static str> {
    Some(match (kind, name) {
        (Kind::Text, "clear") => CLEAR,
        (Kind::Text, "pop") => POP,
        (Kind::Text, "upper" | "uppercase" | "to_uppercase" | "toUpperCase" | "upcase") => {
            "write `.to_upper()`"
        }
        (Kind::Text, "lower" | "lowercase" | "to_lowercase" | "toLowerCase" | "downcase") => {
            "write `.to_lower()`"
        }
        (Kind::Text, "strip" | "chomp" | "rstrip" | "lstrip") => "write `.trim()`",
        (Kind::Text, "substring" | "substr" | "slice") => "write `.crop(start, length)`",
        (Kind::Text, "startswith" | "startsWith" | "start_with?") => "write `.starts_with(...)`",
        (Kind::Text, "endswith" | "endsWith") => "write `.ends_with(...)`",
        (Kind::Text, "format") => {
            "values are put into text between back-ticks: `` `text ${value}` ``"
        }
        (Kind::Text, "match" | "test") => "write `.matches(`pattern`)`",
        (Kind::Text | Kind::Array(_), "includes" | "include" | "has" | "find_index") => {
            "write `.contains(...)`, or `value in list`"
        }
        (Kind::Text, "lines" | "splitlines" | "split_lines") => "write `.split(\"\\n\")`",
        (Kind::Text, "to_i" | "to_int" | "as_int") => "write `parse_int(text)`",
        (Kind::Text, "to_f" | "as_float") => "write `parse_float(text)`",
        (Kind::Text, "to_s" | "to_str" | "to_sym") => "leave it out: it is a text already",
        (Kind::Text, "step") => {
            "`step` gives the name of the step: write `let g = graph(\"...\");`, and `g.step(...);` for each"
        }
        (Kind::Text, "join") => "write `list.join(\", \")`",
        (Kind::Array(_), "sum") => "write `list.reduce(|sum, x| sum + x, 0)`",
        (Kind::Array(_), "max" | "maximum") => "write `list.order()[-1]`",
        (Kind::Array(_), "min" | "minimum") => "write `list.order()[0]`",
        (Kind::Array(_) | Kind::Text, "empty") => "write `.is_empty()`",
        (Kind::Array(_), "joined" | "implode") => "write `.join(\", \")`",
        (Kind::Array(_), "each" | "forEach" | "each_with_index") => {
            "write `for item in list { ... }`"
        }
        (Kind::Array(_), "select" | "reject") => "write `.filter(...)`",
        (Kind::Array(_), "collect") => "leave it out, or write `.map(...)` if it changes the items",
        (Kind::Array(_), "any") => "write `.some(...)`",
        (
            Kind::Array(_),
            "ok" | "failed" | "succeeded" | "stdout" | "value" | "values" | "names",
        ) => "it is a list: each item has its own, such as `list.all(|item| item.ok)` or `list[0]`",
        (Kind::Text, "reverse" | "reversed") => "write `text.to_chars()`, and `reverse()` that",
        (Kind::Array(_), "first") => "write `list[0]`",
        (Kind::Array(_), "last") => "write `list[-1]`",
        _ => return None,
    })
}

/// What some of Rhai's functions give.
fn result_of(name: &str) -> Kind {
    match name {
        "len" | "index_of" | "count" => Kind::Integer,
        "contains" | "is_empty" | "starts_with" | "ends_with" | "all" | "some" => Kind::Boolean,
        "to_string" | "to_upper" | "to_lower" | "sub_string" | "to_debug" => Kind::Text,
        "keys" | "split" => Kind::array(Kind::Text),
        "values" | "map" | "to_array" | "zip" => Kind::array(Kind::Unknown),
        _ => Kind::Unknown,
    }
}
