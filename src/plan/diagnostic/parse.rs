//! What Rhai's parser refuses, in the words of the language.

use rhai::{LexError, ParseError, ParseErrorType};

use super::{
    PlanDiagnostic, bracket,
    habit::habit,
    own_name,
    scene::{Scene, words_after},
};
use crate::{
    model::nearest,
    plan::source::{Bracket, Source, Span, TokenKind},
};

const CODE: &str = "segue::plan::syntax";

/// Explains a parse error in that file.
#[must_use]
pub fn parse_error(source: &Source, error: &ParseError) -> PlanDiagnostic {
    let offset = source
        .offset_at(error.position())
        .unwrap_or(source.text().len());
    parse_error_at(source, offset, error.err_type())
}

/// Explains a parse error at a byte of that file.
#[must_use]
pub(super) fn parse_error_at(
    source: &Source,
    offset: usize,
    kind: &ParseErrorType,
) -> PlanDiagnostic {
    let scene = Scene::new(source, offset);
    let about_names = matches!(
        kind,
        ParseErrorType::VariableUndefined(_) | ParseErrorType::ModuleUndefined(_)
    );
    if !about_names && let Some(problem) = habit(&scene) {
        return problem;
    }
    if is_about_structure(kind)
        && let Some(problem) = bracket::unbalanced(source, offset)
    {
        return problem;
    }
    explained(&scene, offset, kind).within(source)
}

/// Whether a wrong bracket somewhere else may be the reason.
fn is_about_structure(kind: &ParseErrorType) -> bool {
    !matches!(
        kind,
        ParseErrorType::VariableUndefined(_)
            | ParseErrorType::ModuleUndefined(_)
            | ParseErrorType::DuplicatedProperty(_)
            | ParseErrorType::DuplicatedVariable(_)
            | ParseErrorType::FnDuplicatedDefinition(..)
            | ParseErrorType::FnDuplicatedParam(..)
            | ParseErrorType::AssignmentToConstant(_)
            | ParseErrorType::LiteralTooLarge(..)
            | ParseErrorType::TooManyFunctions
            | ParseErrorType::ExprTooDeep
            | ParseErrorType::BadInput(
                LexError::MalformedEscapeSequence(_)
                    | LexError::MalformedChar(_)
                    | LexError::MalformedNumber(_)
                    | LexError::UnterminatedString
            )
    )
}

fn problem(message: impl Into<String>, span: Span, label: impl Into<String>) -> PlanDiagnostic {
    PlanDiagnostic::error(CODE, message).label(span, label)
}

#[expect(
    clippy::too_many_lines,
    reason = "a table of one arm for each kind of error"
)]
fn explained(scene: &Scene<'_>, offset: usize, kind: &ParseErrorType) -> PlanDiagnostic {
    use ParseErrorType as Kind;
    let here = scene.span(0);
    match kind {
        Kind::BadInput(error) => bad_input(scene, offset, error),
        Kind::MissingToken(token, _) => missing(scene, token),
        Kind::UnexpectedEOF if is_operator(scene.text(-1)) => unexpected(scene),
        Kind::UnexpectedEOF => {
            problem("the plan ends too early", here, "something is missing here")
                .help("finish the last statement")
        }
        Kind::Reserved(word) if word.starts_with(own_name::PREFIX) => {
            own_name::own_name(scene.source, here)
        }
        Kind::UnknownOperator(operator) | Kind::Reserved(operator) => {
            problem(format!("`{operator}` means nothing in a plan"), here, "")
        }
        Kind::MissingSymbol(_) => unexpected(scene),
        Kind::ExprExpected(_)
            if scene.text(0) == "{" && matches!(scene.text(-1), "if" | "while" | "switch") =>
        {
            problem(
                format!("nothing stands behind `{}`", scene.text(-1)),
                scene.span(-1),
                "expected a value behind this",
            )
            .help(format!("write `{} condition {{ ... }}`", scene.text(-1)))
        }
        Kind::ExprExpected(_) => {
            problem("expected an expression", here, "a value has to stand here")
                .maybe_help((scene.text(0) == "{").then_some("a map begins with `#{`"))
        }
        Kind::MismatchedType(wanted, found) if wanted.contains("iterable") => problem(
            "this can't be looped over",
            scene.source.whole(offset),
            format!("this is {found}"),
        )
        .help(match scene.kind(0) {
            Some(TokenKind::Number) => format!("write `for ... in 0..{} {{`", scene.text(0)),
            Some(TokenKind::Open(Bracket::Map)) => {
                "write `for key in map.keys() {`, or `map.values()`".to_owned()
            }
            _ => "`for` goes over arrays, ranges, sets of targets and results".to_owned(),
        }),
        Kind::MismatchedType(wanted, found) => problem(
            format!("expected {wanted}, found {found}"),
            scene.source.whole(offset),
            "this is always of the wrong type",
        )
        .maybe_help(wanted.contains("bool").then_some(
            "compare it, such as `value != \"\"`; one of two values is `if condition { one } else { other }`",
        )),
        Kind::PropertyExpected => problem(
            "expected a name",
            here,
            "the name of a property or a method",
        )
        .maybe_help(
            matches!(scene.enclosing(), Some((Bracket::Map, _)))
                .then_some("the keys of a map are names or strings: `#{ name: 1, \"a-b\": 2 }`"),
        ),
        Kind::VariableExpected => problem("expected a name", here, "the name of a variable")
            .maybe_help(
                (scene.kind(0) == Some(TokenKind::Word)
                    && crate::plan::source::keyword::is_keyword(scene.text(0)))
                .then(|| {
                    format!(
                        "`{}` is a word of the language; choose another name",
                        scene.text(0)
                    )
                }),
            ),
        Kind::DuplicatedProperty(name) => {
            let twice = problem(
                format!("`{name}` is in this map already"),
                here,
                "given again here",
            );
            let first = first_key(scene, name);
            match first {
                Some(first) => twice.label(first, "first given here"),
                None => twice,
            }
            .help("remove one of them")
        }
        Kind::DuplicatedVariable(name) => problem(
            format!("`{name}` is used for both"),
            here,
            "the same name again",
        ),
        Kind::VariableUndefined(name) => unknown(scene, name, "variable", here),
        Kind::ModuleUndefined(name) => unknown(scene, name, "import", here).help(format!(
            "write `import \"path/to/file\" as {name};` at the top of the file"
        )),
        Kind::AssignmentToConstant(name) if name.is_empty() => {
            problem("a literal can't be assigned to", here, "")
        }
        Kind::AssignmentToConstant(name) => assigned_constant(scene, name),
        Kind::AssignmentToInvalidLHS(_) => problem(
            "this can't be assigned to",
            scene.source.whole(offset),
            "neither a variable nor a part of one",
        )
        .help(
            "assign to a variable, an index (`list[0]`) or a property (`map.key`); `==` compares",
        ),
        Kind::FnDuplicatedDefinition(name, count) => duplicated_function(scene, name, *count),
        Kind::FnDuplicatedParam(name, param) => problem(
            if name.is_empty() {
                format!("`{param}` is a parameter of this closure already")
            } else {
                format!("`{param}` is a parameter of `{name}` already")
            },
            here,
            "the same name again",
        ),
        Kind::FnMissingName => problem("expected the name of the function", here, ""),
        Kind::FnMissingParams(name) if scene.text(0) == "(" => problem(
            format!("`{name}` can't take as many arguments as there are"),
            scene.span(1),
            "a parameter is a name",
        )
        .help(format!("write `fn {name}(list) {{ ... }}`, and hand over an Array")),
        Kind::FnMissingParams(name) => problem(
            format!("the parameters of `{name}` are missing"),
            scene.gap(),
            "expected `(` here",
        )
        .help(format!("write `fn {name}() {{ ... }}`")),
        Kind::FnMissingBody(name) => problem(
            if name.is_empty() {
                "the body is missing".to_owned()
            } else {
                format!("the body of `{name}` is missing")
            },
            scene.gap(),
            "expected `{` here",
        ),
        Kind::WrongDocComment => problem(
            "`///` describes the function or the `param` right below it",
            here,
            "there is none below this",
        )
        .help("write `//` for a comment, `//!` at the top for the description of the plan")
        .mend(here, ""),
        Kind::WrongFnDefinition => problem(
            "functions can't be defined inside of blocks or other functions",
            here,
            "",
        )
        .help("move it to the end of the file, or use a closure: `let name = |x| ...;`"),
        Kind::WrongExport => problem("`export` stands outside of blocks only", here, ""),
        Kind::LoopBreak => problem(
            format!("`{}` is not inside of a loop", scene.text(0)),
            here,
            "there is no loop to leave",
        )
        .help("a function or the plan is left with `return`; a closure is left with `return` too")
        .mend(here, ""),
        Kind::WrongSwitchDefaultCase => problem(
            "the `_` case has to be the last one",
            here,
            "no case behind it can match",
        ),
        Kind::WrongSwitchIntegerCase => problem(
            "a number can't follow a range in a `switch`",
            here,
            "move this case before the ranges",
        ),
        Kind::WrongSwitchCaseCondition => problem("the `_` case has no condition", here, "")
            .help("it is what is done when no other case fits: write `if` inside of it"),
        Kind::ExprTooDeep => problem(
            "this is nested too deeply",
            here,
            "the limit is reached here",
        )
        .help("put parts of it into variables or functions"),
        Kind::TooManyFunctions => problem("there are too many functions in this file", here, "")
            .help("move some of them into a file of their own, and `import` it"),
        Kind::LiteralTooLarge(_, most) => {
            problem(format!("this literal is longer than {most}"), here, "")
                .help("keep it in a file and read it with `read_file`")
        }
        Kind::MalformedIndexExpr(_) => {
            problem("this can't be an index", scene.source.whole(offset), "")
                .help("lists have numbers as their index, maps have strings")
        }
        other => problem(other.to_string().to_lowercase(), here, ""),
    }
}

fn bad_input(scene: &Scene<'_>, offset: usize, error: &LexError) -> PlanDiagnostic {
    let here = scene.span(0);
    match error {
        LexError::UnterminatedString => unended_string(scene),
        LexError::MalformedEscapeSequence(sequence) => {
            // Rhai's position is in the middle of it.
            let text = scene.source.text();
            let start = text
                .char_indices()
                .take_while(|(at, _)| *at <= offset)
                .filter(|(_, char)| *char == '\\')
                .last()
                .map_or(offset, |(at, _)| at);
            let end = text[start..]
                .char_indices()
                .nth(sequence.chars().count())
                .map_or(text.len(), |(at, _)| start + at);
            // All of them in the string at once.
            let string = scene.source.token(start);
            let mut problem = problem(
                format!("`{sequence}` is not an escape sequence"),
                Span::new(start, end),
                "",
            );
            let mut chars = text[start..string.end.max(end)].char_indices();
            while let Some((at, char)) = chars.next() {
                if char != '\\' {
                    continue;
                }
                if !matches!(
                    chars.next(),
                    Some((
                        _,
                        '\\' | 't' | 'n' | 'r' | 'x' | 'u' | 'U' | '"' | '\'' | '`' | '\n'
                    ))
                ) {
                    problem = problem.mend(Span::empty(start + at), "\\");
                }
            }
            problem.help(if sequence.starts_with("\\u") {
                "a character is written with four digits, `\\u00e9`, or as it is".to_owned()
            } else {
                format!(
                    "write `\\{sequence}` for a backslash, or put the string into `#\"...\"#`, which has no escapes"
                )
            })
        }
        LexError::MalformedNumber(_) => problem(
            format!("`{}` is not a number", scene.text(0)),
            here,
            "too large, or with letters in it",
        ),
        LexError::MalformedChar(_) => problem("single quotes hold one character only", here, "")
            .help("write a string in double quotes"),
        LexError::MalformedIdentifier(name) => {
            problem(format!("`{name}` can't be a name"), here, "")
                .help("names are made of ASCII letters, digits and `_`, with a letter among them")
        }
        LexError::ImproperSymbol(symbol, _) if symbol == "this" => {
            problem("`this` exists in functions only", here, "")
        }
        LexError::ImproperSymbol(symbol, _) if symbol == "eval" => {
            problem("`eval` is not part of the language", here, "").help("write a function")
        }
        LexError::ImproperSymbol(symbol, text) if text.is_empty() => {
            problem(format!("`{symbol}` can't stand here"), here, "")
        }
        LexError::ImproperSymbol(_, text) if text.contains("==") => {
            problem("this can't be assigned to", here, "").help("write `==` to compare")
        }
        LexError::ImproperSymbol(symbol, _) => {
            problem(format!("`{symbol}` means nothing in a plan"), here, "")
        }
        _ => unexpected(scene),
    }
}

fn unended_string(scene: &Scene<'_>) -> PlanDiagnostic {
    // What ends too early after an interpolation began elsewhere.
    if scene.kind(0) != Some(TokenKind::Unterminated)
        && let Some(problem) = bracket::unbalanced(scene.source, scene.span(0).start)
    {
        return problem;
    }
    let interpolation = scene
        .source
        .tokens()
        .unclosed()
        .filter(|open| open.kind == TokenKind::Open(Bracket::Interpolation))
        .last();
    if let Some(open) = interpolation
        && scene.text(0).starts_with('`')
    {
        return problem("`${` is never closed", open.span, "this is opened here")
            .label(scene.span(0), "and still open here")
            .help("add the missing `}`");
    }
    // What goes on behind an interpolation began where its template did.
    let template = (scene.kind(-1) == Some(TokenKind::Close(Bracket::Interpolation)))
        .then(|| {
            let unclosed = scene.source.tokens().unclosed();
            unclosed
                .filter(|open| open.kind == TokenKind::TemplateStart)
                .last()
        })
        .flatten();
    let begin = template.map_or_else(|| scene.span(0), |open| open.span);
    let span = if template.is_some() || scene.kind(0) == Some(TokenKind::Unterminated) {
        Span::new(begin.start, begin.start + 1)
    } else {
        begin
    };
    let problem = problem("this string never ends", span, "it begins here");
    if begin.of(scene.source.text()).starts_with('`') {
        problem.help("close it with a back-tick: `")
    } else {
        problem.help("close it with `\"`; text of several lines stands between back-ticks")
    }
}

/// Something stands where an operand or an end was expected.
fn unexpected(scene: &Scene<'_>) -> PlanDiagnostic {
    let (text, before) = (scene.text(0), scene.text(-1));
    if matches!(text, "" | ")" | "]" | "}" | ";" | ",") && is_operator(before) {
        return PlanDiagnostic::error(CODE, format!("nothing stands behind `{before}`"))
            .label(scene.span(-1), "expected a value behind this");
    }
    if scene.token(0).is_none() {
        return problem(
            "the plan ends too early",
            scene.span(0),
            "something is missing here",
        );
    }
    let problem = problem(format!("unexpected `{text}`"), scene.span(0), "");
    match text {
        "else" => problem.help("`else` follows the `}` of an `if` directly, without `;`"),
        "catch" => problem.help("`catch` follows the `}` of a `try` directly"),
        "=" => {
            problem.help("`==` compares; only variables, indexes and properties can be assigned to")
        }
        "," => problem.help("a value is missing, or there is one comma too many"),
        ">" if before == "<" && scene.touches(-1, 0) => problem.help("write `!=`"),
        "<" if scene.text(1) == "!" => problem.help("comments begin with `//`"),
        ";" => problem.help("a value is missing before it"),
        _ => problem,
    }
}

fn is_operator(text: &str) -> bool {
    matches!(
        text,
        "+" | "-"
            | "*"
            | "/"
            | "%"
            | "=="
            | "!="
            | "<"
            | ">"
            | "<="
            | ">="
            | "&&"
            | "||"
            | "="
            | "??"
            | "+="
            | "-="
            | "in"
            | "!"
            | "return"
            | ":"
            | "=>"
    )
}

fn missing(scene: &Scene<'_>, token: &str) -> PlanDiagnostic {
    let found = scene.text(0);
    match token {
        ";" => missing_semicolon(scene),
        "," => {
            let in_map = matches!(scene.enclosing(), Some((Bracket::Map, _)));
            let is_entry = in_map && scene.text(1) == ":";
            let joins = !is_entry && is_text_before(scene);
            let help = if is_entry {
                Some("the entries of a map are separated by `,`")
            } else {
                joins.then_some(
                    "write `,` between two values; strings are joined with `+`, or written between back-ticks: `` `a ${b}` ``",
                )
            };
            // Two texts in a row are more often two arguments, a name behind one is more often a part of it.
            let is_value = scene.kind(0) == Some(TokenKind::Text);
            let mend = if joins && !is_value { " +" } else { "," };
            problem("missing `,`", scene.gap(), "expected `,` here")
                .maybe_help(help)
                .mend(scene.gap(), mend)
        }
        "{" => problem("expected a block", scene.gap(), "expected `{` here")
            .help("the blocks of `if`, `for`, `while`, `try` and functions always stand in braces"),
        "in" => problem(
            "expected `in` behind the name of a loop",
            scene.gap(),
            "expected `in` here",
        )
        .help("write `for item in items { ... }`"),
        "catch" => problem(
            "a `try` block needs a `catch` block behind it",
            scene.gap(),
            "expected `catch` here",
        )
        .help("write `try { ... } catch (err) { ... }`"),
        ":" => problem(
            format!("the value of `{}` is missing", scene.text(-1)),
            scene.gap(),
            "expected `:` here",
        )
        .help(format!("write `{}: value`", scene.text(-1))),
        "|" => problem(
            "the parameters of this closure are not closed",
            scene.gap(),
            "expected `|` here",
        ),
        _ if found.is_empty() => problem(
            format!("expected `{token}`, found the end of the plan"),
            scene.gap(),
            format!("expected `{token}` here"),
        ),
        _ => problem(
            format!("expected `{token}`, found `{found}`"),
            scene.span(0),
            format!("expected `{token}` here"),
        ),
    }
}

fn is_text_before(scene: &Scene<'_>) -> bool {
    let before = scene.kind(-1);
    scene.same_line(-1, 0) && matches!(before, Some(TokenKind::Text | TokenKind::TemplateEnd))
}

fn missing_semicolon(scene: &Scene<'_>) -> PlanDiagnostic {
    let found = scene.text(0);
    if matches!(scene.text(-2), "let" | "const") && scene.kind(0).is_some_and(begins_value) {
        return problem("missing `=`", scene.gap(), "expected `=` here")
            .help(format!(
                "write `{} {} = ...;`",
                scene.text(-2),
                scene.text(-1)
            ))
            .mend(scene.gap(), " =");
    }
    if scene.same_line(-1, 0) {
        return problem(
            format!("unexpected `{found}`"),
            scene.span(0),
            "the statement before it has ended",
        )
        .help("statements end with `;`");
    }
    problem("missing `;`", scene.gap(), "expected `;` here")
        .help("statements end with `;`")
        .mend(scene.gap(), ";")
}

const fn begins_value(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Number | TokenKind::Text | TokenKind::TemplateStart | TokenKind::Character
    )
}

/// The first key of that name in the map around the place.
fn first_key(scene: &Scene<'_>, name: &str) -> Option<Span> {
    let (_, open) = scene.enclosing()?;
    let tokens = scene.source.tokens();
    let text = scene.source.text();
    let mut index = tokens.index_at(open.span.start);
    loop {
        index = tokens.next(index)?;
        let token = tokens.get(index)?;
        if token.span.start >= scene.span(0).start {
            return None;
        }
        if token.span.of(text).trim_matches(['"', '`']) == name
            && tokens.get(tokens.next(index)?)?.span.of(text) == ":"
        {
            return Some(token.span);
        }
        index = tokens
            .partner(index)
            .filter(|to| *to > index)
            .unwrap_or(index);
    }
}

fn assigned_constant(scene: &Scene<'_>, name: &str) -> PlanDiagnostic {
    let problem = problem(
        format!("`{name}` is a constant"),
        scene.span(0),
        "it can't be assigned to",
    );
    match scene.constant(name) {
        Some(span) => problem
            .label(span, "it is declared here")
            .help("declare it with `let` if it has to change"),
        None => problem,
    }
}

fn duplicated_function(scene: &Scene<'_>, name: &str, count: usize) -> PlanDiagnostic {
    let parameters = if count == 1 {
        "parameter"
    } else {
        "parameters"
    };
    // Rhai notices when it has read the second one to its end.
    let definitions = definitions(scene.source, name);
    let (first, second) = match definitions.as_slice() {
        [first, .., second] => (Some(*first), *second),
        _ => (None, scene.span(0)),
    };
    let problem = problem(
        format!("there are two functions `{name}` with {count} {parameters}"),
        second,
        "defined again here",
    );
    match first {
        Some(first) => problem.label(first, "first defined here"),
        None => problem,
    }
    .help("rename one of them, or give it another number of parameters")
}

fn definitions(source: &Source, name: &str) -> Vec<Span> {
    words_after(source, &["fn"])
        .filter(|span| span.of(source.text()) == name)
        .collect()
}

fn unknown(scene: &Scene<'_>, name: &str, what: &str, span: Span) -> PlanDiagnostic {
    let text = scene.source.text();
    let known: Vec<&str> = words_after(scene.source, &["let", "const", "for", "as"])
        .map(|span| span.of(text))
        .collect();
    let meant = nearest(name, known);
    problem(
        format!("unknown {what} `{name}`"),
        span,
        "not declared before this",
    )
    .maybe_help(meant.map(|meant| format!("did you mean `{meant}`?")))
}
