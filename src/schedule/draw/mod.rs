//! Graphs for people: as text, Mermaid, DOT and SVG, before a run and with its states after it.

mod cycle;

pub use self::cycle::cycle;
