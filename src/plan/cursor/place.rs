//! The place of a cursor: what can be written there.

use super::walk::{Walk, operand_ending_at};
use crate::plan::{
    header::{HeaderPart, header_part},
    source::{Bracket, CommentKind, Source, Span, Token, TokenKind},
};

/// What stands at a byte of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub kind: PlaceKind,
    /// The word that stands there, or the part of a string: what a completion replaces.
    pub word: Span,
    /// The innermost call whose arguments are being written.
    pub call: Option<CallAt>,
    /// The keys of the maps between that call and the place, the outermost first.
    pub path: Vec<String>,
    /// What can be named there, of two with one name the nearer alone. Parameters of the plan are not among them.
    pub variables: Vec<VariableAt>,
    /// It is inside of a function, which does not see the parameters of the plan.
    pub in_function: bool,
}

/// The kinds of places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    /// A comment, a number, a name of the writer's own: there is nothing to propose.
    Nothing,
    /// A statement begins.
    Statement,
    Expression,
    /// Behind a point; `receiver` is all that is in front of it, if that can be told.
    Member {
        receiver: Option<Span>,
    },
    /// Behind `name::`.
    Namespace {
        name: String,
    },
    /// A key of a map, which has these already.
    Key {
        present: Vec<String>,
    },
    /// Inside of a string whose content begins there.
    Text {
        start: usize,
    },
    /// Inside of the string of an `import`.
    ImportPath {
        start: usize,
    },
    /// The type in a `param` line.
    ParamType,
}

/// A call, and how far its arguments are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallAt {
    /// `run_task`, `log::info`, or the name of a method.
    pub name: String,
    pub name_span: Span,
    /// What a method is called on, if that can be told.
    pub receiver: Option<Span>,
    /// Which argument is being written, from 0.
    pub index: usize,
    /// Where each argument begins.
    pub starts: Vec<usize>,
}

/// A variable where it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableAt {
    pub name: String,
    pub span: Span,
}

impl CallAt {
    /// The text of an argument that is a plain string.
    #[must_use]
    pub fn text_argument<'s>(&self, source: &'s Source, index: usize) -> Option<&'s str> {
        let start = *self.starts.get(index)?;
        let rest = source.text().get(start..)?.trim_start();
        let quote = rest
            .chars()
            .next()
            .filter(|char| matches!(char, '"' | '`'))?;
        let inner = &rest[1..];
        let text = &inner[..inner.find([quote, '\n'])?];
        (!text.contains(['\\', '$'])).then_some(text)
    }
}

impl Place {
    /// Reads the place at a byte; one inside of a character is its beginning.
    #[must_use]
    pub fn at(source: &Source, offset: usize) -> Self {
        let text = source.text();
        let offset = text.floor_char_boundary(offset);
        let before = Source::new("", text.get(..offset).unwrap_or_default());
        if let Some(part) = header_part(before.text()) {
            return Self::in_header(part, source, offset);
        }
        let tokens = before.tokens();
        let last = tokens.all().len().checked_sub(1);
        let ending = last
            .and_then(|last| tokens.get(last))
            .map_or(Ending::Fresh, |token| Ending::of(token, before.text()));
        match ending {
            Ending::Hidden => Self::nothing(offset),
            Ending::Text { start } => Self::in_text(source, &before, start, offset),
            Ending::Word { start } => Self::in_code(source, &before, start, offset),
            Ending::Fresh => Self::in_code(source, &before, offset, offset),
        }
    }

    const fn nothing(offset: usize) -> Self {
        Self {
            kind: PlaceKind::Nothing,
            word: Span::empty(offset),
            call: None,
            path: Vec::new(),
            variables: Vec::new(),
            in_function: false,
        }
    }

    fn in_header(part: HeaderPart, source: &Source, offset: usize) -> Self {
        let mut place = Self::nothing(offset);
        place.kind = match part {
            HeaderPart::Name => PlaceKind::Nothing,
            HeaderPart::Type => PlaceKind::ParamType,
            HeaderPart::Default => PlaceKind::Expression,
        };
        place.word = word_around(source.text(), offset, is_in_name);
        place
    }

    fn in_text(source: &Source, before: &Source, start: usize, offset: usize) -> Self {
        let code = cut(before, start);
        let mut place = Self::in_frames(&Walk::over(&code), offset);
        let previous = code
            .tokens()
            .all()
            .iter()
            .rev()
            .find(|token| !token.is_comment());
        let is_import = previous.is_some_and(|token| token.span.of(code.text()) == "import");
        let start = start + 1;
        place.kind = if is_import {
            PlaceKind::ImportPath { start }
        } else {
            PlaceKind::Text { start }
        };
        let word = word_around(source.text(), offset, is_in_text_word);
        place.word = Span::new(word.start.max(start), word.end);
        place
    }

    fn in_code(source: &Source, before: &Source, start: usize, offset: usize) -> Self {
        let code = cut(before, start);
        let walk = Walk::over(&code);
        let mut place = Self::in_frames(&walk, offset);
        place.kind = kind_in_code(source, &code, &walk, offset);
        place.word = word_around(source.text(), offset, is_in_name);
        place.word.start = start;
        place
    }

    fn in_frames(walk: &Walk<'_>, offset: usize) -> Self {
        let frames = walk.frames();
        let mut place = Self::nothing(offset);
        let mut path = Vec::new();
        for frame in frames.iter().rev() {
            match frame.bracket {
                Some(Bracket::Map) => path.extend(frame.key.clone()),
                Some(Bracket::Round) if frame.call.is_some() => {
                    place.call.clone_from(&frame.call);
                    break;
                }
                // What is written in a block is no part of the argument that the block is in.
                Some(Bracket::Curly | Bracket::Interpolation) | None => break,
                Some(Bracket::Round | Bracket::Square) => {}
            }
        }
        path.reverse();
        place.path = path;
        place.variables = walk.variables();
        place.in_function = walk.in_function();
        place
    }
}

/// How the text in front of a cursor ends.
enum Ending {
    /// In a comment, or in something that can't be completed.
    Hidden,
    Text {
        start: usize,
    },
    Word {
        start: usize,
    },
    /// Behind a space or a sign.
    Fresh,
}

impl Ending {
    fn of(last: Token, text: &str) -> Self {
        let end = last.span.end;
        let start = last.span.start;
        let written = last.span.of(text);
        match last.kind {
            TokenKind::Comment(kind) => {
                let is_block = kind != CommentKind::Inner && written.starts_with("/*");
                let same_line = !text[end..].contains('\n');
                if same_line && !is_block {
                    Self::Hidden
                } else {
                    Self::Fresh
                }
            }
            TokenKind::Unterminated if written.starts_with('"') => {
                if text[start..].contains('\n') {
                    Self::Fresh
                } else {
                    Self::Text { start }
                }
            }
            TokenKind::Unterminated if written.starts_with('`') => Self::Text { start },
            TokenKind::Unterminated if written.starts_with('\'') && end < text.len() => Self::Fresh,
            TokenKind::Unterminated => Self::Hidden,
            TokenKind::Word if end == text.len() => Self::Word { start },
            TokenKind::Number | TokenKind::Text | TokenKind::Character | TokenKind::TemplateEnd
                if end == text.len() =>
            {
                Self::Hidden
            }
            _ => Self::Fresh,
        }
    }
}

fn kind_in_code(source: &Source, code: &Source, walk: &Walk<'_>, offset: usize) -> PlaceKind {
    if walk.declares {
        return PlaceKind::Nothing;
    }
    let tokens = code.tokens();
    let last = tokens.previous(tokens.all().len());
    let token = last.and_then(|last| tokens.get(last));
    let word = token.map_or("", |token| token.span.of(code.text()));
    let before = || last.and_then(|last| tokens.previous(last));
    match word {
        "." | "?." => {
            return PlaceKind::Member {
                receiver: before().and_then(|before| operand_ending_at(code, before)),
            };
        }
        "::" => {
            let name = before().and_then(|before| tokens.get(before));
            return PlaceKind::Namespace {
                name: name.map_or(String::new(), |name| name.span.of(code.text()).to_owned()),
            };
        }
        "as" | "let" | "const" | "fn" | "param" | "export" => return PlaceKind::Nothing,
        _ => {}
    }
    let frame = walk.innermost();
    if frame.bracket == Some(Bracket::Map) && frame.key.is_none() {
        let mut present = frame.keys.clone();
        present.extend(keys_after(source, offset));
        return PlaceKind::Key { present };
    }
    let in_block = matches!(frame.bracket, None | Some(Bracket::Curly));
    let begins = token.is_none_or(|token| {
        word == ";"
            || matches!(
                token.kind,
                TokenKind::Open(_) | TokenKind::Close(Bracket::Curly)
            )
    });
    if in_block && begins {
        PlaceKind::Statement
    } else {
        PlaceKind::Expression
    }
}

/// The keys that stand behind a byte in the map that it is in.
fn keys_after(source: &Source, offset: usize) -> Vec<String> {
    let tokens = source.tokens();
    let mut keys = Vec::new();
    let mut depth = 0_usize;
    let mut previous: Option<Token> = None;
    for token in &tokens.all()[tokens.index_at(offset)..] {
        match token.kind {
            TokenKind::Open(_) => depth += 1,
            TokenKind::Close(_) if depth == 0 => break,
            TokenKind::Close(_) => depth -= 1,
            TokenKind::Symbol if depth == 0 => match token.span.of(source.text()) {
                // The map was never closed: what follows is other code.
                ";" => return Vec::new(),
                ":" => keys.extend(
                    previous
                        .filter(|key| key.span.start > offset)
                        .map(|key| key.span.of(source.text()).trim_matches('"').to_owned()),
                ),
                _ => {}
            },
            _ => {}
        }
        previous = Some(*token);
    }
    keys
}

/// The text before a byte.
fn cut(source: &Source, end: usize) -> Source {
    Source::new("", &source.text()[..end])
}

const fn is_in_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

/// What separates the words of a target expression and ends a string is none.
const fn is_in_text_word(char: char) -> bool {
    !matches!(char, ',' | '!' | '"' | '`' | '(' | ')' | '{' | '}' | ';') && !char.is_whitespace()
}

fn word_around(text: &str, offset: usize, is_in: fn(char) -> bool) -> Span {
    let before = text[..offset].trim_end_matches(is_in).len();
    let after = text[offset..].trim_start_matches(is_in);
    Span::new(before, text.len() - after.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::cursor::{Outline, mended};

    /// The place of `^`, which is taken out.
    fn place(marked: &str) -> (Source, Place) {
        let offset = marked.find('^').expect("a mark");
        let source = Source::new("a.rhai", marked.replacen('^', "", 1));
        let place = Place::at(&source, offset);
        (source, place)
    }

    fn kind(marked: &str) -> PlaceKind {
        place(marked).1.kind
    }

    #[test]
    fn code_is_told_from_comments_strings_and_names() {
        for text in [
            "// x^",
            "/* x ^",
            "//! x^\n",
            "let ^",
            "let na^",
            "const A^ = 1;",
            "fn f(a^",
            "for x^ in y {}",
            "items.map(|it^",
            "import \"x\" as ^",
            "12^",
            "param name^: String;",
            "let x = `abc ${x} d^",
        ] {
            assert_eq!(kind(text), PlaceKind::Nothing, "{text}");
        }
        for text in [
            "^",
            "ru^",
            "let x = 1;\n^",
            "if x { ^ }",
            "// x\n^\n",
            "/* x */ ^",
        ] {
            assert_eq!(kind(text), PlaceKind::Statement, "{text}");
        }
        for text in [
            "let x = ^",
            "f(^)",
            "f(1, a^)",
            "if x^",
            "[a, ^]",
            "let x = a | ^",
            "`${^",
            "x + ^ {",
        ] {
            assert_eq!(kind(text), PlaceKind::Expression, "{text}");
        }
    }

    #[test]
    fn an_unended_string_ends_with_its_line() {
        let (source, place) = place("let t = 1;\nrun_task(\"ser^\nlet x = 1;\n");
        assert_eq!(place.kind, PlaceKind::Text { start: 21 });
        assert_eq!(place.word.of(source.text()), "ser");
        let call = place.call.unwrap();
        assert_eq!((call.name.as_str(), call.index), ("run_task", 0));
        assert_eq!(kind("let a = \"x\nlet b = ^"), PlaceKind::Expression);
    }

    #[test]
    fn arguments_are_counted_through_everything_that_is_nested() {
        for (text, name, index) in [
            ("run_task(^", "run_task", 0),
            ("run_task(\"a\", ^)", "run_task", 1),
            ("run_task(\"a\", [\"b\", \"^", "run_task", 1),
            ("run_task(f(1, 2), #{ a: 1, b: [1, 2] }, ^", "run_task", 2),
            ("items.map(|a, b| f(a), ^", "map", 1),
            ("log::info(`${x(1, 2)}`, ^", "log::info", 1),
            ("a.b(c.d(1), ^", "b", 1),
            ("run_task(\"x\", \"y, z\", ^", "run_task", 2),
            ("if x == (1 + run_task(\"a\", ^", "run_task", 1),
        ] {
            let call = place(text).1.call.unwrap_or_else(|| panic!("{text}"));
            assert_eq!((call.name.as_str(), call.index), (name, index), "{text}");
        }
        for text in [
            "if (^",
            "f(1); ^",
            "g.step(\"a\", || { ^ })",
            "parallel(x, |y| { let z = ^",
        ] {
            assert_eq!(place(text).1.call, None, "{text}");
        }
    }

    #[test]
    fn keys_of_maps_are_found_with_those_that_are_there() {
        let (source, found) =
            place("run_task(\"service\", \"web\", #{ action: \"x\", na^, other: 1 });");
        assert_eq!(
            found.kind,
            PlaceKind::Key {
                present: vec!["action".to_owned(), "other".to_owned()]
            }
        );
        assert_eq!(found.word.of(source.text()), "na");
        let call = found.call.unwrap();
        assert_eq!((call.name.as_str(), call.index), ("run_task", 2));
        assert_eq!(call.text_argument(&source, 0), Some("service"));
        assert_eq!(call.text_argument(&source, 1), Some("web"));
        let (_, found) = place("run_task(\"s\", \"w\", #{ a: 1, b: #{ c: \"^");
        assert_eq!(found.path, ["b", "c"]);
        assert_eq!(found.call.unwrap().index, 2);
        assert_eq!(kind("f(#{ ^"), PlaceKind::Key { present: vec![] });
        assert_eq!(
            kind("f(#{ ^\nlet x = 1; let y = #{ z: 1 };"),
            PlaceKind::Key { present: vec![] }
        );
        assert_eq!(kind("f(#{ a: ^ })"), PlaceKind::Expression);
    }

    #[test]
    fn receivers_of_members_reach_back_through_calls_and_indexes() {
        for (text, wanted) in [
            ("results.^", "results"),
            (
                "let x = run_task(\"a\", [\"b\"]).first.^",
                "run_task(\"a\", [\"b\"]).first",
            ),
            ("f(a, results[\"x\"].fi^)", "results[\"x\"]"),
            ("a + b.^\nlet y = 1;", "b"),
            ("x?.y.^", "x?.y"),
            ("if results.^ {", "results"),
            ("lib::f(1).^", "lib::f(1)"),
            ("`${r.^", "r"),
            ("\"abc\".^", "\"abc\""),
            ("(a + b).^", "(a + b)"),
            ("return [1, 2].^", "[1, 2]"),
        ] {
            let (source, found) = place(text);
            let PlaceKind::Member {
                receiver: Some(receiver),
            } = found.kind
            else {
                panic!("{text}: {found:?}");
            };
            assert_eq!(receiver.of(source.text()), wanted, "{text}");
        }
        assert_eq!(
            kind("log::^"),
            PlaceKind::Namespace {
                name: "log".to_owned()
            }
        );
        assert_eq!(
            kind("import \"std/^\" as x;"),
            PlaceKind::ImportPath { start: 8 }
        );
    }

    #[test]
    fn variables_are_those_of_the_scopes_around() {
        for (text, wanted) in [
            ("let a = 1; let b = 2; ^", "a b"),
            ("let a = 1; { let b = 2; } ^", "a"),
            ("let a = 1; fn f(x, y) { let z = 1; ^ }", "x y z"),
            ("let a = ^", ""),
            ("for (x, i) in items.filter(|r| r.ok) { ^", "i x"),
            ("let a = 1; a.map(|x, y| x + ^", "a x y"),
            ("let a = 1; a.map(|x| x + 1); ^", "a"),
            ("f(|x| x, ^", ""),
            ("try { } catch (e) { ^", "e"),
            ("try { } catch { ^", ""),
            ("let s = `${a.map(|q| ^", "q"),
            ("let a = [1]; let a = 2; ^", "a"),
        ] {
            let mut names: Vec<String> = place(text)
                .1
                .variables
                .into_iter()
                .map(|v| v.name)
                .collect();
            names.sort();
            assert_eq!(names.join(" "), wanted, "{text}");
        }
        let (source, found) = place("let a = [1]; let a = 2; ^");
        assert_eq!(
            found.variables[0].span.start,
            source.text().rfind("a = 2").unwrap()
        );
    }

    #[test]
    fn the_header_has_places_of_its_own() {
        assert_eq!(
            kind("param x: ^\nrun_task(\"a\", \"b\");"),
            PlaceKind::ParamType
        );
        assert_eq!(kind("param x: Str^;"), PlaceKind::ParamType);
        assert_eq!(
            kind("/// Doc.\nparam x: Optional[In^]"),
            PlaceKind::ParamType
        );
        assert_eq!(kind("param x: Integer = ^;"), PlaceKind::Expression);
        assert_eq!(kind("param x: Integer = 1;\n^"), PlaceKind::Statement);
        assert_eq!(kind("param a: String;\nparam ^"), PlaceKind::Nothing);
    }

    proptest! {
        #[test]
        fn no_text_and_no_place_is_too_odd(
            text in "(let |for |in |fn |f\\(|catch|import |\\\"std|as |param |é|😀|\\||,|:|;|\\.|::|#\\{|\\{|\\}|\\[|\\]|\\(|\\)|\\\"|`|\\$\\{|//|/\\*|'|=| |\n|\r\n|run_task|x){0,30}",
            at in 0_usize..80,
        ) {
            let source = Source::new("a.rhai", text.as_str());
            let place = Place::at(&source, at);
            prop_assert!(text.get(place.word.range()).is_some(), "{place:?}");
            prop_assert!(place.word.start <= at.min(text.len()));
            if let PlaceKind::Member { receiver: Some(receiver) } = &place.kind {
                prop_assert!(text.get(receiver.range()).is_some(), "{place:?}");
                prop_assert!(receiver.end <= place.word.start);
            }
            if let Some(mended) = mended(&source, place.word) {
                prop_assert!(mended.text().starts_with(&text[..place.word.start]));
            }
            let outline = Outline::of(&source);
            for function in outline.functions {
                prop_assert!(text.get(function.span.range()).is_some());
            }
        }
    }
}
