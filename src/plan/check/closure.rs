//! Closures: what they are called with, and which of them run in branches of their own.

use super::{
    checker::Checker,
    kind::Kind,
    scope::{Boundary, Role, Variable},
    tree::{Closure, Expression, ExpressionKind, StatementKind},
};
use crate::plan::source::Span;

/// How a function uses the closures that it is given.
#[derive(Clone, Debug, Default)]
pub(super) struct ClosureUse {
    /// The function that runs them in branches, if it does.
    pub(super) branch: Option<String>,
    /// The types of what they are called with.
    pub(super) params: Vec<Kind>,
    /// The function or method, and how many parameters the closure may have: at least, and at most.
    takes: Option<(String, usize, usize)>,
}

/// The functions and methods whose closures run in branches: what these capture is read-only in them.
const BRANCHES: [&str; 5] = ["parallel", "settle", "background", "timeout", "step"];

impl ClosureUse {
    /// Of a function of Segue: its name, which argument the closure is, and the type of its first argument or of
    /// its receiver.
    pub(super) fn of_function(name: &str, index: usize, first: Option<&Kind>) -> Self {
        // What of these two is called in the branch that calls them is the body alone.
        let is_cleanup = matches!((name, index), ("finally", 1) | ("around", 0 | 2));
        let branch = (is_cleanup || BRANCHES.contains(&name)).then(|| name.to_owned());
        let item = || match first {
            // What is no collection is told by itself.
            None | Some(Kind::Text) => Kind::Unknown,
            Some(kind) => kind.item().unwrap_or(Kind::Unknown),
        };
        let params = match name {
            "parallel" | "settle" | "filter" | "map" | "group_by" | "sort_by" | "all" | "any"
            | "some" | "find" | "find_map" | "count" => vec![item()],
            "retry" => vec![Kind::Integer],
            "run_task_with" => vec![Kind::native("Target")],
            _ => Vec::new(),
        };
        let takes = match (name, index) {
            ("parallel" | "settle" | "retry" | "step", _) | ("around", 1 | 2) => Some((0, 1)),
            (
                "background" | "attempt" | "wait_until" | "timeout" | "finally" | "assert_fails"
                | "test",
                _,
            )
            | ("around", 0) => Some((0, 0)),
            ("run_task_with" | "sort_by" | "order_by" | "group_by", _) => Some((1, 1)),
            ("filter" | "map" | "all" | "some" | "find" | "find_map", 0)
                if matches!(first, Some(Kind::Array(_))) =>
            {
                // The element, or none for who looks at `this`, and the index.
                Some((0, 2))
            }
            ("filter" | "map" | "all" | "any" | "find" | "count", 0) if first.is_some() => {
                Some((1, 1))
            }
            ("sort" | "order", _) => Some((1, 2)),
            ("dedup", _) => Some((2, 2)),
            _ => None,
        };
        let takes = takes.map(|(least, most)| (name.to_owned(), least, most));
        Self {
            branch,
            params,
            takes,
        }
    }

    /// Of a method of Rhai: many go over the items of their receiver.
    pub(super) fn of_method(name: &str, receiver: &Kind) -> Self {
        let params = match (name, receiver) {
            ("sort" | "dedup", Kind::Array(item)) => vec![(**item).clone(), (**item).clone()],
            ("index_of" | "drain" | "retain", Kind::Array(item)) => vec![(**item).clone()],
            _ => Vec::new(),
        };
        // Rhai gives the item, or binds it to `this`, and the index behind it.
        let most = match name {
            "drain" | "retain" => Some(2),
            "for_each" => Some(1),
            _ => None,
        };
        let is_list = matches!(receiver, Kind::Array(_));
        Self {
            branch: None,
            params,
            takes: most
                .filter(|_| is_list)
                .map(|most| (name.to_owned(), 0, most)),
        }
    }
}

impl<'t> Checker<'t> {
    /// An argument of a call that uses closures in this way.
    pub(super) fn argument(&mut self, argument: &'t Expression, uses: &ClosureUse) -> Kind {
        match &argument.kind {
            ExpressionKind::Closure(closure) => {
                self.closure_params(closure, argument.span, uses);
                let gives = self.closure(closure, uses);
                self.closure_gives(closure, argument.span, uses, &gives);
                Kind::Closure
            }
            // `#{ undo: || ... }` is run as the closures beside it.
            ExpressionKind::Map(entries) if uses.branch.is_some() => {
                for entry in entries {
                    self.argument(&entry.value, uses);
                }
                Kind::Map
            }
            kind => {
                if let ExpressionKind::Variable(name) = kind {
                    self.graphs.passed_on(name);
                }
                let kind = self.value(argument);
                self.gives_nothing(argument);
                kind
            }
        }
    }

    /// A closure that has not as many parameters as it is called with.
    fn closure_params(&mut self, closure: &Closure, span: Span, uses: &ClosureUse) {
        let Some((function, least, most)) = &uses.takes else {
            return;
        };
        let (least, most, count) = (*least, *most, closure.params.len());
        if function == "for_each" && count == 1 && !self.names_this(span) {
            let item = &closure.params[0];
            let problem = self
                .warning(
                    "segue::plan::wrong_arguments",
                    "the closure of `for_each` is called with the index of each item",
                    item.span,
                    "0, 1, 2, ...; the item itself is `this`",
                )
                .help(format!("write `for {} in list {{ ... }}`", item.text));
            self.tell(problem);
        }
        if (least..=most).contains(&count) {
            return;
        }
        let given = match most {
            0 => "nothing".to_owned(),
            1 => "one value".to_owned(),
            most => format!("{most} values"),
        };
        let (at, label, help) = if count > most {
            let extra = closure.params[most].span;
            let end = closure.params.last().map_or(extra, |param| param.span);
            let names = closure.params[..most].iter();
            let names: Vec<&str> = names.map(|name| name.text.as_str()).collect();
            (
                extra.to(end),
                "nothing is given for this",
                format!("write `|{}| ...`", names.join(", ")),
            )
        } else {
            (
                Span::new(span.start, span.start + 2),
                "it has no parameter for that",
                if most == 2 {
                    "write `|one, other| ...`".to_owned()
                } else {
                    "write `|item| ...`".to_owned()
                },
            )
        };
        let problem = self
            .error(
                "segue::plan::wrong_arguments",
                format!("the closure of `{function}` is called with {given}"),
                at,
                label,
            )
            .help(help);
        self.tell(problem);
    }

    /// A closure that is asked something and gives no answer that can be used.
    fn closure_gives(&mut self, closure: &'t Closure, span: Span, uses: &ClosureUse, gives: &Kind) {
        const ASKS: [&str; 9] = [
            "filter",
            "find",
            "any",
            "all",
            "some",
            "count",
            "retain",
            "drain",
            "wait_until",
        ];
        const ORDERS: [&str; 2] = ["sort_by", "order_by"];
        let Some((function, ..)) = &uses.takes else {
            return;
        };
        let last = closure.body.last();
        let gives = match last.map(|last| &last.kind) {
            Some(StatementKind::Declare { .. }) => &Kind::Unit,
            _ => gives,
        };
        let fits_order = matches!(gives, Kind::Integer | Kind::Float | Kind::Text);
        let wanted = match function.as_str() {
            _ if *gives == Kind::Unknown => return,
            name if ASKS.contains(&name) && *gives != Kind::Boolean => "a Boolean",
            name if ORDERS.contains(&name) && !fits_order => "a number or a String",
            "group_by" if *gives == Kind::Unit => "a value",
            "run_task_with" if *gives != Kind::Map => "a Map of parameters",
            _ => return,
        };
        let help = match gives {
            Kind::Unit => "the value of its last statement is what a closure gives",
            Kind::Native(name) if matches!(&**name, "Result" | "ResultSet") => {
                "write `.ok` behind it"
            }
            _ if function == "run_task_with" => "write `|target| #{ name: value }`",
            _ if wanted == "a Boolean" => "compare it, such as `value == \"x\"` or `value > 0`",
            _ => "take a part of it that can be ordered",
        };
        let problem = self
            .error(
                "segue::plan::wrong_type",
                format!("the closure of `{function}` has to give {wanted}"),
                last.map_or(span, |last| last.span),
                format!("this is {gives}"),
            )
            .help(help);
        self.tell(problem);
    }

    fn names_this(&self, span: Span) -> bool {
        let text = self.source.text();
        let mut tokens = self.source.tokens().all().iter();
        tokens.any(|token| span.covers(token.span) && token.span.of(text) == "this")
    }

    /// Looks at the body of a closure and gives the type of what it gives.
    pub(super) fn closure(&mut self, closure: &'t Closure, uses: &ClosureUse) -> Kind {
        self.scopes.open(match &uses.branch {
            Some(function) => Boundary::Branch(function.clone()),
            None => Boundary::Closure,
        });
        for (index, param) in closure.params.iter().enumerate() {
            let kind = uses.params.get(index).cloned().unwrap_or(Kind::Unknown);
            let kind = if self.survey.assigned.contains(&param.text) {
                Kind::Unknown
            } else {
                kind
            };
            self.scopes
                .declare(Variable::new(param, Role::Argument, kind));
        }
        self.conditional += 1;
        let kind = self.body(&closure.body);
        self.conditional -= 1;
        let declared = self.scopes.close();
        self.unused(declared);
        kind
    }
}
