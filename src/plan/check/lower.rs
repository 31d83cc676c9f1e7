//! From Rhai's tree to ours: positions become spans, chains are turned the right way round, and closures, which
//! Rhai keeps apart, go back to where they were written.

use rhai::{AST, ASTFlags, BinaryExpr, Expr, Position, Stmt, StmtBlock};

use super::{
    bodies::Bodies,
    tree::{Block, Case, Expression, ExpressionKind, Name, Statement, StatementKind, Tree},
};
use crate::plan::source::{Source, Span, TokenKind};

/// How Rhai's names of closures begin.
const CLOSURE_PREFIX: &str = "anon$";

/// The tree of a file that Rhai has parsed without optimising.
pub(super) fn lower(source: &Source, ast: &AST) -> Tree {
    let bodies = Bodies::of(ast);
    let lowering = Lowering {
        source,
        bodies: &bodies,
    };
    let mut tree = Tree {
        statements: lowering.statements(ast.statements()),
        functions: Vec::new(),
    };
    for function in ast.iter_functions() {
        if !function.name.starts_with(CLOSURE_PREFIX) {
            let body = bodies.get(&function);
            tree.functions.push(lowering.function(&function, body));
        }
    }
    tree.functions
        .sort_by_key(|function| function.name_span.start);
    tree
}

/// The lone expression of a default.
pub(super) fn lower_expression(source: &Source, ast: &AST) -> Option<Expression> {
    let bodies = Bodies::of(ast);
    let lowering = Lowering {
        source,
        bodies: &bodies,
    };
    match ast.statements() {
        [Stmt::Expr(expression)] => Some(lowering.expression(expression)),
        _ => None,
    }
}

pub(super) struct Lowering<'a> {
    pub(super) source: &'a Source,
    pub(super) bodies: &'a Bodies,
}

impl Lowering<'_> {
    pub(super) fn offset(&self, position: Position) -> usize {
        self.source.offset_at(position).unwrap_or_default()
    }

    pub(super) fn token(&self, position: Position) -> Span {
        self.source.token(self.offset(position))
    }

    pub(super) fn whole(&self, position: Position) -> Span {
        self.source.whole(self.offset(position))
    }

    pub(super) fn name(&self, text: &str, position: Position) -> Name {
        Name {
            text: text.to_owned(),
            span: self.token(position),
        }
    }

    pub(super) fn statements(&self, statements: &[Stmt]) -> Vec<Statement> {
        statements
            .iter()
            .filter_map(|statement| self.statement(statement))
            .collect()
    }

    pub(super) fn block(&self, block: &StmtBlock) -> Block {
        let statements = self.statements(block.statements());
        let start = self.source.whole(self.offset(block.position()));
        let span = match (
            block.position().is_none(),
            statements.first(),
            statements.last(),
        ) {
            (false, _, _) if block.end_position().is_none() => {
                statements.last().map_or(start, |last| start.to(last.span))
            }
            (false, _, _) => start,
            (true, Some(first), Some(last)) => first.span.to(last.span),
            _ => Span::default(),
        };
        Block { statements, span }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a table of one arm for each kind of statement"
    )]
    pub(super) fn statement(&self, statement: &Stmt) -> Option<Statement> {
        let keyword = self.token(statement.position());
        let (kind, span) = match statement {
            Stmt::If(flow, _) => {
                let body = self.block(&flow.body);
                let otherwise = self.block(&flow.branch);
                let span = keyword.to(body.span).to(otherwise.span);
                let condition = self.expression(&flow.expr);
                let kind = StatementKind::If {
                    condition,
                    body,
                    otherwise,
                };
                (kind, span)
            }
            Stmt::Switch(parts, _) => {
                let (value, cases) = &**parts;
                let value = self.expression(value);
                let braces = self.next_bracket(value.span.end);
                let kind = StatementKind::Switch {
                    value,
                    cases: cases
                        .expressions
                        .iter()
                        .map(|case| self.case(case))
                        .collect(),
                    has_default: cases.def_case.is_some(),
                };
                (kind, keyword.to(braces))
            }
            Stmt::While(flow, _) => {
                let body = self.block(&flow.body);
                let span = keyword.to(body.span);
                let endless = matches!(flow.expr, Expr::Unit(_));
                let kind = StatementKind::Loop {
                    condition: (!endless).then(|| self.expression(&flow.expr)),
                    body_first: false,
                    body,
                };
                (kind, span)
            }
            Stmt::Do(flow, _, _) => {
                let condition = self.expression(&flow.expr);
                let span = keyword.to(condition.span);
                let kind = StatementKind::Loop {
                    condition: Some(condition),
                    body_first: true,
                    body: self.block(&flow.body),
                };
                (kind, span)
            }
            Stmt::For(parts, _) => {
                let (item, counter, flow) = &**parts;
                let body = self.block(&flow.body);
                let span = keyword.to(body.span);
                let kind = StatementKind::For {
                    item: self.name(&item.name, item.pos),
                    counter: counter
                        .as_ref()
                        .map(|counter| self.name(&counter.name, counter.pos)),
                    over: self.expression(&flow.expr),
                    body,
                };
                (kind, span)
            }
            Stmt::Var(parts, flags, _) => {
                let (name, value, _) = &**parts;
                let name = self.name(&name.name, name.pos);
                let value = (!value.position().is_none()).then(|| self.expression(value));
                let end = value.as_ref().map_or(name.span, |value| value.span);
                let kind = StatementKind::Declare {
                    name,
                    value,
                    constant: flags.contains(ASTFlags::CONSTANT),
                    exported: flags.contains(ASTFlags::EXPORTED),
                };
                (kind, keyword.to(end))
            }
            Stmt::Assignment(parts) => {
                let (_, sides) = &**parts;
                let place = self.expression(&sides.lhs);
                let value = self.expression(&sides.rhs);
                let span = place.span.to(value.span);
                let kind = StatementKind::Assign { place, value };
                (kind, span)
            }
            Stmt::FnCall(call, position) => {
                let expression = self.call_expression(call, *position);
                let span = expression.span;
                (StatementKind::Expression(expression), span)
            }
            Stmt::Block(block) => {
                let block = self.block(block);
                let span = block.span;
                (StatementKind::Block(block), span)
            }
            Stmt::TryCatch(flow, _) => {
                let body = self.block(&flow.body);
                let handler = self.block(&flow.branch);
                let error = match &flow.expr {
                    Expr::Variable(variable, _, position) => {
                        Some(self.name(&variable.1, *position))
                    }
                    _ => None,
                };
                let span = keyword.to(handler.span);
                let kind = StatementKind::Try {
                    body,
                    error,
                    handler,
                };
                (kind, span)
            }
            Stmt::Expr(expression) => {
                let expression = self.expression(expression);
                let span = expression.span;
                match expression.kind {
                    ExpressionKind::Statement(statement) => return Some(*statement),
                    kind => (StatementKind::Expression(Expression { kind, span }), span),
                }
            }
            Stmt::BreakLoop(value, flags, _) => {
                let value = value.as_ref().map(|value| self.expression(value));
                let span = value
                    .as_ref()
                    .map_or(keyword, |value| keyword.to(value.span));
                let kind = if flags.contains(ASTFlags::BREAK) {
                    StatementKind::Break(value)
                } else {
                    StatementKind::Continue
                };
                (kind, span)
            }
            Stmt::Return(value, flags, _) => {
                let value = value.as_ref().map(|value| self.expression(value));
                let span = value
                    .as_ref()
                    .map_or(keyword, |value| keyword.to(value.span));
                let kind = if flags.contains(ASTFlags::BREAK) {
                    StatementKind::Throw(value)
                } else {
                    StatementKind::Return(value)
                };
                (kind, span)
            }
            Stmt::Import(parts, _) => {
                let (path, alias) = &**parts;
                let path = self.expression(path);
                let alias = (!alias.is_empty()).then(|| self.name(alias.as_str(), alias.pos));
                let end = alias.as_ref().map_or(path.span, |alias| alias.span);
                (StatementKind::Import { path, alias }, keyword.to(end))
            }
            Stmt::Export(parts, _) => {
                let name = self.name(parts.0.as_str(), parts.0.pos);
                let span = keyword.to(name.span);
                (StatementKind::Export { name }, span)
            }
            // Nothing, and what Rhai does before it makes a closure.
            _ => return None,
        };
        Some(Statement { kind, span })
    }

    fn case(&self, case: &BinaryExpr) -> Case {
        let always = matches!(case.lhs, Expr::BoolConstant(true, position) if position.is_none());
        Case {
            condition: (!always).then(|| self.expression(&case.lhs)),
            action: self.expression(&case.rhs),
        }
    }

    /// The first bracket behind a byte, with what is in it.
    pub(super) fn next_bracket(&self, offset: usize) -> Span {
        let tokens = self.source.tokens();
        (tokens.index_at(offset)..tokens.all().len())
            .find(|index| matches!(tokens.all()[*index].kind, TokenKind::Open(_)))
            .map_or(Span::empty(offset), |index| {
                self.source.whole(tokens.all()[index].span.start)
            })
    }
}
