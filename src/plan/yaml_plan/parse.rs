//! Puppet code becomes a tree. The rules of precedence are those of "Expressions and operators" in Puppet's manual.

use super::{
    expression::{Call, Expression, ExpressionKind as Kind, Lambda},
    template,
    token::{Token, TokenKind, Trouble, tokens, trouble},
};

/// Code that is nested deeper is made to exhaust the stack.
const DEPTH_MAX: usize = 50;

/// Operators, those that bind least first.
const LEVELS: [&[&str]; 8] = [
    &["or"],
    &["and"],
    &["<", ">", "<=", ">="],
    &["==", "!="],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
    &["=~", "!~", "in"],
];

/// Functions that may be called without brackets.
const STATEMENTS: [&str; 14] = [
    "break", "contain", "debug", "err", "fail", "import", "include", "info", "next", "notice",
    "realize", "require", "return", "warning",
];

/// The expressions of a block of code, in their order.
pub(super) fn parse(code: &str) -> Result<Vec<Expression>, Trouble> {
    parse_at(code, 0, 0)
}

/// The same for code that begins at a byte of other code.
pub(super) fn parse_at(code: &str, base: usize, depth: usize) -> Result<Vec<Expression>, Trouble> {
    let moved = |mut trouble: Trouble| {
        trouble.at += base;
        trouble
    };
    let mut tokens = tokens(code).map_err(moved)?;
    for token in &mut tokens {
        token.at += base;
    }
    let mut parser = Parser {
        tokens,
        next: 0,
        end: base + code.len(),
        depth,
    };
    let body = parser.statements()?;
    match parser.peek() {
        None => Ok(body),
        Some(token) => Err(parser.unexpected(&token.kind.clone())),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn at(&self) -> usize {
        self.peek().map_or(self.end, |token| token.at)
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token { kind: TokenKind::Sign(found), .. }) if *found == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token { kind: TokenKind::Word(found), .. }) if found == word)
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.next += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), Trouble> {
        if self.take_sign(sign) {
            return Ok(());
        }
        match self.peek().map(|token| token.kind.clone()) {
            None => Err(trouble(self.end, format!("`{sign}` is missing at the end"))),
            Some(_) => Err(trouble(self.at(), format!("expected `{sign}`"))),
        }
    }

    fn unexpected(&self, kind: &TokenKind) -> Trouble {
        let shown = match kind {
            TokenKind::Variable(name) => format!("${name}"),
            TokenKind::Word(text) | TokenKind::Type(text) | TokenKind::Number(text) => text.clone(),
            TokenKind::Text(_) | TokenKind::Template(_) => {
                return trouble(self.at(), "a text is unexpected here");
            }
            TokenKind::Pattern(text) => format!("/{text}/"),
            TokenKind::Sign(sign) => (*sign).to_owned(),
        };
        trouble(self.at(), format!("`{shown}` is unexpected here"))
    }

    fn statements(&mut self) -> Result<Vec<Expression>, Trouble> {
        let mut found = Vec::new();
        while self.peek().is_some() && !self.is_sign("}") {
            found.push(self.expression()?);
            while self.take_sign(";") {}
        }
        Ok(found)
    }

    fn block(&mut self) -> Result<Vec<Expression>, Trouble> {
        self.expect("{")?;
        let body = self.statements()?;
        self.expect("}")?;
        Ok(body)
    }

    fn expression(&mut self) -> Result<Expression, Trouble> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(trouble(
                self.at(),
                format!("this is nested more than {DEPTH_MAX} deep"),
            ));
        }
        let found = self.assignment();
        self.depth -= 1;
        found
    }

    fn assignment(&mut self) -> Result<Expression, Trouble> {
        let left = self.selector()?;
        if !self.is_sign("=") {
            return Ok(left);
        }
        let Kind::Variable(name) = left.kind else {
            return Err(trouble(left.at, "only a variable can be set"));
        };
        self.next += 1;
        let value = self.expression()?;
        Ok(Expression {
            at: left.at,
            kind: Kind::Assign {
                name,
                value: Box::new(value),
            },
        })
    }

    fn selector(&mut self) -> Result<Expression, Trouble> {
        let of = self.binary(0)?;
        if !self.take_sign("?") {
            return Ok(of);
        }
        self.expect("{")?;
        let mut options = Vec::new();
        while !self.is_sign("}") {
            let when = self.binary(0)?;
            self.expect("=>")?;
            let gives = self.expression()?;
            options.push((vec![when], vec![gives]));
            if !self.take_sign(",") {
                break;
            }
        }
        self.expect("}")?;
        Ok(Expression {
            at: of.at,
            kind: Kind::Case {
                of: Box::new(of),
                options,
            },
        })
    }

    fn binary(&mut self, level: usize) -> Result<Expression, Trouble> {
        let Some(signs) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.binary(level + 1)?;
        while let Some(sign) = self.operator(signs) {
            self.next += 1;
            let right = self.binary(level + 1)?;
            left = Expression {
                at: left.at,
                kind: Kind::Binary {
                    sign,
                    left: Box::new(left),
                    right: Box::new(right),
                },
            };
        }
        Ok(left)
    }

    fn operator(&self, signs: &[&'static str]) -> Option<&'static str> {
        let found = match &self.peek()?.kind {
            TokenKind::Sign(sign) => sign,
            TokenKind::Word(word) => word.as_str(),
            _ => return None,
        };
        signs.iter().find(|sign| **sign == found).copied()
    }

    fn unary(&mut self) -> Result<Expression, Trouble> {
        for sign in ["!", "-", "*"] {
            let at = self.at();
            if self.is_sign(sign) {
                self.next += 1;
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err(trouble(at, "there are too many signs in a row"));
                }
                let of = self.unary()?;
                self.depth -= 1;
                return Ok(Expression {
                    at,
                    kind: Kind::Unary {
                        sign,
                        of: Box::new(of),
                    },
                });
            }
        }
        let first = self.primary()?;
        self.postfix(first)
    }

    /// What is looked up in a value or called on it.
    fn postfix(&mut self, mut value: Expression) -> Result<Expression, Trouble> {
        loop {
            let at = value.at;
            if self.is_sign("[") && self.peek().is_some_and(|token| !token.is_apart) {
                self.next += 1;
                let keys = self.list("]")?;
                value = match value.kind {
                    Kind::Type { name, arguments } if arguments.is_empty() => Expression {
                        at,
                        kind: Kind::Type {
                            name,
                            arguments: keys,
                        },
                    },
                    kind => Expression {
                        at,
                        kind: Kind::Index {
                            of: Box::new(Expression { at, kind }),
                            keys,
                        },
                    },
                };
            } else if self.take_sign(".") {
                let name = self.method_name()?;
                let mut arguments = vec![value];
                if self.is_sign("(") && self.peek().is_some_and(|token| !token.is_apart) {
                    self.next += 1;
                    arguments.extend(self.list(")")?);
                }
                let lambda = self.lambda()?;
                value = Expression {
                    at,
                    kind: Kind::Call(Call {
                        name,
                        is_method: true,
                        arguments,
                        lambda,
                    }),
                };
            } else {
                return Ok(value);
            }
        }
    }

    fn method_name(&mut self) -> Result<String, Trouble> {
        let found = self.peek().map(|token| token.kind.clone());
        match found {
            Some(TokenKind::Word(name) | TokenKind::Type(name)) => {
                self.next += 1;
                Ok(name)
            }
            _ => Err(trouble(self.at(), "a name is missing behind the dot")),
        }
    }

    /// Expressions with commas between them, to a closing bracket.
    fn list(&mut self, close: &str) -> Result<Vec<Expression>, Trouble> {
        let mut found = Vec::new();
        while !self.is_sign(close) {
            let value = self.expression()?;
            // In a call, `'a' => 1` is an entry of a map whose braces are left out.
            if self.take_sign("=>") {
                let mut pairs = vec![(value, self.expression()?)];
                while self.take_sign(",") && !self.is_sign(close) {
                    let key = self.expression()?;
                    self.expect("=>")?;
                    pairs.push((key, self.expression()?));
                }
                let at = pairs[0].0.at;
                found.push(Expression {
                    at,
                    kind: Kind::Map(pairs),
                });
                break;
            }
            found.push(value);
            if !self.take_sign(",") {
                break;
            }
        }
        self.expect(close)?;
        Ok(found)
    }

    fn lambda(&mut self) -> Result<Option<Lambda>, Trouble> {
        if !self.is_sign("|") {
            return Ok(None);
        }
        self.next += 1;
        let mut params = Vec::new();
        while !self.is_sign("|") {
            // The type of a parameter says nothing that Rhai could use.
            while matches!(
                self.peek(),
                Some(Token {
                    kind: TokenKind::Type(_),
                    ..
                })
            ) {
                self.next += 1;
                if self.take_sign("[") {
                    self.list("]")?;
                }
            }
            match self.peek().map(|token| token.kind.clone()) {
                Some(TokenKind::Variable(name)) => params.push(name),
                _ => return Err(trouble(self.at(), "expected the parameter of a block")),
            }
            self.next += 1;
            if self.is_sign("=") {
                return Err(trouble(self.at(), "a parameter of a block has a default"));
            }
            if !self.take_sign(",") {
                break;
            }
        }
        self.expect("|")?;
        let body = self.block()?;
        Ok(Some(Lambda { params, body }))
    }

    fn primary(&mut self) -> Result<Expression, Trouble> {
        let at = self.at();
        let Some(token) = self.peek().cloned() else {
            return Err(trouble(self.end, "the code ends in the middle"));
        };
        self.next += 1;
        let kind = match token.kind {
            TokenKind::Variable(name) => Kind::Variable(name),
            TokenKind::Number(text) => Kind::Number(text),
            TokenKind::Text(text) => Kind::Text(text),
            TokenKind::Template(text) => {
                Kind::Template(template::escaped(&text, at + 1, self.depth)?)
            }
            TokenKind::Pattern(text) => Kind::Pattern(text),
            TokenKind::Type(name) => {
                if self.is_sign("(") {
                    self.next += 1;
                    let arguments = self.list(")")?;
                    Kind::Call(Call {
                        name,
                        is_method: false,
                        arguments,
                        lambda: None,
                    })
                } else {
                    Kind::Type {
                        name,
                        arguments: Vec::new(),
                    }
                }
            }
            TokenKind::Word(word) => return self.word(at, &word),
            TokenKind::Sign("(") => {
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            TokenKind::Sign("[") => Kind::List(self.list("]")?),
            TokenKind::Sign("{") => Kind::Map(self.map()?),
            kind @ TokenKind::Sign(_) => {
                self.next -= 1;
                return Err(self.unexpected(&kind));
            }
        };
        Ok(Expression { at, kind })
    }

    fn map(&mut self) -> Result<Vec<(Expression, Expression)>, Trouble> {
        let mut pairs = Vec::new();
        while !self.is_sign("}") {
            let key = self.expression()?;
            self.expect("=>")?;
            pairs.push((key, self.expression()?));
            if !self.take_sign(",") {
                break;
            }
        }
        self.expect("}")?;
        Ok(pairs)
    }

    fn word(&mut self, at: usize, word: &str) -> Result<Expression, Trouble> {
        let kind = match word {
            "true" => Kind::Boolean(true),
            "false" => Kind::Boolean(false),
            "undef" => Kind::Undefined,
            "default" => Kind::Default,
            "if" | "unless" => self.conditional(word == "unless")?,
            "case" => self.case()?,
            _ if self.is_sign("(") => {
                self.next += 1;
                let arguments = self.list(")")?;
                let lambda = self.lambda()?;
                Kind::Call(Call {
                    name: word.to_owned(),
                    is_method: false,
                    arguments,
                    lambda,
                })
            }
            _ if STATEMENTS.contains(&word) => {
                let mut arguments = Vec::new();
                if self.peek().is_some() && !self.is_sign("}") {
                    arguments.push(self.expression()?);
                }
                Kind::Call(Call {
                    name: word.to_owned(),
                    is_method: false,
                    arguments,
                    lambda: None,
                })
            }
            // A bare word is a text.
            _ => Kind::Text(word.to_owned()),
        };
        Ok(Expression { at, kind })
    }

    fn conditional(&mut self, is_unless: bool) -> Result<Kind, Trouble> {
        let mut condition = self.expression()?;
        if is_unless {
            condition = Expression {
                at: condition.at,
                kind: Kind::Unary {
                    sign: "!",
                    of: Box::new(condition),
                },
            };
        }
        let mut branches = vec![(condition, self.block()?)];
        while self.take_word("elsif") {
            let condition = self.expression()?;
            branches.push((condition, self.block()?));
        }
        let otherwise = if self.take_word("else") {
            Some(self.block()?)
        } else {
            None
        };
        Ok(Kind::If {
            branches,
            otherwise,
        })
    }

    fn case(&mut self) -> Result<Kind, Trouble> {
        let of = self.expression()?;
        self.expect("{")?;
        let mut options = Vec::new();
        while !self.is_sign("}") {
            let mut values = vec![self.selector()?];
            while self.take_sign(",") {
                values.push(self.selector()?);
            }
            self.expect(":")?;
            options.push((values, self.block()?));
        }
        self.expect("}")?;
        Ok(Kind::Case {
            of: Box::new(of),
            options,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(code: &str) -> Kind {
        let mut found = parse(code).unwrap_or_else(|trouble| panic!("{code}: {trouble:?}"));
        assert_eq!(found.len(), 1, "{code}");
        found.remove(0).kind
    }

    /// The tree with a bracket around each operation.
    fn shown(expression: &Expression) -> String {
        match &expression.kind {
            Kind::Binary { sign, left, right } => {
                format!("({} {sign} {})", shown(left), shown(right))
            }
            Kind::Unary { sign, of } => format!("({sign}{})", shown(of)),
            Kind::Variable(name) => name.clone(),
            Kind::Number(text) => text.clone(),
            Kind::Index { of, .. } => format!("{}[]", shown(of)),
            Kind::Call(call) => format!(
                "{}({}{})",
                call.name,
                call.arguments
                    .iter()
                    .map(shown)
                    .collect::<Vec<_>>()
                    .join(" "),
                if call.lambda.is_some() { " ||" } else { "" }
            ),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn operators_bind_as_they_do_in_puppet() {
        for (code, wanted) in [
            ("$a or $b and !$c == $d", "(a or (b and ((!c) == d)))"),
            ("$a + $b * 2 - 1", "((a + (b * 2)) - 1)"),
            ("$a.b[1].c($d)", "c(b(a)[] d)"),
            ("$a.map |$x| { $x }.join($b)", "join(map(a ||) b)"),
            ("$a in $b + $c", "((a in b) + c)"),
            ("-$a < 2", "((-a) < 2)"),
        ] {
            let found = parse(code).unwrap();
            assert_eq!(shown(&found[0]), wanted, "{code}");
        }
    }

    #[test]
    fn statements_follow_each_other_without_anything_between_them() {
        let found = parse("$x = $foo + 1\n$x * 2\nnotice 'a'\n['b']").unwrap();
        assert_eq!(found.len(), 4);
        assert!(matches!(found[0].kind, Kind::Assign { .. }));
        assert!(matches!(&found[2].kind, Kind::Call(call) if call.name == "notice"));
        assert!(matches!(found[3].kind, Kind::List(_)));
    }

    #[test]
    fn braces_of_the_last_map_of_a_call_may_be_left_out() {
        let Kind::Call(call) = one("run_task('a', $t, 'x' => 1, 'y' => 2)") else {
            panic!()
        };
        assert_eq!(call.arguments.len(), 3);
        assert!(matches!(&call.arguments[2].kind, Kind::Map(pairs) if pairs.len() == 2));
    }

    #[test]
    fn conditions_and_cases_are_read() {
        assert!(matches!(
            one("if $a { 1 } elsif $b { 2 } else { 3 }"),
            Kind::If { branches, otherwise: Some(_) } if branches.len() == 2
        ));
        assert!(matches!(
            one("case $a { 'x', 'y': { 1 } default: { 2 } }"),
            Kind::Case { options, .. } if options.len() == 2 && options[0].0.len() == 2
        ));
        assert!(matches!(
            one("$a ? { 'x' => 1, default => 2 }"),
            Kind::Case { .. }
        ));
    }

    #[test]
    fn what_is_no_puppet_is_told_with_its_place() {
        for (code, at) in [
            ("def not_puppet [", 16),
            ("$a +", 4),
            ("$a.", 3),
            ("1 = 2", 0),
            (")", 0),
            ("\"a ${", 0),
            ("\"ab ${$x +}\"", 10),
        ] {
            assert_eq!(parse(code).unwrap_err().at, at, "{code}");
        }
        for deep in ["(".repeat(1000), "!".repeat(1000), "[".repeat(1000)] {
            assert!(parse(&deep).is_err());
        }
        let nested = format!("{}1{}", "\"${".repeat(200), "}\"".repeat(200));
        assert!(parse(&nested).is_err());
    }
}
