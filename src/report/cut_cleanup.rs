//! A clean-up that a stop has cut short, named by what it did not come to.

use std::fmt;

use super::human::{NAMED_MAX, title};
use crate::{event::EffectView, model::a_few};

/// ``run_command echo enable on web1 (plans/deploy.rhai:3:1), and what comes after it``
pub(super) struct CutCleanup<'a>(pub(super) &'a EffectView);

impl fmt::Display for CutCleanup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = &self.0.asked;
        let object = asked.description.as_deref().unwrap_or(&asked.object);
        f.write_str(&asked.function)?;
        if !object.is_empty() {
            write!(f, " {}", title(object))?;
        }
        if !asked.targets.is_empty() {
            let done = |name| self.0.results.get(name).is_some_and(|it| it.is_ok());
            let missing = asked.targets.iter().filter(|name| !done(*name));
            write!(f, " on {}", a_few(missing, NAMED_MAX))?;
        }
        if let Some(place) = &asked.place {
            write!(f, " ({place})")?;
        }
        f.write_str(", and what comes after it")
    }
}
