//! How states look: a symbol for those who see no colour, and colours that are told apart in most kinds of sight.

use crate::schedule::State;

/// The colours of a box, as CSS writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colors {
    pub(super) fill: &'static str,
    pub(super) stroke: &'static str,
    pub(super) text: &'static str,
}

/// Of a box without a state.
pub(super) const PLAIN: Colors = Colors {
    fill: "#ffffff",
    stroke: "#57606a",
    text: "#1f2328",
};

/// One character that stands for the state.
pub(super) const fn symbol(state: State) -> char {
    match state {
        State::Waiting => '·',
        State::Ready => '○',
        State::Running => '▶',
        State::Done => '✔',
        State::Failed => '✘',
        State::Skipped => '↷',
        State::Undoing => '◀',
        State::Undone => '↶',
        State::UndoFailed => '⚠',
        State::Unreached => '–',
    }
}

/// The name of the state as part of an identifier.
pub(super) const fn class(state: State) -> &'static str {
    match state {
        State::UndoFailed => "undo_failed",
        _ => state.as_str(),
    }
}

pub(super) const fn colors(state: Option<State>) -> Colors {
    let (fill, stroke, text) = match state {
        None => return PLAIN,
        Some(State::Done) => ("#dafbe1", "#1a7f37", "#0f3d1c"),
        Some(State::Failed) => ("#ffebe9", "#cf222e", "#6e0c14"),
        Some(State::Running | State::Undoing) => ("#ddf4ff", "#0969da", "#0a3069"),
        Some(State::UndoFailed) => ("#cf222e", "#6e0c14", "#ffffff"),
        Some(State::Undone) => ("#fff8c5", "#9a6700", "#4d2d00"),
        Some(State::Skipped | State::Unreached | State::Waiting | State::Ready) => {
            ("#f6f8fa", "#8c959f", "#57606a")
        }
    };
    Colors { fill, stroke, text }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_states_share_a_symbol_or_a_class() {
        let symbols: HashSet<char> = State::ALL.into_iter().map(symbol).collect();
        let classes: HashSet<&str> = State::ALL.into_iter().map(class).collect();
        assert_eq!(symbols.len(), State::ALL.len());
        assert_eq!(classes.len(), State::ALL.len());
        assert!(classes.iter().all(|class| !class.contains(' ')));
    }
}
