//! Expressions: chains are turned the right way round, and every part gets its whole span.

use rhai::{ASTFlags, Expr, FnCallExpr, FnPtr, Position, Stmt, StmtBlock};

use super::{
    lower::Lowering,
    tree::{Call, Entry, Expression, ExpressionKind, Name, Operator, Statement, StatementKind},
};
use crate::plan::source::{Span, TokenKind};

impl Lowering<'_> {
    pub(super) fn expression(&self, expression: &Expr) -> Expression {
        let position = expression.position();
        let plain = |kind| Expression {
            kind,
            span: self.token(position),
        };
        match expression {
            Expr::DynamicConstant(value, _) => match value.read_lock::<FnPtr>() {
                Some(pointer) => self.closure(pointer.fn_name(), &[], position),
                None => plain(ExpressionKind::Unit),
            },
            Expr::BoolConstant(value, _) => plain(ExpressionKind::Boolean(*value)),
            Expr::IntegerConstant(value, _) => Expression {
                kind: ExpressionKind::Integer(*value),
                span: self.number(position),
            },
            Expr::FloatConstant(value, _) => Expression {
                kind: ExpressionKind::Float(**value),
                span: self.number(position),
            },
            Expr::CharConstant(value, _) => plain(ExpressionKind::Character(*value)),
            Expr::StringConstant(text, _) => plain(ExpressionKind::Text(text.to_string())),
            Expr::InterpolatedString(parts, _) => {
                let parts = parts.iter().map(|part| self.expression(part)).collect();
                self.over(position, ExpressionKind::Template(parts))
            }
            Expr::Array(items, _) => {
                let items = items.iter().map(|item| self.expression(item)).collect();
                self.over(position, ExpressionKind::Array(items))
            }
            Expr::Map(parts, _) => {
                let entries = parts
                    .0
                    .iter()
                    .map(|(key, value)| Entry {
                        key: self.name(&key.name, key.pos),
                        value: self.expression(value),
                    })
                    .collect();
                self.over(position, ExpressionKind::Map(entries))
            }
            Expr::Unit(_) => self.over(position, ExpressionKind::Unit),
            Expr::Variable(variable, _, _) => {
                let name = self.name(&variable.1, position);
                match variable.2.path.first() {
                    Some(first) => {
                        let namespace = self.name(first.as_str(), first.pos);
                        Expression {
                            span: namespace.span.to(name.span),
                            kind: ExpressionKind::Qualified { namespace, name },
                        }
                    }
                    None => plain(ExpressionKind::Variable(name.text)),
                }
            }
            Expr::ThisPtr(_) => plain(ExpressionKind::This),
            Expr::FnCall(call, _) => self.call_expression(call, position),
            Expr::Stmt(block) => self.block_expression(block),
            Expr::Dot(parts, flags, _) => {
                let base = self.expression(&parts.lhs);
                self.chain(base, &parts.rhs, *flags, true, position)
            }
            Expr::Index(parts, flags, _) => {
                let base = self.expression(&parts.lhs);
                self.chain(base, &parts.rhs, *flags, false, position)
            }
            Expr::And(operands, _) => self.operator(Operator::And, operands.iter()),
            Expr::Or(operands, _) => self.operator(Operator::Or, operands.iter()),
            Expr::Coalesce(operands, _) => self.operator(Operator::Coalesce, operands.iter()),
            // Only parts of chains, which `chain` takes apart, and custom syntax, of which there is none.
            _ => plain(ExpressionKind::Unit),
        }
    }

    fn over(&self, position: Position, kind: ExpressionKind) -> Expression {
        Expression {
            kind,
            span: self.whole(position),
        }
    }

    /// A number with the signs before it, which are part of the constant.
    fn number(&self, position: Position) -> Span {
        let tokens = self.source.tokens();
        let mut index = tokens.index_at(self.offset(position));
        let start = tokens
            .get(index)
            .map_or(Span::default(), |token| token.span);
        while let Some(token) = tokens.get(index) {
            if token.kind == TokenKind::Symbol
                && matches!(token.span.of(self.source.text()), "-" | "+")
                && let Some(next) = tokens.next(index)
            {
                index = next;
            } else {
                return start.to(token.span);
            }
        }
        start
    }

    fn operator<'e>(
        &self,
        operator: Operator,
        operands: impl Iterator<Item = &'e Expr>,
    ) -> Expression {
        let operands: Vec<Expression> = operands.map(|operand| self.expression(operand)).collect();
        let start = operands.iter().map(|operand| operand.span.start).min();
        let end = operands.iter().map(|operand| operand.span.end).max();
        Expression {
            kind: ExpressionKind::Operator { operator, operands },
            span: Span::new(start.unwrap_or_default(), end.unwrap_or_default()),
        }
    }

    pub(super) fn call_expression(&self, call: &FnCallExpr, position: Position) -> Expression {
        let written = self.token(position).of(self.source.text());
        // `a in b` is a call of `contains` with its arguments swapped.
        if call.name == "contains" && matches!(written, "in" | "!in" | "!") {
            return self.operator(Operator::In, call.args.iter().rev());
        }
        if call.op_token.is_some() || matches!(call.name.as_str(), ".." | "..=") {
            let operator = match call.name.as_str() {
                ".." | "..=" => Operator::Range,
                other => Operator::Other(other.to_owned()),
            };
            let mut expression = self.operator(operator, call.args.iter());
            let sign = self.token(position);
            expression.span.start = expression.span.start.min(sign.start);
            return expression;
        }
        let lowered = self.call(call, position);
        let span = self.whole(position);
        let start = lowered
            .namespace
            .as_ref()
            .map_or(span.start, |namespace| namespace.span.start);
        Expression {
            kind: ExpressionKind::Call(lowered),
            span: Span::new(start, span.end),
        }
    }

    fn call(&self, call: &FnCallExpr, position: Position) -> Call {
        Call {
            namespace: call
                .namespace
                .path
                .first()
                .map(|first| self.name(first.as_str(), first.pos)),
            name: self.name(&call.name, position),
            arguments: call
                .args
                .iter()
                .map(|argument| self.expression(argument))
                .collect(),
        }
    }

    /// `base.rest` or `base[rest]`: Rhai nests what follows to the right.
    fn chain(
        &self,
        base: Expression,
        rest: &Expr,
        flags: ASTFlags,
        is_dot: bool,
        position: Position,
    ) -> Expression {
        let optional = flags.contains(ASTFlags::NEGATED);
        let (first, further) = match rest {
            Expr::Dot(parts, next, at) if is_dot || !flags.contains(ASTFlags::BREAK) => {
                (&parts.lhs, Some((&parts.rhs, *next, true, *at)))
            }
            Expr::Index(parts, next, at) if is_dot || !flags.contains(ASTFlags::BREAK) => {
                (&parts.lhs, Some((&parts.rhs, *next, false, *at)))
            }
            last => (last, None),
        };
        let link = if is_dot {
            self.member(base, first, optional)
        } else {
            let bracket = self.whole(position);
            Expression {
                span: base.span.to(bracket),
                kind: ExpressionKind::Index {
                    receiver: Box::new(base),
                    index: Box::new(self.expression(first)),
                },
            }
        };
        match further {
            Some((rest, flags, is_dot, position)) => {
                self.chain(link, rest, flags, is_dot, position)
            }
            None => link,
        }
    }

    fn member(&self, base: Expression, member: &Expr, optional: bool) -> Expression {
        let position = member.position();
        let start = base.span;
        match member {
            Expr::Property(property, _) => {
                let name = self.name(&property.2, position);
                Expression {
                    span: start.to(name.span),
                    kind: ExpressionKind::Property {
                        receiver: Box::new(base),
                        name,
                        optional,
                    },
                }
            }
            Expr::MethodCall(call, _) | Expr::FnCall(call, _) => Expression {
                span: start.to(self.whole(position)),
                kind: ExpressionKind::Method {
                    receiver: Box::new(base),
                    call: self.call(call, position),
                    optional,
                },
            },
            _ => base,
        }
    }

    /// A closure with captures, or a statement that is used as a value.
    fn block_expression(&self, block: &StmtBlock) -> Expression {
        if let [Stmt::Share(_), Stmt::Expr(curried)] = block.statements()
            && let Expr::FnCall(call, _) = &**curried
            && let [Expr::DynamicConstant(value, position), captures @ ..] = call.args.as_slice()
            && let Some(pointer) = value.read_lock::<FnPtr>()
        {
            let captures: Vec<Name> = captures
                .iter()
                .filter_map(|capture| match capture {
                    Expr::Variable(variable, _, position) => {
                        Some(self.name(&variable.1, *position))
                    }
                    _ => None,
                })
                .collect();
            return self.closure(pointer.fn_name(), &captures, *position);
        }
        // Rhai makes a block around a lone statement.
        let statement = match block.statements() {
            [lone] if block.end_position().is_none() => self.statement(lone),
            _ => None,
        };
        let statement = statement.unwrap_or_else(|| {
            let block = self.block(block);
            Statement {
                span: block.span,
                kind: StatementKind::Block(block),
            }
        });
        let span = statement.span;
        match statement.kind {
            StatementKind::Expression(expression) => expression,
            _ => Expression {
                kind: ExpressionKind::Statement(Box::new(statement)),
                span,
            },
        }
    }
}
