//! Where the text of a plan gets the words by which a preview follows what nobody knows.
//!
//! A value is marked where something gets it: a variable, a key of a map, an item of a list, an argument, whoever is given
//! what a function, a closure or a block comes to. What an action is told says nothing about what comes of it, so its
//! arguments are set aside.

use super::source::{Bracket, Source, Span, Token, TokenKind, Tokens, keyword};

/// What is put before a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// It is unknown if something in it is.
    Value,
    /// Whatever it is, what it is given to is known.
    Aside,
}

/// The functions that do something with what they are given, and give something else.
const ACTIONS: [&str; 13] = [
    "run_task",
    "run_task_with",
    "run_command",
    "run_script",
    "run_plan",
    "upload",
    "download",
    "write_file",
    "wait_until_available",
    "collect_facts",
    "sleep",
    "print",
    "approve",
];

/// The functions that give what their closures give, marked where these give it.
const RUNNERS: [&str; 7] = [
    "parallel",
    "settle",
    "attempt",
    "retry",
    "background",
    "timeout",
    "around",
];

/// The bytes before which something is put, each with what.
pub(super) fn marks(source: &Source) -> Vec<(usize, Mark)> {
    let mut reader = Reader {
        source,
        tokens: source.tokens(),
        marks: Vec::new(),
    };
    reader.read();
    reader.marks
}

/// The innermost value around a byte that can be marked.
pub(super) fn value_around(source: &Source, offset: usize) -> Option<Span> {
    let tokens = source.tokens();
    let starts = marks(source).into_iter().map(|(start, _)| start);
    let spans = starts.filter(|start| *start <= offset).filter_map(|start| {
        let last = source.expression_end(tokens.index_at(start))?;
        Some(Span::new(start, tokens.get(last)?.span.end))
    });
    spans
        .filter(|span| offset < span.end)
        .max_by_key(|span| span.start)
}

/// A bracket that is open, as far as it says where values stand.
#[derive(Clone, Copy, Debug)]
enum Open {
    /// The statement that is being read begins at this token.
    Block(usize),
    Cases,
    Map,
    List,
    Arguments(Whose),
    Other,
}

/// Whose arguments they are.
#[derive(Clone, Copy, Debug)]
enum Whose {
    Action,
    Runner,
    Anybody,
}

struct Reader<'a> {
    source: &'a Source,
    tokens: &'a Tokens,
    marks: Vec<(usize, Mark)>,
}

impl<'a> Reader<'a> {
    fn text(&self, at: usize) -> &'a str {
        let token = self.tokens.get(at);
        token.map_or("", |token| token.span.of(self.source.text()))
    }

    fn next_text(&self, at: usize) -> &'a str {
        self.tokens.next(at).map_or("", |next| self.text(next))
    }

    fn before(&self, at: usize) -> Option<(usize, &'a str)> {
        let before = self.tokens.previous(at)?;
        Some((before, self.text(before)))
    }

    fn read(&mut self) {
        let mut open: Vec<Open> = Vec::new();
        let mut bar = None;
        for at in 0..self.tokens.all().len() {
            let token = self.tokens.all()[at];
            // Between its bars are the names of a closure.
            bar = bar.or_else(|| self.source.closure_bar(at));
            if let Some(end) = bar {
                if at == end {
                    self.value(at, Mark::Value);
                    bar = None;
                }
                continue;
            }
            match token.kind {
                TokenKind::Open(bracket) => {
                    let opened = self.opened(at, bracket);
                    open.push(opened);
                    self.item(at, opened);
                }
                TokenKind::TemplateStart => open.push(Open::Other),
                TokenKind::Close(_) | TokenKind::TemplateEnd => {
                    let closed = open.pop();
                    if let Some(Open::Block(start)) = closed {
                        self.tail(start, at);
                    }
                    if let Some(Open::Block(start)) = open.last_mut()
                        && self.ends_statement(at, token)
                    {
                        *start = at + 1;
                    }
                }
                TokenKind::Symbol => {
                    if let (Some(Open::Block(start)), ";") = (open.last_mut(), self.text(at)) {
                        *start = at + 1;
                    }
                    self.behind_symbol(at, open.last().copied());
                }
                TokenKind::Word if self.text(at) == "return" => self.value(at, Mark::Value),
                _ => {}
            }
        }
    }

    fn ends_statement(&self, close: usize, token: Token) -> bool {
        token.kind == TokenKind::Close(Bracket::Curly)
            && self.source.ends_statement(close)
            && !matches!(
                self.next_text(close),
                "else" | "catch" | "while" | "until" | "." | "?."
            )
    }

    fn opened(&self, at: usize, bracket: Bracket) -> Open {
        match bracket {
            Bracket::Curly if self.source.begins_cases(at) => Open::Cases,
            Bracket::Curly => Open::Block(at + 1),
            Bracket::Map => Open::Map,
            Bracket::Square if self.text(at) == "[" && self.source.begins_operand(at) => Open::List,
            Bracket::Round => self
                .called(at)
                .map_or(Open::Other, |name| Open::Arguments(self.whose(name))),
            Bracket::Square | Bracket::Interpolation => Open::Other,
        }
    }

    /// The name of the function that is called with the arguments behind the bracket.
    fn called(&self, open: usize) -> Option<usize> {
        let (name, word) = self.before(open)?;
        let is_name = self.tokens.get(name)?.kind == TokenKind::Word && !keyword::is_keyword(word);
        let mut first = name;
        while let Some((point, ".")) = self.before(first) {
            first = self.tokens.previous(point)?;
        }
        let is_defined = self.before(first).is_some_and(|(_, word)| word == "fn");
        (is_name && !is_defined).then_some(name)
    }

    fn whose(&self, name: usize) -> Whose {
        let is_method = matches!(self.before(name), Some((_, "." | "?." | "::")));
        match self.text(name) {
            _ if is_method => Whose::Anybody,
            name if ACTIONS.contains(&name) => Whose::Action,
            name if RUNNERS.contains(&name) => Whose::Runner,
            _ => Whose::Anybody,
        }
    }

    fn behind_symbol(&mut self, at: usize, open: Option<Open>) {
        match (self.text(at), open) {
            ("=", _) | ("=>", Some(Open::Cases)) | (":", Some(Open::Map)) => {
                self.value(at, Mark::Value);
            }
            (",", Some(open)) => self.item(at, open),
            _ => {}
        }
    }

    /// The item of a list or the argument behind what stands at `at`.
    fn item(&mut self, at: usize, open: Open) {
        match open {
            Open::List | Open::Arguments(Whose::Anybody) => self.value(at, Mark::Value),
            Open::Arguments(Whose::Action) => self.value(at, Mark::Aside),
            Open::Arguments(Whose::Runner) => {
                let is_closure = matches!(self.next_text(at), "|" | "||");
                self.value(at, if is_closure { Mark::Aside } else { Mark::Value });
            }
            Open::Block(_) | Open::Cases | Open::Map | Open::Other => {}
        }
    }

    /// What a block comes to: its last statement, unless a `;` stands behind it.
    fn tail(&mut self, start: usize, close: usize) {
        let first = (start..close).find(|at| !self.tokens.all()[*at].is_comment());
        if let Some(first) = first {
            self.mark(first, Mark::Value);
        }
    }

    fn value(&mut self, at: usize, mark: Mark) {
        if let Some(first) = self.tokens.next(at) {
            self.mark(first, mark);
        }
    }

    fn mark(&mut self, first: usize, mark: Mark) {
        let Some(token) = self.tokens.get(first) else {
            return;
        };
        let text = token.span.of(self.source.text());
        // The declarations of parameters are gone when Rhai reads the text.
        let is_erased = token.span.of(self.source.script()) != text;
        let is_nothing = matches!(token.kind, TokenKind::Close(_)) || text == ";";
        let is_closure = matches!(text, "|" | "||");
        // What a block gives is marked in it.
        let is_block = matches!(
            text,
            "{" | "if" | "switch" | "loop" | "while" | "do" | "for" | "try"
        );
        let is_statement = matches!(
            text,
            "return"
                | "throw"
                | "break"
                | "continue"
                | "let"
                | "const"
                | "import"
                | "export"
                | "fn"
                | "private"
        ) || self.assigns(first);
        let is_plain = mark == Mark::Value && (is_closure || self.is_single(first, token));
        if !(is_erased || is_nothing || is_block || is_statement || is_plain) {
            self.marks.push((token.span.start, mark));
        }
    }

    /// Whether one name or literal is the whole value: the name of a variable brings the mark along that it has.
    fn is_single(&self, first: usize, token: Token) -> bool {
        matches!(
            token.kind,
            TokenKind::Word | TokenKind::Number | TokenKind::Text | TokenKind::Character
        ) && self.source.expression_end(first) == Some(first)
    }

    /// Whether what begins at `first` assigns to something.
    fn assigns(&self, first: usize) -> bool {
        let Some(last) = self.source.expression_end(first) else {
            return false;
        };
        let mut next = Some(first);
        while let Some(at) = next.filter(|at| *at <= last) {
            let text = self.text(at);
            let kind = self.tokens.all()[at].kind;
            let is_sign = kind == TokenKind::Symbol && text.ends_with('=');
            if is_sign && !matches!(text, "==" | "!=" | "<=" | ">=" | "..=") {
                return true;
            }
            next = match kind {
                TokenKind::Open(_) | TokenKind::TemplateStart => self.tokens.partner(at),
                _ => Some(at),
            };
            next = next.and_then(|at| self.tokens.next(at));
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with `<` where a value is marked, and `^` where one is set aside.
    fn marked(text: &str) -> String {
        let source = Source::new("a.rhai", text);
        let mut marks = marks(&source);
        marks.sort_by_key(|(at, _)| *at);
        let mut marked = String::new();
        let mut before = 0;
        for (at, mark) in marks {
            marked.push_str(&text[before..at]);
            marked.push(if mark == Mark::Value { '<' } else { '^' });
            before = at;
        }
        marked + &text[before..]
    }

    #[test]
    fn a_value_is_marked_where_something_gets_it() {
        for (text, expected) in [
            ("let a = b + c; d = e.f;", "let a = <b + c; d = <e.f;"),
            (
                "a = b; a = 1; a = \"x\"; a += b.c;",
                "a = b; a = 1; a = \"x\"; a += b.c;",
            ),
            ("#{ a: b.c, d: 1, e: f }", "#{ a: <b.c, d: 1, e: f }"),
            ("[a > b, c, d()]", "[<a > b, c, <d()]"),
            ("a[b + c]; f(a, b > c, -1);", "a[b + c]; f(a, <b > c, <-1);"),
            ("|x| x.ok", "|x| <x.ok"),
            ("|x| { f(); x.ok }", "|x| { f(); <x.ok }"),
            (
                "|| { if a { b.c } else { d.e } }",
                "|| { if a { <b.c } else { <d.e } }",
            ),
            ("|| { if a { b(); } c.d }", "|| { if a { b(); } <c.d }"),
            ("|| { f(); }", "|| { f(); }"),
            ("|| { a = b.c }", "|| { a = <b.c }"),
            ("fn f(a, b) { a > b }", "fn f(a, b) { <a > b }"),
            (
                "fn Map.f(a) { return a.b; }",
                "fn Map.f(a) { return <a.b; }",
            ),
            (
                "switch a { 1 => b.c, 2 => { d.e } _ => 3 }",
                "switch a { 1 => <b.c, 2 => { <d.e } _ => 3 }",
            ),
            (
                "try { f() } catch (e) { e.kind }",
                "try { <f() } catch (e) { <e.kind }",
            ),
            (
                "for (a, b) in [c.d] { f(g.h) }",
                "for (a, b) in [<c.d] { <f(<g.h) }",
            ),
            (
                "let a = || b; f(|x| x, || y.z)",
                "let a = || b; f(|x| x, || <y.z)",
            ),
            (
                "return; return a.b; return 1;",
                "return; return <a.b; return 1;",
            ),
            (
                "let a = if b.c { d } else { e.f };",
                "let a = if b.c { d } else { <e.f };",
            ),
        ] {
            assert_eq!(marked(text), expected);
        }
    }

    #[test]
    fn what_an_action_is_told_is_set_aside() {
        for (text, expected) in [
            (
                "run_command(`a ${b}`, c, #{ d: e.f })",
                "run_command(^`a ${b}`, ^c, ^#{ d: <e.f })",
            ),
            (
                "parallel(a.b, |x| { run_task(\"t\", x).ok })",
                "parallel(<a.b, ^|x| { <run_task(^\"t\", ^x).ok })",
            ),
            ("a.run_task(b.c)", "a.run_task(<b.c)"),
        ] {
            assert_eq!(marked(text), expected);
        }
    }

    #[test]
    fn the_value_around_a_byte_is_the_innermost() {
        let source = Source::new("a.rhai", "let a = f(b * c, d) + e;");
        for (needle, value) in [("*", "b * c"), ("+", "f(b * c, d) + e")] {
            let offset = source.text().find(needle).unwrap();
            let span = value_around(&source, offset).unwrap();
            assert_eq!(span.of(source.text()), value);
        }
    }
}
