//! What the functions of a file do with their parameters: a literal that is given to one is looked at as if it
//! stood where the function uses it.

use super::{
    checker::Checker,
    kind::{Kind, wanted_words},
    tree::{Call, Expression, ExpressionKind, Function},
};
use crate::{
    model::Place,
    plan::{
        diagnostic::Label,
        source::{Source, Span},
    },
    task::DataType,
};

/// How often a parameter is followed from one function into the next.
const FUNCTIONS_MAX: usize = 4;

/// What a function and its parameters have come to, and who calls it with what.
#[derive(Default)]
pub(super) struct Through<'t> {
    /// The function that is being looked at.
    pub(super) current: Option<&'t Function>,
    /// It may have returned already.
    pub(super) may_have_returned: bool,
    pub(super) uses: Vec<ParamUse>,
    calls: Vec<OwnCall<'t>>,
}

impl Through<'_> {
    /// What is known of the functions of the file itself, when all of it has been looked at.
    pub(super) fn known_uses(self) -> Vec<ParamUse> {
        let mut uses = self.uses;
        uses.retain(|used| !used.function.0.contains("::"));
        uses
    }
}

/// The name of a function and the number of its parameters.
type FunctionKey = (String, usize);

/// A place where a parameter of a function of the file is used for something that can be checked.
#[derive(Clone)]
pub(super) struct ParamUse {
    function: FunctionKey,
    param: usize,
    wants: Wants,
    span: Span,
    /// Where it is, if that is in an imported file.
    place: Option<Place>,
}

impl ParamUse {
    /// The same of a function that was imported by that name.
    pub(super) fn imported(&self, alias: &str, source: &Source) -> Self {
        let (name, count) = &self.function;
        let here = || source.place(self.span.start);
        Self {
            function: (format!("{alias}::{name}"), *count),
            place: Some(self.place.clone().unwrap_or_else(here)),
            ..self.clone()
        }
    }
}

/// What a value is used for.
#[derive(Clone)]
pub(super) enum Wants {
    Task,
    Plan,
    Targets,
    Duration,
    /// As a closure that is called.
    Closure,
    /// As a map that has none but these keys.
    Options(Vec<String>),
    /// As an argument of this type, of that function.
    Argument {
        wanted: String,
        function: String,
    },
    /// As a parameter of a task or plan.
    Value {
        data_type: DataType,
        parameter: String,
        owner: String,
    },
}

/// A call of a function of the file.
struct OwnCall<'t> {
    function: FunctionKey,
    /// What each argument stands for, and its type.
    arguments: Vec<(&'t Expression, &'t Expression, Kind)>,
    /// The function that it stands in, with the parameters that are passed on.
    within: Option<(FunctionKey, Vec<Option<usize>>)>,
}

impl<'t> Checker<'t> {
    /// An expression is used for something: if it is a parameter of the function around it, that is kept.
    pub(super) fn used_for(&mut self, expression: &'t Expression, wants: Wants) {
        // Under a condition the function may know better what it was given.
        if self.guarded > 0 || self.through.may_have_returned {
            return;
        }
        let Some((function, param)) = self.own_param(expression) else {
            return;
        };
        self.through.uses.push(ParamUse {
            function,
            param,
            wants,
            span: expression.span,
            place: None,
        });
    }

    /// The parameter that an expression is, if it is one of the function around it and never changes.
    fn own_param(&self, expression: &Expression) -> Option<(FunctionKey, usize)> {
        let function = self.through.current?;
        let ExpressionKind::Variable(name) = &expression.kind else {
            return None;
        };
        let variable = self.scopes.get(name)?;
        let param = function
            .params
            .iter()
            .position(|param| param.span == variable.span && param.text == *name)?;
        self.survey
            .is_fixed(name)
            .then(|| (key_of(function), param))
    }

    /// A function of the file is called.
    pub(super) fn own_call(&mut self, call: &'t Call, kinds: Vec<Kind>) {
        let arguments: Vec<_> = call
            .arguments
            .iter()
            .zip(kinds)
            .map(|(argument, kind)| (argument, self.resolved(argument), kind))
            .collect();
        let within = self.through.current.map(|function| {
            let passed = call
                .arguments
                .iter()
                .map(|argument| self.own_param(argument).map(|(_, param)| param))
                .collect();
            (key_of(function), passed)
        });
        let name = match &call.namespace {
            Some(namespace) => format!("{}::{}", namespace.text, call.name.text),
            None => call.name.text.clone(),
        };
        self.through.calls.push(OwnCall {
            function: (name, call.arguments.len()),
            arguments,
            within,
        });
    }

    /// Looks at what was given to functions of the file, when all of them are known.
    pub(super) fn look_through(&mut self) {
        let Through {
            mut uses, calls, ..
        } = std::mem::take(&mut self.through);
        passed_on(&mut uses, &calls);
        for call in &calls {
            for used in uses.iter().filter(|used| used.function == call.function) {
                if let Some((written, value, kind)) = call.arguments.get(used.param) {
                    self.given_through(used, written, value, kind);
                }
            }
        }
        self.through.uses = uses;
    }

    fn given_through(
        &mut self,
        used: &ParamUse,
        written: &'t Expression,
        value: &'t Expression,
        kind: &Kind,
    ) {
        let before = self.problems.len();
        match &used.wants {
            Wants::Task => self.task_exists(value, written),
            Wants::Plan => self.plan_exists(value, written),
            Wants::Targets => self.targets(value),
            Wants::Duration => self.duration(value),
            Wants::Closure => {
                if !matches!(kind, Kind::Closure | Kind::Unknown | Kind::Unit) {
                    let problem = self
                        .error(
                            "segue::plan::wrong_arguments",
                            format!("`{}` takes a closure here", used.function.0),
                            written.span,
                            format!("this is {kind}"),
                        )
                        .help("write `|x|` in front, so that it is done later and not now");
                    self.tell(problem);
                }
            }
            Wants::Options(known) => {
                self.known_options(&used.function.0, known, value);
                return;
            }
            Wants::Argument { wanted, function } => {
                if *kind != Kind::Unit && !kind.fits(wanted) {
                    let problem = self.error(
                        "segue::plan::wrong_arguments",
                        format!("`{function}` takes {} here", wanted_words(wanted)),
                        written.span,
                        format!("this is {kind}"),
                    );
                    self.tell(problem);
                }
            }
            Wants::Value {
                data_type,
                parameter,
                owner,
            } => self.value_fits(data_type, parameter, owner, value),
        }
        for problem in &mut self.problems[before..] {
            match &used.place {
                None => problem.labels.push(Label {
                    span: used.span,
                    text: "and used here".to_owned(),
                }),
                Some(place) => {
                    let help = problem.help.take();
                    let help = help.map_or_else(String::new, |help| format!("{help}\n"));
                    problem.help = Some(format!("{help}`{}` uses it at {place}", used.function.0));
                }
            }
        }
    }
}

fn key_of(function: &Function) -> FunctionKey {
    (function.name.clone(), function.params.len())
}

/// What a function passes on to another one is used as that one uses it.
fn passed_on(uses: &mut Vec<ParamUse>, calls: &[OwnCall<'_>]) {
    let mut from = 0;
    for _ in 0..FUNCTIONS_MAX {
        let until = uses.len();
        let mut more = Vec::new();
        for used in &uses[from..until] {
            for call in calls.iter().filter(|call| call.function == used.function) {
                let Some((function, passed)) = &call.within else {
                    continue;
                };
                // A function that calls itself uses nothing in a new way.
                if let Some(Some(param)) = passed.get(used.param)
                    && *function != used.function
                {
                    more.push(ParamUse {
                        function: function.clone(),
                        param: *param,
                        ..used.clone()
                    });
                }
            }
        }
        if more.is_empty() {
            break;
        }
        from = until;
        uses.extend(more);
    }
}
