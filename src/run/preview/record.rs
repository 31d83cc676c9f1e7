//! What a preview writes down.

use serde::Serialize;

use crate::{
    event::Asked,
    model::{BranchPath, EffectId, Place, ResultSet, TargetName, Value},
};

/// All that one way through a plan asked for, and what it looked at that nobody knows yet.
#[derive(Clone, Debug, Default)]
pub struct PreviewRecord {
    /// In the order in which the plan asked.
    pub effects: Vec<Previewed>,
    pub unknown: Vec<Unknown>,
    /// Where the plan decided on something that nobody knows, each place once.
    pub decisions: Vec<Decision>,
}

/// A decision on something that nobody knows before it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What was decided on, as it is written.
    pub text: String,
    /// A `while`, which is gone through once.
    pub is_loop: bool,
    /// The ways that there are, in words.
    pub ways: Vec<String>,
    /// The one that was taken.
    pub taken: usize,
    pub place: Place,
}

/// One effect that would be performed.
#[derive(Clone, Debug, Serialize)]
pub struct Previewed {
    #[serde(rename = "effect", serialize_with = "shown")]
    pub id: EffectId,
    #[serde(flatten)]
    pub asked: Asked,
    pub answer: Answer,
    /// What the targets said, where they were really asked.
    #[serde(skip)]
    pub results: Option<ResultSet>,
}

impl Previewed {
    #[must_use]
    pub const fn branch(&self) -> &BranchPath {
        &self.id.branch
    }

    /// Whether something would be done on targets.
    #[must_use]
    pub const fn is_action(&self) -> bool {
        self.asked.action.is_some()
    }
}

/// Where the answer that the plan went on with comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Answer {
    /// It is taken to succeed; its value is not known.
    Assumed,
    /// It is taken to succeed, with the value that the call or the task declares for previews.
    Declared,
    /// It is taken to fail on this target.
    Failing { target: TargetName },
    /// The task was run in noop mode, and this is how many targets failed.
    Noop { failed: usize },
    /// The answer of a person, or of chance, that is taken for granted.
    Supposed { value: Value },
    /// It is true already now: the time, a file of the project, a variable of the environment.
    Known,
    /// There is nothing to answer.
    Nothing,
}

/// Something that the plan looks at and that is not known before it runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unknown {
    /// The name of the entry, such as `stdout`.
    pub entry: String,
    /// The action that will tell, such as ``command `uptime` ``.
    pub of: String,
    /// The first target that was looked at, and how many there were.
    pub target: TargetName,
    pub targets: usize,
    pub place: Option<Place>,
}

fn shown<S: serde::Serializer>(effect: &EffectId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(effect)
}
