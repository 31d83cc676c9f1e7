//! What one place says of a target, and how several of them are put on top of each other.

use std::{collections::BTreeSet, sync::Arc};

use indexmap::map::Entry;

use super::{error::InventoryError, plugins::Later};
use crate::model::{Map, Place, Value};

/// Who says something of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Origin {
    Group(String),
    Target(String),
    Uri,
    /// `localhost` is reached by the `local` transport unless somebody says otherwise.
    Localhost,
    #[default]
    Plan,
}

impl Origin {
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Group(name) => format!("group `{name}`"),
            Self::Target(name) => format!("target `{name}`"),
            Self::Uri => "the URI".to_owned(),
            Self::Localhost => "the default for `localhost`".to_owned(),
            Self::Plan => "the plan".to_owned(),
        }
    }
}

/// What one place says of a target.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    pub(super) origin: Origin,
    /// Where that is in a file.
    pub(super) place: Option<Place>,
    /// `transport`, and a map for each transport.
    pub(super) config: Map,
    pub(super) vars: Map,
    pub(super) facts: Map,
    pub(super) features: BTreeSet<String>,
    /// Features that weaker layers give and this one takes away.
    pub(super) without_features: BTreeSet<String>,
    /// The lines of single settings, by their dotted names.
    pub(super) lines: Vec<(Box<str>, u32)>,
    pub(super) deferred: Vec<Deferred>,
}

/// A value that was not there when the inventory was read.
#[derive(Clone, Debug)]
pub(super) struct Deferred {
    /// From the part (`config`, `vars`, `facts`) inward.
    pub(super) path: Vec<String>,
    pub(super) missing: Missing,
}

/// Why a value was not there.
#[derive(Clone, Debug)]
pub(super) enum Missing {
    /// It could not be had. That is an error of those targets that need it, so that a password that is missing for
    /// one group doesn't keep anybody from the others.
    Failed(InventoryError),
    /// Nobody has been asked yet.
    Unasked(Arc<Later>),
}

impl Layer {
    pub(super) fn new(origin: Origin, place: Option<Place>) -> Self {
        Self {
            origin,
            place,
            ..Self::default()
        }
    }

    /// Whether it says nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.config.is_empty()
            && self.vars.is_empty()
            && self.facts.is_empty()
            && self.features.is_empty()
            && self.without_features.is_empty()
            && self.deferred.is_empty()
    }

    /// In place of a transport: settings that hold for whichever reaches the target. A URI has these. No transport
    /// can have this name.
    pub(super) const ANY: &str = "*";

    /// What it says of one transport.
    pub(super) fn transport_config(&self, transport: &str) -> Option<&Map> {
        self.config
            .get(transport)
            .or_else(|| self.config.get(Self::ANY))?
            .as_map()
    }

    /// The transport that it chooses.
    pub(super) fn transport(&self) -> Option<&str> {
        self.config.get("transport")?.as_str()
    }

    /// Whether it has a value at the path of something deferred.
    pub(super) fn says(&self, path: &[String]) -> bool {
        let Some((part, inward)) = path.split_first() else {
            return false;
        };
        let mut map = match part.as_str() {
            "config" => &self.config,
            "vars" => &self.vars,
            _ => &self.facts,
        };
        let Some((last, way)) = inward.split_last() else {
            return false;
        };
        for key in way {
            match map.get(key) {
                Some(Value::Map(inner)) => map = inner,
                // A plain value in the way hides everything below it.
                Some(_) => return true,
                None => return false,
            }
        }
        map.contains_key(last)
    }

    /// Puts a value at a path, over what is there.
    pub(super) fn put(&mut self, path: &[String], value: Value) {
        let Some((part, inward)) = path.split_first() else {
            return;
        };
        let mut map = match part.as_str() {
            "config" => &mut self.config,
            "vars" => &mut self.vars,
            _ => &mut self.facts,
        };
        let Some((last, way)) = inward.split_last() else {
            return;
        };
        for key in way {
            let inner = map.entry(key.clone()).or_insert(Value::Null);
            if !matches!(inner, Value::Map(_)) {
                *inner = Value::Map(Map::new());
            }
            let Value::Map(next) = inner else { return };
            map = next;
        }
        map.insert(last.clone(), value);
    }

    /// The place of a setting: its own line if it is known, else where the layer begins.
    pub(super) fn place_of(&self, setting: &str) -> Option<Place> {
        let mut place = self.place.clone()?;
        let mut above = std::iter::successors(Some(setting), |name| {
            name.rsplit_once('.').map(|(above, _)| above)
        });
        let line = above.find_map(|wanted| {
            let line = self.lines.iter().find(|(name, _)| **name == *wanted);
            line.map(|(_, line)| *line)
        });
        if let Some(line) = line {
            place.line = line;
            place.column = 1;
        }
        Some(place)
    }

    /// Takes what `weaker` says wherever this layer says nothing: config and facts deeply, vars by name, features
    /// of both.
    pub(super) fn fill_from(&mut self, weaker: &Self) {
        self.fill_all_but_config(weaker);
        fill_deeply(&mut self.config, &weaker.config);
    }

    /// As [`Layer::fill_from`], but of the config only what concerns one transport.
    pub(super) fn fill_for_transport(&mut self, weaker: &Self, transport: &str) {
        self.fill_all_but_config(weaker);
        if let Some(Value::Map(map)) = self.config.get_mut(transport)
            && let Some(settings) = weaker.transport_config(transport)
        {
            fill_deeply(map, settings);
        }
    }

    fn fill_all_but_config(&mut self, weaker: &Self) {
        // First, since what is filled in below comes from the same layer.
        for deferred in &weaker.deferred {
            if !self.says(&deferred.path) {
                self.deferred.push(deferred.clone());
            }
        }
        fill(&mut self.vars, &weaker.vars);
        fill_deeply(&mut self.facts, &weaker.facts);
        self.features
            .extend(weaker.features.difference(&self.without_features).cloned());
    }
}

/// Adds the keys that are missing.
pub(super) fn fill(map: &mut Map, weaker: &Map) {
    for (key, value) in weaker {
        if !map.contains_key(key) {
            map.insert(key.clone(), value.clone());
        }
    }
}

/// Adds what is missing in the map and in the maps inside it. Lists are not merged.
pub(super) fn fill_deeply(map: &mut Map, weaker: &Map) {
    if map.is_empty() {
        map.clone_from(weaker);
        return;
    }
    for (key, value) in weaker {
        match map.entry(key.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(value.clone());
            }
            Entry::Occupied(mut occupied) => {
                if let (Value::Map(inner), Value::Map(weaker)) = (occupied.get_mut(), value) {
                    fill_deeply(inner, weaker);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: &str) -> Map {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn stronger_layers_win_leaf_by_leaf_and_lists_as_a_whole() {
        let mut strong = map(r#"{"ssh":{"user":"a","words":[1]}}"#);
        fill_deeply(
            &mut strong,
            &map(r#"{"ssh":{"user":"b","port":22,"words":[2,3]},"transport":"ssh"}"#),
        );
        assert_eq!(
            strong,
            map(r#"{"ssh":{"user":"a","words":[1],"port":22},"transport":"ssh"}"#)
        );
    }

    #[test]
    fn vars_are_merged_by_name_only() {
        let mut strong = map(r#"{"site":{"a":1}}"#);
        fill(&mut strong, &map(r#"{"site":{"b":2},"other":3}"#));
        assert_eq!(strong, map(r#"{"site":{"a":1},"other":3}"#));
    }
}
