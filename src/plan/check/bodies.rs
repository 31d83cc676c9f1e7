//! The statements of functions and closures, which Rhai keeps apart from where they are written.

use std::collections::HashMap;

use rhai::{AST, ASTNode, Module, ScriptFnMetadata, Shared, Stmt};

/// The statements of each function and closure.
pub(super) struct Bodies(HashMap<String, Vec<FunctionBody>>);

pub(super) struct FunctionBody {
    receiver: Option<String>,
    pub(super) params: Vec<String>,
    pub(super) statements: Vec<Stmt>,
}

impl Bodies {
    /// Rhai gives the statements of functions away without saying whose they are, so each function is put into
    /// a tree of its own.
    pub(super) fn of(ast: &AST) -> Self {
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

    pub(super) fn get(&self, function: &ScriptFnMetadata<'_>) -> Option<&FunctionBody> {
        self.0.get(function.name)?.iter().find(|body| {
            body.params.len() == function.params.len()
                && body.receiver.as_deref() == function.this_type
        })
    }

    /// A closure: its name is unique, whatever it takes.
    pub(super) fn closure(&self, name: &str) -> Option<&FunctionBody> {
        self.0.get(name)?.first()
    }
}
