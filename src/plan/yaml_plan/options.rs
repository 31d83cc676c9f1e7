//! The options of an action: Bolt mixes them into the parameters, with a `_` in front.

use super::rhai_text::{Layout, key};

/// What is said of an action beside what it does.
#[derive(Debug, Default)]
pub(super) struct Options {
    entries: Vec<(String, Layout)>,
}

impl Options {
    pub(super) fn set(&mut self, name: &str, value: Layout) {
        self.entries.push((key(name), value));
    }

    pub(super) fn get(&self, name: &str) -> Option<&Layout> {
        let name = key(name);
        let found = self.entries.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The map, if there is anything in it.
    pub(super) fn layout(self) -> Option<Layout> {
        (!self.entries.is_empty()).then_some(Layout::Map(self.entries))
    }
}
