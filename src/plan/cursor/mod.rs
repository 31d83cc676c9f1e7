//! What stands at a byte of a plan, for editors: read from its tokens alone, since a text that is being written
//! mostly does not parse.
//!
//! Knows nothing of the world around a plan, nor of protocols.

mod mended;
mod outline;
mod place;
mod standard;
mod walk;

pub use self::{
    mended::mended,
    outline::{FunctionAt, ImportAt, Outline, StepAt},
    place::{CallAt, Place, PlaceKind, VariableAt},
    standard::{StandardFunction, standard_functions},
};
