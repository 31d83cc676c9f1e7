//! What has to be known of the whole file before its statements are looked at one by one.

use std::collections::HashSet;

use super::tree::{Block, Closure, Expression, ExpressionKind, Statement, StatementKind, Tree};

/// Methods that change the list or the map that they are called on.
const CHANGING: [&str; 22] = [
    "append",
    "chop",
    "clear",
    "dedup",
    "drain",
    "fill_with",
    "insert",
    "mixin",
    "pad",
    "pop",
    "push",
    "remove",
    "retain",
    "reverse",
    "set",
    "shift",
    "sort",
    "sort_by",
    "sort_desc",
    "splice",
    "swap",
    "truncate",
];

/// By name: which variables change, and which names keys of maps have. Two variables of one name count as one.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Assigned to after they were declared.
    pub(super) assigned: HashSet<String>,
    /// Changed in parts: by an index, a property or a method.
    pub(super) mutated: HashSet<String>,
    /// The keys of all maps in the file. What is called as a method may be one of them.
    pub(super) keys: HashSet<String>,
}

/// Whether a method changes what it is called on.
pub(super) fn is_changing(method: &str) -> bool {
    CHANGING.binary_search(&method).is_ok()
}

impl Survey {
    pub(super) fn of(tree: &Tree) -> Self {
        let mut survey = Self::default();
        survey.statements(&tree.statements);
        for function in &tree.functions {
            survey.statements(&function.body);
        }
        survey
    }

    /// Whether the variable keeps the value that it was declared with.
    pub(super) fn is_fixed(&self, name: &str) -> bool {
        !self.assigned.contains(name) && !self.mutated.contains(name)
    }

    fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn block(&mut self, block: &Block) {
        self.statements(&block.statements);
    }

    fn maybe(&mut self, expression: Option<&Expression>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Expression(expression) => self.expression(expression),
            StatementKind::Assign { place, value } => {
                self.assignment(place);
                self.expression(place);
                self.expression(value);
            }
            StatementKind::If {
                condition,
                body,
                otherwise,
            } => {
                self.expression(condition);
                self.block(body);
                self.block(otherwise);
            }
            StatementKind::Switch { value, cases, .. } => {
                self.expression(value);
                for case in cases {
                    self.maybe(case.condition.as_ref());
                    self.expression(&case.action);
                }
            }
            StatementKind::Loop {
                condition, body, ..
            } => {
                self.maybe(condition.as_ref());
                self.block(body);
            }
            StatementKind::For { over, body, .. } => {
                self.expression(over);
                self.block(body);
            }
            StatementKind::Block(block) => self.block(block),
            StatementKind::Try { body, handler, .. } => {
                self.block(body);
                self.block(handler);
            }
            StatementKind::Declare { value, .. }
            | StatementKind::Break(value)
            | StatementKind::Return(value)
            | StatementKind::Throw(value) => self.maybe(value.as_ref()),
            StatementKind::Import { path, .. } => self.expression(path),
            StatementKind::Continue | StatementKind::Export { .. } => {}
        }
    }

    fn assignment(&mut self, place: &Expression) {
        match &place.kind {
            ExpressionKind::Variable(name) => {
                self.assigned.insert(name.clone());
            }
            ExpressionKind::Property { name, .. } => {
                self.keys.insert(name.text.clone());
                self.mutation(place);
            }
            _ => self.mutation(place),
        }
    }

    fn mutation(&mut self, place: &Expression) {
        if let ExpressionKind::Variable(name) = &place.root().kind {
            self.mutated.insert(name.clone());
        }
    }

    fn expressions(&mut self, expressions: &[Expression]) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    fn expression(&mut self, expression: &Expression) {
        match &expression.kind {
            ExpressionKind::Template(parts) | ExpressionKind::Array(parts) => {
                self.expressions(parts);
            }
            ExpressionKind::Map(entries) => {
                for entry in entries {
                    self.keys
                        .insert(entry.key.text.trim_matches('"').to_owned());
                    self.expression(&entry.value);
                }
            }
            ExpressionKind::Call(call) => self.expressions(&call.arguments),
            ExpressionKind::Method { receiver, call, .. } => {
                if is_changing(&call.name.text) {
                    self.mutation(receiver);
                }
                self.expression(receiver);
                self.expressions(&call.arguments);
            }
            ExpressionKind::Property { receiver, .. } => self.expression(receiver),
            ExpressionKind::Index { receiver, index } => {
                self.expression(receiver);
                self.expression(index);
            }
            ExpressionKind::Operator { operands, .. } => self.expressions(operands),
            ExpressionKind::Closure(Closure { body, .. }) => self.statements(body),
            ExpressionKind::Statement(statement) => self.statement(statement),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CHANGING;

    #[test]
    fn changing_methods_can_be_searched() {
        assert!(CHANGING.is_sorted());
    }
}
