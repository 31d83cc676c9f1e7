//! Where operands and closures begin, as far as tokens tell: brackets and bars mean one thing there and another behind an operand.

use super::{Bracket, Source, TokenKind};

impl Source {
    /// Whether what stands at `index` begins an operand, and does not go on with one.
    pub(in crate::plan) fn begins_operand(&self, index: usize) -> bool {
        let tokens = self.tokens();
        let Some(before) = tokens.previous(index) else {
            return true;
        };
        let Some(token) = tokens.get(before) else {
            return true;
        };
        match token.kind {
            TokenKind::Close(Bracket::Curly | Bracket::Interpolation) => {
                self.ends_statement(before)
            }
            TokenKind::Word => matches!(
                token.span.of(self.text()),
                "return" | "throw" | "break" | "in" | "if" | "while" | "until" | "switch" | "else"
            ),
            _ => !token.ends_operand(),
        }
    }

    /// The bar behind the parameters of the closure that begins at `index`, if one does.
    pub(in crate::plan) fn closure_bar(&self, index: usize) -> Option<usize> {
        let tokens = self.tokens();
        let text = |at: usize| tokens.get(at).map(|token| token.span.of(self.text()));
        let mut bar = index;
        match text(index)? {
            "||" => {}
            "|" => loop {
                bar = tokens.next(bar)?;
                match text(bar)? {
                    "|" => break,
                    "," => {}
                    _ if tokens.get(bar)?.kind == TokenKind::Word => {}
                    _ => return None,
                }
            },
            _ => return None,
        }
        self.begins_operand(index).then_some(bar)
    }

    /// Whether the brace at `close` ends a statement: that of `if a { }` does, that of `x = if a { 1 } else { 2 }` and
    /// that of a map do not.
    pub(in crate::plan) fn ends_statement(&self, close: usize) -> bool {
        let tokens = self.tokens();
        let text = |at: usize| {
            tokens
                .get(at)
                .map_or("", |token| token.span.of(self.text()))
        };
        let Some(mut at) = tokens.partner(close) else {
            return true;
        };
        if !self.closes_block(close) {
            return false;
        }
        // Back over what the block belongs to.
        while let Some(before) = tokens.previous(at) {
            let next = match (text(before), tokens.get(before).map(|token| token.kind)) {
                ("else" | "catch", _) => {
                    let block = tokens.previous(before);
                    block.and_then(|block| tokens.partner(block))
                }
                ("if" | "switch" | "while" | "for" | "loop" | "do" | "try" | "fn", _) => {
                    match tokens.previous(before).map_or(";", text) {
                        "else" => Some(before),
                        outside => {
                            return matches!(outside, ";" | "{" | "}" | "=>" | "private");
                        }
                    }
                }
                (";" | "{" | "=>", _) => return true,
                _ if self.closes_block(before) => return true,
                ("let" | "const" | "return" | "throw" | "break" | "=" | "+=" | ",", _)
                | (_, Some(TokenKind::Open(_) | TokenKind::TemplateStart)) => return false,
                (_, Some(TokenKind::Close(_) | TokenKind::TemplateEnd)) => tokens.partner(before),
                _ => Some(before),
            };
            let Some(next) = next else { return true };
            at = next;
        }
        true
    }

    /// The last token of the expression that begins at `at`, which ends where something of its surroundings follows.
    pub(in crate::plan) fn expression_end(&self, at: usize) -> Option<usize> {
        let tokens = self.tokens();
        let mut last = None;
        let mut next = Some(at);
        while let Some(at) = next {
            let token = tokens.get(at)?;
            match token.kind {
                TokenKind::Close(_) | TokenKind::TemplateMiddle | TokenKind::TemplateEnd => break,
                TokenKind::Symbol if matches!(token.span.of(self.text()), ";" | "," | "=>") => {
                    break;
                }
                TokenKind::Open(_) | TokenKind::TemplateStart => last = Some(tokens.partner(at)?),
                _ => last = Some(at),
            }
            next = tokens.next(last?);
        }
        last
    }

    /// Whether the brace at `open` begins the cases of a `switch`, which are no statements.
    pub(in crate::plan) fn begins_cases(&self, open: usize) -> bool {
        let tokens = self.tokens();
        let mut index = open;
        while let Some(before) = tokens.previous(index) {
            let Some(token) = tokens.get(before) else {
                return false;
            };
            match token.span.of(self.text()) {
                "switch" => return true,
                ";" | "{" | "}" | "=>" => return false,
                _ => {}
            }
            index = match token.kind {
                TokenKind::Close(_) | TokenKind::TemplateEnd => {
                    tokens.partner(before).unwrap_or(before)
                }
                _ => before,
            };
        }
        false
    }

    fn closes_block(&self, index: usize) -> bool {
        let tokens = self.tokens();
        let open = tokens.partner(index).filter(|open| *open < index);
        open.and_then(|open| tokens.get(open))
            .is_some_and(|open| open.kind == TokenKind::Open(Bracket::Curly))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the first `§` of a text, which is taken out of it, stands where an operand begins.
    fn begins_operand(text: &str) -> bool {
        let at = text.find('§').unwrap();
        let source = Source::new("a.rhai", text.replace('§', ""));
        source.begins_operand(source.tokens().index_at(at))
    }

    #[test]
    fn an_operand_begins_behind_a_statement_and_goes_on_behind_a_value() {
        for text in [
            "§[a]",
            "x = §[a]",
            "return §|x| x",
            "if a { b } §[c]",
            "if a { b } else if c { d } else { e } §[f]",
            "f(); { g() } §[h]",
            "fn f(a) { if a[0] { return 1; } §|x| x }",
            "let x = 1; for y in [x] { f(y) } §[x]",
            "try { f() } catch (e) { g() } §[x]",
            "if a { } if b { } §[x]",
            "switch a { 1 => { f() } } §[x]",
            "switch a { 1 => §|| x }",
        ] {
            assert!(begins_operand(text), "{text}");
        }
        for text in [
            "a§[0]",
            "f()§[0]",
            "#{ a: b }§[c]",
            "let x = if a { b } else { c } §|| d",
            "x = if a { b } else if c { d } else { e } §| f",
            "x += switch a { 1 => b, _ => c } §|| d",
            "f(if a { b } else { c } §|| d)",
            "f(1, if a { b } else { c } §|| d)",
            "return if a { b } else { c }§[0]",
            "let x = a + { b } §|| c",
            "let x = switch #{ a: b } { _ => c } §|| d",
        ] {
            assert!(!begins_operand(text), "{text}");
        }
    }

    #[test]
    fn a_closure_begins_with_bars_around_names() {
        for (text, bar) in [
            ("|| a", Some(0)),
            ("|a, b| c", Some(4)),
            ("|a b", None),
            ("|1| a", None),
            ("|a| b | c", Some(2)),
        ] {
            assert_eq!(Source::new("a.rhai", text).closure_bar(0), bar, "{text}");
        }
    }
}
