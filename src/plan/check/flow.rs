//! Where a plan goes on, and what is never reached.

use super::{
    checker::Checker,
    tree::{Expression, ExpressionKind, Statement, StatementKind},
};
use crate::plan::source::Span;

/// Whether what comes after a statement is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Continues,
    Ends,
}

impl Flow {
    pub(super) const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Ends, Self::Ends) => Self::Ends,
            _ => Self::Continues,
        }
    }
}

impl Checker<'_> {
    pub(super) fn unreachable(&mut self, statements: &[Statement], from: usize) {
        let last = statements.last().map_or(Span::default(), |last| last.span);
        let reason = from
            .checked_sub(1)
            .and_then(|before| statements.get(before))
            .map_or(Span::default(), |before| before.span);
        // A long part is shown by its first statement.
        let first = statements[from].span;
        let lines = self.source.text()[first.start..last.end.max(first.start)]
            .lines()
            .count();
        let span = if lines > 3 { first } else { first.to(last) };
        let ending = first_word_span(reason, self.source.text());
        let problem = self
            .warning(
                "segue::plan::unreachable",
                "this is never reached",
                span,
                "never done",
            )
            .label(ending, "nothing goes on behind this")
            .help("remove it, or what ends the plan before it");
        self.tell(problem);
    }

    /// Whether the plan does not go on behind an expression.
    pub(super) fn ends(&self, expression: &Expression) -> Flow {
        let ends = match &expression.kind {
            ExpressionKind::Call(call) => {
                call.namespace.is_none()
                    && matches!(call.name.text.as_str(), "fail" | "exit")
                    && self.functions.named(&call.name.text).is_empty()
            }
            ExpressionKind::Statement(statement) => ends_always(statement),
            _ => false,
        };
        if ends { Flow::Ends } else { Flow::Continues }
    }
}

fn first_word_span(span: Span, text: &str) -> Span {
    let line = span.of(text).lines().next().unwrap_or_default();
    Span::new(span.start, span.start + line.trim_end().len())
}

/// Whether there is a `break` that leaves this very loop.
pub(super) fn has_break(statements: &[Statement]) -> bool {
    statements.iter().any(|statement| match &statement.kind {
        StatementKind::Break(_) => true,
        StatementKind::If {
            body, otherwise, ..
        } => has_break(&body.statements) || has_break(&otherwise.statements),
        StatementKind::Block(block) => has_break(&block.statements),
        StatementKind::Try { body, handler, .. } => {
            has_break(&body.statements) || has_break(&handler.statements)
        }
        StatementKind::Switch { cases, .. } => {
            cases.iter().any(|case| expression_breaks(&case.action))
        }
        StatementKind::Expression(expression) => expression_breaks(expression),
        StatementKind::Declare {
            value: Some(value), ..
        }
        | StatementKind::Assign { value, .. } => expression_breaks(value),
        _ => false,
    })
}

fn expression_breaks(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Statement(statement) => has_break(std::slice::from_ref(statement)),
        ExpressionKind::Operator { operands, .. } => operands.iter().any(expression_breaks),
        _ => false,
    }
}

/// Whether something in it returns before its end.
pub(super) fn returns_early(statements: &[Statement]) -> bool {
    statements.iter().any(|statement| match &statement.kind {
        StatementKind::Return(_) | StatementKind::Switch { .. } => true,
        StatementKind::If {
            body, otherwise, ..
        } => returns_early(&body.statements) || returns_early(&otherwise.statements),
        StatementKind::Loop { body, .. } | StatementKind::For { body, .. } => {
            returns_early(&body.statements)
        }
        StatementKind::Block(block) => returns_early(&block.statements),
        StatementKind::Try { body, handler, .. } => {
            returns_early(&body.statements) || returns_early(&handler.statements)
        }
        _ => false,
    })
}

fn ends_always(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Return(_)
        | StatementKind::Throw(_)
        | StatementKind::Break(_)
        | StatementKind::Continue => true,
        StatementKind::Block(block) => block.statements.iter().any(ends_always),
        StatementKind::If {
            body, otherwise, ..
        } => {
            body.statements.iter().any(ends_always) && otherwise.statements.iter().any(ends_always)
        }
        _ => false,
    }
}
