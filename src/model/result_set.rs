//! The results of one action on many targets.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Failure, TargetName, TargetResult, Value, kinds};

/// One result for every target, in the order of the targets. Cloning it is cloning a pointer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResultSet {
    results: Arc<[Arc<TargetResult>]>,
}

impl ResultSet {
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<TargetResult>> {
        self.results.iter()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.results.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.results.is_empty()
    }

    /// Whether every target succeeded. True of an empty set.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.results.iter().all(|result| result.is_ok())
    }

    #[must_use]
    pub fn get(&self, target: &str) -> Option<&Arc<TargetResult>> {
        self.results
            .iter()
            .find(|result| result.target.as_str() == target)
    }

    #[must_use]
    pub fn at(&self, index: usize) -> Option<&Arc<TargetResult>> {
        self.results.get(index)
    }

    /// Those results that `keep` says yes to.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&TargetResult) -> bool) -> Self {
        self.results
            .iter()
            .filter(|result| keep(result))
            .cloned()
            .collect()
    }

    /// The failure that a plan gets when nobody caught that some targets failed.
    #[must_use]
    pub fn run_failure(&self, what: &str) -> Failure {
        let failed: Vec<&TargetName> = self
            .results
            .iter()
            .filter(|result| !result.is_ok())
            .map(|result| &result.target)
            .collect();
        let plural = if failed.len() == 1 {
            "target"
        } else {
            "targets"
        };
        let names: Vec<Value> = failed.iter().map(|name| name.as_str().into()).collect();
        Failure::new(
            kinds::RUN_FAILURE,
            format!("{what} failed on {} {plural}", failed.len()),
        )
        .with_detail("failed", Value::Array(names))
    }
}

impl FromIterator<Arc<TargetResult>> for ResultSet {
    fn from_iter<I: IntoIterator<Item = Arc<TargetResult>>>(results: I) -> Self {
        Self {
            results: results.into_iter().collect(),
        }
    }
}

impl FromIterator<TargetResult> for ResultSet {
    fn from_iter<I: IntoIterator<Item = TargetResult>>(results: I) -> Self {
        results.into_iter().map(Arc::new).collect()
    }
}
