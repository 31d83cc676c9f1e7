//! A plan as the check walks it: every part with its whole span, closures where they are written.

use crate::plan::source::Span;

/// A file.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) statements: Vec<Statement>,
    pub(super) functions: Vec<Function>,
}

/// `fn name(params) { body }`.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) name_span: Span,
    pub(super) params: Vec<Name>,
    pub(super) body: Vec<Statement>,
    /// No other file can call it.
    pub(super) private: bool,
    /// The type of `this`, for `fn Type.name()`.
    pub(super) receiver: Option<String>,
}

/// A name where it is declared.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) struct Statement {
    pub(super) kind: StatementKind,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) enum StatementKind {
    Expression(Expression),
    Declare {
        name: Name,
        value: Option<Expression>,
        constant: bool,
        exported: bool,
    },
    Assign {
        place: Expression,
        value: Expression,
    },
    If {
        condition: Expression,
        body: Block,
        otherwise: Block,
    },
    Switch {
        value: Expression,
        cases: Vec<Case>,
        has_default: bool,
    },
    /// `while`, `loop` and `do`.
    Loop {
        condition: Option<Expression>,
        /// The body is done once before the condition is looked at.
        body_first: bool,
        body: Block,
    },
    For {
        item: Name,
        counter: Option<Name>,
        over: Expression,
        body: Block,
    },
    Block(Block),
    Try {
        body: Block,
        error: Option<Name>,
        handler: Block,
    },
    Break(Option<Expression>),
    Continue,
    Return(Option<Expression>),
    Throw(Option<Expression>),
    Import {
        path: Expression,
        alias: Option<Name>,
    },
    Export {
        name: Name,
    },
}

#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) statements: Vec<Statement>,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) struct Case {
    pub(super) condition: Option<Expression>,
    pub(super) action: Expression,
}

#[derive(Debug)]
pub(super) struct Expression {
    pub(super) kind: ExpressionKind,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) enum ExpressionKind {
    Unit,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Character(char),
    Text(String),
    Template(Vec<Expression>),
    Array(Vec<Expression>),
    Map(Vec<Entry>),
    Variable(String),
    /// `lib::NAME`.
    Qualified {
        namespace: Name,
        name: Name,
    },
    This,
    Call(Call),
    Method {
        receiver: Box<Expression>,
        call: Call,
        optional: bool,
    },
    Property {
        receiver: Box<Expression>,
        name: Name,
        optional: bool,
    },
    Index {
        receiver: Box<Expression>,
        index: Box<Expression>,
    },
    Operator {
        operator: Operator,
        operands: Vec<Expression>,
    },
    Closure(Closure),
    /// A block, `if`, `switch` or loop that is used as a value.
    Statement(Box<Statement>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    And,
    Or,
    Coalesce,
    In,
    Range,
    /// With one or two operands, as it is written.
    Other(String),
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Name,
    pub(super) value: Expression,
}

#[derive(Debug)]
pub(super) struct Call {
    /// `lib` of `lib::f()`, if there is one.
    pub(super) namespace: Option<Name>,
    pub(super) name: Name,
    pub(super) arguments: Vec<Expression>,
}

#[derive(Debug)]
pub(super) struct Closure {
    pub(super) params: Vec<Name>,
    /// What it uses of the variables around it.
    pub(super) captures: Vec<Name>,
    pub(super) body: Vec<Statement>,
}

impl ExpressionKind {
    pub(super) const fn is_true(&self) -> bool {
        matches!(self, Self::Boolean(true))
    }
}

impl Expression {
    /// The text of a string without interpolation.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            ExpressionKind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_map(&self) -> Option<&[Entry]> {
        match &self.kind {
            ExpressionKind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The variable at the left end of a chain of properties, indexes and methods.
    pub(super) fn root(&self) -> &Self {
        match &self.kind {
            ExpressionKind::Method { receiver, .. }
            | ExpressionKind::Property { receiver, .. }
            | ExpressionKind::Index { receiver, .. } => receiver.root(),
            _ => self,
        }
    }
}
