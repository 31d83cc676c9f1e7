//! A walk over the tokens before a byte: which brackets are open there, and which variables are known.

use crate::plan::source::{Bracket, Source, Span, Token, TokenKind, Tokens, keyword};

use super::place::{CallAt, VariableAt};

/// Words with a bracket behind them that call nothing.
const NO_CALLS: [&str; 12] = [
    "if", "while", "until", "for", "switch", "return", "in", "catch", "throw", "fn", "else", "do",
];

/// What is open at the end of a text.
pub(super) struct Walk<'a> {
    source: &'a Source,
    frames: Vec<Frame>,
    /// The text ends in the middle of a declaration: a name of the writer's own comes next.
    pub(super) declares: bool,
}

/// An open bracket; the first is the file.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) bracket: Option<Bracket>,
    pub(super) call: Option<CallAt>,
    /// Of a map: the key whose value is being written, and all keys so far.
    pub(super) key: Option<String>,
    pub(super) keys: Vec<String>,
    variables: Vec<VariableAt>,
    /// Declared by a statement that has not ended yet.
    coming: Vec<VariableAt>,
    /// For the block that comes next: the item of a loop, a caught error, the parameters of a function.
    pending: Vec<VariableAt>,
    pending_is_function: bool,
    /// The parameters of closures in the argument or statement that is being written.
    closures: Vec<VariableAt>,
    /// Nothing outside is seen.
    is_function: bool,
}

impl<'a> Walk<'a> {
    /// Walks over all tokens of a text, which ends where the question is.
    pub(super) fn over(source: &'a Source) -> Self {
        let mut walk = Self {
            source,
            frames: vec![Frame::default()],
            declares: false,
        };
        let mut index = 0;
        while let Some(token) = source.tokens().get(index) {
            index = walk.step(index, token);
        }
        walk
    }

    /// The open brackets, the innermost last. The first is the file and is always there.
    pub(super) fn frames(&self) -> &[Frame] {
        &self.frames
    }

    pub(super) fn innermost(&self) -> &Frame {
        self.frames.last().expect("the file is never closed")
    }

    /// The variables that are seen at the end, a later one of the same name before an earlier one.
    pub(super) fn variables(&self) -> Vec<VariableAt> {
        let mut seen: Vec<VariableAt> = Vec::new();
        for frame in self.frames.iter().rev() {
            let own = frame
                .closures
                .iter()
                .rev()
                .chain(frame.variables.iter().rev());
            for variable in own {
                if !seen.iter().any(|known| known.name == variable.name) {
                    seen.push(variable.clone());
                }
            }
            if frame.is_function {
                break;
            }
        }
        seen
    }

    pub(super) fn in_function(&self) -> bool {
        self.frames.iter().any(|frame| frame.is_function)
    }

    fn tokens(&self) -> &'a Tokens {
        self.source.tokens()
    }

    fn text_of(&self, token: Token) -> &'a str {
        token.span.of(self.source.text())
    }

    fn top(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the file is never closed")
    }

    /// Looks at one token and gives the index of the next to look at.
    fn step(&mut self, index: usize, token: Token) -> usize {
        let next = index + 1;
        match token.kind {
            TokenKind::Open(bracket) => self.open(index, bracket),
            TokenKind::Close(bracket) => self.close(bracket),
            TokenKind::Symbol => return self.symbol(index, token),
            TokenKind::Word => match self.text_of(token) {
                "let" | "const" => return self.declaration(next),
                "for" => return self.names_until(next, "in"),
                "fn" => return self.function(next),
                "catch" => return self.names_until(next, ")"),
                _ => {}
            },
            _ => {}
        }
        next
    }

    fn open(&mut self, index: usize, bracket: Bracket) {
        let call = (bracket == Bracket::Round)
            .then(|| call_at(self.source, index))
            .flatten();
        let mut frame = Frame {
            bracket: Some(bracket),
            call,
            ..Frame::default()
        };
        if bracket == Bracket::Curly {
            let outer = self.top();
            frame.variables = std::mem::take(&mut outer.pending);
            frame.is_function = std::mem::take(&mut outer.pending_is_function);
        }
        self.frames.push(frame);
    }

    /// A closing bracket that closes nothing is passed over.
    fn close(&mut self, close: Bracket) {
        let matching = self.frames.iter().rposition(|frame| {
            frame
                .bracket
                .is_some_and(|bracket| bracket.is_closed_by(close))
        });
        if let Some(depth) = matching {
            self.frames.truncate(depth);
        }
    }

    fn symbol(&mut self, index: usize, token: Token) -> usize {
        match self.text_of(token) {
            "," => {
                let frame = self.top();
                if let Some(call) = &mut frame.call {
                    call.index += 1;
                    call.starts.push(token.span.end);
                }
                frame.key = None;
                frame.closures.clear();
            }
            ";" => {
                let frame = self.top();
                let coming = std::mem::take(&mut frame.coming);
                frame.variables.extend(coming);
                frame.closures.clear();
                frame.pending.clear();
            }
            ":" => {
                let before = self.tokens().previous(index);
                let key = before.and_then(|before| self.tokens().get(before));
                let key = key.map(|key| self.text_of(key).trim_matches('"').to_owned());
                let frame = self.top();
                if frame.bracket == Some(Bracket::Map) && frame.key.is_none() {
                    frame.keys.extend(key.clone());
                    frame.key = key;
                }
            }
            "|" => {
                let before = self.tokens().previous(index);
                let before = before.and_then(|before| self.tokens().get(before));
                let is_operator = before.is_some_and(|before| {
                    before.ends_operand() && !keyword::is_keyword(self.text_of(before))
                });
                if !is_operator {
                    return self.closure(index + 1);
                }
            }
            _ => {}
        }
        index + 1
    }

    fn variable(&self, token: Token) -> VariableAt {
        VariableAt {
            name: self.text_of(token).to_owned(),
            span: token.span,
        }
    }

    /// `let name`: known from the end of the statement on.
    fn declaration(&mut self, index: usize) -> usize {
        let Some(name) = self.tokens().get(index) else {
            self.declares = true;
            return index;
        };
        if name.kind != TokenKind::Word {
            return index;
        }
        let variable = self.variable(name);
        self.top().coming.push(variable);
        self.declares = self.tokens().get(index + 1).is_none();
        index + 1
    }

    /// The names in front of a word or bracket are known in the block that follows.
    fn names_until(&mut self, index: usize, end: &str) -> usize {
        let mut names = Vec::new();
        let mut at = index;
        while let Some(token) = self.tokens().get(at) {
            at += 1;
            let text = self.text_of(token);
            if text == end {
                self.top().pending = names;
                return at;
            }
            match token.kind {
                TokenKind::Word => names.push(self.variable(token)),
                TokenKind::Open(Bracket::Round) | TokenKind::Comment(_) => {}
                _ if matches!(text, "," | ")") => {}
                // It is something else, such as `catch {`.
                _ => return index,
            }
        }
        self.declares = true;
        at
    }

    fn function(&mut self, index: usize) -> usize {
        let open = self.tokens().get(index + 1).map(|token| token.kind);
        if open != Some(TokenKind::Open(Bracket::Round)) {
            self.declares = self.tokens().get(index + 1).is_none();
            return index + 1;
        }
        let end = self.names_until(index + 2, ")");
        self.top().pending_is_function = true;
        end
    }

    fn closure(&mut self, index: usize) -> usize {
        let mut params = Vec::new();
        let mut at = index;
        while let Some(token) = self.tokens().get(at) {
            at += 1;
            match self.text_of(token) {
                "|" => {
                    self.top().closures.extend(params);
                    return at;
                }
                "," => {}
                _ if token.kind == TokenKind::Word => params.push(self.variable(token)),
                _ => return index,
            }
        }
        self.declares = true;
        at
    }
}

/// The call whose arguments begin with the bracket at `open`.
fn call_at(source: &Source, open: usize) -> Option<CallAt> {
    let tokens = source.tokens();
    let text = source.text();
    let name_index = tokens.previous(open)?;
    let name = tokens.get(name_index)?;
    let word = name.span.of(text);
    if name.kind != TokenKind::Word || NO_CALLS.contains(&word) {
        return None;
    }
    let mut call = CallAt {
        name: word.to_owned(),
        name_span: name.span,
        receiver: None,
        index: 0,
        starts: vec![tokens.get(open)?.span.end],
    };
    let Some(before) = tokens.previous(name_index) else {
        return Some(call);
    };
    let owner = tokens.previous(before);
    match tokens.get(before).map(|token| token.span.of(text)) {
        Some("::") => {
            let namespace = owner.and_then(|owner| tokens.get(owner))?;
            call.name = format!("{}::{word}", namespace.span.of(text));
        }
        Some("." | "?.") => {
            call.receiver = owner.and_then(|owner| operand_ending_at(source, owner));
        }
        _ => {}
    }
    Some(call)
}

/// The whole of what ends with the token at `index`, such as `run_task("x", "y").first` in front of a point.
pub(super) fn operand_ending_at(source: &Source, index: usize) -> Option<Span> {
    let tokens = source.tokens();
    let text = source.text();
    let end = tokens.get(index)?.span;
    let mut at = index;
    loop {
        let token = tokens.get(at)?;
        match token.kind {
            TokenKind::Close(_) | TokenKind::TemplateEnd => {
                at = tokens.partner(at)?;
                let is_list = matches!(
                    tokens.get(at)?.kind,
                    TokenKind::Open(Bracket::Round | Bracket::Square)
                );
                let before = tokens.previous(at);
                let callee = before.filter(|before| {
                    tokens.get(*before).is_some_and(|token| {
                        token.ends_operand() && !NO_CALLS.contains(&token.span.of(text))
                    })
                });
                if let (true, Some(callee)) = (is_list, callee) {
                    at = callee;
                    continue;
                }
            }
            TokenKind::Word | TokenKind::Number | TokenKind::Text | TokenKind::Character => {}
            _ => return None,
        }
        let before = tokens.previous(at);
        let joined = before.filter(|before| {
            tokens
                .get(*before)
                .is_some_and(|token| matches!(token.span.of(text), "." | "?." | "::"))
        });
        match joined.and_then(|joined| tokens.previous(joined)) {
            Some(owner) => at = owner,
            None => return Some(Span::new(tokens.get(at)?.span.start, end.end)),
        }
    }
}
