//! Habits with names and words.

use super::recognise::problem;
use crate::plan::diagnostic::{PlanDiagnostic, scene::Scene, word};
use crate::plan::source::{Bracket, Mend, Span, TokenKind, keyword};

/// Reserved words that are functions, too: they may be called.
const CALLABLE: [&str; 9] = [
    "Fn",
    "call",
    "curry",
    "eval",
    "is_def_var",
    "print",
    "this",
    "type_of",
    "exit",
];

pub(super) fn reserved_word(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let here = scene.text(0);
    if scene.kind(0)? != TokenKind::Word || !keyword::is_reserved(here) {
        return None;
    }
    let span = scene.span(0);
    if scene.text(1) == "(" {
        if CALLABLE.contains(&here) {
            return (scene.text(-1) == "fn").then(|| {
                problem(
                    span,
                    format!("`{here}` is a function of the language"),
                    "it can't be defined again",
                    "choose another name",
                )
            });
        }
        let help = match (scene.text(-1), here) {
            (".", "var") => {
                "the variables of a target are a map: write `target.vars.name`".to_owned()
            }
            (".", "match") => "write `.matches(pattern)`".to_owned(),
            (_, "package") => {
                "a task of that name is run with `run_task(\"package\", targets, #{ ... })`"
                    .to_owned()
            }
            (_, "async" | "await" | "match" | "is" | "with" | "spawn" | "go" | "yield") => {
                word::reserved(here).unwrap_or_default().to_owned()
            }
            _ => "choose another name".to_owned(),
        };
        return Some(problem(
            span,
            format!("`{here}` is a reserved word"),
            "it can't be the name of a function",
            help,
        ));
    }
    let is_key = matches!(scene.text(-1), "." | "?.")
        || (scene.text(1) == ":" && matches!(scene.enclosing(), Some((Bracket::Map, _))));
    if is_key {
        let problem = problem(
            span,
            format!("`{here}` is a reserved word"),
            "it can't be a key as it is",
            format!("quote it: `\"{here}\": ...`, and read it with `map[\"{here}\"]`"),
        );
        return Some(if scene.text(1) == ":" {
            problem.mend(span, format!("\"{here}\""))
        } else {
            problem
        });
    }
    let names = matches!(scene.text(-1), "let" | "const" | "for" | "fn" | "as")
        || (scene.text(-1) == "|" && matches!(scene.text(1), "|" | ","));
    if matches!(here, "print" | "debug") && !names {
        return Some(problem(
            span,
            format!("`{here}` is a function"),
            "it is not called here",
            format!("write `{here}(...)`, or `|x| {here}(x)` to hand it over"),
        ));
    }
    let help = match here {
        "new" if scene.text(1) == "Error" => {
            Some("write `fail(\"message\")`, or `throw \"message\"`")
        }
        _ => word::reserved(here),
    };
    let Some(help) = help.filter(|_| !names) else {
        return Some(problem(
            span,
            format!("`{here}` is a reserved word"),
            "it can't be a name",
            "choose another name",
        ));
    };
    let problem = problem(span, format!("`{here}` means nothing here"), "", help);
    let mend = match here {
        "null" | "nil" | "void" => "()",
        "var" => "let",
        "match" => "switch",
        "is" => "==",
        "async" | "await" | "yield" | "public" | "protected" | "static" => "",
        _ => return Some(problem),
    };
    Some(problem.mend(span, mend))
}

/// `$name`. All of a file at once: who writes one writes all like that.
pub(super) fn dollar_name(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let sign = scene.text(0);
    let is_name =
        matches!(sign, "$" | "@") && scene.kind(1) == Some(TokenKind::Word) && scene.touches(0, 1);
    if !is_name {
        return None;
    }
    let tokens = scene.source.tokens().all();
    let text = scene.source.text();
    let mut known: Vec<&str> = Vec::new();
    let mut mends = Vec::new();
    for (index, pair) in tokens.windows(2).enumerate() {
        let is_name = pair[0].span.of(text) == sign
            && pair[1].kind == TokenKind::Word
            && pair[0].span.end == pair[1].span.start;
        if !is_name {
            continue;
        }
        // The first assignment declares it.
        let name = pair[1].span.of(text);
        let line = text[..pair[0].span.start]
            .rfind('\n')
            .map_or(0, |at| at + 1);
        let declares = text[line..pair[0].span.start].trim().is_empty()
            && tokens
                .get(index + 2)
                .is_some_and(|next| next.span.of(text) == "=")
            && !known.contains(&name);
        if declares {
            known.push(name);
        }
        mends.push(Mend::new(pair[0].span, if declares { "let " } else { "" }));
    }
    let more = word::as_often(mends.len() - 1);
    let declares = mends
        .iter()
        .any(|mend| mend.span == scene.span(0) && !mend.text.is_empty());
    let mut problem = problem(
        scene.span(0).to(scene.span(1)),
        format!("names have no `{sign}` in front"),
        "",
        if declares {
            format!("write `let {} = ...;`{more}", scene.text(1))
        } else {
            format!("write `{}`{more}", scene.text(1))
        },
    );
    problem.mends = mends;
    Some(problem)
}

/// `größe`.
pub(super) fn non_ascii_name(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_foreign = |kind: TokenKind, text: &str| kind == TokenKind::Word && !text.is_ascii();
    if !is_foreign(scene.kind(0)?, scene.text(0)) {
        return None;
    }
    let mends: Vec<Mend> = scene
        .source
        .tokens()
        .all()
        .iter()
        .filter(|token| is_foreign(token.kind, scene.of(**token)))
        .map(|token| {
            let plain = scene.of(*token).replace(|char: char| !char.is_ascii(), "_");
            Mend::new(token.span, plain)
        })
        .collect();
    let more = word::as_often(mends.len() - 1);
    let mut problem = problem(
        scene.span(0),
        format!("`{}` can't be a name", scene.text(0)),
        "",
        format!("use ASCII letters, digits and `_` only{more}"),
    );
    problem.mends = mends;
    Some(problem)
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

/// `let [a, b] = ...` and `let a, b = ...`.
pub(super) fn several_names(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_declaration = |steps: i8| matches!(scene.text(steps), "let" | "const");
    if is_declaration(-1) && matches!(scene.text(0), "[" | "{" | "#{" | "(") {
        return Some(problem(
            scene.source.whole(scene.span(0).start),
            "`let` declares one name",
            "",
            "take the parts one by one: `let all = ...; let first = all[0];`",
        ));
    }
    let is_list = scene.text(0) == "," && is_declaration(-2);
    is_list.then(|| {
        problem(
            scene.span(0),
            "`let` declares one name",
            "",
            "write a `let` for each name",
        )
    })
}

pub(super) fn foreign_symbol(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    if !matches!(scene.kind(0)?, TokenKind::Symbol | TokenKind::Unknown) {
        return None;
    }
    let span = scene.span(0);
    let symbol = scene.text(0);
    let help = word::symbol(symbol)?;
    let told = |help: &str| {
        problem(
            span,
            format!("`{symbol}` means nothing in a plan"),
            "",
            help,
        )
    };
    let help = match (symbol, scene.text(1)) {
        ("$", "(") if scene.touches(0, 1) => {
            "a command is run on a target: write `run_command(\"...\", targets).first.stdout`"
        }
        ("$", "{") if scene.touches(0, 1) => {
            "write the name alone; `${name}` is for strings between back-ticks"
        }
        ("?", _) if is_method_of_ruby(scene, 0) => "no method has a `?` in its name: leave it out",
        ("#", "!") if span.start == 0 => "remove the line: `segue plan run NAME` runs a plan",
        _ => help,
    };
    let text = scene.source.text();
    let line_start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[span.start..]
        .find('\n')
        .map_or(text.len(), |at| span.start + at);
    let begins_line = text[line_start..span.start].trim().is_empty();
    let beside_text = matches!(
        scene.kind(-1),
        Some(TokenKind::Text | TokenKind::TemplateEnd)
    ) || matches!(
        scene.kind(1),
        Some(TokenKind::Text | TokenKind::TemplateStart)
    );
    Some(match symbol {
        "--" if begins_line => {
            told("comments begin with `//`").mend(Span::new(span.start, line_end), "")
        }
        "#" => told(help).mend(Span::new(span.start, line_end), ""),
        "++" if beside_text => told("texts are joined with `+`").mend(span, "+"),
        "++" | "--" if scene.kind(-1) == Some(TokenKind::Word) => {
            let operator = &symbol[..1];
            told(help).mend(span, format!(" {operator}= 1"))
        }
        "?" if is_method_of_ruby(scene, 0) => told(help).mend(span, ""),
        "===" | "!==" => told(help).mend(span, &symbol[..2]),
        "~" => told(help).mend(span, "!"),
        // `fn f() -> Type {`: all of it goes.
        "->" if scene.text(-1) == ")" => match text[span.start..line_end].find('{') {
            Some(brace) => told(help).mend(Span::new(span.start, span.start + brace), ""),
            None => told(help),
        },
        "->" => told("the cases of a `switch` have `=>`; closures have no arrow: `|x| ...`"),
        _ => told(help),
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
    let span = scene.span(at);
    let problem = problem(
        span,
        format!("`{here}` means nothing here"),
        "",
        word::foreign(here)?,
    );
    let follows_block = scene.text(at - 1) == "}";
    let mend = match here {
        "and" => "&&",
        "or" => "||",
        "not" => "!",
        "elif" | "elsif" | "elseif" if follows_block => "else if",
        "except" | "rescue" if follows_block => "catch",
        "def" | "function" | "func" | "fun" | "sub" if scene.text(at + 2) == "(" => "fn",
        "foreach" => "for",
        "unless" => "if !",
        "raise" => "throw",
        "mut" => "",
        "int" | "string" | "String" | "bool" | "float" | "auto" | "val" | "local" | "my"
            if scene.text(at + 2) == "=" =>
        {
            "let"
        }
        _ => return Some(problem),
    };
    Some(problem.mend(span, mend))
}

/// `list.empty?` and `list.sort!`: whether the mark at a place is the last letter of a method's name.
fn is_method_of_ruby(scene: &Scene<'_>, at: i8) -> bool {
    scene.kind(at - 1) == Some(TokenKind::Word)
        && matches!(scene.text(at - 2), "." | "?.")
        && scene.touches(at - 1, at)
        && matches!(
            scene.text(at + 1),
            "(" | ")" | ";" | "{" | "&&" | "||" | ","
        )
}

/// `list.sort!()`.
pub(super) fn mark_in_name(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let at = [0, -1, 1]
        .into_iter()
        .find(|at| scene.text(*at) == "!" && is_method_of_ruby(scene, *at))?;
    Some(
        problem(
            scene.span(at),
            "no method has a `!` in its name",
            "",
            format!("write `.{}(...)`", scene.text(at - 1)),
        )
        .mend(scene.span(at), ""),
    )
}

/// `let x: String = ...`.
pub(super) fn typed_variable(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let is_typed = scene.text(0) == ":" && matches!(scene.text(-2), "let" | "const");
    is_typed.then(|| {
        let from = scene.span(0).start;
        let rest = scene.source.text()[from..]
            .lines()
            .next()
            .unwrap_or_default();
        let problem = problem(
            scene.span(0).to(scene.span(1)),
            "variables have no types",
            "",
            format!("write `{} {} = ...;`", scene.text(-2), scene.text(-1)),
        );
        match rest.find('=') {
            Some(equals) => problem.mend(Span::new(from, from + equals), " "),
            None => problem,
        }
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

/// `params name: String;` and `param: String;`.
pub(super) fn misspelt_param(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    if scene.text(0) == ":" && scene.text(-1) == "param" {
        return Some(problem(
            scene.span(-1),
            "the name of the parameter is missing",
            "expected a name behind this",
            "write `param name: String = \"default\";`",
        ));
    }
    let is_declaration = matches!(
        scene.text(-1),
        "params" | "parameter" | "parameters" | "arg"
    ) && matches!(scene.text(-2), "" | ";" | "}")
        && scene.text(1) == ":";
    is_declaration.then(|| {
        problem(
            scene.span(-1),
            format!("`{}` means nothing here", scene.text(-1)),
            "this should be `param`",
            format!("write `param {}: ...;`", scene.text(0)),
        )
    })
}

/// `params { ... }`, `param(...)`.
pub(super) fn declared_together(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    // Rhai stops at the brace, or at what stands behind the first name.
    let word = if scene.text(0) == "{" {
        scene.token(-1)?
    } else {
        let (_, open) = scene.enclosing()?;
        scene.before(open)?
    };
    let begins = scene.before(word).map(|before| scene.of(before));
    let is_list = matches!(scene.of(word), "param" | "params" | "parameters")
        && matches!(begins, None | Some(";" | "}"))
        && matches!(scene.text(0), ":" | "," | "=" | "{");
    is_list.then(|| {
        problem(
            word.span,
            "each parameter is declared in a line of its own",
            "",
            "write `param name: Type;` for each of them, at the top of the file",
        )
    })
}

/// A whole file in YAML: a plan of Bolt, or a playbook.
pub(super) fn another_format(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    let text = scene.source.text();
    let is_entry = |line: &str| {
        let key = line
            .trim_start_matches("- ")
            .split(':')
            .next()
            .unwrap_or_default();
        line.contains(':')
            && !line.contains("::")
            && !key.is_empty()
            && key
                .chars()
                .all(|char| char.is_alphanumeric() || "_-".contains(char))
    };
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines.next()?;
    let is_yaml = first == "---"
        || (is_entry(first) && !first.ends_with([';', ',']) && lines.next().is_some_and(is_entry));
    if !is_yaml {
        return None;
    }
    let start = first.as_ptr() as usize - text.as_ptr() as usize;
    Some(
        problem(
            Span::new(start, start + first.len()),
            "this is YAML, and a plan is written in Rhai",
            "",
            "write `param name: Type;` for each parameter and a call such as `run_task(\"name\", targets);` for each step",
        )
        .mend(Span::new(0, text.len()), ""),
    )
}
