//! Statements: scopes, what is never reached, and what is never used.

use super::{
    checker::{Checker, Import},
    kind::Kind,
    parse::parse,
    scope::{Boundary, Role, Variable},
    survey::is_changing,
    tree::{Block, Expression, ExpressionKind, Function, Name, Operator, Statement, StatementKind},
};
use crate::plan::source::Span;

/// Whether what comes after a statement is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Continues,
    Ends,
}

impl Flow {
    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Ends, Self::Ends) => Self::Ends,
            _ => Self::Continues,
        }
    }
}

impl<'t> Checker<'t> {
    pub(super) fn function(&mut self, function: &'t Function) {
        self.shadowed(function);
        self.scopes.open(Boundary::Function);
        for param in &function.params {
            self.scopes
                .declare(Variable::new(param, Role::Argument, Kind::Unknown));
        }
        self.through.current = Some(function);
        self.through.may_have_returned = false;
        let kind = self.body(&function.body);
        self.through.current = None;
        self.scopes.close();
        self.functions
            .kinds
            .insert((function.name.clone(), function.params.len()), kind);
    }

    /// A function of the file that has the name of a built-in is called in its place.
    fn shadowed(&mut self, function: &Function) {
        let name = &function.name;
        if function.receiver.is_some() {
            return;
        }
        if let Some(signature) = self.vocabulary.functions(name).next() {
            let help = format!(
                "rename it; every call of `{}` in this file would call this function",
                signature.shown
            );
            let problem = self
                .error(
                    "segue::plan::shadowed_function",
                    format!("`{name}` is a function of the language"),
                    function.name_span,
                    "defined again here",
                )
                .help(help);
            self.tell(problem);
        } else if self
            .vocabulary
            .rhai(name)
            .iter()
            .any(|known| known.params.len() == function.params.len())
        {
            let problem = self
                .warning(
                    "segue::plan::shadowed_function",
                    format!("`{name}` is a function of the language"),
                    function.name_span,
                    "this one is called in its place",
                )
                .help("rename it if that is not what you want");
            self.tell(problem);
        }
    }

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

    fn unreachable(&mut self, statements: &[Statement], from: usize) {
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

    /// Visits statements and gives the type of the last one, or `otherwise` if that has none.
    fn statements_value(&mut self, statements: &'t [Statement], otherwise: Kind) -> Kind {
        let Some((last, before)) = statements.split_last() else {
            return Kind::Unit;
        };
        if let StatementKind::Expression(expression) = &last.kind {
            let flow = self.statements(before);
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
                        .declare(Variable::new(error, Role::Caught, Kind::Unknown));
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

    fn declare(
        &mut self,
        name: &'t Name,
        value: Option<&'t Expression>,
        constant: bool,
        exported: bool,
    ) {
        let mut kind = match value {
            Some(value) => self.value(value),
            None => Kind::Unit,
        };
        if self.survey.assigned.contains(&name.text) {
            kind = Kind::Unknown;
        } else if let (true, Kind::Array(_)) = (self.survey.mutated.contains(&name.text), &kind) {
            kind = Kind::array(Kind::Unknown);
        }
        let role = if constant { Role::Constant } else { Role::Let };
        let fixed = value.filter(|_| self.survey.is_fixed(&name.text));
        if let Some(value) = value {
            self.graphs.declared(name, value);
            self.gives_nothing(value);
        }
        let mut variable = Variable::new(name, role, kind).with_value(fixed);
        variable.used = exported || self.used_outside.contains(&name.text);
        self.scopes.declare(variable);
    }

    /// `let name = text.trim();`: some of Rhai's methods change what they are called on, and have no value.
    pub(super) fn gives_nothing(&mut self, value: &Expression) -> bool {
        let ExpressionKind::Method { receiver, call, .. } = &value.kind else {
            return false;
        };
        let span = value.span;
        let kind = self.known_kinds.get(&(span.start, span.end));
        if kind != Some(&Kind::Unit) || !is_changing(&call.name.text) {
            return false;
        }
        let method = &call.name.text;
        let help = match &receiver.kind {
            ExpressionKind::Variable(name) => {
                format!("write `{name}.{method}(...);` as a statement of its own, and use `{name}`")
            }
            _ => format!(
                "put what is changed into a variable first: `let x = ...; x.{method}(...);`"
            ),
        };
        let problem = self
            .warning(
                "segue::plan::gives_nothing",
                format!("`{method}` changes what it is called on, and gives nothing"),
                call.name.span,
                "",
            )
            .help(help);
        self.tell(problem);
        true
    }

    /// A statement that only has a value, which nobody uses.
    fn without_effect(&mut self, statement: &Statement) {
        let StatementKind::Expression(expression) = &statement.kind else {
            return;
        };
        let help = match &expression.kind {
            ExpressionKind::Operator {
                operator: Operator::Other(symbol),
                ..
            } if symbol == "==" => "`=` assigns, `==` only compares",
            ExpressionKind::Operator {
                operator: Operator::Other(_) | Operator::In,
                ..
            }
            | ExpressionKind::Variable(_)
            | ExpressionKind::Property { .. }
            | ExpressionKind::Integer(_)
            | ExpressionKind::Text(_) => "use the value, or remove the statement",
            _ => return,
        };
        let problem = self
            .warning(
                "segue::plan::without_effect",
                "this does nothing",
                expression.span,
                "nobody uses this value",
            )
            .help(help);
        self.tell(problem);
    }

    /// The part of a native value that would be changed by an assignment: none can be.
    fn native_part<'e>(&self, place: &'e Expression) -> Option<(Kind, &'e Expression, String)> {
        let (receiver, part) = match &place.kind {
            ExpressionKind::Property { receiver, name, .. } => (receiver, name.text.clone()),
            ExpressionKind::Index { receiver, .. } => (receiver, String::new()),
            _ => return None,
        };
        let kind = self.kind_of(receiver, &receiver.kind);
        if matches!(kind, Kind::Native(_)) {
            return Some((kind, place, part));
        }
        self.native_part(receiver)
    }

    fn changed_native(&mut self, place: &Expression) -> bool {
        let Some((kind, part, name)) = self.native_part(place) else {
            return false;
        };
        let message = if name.is_empty() {
            format!("the elements of {kind} can't be changed")
        } else {
            format!("`{name}` of {kind} can't be changed")
        };
        let help = match (name.as_str(), kind.is_native("Target")) {
            ("vars", true) => "write `set_var(target, \"name\", value)`",
            ("facts", true) => "write `add_facts(target, #{ name: value })`",
            ("config" | "user" | "port" | "host" | "transport", true) => {
                "write `set_config(target, \"ssh.user\", value)`"
            }
            _ => "`==` compares",
        };
        let span = part.span;
        let problem = self
            .error("segue::plan::read_only", message, span, "assigned to here")
            .help(help);
        self.tell(problem);
        true
    }

    fn assign(&mut self, place: &'t Expression, value: &'t Expression) {
        self.value(value);
        // A variable that is only written is not used; `x += 1` alone is no use either.
        if let ExpressionKind::Variable(name) = &place.kind {
            if self.scopes.get(name).is_some() || self.lost.contains(name) {
                self.written(name, place.span, "assigned to here");
            } else {
                self.unknown_variable(name, place.span);
            }
            return;
        }
        self.value(place);
        if self.changed_native(place) {
            return;
        }
        if let ExpressionKind::Variable(name) = &place.root().kind {
            self.written(name, place.span, "changed here");
        }
    }

    /// A variable is changed: it must not belong to what is around a branch, nor be a constant.
    pub(super) fn written(&mut self, name: &str, span: Span, label: &str) {
        let Some(found) = self.scopes.find(name) else {
            return;
        };
        let (role, declared, branch) = (
            found.variable.role,
            found.variable.span,
            found.branch.clone(),
        );
        if let Some(function) = branch {
            let problem = self
                .error(
                    "segue::plan::captured_write",
                    format!("`{name}` can't be changed in a branch"),
                    span,
                    label,
                )
                .label(declared, format!("it belongs to the plan around `{function}`"))
                .help(
                    "a branch works on copies: return a value from the closure, and use what the call gives",
                );
            self.tell(problem);
        } else if role == Role::Constant {
            let problem = self
                .error(
                    "segue::plan::read_only",
                    format!("`{name}` is a constant"),
                    span,
                    label,
                )
                .label(declared, "it is declared here")
                .help("declare it with `let` if it has to change");
            self.tell(problem);
        }
    }

    /// The same for a method that changes what it is called on.
    pub(super) fn changed_by(&mut self, kind: &Kind, receiver: &Expression, method: &Name) {
        let adds_steps = kind.is_native("Graph") && matches!(method.text.as_str(), "step" | "add");
        if !adds_steps && !is_changing(&method.text) {
            return;
        }
        if let ExpressionKind::Variable(name) = &receiver.root().kind {
            let label = format!("`{}` changes it", method.text);
            self.written(name, receiver.span.to(method.span), &label);
        }
    }

    fn condition(&mut self, condition: &'t Expression) {
        let kind = self.value(condition);
        if !matches!(kind, Kind::Unknown | Kind::Boolean) {
            let help = match &kind {
                Kind::Native(name) if &**name == "ResultSet" || &**name == "Result" => {
                    Some("write `.ok` behind it")
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
        self.scopes.close();
    }

    /// Whether the plan does not go on behind an expression.
    fn ends(&self, expression: &Expression) -> Flow {
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

    pub(super) fn import(&mut self, path: &'t Expression, alias: Option<&Name>) {
        if let ExpressionKind::Variable(name) = &path.kind
            && path.span.len() == name.len()
            && self.header.param(name).is_none()
            && !self.outer.contains(name)
        {
            self.lost.insert(name.clone());
            let problem = self
                .error(
                    "segue::plan::computed_import",
                    "the path of an import is a string",
                    path.span,
                    "",
                )
                .help(format!("write `import \"{name}\" as {name};`"));
            self.tell(problem);
            return;
        }
        let Some(alias) = alias else {
            if let Some(text) = path.as_text() {
                let name = text.rsplit('/').next().unwrap_or(text).to_owned();
                self.lost.insert(name.clone());
                let problem = self
                    .error(
                        "segue::plan::unnamed_import",
                        "an import needs a name",
                        path.span,
                        "nothing of this file can be used",
                    )
                    .help(format!("write `import \"{text}\" as {name};`"));
                self.tell(problem);
            }
            return;
        };
        let mut import = Import {
            functions: None,
            variables: Vec::new(),
            alias: alias.clone(),
            used: false,
        };
        match path.as_text() {
            None => {
                let problem = self
                    .error(
                        "segue::plan::computed_import",
                        "the path of an import is a string",
                        path.span,
                        "not known before the plan runs",
                    )
                    .help("write `import \"path/to/file\" as name;`");
                self.tell(problem);
            }
            Some(text) => match self.world.import(self.source, text) {
                Ok(source) => {
                    let parsed = parse(&source);
                    if parsed.lost.is_empty() {
                        import.functions = Some(
                            parsed
                                .ast
                                .iter_functions()
                                .filter(|function| function.access == rhai::FnAccess::Public)
                                .map(|function| {
                                    let params = function.params.iter();
                                    (
                                        function.name.to_owned(),
                                        params.map(ToString::to_string).collect(),
                                    )
                                })
                                .collect(),
                        );
                        import.variables = parsed
                            .ast
                            .iter_literal_variables(true, true)
                            .map(|(name, _, _)| name.to_owned())
                            .collect();
                    }
                    self.reached.push(source);
                }
                Err(lookup) => {
                    let problem = self
                        .error("segue::plan::unknown_import", lookup.message, path.span, "")
                        .maybe_help(lookup.help);
                    self.tell(problem);
                }
            },
        }
        self.imports.insert(alias.text.clone(), import);
    }
}

fn first_word_span(span: Span, text: &str) -> Span {
    let line = span.of(text).lines().next().unwrap_or_default();
    Span::new(span.start, span.start + line.trim_end().len())
}

/// Whether there is a `break` that leaves this very loop.
fn has_break(statements: &[Statement]) -> bool {
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
fn returns_early(statements: &[Statement]) -> bool {
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
