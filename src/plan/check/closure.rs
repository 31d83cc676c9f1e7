//! Closures: what they are called with, and which of them run in branches of their own.

use super::{
    checker::Checker,
    kind::Kind,
    scope::{Boundary, Role, Variable},
    tree::{Closure, Expression, ExpressionKind},
};

/// How a function uses the closures that it is given.
#[derive(Clone, Debug, Default)]
pub(super) struct ClosureUse {
    /// The function that runs them in branches, if it does.
    pub(super) branch: Option<String>,
    /// The types of what they are called with.
    pub(super) params: Vec<Kind>,
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
            | "find" | "count" => vec![item()],
            "retry" => vec![Kind::Integer],
            "run_task_with" => vec![Kind::native("Target")],
            _ => Vec::new(),
        };
        Self { branch, params }
    }

    /// Of a method of Rhai: many go over the items of their receiver.
    pub(super) fn of_method(name: &str, receiver: &Kind) -> Self {
        let params = match (name, receiver) {
            ("sort" | "dedup", Kind::Array(item)) => vec![(**item).clone(), (**item).clone()],
            (
                "map" | "filter" | "for_each" | "all" | "some" | "find" | "find_map" | "index_of"
                | "drain" | "retain",
                Kind::Array(item),
            ) => vec![(**item).clone()],
            _ => Vec::new(),
        };
        Self {
            branch: None,
            params,
        }
    }
}

impl<'t> Checker<'t> {
    /// An argument of a call that uses closures in this way.
    pub(super) fn argument(&mut self, argument: &'t Expression, uses: &ClosureUse) -> Kind {
        match &argument.kind {
            ExpressionKind::Closure(closure) => {
                self.closure(closure, uses);
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
