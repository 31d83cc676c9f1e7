//! A plan that was read: its text and its header.

use std::sync::Arc;

use rhai::{AST, ParseError, Scope};

use super::{
    host::Host,
    limits::Limits,
    sources::Sources,
    trace::PlanError,
    world::{SourceFile, World},
};

/// A plan that can be run. Plain text inside, so it may go to another thread.
#[derive(Clone, Debug)]
pub struct Program {
    pub(super) file: Arc<SourceFile>,
}

impl Program {
    /// Finds a plan and reads it.
    ///
    /// # Errors
    /// There is no such plan, or its text is not a script.
    pub fn load(world: &dyn World, name: &str) -> Result<Self, PlanError> {
        let file = world.plan(name).map_err(PlanError::of_failure)?;
        Self::parse(file)
    }

    /// Reads a plan from its text.
    ///
    /// # Errors
    /// The text is not a script.
    pub fn parse(file: SourceFile) -> Result<Self, PlanError> {
        let file = Arc::new(file);
        let sources = Sources::default();
        sources.add(Arc::clone(&file));
        Ok(Self { file })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.file.name
    }

    #[must_use]
    pub fn file(&self) -> &SourceFile {
        &self.file
    }
}

/// Compiles a file that is imported.
pub(super) fn compile_file(host: &Host, file: &Arc<SourceFile>) -> Result<AST, ParseError> {
    compile(host, file, &Scope::new())
}

/// Compiles a file whose parameters are in the scope.
pub(super) fn compile(
    host: &Host,
    file: &Arc<SourceFile>,
    scope: &Scope<'_>,
) -> Result<AST, ParseError> {
    let offset = host.sources.add(Arc::clone(file));
    let mut text = "\n".repeat(offset);
    text.push_str(&file.text);
    let engine = super::engine::parser(&host.limits);
    let mut ast = engine.compile_with_scope(scope, text)?;
    ast.set_source(file.path.to_string());
    host.sources.index(&ast);
    Ok(ast)
}

/// The limits that a plan is parsed under where it is not run.
#[expect(dead_code, reason = "used by `parse` once it compiles")]
fn limits() -> Limits {
    Limits::default()
}
