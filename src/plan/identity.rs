//! The ids of effects: a second run of the plan computes the same ones, wherever its lines have moved and in whatever
//! order its branches came to an end.

use std::{cell::RefCell, collections::HashMap};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::effect::{Action, Effect, Params};
use crate::model::{BranchPath, ContentHash, EffectId, Secret, Value};

/// What turns a secret into a digest that tells nothing of it. The same for all runs of a job.
#[derive(Clone, Debug, Default)]
pub struct IdentityKey(Secret<Vec<u8>>);

impl IdentityKey {
    #[must_use]
    pub const fn new(key: Secret<Vec<u8>>) -> Self {
        Self(key)
    }
}

/// Gives ids to the effects of one run.
pub(super) struct Identities {
    key: IdentityKey,
    // By path and not by branch: two `parallel` calls over the same targets give branches of the same path, one after
    // the other, and the second must not repeat the ids of the first.
    asked: RefCell<HashMap<(BranchPath, ContentHash), u32>>,
    /// How many nameless branches each branch has started.
    nameless: RefCell<HashMap<(BranchPath, &'static str), u32>>,
}

impl Identities {
    pub(super) fn new(key: IdentityKey) -> Self {
        Self {
            key,
            asked: RefCell::default(),
            nameless: RefCell::default(),
        }
    }

    /// The id of an effect that the branch asks for now.
    pub(super) fn of(&self, branch: &BranchPath, effect: &Effect) -> EffectId {
        let content = self.content(effect);
        let mut asked = self.asked.borrow_mut();
        let count = asked.entry((branch.clone(), content)).or_default();
        let occurrence = *count;
        *count += 1;
        EffectId {
            branch: branch.clone(),
            content,
            occurrence,
        }
    }

    /// A name for a branch that has none of its own: the first of its kind is `kind`, the next `kind~2`.
    pub(super) fn name(&self, parent: &BranchPath, kind: &'static str) -> String {
        let mut nameless = self.nameless.borrow_mut();
        let count = nameless.entry((parent.clone(), kind)).or_default();
        *count += 1;
        if *count == 1 {
            kind.to_owned()
        } else {
            format!("{kind}~{count}")
        }
    }

    /// The hash of what is asked. Secrets are redacted in the text and count by a keyed digest after it, so that
    /// two different secrets make two different effects.
    fn content(&self, effect: &Effect) -> ContentHash {
        let mut text = serde_json::to_vec(effect).expect("effects are plain data with string keys");
        let mut secrets = Vec::new();
        for value in values(effect) {
            collect_secrets(value, &mut secrets);
        }
        for secret in secrets {
            let mut mac = Hmac::<Sha256>::new_from_slice(self.key.0.reveal())
                .expect("a key of any length will do");
            mac.update(secret.to_revealed_json().to_string().as_bytes());
            text.push(0);
            text.extend_from_slice(&mac.finalize().into_bytes());
        }
        ContentHash::of(&text)
    }
}

/// The values in an effect that may hide secrets.
fn values(effect: &Effect) -> Vec<&Value> {
    let Effect::Run(run) = effect else {
        return Vec::new();
    };
    let mut values: Vec<&Value> = run.options.env.values().collect();
    if let Action::Task { params, .. } = &run.action {
        match params {
            Params::Same(map) => values.extend(map.values()),
            Params::Each(maps) => {
                values.extend(maps.iter().flatten().flat_map(|map| map.values()));
            }
        }
    }
    values
}

fn collect_secrets<'a>(value: &'a Value, secrets: &mut Vec<&'a Value>) {
    match value {
        Value::Sensitive(_) => secrets.push(value),
        Value::Array(items) => items.iter().for_each(|item| collect_secrets(item, secrets)),
        Value::Map(map) => map.values().for_each(|item| collect_secrets(item, secrets)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::plan::{Run, RunOptions};

    fn command(env: Value) -> Effect {
        Effect::Run(Run {
            action: Action::Command {
                command: "uptime".to_owned(),
            },
            targets: Vec::new(),
            options: RunOptions {
                env: BTreeMap::from([("TOKEN".to_owned(), env)]),
                ..RunOptions::default()
            },
        })
    }

    #[test]
    fn different_secrets_make_different_effects_under_any_key() {
        let root = BranchPath::root();
        let keys = [Vec::new(), vec![7]].map(|key| IdentityKey::new(Secret::new(key)));
        let [plain, keyed] = keys.map(|key| {
            let identities = Identities::new(key);
            ["a", "a", "b"].map(|secret| {
                let effect = command(Value::sensitive(secret.into()));
                identities.of(&root, &effect)
            })
        });
        assert_eq!(plain[0].content, plain[1].content);
        assert_eq!((plain[0].occurrence, plain[1].occurrence), (0, 1));
        assert_ne!(plain[0].content, plain[2].content);
        assert_ne!(plain[0].content, keyed[0].content);
    }

    #[test]
    fn what_is_not_asked_does_not_count() {
        let identities = Identities::new(IdentityKey::default());
        let root = BranchPath::root();
        let mut slow = command(Value::Null);
        if let Effect::Run(run) = &mut slow {
            run.options.limit = Some(1);
            run.options.description = Some("look".to_owned());
        }
        let first = identities.of(&root, &command(Value::Null));
        let second = identities.of(&root, &slow);
        assert_eq!(first.content, second.content);
        assert_eq!(second.occurrence, 1);
        let elsewhere = identities.of(&root.child("web1"), &slow);
        assert_eq!(elsewhere.occurrence, 0);
    }
}
