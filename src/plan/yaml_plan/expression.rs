//! What Puppet code in a YAML plan says, as a tree.

/// One piece of Puppet code.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    /// The byte in the code that it begins at.
    pub(super) at: usize,
    pub(super) kind: ExpressionKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum ExpressionKind {
    Undefined,
    /// `default`, in a `case`.
    Default,
    Boolean(bool),
    Number(String),
    Text(String),
    Template(Vec<Piece>),
    Pattern(String),
    Variable(String),
    /// `String[1]`, `Error`.
    Type {
        name: String,
        arguments: Vec<Expression>,
    },
    List(Vec<Expression>),
    Map(Vec<(Expression, Expression)>),
    Index {
        of: Box<Expression>,
        keys: Vec<Expression>,
    },
    /// `name(a, b) |$x| { ... }` and `a.name(b) |$x| { ... }` are the same: a method's first argument is what stands in
    /// front of the dot.
    Call(Call),
    Unary {
        sign: &'static str,
        of: Box<Expression>,
    },
    Binary {
        sign: &'static str,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    Assign {
        name: String,
        value: Box<Expression>,
    },
    If {
        branches: Vec<(Expression, Vec<Expression>)>,
        otherwise: Option<Vec<Expression>>,
    },
    /// `case $x { 'a': { ... } }`, and `$x ? { 'a' => ... }`.
    Case {
        of: Box<Expression>,
        options: Vec<(Vec<Expression>, Vec<Expression>)>,
    },
}

/// A part of a text in double quotes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Code(Expression),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) is_method: bool,
    pub(super) arguments: Vec<Expression>,
    pub(super) lambda: Option<Lambda>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lambda {
    pub(super) params: Vec<String>,
    pub(super) body: Vec<Expression>,
}
