//! Habits with blocks, conditions and loops.

use super::recognise::problem;
use crate::plan::diagnostic::{PlanDiagnostic, scene::Scene};
use crate::plan::source::{Bracket, Span, TokenKind, keyword};

/// `catch (Error e) {`, as in Java and C#.
pub(super) fn typed_catch(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_typed = scene.kind(0)? == TokenKind::Word
        && scene.kind(-1)? == TokenKind::Word
        && scene.text(-2) == "("
        && scene.text(-3) == "catch";
    is_typed.then(|| {
        let name = scene.text(0);
        problem(
            scene.span(-1),
            "a `catch` takes every error",
            "",
            format!(
                "write `catch ({name})`, and look at `{name}.kind` in it; `throw;` throws it on"
            ),
        )
        .mend(scene.span(-1), "")
    })
}

/// `if let Some(x) = value {`, as in Rust.
pub(super) fn let_in_condition(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_condition = scene.text(0) == "let" && matches!(scene.text(-1), "if" | "while");
    is_condition.then(|| {
        problem(
            scene.span(0),
            "a condition can't declare",
            "",
            "declare it before, and ask: `let x = ...; if x != () { ... }`",
        )
    })
}

/// `1 not in list`, as in Python.
pub(super) fn not_in(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let at = (0..2).find(|at| scene.text(*at) == "not" && scene.text(at + 1) == "in")?;
    Some(
        problem(
            scene.span(at),
            "`not` means nothing here",
            "",
            "write `!(value in list)`",
        )
        .mend(scene.span(at), ""),
    )
}

/// `until done { ... }`, as in Ruby and shells.
pub(super) fn until_loop(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_loop = scene.text(0) == "until" && matches!(scene.text(-1), "" | ";" | "}" | "{");
    is_loop.then(|| {
        problem(
            scene.span(0),
            "`until` stands behind a `do` block alone",
            "",
            "write `while !condition { ... }`, or `wait_until(#{ timeout: \"5m\" }, || ...)`",
        )
        .mend(scene.span(0), "while")
    })
}

/// `for (let i = 0; ...)`.
pub(super) fn loop_with_declaration(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_loop = matches!(scene.text(0), "let" | "const" | "var")
        && (scene.text(-1) == "for" || (scene.text(-1) == "(" && scene.text(-2) == "for"));
    is_loop.then(|| {
        let name = scene.text(1);
        let help = if matches!(scene.text(2), "of" | "in") {
            format!("write `for {name} in {} {{ ... }}`", looped_over(scene, 3))
        } else {
            format!("write `for {name} in 0..10 {{ ... }}` or `for {name} in items {{ ... }}`")
        };
        problem(
            scene.span(0),
            "a loop declares its variable by itself",
            "",
            help,
        )
    })
}

/// `default:` of a `switch`.
pub(super) fn default_case(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let at = [0, -1].into_iter().find(|at| {
        scene.text(*at) == "default"
            && matches!(scene.text(at + 1), ":" | "=>")
            && matches!(scene.text(at - 1), "{" | "," | ";" | "}")
    })?;
    Some(
        problem(
            scene.span(at),
            "the case for everything else is written `_`",
            "",
            "write `_ => ...`",
        )
        .mend(scene.span(at), "_")
        .mend(scene.span(at + 1), "=>"),
    )
}

/// `1 -> ...` and `1: ...` in a `switch`, and `;` behind a case.
pub(super) fn case_of_switch(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let (bracket, open) = scene.enclosing()?;
    if bracket != Bracket::Curly || !is_switch(scene, open.span.start) {
        return None;
    }
    match scene.text(0) {
        symbol @ ("->" | ":") if !matches!(scene.kind(-1)?, TokenKind::Close(_)) => Some(
            problem(
                scene.span(0),
                format!("`{symbol}` is not what a case of a `switch` has behind its value"),
                "this should be `=>`",
                format!("write `{} => ...`", scene.text(-1)),
            )
            .mend(scene.span(0), "=>"),
        ),
        ";" => Some(
            problem(
                scene.span(0),
                "the cases of a `switch` are separated by `,`",
                "this should be `,`",
                "write `,`; a case of several statements stands in braces: `1 => { ...; ... },`",
            )
            .mend(scene.span(0), ","),
        ),
        _ => None,
    }
}

/// Whether the brace at a byte begins the cases of a `switch`.
fn is_switch(scene: &Scene<'_>, open: usize) -> bool {
    let before = Scene::new(scene.source, open);
    (-8..0)
        .rev()
        .map(|steps| before.text(steps))
        .take_while(|text| !matches!(*text, ";" | "{" | "}" | "=>" | ""))
        .any(|text| text == "switch")
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
    if !condition {
        return None;
    }
    if scene.text(1) == "~" && scene.touches(0, 1) {
        return Some(problem(
            scene.span(0).to(scene.span(1)),
            "`=~` means nothing in a plan",
            "",
            format!(
                "a regular expression is a string: write `{}.matches(\"pattern\")`",
                scene.text(-1)
            ),
        ));
    }
    Some(
        problem(
            scene.span(0),
            "a condition can't assign",
            "this assigns a value",
            "write `==` to compare",
        )
        .mend(scene.span(0), "=="),
    )
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
    let name = scene.text(-1);
    if scene.text(0) == "," {
        let help = if scene.text(3) == "enumerate" {
            // Python counts first.
            let list = looped_over(scene, 5);
            format!("write `for ({}, {name}) in {list} {{`", scene.text(1))
        } else {
            format!(
                "write `for ({name}, index) in list {{`; for a map write `for key in map.keys() {{`"
            )
        };
        return Some(problem(
            scene.span(-1).to(scene.span(1)),
            "two names of a loop stand in brackets",
            "",
            help,
        ));
    }
    let help = match scene.text(0) {
        "=" => format!("write `for {name} in 0..10 {{ ... }}`"),
        "of" | ":" => format!("write `for {name} in {} {{`", looped_over(scene, 1)),
        _ => return None,
    };
    let counts = scene.text(0) == "=";
    let problem = problem(
        scene.span(0),
        "expected `in` behind the name of a loop",
        "this should be `in`",
        help,
    );
    Some(if counts || scene.text(-2) == "(" {
        problem
    } else {
        problem.mend(scene.span(0), " in ")
    })
}

/// What a loop goes over, from a token to its block or to the bracket that closes the head of the loop.
fn looped_over<'a>(scene: &Scene<'a>, from: i8) -> &'a str {
    let tokens = scene.source.tokens();
    let start = scene.span(from).start;
    let mut index = tokens.index_at(start);
    let mut end = start;
    while let Some(token) = tokens.get(index) {
        if matches!(scene.of(token), "{" | ")" | ";" | "}") {
            break;
        }
        index = tokens
            .partner(index)
            .filter(|to| *to > index)
            .unwrap_or(index);
        end = tokens.get(index).map_or(end, |last| last.span.end);
        index += 1;
    }
    let whole = &scene.source.text()[start..end];
    if whole.is_empty() || whole.contains('\n') {
        return "...";
    }
    whole
}

/// `for (t in nodes) {`.
pub(super) fn brackets_of_loop(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_loop = scene.text(0) == "in" && scene.text(-2) == "(" && scene.text(-3) == "for";
    if !is_loop {
        return None;
    }
    let tokens = scene.source.tokens();
    let open = scene.span(-2);
    let close = tokens.get(tokens.partner(tokens.index_at(open.start))?)?;
    Some(
        problem(
            open,
            "the head of a loop stands in no brackets",
            "",
            format!(
                "write `for {} in {} {{`",
                scene.text(-1),
                looped_over(scene, 1)
            ),
        )
        .mend(open, " ")
        .mend(close.span, " "),
    )
}

/// `if [ "$1" = "web" ]; then`.
pub(super) fn brackets_of_test(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_test = scene.text(0) == "["
        && matches!(scene.text(-1), "if" | "while" | "elif")
        && scene.source.text()[scene.span(0).end..].starts_with([' ', '[']);
    is_test.then(|| {
        problem(
            scene.source.whole(scene.span(0).start),
            "a condition stands in no square brackets",
            "this is an Array",
            "write `if one == other { ... }`",
        )
    })
}

/// `catch err {`.
pub(super) fn catch_without_brackets(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let at = match (scene.text(-1), scene.text(0)) {
        ("catch", "{") => return None,
        ("catch", _) if scene.kind(0)? == TokenKind::Word => 0,
        _ => return None,
    };
    let name = scene.text(at);
    Some(
        problem(
            scene.span(at),
            "the name of a caught error stands in brackets",
            "",
            format!("write `catch ({name}) {{`"),
        )
        .mend(scene.span(at), format!("({name})")),
    )
}

/// `let x = run_command(...) catch { ... }`.
pub(super) fn catch_without_try(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_catch = matches!(scene.text(0), "catch" | "rescue" | "except") && scene.text(-1) != "}";
    is_catch.then(|| {
        problem(
            scene.span(0),
            format!("there is no `try` that this `{}` belongs to", scene.text(0)),
            "",
            "write `try { ... } catch (err) { ... }`; `attempt(|| ...)` gives `#{ ok, value, error }`",
        )
    })
}

/// `try { ... } finally { ... }`.
pub(super) fn finally_block(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let at = [0, -1]
        .into_iter()
        .find(|at| matches!(scene.text(*at), "finally" | "ensure") && scene.text(at - 1) == "}")?;
    Some(problem(
        scene.span(at),
        format!("there is no `{}` block", scene.text(at)),
        "",
        "write `finally(|| { ... }, || { ... })`: the second closure is called whatever comes of the first",
    ))
}

/// Whether what stands before could be a whole statement: a bracket that is closed, a value, a name that is one.
fn ends_statement(scene: &Scene<'_>) -> bool {
    let text = scene.text(-1);
    scene.token(-1).is_some_and(|token| {
        let is_name = token.kind != TokenKind::Word || text != "_" && !keyword::is_keyword(text);
        token.ends_operand() && is_name
    })
}

/// `print(x) if ready;`, `return if done;` and `a if c else b`.
pub(super) fn condition_behind(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let at = match scene.text(0) {
        "if" | "unless" if ends_statement(scene) && scene.same_line(-1, 0) => 0,
        // Rhai takes `return if done` for the beginning of a value, and misses its block.
        ";" => (-24..0)
            .rev()
            .take_while(|steps| !matches!(scene.text(*steps), ";" | "{" | "}" | ""))
            .find(|steps| {
                matches!(scene.text(*steps), "if" | "unless") && scene.text(steps - 1) == "return"
            })?,
        _ => return None,
    };
    let has_other = (1..24)
        .map(|steps| scene.text(at + steps))
        .take_while(|text| !matches!(*text, ";" | "{" | "}" | ""))
        .any(|text| text == "else");
    let help = if has_other {
        "write `if condition { one } else { other }`"
    } else if scene.text(at) == "unless" {
        "write `if !condition { ... }`"
    } else {
        "write `if condition { ... }`"
    };
    Some(problem(
        scene.span(at),
        "a condition stands in front of what depends on it",
        "",
        help,
    ))
}

/// `while ready do`.
pub(super) fn do_for_block(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    if scene.text(0) == "do" && scene.text(1) == "|" {
        return Some(problem(
            scene.span(0),
            "a block is not handed over with `do`",
            "",
            format!(
                "write `for {} in items {{ ... }}`, or hand over a closure: `items.map(|x| ...)`",
                scene.text(2)
            ),
        ));
    }
    let is_loop = scene.text(0) == "do"
        && (-24..0)
            .rev()
            .map(|steps| scene.text(steps))
            .take_while(|text| !matches!(*text, ";" | "{" | "}" | ""))
            .any(|text| matches!(text, "while" | "for" | "until" | "if"));
    is_loop.then(|| {
        problem(
            scene.span(0),
            "a block is written in braces",
            "this should be `{`",
            "write `{` here and `}` behind the block",
        )
    })
}

/// `if a && { ... }`: Rhai takes the block for a value.
pub(super) fn nothing_before_block(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let tokens = scene.source.tokens();
    let close = scene.token(-1)?;
    if close.span.of(scene.source.text()) != "}" {
        return None;
    }
    let open = tokens.get(tokens.partner(tokens.index_at(close.span.start))?)?;
    let operator = scene.before(open)?;
    let is_operator = open.kind == TokenKind::Open(Bracket::Curly)
        && matches!(
            scene.of(operator),
            "&&" | "||" | "==" | "!=" | "<" | ">" | "<=" | ">=" | "!" | "+" | "-"
        );
    is_operator.then(|| {
        problem(
            operator.span,
            format!("nothing stands behind `{}`", scene.of(operator)),
            "expected a value behind this",
            "finish the condition, or remove this",
        )
        .mend(Span::empty(operator.span.end), " true ")
    })
}
