//! Functions and closures: their names and parameters are found in the tokens, for Rhai keeps no positions of them.

use rhai::{Position, ScriptFnMetadata};

use super::{
    bodies::FunctionBody,
    lower::Lowering,
    tree::{Closure, Expression, ExpressionKind, Function, Name, Statement, StatementKind},
};
use crate::plan::source::{Span, TokenKind};

impl Lowering<'_> {
    /// `fn name(a, b)`: Rhai keeps no positions of any of it.
    pub(super) fn function(
        &self,
        function: &ScriptFnMetadata<'_>,
        body: Option<&FunctionBody>,
    ) -> Function {
        let heads = self.function_heads();
        let head = heads.iter().find(|(name, params)| {
            name.text == function.name && params.len() == function.params.len()
        });
        let (name, params) = head.cloned().unwrap_or_else(|| {
            let nowhere = |text: &str| Name {
                text: text.to_owned(),
                span: Span::default(),
            };
            let params = function.params.iter().map(|param| nowhere(param)).collect();
            (nowhere(function.name), params)
        });
        Function {
            name: name.text,
            name_span: name.span,
            params,
            body: body.map_or_else(Vec::new, |body| self.statements(&body.statements)),
            private: function.access == rhai::FnAccess::Private,
            receiver: function.this_type.map(str::to_owned),
        }
    }

    /// The name and the parameters of every `fn` of the file.
    fn function_heads(&self) -> Vec<(Name, Vec<Name>)> {
        let tokens = self.source.tokens();
        let text = self.source.text();
        let mut heads = Vec::new();
        for (index, token) in tokens.all().iter().enumerate() {
            if token.kind != TokenKind::Word || token.span.of(text) != "fn" {
                continue;
            }
            let mut at = index;
            let mut words = Vec::new();
            while let Some(next) = tokens.next(at) {
                at = next;
                let token = tokens.all()[at];
                match token.kind {
                    TokenKind::Open(_) => break,
                    TokenKind::Word => words.push(token.span),
                    _ => {}
                }
            }
            let Some(name) = words.last() else { continue };
            let end = tokens.partner(at).unwrap_or(at);
            let params = (at..end)
                .map(|index| tokens.all()[index])
                .filter(|token| token.kind == TokenKind::Word)
                .map(|token| self.word(token.span))
                .collect();
            heads.push((self.word(*name), params));
        }
        heads
    }

    fn word(&self, span: Span) -> Name {
        Name {
            text: span.of(self.source.text()).to_owned(),
            span,
        }
    }

    pub(super) fn closure(&self, name: &str, captures: &[Name], position: Position) -> Expression {
        let opener = self.token(position);
        let Some(body) = self.bodies.closure(name) else {
            return Expression {
                kind: ExpressionKind::Unit,
                span: opener,
            };
        };
        let params = self.closure_params(opener, body, captures.len());
        let statements = self.statements(&body.statements);
        let end = statements.last().map_or(opener, |last| last.span);
        // A body in braces ends where they do, not with its last statement.
        let head = params.last().map_or(opener.end, |last| last.span.end);
        let braces = self.next_bracket(head);
        let in_braces = self.braces_follow(head) && braces.covers(end);
        Expression {
            kind: ExpressionKind::Closure(Closure {
                params,
                captures: captures.to_vec(),
                body: flattened(statements),
            }),
            span: opener.to(end).to(if in_braces { braces } else { end }),
        }
    }

    /// Whether a `{` is the next token behind a byte, but for the bar that closes the parameters.
    fn braces_follow(&self, offset: usize) -> bool {
        let tokens = self.source.tokens();
        let text = self.source.text();
        let mut index = tokens.index_at(offset);
        while let Some(token) = tokens.get(index) {
            match token.span.of(text) {
                "|" | "||" => index += 1,
                other => return other == "{",
            }
        }
        false
    }

    /// The names between the bars. The captured ones come first in Rhai's list.
    fn closure_params(&self, opener: Span, body: &FunctionBody, captured: usize) -> Vec<Name> {
        let tokens = self.source.tokens();
        let own = body.params.get(captured..).unwrap_or_default();
        let words = (tokens.index_at(opener.start) + 1..tokens.all().len())
            .map(|index| tokens.all()[index])
            .filter(|token| token.kind == TokenKind::Word)
            .map(|token| token.span);
        own.iter()
            .zip(words)
            .map(|(text, span)| Name {
                text: text.clone(),
                span,
            })
            .collect()
    }
}

/// A closure whose body is one block has its statements directly.
fn flattened(mut statements: Vec<Statement>) -> Vec<Statement> {
    if let [
        Statement {
            kind: StatementKind::Block(_),
            ..
        },
    ] = statements.as_slice()
        && let Some(Statement {
            kind: StatementKind::Block(block),
            ..
        }) = statements.pop()
    {
        return block.statements;
    }
    statements
}
