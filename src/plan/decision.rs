//! Decisions on what nobody knows yet: where a preview comes to an `if`, `while`, `switch` or `for` on such a value, it is asked
//! which way to go.
//!
//! A text that nobody knows says so itself. A number or a Boolean that was made of one is marked where something gets it, and a
//! set or a list of which nobody knows what is in it.
//!
//! The words are written into the text by [`super::guard`], and only where the performer decides.

use rhai::{
    ASTNode, Dynamic, Engine, EvalAltResult, EvalContext, Expr, Expression, ImmutableString,
    Position, Scope,
};

use super::{
    call::CallResult,
    effect::{Choice, ChoiceKind},
    ending::Ending,
    functions::position,
    host::Host,
    mark,
    source::{Bracket, Source, Span, TokenKind},
};

/// The words, before what each stands for.
pub(super) const IF: &str = "__decided";
pub(super) const WHILE: &str = "__repeated";
pub(super) const SWITCH: &str = "__chosen";
pub(super) const FOR: &str = "__each";
/// Before a value, see [`super::mark`].
pub(super) const VALUE: &str = "__kept";
/// Before what an action is told.
pub(super) const ASIDE: &str = "__aside";

/// The tag of a number or a Boolean that nobody knows, and of a set or a list of which nobody knows what is in it. Rhai keeps it
/// in every copy; nothing else here has a tag.
const UNKNOWN: i32 = 0x5e6;

/// What begins the text that stands for something that nobody knows.
const MARK: char = '‹';
const MARK_END: char = '›';

/// The methods that give a part of what they are called on, or as much of it as there happens to be.
const CHOOSERS: [&str; 10] = [
    "filter",
    "find",
    "find_all",
    "retain",
    "drain",
    "dedup",
    "group_by",
    "split",
    "split_regex",
    "to_chars",
];

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
        register_word(engine, word, move |context, expression| {
            decided(context, expression, kind)
        });
    }
    register_word(engine, VALUE, kept);
    register_word(engine, ASIDE, aside);
}

fn register_word(
    engine: &mut Engine,
    word: &str,
    run: impl Fn(&mut EvalContext<'_, '_, '_, '_, '_, '_>, &Expression<'_>) -> CallResult + 'static,
) {
    engine
        .register_custom_syntax([word, "$expr$"], false, move |context, inputs| {
            run(context, &inputs[0])
        })
        .expect("a word and an expression are a syntax");
}

/// What an expression comes to, and how often it looked at what nobody knows.
fn evaluated(
    host: &Host,
    context: &mut EvalContext<'_, '_, '_, '_, '_, '_>,
    expression: &Expression<'_>,
) -> (CallResult, i64) {
    let before = host.looks();
    let result = context.eval_expression_tree(expression);
    (result, host.looks() - before)
}

/// What an action is told. What was looked at for it has no part in what comes of it.
fn aside(
    context: &mut EvalContext<'_, '_, '_, '_, '_, '_>,
    expression: &Expression<'_>,
) -> CallResult {
    let host = Host::tagged(context.tag());
    let (result, looks) = evaluated(&host, context, expression);
    host.forget_looks(looks);
    result
}

/// A value, marked if nobody knows it.
fn kept(
    context: &mut EvalContext<'_, '_, '_, '_, '_, '_>,
    expression: &Expression<'_>,
) -> CallResult {
    let host = Host::tagged(context.tag());
    let (result, looks) = evaluated(&host, context, expression);
    let uses = Uses::of(context.scope(), expression);
    if looks == 0 && uses == Uses::Known {
        return result;
    }
    match result {
        Ok(mut value) => {
            let is_part = uses == Uses::Part || chooses(expression);
            if is_plain(&value) || (is_part && !value.is_string()) {
                value.set_tag(UNKNOWN);
            }
            Ok(value)
        }
        // What nobody knows may not be of the type that is wanted; what was thrown is about something else.
        Err(error) if error.is_catchable() && !was_thrown(&error) => {
            let text = value_text(&host, expression.position());
            Ok(format!("{MARK}{}{MARK_END}", text.as_deref().unwrap_or("a value")).into())
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
    let text = mark::value_around(&source, offset)?.of(source.text());
    (!text.contains('\n')).then(|| text.to_owned())
}

/// Whether a value as a whole stands for something that nobody knows.
pub(super) fn may_be_anything(value: &Dynamic) -> bool {
    let text = value.read_lock::<ImmutableString>();
    tag_of(value) == UNKNOWN
        || text.is_some_and(|text| text.starts_with(MARK) && text.ends_with(MARK_END))
}

/// The tag of a value. A captured one is in a cell, and has its tag there.
fn tag_of(value: &Dynamic) -> i32 {
    if value.is_shared() {
        value
            .read_lock::<Dynamic>()
            .map_or_else(|| value.tag(), |inside| inside.tag())
    } else {
        value.tag()
    }
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
    let (result, looks) = evaluated(&host, context, expression);
    if kind == ChoiceKind::For
        && let Ok(items) = &result
        && is_counted(items, expression.as_ref())
    {
        return result;
    }
    let is_marked = result.as_ref().is_ok_and(|value| is_unknown(value, 0));
    if looks == 0 && !is_marked && Uses::of(context.scope(), expression) == Uses::Known {
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
            Err(_) => Dynamic::from_array(vec![format!("{MARK}an item{MARK_END}").into()]),
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

/// What the variables of an expression hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Uses {
    Known,
    /// Something that nobody knows.
    Unknown,
    /// A set or a list of which nobody knows what is in it.
    Part,
}

impl Uses {
    fn of(scope: &Scope<'_>, expression: &Expression<'_>) -> Self {
        let expression: &Expr = expression.as_ref();
        let mut uses = Self::Known;
        expression.walk(&mut Vec::new(), &mut |nodes: &[ASTNode<'_>]| {
            if let Some((ASTNode::Expr(Expr::Variable(variable, ..)), around)) = nodes.split_last()
                && !around.iter().any(is_aside)
                && let Some(value) = scope.get(variable.1.as_str())
            {
                uses = uses.max(Self::of_variable(scope, value, around));
            }
            uses != Self::Part
        });
        uses
    }

    /// What an expression wants of a variable, as far as it is written: of `map.key[0]` that one item.
    ///
    /// What is there is known of a list or a map whatever is in it.
    fn of_variable(scope: &Scope<'_>, value: &Dynamic, around: &[ASTNode<'_>]) -> Self {
        match around.last() {
            // `"key" in map` is a call.
            Some(ASTNode::Expr(Expr::FnCall(call, _)))
                if tag_of(value) != UNKNOWN && asks_what_is_there(&call.name, value) =>
            {
                Self::Known
            }
            Some(ASTNode::Expr(Expr::Dot(parts, ..) | Expr::Index(parts, ..)))
                if matches!(parts.lhs, Expr::Variable(..)) =>
            {
                Self::of_part(scope, value, Some(&parts.rhs))
            }
            _ => Self::of_value(value),
        }
    }

    /// Goes along the value and not into copies of it: lists and maps may be large, and this is asked at every turn of a loop.
    fn of_part(scope: &Scope<'_>, value: &Dynamic, chain: Option<&Expr>) -> Self {
        let Some(part) = chain.filter(|_| tag_of(value) != UNKNOWN) else {
            return Self::of_value(value);
        };
        let (step, rest) = match part {
            Expr::Dot(parts, ..) | Expr::Index(parts, ..) => (&parts.lhs, Some(&parts.rhs)),
            last => (last, None),
        };
        if let Expr::MethodCall(call, _) = step
            && asks_what_is_there(&call.name, value)
        {
            return Self::Known;
        }
        let found = match step {
            Expr::Property(name, _) => Self::of_key(scope, value, name.2.as_str(), rest),
            Expr::StringConstant(key, _) => Self::of_key(scope, value, key.as_str(), rest),
            Expr::IntegerConstant(index, _) => Self::of_item(scope, value, *index, rest),
            Expr::Variable(variable, ..) => scope.get(variable.1.as_str()).and_then(|index| {
                if let Ok(index) = index.as_int() {
                    return Self::of_item(scope, value, index, rest);
                }
                let key = index.read_lock::<ImmutableString>()?;
                Self::of_key(scope, value, key.as_str(), rest)
            }),
            _ => None,
        };
        found.unwrap_or_else(|| Self::of_value(value))
    }

    fn of_key(scope: &Scope<'_>, value: &Dynamic, key: &str, rest: Option<&Expr>) -> Option<Self> {
        let map = value.read_lock::<rhai::Map>()?;
        map.get(key).map(|part| Self::of_part(scope, part, rest))
    }

    fn of_item(
        scope: &Scope<'_>,
        value: &Dynamic,
        index: rhai::INT,
        rest: Option<&Expr>,
    ) -> Option<Self> {
        let items = value.read_lock::<rhai::Array>()?;
        let item = items.get(position(index, items.len())?)?;
        Some(Self::of_part(scope, item, rest))
    }

    fn of_value(value: &Dynamic) -> Self {
        if tag_of(value) == UNKNOWN && !is_plain(value) {
            Self::Part
        } else if is_unknown(value, 0) {
            Self::Unknown
        } else {
            Self::Known
        }
    }
}

fn is_aside(node: &ASTNode<'_>) -> bool {
    matches!(node, ASTNode::Expr(Expr::Custom(custom, _))
        if custom.tokens.first().is_some_and(|token| token == ASIDE))
}

fn asks_what_is_there(method: &str, value: &Dynamic) -> bool {
    match method {
        "len" | "is_empty" => value.is_map() || value.is_array(),
        "keys" | "contains" => value.is_map(),
        _ => false,
    }
}

/// Whether it is known how many items a list or a set has, whatever they are: it is written out, or has been made before
/// without a mark.
fn is_counted(items: &Dynamic, expression: &Expr) -> bool {
    match expression {
        Expr::Array(..) => true,
        Expr::Custom(custom, _) => {
            (custom.inputs.last()).is_some_and(|inner| is_counted(items, inner))
        }
        Expr::Variable(..)
        | Expr::Property(..)
        | Expr::StringConstant(..)
        | Expr::IntegerConstant(..) => !items.is_string() && tag_of(items) != UNKNOWN,
        Expr::Dot(parts, ..) | Expr::Index(parts, ..) => {
            is_counted(items, &parts.lhs) && is_counted(items, &parts.rhs)
        }
        _ => false,
    }
}

/// Whether an expression leaves out some of what it begins with.
fn chooses(expression: &Expression<'_>) -> bool {
    let expression: &Expr = expression.as_ref();
    let mut found = false;
    expression.walk(&mut Vec::new(), &mut |nodes: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::MethodCall(call, _))) = nodes.last() {
            found |= CHOOSERS.contains(&call.name.as_str());
        }
        !found
    });
    found
}

fn is_unknown(value: &Dynamic, depth: usize) -> bool {
    if depth > DEPTH_MAX {
        return false;
    }
    if tag_of(value) == UNKNOWN {
        return true;
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return text.contains(MARK);
    }
    if let Some(items) = value.read_lock::<rhai::Array>() {
        return items.iter().any(|item| is_unknown(item, depth + 1));
    }
    let map = value.read_lock::<rhai::Map>();
    map.is_some_and(|map| map.values().any(|item| is_unknown(item, depth + 1)))
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, rc::Rc};

    use super::*;

    /// Counts how often it is copied.
    struct Counted(Rc<Cell<usize>>);

    impl Clone for Counted {
        fn clone(&self) -> Self {
            self.0.set(self.0.get() + 1);
            Self(Rc::clone(&self.0))
        }
    }

    /// What the variables of an expression hold.
    fn uses_of(text: &str, scope: &mut Scope<'_>) -> Uses {
        let found = Rc::new(Cell::new(Uses::Known));
        let seen = Rc::clone(&found);
        let mut engine = Engine::new();
        engine
            .register_custom_syntax(["uses", "$expr$"], false, move |context, inputs| {
                seen.set(Uses::of(context.scope(), &inputs[0]));
                Ok(Dynamic::UNIT)
            })
            .unwrap();
        engine
            .run_with_scope(scope, &format!("uses {text};"))
            .unwrap();
        found.get()
    }

    #[test]
    fn what_is_looked_at_is_not_copied() {
        let copies = Rc::new(Cell::new(0));
        let item = || {
            let mut item = rhai::Map::new();
            item.insert("a".into(), Dynamic::from(Counted(Rc::clone(&copies))));
            Dynamic::from_map(item)
        };
        let mut scope = Scope::new();
        scope.push("list", vec![item(), item()]);
        scope.push("n", 1_i64);
        let shared = Dynamic::from_map(rhai::Map::from([("x".into(), item())]));
        scope.push_dynamic("map", shared.into_shared());
        for text in ["list[n].a", "list[n + 1]", "map[\"x\"].a", "map", "f(list)"] {
            assert_eq!(uses_of(text, &mut scope), Uses::Known, "{text}");
        }
        assert_eq!(copies.get(), 0);
    }

    #[test]
    fn of_a_list_or_a_map_only_the_item_that_is_named_matters() {
        let unknown = || Dynamic::from("‹stdout›");
        let mut part = Dynamic::from_array(Vec::new());
        part.set_tag(UNKNOWN);
        let mut scope = Scope::new();
        scope.push("list", vec![unknown(), 7_i64.into()]);
        scope.push("n", 1_i64);
        scope.push("key", "known");
        let map = [("known", 1_i64.into()), ("seen", unknown()), ("part", part)];
        let map: rhai::Map = map.map(|(key, value)| (key.into(), value)).into();
        scope.push("map", map);
        for (text, uses) in [
            ("list[n]", Uses::Known),
            ("list[-1]", Uses::Known),
            ("list[n - 1]", Uses::Unknown),
            ("list[0]", Uses::Unknown),
            ("list[9]", Uses::Unknown),
            ("map[key]", Uses::Known),
            ("map.known + map[key]", Uses::Known),
            ("map.seen + map[key]", Uses::Unknown),
            ("map.part.x", Uses::Part),
            ("map", Uses::Unknown),
            ("map.len()", Uses::Known),
        ] {
            assert_eq!(uses_of(text, &mut scope), uses, "{text}");
        }
    }
}
