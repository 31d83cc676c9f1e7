//! Defaults of parameters: expressions over literals and the parameters before them, without effects.

use super::{
    checker::Checker,
    lower::lower_expression,
    parameter::{meant_value, without_undef},
    parse::parse_expression,
    tree::{Call, Closure, Expression, ExpressionKind, Statement, StatementKind},
};
use crate::{
    model::{Map, Value, nearest},
    plan::{
        diagnostic::foreign_word,
        header::{DefaultExpression, PlanParam},
        source::Span,
    },
};

/// Checks the default of every parameter.
pub(super) fn check(checker: &mut Checker<'_>) {
    let header = checker.header;
    for (index, param) in header.params.iter().enumerate() {
        if let Some(default) = &param.default {
            one(checker, index, param, default);
        }
    }
}

fn one(checker: &mut Checker<'_>, index: usize, param: &PlanParam, default: &DefaultExpression) {
    let text = default.in_place(checker.source);
    let ast = match parse_expression(checker.source, &text) {
        Ok(ast) => ast,
        Err(problem) => {
            checker.tell(*problem);
            return;
        }
    };
    let Some(expression) = lower_expression(checker.source, &ast) else {
        return;
    };
    let mut names = Names {
        checker,
        before: index,
    };
    names.expression(&expression);
    if let Some(value) = literal(&expression)
        && let Err(mismatch) = param.data_type.check(&value)
    {
        let problem = checker
            .error(
                "segue::task::parameter_type",
                format!("the default of `{}` is not of its type", param.name),
                expression.span,
                if mismatch.actual == "none" {
                    "there is none".to_owned()
                } else {
                    format!("this is {}", mismatch.actual)
                },
            )
            .label(
                param.type_span,
                format!("expected {}", without_undef(&mismatch.expected)),
            )
            .maybe_help(meant_value(
                &param.data_type,
                &value,
                expression.span.of(checker.source.text()),
            ));
        checker.tell(problem);
    }
}

/// Looks for names that a default must not use.
struct Names<'a, 't> {
    checker: &'a mut Checker<'t>,
    /// How many parameters stand before it.
    before: usize,
}

impl Names<'_, '_> {
    fn expressions(&mut self, expressions: &[Expression]) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    fn expression(&mut self, expression: &Expression) {
        match &expression.kind {
            ExpressionKind::Variable(name) => self.variable(name, expression.span),
            ExpressionKind::Template(parts)
            | ExpressionKind::Array(parts)
            | ExpressionKind::Operator {
                operands: parts, ..
            } => self.expressions(parts),
            ExpressionKind::Map(entries) => {
                for entry in entries {
                    self.expression(&entry.value);
                }
            }
            ExpressionKind::Call(call) => {
                self.call(call);
                self.expressions(&call.arguments);
            }
            ExpressionKind::Method { receiver, call, .. } => {
                self.expression(receiver);
                self.expressions(&call.arguments);
            }
            ExpressionKind::Property { receiver, .. } => self.expression(receiver),
            ExpressionKind::Index { receiver, index } => {
                self.expression(receiver);
                self.expression(index);
            }
            ExpressionKind::Closure(Closure { body, .. }) => {
                for statement in body {
                    self.statement(statement);
                }
            }
            ExpressionKind::Statement(statement) => self.statement(statement),
            _ => {}
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Expression(expression) => self.expression(expression),
            StatementKind::Block(block) => {
                for statement in &block.statements {
                    self.statement(statement);
                }
            }
            _ => {}
        }
    }

    fn variable(&mut self, name: &str, span: Span) {
        let params = &self.checker.header.params;
        let position = params.iter().position(|param| param.name == name);
        if position.is_some_and(|position| position < self.before) {
            return;
        }
        let own = &params[self.before].name;
        let help = match position {
            Some(position) if position == self.before => {
                format!("`{own}` can't be its own default")
            }
            Some(_) => format!("move `{name}` before `{own}`"),
            None => {
                let before = params[..self.before]
                    .iter()
                    .map(|param| param.name.as_str());
                match (nearest(name, before), foreign_word(name)) {
                    (Some(meant), _) => format!("did you mean `{meant}`?"),
                    (None, Some(help)) => help.to_owned(),
                    (None, None) => format!(
                        "write `\"{name}\"` if it is text; a default is made of literals and of the parameters before it"
                    ),
                }
            }
        };
        let message = if position.is_some() {
            format!("`{name}` has no value yet")
        } else {
            format!("unknown variable `{name}`")
        };
        let problem = self
            .checker
            .error("segue::plan::default", message, span, "")
            .help(help);
        self.checker.tell(problem);
    }

    fn call(&mut self, call: &Call) {
        let name = &call.name.text;
        let full = match &call.namespace {
            Some(namespace) => format!("{}::{name}", namespace.text),
            None => name.clone(),
        };
        let is_own = self.checker.vocabulary.functions(&full).next().is_some();
        let is_of_file = call.namespace.is_none() && !self.checker.functions.named(name).is_empty();
        let is_rhai = call.namespace.is_none() && !self.checker.vocabulary.rhai(name).is_empty();
        if !is_own && !is_of_file && is_rhai {
            return;
        }
        let (message, help) = if is_own {
            (
                format!("a default can't call `{full}`"),
                "defaults are known without running anything: leave the default out and call it in the plan",
            )
        } else if is_of_file {
            (
                format!("a default can't call `{full}`"),
                "the functions of the plan are not there yet: write the value, or call it in the plan",
            )
        } else {
            (
                format!("unknown function `{full}`"),
                "a default is made of literals and of the parameters before it",
            )
        };
        let problem = self
            .checker
            .error("segue::plan::default", message, call.name.span, "")
            .help(help);
        self.checker.tell(problem);
    }
}

fn literal(expression: &Expression) -> Option<Value> {
    Some(match &expression.kind {
        ExpressionKind::Unit => Value::Null,
        ExpressionKind::Boolean(flag) => Value::Bool(*flag),
        ExpressionKind::Integer(number) => Value::Integer(*number),
        ExpressionKind::Float(number) => Value::Float(*number),
        ExpressionKind::Text(text) => Value::String(text.clone()),
        ExpressionKind::Array(items) => {
            Value::Array(items.iter().map(literal).collect::<Option<_>>()?)
        }
        ExpressionKind::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|entry| Some((entry.key.text.clone(), literal(&entry.value)?)))
                .collect::<Option<Map>>()?,
        ),
        _ => return None,
    })
}
