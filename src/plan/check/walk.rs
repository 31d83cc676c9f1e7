//! Every expression inside of another one.

use super::tree::{Block, Closure, Expression, ExpressionKind, Statement, StatementKind};

/// What is done with each expression.
type Visit<'v, 'e> = &'v mut dyn FnMut(&'e Expression);

impl Closure {
    /// Visits every expression of its body, outer ones first.
    pub(super) fn each_expression<'e>(&'e self, visit: Visit<'_, 'e>) {
        statements(&self.body, visit);
    }
}

fn statements<'e>(all: &'e [Statement], visit: Visit<'_, 'e>) {
    for one in all {
        statement(one, visit);
    }
}

fn block<'e>(block: &'e Block, visit: Visit<'_, 'e>) {
    statements(&block.statements, visit);
}

fn statement<'e>(statement: &'e Statement, visit: Visit<'_, 'e>) {
    match &statement.kind {
        StatementKind::Expression(inner) => expression(inner, visit),
        StatementKind::Assign { place, value } => {
            expression(place, visit);
            expression(value, visit);
        }
        StatementKind::If {
            condition,
            body,
            otherwise,
        } => {
            expression(condition, visit);
            block(body, visit);
            block(otherwise, visit);
        }
        StatementKind::Switch { value, cases, .. } => {
            expression(value, visit);
            for case in cases {
                if let Some(condition) = &case.condition {
                    expression(condition, visit);
                }
                expression(&case.action, visit);
            }
        }
        StatementKind::Loop {
            condition, body, ..
        } => {
            if let Some(condition) = condition {
                expression(condition, visit);
            }
            block(body, visit);
        }
        StatementKind::For { over, body, .. } => {
            expression(over, visit);
            block(body, visit);
        }
        StatementKind::Block(inner) => block(inner, visit),
        StatementKind::Try { body, handler, .. } => {
            block(body, visit);
            block(handler, visit);
        }
        StatementKind::Declare { value, .. }
        | StatementKind::Break(value)
        | StatementKind::Return(value)
        | StatementKind::Throw(value) => {
            if let Some(value) = value {
                expression(value, visit);
            }
        }
        StatementKind::Import { path, .. } => expression(path, visit),
        StatementKind::Continue | StatementKind::Export { .. } => {}
    }
}

fn expressions<'e>(all: &'e [Expression], visit: Visit<'_, 'e>) {
    for one in all {
        expression(one, visit);
    }
}

fn expression<'e>(outer: &'e Expression, visit: Visit<'_, 'e>) {
    visit(outer);
    match &outer.kind {
        ExpressionKind::Template(parts)
        | ExpressionKind::Array(parts)
        | ExpressionKind::Operator {
            operands: parts, ..
        } => expressions(parts, visit),
        ExpressionKind::Map(entries) => {
            for entry in entries {
                expression(&entry.value, visit);
            }
        }
        ExpressionKind::Call(call) => expressions(&call.arguments, visit),
        ExpressionKind::Method { receiver, call, .. } => {
            expression(receiver, visit);
            expressions(&call.arguments, visit);
        }
        ExpressionKind::Property { receiver, .. } => expression(receiver, visit),
        ExpressionKind::Index { receiver, index } => {
            expression(receiver, visit);
            expression(index, visit);
        }
        ExpressionKind::Closure(closure) => statements(&closure.body, visit),
        ExpressionKind::Statement(inner) => statement(inner, visit),
        _ => {}
    }
}
