//! Values that are known before a plan runs: literals, and what leads to one through variables that never change
//! and through functions of the file that give nothing else.

use super::{
    checker::Checker,
    tree::{Expression, ExpressionKind, Function, Statement, StatementKind},
};
use crate::{
    model::{Map, Value},
    plan::source::{Span, TokenKind},
};

/// How many names are followed to a literal.
const STEPS_MAX: usize = 8;

impl<'t> Checker<'t> {
    /// The expression that an expression stands for.
    pub(super) fn resolved(&self, expression: &'t Expression) -> &'t Expression {
        let mut current = expression;
        for _ in 0..STEPS_MAX {
            let next = match &current.kind {
                ExpressionKind::Variable(name) => {
                    self.scopes.get(name).and_then(|variable| variable.value)
                }
                ExpressionKind::Call(call) if call.namespace.is_none() => self
                    .functions
                    .named(&call.name.text)
                    .iter()
                    .find(|function| function.params.len() == call.arguments.len())
                    .and_then(|function| only_value(function)),
                _ => None,
            };
            match next {
                Some(next) => current = next,
                None => break,
            }
        }
        current
    }

    /// The string that an expression is known to be, and where it is written.
    pub(super) fn text_of(&self, expression: &'t Expression) -> Option<(&'t str, Span)> {
        let resolved = self.resolved(expression);
        // A step is its name: `let fetch = graph.step("fetch", ...)`.
        let resolved = match &resolved.kind {
            ExpressionKind::Method { call, .. } if call.name.text == "step" => {
                self.resolved(call.arguments.first()?)
            }
            _ => resolved,
        };
        resolved.as_text().map(|text| (text, resolved.span))
    }

    /// The whole value, if all of it is known.
    pub(super) fn literal(&self, expression: &'t Expression) -> Option<Value> {
        let resolved = self.resolved(expression);
        Some(match &resolved.kind {
            ExpressionKind::Unit => Value::Null,
            ExpressionKind::Boolean(flag) => Value::Bool(*flag),
            ExpressionKind::Integer(number) => Value::Integer(*number),
            ExpressionKind::Float(number) => Value::Float(*number),
            ExpressionKind::Character(char) => Value::String(char.to_string()),
            ExpressionKind::Text(text) => Value::String(text.clone()),
            ExpressionKind::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| self.literal(item))
                    .collect::<Option<_>>()?,
            ),
            ExpressionKind::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|entry| Some((entry.key.text.clone(), self.literal(&entry.value)?)))
                    .collect::<Option<Map>>()?,
            ),
            _ => return None,
        })
    }

    /// The part of a string literal that these bytes of its value are, if it has no escapes.
    pub(super) fn within_text(&self, literal: Span, start: usize, end: usize) -> Span {
        let written = literal.of(self.source.text());
        let is_text = self
            .source
            .tokens()
            .at(literal.start)
            .is_some_and(|token| token.kind == TokenKind::Text && token.span == literal);
        let quote = if written.starts_with('#') {
            written.find('"').map_or(1, |at| at + 1)
        } else {
            1
        };
        if !is_text || (quote == 1 && written.contains('\\')) {
            return literal;
        }
        let inner = Span::new(literal.start + quote + start, literal.start + quote + end);
        if inner.end <= literal.end && self.source.text().get(inner.range()).is_some() {
            inner
        } else {
            literal
        }
    }
}

/// The expression that is all that a function does.
fn only_value(function: &Function) -> Option<&Expression> {
    match function.body.as_slice() {
        [
            Statement {
                kind:
                    StatementKind::Expression(expression) | StatementKind::Return(Some(expression)),
                ..
            },
        ] => Some(expression),
        _ => None,
    }
}
