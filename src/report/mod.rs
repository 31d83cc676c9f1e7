//! What people and scripts read: terminal, JSON, JSON lines, JUnit.
//!
//! Draws from events and from the fold of events, and has no state of its own.
