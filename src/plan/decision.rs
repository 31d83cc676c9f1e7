//! Decisions on what nobody knows yet: where a preview comes to an `if`, `while`, `switch` or `for` on such a value, it is asked
//! which way to go.
//!
//! A text that nobody knows says so itself. A number or a Boolean that was made of one is marked where a variable gets it.
//!
//! The words are written into the text by [`super::guard`], and only where the performer decides.

use rhai::{ASTNode, Dynamic, Engine, EvalAltResult, EvalContext, Expr, Expression, Position};

use super::{
    call::CallResult,
    effect::{Choice, ChoiceKind},
    ending::Ending,
    host::Host,
    source::{Bracket, Source, Span, TokenKind},
};

/// The words, before what each stands for.
pub(super) const IF: &str = "__decided";
pub(super) const WHILE: &str = "__repeated";
pub(super) const SWITCH: &str = "__chosen";
pub(super) const FOR: &str = "__each";
/// Before the value that a variable gets.
pub(super) const VALUE: &str = "__kept";

/// The tag of a number or a Boolean that nobody knows. Rhai keeps it in every copy; nothing else here has a tag.
const UNKNOWN: i32 = 0x5e6;

/// What begins the text that stands for something that nobody knows.
const MARK: char = '‹';

/// How deep a value is searched for such a text. Data from targets is seldom deeper.
const DEPTH_MAX: usize = 8;

/// Makes the words known to an engine.
pub(super) fn register(engine: &mut Engine) {
    for (word, kind) in [
        (IF, ChoiceKind::If),
        (WHILE, ChoiceKind::While),
        (SWITCH, ChoiceKind::Switch),
        (FOR, ChoiceKind::For),
    ] {
        engine
            .register_custom_syntax([word, "$expr$"], false, move |context, inputs| {
                decided(context, &inputs[0], kind)
            })
            .expect("a word and an expression are a syntax");
    }
    engine
        .register_custom_syntax([VALUE, "$expr$"], false, |context, inputs| {
            kept(context, &inputs[0])
        })
        .expect("a word and an expression are a syntax");
}

/// Where [`VALUE`] stands, if the sign at `index` is before the value of a variable or of a closure.
pub(super) fn before_value(source: &Source, index: usize) -> Option<usize> {
    let tokens = source.tokens();
    let sign = tokens.get(index)?.span;
    // The declarations of parameters are gone when Rhai reads the text.
    let is_before_value = match sign.of(source.script()) {
        "=" => true,
        "|" | "||" => ends_parameters(source, index),
        _ => false,
    };
    if !is_before_value {
        return None;
    }
    let first = tokens.next(index)?;
    let value = tokens.get(first)?;
    let behind = tokens.next(first).and_then(|behind| tokens.get(behind));
    let is_literal = matches!(value.kind, TokenKind::Number | TokenKind::Text)
        && behind.is_some_and(|behind| behind.span.of(source.text()) == ";");
    // What a block gives is marked in it, and a closure is what it is.
    let is_block = matches!(
        value.span.of(source.text()),
        "|" | "||" | "{" | "if" | "switch" | "loop" | "while" | "do" | "for" | "try"
    );
    // The body of a closure may be a statement.
    let is_statement = matches!(
        value.span.of(source.text()),
        "return" | "throw" | "break" | "continue" | "let" | "const"
    ) || assigns(source, first);
    (!is_literal && !is_block && !is_statement).then_some(value.span.start)
}

/// Whether what begins at `first` assigns to something.
fn assigns(source: &Source, first: usize) -> bool {
    let tokens = source.tokens();
    let mut next = Some(first);
    while let Some(at) = next {
        let Some(token) = tokens.get(at) else { break };
        let text = token.span.of(source.text());
        next = match token.kind {
            TokenKind::Open(_) | TokenKind::TemplateStart => tokens.partner(at),
            TokenKind::Close(_) | TokenKind::TemplateMiddle | TokenKind::TemplateEnd => break,
            TokenKind::Symbol if matches!(text, ";" | "," | "=>") => break,
            TokenKind::Symbol if text.ends_with('=') => {
                if !matches!(text, "==" | "!=" | "<=" | ">=") {
                    return true;
                }
                Some(at)
            }
            _ => Some(at),
        };
        next = next.and_then(|at| tokens.next(at));
    }
    false
}

/// Whether the bar at `index` stands behind the parameters of a closure.
fn ends_parameters(source: &Source, index: usize) -> bool {
    let tokens = source.tokens();
    let is_bar = |at: &usize| {
        let token = tokens.get(*at);
        token.is_some_and(|token| token.span.of(source.text()) == "|")
    };
    let mut bars = (0..index).rev().filter(is_bar).take(1).chain([index]);
    bars.any(|first| source.closure_bar(first) == Some(index))
}

/// The value that a variable gets, marked if nobody knows it.
fn kept(
    context: &mut EvalContext<'_, '_, '_, '_, '_, '_>,
    expression: &Expression<'_>,
) -> CallResult {
    let host = Host::tagged(context.tag());
    let looks = host.looks();
    let result = context.eval_expression_tree(expression);
    if host.looks() == looks && !uses_unknown(context, expression) {
        return result;
    }
    match result {
        Ok(mut value) => {
            if is_plain(&value) {
                value.set_tag(UNKNOWN);
            }
            Ok(value)
        }
        // What nobody knows may not be of the type that is wanted; what was thrown is about something else.
        Err(error) if error.is_catchable() && !was_thrown(&error) => {
            let text = value_text(&host, expression.position());
            Ok(format!("{MARK}{}›", text.as_deref().unwrap_or("a value")).into())
        }
        Err(error) => Err(error),
    }
}

fn was_thrown(error: &EvalAltResult) -> bool {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _)
        | EvalAltResult::ErrorInModule(_, inner, _) => was_thrown(inner),
        other => matches!(other, EvalAltResult::ErrorRuntime(..)) || Ending::of(other).is_some(),
    }
}

/// The value as it is written, if it stands on one line.
fn value_text(host: &Host, position: Position) -> Option<String> {
    let (source, offset) = host.sources.locate(position)?;
    let tokens = source.tokens();
    let text = source.text();
    let at = tokens.index_at(offset);
    let sign = (0..at).rev().find(|at| {
        tokens
            .get(*at)
            .is_some_and(|token| token.span.of(text) == "=")
    })?;
    let start = tokens.get(tokens.next(sign)?)?.span.start;
    let end = text[start..]
        .find([';', '\n'])
        .map(|length| start + length)?;
    Some(text[start..end].trim_end().to_owned())
}

/// Whether a value has no room for a mark in itself.
fn is_plain(value: &Dynamic) -> bool {
    value.is::<bool>() || value.is::<rhai::INT>() || value.is::<rhai::FLOAT>()
}

fn decided(
    context: &mut EvalContext<'_, '_, '_, '_, '_, '_>,
    expression: &Expression<'_>,
    kind: ChoiceKind,
) -> CallResult {
    let host = Host::tagged(context.tag());
    let looks = host.looks();
    let result = context.eval_expression_tree(expression);
    let looked = host.looks() != looks;
    let is_marked = result.as_ref().is_ok_and(|value| is_unknown(value, 0));
    if !looked && !is_marked && !uses_unknown(context, expression) {
        return result;
    }
    // What nobody knows may not be of the type that is wanted: that too can't be known.
    if let Err(error) = &result
        && (!error.is_catchable() || Ending::of(error).is_some())
    {
        return result;
    }
    let Some(asked) = Asked::new(&host, expression, kind, result.as_ref().ok()) else {
        return result;
    };
    let way = host.scheduler.performer().decide(&Choice {
        kind,
        place: &asked.source.place(asked.span.start),
        text: asked.span.of(asked.source.text()),
        ways: &asked.ways,
        usual: asked.usual,
    });
    Ok(match (kind, way.min(asked.ways.len() - 1)) {
        (ChoiceKind::If | ChoiceKind::While, way) => (way == 0).into(),
        (ChoiceKind::Switch, way) => match asked.values.get(way) {
            Some(value) => value.clone(),
            None => result.unwrap_or(Dynamic::UNIT),
        },
        (ChoiceKind::For, 0) => match result {
            // A loop over the letters of a mark would be nonsense.
            Ok(items) if !items.is_string() => items,
            Ok(mark) => Dynamic::from_array(vec![mark]),
            Err(_) => Dynamic::from_array(vec![format!("{MARK}an item›").into()]),
        },
        (ChoiceKind::For, _) => Dynamic::from_array(Vec::new()),
    })
}

/// A decision, with the ways that there are.
struct Asked {
    source: Source,
    span: Span,
    ways: Vec<String>,
    /// For a `switch`, what each way stands for; none for the last one.
    values: Vec<Dynamic>,
    usual: usize,
}

impl Asked {
    fn new(
        host: &Host,
        expression: &Expression<'_>,
        kind: ChoiceKind,
        value: Option<&Dynamic>,
    ) -> Option<Self> {
        let (source, span, brace) = written(host, expression.position())?;
        let is_true = value.is_none_or(|value| value.as_bool() == Ok(true));
        let (ways, values, usual) = match kind {
            ChoiceKind::If | ChoiceKind::While => (
                words(&["is true", "is false"]),
                Vec::new(),
                usize::from(!is_true),
            ),
            ChoiceKind::For => (words(&["has something in it", "is empty"]), Vec::new(), 0),
            ChoiceKind::Switch => {
                let cases = cases(host, &source, brace);
                let mut ways: Vec<String> =
                    cases.iter().map(|(text, _)| format!("is {text}")).collect();
                ways.push("is something else".to_owned());
                let usual = ways.len() - 1;
                let values = cases.into_iter().map(|(_, value)| value).collect();
                (ways, values, usual)
            }
        };
        Some(Self {
            source,
            span,
            ways,
            values,
            usual,
        })
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The expression as it is written: from the word before it to the brace behind it.
fn written(host: &Host, position: Position) -> Option<(Source, Span, usize)> {
    let (source, offset) = host.sources.locate(position)?;
    let tokens = source.tokens();
    let mut first = tokens.index_at(offset);
    loop {
        let before = tokens.previous(first)?;
        let text = tokens.get(before)?.span.of(source.text());
        if matches!(text, "if" | "while" | "switch" | "in") {
            break;
        }
        first = tokens
            .partner(before)
            .map_or(before, |other| other.min(before));
    }
    let brace = super::guard::body_of(&source, first)?;
    let last = tokens.get(tokens.previous(brace)?)?;
    let span = Span::new(tokens.get(first)?.span.start, last.span.end);
    Some((source.clone(), span, brace))
}

/// The cases of a `switch` that are one literal, with their values.
fn cases(host: &Host, source: &Source, brace: usize) -> Vec<(String, Dynamic)> {
    let tokens = source.tokens();
    let mut cases = Vec::new();
    let Some(end) = tokens.partner(brace) else {
        return cases;
    };
    let mut at = brace;
    while let Some(next) = tokens.next(at).filter(|next| *next < end) {
        at = match tokens.get(next).map(|token| token.kind) {
            Some(TokenKind::Open(_) | TokenKind::TemplateStart) => {
                tokens.partner(next).unwrap_or(next)
            }
            _ => next,
        };
        let Some(token) = tokens.get(next) else { break };
        let behind = tokens.next(next).and_then(|behind| tokens.get(behind));
        let is_case = behind.is_some_and(|behind| {
            let text = behind.span.of(source.text());
            // Of several the first one stands for all.
            text == "=>" || text == "|"
        });
        let before = tokens.previous(next).and_then(|before| tokens.get(before));
        let begins = before.is_some_and(|before| {
            before.span.of(source.text()) == ","
                || matches!(
                    before.kind,
                    TokenKind::Open(Bracket::Curly) | TokenKind::Close(Bracket::Curly)
                )
        });
        let text = token.span.of(source.text());
        if is_case
            && begins
            && text != "_"
            && let Ok(value) = host.engine().eval_expression::<Dynamic>(text)
        {
            cases.push((text.to_owned(), value));
        }
    }
    cases
}

/// Whether a variable of the expression holds something that nobody knows.
fn uses_unknown(
    context: &EvalContext<'_, '_, '_, '_, '_, '_>,
    expression: &Expression<'_>,
) -> bool {
    let expression: &Expr = expression.as_ref();
    let mut found = false;
    expression.walk(&mut Vec::new(), &mut |nodes: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::Variable(variable, ..))) = nodes.last() {
            let value = context.scope().get(variable.1.as_str());
            found |= value.is_some_and(|value| is_unknown(value, 0));
        }
        !found
    });
    found
}

fn is_unknown(value: &Dynamic, depth: usize) -> bool {
    if depth > DEPTH_MAX {
        return false;
    }
    if is_plain(value) {
        // A captured one is in a cell, and has its tag there.
        return value.flatten_clone().tag() == UNKNOWN;
    }
    if let Some(text) = value.read_lock::<rhai::ImmutableString>() {
        return text.contains(MARK);
    }
    if let Some(items) = value.read_lock::<rhai::Array>() {
        return items.iter().any(|item| is_unknown(item, depth + 1));
    }
    let map = value.read_lock::<rhai::Map>();
    map.is_some_and(|map| map.values().any(|item| is_unknown(item, depth + 1)))
}
