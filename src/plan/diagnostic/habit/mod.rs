//! Mistakes that come from writing other languages: recognised by the tokens around the place, and answered
//! with what to write instead.

mod block;
mod collection;
mod function;
mod name;
mod recognise;
mod text;

pub(super) use self::recognise::habit;
