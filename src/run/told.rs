//! Of which targets something was said, so that a warning is neither repeated without end nor written ten thousand times.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use crate::model::TargetName;

/// How many targets of a job are told of one by one when something is wrong with them: those that a person takes in.
pub(super) const ALONE_MAX: usize = 20;

/// The targets of which one thing was said.
#[derive(Default)]
pub(super) struct Told(Mutex<BTreeSet<TargetName>>);

/// What is to be said of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    Alone,
    /// Once, for this target and all further ones.
    AsOthers,
    Nothing,
}

impl Told {
    pub(super) fn tell_of(&self, target: &TargetName) -> Telling {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One more than are told of, which is the first of the others.
        if told.len() > ALONE_MAX || !told.insert(target.clone()) {
            Telling::Nothing
        } else if told.len() > ALONE_MAX {
            Telling::AsOthers
        } else {
            Telling::Alone
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_target_is_told_of_once_and_takes_the_place_of_no_other() {
        let told = Told::default();
        let target = |number| TargetName::from(format!("web{number}").as_str());
        assert_eq!(told.tell_of(&target(0)), Telling::Alone);
        for _ in 0..ALONE_MAX {
            assert_eq!(told.tell_of(&target(0)), Telling::Nothing);
        }
        for number in 1..ALONE_MAX {
            assert_eq!(told.tell_of(&target(number)), Telling::Alone);
        }
        assert_eq!(told.tell_of(&target(ALONE_MAX)), Telling::AsOthers);
        assert_eq!(told.tell_of(&target(ALONE_MAX + 1)), Telling::Nothing);
        assert_eq!(told.tell_of(&target(0)), Telling::Nothing);
    }
}
