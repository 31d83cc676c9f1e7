//! What a file declares: functions, imports and steps, also when it does not parse.

use crate::plan::{
    header::comment_text,
    source::{Bracket, CommentKind, Source, Span, Token, TokenKind, Tokens},
};

/// The declarations of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    pub functions: Vec<FunctionAt>,
    pub imports: Vec<ImportAt>,
    /// Steps of graphs, and tests.
    pub steps: Vec<StepAt>,
}

/// `fn name(params) { ... }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionAt {
    pub name: String,
    pub name_span: Span,
    /// With its body.
    pub span: Span,
    pub params: Vec<String>,
    /// The text of the `///` lines above it.
    pub doc: Option<String>,
    /// No other file can call it.
    pub private: bool,
}

/// `import "path" as alias;`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportAt {
    pub path: String,
    pub path_span: Span,
    pub alias: String,
    pub alias_span: Span,
}

/// `.step("name", ...)` or `test("name", ...)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepAt {
    pub name: String,
    /// Of the name in its quotes.
    pub name_span: Span,
    /// Of the whole call.
    pub span: Span,
    pub is_test: bool,
}

impl FunctionAt {
    /// As it is called: `deploy(nodes, version)`.
    #[must_use]
    pub fn signature(&self) -> String {
        format!("{}({})", self.name, self.params.join(", "))
    }
}

impl Outline {
    #[must_use]
    pub fn of(source: &Source) -> Self {
        let reader = Reader {
            text: source.text(),
            tokens: source.tokens(),
        };
        let mut outline = Self::default();
        for (index, token) in source.tokens().all().iter().enumerate() {
            if token.kind != TokenKind::Word {
                continue;
            }
            match token.span.of(source.text()) {
                "fn" => outline.functions.extend(reader.function(index)),
                "import" => outline.imports.extend(reader.import(index)),
                word @ ("step" | "test") => {
                    outline.steps.extend(reader.step(index, word == "test"));
                }
                _ => {}
            }
        }
        outline
    }

    /// The function of that name, the one with that many parameters if there are several.
    #[must_use]
    pub fn function(&self, name: &str, count: Option<usize>) -> Option<&FunctionAt> {
        let named = || {
            self.functions
                .iter()
                .filter(|function| function.name == name)
        };
        named()
            .find(|function| Some(function.params.len()) == count)
            .or_else(|| named().next())
    }

    #[must_use]
    pub fn import(&self, alias: &str) -> Option<&ImportAt> {
        self.imports.iter().find(|import| import.alias == alias)
    }
}

struct Reader<'a> {
    text: &'a str,
    tokens: &'a Tokens,
}

impl Reader<'_> {
    /// The next token that is no comment, and its index.
    fn after(&self, index: usize) -> Option<(usize, Token)> {
        let next = self.tokens.next(index)?;
        Some((next, self.tokens.get(next)?))
    }

    fn word(&self, token: Token) -> Option<String> {
        (token.kind == TokenKind::Word).then(|| token.span.of(self.text).to_owned())
    }

    fn function(&self, keyword: usize) -> Option<FunctionAt> {
        let (at, name) = self.after(keyword)?;
        let (open, bracket) = self.after(at)?;
        if bracket.kind != TokenKind::Open(Bracket::Round) {
            return None;
        }
        let close = self.tokens.partner(open)?;
        let params = (open + 1..close)
            .filter_map(|index| self.word(self.tokens.get(index)?))
            .collect();
        let body = self
            .after(close)
            .filter(|(_, token)| token.kind == TokenKind::Open(Bracket::Curly))
            .and_then(|(open, _)| self.tokens.get(self.tokens.partner(open)?));
        let end = body.or_else(|| self.tokens.get(close))?;
        let before = keyword.checked_sub(1);
        let private = before
            .and_then(|before| self.tokens.get(before))
            .is_some_and(|token| token.span.of(self.text) == "private");
        let first = if private { keyword - 1 } else { keyword };
        Some(FunctionAt {
            name: self.word(name)?,
            name_span: name.span,
            span: self.tokens.get(first)?.span.to(end.span),
            params,
            doc: self.doc_above(first),
            private,
        })
    }

    fn doc_above(&self, index: usize) -> Option<String> {
        let above = self.tokens.all().get(..index)?.iter().rev();
        let mut lines: Vec<Span> = above
            .take_while(|token| token.kind == TokenKind::Comment(CommentKind::Outer))
            .map(|token| token.span)
            .collect();
        lines.reverse();
        comment_text(self.text, &lines)
    }

    fn import(&self, keyword: usize) -> Option<ImportAt> {
        let (at, path) = self.after(keyword)?;
        let (at, word) = self.after(at)?;
        let (_, alias) = self.after(at)?;
        if path.kind != TokenKind::Text || word.span.of(self.text) != "as" {
            return None;
        }
        Some(ImportAt {
            path: self.unquoted(path).of(self.text).to_owned(),
            path_span: self.unquoted(path),
            alias: self.word(alias)?,
            alias_span: alias.span,
        })
    }

    fn step(&self, index: usize, is_test: bool) -> Option<StepAt> {
        let is_member = index
            .checked_sub(1)
            .and_then(|before| self.tokens.get(before))
            .is_some_and(|token| token.span.of(self.text) == ".");
        let (open, bracket) = self.after(index)?;
        let (_, name) = self.after(open)?;
        if is_member == is_test
            || bracket.kind != TokenKind::Open(Bracket::Round)
            || name.kind != TokenKind::Text
        {
            return None;
        }
        let end = self.tokens.get(self.tokens.partner(open)?)?;
        Some(StepAt {
            name: self.unquoted(name).of(self.text).to_owned(),
            name_span: name.span,
            span: self.tokens.get(index)?.span.to(end.span),
            is_test,
        })
    }

    /// What is between the quotes of a string.
    fn unquoted(&self, token: Token) -> Span {
        let Span { start, end } = token.span;
        let inner = Span::new(start + 1, end.saturating_sub(1).max(start + 1));
        if self.text.get(inner.range()).is_some() {
            inner
        } else {
            token.span
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_imports_steps_and_tests_are_found_in_a_broken_file() {
        let source = Source::new(
            "a.rhai",
            "//! Plan.\nimport \"std/healthy\" as health;\n/// Deploys.\n/// Twice.\nfn deploy(nodes, version) { 1 }\n/// Hidden.\nprivate fn inner() {}\nlet g = graph(\"g\");\ng.step(\"fetch\", || deploy(\"a\", 1));\ntest(\"works\", || {});\nlet x = (",
        );
        let outline = Outline::of(&source);
        let [deploy, inner] = outline.functions.as_slice() else {
            panic!("{outline:?}");
        };
        assert_eq!(deploy.signature(), "deploy(nodes, version)");
        assert_eq!(deploy.doc.as_deref(), Some("Deploys.\nTwice."));
        assert_eq!(
            deploy.span.of(source.text()),
            "fn deploy(nodes, version) { 1 }"
        );
        assert!(inner.private && !deploy.private);
        assert_eq!(inner.doc.as_deref(), Some("Hidden."));
        let import = outline.import("health").unwrap();
        assert_eq!(import.path, "std/healthy");
        assert_eq!(import.path_span.of(source.text()), "std/healthy");
        let steps: Vec<(&str, bool)> = outline
            .steps
            .iter()
            .map(|step| (step.name.as_str(), step.is_test))
            .collect();
        assert_eq!(steps, [("fetch", false), ("works", true)]);
    }
}
