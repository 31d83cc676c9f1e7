//! Statements: their scopes, and the conditions and loops among them.

use super::{
    checker::Checker,
    flow::{Flow, has_break, returns_early},
    kind::Kind,
    scope::{Boundary, Role, Variable},
    tree::{Block, Expression, ExpressionKind, Name, Statement, StatementKind},
};

impl<'t> Checker<'t> {
    /// The statements of a function or closure, in the scope that is open; gives the type of their value.
    pub(super) fn body(&mut self, statements: &'t [Statement]) -> Kind {
        self.statements_value(statements, Kind::Unknown)
    }

    pub(super) fn statements(&mut self, statements: &'t [Statement]) -> Flow {
        let mut flow = Flow::Continues;
        let mut told = false;
        for (index, statement) in statements.iter().enumerate() {
            if flow == Flow::Ends && !told {
                told = true;
                self.unreachable(statements, index);
            }
            if self.statement(statement) == Flow::Ends {
                flow = Flow::Ends;
            }
            // The last one may be the value of the block.
            if index + 1 < statements.len() {
                self.without_effect(statement);
            }
        }
        flow
    }

    /// Visits statements and gives the type of the last one, or `otherwise` if that has none.
    fn statements_value(&mut self, statements: &'t [Statement], otherwise: Kind) -> Kind {
        let Some((last, before)) = statements.split_last() else {
            return Kind::Unit;
        };
        if let StatementKind::Expression(expression) = &last.kind {
            let flow = self.statements(before);
            self.last_without_effect(before);
            if flow == Flow::Ends {
                self.unreachable(statements, before.len());
            }
            let kind = self.value(expression);
            return if returns_early(before) {
                otherwise
            } else {
                kind
            };
        }
        self.statements(statements);
        otherwise
    }

    pub(super) fn block(&mut self, block: &'t Block) -> Flow {
        self.scopes.open(Boundary::Block);
        self.conditional += 1;
        let flow = self.statements(&block.statements);
        self.conditional -= 1;
        let declared = self.scopes.close();
        self.unused(declared);
        flow
    }

    fn maybe(&mut self, expression: Option<&'t Expression>) {
        if let Some(expression) = expression {
            self.value(expression);
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each kind of statement")]
    fn statement(&mut self, statement: &'t Statement) -> Flow {
        match &statement.kind {
            StatementKind::Expression(expression) => {
                self.value(expression);
                self.ends(expression)
            }
            StatementKind::Declare {
                name,
                value,
                constant,
                exported,
            } => {
                self.declare(name, value.as_ref(), *constant, *exported);
                Flow::Continues
            }
            StatementKind::Assign { place, value } => {
                self.assign(place, value);
                Flow::Continues
            }
            StatementKind::If {
                condition,
                body,
                otherwise,
            } => {
                self.condition(condition);
                self.guarded += 1;
                let flow = self.block(body).and(self.block(otherwise));
                self.guarded -= 1;
                flow
            }
            StatementKind::Switch {
                value,
                cases,
                has_default,
            } => {
                self.value(value);
                let mut flow = if *has_default {
                    Flow::Ends
                } else {
                    Flow::Continues
                };
                self.guarded += 1;
                for case in cases {
                    self.maybe(case.condition.as_ref());
                    self.value(&case.action);
                    flow = flow.and(self.ends(&case.action));
                }
                self.guarded -= 1;
                flow
            }
            StatementKind::Loop {
                condition,
                body_first,
                body,
            } => self.repeated(condition.as_ref(), *body_first, body),
            StatementKind::For {
                item,
                counter,
                over,
                body,
            } => {
                self.each(item, counter.as_ref(), over, body);
                Flow::Continues
            }
            StatementKind::Block(block) => self.block(block),
            StatementKind::Try {
                body,
                error,
                handler,
            } => {
                let flow = self.block(body);
                self.scopes.open(Boundary::Block);
                if let Some(error) = error {
                    self.scopes
                        .declare(Variable::new(error, Role::Caught, Kind::native("Error")));
                }
                let handled = self.block(handler);
                self.scopes.close();
                flow.and(handled)
            }
            StatementKind::Break(value)
            | StatementKind::Return(value)
            | StatementKind::Throw(value) => {
                self.maybe(value.as_ref());
                self.through.may_have_returned |=
                    self.guarded > 0 && matches!(statement.kind, StatementKind::Return(_));
                Flow::Ends
            }
            StatementKind::Continue => Flow::Ends,
            StatementKind::Import { path, alias } => {
                if !matches!(&path.kind, ExpressionKind::Variable(name) if self.lost.contains(name))
                {
                    self.value(path);
                }
                if alias
                    .as_ref()
                    .is_some_and(|alias| !self.imports.contains_key(&alias.text))
                {
                    self.import(path, alias.as_ref());
                }
                Flow::Continues
            }
            StatementKind::Export { name } => {
                match self.scopes.find(&name.text) {
                    Some(found) => found.variable.used = true,
                    None => self.unknown_variable(&name.text, name.span),
                }
                Flow::Continues
            }
        }
    }

    fn condition(&mut self, condition: &'t Expression) {
        let kind = self.value(condition);
        if !matches!(kind, Kind::Unknown | Kind::Boolean) {
            let help = match &kind {
                Kind::Native(name) if &**name == "ResultSet" || &**name == "Result" => {
                    Some("write `.ok` behind it")
                }
                Kind::Map => match self.given_by(condition) {
                    Some("attempt" | "run") => Some("write `.ok` behind it"),
                    Some("approve") => Some(
                        "it tells who approved; a rejection ends the plan, so write it as a statement",
                    ),
                    _ => Some("ask for a key, such as `map.key == value`, or `map.len() > 0`"),
                },
                Kind::Native(name) if &**name == "Sensitive" => {
                    Some("look at what it hides: `reveal(value)`")
                }
                Kind::Native(_) | Kind::Array(_) | Kind::Text => {
                    Some("compare it, such as `value.len > 0`")
                }
                _ => Some("compare it, such as `value > 0`"),
            };
            let problem = self
                .error(
                    "segue::plan::wrong_type",
                    "a condition is true or false",
                    condition.span,
                    format!("this is {kind}"),
                )
                .maybe_help(help);
            self.tell(problem);
        }
    }

    fn repeated(
        &mut self,
        condition: Option<&'t Expression>,
        body_first: bool,
        body: &'t Block,
    ) -> Flow {
        if !body_first && let Some(condition) = condition {
            self.condition(condition);
        }
        self.block(body);
        self.last_without_effect(&body.statements);
        if body_first && let Some(condition) = condition {
            self.condition(condition);
        }
        let endless = condition.is_none()
            || matches!(
                condition.map(|condition| &condition.kind),
                Some(ExpressionKind::Boolean(true))
            );
        if endless && !has_break(&body.statements) {
            Flow::Ends
        } else {
            Flow::Continues
        }
    }

    fn each(
        &mut self,
        item: &'t Name,
        counter: Option<&'t Name>,
        over: &'t Expression,
        body: &'t Block,
    ) {
        let kind = self.value(over);
        let item_kind = kind.item().unwrap_or_else(|| {
            let help = match &kind {
                Kind::Map => "write `map.keys()` or `map.values()`",
                Kind::Integer => "write a range: `0..count`",
                Kind::Native(name) if &**name == "Target" => "it is one target already",
                _ => "`for` goes over arrays, ranges, sets of targets and results",
            };
            let problem = self
                .error(
                    "segue::plan::wrong_type",
                    "this can't be looped over",
                    over.span,
                    format!("this is {kind}"),
                )
                .help(help);
            self.tell(problem);
            Kind::Unknown
        });
        self.scopes.open(Boundary::Block);
        self.scopes
            .declare(Variable::new(item, Role::LoopItem, item_kind));
        if let Some(counter) = counter {
            self.scopes
                .declare(Variable::new(counter, Role::LoopItem, Kind::Integer));
        }
        self.block(body);
        self.last_without_effect(&body.statements);
        self.scopes.close();
    }

    /// The last of statements that have no value.
    fn last_without_effect(&mut self, statements: &[Statement]) {
        if let Some(last) = statements.last() {
            self.without_effect(last);
        }
    }
}
