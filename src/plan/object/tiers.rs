//! `Tiers`: targets in waves, dependencies first.

use std::{fmt, ops::Deref, rc::Rc};

use rhai::Dynamic;

use super::TargetSet;

/// Waves of targets, one after the other. Cloning it is cloning a pointer.
#[derive(Clone, Debug)]
pub(crate) struct Tiers(Rc<[TargetSet]>);

impl Tiers {
    /// The same from the last wave to the first.
    pub(crate) fn reversed(&self) -> Self {
        self.iter().rev().cloned().collect()
    }
}

impl Deref for Tiers {
    type Target = [TargetSet];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromIterator<TargetSet> for Tiers {
    fn from_iter<I: IntoIterator<Item = TargetSet>>(waves: I) -> Self {
        Self(waves.into_iter().collect())
    }
}

impl IntoIterator for Tiers {
    type Item = Dynamic;
    type IntoIter = Box<dyn Iterator<Item = Dynamic>>;

    fn into_iter(self) -> Self::IntoIter {
        let waves: Vec<Dynamic> = self.iter().cloned().map(Dynamic::from).collect();
        Box::new(waves.into_iter())
    }
}

impl fmt::Display for Tiers {
    /// The waves, separated by arrows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, wave) in self.iter().enumerate() {
            let separator = if number == 0 { "" } else { " -> " };
            write!(f, "{separator}[{wave}]")?;
        }
        Ok(())
    }
}
