//! Expressions: names that are not known, and the types of what can be told.

use super::{
    checker::Checker,
    closure::ClosureUse,
    foreign::foreign_namespace,
    kind::Kind,
    report::listed,
    scope::{Boundary, Role, Variable},
    tree::{Expression, ExpressionKind, Name, Operator, StatementKind},
};
use crate::{model::nearest, plan::source::Span};

/// How a target may have fared.
const STATUSES: [&str; 5] = ["succeeded", "failed", "unreached", "skipped", "lost"];

impl<'t> Checker<'t> {
    /// Looks at an expression and gives its type.
    pub(super) fn value(&mut self, expression: &'t Expression) -> Kind {
        let kind = self.looked_at(expression);
        if kind != Kind::Unknown {
            let span = expression.span;
            self.known_kinds
                .insert((span.start, span.end), kind.clone());
        }
        kind
    }

    fn looked_at(&mut self, expression: &'t Expression) -> Kind {
        match &expression.kind {
            ExpressionKind::Unit => Kind::Unit,
            ExpressionKind::Boolean(_) => Kind::Boolean,
            ExpressionKind::Integer(_) => Kind::Integer,
            ExpressionKind::Float(_) => Kind::Float,
            ExpressionKind::Character(_) => Kind::Character,
            ExpressionKind::Text(text) => {
                self.forgotten_interpolation(text, expression.span);
                Kind::Text
            }
            ExpressionKind::Template(parts) => {
                for part in parts {
                    self.template_part(part);
                }
                Kind::Text
            }
            ExpressionKind::Array(items) => {
                let kinds: Vec<Kind> = items.iter().map(|item| self.held(item)).collect();
                Kind::array(
                    kinds
                        .into_iter()
                        .reduce(Kind::join)
                        .unwrap_or(Kind::Unknown),
                )
            }
            ExpressionKind::Map(entries) => {
                for entry in entries {
                    self.held(&entry.value);
                }
                Kind::Map
            }
            ExpressionKind::Variable(name) => self.variable(name, expression.span),
            ExpressionKind::Qualified { namespace, name } => self.qualified(namespace, name),
            ExpressionKind::This => Kind::Unknown,
            ExpressionKind::Call(call) => self.call(call, expression.span),
            ExpressionKind::Method {
                receiver,
                call,
                optional,
            } => self.method(receiver, call, *optional, expression.span),
            ExpressionKind::Property {
                receiver,
                name,
                optional,
            } => {
                let kind = self.value(receiver);
                self.property(&kind, receiver, name, *optional)
            }
            ExpressionKind::Index { receiver, index } => {
                let kind = self.value(receiver);
                let index_kind = self.value(index);
                self.index(&kind, receiver, &index_kind, index)
            }
            ExpressionKind::Operator { operator, operands } => {
                self.operator(operator, operands, expression.span)
            }
            ExpressionKind::Closure(closure) => {
                self.closure(closure, &ClosureUse::default());
                Kind::Closure
            }
            ExpressionKind::Statement(statement) => {
                self.statements(std::slice::from_ref(statement));
                Kind::Unknown
            }
        }
    }

    /// A value that is put into an array or a map, from where it may go anywhere.
    fn held(&mut self, expression: &'t Expression) -> Kind {
        if let ExpressionKind::Variable(name) = &expression.kind {
            self.graphs.passed_on(name);
        }
        self.value(expression)
    }

    /// What stands between `${` and `}` is a block; mostly of one expression.
    fn template_part(&mut self, part: &'t Expression) {
        match &part.kind {
            ExpressionKind::Text(text) => self.forgotten_interpolation(text, part.span),
            ExpressionKind::Statement(statement) => match &statement.kind {
                StatementKind::Block(block) => {
                    self.scopes.open(Boundary::Block);
                    self.statements(&block.statements);
                    self.scopes.close();
                }
                _ => {
                    self.value(part);
                }
            },
            _ => {
                self.value(part);
            }
        }
    }

    fn variable(&mut self, name: &str, span: Span) -> Kind {
        if let Some(found) = self.scopes.find(name) {
            found.variable.used = true;
            return found.variable.kind.clone();
        }
        if !self.lost.contains(name) {
            self.unknown_variable(name, span);
        }
        Kind::Unknown
    }

    /// `lib::NAME`, `global::NAME`.
    fn qualified(&mut self, namespace: &Name, name: &Name) -> Kind {
        if namespace.text == "global" {
            self.used_outside.insert(name.text.clone());
            if let Some(found) = self.scopes.find(&name.text) {
                found.variable.used = true;
            }
            if !self.outer.contains(&name.text) && !self.lost.contains(&name.text) {
                let meant = nearest(&name.text, self.outer.iter().map(String::as_str))
                    .map(|meant| format!("did you mean `global::{meant}`?"));
                let problem = self
                    .error(
                        "segue::plan::unknown_variable",
                        format!("the plan has no constant `{}`", name.text),
                        name.span,
                        "",
                    )
                    .maybe_help(meant);
                self.tell(problem);
            }
            return Kind::Unknown;
        }
        let Some(import) = self.imports.get_mut(&namespace.text) else {
            self.unknown_namespace(namespace);
            return Kind::Unknown;
        };
        import.used = true;
        let known = import.functions.is_some();
        if known && !import.variables.contains(&name.text) {
            let is_function = import
                .functions
                .iter()
                .flatten()
                .any(|(function, _)| *function == name.text);
            let help = if is_function {
                Some(format!("call it: `{}::{}(...)`", namespace.text, name.text))
            } else if import.hidden.contains(&name.text) {
                Some(format!(
                    "write `export const {} = ...;` in that file",
                    name.text
                ))
            } else {
                nearest(&name.text, import.variables.iter().map(String::as_str))
                    .map(|meant| format!("did you mean `{}::{meant}`?", namespace.text))
            };
            let problem = self
                .error(
                    "segue::plan::unknown_variable",
                    format!("`{}` exports no `{}`", namespace.text, name.text),
                    name.span,
                    "",
                )
                .maybe_help(help);
            self.tell(problem);
        }
        Kind::Unknown
    }

    pub(super) fn unknown_namespace(&mut self, namespace: &Name) {
        if self.lost.contains(&namespace.text) {
            return;
        }
        let known: Vec<String> = self
            .imports
            .keys()
            .cloned()
            .chain(self.vocabulary.namespaces().map(str::to_owned))
            .collect();
        let nearest = nearest(&namespace.text, known.iter().map(String::as_str));
        let help = match (foreign_namespace(&namespace.text), nearest) {
            (Some(help), _) => help.to_owned(),
            (None, Some(meant)) => format!("did you mean `{meant}::`?"),
            (None, None) => format!(
                "write `import \"path/to/file\" as {};` at the top of the file",
                namespace.text
            ),
        };
        let problem = self
            .error(
                "segue::plan::unknown_import",
                format!("nothing is imported as `{}`", namespace.text),
                namespace.span,
                "",
            )
            .help(help);
        self.tell(problem);
    }

    /// `nodes.each |n| { ... }`, as in Ruby and Puppet: Rhai takes the bars for an operator.
    fn block_behind_bars(&mut self, operands: &'t [Expression]) -> bool {
        let [called, block] = operands else {
            return false;
        };
        let (ExpressionKind::Operator { operator, operands }, ExpressionKind::Statement(body)) =
            (&called.kind, &block.kind)
        else {
            return false;
        };
        let (true, [called, param], StatementKind::Block(_)) = (
            *operator == Operator::Other("|".to_owned()),
            operands.as_slice(),
            &body.kind,
        ) else {
            return false;
        };
        let ExpressionKind::Variable(name) = &param.kind else {
            return false;
        };
        // What is declared may well be joined.
        if self.scopes.get(name).is_some() {
            return false;
        }
        let text = self.source.text();
        let help = if let ExpressionKind::Property {
            receiver,
            name: method,
            ..
        } = &called.kind
        {
            self.value(receiver);
            let receiver = receiver.span.of(text);
            match method.text.as_str() {
                "each" | "forEach" => format!("write `for {name} in {receiver} {{ ... }}`"),
                method => format!("write `{receiver}.{method}(|{name}| {{ ... }})`"),
            }
        } else {
            self.value(called);
            format!("write `(|{name}| {{ ... }})`")
        };
        let problem = self
            .error(
                "segue::plan::syntax",
                "a closure stands in the brackets of the call",
                Span::new(called.span.end, block.span.start),
                "these bars join two numbers here",
            )
            .help(help);
        self.tell(problem);
        self.scopes.open(Boundary::Block);
        let name = Name {
            text: name.clone(),
            span: param.span,
        };
        self.scopes
            .declare(Variable::new(&name, Role::Lost, Kind::Unknown));
        self.value(block);
        self.scopes.close();
        true
    }

    fn operator(&mut self, operator: &Operator, operands: &'t [Expression], span: Span) -> Kind {
        if *operator == Operator::Other("|".to_owned()) && self.block_behind_bars(operands) {
            return Kind::Unknown;
        }
        let decides = matches!(operator, Operator::And | Operator::Or | Operator::Coalesce);
        let mut kinds = Vec::with_capacity(operands.len());
        for (position, operand) in operands.iter().enumerate() {
            // The first one decides whether the others are looked at.
            let is_conditional = decides && position > 0;
            self.conditional += usize::from(is_conditional);
            kinds.push(self.value(operand));
            self.conditional -= usize::from(is_conditional);
        }
        match operator {
            Operator::And | Operator::Or => {
                for (operand, kind) in operands.iter().zip(&kinds) {
                    self.truth(operand, kind);
                }
                Kind::Boolean
            }
            Operator::In => Kind::Boolean,
            Operator::Range => {
                for (operand, kind) in operands.iter().zip(&kinds) {
                    self.end_of_range(operand, kind);
                }
                Kind::Range
            }
            Operator::Coalesce => kinds
                .into_iter()
                .reduce(Kind::join)
                .unwrap_or(Kind::Unknown),
            Operator::Other(symbol) => {
                if matches!(symbol.as_str(), "==" | "!=") {
                    self.status_of_target(operands, span);
                    self.name_of_type(operands, span);
                }
                let are_sets = kinds
                    .first()
                    .is_some_and(|kind| kind.is_native("TargetSet") || kind.is_native("Target"));
                if let ("+" | "-" | "&", true, Some(others)) =
                    (symbol.as_str(), are_sets, operands.get(1))
                {
                    self.targets(others);
                }
                self.arithmetic(symbol, &kinds, operands, span)
            }
        }
    }

    fn truth(&mut self, operand: &Expression, kind: &Kind) {
        if matches!(kind, Kind::Unknown | Kind::Boolean) {
            return;
        }
        let problem = self
            .error(
                "segue::plan::wrong_type",
                "`&&` and `||` join what is true or false",
                operand.span,
                format!("this is {kind}"),
            )
            .maybe_help(match kind {
                Kind::Native(name) if &**name == "ResultSet" || &**name == "Result" => {
                    Some("write `.ok` behind it")
                }
                Kind::Unit | Kind::Text => Some("for a value in place of nothing write `??`"),
                _ => None,
            });
        self.tell(problem);
    }

    /// `result.status == "running"`: what the task says is taken for how the target fared.
    fn status_of_target(&mut self, operands: &[Expression], span: Span) {
        let [one, other] = operands else { return };
        let (property, text) = match (one.as_text(), other.as_text()) {
            (None, Some(text)) => (one, text),
            (Some(text), None) => (other, text),
            _ => return,
        };
        let ExpressionKind::Property { receiver, name, .. } = &property.kind else {
            return;
        };
        if name.text != "status"
            || STATUSES.contains(&text)
            || !self.kind_of(receiver, &receiver.kind).is_native("Result")
        {
            return;
        }
        let help = nearest(text, STATUSES).map_or_else(
            || {
                format!(
                    "it tells how the target fared ({}); what the task says is `{}[\"status\"]`",
                    listed(STATUSES),
                    receiver.span.of(self.source.text())
                )
            },
            |meant| format!("did you mean `\"{meant}\"`?"),
        );
        let problem = self
            .warning(
                "segue::plan::never_equal",
                format!("the status of a result is never `{text}`"),
                span,
                "",
            )
            .help(help);
        self.tell(problem);
    }

    /// A range goes from one number to another.
    fn end_of_range(&mut self, operand: &Expression, kind: &Kind) {
        if matches!(kind, Kind::Unknown | Kind::Integer) {
            return;
        }
        let problem = self
            .error(
                "segue::plan::wrong_type",
                "a range goes from one Integer to another",
                operand.span,
                format!("this is {kind}"),
            )
            .maybe_help(match kind {
                Kind::Text => Some("`parse_int(text)` gives the number that a text is"),
                Kind::Float => Some("write `to_int(number)`"),
                _ => None,
            });
        self.tell(problem);
    }

    /// `type_of(x) == "int"`: what Rhai calls the types.
    fn name_of_type(&mut self, operands: &[Expression], span: Span) {
        let [one, other] = operands else { return };
        let (call, text) = match (&one.kind, &other.kind) {
            (ExpressionKind::Call(call), ExpressionKind::Text(text))
            | (ExpressionKind::Text(text), ExpressionKind::Call(call)) => (call, text.as_str()),
            _ => return,
        };
        let is_shown = call.name.text == "type_name";
        if !is_shown && call.name.text != "type_of" {
            return;
        }
        let meant = match text {
            "int" | "integer" | "Integer" | "number" | "long" => "i64",
            "float" | "double" | "Float" => "f64",
            "String" | "str" | "text" | "Text" => "string",
            "boolean" | "Boolean" | "Bool" => "bool",
            "list" | "List" | "Array" | "tuple" => "array",
            "object" | "Map" | "dict" | "Hash" | "hash" => "map",
            "null" | "nil" | "None" | "undefined" | "unit" | "NoneType" => "()",
            "function" | "closure" | "Closure" => "Fn",
            "nothing" | "Tiers" if is_shown => return,
            own if is_shown && !own.starts_with("a ") && !own.starts_with("an ") => own,
            _ => return,
        };
        let problem = self
            .warning(
                "segue::plan::never_equal",
                format!("no value is of the type `{text}`"),
                span,
                "this is never true",
            )
            .help(format!("write `type_of(...) == \"{meant}\"`"));
        self.tell(problem);
    }

    fn arithmetic(
        &mut self,
        symbol: &str,
        kinds: &[Kind],
        operands: &[Expression],
        span: Span,
    ) -> Kind {
        if let ("!", [kind]) = (symbol, kinds) {
            self.not(kind, &operands[0]);
            return Kind::Boolean;
        }
        if let ("==" | "!=" | "<" | ">" | "<=" | ">=", [one, other]) = (symbol, kinds) {
            self.never_equal(symbol, one, other, span);
        }
        match (symbol, kinds) {
            ("==" | "!=" | "<" | ">" | "<=" | ">=" | "!", _) => Kind::Boolean,
            ("+" | "-" | "&", [one @ Kind::Native(name), other])
                if matches!(&**name, "TargetSet" | "Target" | "ResultSet")
                    && works_on_sets(symbol, one, other) =>
            {
                if &**name == "Target" {
                    Kind::native("TargetSet")
                } else {
                    one.clone()
                }
            }
            // `-` takes all occurrences of the other one out of a text.
            ("+", [Kind::Text, _] | [_, Kind::Text])
            | ("-", [Kind::Text, Kind::Text | Kind::Character]) => Kind::Text,
            ("+" | "-" | "*" | "/" | "%" | "**", [Kind::Integer, Kind::Integer]) => Kind::Integer,
            (
                "+" | "-" | "*" | "/" | "%" | "**",
                [Kind::Float, Kind::Float | Kind::Integer] | [Kind::Integer, Kind::Float],
            ) => Kind::Float,
            ("-" | "*" | "/" | "%", [one, other])
                if is_no_number(one) && is_plain(other) || is_plain(one) && is_no_number(other) =>
            {
                self.no_operator(symbol, one, other, span);
                Kind::Unknown
            }
            ("-" | "+" | "&" | "|" | "*" | "/" | "%", [one, other])
                if !works_on_sets(symbol, one, other) =>
            {
                self.no_operator(symbol, one, other, span);
                Kind::Unknown
            }

            ("-", [one @ (Kind::Integer | Kind::Float)]) => one.clone(),
            _ => Kind::Unknown,
        }
    }

    /// `!results`.
    fn not(&mut self, kind: &Kind, operand: &Expression) {
        // What is nothing is nothing yet, mostly.
        if matches!(kind, Kind::Unknown | Kind::Boolean | Kind::Unit) {
            return;
        }
        let written = operand.span.of(self.source.text());
        let help = match kind {
            Kind::Native(name) if matches!(&**name, "ResultSet" | "TargetSet") => {
                let is_part = written.ends_with(".failed") || &**name == "TargetSet";
                if is_part {
                    format!("write `{written}.is_empty`")
                } else {
                    format!("write `!{written}.ok`")
                }
            }
            Kind::Native(name) if &**name == "Result" => format!("write `!{written}.ok`"),
            Kind::Text | Kind::Array(_) | Kind::Map => format!("write `{written}.len() == 0`"),
            _ => format!("compare it, such as `{written} == 0`"),
        };
        let problem = self
            .error(
                "segue::plan::wrong_type",
                "`!` turns what is true or false round",
                operand.span,
                format!("this is {kind}"),
            )
            .help(help);
        self.tell(problem);
    }

    /// Values of types that have nothing in common are never equal.
    fn never_equal(&mut self, symbol: &str, one: &Kind, other: &Kind, span: Span) {
        let is_number = |kind: &Kind| matches!(kind, Kind::Integer | Kind::Float);
        let is_text = |kind: &Kind| matches!(kind, Kind::Text | Kind::Character);
        // What fails or throws is compared by its message.
        let is_error = |kind: &Kind| kind.is_native("Error");
        let is_set = |kind: &Kind| {
            ["ResultSet", "TargetSet", "Result", "Graph"]
                .iter()
                .any(|name| kind.is_native(name))
        };
        let is_plain = |kind: &Kind| is_number(kind) || *kind == Kind::Boolean;
        let is_hidden = |kind: &Kind| kind.is_native("Sensitive");
        let different = (is_error(one) && is_text(other))
            || (is_text(one) && is_error(other))
            || (is_hidden(one) && (is_text(other) || is_plain(other)))
            || (is_hidden(other) && (is_text(one) || is_plain(one) || is_hidden(one)))
            || (is_set(one) && is_plain(other))
            || (is_set(other) && is_plain(one))
            || (is_number(one) && (is_text(other) || *other == Kind::Boolean))
            || (is_text(one) && (is_number(other) || *other == Kind::Boolean))
            || (*one == Kind::Boolean && (is_number(other) || is_text(other)));
        if !different {
            return;
        }
        let always = if symbol == "!=" { "always" } else { "never" };
        let problem = self
            .warning(
                "segue::plan::never_equal",
                format!("this is {always} true"),
                span,
                format!("{one} and {other}"),
            )
            .help(match (one, other) {
                _ if is_hidden(one) || is_hidden(other) => {
                    "a secret is hidden from comparisons, too: compare `reveal(value)`"
                }
                _ if is_set(one) && *other == Kind::Boolean => "`.ok` of results is true or false",
                _ if is_error(one) || is_error(other) => {
                    "compare its `.message`, or better its `.kind`"
                }
                (Kind::Text, _) | (_, Kind::Text) => {
                    "compare values of one type: `parse_int(text)` gives the number that a text is"
                }
                _ => "compare values of one type",
            });
        self.tell(problem);
    }

    fn no_operator(&mut self, symbol: &str, one: &Kind, other: &Kind, span: Span) {
        let help = if *one == Kind::Text || *other == Kind::Text {
            "`parse_int(text)` gives the number that a text is; texts are joined between back-ticks"
        } else if one.is_native("ResultSet") || one.is_native("Result") {
            "`.targets` of results are a set of targets, which has `+`, `-` and `&`; results have `+` alone"
        } else if one.is_native("TargetSet") || one.is_native("Target") {
            "targets have `+`, `-` and `&`, with other targets"
        } else {
            "it works on numbers, and on sets of targets"
        };
        let problem = self
            .error(
                "segue::plan::wrong_type",
                format!("`{symbol}` does not work on {one} and {other}"),
                span,
                "",
            )
            .help(help);
        self.tell(problem);
    }

    /// `"${name}"` in plain quotes, `"$name"`, and `{name}` between back-ticks, with a name that is known.
    fn forgotten_interpolation(&mut self, text: &str, span: Span) {
        let written = span.of(self.source.text());
        let is_plain = written.starts_with('"');
        let Some((shown, root)) = meant_name(text, is_plain) else {
            return;
        };
        // A variable of a shell, which the same command line sets.
        let sets = |before: &str, after: &str| text.contains(&format!("{before}{root}{after}"));
        if sets("", "=") || sets("for ", " ") || sets("read ", "") {
            return;
        }
        let Some(found) = self.scopes.find(root) else {
            return;
        };
        found.variable.used = true;
        let help = if is_plain {
            format!(
                "put the text between back-ticks, with `${{{}}}` in it",
                shown.trim_matches(['$', '#', '{', '}'])
            )
        } else {
            format!("write `${{{}}}`", shown.trim_matches(['$', '#', '{', '}']))
        };
        let problem = self
            .warning(
                "segue::plan::not_interpolated",
                format!("`{shown}` stays as it is in this string"),
                span,
                "",
            )
            .help(help);
        self.tell(problem);
    }
}

/// What in a text looks as if the value of a variable should stand in its place, and the variable.
fn meant_name(text: &str, is_plain: bool) -> Option<(&str, &str)> {
    let word = |text: &str| {
        text.find(|char: char| !(char.is_ascii_alphanumeric() || char == '_'))
            .unwrap_or(text.len())
    };
    for (at, char) in text.char_indices() {
        let rest = &text[at..];
        let (skip, close) = match char {
            '$' if rest.starts_with("${") && is_plain => (2, "}"),
            '$' if !rest.starts_with("${") => (1, ""),
            '#' if rest.starts_with("#{") && is_plain => (2, "}"),
            '{' if !is_plain => (1, "}"),
            _ => continue,
        };
        let length = word(&rest[skip..]);
        let name = &rest[skip..skip + length];
        let end = match (close, char) {
            ("", _) => Some(skip + length),
            // Between back-ticks only a lone name in braces is certain enough.
            (_, '{') => rest[skip + length..]
                .starts_with('}')
                .then_some(skip + length + 1),
            _ => rest.find('}').map(|end| end + 1),
        };
        if let (Some(end), false) = (end, name.is_empty()) {
            return Some((&rest[..end], name));
        }
    }
    None
}

/// Whether an operator may work where a set of targets or of results stands on its left.
fn works_on_sets(symbol: &str, one: &Kind, other: &Kind) -> bool {
    let Kind::Native(name) = one else {
        return true;
    };
    match &**name {
        "TargetSet" => matches!(symbol, "+" | "-" | "&") && other.fits("TargetSpec"),
        "Target" => symbol == "+" && other.fits("TargetSpec"),
        "ResultSet" => symbol == "+" && other.fits("ResultSet"),
        _ => true,
    }
}

fn is_no_number(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Text | Kind::Boolean | Kind::Unit | Kind::Map | Kind::Closure | Kind::Array(_)
    )
}

/// Known, and of no type that may have operators of its own.
fn is_plain(kind: &Kind) -> bool {
    is_no_number(kind) || matches!(kind, Kind::Integer | Kind::Float)
}
