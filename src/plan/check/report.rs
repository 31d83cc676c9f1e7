//! The words of the check for what it finds in many places.

use super::{
    checker::Checker,
    foreign::foreign_object,
    scope::{Role, Variable},
    tree::{Expression, ExpressionKind, Tree},
};
use crate::{
    model::nearest,
    plan::{
        diagnostic::{PlanDiagnostic, foreign_word},
        source::{Bracket, Span, TokenKind},
    },
};

impl Checker<'_> {
    pub(super) fn error(
        &self,
        code: &'static str,
        message: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) -> PlanDiagnostic {
        PlanDiagnostic::error(code, message)
            .within(self.source)
            .label(span, label)
    }

    pub(super) fn warning(
        &self,
        code: &'static str,
        message: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) -> PlanDiagnostic {
        PlanDiagnostic::warning(code, message)
            .within(self.source)
            .label(span, label)
    }

    pub(super) fn tell(&mut self, problem: PlanDiagnostic) {
        self.problems.push(problem);
    }

    pub(super) fn unknown_variable(&mut self, name: &str, span: Span) {
        let problem = self.error(
            "segue::plan::unknown_variable",
            format!("unknown variable `{name}`"),
            span,
            "not declared here",
        );
        let help = if let Some(import) = self.imports.get_mut(name) {
            import.used = true;
            Some(format!(
                "`{name}` is an import: its functions are called as `{name}::function(...)`"
            ))
        } else if self.vocabulary.namespaces().any(|known| known == name) {
            Some(format!(
                "its functions are called as `{name}::function(...)`"
            ))
        } else if let Some(caught) = self.scopes.caught()
            && matches!(name, "err" | "error" | "e" | "ex" | "exception")
        {
            Some(format!("the caught error is called `{caught}` here"))
        } else if self.scopes.in_function() && self.header.param(name).is_some() {
            Some(format!(
                "functions don't see the parameters of the plan: pass `{name}` to the function"
            ))
        } else if self.scopes.in_function() && self.outer.contains(name) {
            self.used_outside.insert(name.to_owned());
            Some(if self.constants.contains(name) {
                format!("functions don't see what is around them: write `global::{name}`")
            } else {
                format!(
                    "functions don't see the variables of the plan: pass `{name}` to the function"
                )
            })
        } else if let Some(key) = self.key_with_dash(span) {
            Some(format!("a key with a dash is read with `[\"{key}\"]`"))
        } else if let Some(help) = foreign_word(name).or_else(|| foreign_object(name)) {
            Some(help.to_owned())
        } else if let Some(declared) = self.declared_inside(name, span) {
            let problem = problem
                .label(declared, "it is known in this block alone")
                .help(format!("declare it before the block: `let {name} = ();`, and give it its value in there"));
            // Nobody uses it in the block since it is used here.
            self.problems.retain(|told| {
                told.code != "segue::plan::unused_variable" || told.span() != Some(declared)
            });
            self.tell(problem);
            return;
        } else if !self.functions.named(name).is_empty() {
            Some(format!(
                "`{name}` is a function: call it with `{name}(...)`, or pass it on as `|x| {name}(x)`"
            ))
        } else if matches!(name, "targets" | "target") {
            Some(format!(
                "declare the parameter, `param {name}: TargetSpec;`, or call the function: `{name}(\"...\")`"
            ))
        } else if self.vocabulary.functions(name).next().is_some() {
            Some(format!(
                "`{name}` is a function: call it with `{name}(...)`, or pass it on as `|x| {name}(x)`"
            ))
        } else {
            let names = self.scopes.names();
            nearest(name, names.iter().map(String::as_str))
                .map(|meant| format!("did you mean `{meant}`?"))
                .or_else(|| Some(self.meant_as_text(name)))
        };
        self.tell(problem.maybe_help(help));
    }

    /// `map.a-b`: the key that is meant, if the word at `span` is the end of it.
    fn key_with_dash(&self, span: Span) -> Option<String> {
        let tokens = self.source.tokens();
        let text = self.source.text();
        let at = tokens.index_at(span.start);
        let dash = tokens.previous(at)?;
        let start = tokens.previous(dash)?;
        let point = tokens.previous(start)?;
        let key = tokens.get(start)?.span.to(span).of(text);
        let is_key = tokens.get(dash)?.span.of(text) == "-"
            && tokens.get(start)?.kind == TokenKind::Word
            && matches!(tokens.get(point)?.span.of(text), "." | "?.")
            && !key.contains(char::is_whitespace);
        is_key.then(|| key.to_owned())
    }

    /// Where a variable of that name is declared in a block that has ended before this.
    fn declared_inside(&self, name: &str, span: Span) -> Option<Span> {
        let text = self.source.text();
        let tokens = self.source.tokens();
        let ends = |declared: Span| {
            let mut index = tokens.index_at(declared.start);
            // The block around it: the first bracket before it that has not been closed.
            while let Some(before) = tokens.previous(index) {
                let partner = tokens.partner(before);
                match tokens.get(before)?.kind {
                    TokenKind::Open(Bracket::Curly) => {
                        return tokens.get(partner?).map(|close| close.span.end);
                    }
                    TokenKind::Close(_) => index = partner.unwrap_or(before),
                    _ => index = before,
                }
            }
            None
        };
        // What belongs to another function is nothing that could be declared before it.
        if self.scopes.in_function() {
            return None;
        }
        let mut declared = self.scopes.declared.iter().map(|(declared, _)| *declared);
        declared.rfind(|declared| {
            declared.of(text) == name
                && declared.end <= span.start
                && ends(*declared).is_some_and(|end| end <= span.start)
        })
    }

    /// `results = ...` without a `let`, as in Python, Ruby and shells.
    pub(super) fn undeclared(&mut self, name: &str, span: Span) {
        let is_around = self.scopes.in_function()
            && (self.header.param(name).is_some() || self.outer.contains(name));
        if is_around {
            self.unknown_variable(name, span);
            return;
        }
        let names = self.scopes.names();
        let meant = nearest(name, names.iter().map(String::as_str));
        let help = match meant {
            Some(meant) => {
                format!("did you mean `{meant}`? A new one is declared: `let {name} = ...;`")
            }
            None => format!("declare it where it gets its first value: `let {name} = ...;`"),
        };
        let problem = self
            .error(
                "segue::plan::unknown_variable",
                format!("unknown variable `{name}`"),
                span,
                "not declared before this",
            )
            .help(help);
        self.tell(problem);
        // Once is enough.
        self.lost.insert(name.to_owned());
    }

    /// A name that should have been a string.
    fn meant_as_text(&self, name: &str) -> String {
        let what = if matches!(self.world.task(name), Ok(Some(_))) {
            "the name of a task is a string"
        } else if self.world.targets(name).is_ok() {
            "the names of targets and groups are strings"
        } else {
            return format!("write `\"{name}\"` if it is text, or declare it: `let {name} = ...;`");
        };
        format!("{what}: write `\"{name}\"`")
    }

    /// A comment that nobody ended: Rhai takes all that follows for a part of it.
    pub(super) fn unended_comment(&mut self) {
        let text = self.source.text();
        let open = self
            .source
            .tokens()
            .all()
            .iter()
            .find(|token| {
                token.kind == TokenKind::Unterminated && token.span.of(text).starts_with("/*")
            })
            .map(|token| token.span.start);
        if let Some(start) = open {
            let problem = self
                .error(
                    "segue::plan::syntax",
                    "this comment never ends",
                    Span::new(start, start + 2),
                    "it begins here, and hides the rest of the file",
                )
                .help("close it with `*/`");
            self.tell(problem);
        }
    }

    /// Warns of those that nobody used.
    pub(super) fn unused(&mut self, variables: Vec<Variable<'_>>) {
        for variable in variables {
            if variable.used || variable.name.starts_with('_') {
                continue;
            }
            let name = &variable.name;
            let problem = match variable.role {
                Role::Let if variable.value.is_some_and(catches_errors) => self
                    .warning(
                        "segue::plan::unused_variable",
                        format!("nobody looks at `{name}`, whose errors are caught"),
                        variable.span,
                        "what fails here is never told",
                    )
                    .help(format!(
                        "write `if !{name}.ok {{ fail(\"...\", {name}); }}`, or leave `catch_errors` out"
                    )),
                Role::Let | Role::Constant => self
                    .warning(
                        "segue::plan::unused_variable",
                        format!("`{name}` is never used"),
                        variable.span,
                        "",
                    )
                    .help(if variable.role == Role::Constant {
                        format!(
                            "remove it, or write `export const {name} = ...;` if other files use it"
                        )
                    } else {
                        format!("remove it, or call it `_{name}` if that is on purpose")
                    }),
                Role::Param => self
                    .warning(
                        "segue::plan::unused_param",
                        format!("the parameter `{name}` is never used"),
                        variable.span,
                        "",
                    )
                    .help("use it, or remove the line"),
                _ => continue,
            };
            self.tell(problem);
        }
    }

    /// Warns of private functions whose name occurs nowhere else.
    pub(super) fn unused_functions(&mut self, tree: &Tree) {
        for function in tree.functions.iter().filter(|function| function.private) {
            let text = self.source.text();
            let uses = self
                .source
                .tokens()
                .all()
                .iter()
                .filter(|token| token.span.of(text).trim_matches('"') == function.name)
                .count();
            if uses > 1 {
                continue;
            }
            let problem = self
                .warning(
                    "segue::plan::unused_function",
                    format!("`{}` is never called", function.name),
                    function.name_span,
                    "",
                )
                .help("remove it; only this file could call it");
            self.tell(problem);
        }
    }

    pub(super) fn unused_imports(&mut self) {
        let unused: Vec<_> = self
            .imports
            .values()
            .filter(|import| !import.used)
            .map(|import| import.alias.clone())
            .collect();
        for alias in unused {
            let problem = self
                .warning(
                    "segue::plan::unused_import",
                    format!("the import `{}` is never used", alias.text),
                    alias.span,
                    "",
                )
                .help("remove the line");
            self.tell(problem);
        }
    }
}

/// Whether it is an action with `catch_errors: true`.
fn catches_errors(value: &Expression) -> bool {
    let (ExpressionKind::Call(call) | ExpressionKind::Method { call, .. }) = &value.kind else {
        return false;
    };
    let options = call.arguments.last().and_then(Expression::as_map);
    options.is_some_and(|entries| {
        entries
            .iter()
            .any(|entry| entry.key.text == "catch_errors" && entry.value.kind.is_true())
    })
}

/// In the order of the file, and nothing twice.
pub(super) fn sorted(mut problems: Vec<PlanDiagnostic>) -> Vec<PlanDiagnostic> {
    problems.sort_by_key(|problem| problem.span().map(|span| (span.start, span.end)));
    problems.dedup_by(|one, other| {
        one.span() == other.span() && one.code == other.code && one.message == other.message
    });
    problems
}

/// Names in backticks with commas between them, not more than fit on a line.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN_MAX: usize = 16;
    let names: Vec<&str> = names.into_iter().collect();
    let mut shown: Vec<String> = names
        .iter()
        .take(SHOWN_MAX)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.len() > SHOWN_MAX {
        shown.push(format!("and {} more", names.len() - SHOWN_MAX));
    }
    shown.join(", ")
}
