//! Variables that are declared and changed, values that are lost, and what can't be changed at all.

use super::{
    checker::Checker,
    kind::Kind,
    lost::is_of_both,
    scope::{Role, Variable},
    survey::is_changing,
    tree::{Expression, ExpressionKind, Name, Operator, Statement, StatementKind},
};
use crate::plan::source::Span;

impl<'t> Checker<'t> {
    pub(super) fn declare(
        &mut self,
        name: &'t Name,
        value: Option<&'t Expression>,
        constant: bool,
        exported: bool,
    ) {
        let mut kind = match value {
            Some(value) => self.value(value),
            None => Kind::Unit,
        };
        if self.survey.assigned.contains(&name.text) {
            kind = Kind::Unknown;
        } else if let (true, Kind::Array(_)) = (self.survey.mutated.contains(&name.text), &kind) {
            kind = Kind::array(Kind::Unknown);
        }
        let role = if constant { Role::Constant } else { Role::Let };
        let fixed = value.filter(|_| self.survey.is_fixed(&name.text));
        if let Some(value) = value {
            if let ExpressionKind::Variable(other) = &value.kind {
                self.graphs.passed_on(other);
            }
            self.graphs.declared(name, value);
            self.gives_nothing(value);
        }
        let mut variable = Variable::new(name, role, kind).with_value(fixed);
        // What is exported is ended by whoever imports it.
        let told = !exported && value.is_some_and(|value| self.never_ended(name, value));
        variable.used = told || exported || self.used_outside.contains(&name.text);
        self.scopes.declare(variable);
    }

    /// `let more = list.push(1);`: some of Rhai's methods change what they are called on, and have no value.
    pub(super) fn gives_nothing(&mut self, value: &Expression) -> bool {
        let ExpressionKind::Method { receiver, call, .. } = &value.kind else {
            return false;
        };
        let span = value.span;
        let kind = self.known_kinds.get(&(span.start, span.end));
        if kind != Some(&Kind::Unit) || !is_changing(&call.name.text) {
            return false;
        }
        let method = &call.name.text;
        let help = match &receiver.kind {
            ExpressionKind::Variable(name) => {
                format!("write `{name}.{method}(...);` as a statement of its own, and use `{name}`")
            }
            _ => format!(
                "put what is changed into a variable first: `let x = ...; x.{method}(...);`"
            ),
        };
        let problem = self
            .warning(
                "segue::plan::gives_nothing",
                format!("`{method}` changes what it is called on, and gives nothing"),
                call.name.span,
                "",
            )
            .help(help);
        self.tell(problem);
        true
    }

    /// A statement that only has a value, which nobody uses.
    pub(super) fn without_effect(&mut self, statement: &Statement) {
        let StatementKind::Expression(expression) = &statement.kind else {
            return;
        };
        self.lost_detached(expression);
        if let ExpressionKind::Method { receiver, call, .. } = &expression.kind {
            self.lost(receiver, call, expression);
            return;
        }
        let help = match &expression.kind {
            ExpressionKind::Operator {
                operator: Operator::Other(symbol),
                ..
            } if symbol == "==" => "`=` assigns, `==` only compares",
            // A block behind bars is told where its bars are.
            ExpressionKind::Operator { operands, .. }
                if operands
                    .last()
                    .is_some_and(|last| matches!(last.kind, ExpressionKind::Statement(_))) =>
            {
                return;
            }
            ExpressionKind::Operator {
                operator: Operator::Other(_) | Operator::In,
                ..
            }
            | ExpressionKind::Variable(_)
            | ExpressionKind::Property { .. }
            | ExpressionKind::Integer(_)
            | ExpressionKind::Text(_) => "use the value, or remove the statement",
            _ => return,
        };
        let problem = self
            .warning(
                "segue::plan::without_effect",
                "this does nothing",
                expression.span,
                "nobody uses this value",
            )
            .help(help);
        self.tell(problem);
    }

    /// The part of a native value that would be changed by an assignment: none can be.
    fn native_part<'e>(&self, place: &'e Expression) -> Option<(Kind, &'e Expression, String)> {
        let (receiver, part) = match &place.kind {
            ExpressionKind::Property { receiver, name, .. } => (receiver, name.text.clone()),
            ExpressionKind::Index { receiver, .. } => (receiver, String::new()),
            _ => return None,
        };
        let kind = self.kind_of(receiver, &receiver.kind);
        if matches!(kind, Kind::Native(_)) {
            return Some((kind, place, part));
        }
        self.native_part(receiver)
    }

    fn changed_native(&mut self, place: &Expression) -> bool {
        let Some((kind, part, name)) = self.native_part(place) else {
            return false;
        };
        let message = if name.is_empty() {
            format!("the elements of {kind} can't be changed")
        } else {
            format!("`{name}` of {kind} can't be changed")
        };
        let help = match (name.as_str(), kind.is_native("Target")) {
            ("vars", true) => "write `set_var(target, \"name\", value)`",
            ("facts", true) => "write `add_facts(target, #{ name: value })`",
            ("config" | "user" | "port" | "host" | "transport", true) => {
                "write `set_config(target, \"ssh.user\", value)`"
            }
            _ => "`==` compares",
        };
        let span = part.span;
        let problem = self
            .error("segue::plan::read_only", message, span, "assigned to here")
            .help(help);
        self.tell(problem);
        true
    }

    pub(super) fn assign(&mut self, place: &'t Expression, value: &'t Expression) {
        self.value(value);
        self.becomes_nothing(place, value);
        // A variable that is only written is not used; `x += 1` alone is no use either.
        if let ExpressionKind::Variable(name) = &place.kind {
            if self.scopes.get(name).is_some() || self.lost.contains(name) {
                self.written(name, place.span, "assigned to here");
            } else {
                self.undeclared(name, place.span);
            }
            return;
        }
        self.value(place);
        if let ExpressionKind::Qualified { namespace, name } = &place.root().kind {
            let problem = self
                .error(
                    "segue::plan::read_only",
                    format!(
                        "`{}::{}` belongs to another file",
                        namespace.text, name.text
                    ),
                    place.span,
                    "assigned to here",
                )
                .help(format!(
                    "copy it: `let mine = {}::{};`",
                    namespace.text, name.text
                ));
            self.tell(problem);
            return;
        }
        if self.changed_native(place) {
            return;
        }
        if let ExpressionKind::Variable(name) = &place.root().kind {
            self.written(name, place.span, "changed here");
        }
    }

    /// `list = list.push(1);`, as where methods give what they change.
    fn becomes_nothing(&mut self, place: &Expression, value: &Expression) {
        const GIVE_NOTHING: [&str; 5] = ["push", "insert", "append", "clear", "mixin"];
        let (ExpressionKind::Variable(name), ExpressionKind::Method { receiver, call, .. }) =
            (&place.kind, &value.kind)
        else {
            return;
        };
        let is_itself = matches!(&receiver.kind, ExpressionKind::Variable(other) if other == name);
        let method = call.name.text.as_str();
        let is_own = !self.functions.named(method).is_empty() || self.survey.keys.contains(method);
        if !is_itself || !GIVE_NOTHING.contains(&method) || is_own {
            return;
        }
        let problem = self
            .warning(
                "segue::plan::gives_nothing",
                format!("`{method}` changes what it is called on, and gives nothing"),
                call.name.span,
                format!("`{name}` is nothing after this"),
            )
            .help(format!("write `{name}.{method}(...);`"));
        self.tell(problem);
    }

    /// A variable is changed: it must not belong to what is around a branch, nor be a constant.
    pub(super) fn written(&mut self, name: &str, span: Span, label: &str) {
        let Some(found) = self.scopes.find(name) else {
            return;
        };
        let (role, declared, branch) = (
            found.variable.role,
            found.variable.span,
            found.branch.clone(),
        );
        if let Some(function) = branch {
            let problem = self
                .error(
                    "segue::plan::captured_write",
                    format!("`{name}` can't be changed in a branch"),
                    span,
                    label,
                )
                .label(declared, format!("it belongs to the plan around `{function}`"))
                .help(
                    "a branch works on copies: return a value from the closure, and use what the call gives",
                );
            self.tell(problem);
        } else if role == Role::Constant {
            let problem = self
                .error(
                    "segue::plan::read_only",
                    format!("`{name}` is a constant"),
                    span,
                    label,
                )
                .label(declared, "it is declared here")
                .help("declare it with `let` if it has to change");
            self.tell(problem);
        }
    }

    /// The same for a method that changes what it is called on.
    pub(super) fn changed_by(&mut self, kind: &Kind, receiver: &Expression, method: &Name) {
        let adds_steps = kind.is_native("Graph") && matches!(method.text.as_str(), "step" | "add");
        let changes = is_changing(&method.text)
            && (matches!(kind, Kind::Array(_) | Kind::Map)
                || (*kind == Kind::Unknown && !is_of_both(&method.text)));
        if !adds_steps && !changes {
            return;
        }
        if let ExpressionKind::Variable(name) = &receiver.root().kind {
            let label = format!("`{}` changes it", method.text);
            self.written(name, receiver.span.to(method.span), &label);
        }
    }
}
