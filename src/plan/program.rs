//! A plan that was read: its text, its header, and the values of its parameters when it begins.

use std::sync::Arc;

use rhai::{AST, Dynamic, EvalAltResult, ParseErrorType, Scope};
use thiserror::Error;

use super::{
    convert,
    diagnostic::{PlanDiagnostic, PlanErrors, own_names, parse_error},
    engine,
    header::Header,
    host::Host,
    limits::Limits,
    source::Source,
    trace::PlanError,
    world::World,
};
use crate::{
    model::{Failure, Map, Value},
    project::PlanFile,
    task::{ParamError, Parameter, Parameters, check_params},
};

/// A plan that can be run. Plain text inside, so it may go to another thread.
#[derive(Clone, Debug)]
pub struct Program {
    file: PlanFile,
    source: Source,
    header: Arc<Header>,
}

/// Why there is no plan to run.
#[derive(Clone, Debug, Error)]
pub enum ProgramError {
    #[error("{0}")]
    Unknown(Box<Failure>),
    #[error(transparent)]
    Invalid(#[from] PlanErrors),
}

impl Program {
    /// Finds a plan and reads it.
    ///
    /// # Errors
    /// There is no such plan, its header is wrong, or its text is not a script.
    pub fn load(world: &dyn World, name: &str) -> Result<Self, ProgramError> {
        let file = world.plan(name).map_err(ProgramError::Unknown)?;
        Ok(Self::parse(file)?)
    }

    /// Reads a plan.
    ///
    /// # Errors
    /// Its header is wrong, or its text is not a script.
    pub fn parse(file: PlanFile) -> Result<Self, PlanErrors> {
        let program = Self::read(file)?;
        PlanErrors::check(own_names(&program.source))?;
        let mut scope = Scope::new();
        for param in &program.header.params {
            scope.push(param.name.as_str(), ());
        }
        engine::parser(&Limits::default())
            .compile_with_scope(&scope, program.source.script().as_ref())
            .map_err(|error| PlanErrors::from(parse_error(&program.source, &error)))?;
        Ok(program)
    }

    /// Reads the header alone: the text is compiled when it is run.
    pub(super) fn read(file: PlanFile) -> Result<Self, PlanErrors> {
        let source = Source::new(Arc::clone(&file.path), Arc::clone(&file.text));
        let (header, problems) = Header::read(&source);
        PlanErrors::check(problems)?;
        Ok(Self {
            file,
            source,
            header: Arc::new(header),
        })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.file.name
    }

    #[must_use]
    pub const fn file(&self) -> &PlanFile {
        &self.file
    }

    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The variables that the script begins with: what was given, checked, and defaults for the rest.
    pub(super) fn bind(&self, host: &Host, given: Map) -> Result<Scope<'static>, Box<PlanError>> {
        let mut complete = given;
        let mut scope = Scope::new();
        for param in &self.header.params {
            let given = complete
                .get(&param.name)
                .filter(|value| **value != Value::Null);
            let value = match (given, &param.default) {
                (Some(value), _) => value.clone(),
                (None, Some(_)) => self.default(host, &param.name, &mut scope)?,
                (None, None) => Value::Null,
            };
            scope.push_dynamic(param.name.as_str(), convert::to_dynamic(&value));
            if value != Value::Null {
                complete.insert(param.name.clone(), value);
            }
        }
        let owner = format!("plan `{}`", self.file.name);
        let checked = check_params(&owner, Some(&self.parameters()), &complete)
            .map_err(|errors| Box::new(params_error(&errors)))?;
        let mut scope = Scope::new();
        for param in &self.header.params {
            let value = checked.get(&param.name).unwrap_or(&Value::Null);
            scope.push_dynamic(param.name.as_str(), convert::to_dynamic(value));
        }
        Ok(scope)
    }

    /// The value of a default: an expression over literals and the parameters before it.
    fn default(
        &self,
        host: &Host,
        name: &str,
        scope: &mut Scope<'static>,
    ) -> Result<Value, Box<PlanError>> {
        let expression = self
            .header
            .param(name)
            .and_then(|param| param.default.as_ref());
        let Some(expression) = expression else {
            return Ok(Value::Null);
        };
        let offset = host.sources.add(self.file.clone(), self.source.clone());
        let text = format!(
            "{}{}",
            "\n".repeat(offset),
            expression.in_place(&self.source)
        );
        let result = host
            .engine()
            .eval_expression_with_scope::<Dynamic>(scope, &text)
            .map_err(|error| Box::new(PlanError::new(&error, host)))?;
        convert::to_value(&result).map_err(|error| {
            let message = format!("the default of `{name}` is no data: {error}");
            let place = PlanDiagnostic::error("segue::plan::default", message);
            Box::new(PlanError::of_diagnostic(
                place.within(&self.source).label(expression.span, ""),
            ))
        })
    }

    /// The parameters as those of a task, defaults left out: they are filled in before.
    fn parameters(&self) -> Parameters {
        let params = self.header.params.iter();
        params
            .map(|param| {
                let parameter = Parameter {
                    data_type: param.data_type.clone(),
                    description: param.doc.clone().unwrap_or_default(),
                    sensitive: param.sensitive,
                    default: None,
                };
                (param.name.clone(), parameter)
            })
            .collect()
    }

    /// Compiles the script with its parameters as variables. Parses, so call it where there is enough stack.
    pub(super) fn compile(
        &self,
        host: &Host,
        scope: &Scope<'_>,
    ) -> Result<AST, Box<EvalAltResult>> {
        compile(host, &self.file, &self.source, scope)
    }
}

/// Compiles a file that a plan imports. What it exports and defines is all that can be used of it.
pub(super) fn compile_import(host: &Host, file: &PlanFile) -> Result<AST, Box<EvalAltResult>> {
    let source = Source::new(Arc::clone(&file.path), Arc::clone(&file.text));
    compile(host, file, &source, &Scope::new())
}

fn compile(
    host: &Host,
    file: &PlanFile,
    source: &Source,
    scope: &Scope<'_>,
) -> Result<AST, Box<EvalAltResult>> {
    let offset = host.sources.add(file.clone(), source.clone());
    if let Some(span) = own_names(source).iter().find_map(PlanDiagnostic::span) {
        let word = span.of(source.text()).to_owned();
        let position = host.sources.position(source, span.start);
        let refused = ParseErrorType::Reserved(word);
        return Err(EvalAltResult::ErrorParsing(refused, position).into());
    }
    let mut text = "\n".repeat(offset);
    text.push_str(&host.sources.script(source));
    let compiler = engine::compiler(&host.limits);
    let mut ast = compiler.compile_with_scope(scope, text)?;
    ast.set_source(file.path.to_string());
    host.sources.index(&ast);
    Ok(ast)
}

fn params_error(errors: &[ParamError]) -> PlanError {
    let mut error = PlanError::of_failure(ParamError::failure(errors));
    error.diagnostic.code = errors
        .first()
        .map_or("segue::plan::parameters", ParamError::code);
    let help: Vec<String> = errors.iter().filter_map(ParamError::help).collect();
    error.diagnostic.help = (!help.is_empty()).then(|| help.join("\n"));
    error
}
