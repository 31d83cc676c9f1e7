//! Mistakes that come from writing other languages: recognised by the tokens around the place, and answered
//! with what to write instead.

use super::{PlanDiagnostic, scene::Scene, word};
use crate::plan::source::{Bracket, Span, TokenKind, keyword};

const CODE: &str = "segue::plan::syntax";

/// What the author was used to, if it is one of the usual things.
pub(super) fn habit(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    [
        odd_character,
        single_quotes,
        number_with_unit,
        call_without_brackets,
        loop_with_declaration,
        reserved_word,
        dollar_name,
        plan_declaration,
        name_with_dash,
        quote_in_string,
        foreign_symbol,
        anonymous_function,
        arrow_closure,
        map_without_hash,
        list_in_braces,
        map_entry_with_arrow,
        map_key_with_dash,
        map_key_without_quotes,
        default_case,
        named_argument,
        typed_parameter,
        typed_variable,
        formatted_string,
        assignment_in_condition,
        colon_for_block,
        loop_with_counter,
        catch_without_brackets,
        foreign_word,
    ]
    .iter()
    .find_map(|recognise| recognise(scene))
    .map(|problem| problem.within(scene.source))
}

fn problem(
    span: Span,
    message: impl Into<String>,
    label: &str,
    help: impl Into<String>,
) -> PlanDiagnostic {
    PlanDiagnostic::error(CODE, message)
        .label(span, label)
        .help(help)
}

fn odd_character(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    if scene.kind(0) != Some(TokenKind::Unknown) {
        return None;
    }
    let char = scene.text(0).chars().next()?;
    let help = match char {
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2018}' | '\u{2019}' | '\u{ab}' | '\u{bb}' => {
            "a word processor changed the quotes: write `\"`"
        }
        '\u{a0}' | '\u{202f}' | '\u{2003}' => "replace it by a plain space",
        '\u{2013}' | '\u{2014}' | '\u{2212}' => "write `-`",
        '\u{feff}' => "save the file as UTF-8 without a byte order mark",
        _ if char.is_control() || char.is_whitespace() || is_format(char) => "remove it",
        _ => "outside of strings and comments only ASCII characters are used",
    };
    let invisible = char.is_control() || char.is_whitespace() || is_format(char);
    let message = if invisible {
        format!("unexpected character U+{:04X}", u32::from(char))
    } else {
        format!("unexpected character `{char}`")
    };
    Some(problem(
        scene.span(0),
        message,
        "this character has no meaning here",
        help,
    ))
}

/// Characters that take no place.
fn is_format(char: char) -> bool {
    matches!(
        char,
        '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{ad}'
    )
}

fn single_quotes(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let (kind, text) = (scene.kind(0)?, scene.text(0));
    match kind {
        TokenKind::Character
            if text.chars().count() > 3 && !text.starts_with("'\\") || text == "''" =>
        {
            let inner = text.trim_matches('\'').replace('"', "\\\"");
            Some(problem(
                scene.span(0),
                "single quotes hold one character only",
                "this is a string",
                format!("write `\"{inner}\"`"),
            ))
        }
        TokenKind::Unterminated if text == "'" => Some(problem(
            scene.span(0),
            "this quote has no end",
            "it begins here",
            "strings are written in double quotes: `\"text\"`",
        )),
        _ => None,
    }
}

/// `10s`, `5m`, `25%`: durations and shares are strings.
fn number_with_unit(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let text = scene.text(0);
    if scene.kind(0) == Some(TokenKind::Number) {
        let digits = text.trim_start_matches(|char: char| char.is_ascii_digit() || char == '.');
        let (label, help) = match digits {
            "s" | "sec" | "m" | "min" | "h" | "d" | "ms" => (
                "a duration is a string",
                format!("write `\"{text}\"`, or whole seconds"),
            ),
            other if other.starts_with(char::is_alphabetic) && !text.starts_with("0x") => (
                "there are letters in it",
                format!("write `\"{text}\"` if it is text"),
            ),
            _ => return None,
        };
        return Some(problem(
            scene.span(0),
            format!("`{text}` is not a number"),
            label,
            help,
        ));
    }
    let is_share = scene.text(-1) == "%"
        && scene.kind(-2) == Some(TokenKind::Number)
        && scene.touches(-2, -1)
        && matches!(text, ")" | "," | "}" | ";" | "]");
    is_share.then(|| {
        problem(
            scene.span(-2).to(scene.span(-1)),
            "`%` needs a number behind it",
            "a share is a string",
            format!("write `\"{}%\"`", scene.text(-2)),
        )
    })
}

fn reserved_word(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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

fn dollar_name(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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

fn foreign_symbol(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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

/// `{ key: value }`, as in JSON and most other languages.
fn map_without_hash(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let (bracket, open) = scene.enclosing()?;
    let first = scene.token(-2)?;
    let is_entry = bracket == Bracket::Curly
        && scene.text(0) == ":"
        && matches!(scene.kind(-1)?, TokenKind::Word | TokenKind::Text)
        && first == open;
    is_entry.then(|| {
        problem(
            open.span,
            "a map begins with `#{`",
            "this begins a block of statements",
            "write `#{` in place of `{`",
        )
    })
}

/// `#{ key => value }` and `#{ key = value }`.
fn map_entry_with_arrow(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let symbol = scene.text(0);
    let is_entry = matches!(symbol, "=>" | "=")
        && matches!(scene.enclosing(), Some((Bracket::Map, _)))
        && matches!(scene.kind(-1)?, TokenKind::Word | TokenKind::Text)
        && matches!(scene.text(-2), "#{" | ",");
    is_entry.then(|| {
        problem(
            scene.span(0),
            "the value of a key stands behind a `:`",
            "this should be `:`",
            format!("write `{}: ...`", scene.text(-1)),
        )
    })
}

/// `#{ log-level: 1 }`.
fn map_key_with_dash(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_key = scene.text(0) == "-"
        && matches!(scene.enclosing(), Some((Bracket::Map, _)))
        && matches!(scene.text(-2), "#{" | ",");
    is_key.then(|| {
        let span = scene.span(-1).to(scene.span(1));
        let key = span.of(scene.source.text());
        problem(
            span,
            "a key with a dash needs quotes",
            "",
            format!("write `\"{key}\": ...`"),
        )
    })
}

/// `let f = fn(x) { ... }` and `let f = function(x) { ... }`.
fn anonymous_function(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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

/// `#{ 80: "http" }`.
fn map_key_without_quotes(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_key = scene.kind(0) == Some(TokenKind::Number)
        && matches!(scene.enclosing(), Some((Bracket::Map, _)))
        && matches!(scene.text(-1), "#{" | ",");
    is_key.then(|| {
        problem(
            scene.span(0),
            "the keys of a map are strings",
            "",
            format!("write `\"{}\": ...`", scene.text(0)),
        )
    })
}

/// `{1, 2}`.
fn list_in_braces(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let (bracket, open) = scene.enclosing()?;
    let is_list = bracket == Bracket::Curly && scene.text(0) == "," && scene.token(-2)? == open;
    is_list.then(|| {
        problem(
            open.span,
            "an Array is written in square brackets",
            "this begins a block of statements",
            "write `[a, b]`; a map is written `#{ key: value }`",
        )
    })
}

/// `n => n.name`.
fn arrow_closure(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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
    })
}

/// `plan deploy(TargetSpec $nodes) {`, as in Puppet.
fn plan_declaration(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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

/// `let web-servers = ...` and `fn restart-all() { ... }`.
fn name_with_dash(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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

/// `"say "hi" to all"`.
fn quote_in_string(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_inner = scene.kind(0) == Some(TokenKind::Word)
        && scene.kind(-1) == Some(TokenKind::Text)
        && scene.text(-1).starts_with('"')
        && scene.touches(-1, 0);
    is_inner.then(|| {
        let end = scene.span(-1).end;
        problem(
            Span::new(end - 1, end),
            "this quote ends the string",
            "",
            "write `\\\"` for a quote inside of a string, or put the string between back-ticks",
        )
    })
}

/// `for (let i = 0; ...)`.
fn loop_with_declaration(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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
fn default_case(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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

/// `run_task("x", nodes, action: "restart")`.
fn named_argument(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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
fn typed_parameter(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let (bracket, open) = scene.enclosing()?;
    if bracket != Bracket::Round || !is_definition(scene, open.span.start) {
        return None;
    }
    match scene.text(0) {
        ":" => Some(problem(
            scene.span(0).to(scene.span(1)),
            "parameters of functions have no types",
            "",
            "remove the type; only the `param` lines of a plan have types",
        )),
        "=" => Some(problem(
            scene.span(0).to(scene.span(1)),
            "parameters of functions have no defaults",
            "",
            "define the function a second time with fewer parameters, and call this one from there",
        )),
        _ => None,
    }
}

/// Whether the round bracket at a byte begins the parameters of a function that is being defined.
fn is_definition(scene: &Scene<'_>, open: usize) -> bool {
    let before = Scene::new(scene.source, open);
    before.text(-2) == "fn" || (before.text(-2) == "." && before.text(-4) == "fn")
}

/// `let x: String = ...`.
fn typed_variable(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    (scene.text(0) == ":" && matches!(scene.text(-2), "let" | "const")).then(|| {
        problem(
            scene.span(0).to(scene.span(1)),
            "variables have no types",
            "",
            format!("write `{} {} = ...;`", scene.text(-2), scene.text(-1)),
        )
    })
}

/// `f"..."`, `r"..."`.
fn formatted_string(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let (prefix, prefix_at, text_at) = if scene.kind(0)? == TokenKind::Text {
        (scene.text(-1), -1, 0)
    } else {
        (scene.text(0), 0, 1)
    };
    let is_prefix = matches!(prefix, "f" | "F" | "r" | "R" | "b" | "u")
        && matches!(scene.kind(text_at)?, TokenKind::Text | TokenKind::Character)
        && scene.touches(prefix_at, text_at);
    is_prefix.then(|| {
        let help = if prefix.eq_ignore_ascii_case("r") {
            "a string without escapes is written `#\"...\"#`"
        } else {
            "values are put into strings between back-ticks: `` `text ${name}` ``"
        };
        problem(
            scene.span(prefix_at).to(scene.span(text_at)),
            format!("strings have no `{prefix}` in front"),
            "",
            help,
        )
    })
}

/// `if a = b {`.
fn assignment_in_condition(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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
fn colon_for_block(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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
fn loop_with_counter(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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
fn catch_without_brackets(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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

fn foreign_word(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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

/// `print "x"`, `run_task "x", nodes`.
fn call_without_brackets(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
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
        problem(
            scene.span(at).to(scene.span(at + 1)),
            format!("the arguments of `{name}` stand in brackets"),
            "",
            format!("write `{name}({}, ...)`", scene.text(at + 1)),
        )
    })
}
