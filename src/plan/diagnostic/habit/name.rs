//! Habits with names and words.

use super::recognise::problem;
use crate::plan::diagnostic::{PlanDiagnostic, scene::Scene, word};
use crate::plan::source::{Bracket, TokenKind, keyword};

pub(super) fn reserved_word(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let here = scene.text(0);
    if scene.kind(0)? != TokenKind::Word {
        return None;
    }
    let is_reserved = keyword::is_reserved(here) && scene.text(1) != "(";
    is_reserved.then(|| {
        let is_key = matches!(scene.text(-1), "." | "?.")
            || (scene.text(1) == ":" && matches!(scene.enclosing(), Some((Bracket::Map, _))));
        let names = matches!(scene.text(-1), "let" | "const" | "for" | "fn" | "as" | "|");
        let span = scene.span(0);
        if is_key {
            let help = format!("quote it: `\"{here}\": ...`, and read it with `map[\"{here}\"]`");
            return problem(
                span,
                format!("`{here}` is a reserved word"),
                "it can't be a key as it is",
                help,
            );
        }
        match word::reserved(here) {
            Some(help) if !names => problem(span, format!("`{here}` means nothing here"), "", help),
            _ => problem(
                span,
                format!("`{here}` is a reserved word"),
                "it can't be a name",
                "choose another name",
            ),
        }
    })
}

pub(super) fn dollar_name(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    (scene.text(0) == "$" && scene.kind(1) == Some(TokenKind::Word) && scene.touches(0, 1)).then(
        || {
            problem(
                scene.span(0).to(scene.span(1)),
                "names have no `$` in front",
                "",
                format!("write `{}`", scene.text(1)),
            )
        },
    )
}

/// `let web-servers = ...` and `fn restart-all() { ... }`.
pub(super) fn name_with_dash(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_name = scene.text(0) == "-"
        && matches!(scene.text(-2), "let" | "const" | "fn" | "for" | "as")
        && scene.touches(-1, 0)
        && scene.touches(0, 1);
    is_name.then(|| {
        let span = scene.span(-1).to(scene.span(1));
        let name = span.of(scene.source.text()).replace('-', "_");
        problem(span, "names have no dashes", "", format!("write `{name}`"))
    })
}

pub(super) fn foreign_symbol(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    if !matches!(scene.kind(0)?, TokenKind::Symbol | TokenKind::Unknown) {
        return None;
    }
    let symbol = scene.text(0);
    // `fn f() -> Type {` and `# comment` are what these two mostly are.
    word::symbol(symbol).map(|help| {
        problem(
            scene.span(0),
            format!("`{symbol}` means nothing in a plan"),
            "",
            help,
        )
    })
}

pub(super) fn foreign_word(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    // `elif x`: Rhai stops at the word behind; `a and b`: at the word itself.
    let at = [0, -1].into_iter().find(|at| {
        scene.kind(*at) == Some(TokenKind::Word)
            && word::foreign(scene.text(*at)).is_some()
            && !matches!(scene.text(at - 1), "." | "?.")
            && (scene.text(*at) == "mut" || !matches!(scene.text(at - 1), "let" | "const"))
            && (*at == 0
                || matches!(
                    scene.kind(0),
                    Some(TokenKind::Word | TokenKind::Text | TokenKind::Number)
                )
                || scene.text(0) == "{"
                || scene.text(0) == ":")
    })?;
    let here = scene.text(at);
    Some(problem(
        scene.span(at),
        format!("`{here}` means nothing here"),
        "",
        word::foreign(here)?,
    ))
}

/// `let x: String = ...`.
pub(super) fn typed_variable(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    (scene.text(0) == ":" && matches!(scene.text(-2), "let" | "const")).then(|| {
        problem(
            scene.span(0).to(scene.span(1)),
            "variables have no types",
            "",
            format!("write `{} {} = ...;`", scene.text(-2), scene.text(-1)),
        )
    })
}

/// `plan deploy(TargetSpec $nodes) {`, as in Puppet.
pub(super) fn plan_declaration(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_plan = scene.text(-1) == "plan"
        && scene.kind(0) == Some(TokenKind::Word)
        && matches!(scene.text(-2), "" | ";" | "}");
    is_plan.then(|| {
        problem(
            scene.span(-1).to(scene.span(0)),
            "a plan is a file: it is not declared in it",
            "",
            "name the file like the plan, and begin it with `param name: Type;` for each parameter",
        )
    })
}
