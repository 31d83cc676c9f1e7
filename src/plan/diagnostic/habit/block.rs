//! Habits with blocks, conditions and loops.

use super::recognise::problem;
use crate::plan::diagnostic::{PlanDiagnostic, scene::Scene};
use crate::plan::source::TokenKind;

/// `for (let i = 0; ...)`.
pub(super) fn loop_with_declaration(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_loop = matches!(scene.text(0), "let" | "const" | "var")
        && (scene.text(-1) == "for" || (scene.text(-1) == "(" && scene.text(-2) == "for"));
    is_loop.then(|| {
        let name = scene.text(1);
        problem(
            scene.span(0),
            "a loop declares its variable by itself",
            "",
            format!("write `for {name} in 0..10 {{ ... }}` or `for {name} in items {{ ... }}`"),
        )
    })
}

/// `default:` of a `switch`.
pub(super) fn default_case(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_case = matches!(scene.text(0), ":" | "=>")
        && scene.text(-1) == "default"
        && matches!(scene.text(-2), "{" | "," | ";" | "}");
    is_case.then(|| {
        problem(
            scene.span(-1),
            "the case for everything else is written `_`",
            "",
            "write `_ => ...`",
        )
    })
}

/// `if a = b {`.
pub(super) fn assignment_in_condition(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    if scene.text(0) != "=" {
        return None;
    }
    let condition = (-12..0).rev().find_map(|steps| match scene.text(steps) {
        "if" | "while" | "until" => Some(true),
        ";" | "{" | "}" | "" => Some(false),
        _ => None,
    })?;
    condition.then(|| {
        problem(
            scene.span(0),
            "a condition can't assign",
            "this assigns a value",
            "write `==` to compare",
        )
    })
}

/// `if x:` and `for x in xs:`.
pub(super) fn colon_for_block(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    if scene.text(0) != ":" || scene.same_line(0, 1) {
        return None;
    }
    let keyword = (-24..0).rev().find_map(|steps| match scene.text(steps) {
        word @ ("if" | "else" | "while" | "for" | "try" | "loop" | "fn") => Some(Some(word)),
        ";" | "{" | "}" | "" => Some(None),
        _ => None,
    })??;
    Some(problem(
        scene.span(0),
        format!("the block of `{keyword}` is written in braces"),
        "this should be `{`",
        "write `{` here and `}` behind the block",
    ))
}

/// `for (i = 0; i < 3; i++)` and `for x of xs`.
pub(super) fn loop_with_counter(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let after_name =
        matches!(scene.text(-2), "for") || (scene.text(-3) == "for" && scene.text(-2) == "(");
    if !after_name {
        return None;
    }
    let help = match scene.text(0) {
        "=" => format!("write `for {} in 0..10 {{ ... }}`", scene.text(-1)),
        "of" | ":" => format!("write `for {} in ... {{`", scene.text(-1)),
        _ => return None,
    };
    Some(problem(
        scene.span(0),
        "expected `in` behind the name of a loop",
        "this should be `in`",
        help,
    ))
}

/// `catch err {`.
pub(super) fn catch_without_brackets(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let at = match (scene.text(-1), scene.text(0)) {
        ("catch", "{") => return None,
        ("catch", _) if scene.kind(0)? == TokenKind::Word => 0,
        _ => return None,
    };
    Some(problem(
        scene.span(at),
        "the name of a caught error stands in brackets",
        "",
        format!("write `catch ({}) {{`", scene.text(at)),
    ))
}
