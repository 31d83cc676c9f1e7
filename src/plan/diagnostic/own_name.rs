//! Names that begin with two underscores. What Segue writes into the text of a plan begins so, and must not be taken for a
//! name of the plan, nor the other way round.

use std::collections::HashSet;

use super::PlanDiagnostic;
use crate::plan::{
    guard,
    source::{Bracket, Source, Span, TokenKind, keyword},
};

const CODE: &str = "segue::plan::reserved_name";

/// What the words of Segue begin with.
pub(in crate::plan) const PREFIX: &str = "__";

/// What speaks against the names of a file, each where it stands first. The names of its parameters are not among them:
/// those are looked at when the header is read.
pub(in crate::plan) fn own_names(source: &Source) -> Vec<PlanDiagnostic> {
    let tokens = source.tokens();
    let text = source.text();
    let is_suspect = |at: &usize| {
        let token = tokens.get(*at);
        token.is_some_and(|token| {
            token.kind == TokenKind::Word && token.span.of(text).starts_with(PREFIX)
        })
    };
    let suspects: Vec<usize> = (0..tokens.all().len()).filter(is_suspect).collect();
    // Hardly any file has one.
    if suspects.is_empty() {
        return Vec::new();
    }
    let declared = declared(source);
    let mut told = HashSet::new();
    let mut problems = Vec::new();
    for at in suspects {
        let span = tokens.all()[at].span;
        let word = span.of(text);
        let is_ours = guard::WORDS.contains(&word);
        let is_name = declared.contains(&at) && rhai::is_valid_identifier(word);
        if (is_ours || is_name) && told.insert(word) {
            problems.push(own_name(source, span));
        }
    }
    problems
}

/// What speaks against the name at that place.
pub(in crate::plan) fn own_name(source: &Source, span: Span) -> PlanDiagnostic {
    let name = span.of(source.text());
    let problem = PlanDiagnostic::error(CODE, format!("`{name}` begins with two underscores"))
        .within(source)
        .label(span, "such names are kept for Segue itself");
    problem.help(match role(source, span) {
        Role::Key => format!("quote it: `\"{name}\": ...`"),
        Role::Property => format!("write `[\"{name}\"]` in place of `.{name}`"),
        Role::Name => {
            let other = name.trim_matches('_');
            let is_free = rhai::is_valid_identifier(other)
                && !keyword::is_keyword(other)
                && !keyword::is_reserved(other);
            if is_free {
                format!("choose another name, such as `{other}` or `_{other}`")
            } else {
                "choose another name".to_owned()
            }
        }
    })
}

enum Role {
    Key,
    Property,
    Name,
}

fn role(source: &Source, span: Span) -> Role {
    let tokens = source.tokens();
    let at = tokens.index_at(span.start);
    // That of a parameter is no token.
    if tokens.get(at).is_none_or(|token| token.span != span) {
        return Role::Name;
    }
    let text = |at: Option<usize>| {
        let token = at.and_then(|at| tokens.get(at));
        token.map_or("", |token| token.span.of(source.text()))
    };
    if matches!(text(tokens.previous(at)), "." | "?.") {
        Role::Property
    } else if text(tokens.next(at)) == ":" {
        Role::Key
    } else {
        Role::Name
    }
}

/// The words that declare something: variables, functions, imports, and the parameters of functions and closures.
fn declared(source: &Source) -> HashSet<usize> {
    let tokens = source.tokens();
    let text = |at: usize| tokens.get(at).map(|token| token.span.of(source.text()));
    let mut declared = HashSet::new();
    for at in 0..tokens.all().len() {
        let end = match text(at) {
            Some("let" | "const" | "as") => tokens.next(at),
            Some("for") => (at..tokens.all().len()).find(|next| text(*next) == Some("in")),
            Some("fn" | "catch") => {
                let is_open = |next: &usize| {
                    let kind = tokens.get(*next).map(|token| token.kind);
                    matches!(kind, Some(TokenKind::Open(Bracket::Round | Bracket::Curly)))
                };
                let open = (at..tokens.all().len()).find(is_open);
                let is_round = |open: &usize| text(*open) == Some("(");
                (open.filter(is_round)).map(|open| tokens.partner(open).unwrap_or(open))
            }
            _ => source.closure_bar(at),
        };
        declared.extend(end.map(|end| at..=end).into_iter().flatten());
    }
    declared
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let source = Source::new("a.rhai", text);
        let problems = own_names(&source);
        let spans = problems.iter().filter_map(PlanDiagnostic::span);
        spans.map(|span| span.of(text).to_owned()).collect()
    }

    #[test]
    fn every_place_that_declares_a_name_is_looked_at() {
        for text in [
            "let __x = 1; print(__x);",
            "const __x = 1;",
            "fn __x() { 1 }",
            "fn Map.__x() { 1 }",
            "fn f(a, __x) { 1 }",
            "private fn f(__x) { 1 }",
            "let f = |a, __x| 1;",
            "f(|__x| 1)",
            "f(|a| |__x| a)",
            "for __x in [1] { }",
            "for (a, __x) in [1] { }",
            "try { } catch (__x) { }",
            "import \"lib\" as __x;",
            "let a = `${f(|__x| 1)}`;",
        ] {
            assert_eq!(told(text), ["__x"], "{text}");
        }
    }

    #[test]
    fn only_the_words_of_segue_can_be_no_keys() {
        for text in [
            "a.__typename = #{ __x: 1, \"__nested\": 2 }[\"__kept\"]; // let __x",
            "let _x = _y; let x__ = `let __x`;",
            "print(__name__);",
            "a | __x | b",
        ] {
            assert!(told(text).is_empty(), "{text}");
        }
        let text = "a.__kept; #{ __nested: 1 }; __each(1); __each(2);";
        assert_eq!(told(text), ["__kept", "__nested", "__each"]);
    }
}
