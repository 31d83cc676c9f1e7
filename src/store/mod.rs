//! Keeping jobs: their events, output and sealed secrets. The only room that speaks SQL.
//!
//! Knows nothing of how effects are performed or shown.
