//! A target as a plan or a plugin describes it.

use std::{collections::BTreeSet, fmt};

use super::{
    InventoryError, InventoryErrorKind as Kind,
    config_check::{check_config, map_or_error, wrong_kind},
    edit::overlay,
    layer::fill,
    mask::mask_secrets,
    names::check_name,
    reader::parse_uri,
    tables::{Named, Tables},
    uri::TargetUri,
};
use crate::model::{Map, Value, nearest};

const KEYS: [&str; 8] = [
    "name", "uri", "alias", "config", "vars", "facts", "features", "groups",
];

/// Describes a target that is added to an inventory in memory.
#[derive(Clone, Default, PartialEq)]
pub struct TargetSpec {
    /// One of `name` and `uri` is needed; the name defaults to the URI.
    pub name: Option<String>,
    pub uri: Option<String>,
    pub aliases: Vec<String>,
    /// As in the inventory: `transport`, and a map for each transport.
    pub config: Map,
    pub vars: Map,
    pub facts: Map,
    pub features: BTreeSet<String>,
    /// Groups that it joins. It is in `all` anyway.
    pub groups: Vec<String>,
}

/// Names it. The rest may hold passwords that nobody has covered yet.
impl fmt::Debug for TargetSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TargetSpec")
            .field("name", &self.name)
            .field("uri", &self.uri.as_deref().map(mask_secrets))
            .finish_non_exhaustive()
    }
}

impl TargetSpec {
    /// Reads a description with the keys of a target in an inventory, and `groups`.
    ///
    /// # Errors
    /// A key is not known, or a value is not of the kind that it has to be.
    pub fn from_map(map: Map) -> Result<Self, InventoryError> {
        let mut spec = Self::default();
        for (key, value) in map {
            match key.as_str() {
                "name" => spec.name = Some(text("`name`", &value)?),
                "uri" => spec.uri = Some(text("`uri`", &value)?),
                "alias" => spec.aliases = texts("`alias`", &value)?,
                "config" => spec.config = map_or_error("`config`", value)?,
                "vars" => spec.vars = map_or_error("`vars`", value)?,
                "facts" => spec.facts = map_or_error("`facts`", value)?,
                "features" => spec.features = texts("`features`", &value)?.into_iter().collect(),
                "groups" => spec.groups = texts("`groups`", &value)?,
                _ => {
                    return Err(InventoryError::new(Kind::UnknownKey {
                        what: "a target",
                        nearest: nearest(&key, KEYS).map(str::to_owned),
                        key,
                    }));
                }
            }
        }
        Ok(spec)
    }
}

fn text(what: &str, value: &Value) -> Result<String, InventoryError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        other => Err(wrong_kind(what, "a string", other)),
    }
}

/// One string, or a list of them.
fn texts(what: &str, value: &Value) -> Result<Vec<String>, InventoryError> {
    match value {
        Value::Array(items) => items.iter().map(|item| text(what, item)).collect(),
        one => Ok(vec![text(what, one)?]),
    }
}

/// A description of a target in which nothing can go wrong any more.
pub(super) struct CheckedSpec {
    name: String,
    uri: Option<TargetUri>,
    config: Map,
    groups: Vec<u32>,
    /// The rest of it.
    spec: TargetSpec,
}

impl Tables {
    pub(super) fn check_spec(&self, spec: TargetSpec) -> Result<CheckedSpec, InventoryError> {
        let uri = match &spec.uri {
            Some(uri) => Some(parse_uri(uri).map_err(InventoryError::new)?),
            None => None,
        };
        let name = match (&spec.name, &uri) {
            (Some(name), _) => name.clone(),
            (None, Some(uri)) => uri.text.clone(),
            (None, None) => {
                return Err(InventoryError::new(Kind::MissingKey {
                    what: "a target",
                    key: "`name` and no `uri`",
                }));
            }
        };
        usable("a target", &name)?;
        let index = match self.names.get(name.as_str()) {
            Some(Named::Target(index)) => Some(*index),
            Some(taken) => return Err(name_taken(&name, *taken, "a target")),
            None => None,
        };
        for alias in &spec.aliases {
            usable("an alias", alias)?;
            match self.names.get(alias.as_str()) {
                Some(Named::Alias(of)) if Some(*of) == index => {}
                Some(taken) => return Err(name_taken(alias, *taken, "an alias")),
                None if *alias == name => {
                    return Err(name_taken(alias, Named::Target(0), "an alias"));
                }
                None => {}
            }
        }
        let direct = index.map_or(&[][..], |index| &self.entries[index as usize].groups);
        let groups = spec
            .groups
            .iter()
            .map(|group| self.find_group(group))
            .collect::<Result<Vec<u32>, _>>()?;
        self.check_join(&name, direct, &groups)?;
        Ok(CheckedSpec {
            config: check_config(Value::Map(spec.config.clone()))?,
            name,
            uri,
            groups,
            spec,
        })
    }

    pub(super) fn add(&mut self, checked: CheckedSpec) -> u32 {
        let CheckedSpec {
            name,
            uri,
            config,
            groups,
            spec,
        } = checked;
        let index = if let Some(Named::Target(index)) = self.names.get(name.as_str()) {
            *index
        } else {
            let entry = self.new_entry(&name, None);
            self.push(entry)
        };
        for alias in &spec.aliases {
            self.define(alias, Named::Alias(index));
        }
        let entry = self.entry_mut(index);
        entry.listed = true;
        for alias in spec.aliases {
            if !entry.aliases.contains(&alias) {
                entry.aliases.push(alias);
            }
        }
        if let Some(uri) = uri {
            entry.take_uri(uri);
        }
        let edits = entry.edits_mut();
        overlay(&mut edits.config, config);
        overlay(&mut edits.facts, spec.facts);
        let old_vars = std::mem::replace(&mut edits.vars, spec.vars);
        fill(&mut edits.vars, &old_vars);
        for feature in spec.features {
            edits.without_features.remove(&feature);
            edits.features.insert(feature);
        }
        for group in groups {
            self.join(index, group);
        }
        index
    }
}

fn usable(what: &'static str, name: &str) -> Result<(), InventoryError> {
    check_name(name).map_err(|reason| {
        InventoryError::new(Kind::BadName {
            what,
            name: name.to_owned(),
            reason,
        })
    })
}

fn name_taken(name: &str, by: Named, second: &str) -> InventoryError {
    let first = match by {
        Named::Target(_) => "a target",
        Named::Alias(_) => "an alias",
        Named::Group(_) => "a group",
    };
    InventoryError::new(Kind::NameTaken {
        name: name.to_owned(),
        first: first.to_owned(),
        second: second.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_have_the_keys_of_a_target() {
        let spec = |json: &str| TargetSpec::from_map(serde_json::from_str(json).unwrap());
        let read = spec(
            r#"{"name":"a","alias":"b","vars":{"x":1},"features":["shell"],"groups":["web"]}"#,
        )
        .unwrap();
        assert_eq!(
            (read.aliases, read.groups),
            (vec!["b".to_owned()], vec!["web".to_owned()])
        );
        let unknown = spec(r#"{"nmae":"a"}"#).unwrap_err();
        assert_eq!(unknown.help_text(), Some("did you mean `name`?"));
        for json in [r#"{"name":1}"#, r#"{"vars":[]}"#, r#"{"alias":[1]}"#] {
            assert!(spec(json).is_err(), "{json}");
        }
    }
}
