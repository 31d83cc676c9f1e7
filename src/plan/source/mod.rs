//! The text of one plan file: its lines, its tokens, and the way from Rhai's positions to spans of whole
//! tokens, calls and arguments.
//!
//! Knows nothing of what the text means.

pub(super) mod keyword;
mod lexer;
mod mended;
mod operand;
mod span;
mod text;
mod token;

pub(super) use self::{
    lexer::Lexer,
    mended::{Mend, Mended},
    token::{Bracket, CommentKind, Token, TokenKind, Tokens},
};
pub use self::{span::Span, text::Source};
