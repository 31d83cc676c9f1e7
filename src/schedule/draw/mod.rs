//! Graphs for people: as text, Mermaid, DOT and SVG, before a run and with its states after it.
//!
//! Each form is a function of a [`Drawing`] that gives something to display, so that nobody copies large texts.

mod cycle;
mod dot;
mod drawing;
mod layout;
mod look;
mod mermaid;
mod settle;
mod svg;
mod text;

pub use self::{
    cycle::cycle,
    dot::dot,
    drawing::{Drawing, StepMark},
    mermaid::mermaid,
    svg::svg,
    text::text,
};
