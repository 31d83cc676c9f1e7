//! The variables that are known at a place of the plan.

use super::{
    kind::Kind,
    tree::{Expression, Name},
};
use crate::plan::source::Span;

/// How a variable came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Let,
    Constant,
    /// A parameter of the plan.
    Param,
    /// A parameter of a function or a closure.
    Argument,
    LoopItem,
    Caught,
    /// In a part of the file that could not be read.
    Lost,
}

#[derive(Clone, Debug)]
pub(super) struct Variable<'t> {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) role: Role,
    pub(super) kind: Kind,
    /// What it was declared with, if it is that for as long as it lives.
    pub(super) value: Option<&'t Expression>,
    pub(super) used: bool,
}

impl<'t> Variable<'t> {
    pub(super) fn new(name: &Name, role: Role, kind: Kind) -> Self {
        Self {
            name: name.text.clone(),
            span: name.span,
            role,
            kind,
            value: None,
            used: false,
        }
    }

    pub(super) fn with_value(mut self, value: Option<&'t Expression>) -> Self {
        self.value = value;
        self
    }
}

/// What begins with a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Boundary {
    Block,
    /// Nothing outside is seen.
    Function,
    Closure,
    /// A closure that runs in a branch of its own: by which function.
    Branch(String),
}

#[derive(Debug)]
struct Scope<'t> {
    boundary: Boundary,
    variables: Vec<Variable<'t>>,
}

/// A variable that was found, and what lies between it and the place.
pub(super) struct Found<'a, 't> {
    pub(super) variable: &'a mut Variable<'t>,
    /// The function that runs the outermost branch between.
    pub(super) branch: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Scopes<'t> {
    scopes: Vec<Scope<'t>>,
    /// Where each variable was declared, and its type: also of those whose scope is closed.
    pub(super) declared: Vec<(Span, Kind)>,
}

impl<'t> Scopes<'t> {
    pub(super) fn open(&mut self, boundary: Boundary) {
        self.scopes.push(Scope {
            boundary,
            variables: Vec::new(),
        });
    }

    /// Closes the innermost scope and gives what it declared.
    pub(super) fn close(&mut self) -> Vec<Variable<'t>> {
        self.scopes
            .pop()
            .map(|scope| scope.variables)
            .unwrap_or_default()
    }

    pub(super) fn declare(&mut self, variable: Variable<'t>) {
        if let Some(scope) = self.scopes.last_mut() {
            self.declared.push((variable.span, variable.kind.clone()));
            scope.variables.push(variable);
        }
    }

    pub(super) fn find(&mut self, name: &str) -> Option<Found<'_, 't>> {
        let mut branch = None;
        for scope in self.scopes.iter_mut().rev() {
            let position = scope
                .variables
                .iter()
                .rposition(|variable| variable.name == name);
            if let Some(position) = position {
                return Some(Found {
                    variable: &mut scope.variables[position],
                    branch,
                });
            }
            match &scope.boundary {
                Boundary::Function => return None,
                Boundary::Branch(function) => branch = Some(function.clone()),
                Boundary::Block | Boundary::Closure => {}
            }
        }
        None
    }

    /// The variable without marking or borrowing it for long.
    pub(super) fn get(&self, name: &str) -> Option<&Variable<'t>> {
        for scope in self.scopes.iter().rev() {
            let found = scope
                .variables
                .iter()
                .rev()
                .find(|variable| variable.name == name);
            if found.is_some() || scope.boundary == Boundary::Function {
                return found;
            }
        }
        None
    }

    /// All names that are visible, for did-you-mean.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for scope in self.scopes.iter().rev() {
            names.extend(scope.variables.iter().map(|variable| variable.name.clone()));
            if scope.boundary == Boundary::Function {
                break;
            }
        }
        names
    }

    /// The innermost caught error.
    pub(super) fn caught(&self) -> Option<&str> {
        self.scopes
            .iter()
            .rev()
            .flat_map(|scope| &scope.variables)
            .find(|variable| variable.role == Role::Caught)
            .map(|variable| variable.name.as_str())
    }

    /// Whether the place is inside of a function.
    pub(super) fn in_function(&self) -> bool {
        self.scopes
            .iter()
            .any(|scope| scope.boundary == Boundary::Function)
    }
}
