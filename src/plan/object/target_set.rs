//! `TargetSet`: targets in an order, each once.

use std::{collections::HashSet, fmt, ops::Deref, rc::Rc, sync::Arc};

use rhai::Dynamic;

use crate::model::{Target, TargetName};

/// Targets, each once, in the order in which they were named. Cloning it is cloning a pointer.
#[derive(Clone, Debug)]
pub(crate) struct TargetSet(Rc<[Arc<Target>]>);

impl TargetSet {
    /// The targets of both, those of `self` first.
    pub(crate) fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).cloned().collect()
    }

    /// Those that are not in `other`.
    pub(crate) fn difference(&self, other: &Self) -> Self {
        let names = other.name_set();
        self.keeping(|target| !names.contains(&target.name))
    }

    /// Those that are in `other` too.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let names = other.name_set();
        self.keeping(|target| names.contains(&target.name))
    }

    /// Whether both have the same targets, in whatever order.
    pub(crate) fn has_same(&self, other: &Self) -> bool {
        self.len() == other.len() && self.difference(other).is_empty()
    }

    pub(crate) fn contains_name(&self, name: &str) -> bool {
        self.iter().any(|target| target.name.as_str() == name)
    }

    fn name_set(&self) -> HashSet<&TargetName> {
        self.iter().map(|target| &target.name).collect()
    }

    fn keeping(&self, keep: impl Fn(&Target) -> bool) -> Self {
        Self(self.iter().filter(|target| keep(target)).cloned().collect())
    }

    /// A part of it, by position. Parts of a set need no look at names.
    pub(crate) fn part(&self, range: std::ops::Range<usize>) -> Self {
        Self(self.0[range].into())
    }
}

impl Deref for TargetSet {
    type Target = [Arc<Target>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromIterator<Arc<Target>> for TargetSet {
    /// A target that comes again is left out.
    fn from_iter<I: IntoIterator<Item = Arc<Target>>>(targets: I) -> Self {
        let mut seen = HashSet::new();
        let targets = targets.into_iter();
        Self(
            targets
                .filter(|target| seen.insert(target.name.clone()))
                .collect(),
        )
    }
}

impl IntoIterator for TargetSet {
    type Item = Dynamic;
    type IntoIter = Box<dyn Iterator<Item = Dynamic>>;

    fn into_iter(self) -> Self::IntoIter {
        let count = self.len();
        Box::new((0..count).map(move |position| Dynamic::from(Arc::clone(&self.0[position]))))
    }
}

impl fmt::Display for TargetSet {
    /// The names, separated by commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, target) in self.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            write!(f, "{separator}{}", target.name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &str) -> TargetSet {
        names
            .split_whitespace()
            .map(|name| Arc::new(Target::new(name, "ssh")))
            .collect()
    }

    #[test]
    fn arithmetic_keeps_the_order_of_the_left_side() {
        let left = set("c a b a");
        let right = set("a d");
        assert_eq!(left.to_string(), "c, a, b");
        assert_eq!(left.difference(&right).to_string(), "c, b");
        assert_eq!(left.union(&right).to_string(), "c, a, b, d");
        assert_eq!(left.intersection(&right).to_string(), "a");
        assert!(left.has_same(&set("b c a")));
        assert!(!left.has_same(&set("b c d")));
    }
}
