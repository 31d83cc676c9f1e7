//! `ResultSet`: one result for every target, and the index that finds one by name.

use std::{cell::OnceCell, collections::HashMap, fmt, rc::Rc, sync::Arc};

use rhai::Dynamic;

use crate::model::{Failure, Map, ResultSet, TargetName, TargetResult, Value, a_few};

/// The results of one action. Cloning them is cloning two pointers.
#[derive(Clone, Debug)]
pub(crate) struct Results {
    set: ResultSet,
    /// Made when a result is first looked up by name: looking up 10,000 one after the other must not be quadratic.
    by_name: Rc<OnceCell<HashMap<TargetName, usize>>>,
}

impl Results {
    pub(crate) fn set(&self) -> &ResultSet {
        &self.set
    }

    /// The result of the target of that name; the last one if there are several.
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<TargetResult>> {
        let by_name = self.by_name.get_or_init(|| {
            let results = self.set.iter().enumerate();
            results
                .map(|(position, result)| (result.target.clone(), position))
                .collect()
        });
        by_name
            .get(name)
            .and_then(|position| self.set.at(*position))
    }

    /// Those that `keep` says yes to.
    pub(crate) fn filtered(&self, keep: impl Fn(&TargetResult) -> bool) -> Self {
        self.set.filtered(keep).into()
    }
}

impl From<ResultSet> for Results {
    fn from(set: ResultSet) -> Self {
        Self {
            set,
            by_name: Rc::default(),
        }
    }
}

impl IntoIterator for Results {
    type Item = Dynamic;
    type IntoIter = Box<dyn Iterator<Item = Dynamic>>;

    fn into_iter(self) -> Self::IntoIter {
        let count = self.set.len();
        Box::new(
            (0..count)
                .filter_map(move |position| self.set.at(position).cloned().map(Dynamic::from)),
        )
    }
}

impl fmt::Display for Results {
    /// `3 of 4 succeeded, failed: web2`, with no more names than a line holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES_MAX: usize = 5;
        let failed = || self.set.iter().filter(|result| !result.is_ok());
        let count = failed().count();
        write!(
            f,
            "{} of {} succeeded",
            self.set.len() - count,
            self.set.len()
        )?;
        if count == 0 {
            return Ok(());
        }
        let names = a_few(failed().map(|result| &result.target), NAMES_MAX);
        write!(f, "; failed: {names}")
    }
}

/// A result as Bolt's JSON has it: `target`, `action`, `object`, `status`, `value`.
pub(crate) fn result_map(result: &TargetResult) -> Map {
    let mut value = result.value.map().clone();
    if let Some(failure) = &result.failure {
        value
            .entry("_error".to_owned())
            .or_insert_with(|| Value::Map(failure_map(failure)));
    }
    let status = if result.is_ok() { "success" } else { "failure" };
    let mut map = Map::new();
    map.insert("target".to_owned(), result.target.as_str().into());
    map.insert("action".to_owned(), result.action.as_str().into());
    map.insert("object".to_owned(), result.object.as_str().into());
    map.insert("status".to_owned(), status.into());
    map.insert("value".to_owned(), value.into());
    map
}

fn failure_map(failure: &Failure) -> Map {
    let mut map = Map::new();
    map.insert("kind".to_owned(), failure.kind.as_str().into());
    map.insert("msg".to_owned(), failure.message.as_str().into());
    map.insert("details".to_owned(), failure.details.clone().into());
    if let Some(code) = &failure.issue_code {
        map.insert("issue_code".to_owned(), code.as_str().into());
    }
    map
}
