//! What can be wrong with the form of a declaration.

use super::super::source::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    pub(super) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// It comes after the first statement.
    Late,
    /// The keyword is not quite `param`.
    Misspelt,
    MissingName,
    /// `$name`, as in Puppet.
    Dollar,
    /// `"name"`.
    Quoted,
    /// The type comes before the name, as in Puppet.
    TypeFirst,
    MissingColon,
    MissingType,
    /// A bracket of the type is never closed.
    UnclosedType,
    MissingDefault,
    /// A bracket or a string of the default is never closed.
    UnclosedDefault,
    MissingSemicolon,
    /// A comment that describes what is below it, behind the declaration.
    DocBehind,
    /// Something that is no part of a declaration, before its `;`.
    Unexpected,
}

impl Fault {
    pub(super) const fn new(kind: FaultKind, span: Span) -> Self {
        Self { kind, span }
    }
}
