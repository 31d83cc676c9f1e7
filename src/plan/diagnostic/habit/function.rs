//! Habits with functions, closures and their arguments.

use super::recognise::problem;
use crate::plan::source::{Bracket, Span, Token, TokenKind, keyword};
use crate::plan::{
    diagnostic::{PlanDiagnostic, scene::Scene, word},
    options::OPTIONS,
};

/// `import * as name from "path"`, `import { name } from "path"`, as in JavaScript.
pub(super) fn parts_of_import(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    if scene.text(-1) != "import" || !matches!(scene.text(0), "*" | "{") {
        return None;
    }
    let start = scene.span(-1).start;
    let line = &scene.source.text()[start..];
    let line = &line[..line.find([';', '\n']).unwrap_or(line.len())];
    let path = line.split('"').nth(1).unwrap_or("path/to/file");
    let file = path.rsplit('/').next().unwrap_or(path);
    let name = if scene.text(1) == "as" {
        scene.text(2)
    } else {
        file
    };
    let meant = format!("import \"{path}\" as {name}");
    Some(
        problem(
            scene.span(-1).to(scene.span(0)),
            "a file is imported as a whole",
            "",
            format!("write `{meant};`, and call its functions as `{name}::function(...)`"),
        )
        .mend(Span::new(start, start + line.len()), meant),
    )
}

/// `let f = fn(x) { ... }` and `each(xs, function(x) { ... })`.
pub(super) fn anonymous_function(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    // Rhai stops at its own word, and takes any other one for a call: there it stops at the block behind.
    let (word, open) = if scene.text(0) == "fn" && scene.text(1) == "(" {
        (scene.token(0)?, scene.token(1)?)
    } else {
        let open = opening(scene, -1)?;
        (scene.before(open)?, open)
    };
    let is_function = matches!(
        scene.of(word),
        "fn" | "function" | "func" | "def" | "lambda" | "proc" | "sub"
    );
    let is_named = matches!(
        scene.before(word).map(|before| scene.of(before)),
        None | Some(";" | "}" | ".")
    );
    if !is_function || is_named || (scene.of(word) != "fn" && scene.text(0) != "{") {
        return None;
    }
    let (bars, close) = bars(scene, open)?;
    let span = word.span.to(close.span);
    Some(
        problem(
            span,
            "a function without a name is written between bars",
            "",
            format!("write `{bars} {{ ... }}`"),
        )
        .mend(span, bars),
    )
}

/// The bracket that the closing one at a place belongs to, if it is a round one.
fn opening(scene: &Scene<'_>, close: i8) -> Option<Token> {
    let tokens = scene.source.tokens();
    if scene.text(close) != ")" {
        return None;
    }
    tokens.get(tokens.partner(tokens.index_at(scene.span(close).start))?)
}

/// Parameters in round brackets as a closure has them, and the bracket that closes them.
fn bars(scene: &Scene<'_>, open: Token) -> Option<(String, Token)> {
    let tokens = scene.source.tokens();
    let index = tokens.index_at(open.span.start);
    let close = tokens.partner(index)?;
    let mut names = (index + 1..close).filter_map(|at| tokens.get(at));
    let are_names = names.all(|token| token.kind == TokenKind::Word || scene.of(token) == ",");
    let close = tokens.get(close)?;
    let inner = Span::new(open.span.end, close.span.start).of(scene.source.text());
    are_names.then(|| (format!("|{}|", inner.trim()), close))
}

/// `(n) => n.name`, `(a, b) => a + b` and `() => 1`.
pub(super) fn arrow_behind_brackets(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    // Rhai stops at the arrow, or where the second parameter begins.
    let open = if scene.text(0) == "=>" {
        opening(scene, -1)?
    } else {
        let (bracket, open) = scene.enclosing()?;
        (bracket == Bracket::Round).then_some(open)?
    };
    let (bars, close) = bars(scene, open)?;
    let tokens = scene.source.tokens();
    let arrow = tokens.get(tokens.next(tokens.index_at(close.span.start))?)?;
    let before = scene.before(open).map(|before| scene.of(before));
    let is_value = matches!(before, Some("(" | "," | "=" | ":" | "return"));
    // The cases of a `switch` have arrows.
    let around = Scene::new(scene.source, open.span.start);
    let in_block = matches!(around.enclosing(), Some((Bracket::Curly, _))) && before == Some(",");
    if scene.of(arrow) != "=>" || !is_value || in_block {
        return None;
    }
    let span = open.span.to(arrow.span);
    Some(
        problem(
            span,
            "the parameters of a closure stand between bars",
            "",
            format!("write `{bars} ...`"),
        )
        .mend(span, bars),
    )
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
                "arguments stand in their order; {} are a map: `#{{ {}: ... }}`",
                if OPTIONS.iter().any(|option| option.name == scene.text(-1)) {
                    "options"
                } else {
                    "the parameters of a task"
                },
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
        let arguments = rest_of_line(scene, at + 1);
        let written = arguments.of(scene.source.text());
        let help = match (name, written) {
            ("exit", code) if code.parse::<u8>().is_ok() => {
                "write `fail(\"message\")` to end the plan as failed, `exit()` to end it".to_owned()
            }
            _ => format!("write `{name}({written})`"),
        };
        problem(
            scene.span(at).to(scene.span(at + 1)),
            format!("the arguments of `{name}` stand in brackets"),
            "",
            help,
        )
        .mend(scene.span(at).to(arguments), format!("{name}({written})"))
    })
}

/// From a token to the `;`, the bracket that closes what is around it, or the end of the line.
fn rest_of_line(scene: &Scene<'_>, from: i8) -> Span {
    let tokens = scene.source.tokens();
    let text = scene.source.text();
    let first = scene.span(from);
    let mut index = tokens.index_at(first.start);
    let mut span = first;
    while let Some(token) = tokens.get(index) {
        let gap = &text[span.end.min(token.span.start)..token.span.start];
        let closes = matches!(token.kind, TokenKind::Close(_));
        if token.is_comment() || closes || scene.of(token) == ";" || gap.contains('\n') {
            break;
        }
        let partner = tokens.partner(index).filter(|to| *to > index);
        index = partner.unwrap_or(index);
        span = tokens.get(index).map_or(span, |last| first.to(last.span));
        index += 1;
    }
    span
}
