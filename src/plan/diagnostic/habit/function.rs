//! Habits with functions, closures and their arguments.

use super::recognise::problem;
use crate::plan::diagnostic::{PlanDiagnostic, scene::Scene, word};
use crate::plan::source::{Bracket, Span, TokenKind, keyword};

/// `let f = fn(x) { ... }` and `let f = function(x) { ... }`.
pub(super) fn anonymous_function(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    (scene.text(0) == "fn"
        && matches!(scene.text(1), "(")
        && !matches!(scene.text(-1), "" | ";" | "}"))
    .then(|| {
        problem(
            scene.span(0),
            "a function without a name is written between bars",
            "",
            "write `|x| { ... }`",
        )
    })
}

/// `|n| => n.name` and `|n| -> n.name`.
pub(super) fn arrow_after_bars(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_arrow = matches!(scene.text(0), "=>" | "->") && matches!(scene.text(-1), "|" | "||");
    is_arrow.then(|| {
        problem(
            scene.span(0),
            "a closure has no arrow",
            "",
            "write what it gives right behind the bars: `|x| ...`",
        )
        .mend(scene.span(0), "")
    })
}

/// `n => n.name`.
pub(super) fn arrow_closure(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let takes_value = !matches!(scene.kind(1), Some(TokenKind::Text | TokenKind::Number));
    let is_arrow = scene.text(0) == "=>"
        && scene.kind(-1)? == TokenKind::Word
        && matches!(scene.text(-2), "(" | "," | "=")
        && !matches!(scene.enclosing(), Some((Bracket::Map | Bracket::Curly, _)))
        && takes_value;
    is_arrow.then(|| {
        problem(
            scene.span(-1).to(scene.span(0)),
            "the parameters of a closure stand between bars",
            "",
            format!("write `|{}| ...`", scene.text(-1)),
        )
        .mend(
            scene.span(-1).to(scene.span(0)),
            format!("|{}|", scene.text(-1)),
        )
    })
}

/// `run_task("x", nodes, action: "restart")`.
pub(super) fn named_argument(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let symbol = scene.text(0);
    let (bracket, open) = scene.enclosing()?;
    let called = scene.before(open)?;
    let is_argument = bracket == Bracket::Round
        && matches!(symbol, ":" | "=" | "=>")
        && matches!(scene.kind(-1)?, TokenKind::Word | TokenKind::Text)
        && matches!(scene.text(-2), "(" | ",")
        && called.kind == TokenKind::Word
        && !is_definition(scene, open.span.start)
        && !matches!(scene.of(called), "for" | "if" | "while");
    is_argument.then(|| {
        problem(
            scene.span(-1).to(scene.span(0)),
            "arguments have no names",
            "",
            format!(
                "arguments stand in their order; the parameters of a task are a map: `#{{ {}: ... }}`",
                scene.text(-1)
            ),
        )
    })
}

/// `fn f(a: String, b = 1)`.
pub(super) fn typed_parameter(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let (bracket, open) = scene.enclosing()?;
    if bracket != Bracket::Round || !is_definition(scene, open.span.start) {
        return None;
    }
    let (message, help) = match scene.text(0) {
        ":" => (
            "parameters of functions have no types",
            "remove the type; only the `param` lines of a plan have types",
        ),
        "=" => (
            "parameters of functions have no defaults",
            "define the function a second time with fewer parameters, and call this one from there",
        ),
        _ => return None,
    };
    // A type may have arguments of its own: all of it goes, up to the next parameter.
    let tokens = scene.source.tokens();
    let mut index = tokens.index_at(scene.span(0).start);
    let mut last = scene.span(1);
    while let Some(token) = tokens.next(index).and_then(|next| {
        index = tokens.partner(next).filter(|to| *to > next).unwrap_or(next);
        tokens.get(next)
    }) {
        if matches!(token.span.of(scene.source.text()), "," | ")" | "=") {
            break;
        }
        last = tokens.get(index)?.span;
    }
    let span = scene.span(0).to(last);
    Some(problem(span, message, "", help).mend(span, ""))
}

/// Whether the round bracket at a byte begins the parameters of a function that is being defined.
fn is_definition(scene: &Scene<'_>, open: usize) -> bool {
    let before = Scene::new(scene.source, open);
    before.text(-2) == "fn" || (before.text(-2) == "." && before.text(-4) == "fn")
}

/// `print "x"`, `run_task "x", nodes`.
pub(super) fn call_without_brackets(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_argument = |steps: i8| {
        matches!(
            scene.kind(steps),
            Some(TokenKind::Text | TokenKind::Number | TokenKind::TemplateStart)
        )
    };
    // Rhai stops at a reserved name itself, else at what stands behind the name.
    let at = match scene.kind(0)? {
        TokenKind::Word if matches!(scene.text(0), "print" | "debug") && is_argument(1) => 0,
        _ if is_argument(0) && scene.kind(-1)? == TokenKind::Word => -1,
        _ => return None,
    };
    let name = scene.text(at);
    let is_call = !keyword::is_keyword(name)
        && word::foreign(name).is_none()
        && scene.same_line(at, at + 1)
        && !scene.touches(at, at + 1)
        && matches!(scene.text(at - 1), "" | ";" | "{" | "}" | "=" | "(");
    is_call.then(|| {
        // All of the line is what it is called with.
        let from = scene.span(at + 1).start;
        let rest = scene.source.text()[from..]
            .lines()
            .next()
            .unwrap_or_default();
        let arguments = rest.trim_end().trim_end_matches(';').trim_end();
        let arguments = if arguments.contains(['{', '}', '/']) {
            scene.text(at + 1)
        } else {
            arguments
        };
        let ends = arguments.len() < rest.trim_end().trim_end_matches(';').trim_end().len();
        let more = if ends { ", ..." } else { "" };
        let span = scene.span(at).to(scene.span(at + 1));
        let problem = problem(
            span,
            format!("the arguments of `{name}` stand in brackets"),
            "",
            format!("write `{name}({arguments}{more})`"),
        );
        if ends {
            return problem;
        }
        problem.mend(
            Span::new(span.start, from + arguments.len()),
            format!("{name}({arguments})"),
        )
    })
}
