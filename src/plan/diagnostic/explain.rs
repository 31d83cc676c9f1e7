//! The errors of Rhai's interpreter in the words of the language.

use rhai::EvalAltResult;

use super::{
    PlanDiagnostic,
    parse::parse_error_at,
    runtime::Interpreter,
    scene::Scene,
    type_word::{and_list, type_word},
    word,
};
use crate::{
    model::nearest,
    plan::{
        depth,
        source::{Source, Span, TokenKind},
    },
};

type Place = (Source, usize);

const RETURN_A_VALUE: &str = "a branch works on copies of what is outside of it: return a value from the closure, and use what the call gives";

fn failed(code: &'static str, message: impl Into<String>) -> PlanDiagnostic {
    PlanDiagnostic::error(code, message)
}

/// Explains an error that began at `place`. Without labels the caller underlines the call.
pub(super) fn explain(
    interpreter: &dyn Interpreter,
    error: &EvalAltResult,
    place: Option<&Place>,
) -> PlanDiagnostic {
    use EvalAltResult as Error;
    match error {
        Error::ErrorFunctionNotFound(signature, _) => {
            function_not_found(interpreter, signature, place)
        }
        Error::ErrorVariableNotFound(name, _) => at_token(
            failed("segue::plan::unknown_variable", format!("unknown variable `{name}`"))
                .maybe_help(variable_help(name, place)),
            place,
            "not declared before this",
        ),
        Error::ErrorPropertyNotFound(name, _) => at_token(
            failed("segue::plan::unknown_property", format!("there is no `{name}` in this map")),
            place,
            "",
        )
        .help("`map.get(\"key\")` and `map?.key` give `()` for what is not there"),
        Error::ErrorIndexNotFound(index, _) => failed(
            "segue::plan::unknown_key",
            format!("there is nothing at `{index}`"),
        ),
        Error::ErrorModuleNotFound(name, _) => failed(
            "segue::plan::unknown_import",
            format!("there is no file `{name}` to import"),
        ),
        Error::ErrorParsing(kind, _) => match place {
            Some((source, offset)) => parse_error_at(source, *offset, kind),
            None => failed("segue::plan::syntax", kind.to_string().to_lowercase()),
        },
        Error::ErrorMismatchDataType(wanted, found, _)
        | Error::ErrorMismatchOutputType(wanted, found, _) => mismatch(wanted, found),
        Error::ErrorIndexingType(what, _) => failed(
            "segue::plan::wrong_type",
            format!("{} can't be indexed like this", type_word(indexed(what))),
        ),
        Error::ErrorArrayBounds(length, index, _) => bounds("list", "elements", *length, *index),
        Error::ErrorStringBounds(length, index, _) => {
            bounds("string", "characters", *length, *index)
        }
        Error::ErrorBitFieldBounds(length, index, _) => bounds("number", "bits", *length, *index),
        Error::ErrorFor(_) => failed("segue::plan::wrong_type", "this can't be looped over")
            .help("`for` goes over lists, ranges, sets of targets and results; for a map use `map.keys()` or `map.values()`"),
        Error::ErrorDataRace(..) => data_race(place),
        Error::ErrorAssignmentToConstant(name, _) => read_only(name, place),
        Error::ErrorNonPureMethodCallOnConstant(method, _) => changed_constant(method, place),
        Error::ErrorDotExpr(text, _) => dot_expression(text, place),
        Error::ErrorUnboundThis(_) => failed(
            "segue::plan::unbound_this",
            "`this` is nothing here: the function was not called as a method",
        )
        .help("call it as `value.function()`"),
        Error::ErrorArithmetic(text, _) => arithmetic(text),
        Error::ErrorTooManyOperations(_) => failed(
            "segue::plan::too_many_operations",
            "the plan computed for longer than it may",
        )
        .help("look for a loop that never ends"),
        Error::ErrorStackOverflow(_) => failed(
            "segue::plan::too_deep",
            "functions call each other too deeply",
        )
        .help("look for a function that calls itself without an end"),
        Error::ErrorTooManyVariables(_) => failed(
            "segue::plan::too_many_variables",
            "there are too many variables at once",
        ),
        Error::ErrorTooManyModules(_) => failed(
            "segue::plan::too_many_imports",
            "too many files are imported",
        ),
        Error::ErrorDataTooLarge(what, _) if what == depth::NESTING => failed(
            "segue::plan::too_deep",
            format!("a value is nested more than {} levels deep", depth::DEPTH_MAX),
        )
        .help("look for a value that is put into itself again and again"),
        Error::ErrorDataTooLarge(what, _) => failed(
            "segue::plan::too_large",
            format!("{} grew larger than it may", what.to_lowercase()),
        ),
        Error::ErrorVariableExists(name, _) => failed(
            "segue::plan::variable_exists",
            format!("`{name}` exists already"),
        ),
        Error::ErrorForbiddenVariable(name, _) => failed(
            "segue::plan::forbidden_variable",
            format!("no variable can be called `{name}`"),
        ),
        // A panic in a native function: our own slip, told as one.
        Error::ErrorSystem(what, inner) => failed(
            "segue::plan::internal",
            format!("Segue failed in itself: {what}{}{inner}", if what.is_empty() { "" } else { ": " }),
        )
        .help("please report this, with the plan if you can"),
        other => failed("segue::plan::failed", other.to_string().to_lowercase()),
    }
}

fn at_token(problem: PlanDiagnostic, place: Option<&Place>, label: &str) -> PlanDiagnostic {
    match place {
        Some((source, offset)) => problem.within(source).label(source.token(*offset), label),
        None => problem,
    }
}

fn variable_help(name: &str, place: Option<&Place>) -> Option<String> {
    if let Some(help) = word::foreign(name) {
        return Some(help.to_owned());
    }
    let (source, _) = place?;
    let tokens = source.tokens();
    let words = tokens
        .all()
        .iter()
        .filter(|token| token.kind == TokenKind::Word)
        .map(|token| token.span.of(source.text()))
        .filter(|word| *word != name);
    nearest(name, words).map(|meant| format!("did you mean `{meant}`?"))
}

fn function_not_found(
    interpreter: &dyn Interpreter,
    signature: &str,
    place: Option<&Place>,
) -> PlanDiagnostic {
    let (name, arguments) = signature
        .split_once(" (")
        .map_or((signature, ""), |(name, rest)| {
            (name, rest.strip_suffix(')').unwrap_or(rest))
        });
    let types: Vec<String> = arguments
        .split(", ")
        .filter(|argument| !argument.is_empty())
        .map(type_word)
        .collect();
    if !name.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_') {
        return failed(
            "segue::plan::wrong_type",
            format!("`{name}` does not work on {}", and_list(&types)),
        )
        .maybe_help(operator_help(name, arguments));
    }
    let name = name.rsplit("::").next().unwrap_or(name);
    if let Some(property) = name
        .strip_prefix("get$")
        .or_else(|| name.strip_prefix("set$"))
    {
        return no_property(property, types.first().map_or("this", String::as_str));
    }
    if name.starts_with("anon$") {
        let caller = place.map_or("", |(source, offset)| {
            source.token(*offset).of(source.text())
        });
        return failed(
            "segue::plan::wrong_arguments",
            "the closure has not as many parameters as it is called with",
        )
        .help(format!("`segue doc {caller}` shows what it is called with"));
    }
    let known = interpreter.functions();
    if known.iter().any(|known| known == name) {
        let with = if types.is_empty() {
            "without arguments".to_owned()
        } else {
            format!("with {}", and_list(&types))
        };
        return failed(
            "segue::plan::wrong_arguments",
            format!("`{name}` can't be called {with}"),
        )
        .help(if types.first().is_some_and(|first| first.starts_with("nothing")) {
            "it is called on nothing: a key that is not there, or a function without a result; ask with `??` or `if value != ()`".to_owned()
        } else {
            format!("`segue doc {name}` shows how it is called")
        });
    }
    let meant = nearest(name, known.iter().map(String::as_str))
        .map(|meant| format!("did you mean `{meant}`?"))
        .or_else(|| word::foreign(name).map(str::to_owned));
    at_token(
        failed(
            "segue::plan::unknown_function",
            format!("unknown function `{name}`"),
        )
        .maybe_help(meant),
        place,
        "there is no function of this name",
    )
}

fn operator_help(name: &str, arguments: &str) -> Option<&'static str> {
    let nothing = arguments.split(", ").any(|argument| argument == "()");
    match name {
        _ if nothing && !arguments.contains(", ") => {
            Some("ask with `??` or `if value != ()` what to do where there is nothing")
        }
        _ if nothing => Some(
            "one of the two is nothing: a key that is not there, or a function without a result",
        ),
        "+" if arguments.contains("String") => {
            Some("values are put into text between back-ticks: `` `text ${value}` ``")
        }
        _ => None,
    }
}

fn mismatch(wanted: &str, found: &str) -> PlanDiagnostic {
    let found = if found.is_empty() {
        "something else".to_owned()
    } else {
        type_word(found)
    };
    failed(
        "segue::plan::wrong_type",
        format!("expected {}, found {found}", type_word(wanted)),
    )
}

/// Of `Type [Index]` the type.
fn indexed(text: &str) -> &str {
    text.split(" [").next().unwrap_or(text)
}

fn bounds(what: &str, parts: &str, length: usize, index: i64) -> PlanDiagnostic {
    let message = match length {
        0 => format!("there is nothing at {index}: the {what} is empty"),
        1 => format!("there is nothing at {index}: the {what} has one of its {parts} only"),
        _ => format!("there is nothing at {index}: the {what} has {length} {parts}"),
    };
    failed("segue::plan::out_of_bounds", message)
        .maybe_help((length > 0).then(|| format!("they are counted from 0 to {}", length - 1)))
}

/// The name at the very left of the chain that the token at the place is in.
fn chain_root(source: &Source, offset: usize) -> Option<Span> {
    let tokens = source.tokens();
    let mut index = tokens.index_at(offset);
    loop {
        let before = tokens.previous(index)?;
        let token = tokens.get(before)?;
        match token.kind {
            TokenKind::Symbol if matches!(token.span.of(source.text()), "." | "?.") => {
                index = tokens.previous(before)?;
            }
            TokenKind::Word if matches!(tokens.get(index)?.kind, TokenKind::Open(_)) => {
                index = before;
            }
            _ => break,
        }
        if let TokenKind::Close(_) = tokens.get(index)?.kind {
            index = tokens.partner(index)?;
        }
    }
    let root = tokens.get(index)?;
    (root.kind == TokenKind::Word).then_some(root.span)
}

fn data_race(place: Option<&Place>) -> PlanDiagnostic {
    let problem = failed(
        "segue::plan::self_capture",
        "a value is used by a closure while a method of the same value runs",
    );
    let Some((source, offset)) = place else {
        return problem.help("put the part that is worked on into a variable of its own first");
    };
    let call = source.whole(*offset);
    match chain_root(source, *offset) {
        Some(root) => {
            let name = root.of(source.text());
            problem
                .within(source)
                .label(root.to(call), format!("`{name}` is in use until this call has ended"))
                .help(format!(
                    "take what is worked on out first: `let items = {name}...;`, then `items.map(|item| ... {name} ...)`"
                ))
        }
        None => problem.within(source).label(call, ""),
    }
}

fn read_only(name: &str, place: Option<&Place>) -> PlanDiagnostic {
    if name.is_empty() {
        return failed("segue::plan::read_only", "this can't be changed").help(RETURN_A_VALUE);
    }
    if let Some((source, offset)) = place
        && let Some(declared) = Scene::new(source, *offset).constant(name)
    {
        return failed("segue::plan::read_only", format!("`{name}` is a constant"))
            .within(source)
            .label(source.token(*offset), "it can't be changed")
            .label(declared, "it is declared here")
            .help("declare it with `let` if it has to change");
    }
    at_token(
        failed(
            "segue::plan::captured_write",
            format!(
                "`{name}` belongs to the plan outside of this branch and can't be changed in it"
            ),
        ),
        place,
        "changed here",
    )
    .help(RETURN_A_VALUE)
}

fn changed_constant(method: &str, place: Option<&Place>) -> PlanDiagnostic {
    let Some((source, offset)) = place else {
        return failed(
            "segue::plan::captured_write",
            "this value can't be changed here",
        )
        .help(RETURN_A_VALUE);
    };
    match chain_root(source, *offset) {
        Some(root) => {
            let name = root.of(source.text()).to_owned();
            let mut problem = read_only(&name, Some(&(source.clone(), root.start)));
            if let Some(first) = problem.labels.first_mut() {
                first.span = root.to(source.whole(*offset));
                let method = method.trim_start_matches("get$").trim_start_matches("set$");
                if !method.contains('$') {
                    first.text = format!("`{method}` changes it");
                }
            }
            problem
        }
        None => failed(
            "segue::plan::captured_write",
            "this value can't be changed here",
        )
        .within(source)
        .label(source.whole(*offset), "")
        .help(RETURN_A_VALUE),
    }
}

/// Rhai says in a sentence which property is not there.
fn dot_expression(text: &str, place: Option<&Place>) -> PlanDiagnostic {
    let quoted: Vec<&str> = text.split('\'').skip(1).step_by(2).collect();
    match quoted.as_slice() {
        [property, data_type, ..] => {
            at_token(no_property(property, &type_word(data_type)), place, "")
        }
        _ => failed("segue::plan::wrong_type", "this has no such part"),
    }
}

fn no_property(property: &str, owner: &str) -> PlanDiagnostic {
    let problem = failed(
        "segue::plan::unknown_property",
        format!("{owner} has no `{property}`"),
    );
    if owner.starts_with("nothing") {
        return problem.help(format!(
            "it is what a key gives that is not there: ask with `??` or `if value != ()`, or write `?.{property}`"
        ));
    }
    problem
}

fn arithmetic(text: &str) -> PlanDiagnostic {
    let lower = text.to_lowercase();
    // "Error parsing integer number 'x': invalid digit found in string".
    if let Some((_, number)) = text
        .split_once(" number '")
        .filter(|_| lower.starts_with("error parsing"))
    {
        let number = number
            .rsplit_once("':")
            .map_or(number, |(number, _)| number);
        let help = if number.trim() == number {
            "`text.matches(`^\\d+$`)` asks whether it is one"
        } else {
            "take the white space away first: `parse_int(text.trim())`"
        };
        return failed(
            "segue::plan::arithmetic",
            format!("`{}` is not a number", number.trim()),
        )
        .help(help);
    }
    let message = if lower.contains("division by zero") || lower.contains("modulo") {
        "division by zero".to_owned()
    } else if lower.contains("overflow") {
        "the number is too large".to_owned()
    } else {
        lower
    };
    failed("segue::plan::arithmetic", message)
}
