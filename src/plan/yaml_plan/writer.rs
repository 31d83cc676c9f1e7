//! Puppet's expressions in Rhai.

use std::collections::BTreeSet;

use super::{
    expression::{Expression, ExpressionKind, Piece},
    kind::Kind,
    problem::{Loss, Problem},
    rhai_text::{self, Layout, in_template, indented, quoted},
    token::{Trouble, trouble},
};

/// A value in Rhai.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) layout: Layout,
    pub(super) kind: Kind,
    /// How strongly its outermost operator binds, as Rhai has it.
    pub(super) strength: u8,
}

/// Nothing takes such a value apart.
const WHOLE: u8 = u8::MAX;
/// Of `!` and the minus in front of a value.
const UNARY: u8 = 220;

impl Written {
    pub(super) fn new(text: impl Into<String>, kind: Kind) -> Self {
        Self {
            layout: Layout::Text(text.into()),
            kind,
            strength: WHOLE,
        }
    }

    pub(super) fn laid_out(layout: Layout, kind: Kind) -> Self {
        Self {
            layout,
            kind,
            strength: WHOLE,
        }
    }

    pub(super) fn text(&self) -> String {
        self.layout.flat()
    }

    /// The text, in brackets if something in it binds less strongly than what stands around it.
    pub(super) fn tight(&self, around: u8) -> String {
        if self.strength < around {
            format!("({})", self.text())
        } else {
            self.text()
        }
    }

    /// As the thing in front of a dot or an index.
    pub(super) fn receiver(&self) -> String {
        self.tight(WHOLE)
    }
}

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Around {
    /// In the value of a step: `return` gives it.
    Step,
    /// In a closure: `next` gives its value.
    Closure,
    /// In a loop: `next` begins the next turn.
    Loop,
}

/// A variable that Puppet code can read.
#[derive(Clone, Debug)]
struct Variable {
    name: String,
    rhai: String,
    kind: Kind,
}

/// Writes Rhai, and keeps what can't be written.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    pub(super) plans: &'a dyn Plans,
    pub(super) problems: Vec<Problem>,
    variables: Vec<Variable>,
    pub(super) around: Around,
    /// The code at hand and the line that it begins on, to tell lines.
    code: String,
    line: usize,
}

/// Other plans, as far as it matters how they are called.
pub trait Plans: std::fmt::Debug + Sync {
    /// The names of the parameters of a plan; none if there is no such plan.
    fn params(&self, plan: &str) -> Option<BTreeSet<String>>;
}

impl<'a> Writer<'a> {
    pub(super) fn new(plans: &'a dyn Plans) -> Self {
        Self {
            plans,
            problems: Vec::new(),
            variables: Vec::new(),
            around: Around::Step,
            code: String::new(),
            line: 1,
        }
    }

    /// Makes a variable known, and gives the name that it has in Rhai.
    pub(super) fn declare(&mut self, name: &str, kind: Kind) -> String {
        let (rhai, _) = rhai_text::name(name);
        self.variables.push(Variable {
            name: name.to_owned(),
            rhai: rhai.clone(),
            kind,
        });
        rhai
    }

    /// Does something with variables that nobody outside can see.
    pub(super) fn scoped<T>(&mut self, around: Around, body: impl FnOnce(&mut Self) -> T) -> T {
        let (count, before) = (self.variables.len(), self.around);
        self.around = around;
        let value = body(self);
        self.variables.truncate(count);
        self.around = before;
        value
    }

    /// Sets the code that follows, for the lines of what is wrong in it.
    pub(super) fn read(&mut self, code: &str, line: usize) {
        code.clone_into(&mut self.code);
        self.line = line;
    }

    pub(super) fn line_at(&self, at: usize) -> usize {
        let before = self.code.get(..at.min(self.code.len())).unwrap_or_default();
        self.line + before.matches('\n').count()
    }

    pub(super) fn problem(
        &mut self,
        line: usize,
        loss: Loss,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.push(Problem {
            line,
            loss,
            message: message.into(),
            help: help.into(),
        });
    }

    /// Code that is no Puppet.
    pub(super) fn unreadable(&mut self, trouble: &Trouble) -> Written {
        let line = self.line_at(trouble.at);
        let message = format!("this is no Puppet code: {}", trouble.message);
        let help = "Bolt would refuse it, too: correct it, or put a text in single quotes";
        self.problem(line, Loss::Invalid, message, help);
        stand_in("code that is no Puppet")
    }

    /// What has no twin, and a call in its place that fails.
    pub(super) fn refused(&mut self, at: usize, what: &str, help: impl Into<String>) -> Written {
        let line = self.line_at(at);
        self.problem(
            line,
            Loss::Whole,
            format!("{what} has no twin in Segue"),
            help,
        );
        stand_in(what)
    }

    /// The value of a block of code. Several statements become a block of Rhai.
    pub(super) fn block_value(&mut self, body: &[Expression]) -> Written {
        let before_last = body.split_last().map_or(&[][..], |(_, before)| before);
        if let Some(idle) = before_last.iter().find(|one| does_nothing(one)) {
            return self.unreadable(&trouble(idle.at, "a value that nobody uses"));
        }
        match body {
            [] => Written::new("()", Kind::Unknown),
            [one] if !matches!(one.kind, ExpressionKind::Assign { .. }) && !is_loop(one) => {
                self.value(one)
            }
            _ => {
                let around = self.around;
                let (text, kind) = self.scoped(around, |writer| writer.lines(body));
                Written::new(format!("{{\n    {}\n}}", indented(&text)), kind)
            }
        }
    }

    /// Statements line by line, the last one as the value of them all.
    pub(super) fn lines(&mut self, body: &[Expression]) -> (String, Kind) {
        let mut lines = Vec::new();
        let mut kind = Kind::Unknown;
        for (index, expression) in body.iter().enumerate() {
            if index + 1 == body.len() {
                let (line, last) = self.last(expression);
                lines.push(line);
                kind = last;
            } else {
                lines.push(self.statement(expression));
            }
        }
        (lines.join("\n"), kind)
    }

    fn last(&mut self, expression: &Expression) -> (String, Kind) {
        match &expression.kind {
            // In Puppet an assignment has a value.
            ExpressionKind::Assign { name, .. } => {
                let line = self.statement(expression);
                let value = self.variable(expression.at, name);
                (format!("{line}\n{}", value.text()), value.kind)
            }
            _ if is_loop(expression) => (self.statement(expression), Kind::Unknown),
            _ => {
                let value = self.value(expression);
                (value.text(), value.kind)
            }
        }
    }

    /// One statement, whose value nobody looks at.
    pub(super) fn statement(&mut self, expression: &Expression) -> String {
        match &expression.kind {
            ExpressionKind::Assign { name, value } => {
                let value = self.value(value);
                let rhai = self.declare(name, value.kind.clone());
                format!("let {rhai} = {};", value.text())
            }
            ExpressionKind::If {
                branches,
                otherwise,
            } => self.conditional(branches, otherwise.as_deref(), true),
            ExpressionKind::Call(call) if is_loop(expression) => self.each(call),
            _ => format!("{};", self.value(expression).text()),
        }
    }

    /// The lines of a block, without its braces.
    fn inner(&mut self, body: &[Expression], is_value: bool) -> String {
        let around = self.around;
        self.scoped(around, |writer| {
            if is_value {
                return writer.lines(body).0;
            }
            let lines: Vec<String> = body.iter().map(|line| writer.statement(line)).collect();
            lines.join("\n")
        })
    }

    /// A block of statements in braces.
    pub(super) fn braces(&mut self, body: &[Expression], is_value: bool) -> String {
        let inner = self.inner(body, is_value);
        in_braces(&inner, is_value && !inner.contains('\n'))
    }

    pub(super) fn value(&mut self, expression: &Expression) -> Written {
        let at = expression.at;
        match &expression.kind {
            ExpressionKind::Undefined | ExpressionKind::Default => {
                Written::new("()", Kind::Unknown)
            }
            ExpressionKind::Boolean(value) => Written::new(value.to_string(), Kind::Boolean),
            ExpressionKind::Number(text) => Written::new(number(text), Kind::Number),
            ExpressionKind::Text(text) | ExpressionKind::Pattern(text) => {
                Written::new(quoted(text), Kind::Text)
            }
            ExpressionKind::Template(pieces) => self.template(pieces),
            ExpressionKind::Variable(name) => self.variable(at, name),
            ExpressionKind::Type { name, .. } => {
                let what = format!("the type `{name}` as a value");
                self.refused(
                    at,
                    &what,
                    "compare with what the value has: `type_name(value)` says what it is",
                )
            }
            ExpressionKind::List(items) => {
                let items: Vec<Written> = items.iter().map(|item| self.value(item)).collect();
                let first = items
                    .first()
                    .map_or(Kind::Unknown, |item| item.kind.clone());
                let same = items.iter().all(|item| item.kind == first);
                let item = if same { first } else { Kind::Unknown };
                let layout = Layout::List(items.into_iter().map(|item| item.layout).collect());
                Written::laid_out(layout, Kind::Array(Box::new(item)))
            }
            ExpressionKind::Map(pairs) => self.map(pairs),
            ExpressionKind::Index { of, keys } => self.index(of, keys),
            ExpressionKind::Call(call) => self.call(at, call),
            ExpressionKind::Unary { sign, of } => self.unary(at, sign, of),
            ExpressionKind::Binary { sign, left, right } => self.binary(at, sign, left, right),
            ExpressionKind::Assign { .. } => {
                let text = self.braces(std::slice::from_ref(expression), true);
                Written::new(text, Kind::Unknown)
            }
            ExpressionKind::If {
                branches,
                otherwise,
            } => Written {
                strength: 0,
                ..Written::new(
                    self.conditional(branches, otherwise.as_deref(), false),
                    Kind::Unknown,
                )
            },
            ExpressionKind::Case { of, options } => self.case(of, options),
        }
    }

    fn variable(&mut self, at: usize, name: &str) -> Written {
        let known = self.variables.iter().rev().find(|known| known.name == name);
        if let Some(known) = known {
            return Written::new(known.rhai.clone(), known.kind.clone());
        }
        let help = if name == "facts" || name == "trusted" {
            "facts belong to a target: `facts(target)`, after `collect_facts(targets)`".to_owned()
        } else {
            let names = self.variables.iter().map(|known| known.name.as_str());
            match crate::model::nearest(name, names) {
                Some(near) => format!("did you mean `${near}`?"),
                None => "Bolt would fail here: correct the YAML plan first".to_owned(),
            }
        };
        let line = self.line_at(at);
        let message = format!("neither a parameter nor a step before it sets `${name}`");
        self.problem(line, Loss::Invalid, message, help);
        stand_in(&format!("${name}"))
    }

    pub(super) fn template(&mut self, pieces: &[Piece]) -> Written {
        let mut text = String::new();
        let mut has_code = false;
        for piece in pieces {
            match piece {
                Piece::Text(plain) => text.push_str(&in_template(plain)),
                Piece::Code(code) => {
                    has_code = true;
                    let value = self.value(code).text();
                    text.extend(["${", value.as_str(), "}"]);
                }
            }
        }
        if has_code {
            return Written::new(format!("`{text}`"), Kind::Text);
        }
        let plain: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(plain) => plain.as_str(),
                Piece::Code(_) => "",
            })
            .collect();
        Written::new(quoted(&plain), Kind::Text)
    }

    fn map(&mut self, pairs: &[(Expression, Expression)]) -> Written {
        let mut entries = Vec::new();
        for (key, value) in pairs {
            let name = literal_text(key).unwrap_or_else(|| {
                let help = "set it with `map[key] = value` once the map is there";
                self.refused(key.at, "a key that is computed", help).text()
            });
            entries.push((rhai_text::key(&name), self.value(value).layout));
        }
        Written::laid_out(Layout::Map(entries), Kind::Map)
    }

    fn index(&mut self, of: &Expression, keys: &[Expression]) -> Written {
        let receiver = self.value(of);
        let item = receiver.kind.item();
        match keys {
            [key] => {
                let key = self.value(key).text();
                let set = as_set(receiver);
                Written::new(format!("{}[{key}]", set.receiver()), item)
            }
            [from, count] if matches!(receiver.kind, Kind::Array(_)) => {
                let (from, count) = (self.value(from).text(), self.value(count).text());
                let text = format!("{}.extract({from}, {count})", receiver.receiver());
                Written::new(text, receiver.kind)
            }
            _ => self.refused(
                of.at,
                "a part of a value by two numbers",
                "write it with `extract(from, count)` or `sub_string(from, count)`",
            ),
        }
    }

    fn unary(&mut self, at: usize, sign: &str, of: &Expression) -> Written {
        match sign {
            "!" => Written {
                strength: UNARY,
                ..Written::new(format!("!{}", self.truth(of).tight(UNARY)), Kind::Boolean)
            },
            "-" => Written {
                strength: UNARY,
                ..Written::new(format!("-{}", self.value(of).tight(UNARY)), Kind::Number)
            },
            _ => self.refused(
                at,
                "`*` in front of a value",
                "write out what the list has in it",
            ),
        }
    }

    /// A value as a condition: Rhai takes nothing but `true` and `false`.
    pub(super) fn truth(&mut self, of: &Expression) -> Written {
        let value = self.value(of);
        if value.kind == Kind::Boolean {
            return value;
        }
        // In Puppet all but `undef` and `false` is true, also an empty text.
        Written {
            strength: 90,
            ..Written::new(
                format!("({} ?? false) != false", value.tight(135)),
                Kind::Boolean,
            )
        }
    }

    fn binary(&mut self, at: usize, sign: &str, left: &Expression, right: &Expression) -> Written {
        if matches!(sign, "=~" | "!~") {
            return self.matching(at, sign, left, right);
        }
        let (rhai, strength) = match sign {
            "or" => ("||", 30),
            "and" => ("&&", 60),
            "==" | "!=" => (sign, 90),
            "in" => ("in", 110),
            "<" | ">" | "<=" | ">=" => (sign, 130),
            "+" | "-" => (sign, 150),
            "*" | "/" | "%" => (sign, 180),
            "<<" => ("+", 150),
            _ => return self.refused(at, &format!("`{sign}`"), "write it out in Rhai"),
        };
        let is_logic = matches!(sign, "or" | "and");
        let (one, two) = if is_logic {
            (self.truth(left), self.truth(right))
        } else {
            (self.value(left), self.value(right))
        };
        if sign == "-" && matches!(one.kind, Kind::Array(_)) {
            let text = format!(
                "{}.filter(|item| !(item in {}))",
                one.receiver(),
                two.tight(111)
            );
            return Written::new(text, one.kind);
        }
        let second = if sign == "<<" {
            format!("[{}]", two.text())
        } else {
            two.tight(strength + 1)
        };
        let kind = match sign {
            "+" | "<<" if one.kind == two.kind || sign == "<<" => one.kind.clone(),
            "-" | "*" | "/" | "%" => Kind::Number,
            "+" => Kind::Unknown,
            _ => Kind::Boolean,
        };
        Written {
            strength,
            ..Written::new(format!("{} {rhai} {second}", one.tight(strength)), kind)
        }
    }

    fn matching(
        &mut self,
        at: usize,
        sign: &str,
        left: &Expression,
        right: &Expression,
    ) -> Written {
        let value = self.value(left);
        let is_not = sign == "!~";
        let condition = match &right.kind {
            ExpressionKind::Type { name, arguments } if arguments.is_empty() => {
                let text = value.tight(91);
                let (undefined, defined) = (format!("{text} == ()"), format!("{text} != ()"));
                let by_name =
                    |word: &str| format!("type_name({}) == {}", value.text(), quoted(word));
                match name.as_str() {
                    "Undef" => undefined,
                    "NotUndef" | "Any" => defined,
                    "String" => by_name("a String"),
                    "Integer" => by_name("an Integer"),
                    "Boolean" => by_name("a Boolean"),
                    "Array" => by_name("an Array"),
                    "Hash" => by_name("a Map"),
                    "Target" => by_name("a Target"),
                    "ResultSet" => by_name("a ResultSet"),
                    "Error" => by_name("an Error"),
                    _ => {
                        let what = format!("a match with the type `{name}`");
                        return self.refused(
                            at,
                            &what,
                            "look at the value itself, or at `type_name(value)`",
                        );
                    }
                }
            }
            ExpressionKind::Type { name, .. } => {
                let what = format!("a match with the type `{name}[...]`");
                return self.refused(
                    at,
                    &what,
                    "look at the value itself, such as `error.kind == \"...\"`",
                );
            }
            _ => {
                let pattern = self.value(right).text();
                let text = format!("{}.matches({pattern})", value.receiver());
                let text = if is_not { format!("!{text}") } else { text };
                return Written {
                    strength: UNARY,
                    ..Written::new(text, Kind::Boolean)
                };
            }
        };
        let text = if is_not {
            format!("!({condition})")
        } else {
            condition
        };
        Written {
            strength: if is_not { UNARY } else { 90 },
            ..Written::new(text, Kind::Boolean)
        }
    }

    fn conditional(
        &mut self,
        branches: &[(Expression, Vec<Expression>)],
        otherwise: Option<&[Expression]>,
        is_statement: bool,
    ) -> String {
        let mut parts = Vec::new();
        for (condition, body) in branches {
            let condition = self.truth(condition).text();
            parts.push((condition, self.inner(body, !is_statement)));
        }
        let otherwise = otherwise.map(|body| self.inner(body, !is_statement));
        chain(&parts, otherwise.as_deref(), !is_statement)
    }

    fn case(&mut self, of: &Expression, options: &[(Vec<Expression>, Vec<Expression>)]) -> Written {
        let subject = self.value(of);
        let mut parts = Vec::new();
        let mut last = None;
        for (values, body) in options {
            let body = self.inner(body, true);
            let is_default = |value: &Expression| value.kind == ExpressionKind::Default;
            if values.iter().any(is_default) {
                last = Some(body);
                continue;
            }
            let tests: Vec<String> = values
                .iter()
                .map(|value| match value.kind {
                    ExpressionKind::Pattern(_) | ExpressionKind::Type { .. } => {
                        self.matching(value.at, "=~", of, value).tight(31)
                    }
                    _ => format!("{} == {}", subject.tight(90), self.value(value).tight(91)),
                })
                .collect();
            parts.push((tests.join(" || "), body));
        }
        let text = match (parts.is_empty(), last) {
            (true, Some(body)) => in_braces(&body, !body.contains('\n')),
            (_, last) => chain(&parts, last.as_deref(), true),
        };
        Written {
            strength: 0,
            ..Written::new(text, Kind::Unknown)
        }
    }
}

/// `if`, `else if`, `else`: on one line if it is a short value.
fn chain(parts: &[(String, String)], otherwise: Option<&str>, is_value: bool) -> String {
    let written = |is_flat: bool| {
        let branches = parts
            .iter()
            .map(|(condition, body)| format!("if {condition} {}", in_braces(body, is_flat)));
        let otherwise = otherwise.map(|body| in_braces(body, is_flat));
        branches.chain(otherwise).collect::<Vec<_>>().join(" else ")
    };
    let flat = written(true);
    let is_short = is_value && flat.len() <= CHAIN_WIDTH && !flat.contains('\n');
    if is_short { flat } else { written(false) }
}

/// A longer `if` is easier to read in several lines.
const CHAIN_WIDTH: usize = 80;

fn in_braces(inner: &str, is_flat: bool) -> String {
    match inner {
        "" => "{}".to_owned(),
        one if is_flat => format!("{{ {one} }}"),
        text => format!("{{\n    {}\n}}", indented(text)),
    }
}

/// What only names targets becomes a set of them.
pub(super) fn as_set(value: Written) -> Written {
    if value.kind == Kind::TargetSpec {
        Written::new(format!("targets({})", value.text()), Kind::TargetSet)
    } else {
        value
    }
}

/// The call in the place of what is missing.
fn stand_in(what: &str) -> Written {
    Written::new(format!("not_converted({})", quoted(what)), Kind::Unknown)
}

/// A value that is forgotten at once: Puppet refuses it.
fn does_nothing(expression: &Expression) -> bool {
    matches!(
        expression.kind,
        ExpressionKind::Text(_)
            | ExpressionKind::Number(_)
            | ExpressionKind::Boolean(_)
            | ExpressionKind::Template(_)
            | ExpressionKind::Variable(_)
            | ExpressionKind::Undefined
    )
}

/// `each` over something is a loop, where nobody looks at its value.
fn is_loop(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Call(call) => call.name == "each" && call.lambda.is_some(),
        _ => false,
    }
}

/// The text that an expression always is.
pub(super) fn literal_text(expression: &Expression) -> Option<String> {
    match &expression.kind {
        ExpressionKind::Text(text) | ExpressionKind::Number(text) => Some(text.clone()),
        ExpressionKind::Template(pieces) => match pieces.as_slice() {
            [] => Some(String::new()),
            [Piece::Text(text)] => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// A number: Puppet writes octal ones with a zero in front.
fn number(text: &str) -> String {
    let is_octal = text.len() > 1
        && text.starts_with('0')
        && text.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
    if is_octal {
        format!("0o{}", text.trim_start_matches('0'))
    } else {
        text.to_owned()
    }
}
