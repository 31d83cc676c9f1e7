//! `import`: other files of the project and of modules, compiled once, without cycles.

use std::{
    cell::RefCell,
    collections::HashMap,
    rc::{Rc, Weak},
    sync::Arc,
};

use rhai::{AST, Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};

use super::{host::Host, object::Fault, program};
use crate::{
    model::{BranchPath, Failure, Place, kinds},
    project::PlanFile,
};

/// Finds what `import` names, through the world of the plan.
pub(super) struct Importer {
    host: Weak<Host>,
    /// By path. A module is evaluated once, as in every language that people know.
    modules: RefCell<HashMap<Arc<str>, Shared<Module>>>,
    /// The files that are being imported now, outermost first, with the branch that does it: two branches
    /// that import the same file at the same time are no cycle.
    open: RefCell<Vec<(BranchPath, Arc<str>)>>,
}

impl Importer {
    pub(super) fn new(host: Weak<Host>) -> Self {
        Self {
            host,
            modules: RefCell::default(),
            open: RefCell::default(),
        }
    }

    fn import(
        &self,
        host: &Rc<Host>,
        path: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let place = host.place(position);
        let fail = |failure| Fault::new(failure, place.clone()).into_error(position);
        let from = host.sources.file_at(position).ok_or_else(|| {
            fail(Failure::new(
                kinds::PLAN_FAILURE,
                "an import needs a file to start from",
            ))
        })?;
        let file = host
            .world
            .import(&from, path)
            .map_err(|failure| fail(*failure))?;
        let known = self.modules.borrow().get(&file.path).cloned();
        if let Some(module) = known {
            return Ok(module);
        }
        let branch = host.scheduler.current().path.clone();
        let entry = (branch, Arc::clone(&file.path));
        if self.open.borrow().contains(&entry) {
            return Err(fail(self.cycle(&entry, place.as_ref())));
        }
        let ast = compile(host, &file)?;
        self.open.borrow_mut().push(entry.clone());
        let module = Module::eval_ast_as_new(Scope::new(), &ast, host.engine());
        self.open.borrow_mut().retain(|open| *open != entry);
        let module: Shared<Module> = module
            .map_err(|error| EvalAltResult::ErrorInModule(path.to_owned(), error, position))?
            .into();
        self.modules
            .borrow_mut()
            .insert(file.path, Shared::clone(&module));
        Ok(module)
    }

    fn cycle(&self, entry: &(BranchPath, Arc<str>), place: Option<&Place>) -> Failure {
        let open = self.open.borrow();
        let way: Vec<String> = open
            .iter()
            .skip_while(|other| *other != entry)
            .filter(|(branch, _)| *branch == entry.0)
            .chain([entry])
            .map(|(_, path)| format!("`{path}`"))
            .collect();
        let failure = Failure::new(
            "segue/import-cycle",
            format!("these files import each other: {}", way.join(" imports ")),
        );
        match place {
            Some(place) => failure.with_detail("import", place.to_string()),
            None => failure,
        }
    }
}

/// Compiles a file on the thread's own stack: the parser recurses more deeply than a branch's has room for.
fn compile(host: &Rc<Host>, file: &PlanFile) -> Result<AST, Box<EvalAltResult>> {
    let inside = Rc::clone(host);
    let file = file.clone();
    host.scheduler
        .outside(move || program::compile_import(&inside, &file))
}

impl ModuleResolver for Importer {
    fn resolve(
        &self,
        _engine: &Engine,
        _source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let host = self
            .host
            .upgrade()
            .expect("the engine that asks belongs to the host");
        self.import(&host, path, position)
    }
}
