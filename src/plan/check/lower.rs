//! From Rhai's tree to ours: positions become spans, chains are turned the right way round, and closures, which
//! Rhai keeps apart, go back to where they were written.

use std::collections::HashMap;

use rhai::{
    AST, ASTFlags, ASTNode, BinaryExpr, Expr, FnCallExpr, FnPtr, Module, Position,
    ScriptFnMetadata, Shared, Stmt, StmtBlock,
};

use super::tree::{
    Block, Call, Case, Closure, Entry, Expression, ExpressionKind, Function, Name, Operator,
    Statement, StatementKind, Tree,
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

/// The statements of each function and closure.
struct Bodies(HashMap<String, Vec<FunctionBody>>);

struct FunctionBody {
    receiver: Option<String>,
    params: Vec<String>,
    statements: Vec<Stmt>,
}

impl Bodies {
    /// Rhai gives the statements of functions away without saying whose they are, so each function is put into
    /// a tree of its own.
    fn of(ast: &AST) -> Self {
        let mut bodies: HashMap<String, Vec<FunctionBody>> = HashMap::new();
        for definition in ast.iter_fn_def() {
            let mut module = Module::new();
            module.set_script_fn(Shared::clone(definition));
            let mut statements = Vec::new();
            AST::new([], module).walk(&mut |path: &[ASTNode<'_>]| {
                if let [ASTNode::Stmt(statement)] = path {
                    statements.push((*statement).clone());
                }
                true
            });
            bodies
                .entry(definition.name.to_string())
                .or_default()
                .push(FunctionBody {
                    receiver: definition.this_type.as_ref().map(ToString::to_string),
                    params: definition.params.iter().map(ToString::to_string).collect(),
                    statements,
                });
        }
        Self(bodies)
    }

    fn get(&self, function: &ScriptFnMetadata<'_>) -> Option<&FunctionBody> {
        self.0.get(function.name)?.iter().find(|body| {
            body.params.len() == function.params.len()
                && body.receiver.as_deref() == function.this_type
        })
    }

    /// A closure: its name is unique, whatever it takes.
    fn closure(&self, name: &str) -> Option<&FunctionBody> {
        self.0.get(name)?.first()
    }
}

struct Lowering<'a> {
    source: &'a Source,
    bodies: &'a Bodies,
}

impl Lowering<'_> {
    fn offset(&self, position: Position) -> usize {
        self.source.offset_at(position).unwrap_or_default()
    }

    fn token(&self, position: Position) -> Span {
        self.source.token(self.offset(position))
    }

    fn whole(&self, position: Position) -> Span {
        self.source.whole(self.offset(position))
    }

    fn name(&self, text: &str, position: Position) -> Name {
        Name {
            text: text.to_owned(),
            span: self.token(position),
        }
    }

    /// `fn name(a, b)`: Rhai keeps no positions of any of it.
    fn function(&self, function: &ScriptFnMetadata<'_>, body: Option<&FunctionBody>) -> Function {
        let heads = self.function_heads();
        let head = heads.iter().find(|(name, params)| {
            name.text == function.name && params.len() == function.params.len()
        });
        let (name, params) = head.cloned().unwrap_or_else(|| {
            let nowhere = |text: &str| Name {
                text: text.to_owned(),
                span: Span::default(),
            };
            let params = function.params.iter().map(|param| nowhere(param)).collect();
            (nowhere(function.name), params)
        });
        Function {
            name: name.text,
            name_span: name.span,
            params,
            body: body.map_or_else(Vec::new, |body| self.statements(&body.statements)),
            private: function.access == rhai::FnAccess::Private,
            receiver: function.this_type.map(str::to_owned),
        }
    }

    /// The name and the parameters of every `fn` of the file.
    fn function_heads(&self) -> Vec<(Name, Vec<Name>)> {
        let tokens = self.source.tokens();
        let text = self.source.text();
        let mut heads = Vec::new();
        for (index, token) in tokens.all().iter().enumerate() {
            if token.kind != TokenKind::Word || token.span.of(text) != "fn" {
                continue;
            }
            let mut at = index;
            let mut words = Vec::new();
            while let Some(next) = tokens.next(at) {
                at = next;
                let token = tokens.all()[at];
                match token.kind {
                    TokenKind::Open(_) => break,
                    TokenKind::Word => words.push(token.span),
                    _ => {}
                }
            }
            let Some(name) = words.last() else { continue };
            let end = tokens.partner(at).unwrap_or(at);
            let params = (at..end)
                .map(|index| tokens.all()[index])
                .filter(|token| token.kind == TokenKind::Word)
                .map(|token| self.word(token.span))
                .collect();
            heads.push((self.word(*name), params));
        }
        heads
    }

    fn word(&self, span: Span) -> Name {
        Name {
            text: span.of(self.source.text()).to_owned(),
            span,
        }
    }

    fn statements(&self, statements: &[Stmt]) -> Vec<Statement> {
        statements
            .iter()
            .filter_map(|statement| self.statement(statement))
            .collect()
    }

    fn block(&self, block: &StmtBlock) -> Block {
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
    fn statement(&self, statement: &Stmt) -> Option<Statement> {
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
    fn next_bracket(&self, offset: usize) -> Span {
        let tokens = self.source.tokens();
        (tokens.index_at(offset)..tokens.all().len())
            .find(|index| matches!(tokens.all()[*index].kind, TokenKind::Open(_)))
            .map_or(Span::empty(offset), |index| {
                self.source.whole(tokens.all()[index].span.start)
            })
    }

    fn expression(&self, expression: &Expr) -> Expression {
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

    fn call_expression(&self, call: &FnCallExpr, position: Position) -> Expression {
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

    fn closure(&self, name: &str, captures: &[Name], position: Position) -> Expression {
        let opener = self.token(position);
        let Some(body) = self.bodies.closure(name) else {
            return Expression {
                kind: ExpressionKind::Unit,
                span: opener,
            };
        };
        let params = self.closure_params(opener, body, captures.len());
        let statements = self.statements(&body.statements);
        let end = statements.last().map_or(opener, |last| last.span);
        // A body in braces ends where they do, not with its last statement.
        let head = params.last().map_or(opener.end, |last| last.span.end);
        let braces = self.next_bracket(head);
        let in_braces = self.braces_follow(head) && braces.covers(end);
        Expression {
            kind: ExpressionKind::Closure(Closure {
                params,
                captures: captures.to_vec(),
                body: flattened(statements),
            }),
            span: opener.to(end).to(if in_braces { braces } else { end }),
        }
    }

    /// Whether a `{` is the next token behind a byte, but for the bar that closes the parameters.
    fn braces_follow(&self, offset: usize) -> bool {
        let tokens = self.source.tokens();
        let text = self.source.text();
        let mut index = tokens.index_at(offset);
        while let Some(token) = tokens.get(index) {
            match token.span.of(text) {
                "|" | "||" => index += 1,
                other => return other == "{",
            }
        }
        false
    }

    /// The names between the bars. The captured ones come first in Rhai's list.
    fn closure_params(&self, opener: Span, body: &FunctionBody, captured: usize) -> Vec<Name> {
        let tokens = self.source.tokens();
        let own = body.params.get(captured..).unwrap_or_default();
        let words = (tokens.index_at(opener.start) + 1..tokens.all().len())
            .map(|index| tokens.all()[index])
            .filter(|token| token.kind == TokenKind::Word)
            .map(|token| token.span);
        own.iter()
            .zip(words)
            .map(|(text, span)| Name {
                text: text.clone(),
                span,
            })
            .collect()
    }
}

/// A closure whose body is one block has its statements directly.
fn flattened(mut statements: Vec<Statement>) -> Vec<Statement> {
    if let [
        Statement {
            kind: StatementKind::Block(_),
            ..
        },
    ] = statements.as_slice()
        && let Some(Statement {
            kind: StatementKind::Block(block),
            ..
        }) = statements.pop()
    {
        return block.statements;
    }
    statements
}
