//! Edits in memory: what a plan says of targets while it runs. The file is never written.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Inventory, InventoryError, InventoryErrorKind as Kind, TargetSpec,
    config_check::check_config,
    layer::{Layer, Origin, fill_deeply},
    tables::{Entry, Named, Tables},
};
use crate::model::{Map, Target, Value, nearest};

impl Inventory {
    /// Sets a variable of a target.
    ///
    /// # Errors
    /// There is no such target.
    pub fn set_var(&mut self, target: &str, key: &str, value: Value) -> Result<(), InventoryError> {
        let edits = self.edits(target)?;
        edits.vars.insert(key.to_owned(), value);
        Ok(())
    }

    /// Merges facts into those of a target, deeply; the new ones win.
    ///
    /// # Errors
    /// There is no such target.
    pub fn add_facts(&mut self, target: &str, facts: Map) -> Result<(), InventoryError> {
        let edits = self.edits(target)?;
        overlay(&mut edits.facts, facts);
        Ok(())
    }

    /// Says whether a target has a feature, whatever the inventory says.
    ///
    /// # Errors
    /// There is no such target.
    pub fn set_feature(
        &mut self,
        target: &str,
        feature: &str,
        present: bool,
    ) -> Result<(), InventoryError> {
        let edits = self.edits(target)?;
        let (to, from) = if present {
            (&mut edits.features, &mut edits.without_features)
        } else {
            (&mut edits.without_features, &mut edits.features)
        };
        from.remove(feature);
        to.insert(feature.to_owned());
        Ok(())
    }

    /// Sets `config.<path>`, such as `["ssh", "user"]` or `["transport"]`.
    ///
    /// # Errors
    /// There is no such target, transport or setting, or the value is not what the setting needs.
    pub fn set_config(
        &mut self,
        target: &str,
        path: &[&str],
        value: Value,
    ) -> Result<(), InventoryError> {
        let config = path.iter().rev().fold(value, |value, key| {
            Value::Map(Map::from_iter([((*key).to_owned(), value)]))
        });
        let config = check_config(config)?;
        let edits = self.edits(target)?;
        overlay(&mut edits.config, config);
        Ok(())
    }

    /// Adds targets to a group of the inventory. Adding them to `all` makes addresses a part of it.
    ///
    /// # Errors
    /// There is no such target or group, or a target would be in two tiers. Then nothing has changed.
    pub fn add_to_group(&mut self, targets: &[&str], group: &str) -> Result<(), InventoryError> {
        let group = self.tables.find_group(group)?;
        for target in targets {
            let direct = match self.tables.find(target)? {
                Some(index) => self.tables.entries[index as usize].groups.as_slice(),
                None => &[],
            };
            self.tables.check_join(target, direct, &[group])?;
        }
        let tables = Arc::make_mut(&mut self.tables);
        for target in targets {
            let index = tables.find_or_add(target)?;
            tables.join(index, group);
        }
        Ok(())
    }

    /// Takes targets out of a group. One that is not in it stays as it is.
    ///
    /// # Errors
    /// There is no such target or group, the group is `all`, or a target is in the group because it is in a group
    /// inside of it. Then nothing has changed.
    pub fn remove_from_group(
        &mut self,
        targets: &[&str],
        group: &str,
    ) -> Result<(), InventoryError> {
        let group = self.tables.find_group(group)?;
        if group == 0 {
            return Err(InventoryError::new(Kind::LeaveAll));
        }
        let mut leaving = Vec::with_capacity(targets.len());
        for target in targets {
            if let Some(index) = self.tables.find(target)? {
                self.tables.check_leave(index, group)?;
                leaving.push(index);
            }
        }
        let tables = Arc::make_mut(&mut self.tables);
        for index in leaving {
            tables.leave(index, group);
        }
        Ok(())
    }

    /// Adds a target, or adds to the one of that name. Gives the target as it is now.
    ///
    /// # Errors
    /// A name can't be used or is taken, a group is not there, or a setting is not what it has to be. Then nothing
    /// has changed.
    pub fn add_target(&mut self, spec: TargetSpec) -> Result<Arc<Target>, InventoryError> {
        let checked = self.tables.check_spec(spec)?;
        let tables = Arc::make_mut(&mut self.tables);
        let index = tables.add(checked);
        tables.target(&tables.entries[index as usize])
    }

    fn edits(&mut self, target: &str) -> Result<&mut Layer, InventoryError> {
        // Before the tables are copied, so that a typo costs nothing.
        self.tables.find(target)?;
        let tables = Arc::make_mut(&mut self.tables);
        let index = tables.find_or_add(target)?;
        Ok(tables.entry_mut(index).edits_mut())
    }
}

impl Entry {
    /// What plans say of it.
    pub(super) fn edits_mut(&mut self) -> &mut Layer {
        let edits = self
            .edits
            .get_or_insert_with(|| Arc::new(Layer::new(Origin::Plan, None)));
        Arc::make_mut(edits)
    }
}

impl Tables {
    /// The target of that name or alias; none for an address that is not in the tables.
    fn find(&self, name: &str) -> Result<Option<u32>, InventoryError> {
        match self.names.get(name) {
            Some(Named::Target(index) | Named::Alias(index)) => Ok(Some(*index)),
            Some(Named::Group(_)) => Err(self.unknown_target(name)),
            None => match self.address(name) {
                Some(Ok(entry)) => match self.names.get(entry.name.as_str()) {
                    Some(Named::Target(index)) => Ok(Some(*index)),
                    _ => Ok(None),
                },
                Some(Err(error)) => Err(error),
                None => Err(self.unknown_target(name)),
            },
        }
    }

    fn find_or_add(&mut self, name: &str) -> Result<u32, InventoryError> {
        if let Some(index) = self.find(name)? {
            return Ok(index);
        }
        let entry = match self.address(name) {
            Some(entry) => entry?,
            None => return Err(self.unknown_target(name)),
        };
        Ok(self.push(entry))
    }

    pub(super) fn push(&mut self, entry: Entry) -> u32 {
        let index = u32::try_from(self.entries.len()).expect("memory ends before a u32 does");
        self.define(entry.name.as_str(), Named::Target(index));
        self.entries.push(Arc::new(entry));
        index
    }

    pub(super) fn find_group(&self, name: &str) -> Result<u32, InventoryError> {
        if let Some(Named::Group(index)) = self.names.get(name) {
            return Ok(*index);
        }
        let groups = self.groups.iter().map(|group| &*group.name);
        Err(InventoryError::new(Kind::UnknownGroup {
            name: name.to_owned(),
            nearest: nearest(name, groups).map(str::to_owned),
        }))
    }

    fn unknown_target(&self, name: &str) -> InventoryError {
        let names = self
            .all_names()
            .filter(|known| !matches!(self.names.get(*known), Some(Named::Group(_))));
        InventoryError::new(Kind::UnknownTarget {
            name: super::mask::mask_secrets(name),
            nearest: nearest(name, names).map(str::to_owned),
        })
    }

    /// A target that these groups list may be listed by some more.
    pub(super) fn check_join(
        &self,
        target: &str,
        direct: &[u32],
        more: &[u32],
    ) -> Result<(), InventoryError> {
        let tiers = self.tier_groups();
        let mut tiers_of_target = direct
            .iter()
            .chain(more)
            .flat_map(|group| self.with_parents(*group))
            .filter(|group| tiers.contains(group))
            .collect::<BTreeSet<u32>>()
            .into_iter()
            .map(|tier| self.groups[tier as usize].name.to_string());
        match (tiers_of_target.next(), tiers_of_target.next()) {
            (Some(first), Some(second)) => Err(InventoryError::new(Kind::TwoTiers {
                target: target.to_owned(),
                first,
                second,
            })),
            _ => Ok(()),
        }
    }

    pub(super) fn join(&mut self, target: u32, group: u32) {
        let entry = self.entry_mut(target);
        entry.listed = true;
        if group == 0 {
            return;
        }
        let Err(at) = entry.groups.binary_search(&group) else {
            return;
        };
        entry.groups.insert(at, group);
        self.renew_membership(target);
        let members = &mut Arc::make_mut(&mut self.groups[group as usize]).targets;
        if let Err(at) = members.binary_search(&target) {
            members.insert(at, target);
        }
    }

    fn check_leave(&self, target: u32, group: u32) -> Result<(), InventoryError> {
        let entry = &self.entries[target as usize];
        let inner = entry.groups.iter().find(|inner| {
            **inner != group && self.with_parents(**inner).any(|above| above == group)
        });
        match inner {
            Some(inner) => Err(InventoryError::new(Kind::MemberThroughGroup {
                target: entry.name.to_string(),
                group: self.groups[group as usize].name.to_string(),
                inner: self.groups[*inner as usize].name.to_string(),
            })),
            None => Ok(()),
        }
    }

    fn leave(&mut self, target: u32, group: u32) {
        self.entry_mut(target)
            .groups
            .retain(|known| *known != group);
        self.renew_membership(target);
        let members = &mut Arc::make_mut(&mut self.groups[group as usize]).targets;
        if let Ok(at) = members.binary_search(&target) {
            members.remove(at);
        }
    }

    fn renew_membership(&mut self, target: u32) {
        let direct = self.entries[target as usize].groups.clone();
        let membership = self.membership(&direct);
        self.entry_mut(target).membership = membership;
    }
}

/// Puts `new` over `old`, deeply.
pub(super) fn overlay(old: &mut Map, new: Map) {
    let weaker = std::mem::replace(old, new);
    fill_deeply(old, &weaker);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory() -> Inventory {
        Inventory::parse(
            "inventory.yaml",
            "
groups:
  - name: web
    depends_on: [db]
    targets: [web1, web2]
    groups: [{name: edge, targets: [edge1]}]
    vars: {tier: web}
  - name: db
    targets: [db1]
  - name: big
    config: {ssh: {user: root}}
config: {ssh: {port: 2222}}
",
        )
        .unwrap()
    }

    fn names(inventory: &Inventory, expression: &str) -> Vec<String> {
        let targets = inventory.resolve(expression).unwrap();
        targets
            .iter()
            .map(|target| target.name.to_string())
            .collect()
    }

    #[test]
    fn an_edit_changes_this_inventory_and_no_clone_of_it() {
        let mut inventory = inventory();
        let before = inventory.clone();
        inventory
            .set_var("web1", "colour", Value::from("blue"))
            .unwrap();
        inventory
            .set_var("web1", "tier", Value::from("mine"))
            .unwrap();
        let target = inventory.resolve_one("web1").unwrap();
        assert_eq!(target.vars["colour"], Value::from("blue"));
        assert_eq!(target.vars["tier"], Value::from("mine"));
        let old = before.resolve_one("web1").unwrap();
        assert_eq!(
            (old.vars.get("colour"), &old.vars["tier"]),
            (None, &Value::from("web"))
        );
    }

    #[test]
    fn facts_and_features_and_settings_win_over_the_file() {
        let mut inventory = inventory();
        let facts = |text: &str| serde_json::from_str::<Map>(text).unwrap();
        inventory
            .add_facts("web1", facts(r#"{"os":{"name":"Debian","major":12}}"#))
            .unwrap();
        inventory
            .add_facts("web1", facts(r#"{"os":{"major":13}}"#))
            .unwrap();
        inventory.set_feature("web1", "puppet-agent", true).unwrap();
        inventory.set_feature("web1", "shell", true).unwrap();
        inventory.set_feature("web1", "shell", false).unwrap();
        inventory
            .set_config("web1", &["ssh", "password"], Value::from("hunter2"))
            .unwrap();
        inventory
            .set_config("web1", &["ssh", "port"], Value::Integer(22))
            .unwrap();
        inventory
            .set_config(
                "web1",
                &["ssh", "interpreters", ".rb"],
                Value::from("/bin/ruby"),
            )
            .unwrap();
        let target = inventory.resolve_one("web1").unwrap();
        assert_eq!(
            Value::Map(target.facts.clone()).to_string(),
            r#"{"os":{"major":13,"name":"Debian"}}"#
        );
        assert_eq!(target.features.iter().collect::<Vec<_>>(), ["puppet-agent"]);
        assert_eq!(target.port, Some(22));
        assert_eq!(
            target.setting("password"),
            Some(&Value::sensitive(Value::from("hunter2")))
        );
        assert!(!format!("{target:?}").contains("hunter2"));
    }

    #[test]
    fn settings_are_checked_like_those_of_the_file() {
        let mut inventory = inventory();
        for (path, value) in [
            (&["ssh", "prot"][..], Value::Integer(1)),
            (&["ssh", "port"], Value::from("many")),
            (&["shh", "port"], Value::Integer(1)),
            (&["transport"], Value::from("shh")),
            (&["ssh"], Value::Integer(1)),
            (&[], Value::Null),
        ] {
            assert!(
                inventory.set_config("web1", path, value).is_err(),
                "{path:?} was taken"
            );
        }
        let error = inventory.set_var("wbe1", "a", Value::Null).unwrap_err();
        assert_eq!(error.help_text(), Some("did you mean `web1`?"));
        assert!(inventory.set_var("web", "a", Value::Null).is_err());
    }

    #[test]
    fn targets_join_and_leave_groups() {
        let mut inventory = inventory();
        inventory.add_to_group(&["db1", "web2"], "big").unwrap();
        assert_eq!(names(&inventory, "big"), ["web2", "db1"]);
        let db1 = inventory.resolve_one("db1").unwrap();
        assert_eq!((db1.user.as_deref(), db1.port), (Some("root"), Some(2222)));
        assert_eq!(db1.groups, ["db", "big", "all"]);
        inventory
            .remove_from_group(&["db1", "web1"], "big")
            .unwrap();
        assert_eq!(names(&inventory, "big"), ["web2"]);
        assert_eq!(inventory.resolve_one("db1").unwrap().user, None);
        assert!(inventory.remove_from_group(&["edge1"], "web").is_err());
        assert!(inventory.remove_from_group(&["db1"], "all").is_err());
        assert!(inventory.add_to_group(&["db1"], "bgi").is_err());
    }

    #[test]
    fn no_edit_puts_a_target_in_two_tiers_and_a_refused_one_changes_nothing() {
        let mut inventory = inventory();
        let error = inventory
            .add_to_group(&["new.example.com", "db1"], "edge")
            .unwrap_err();
        assert!(matches!(error.kind(), Kind::TwoTiers { .. }), "{error:?}");
        assert_eq!(names(&inventory, "edge"), ["edge1"]);
        assert_eq!(names(&inventory, "all").len(), 4);
    }

    #[test]
    fn new_targets_are_part_of_the_inventory_and_edited_addresses_are_not() {
        let mut inventory = inventory();
        let spec = TargetSpec {
            uri: Some("ssh://bob:hunter2@new.example.com:22".to_owned()),
            aliases: vec!["new".to_owned()],
            groups: vec!["big".to_owned()],
            ..TargetSpec::default()
        };
        let target = inventory.add_target(spec.clone()).unwrap();
        assert_eq!(target.name.as_str(), "ssh://bob@new.example.com:22");
        assert_eq!(
            (target.user.as_deref(), target.port),
            (Some("bob"), Some(22))
        );
        assert_eq!(inventory.add_target(spec).unwrap(), target);
        assert_eq!(names(&inventory, "big"), names(&inventory, "new"));
        inventory
            .set_var("other.example.com", "a", Value::Bool(true))
            .unwrap();
        assert_eq!(
            inventory.resolve_one("other.example.com").unwrap().vars["a"],
            Value::Bool(true)
        );
        assert!(!names(&inventory, "all").contains(&"other.example.com".to_owned()));
        inventory
            .add_to_group(&["other.example.com"], "all")
            .unwrap();
        assert!(names(&inventory, "all").contains(&"other.example.com".to_owned()));
    }

    #[test]
    fn names_of_new_targets_are_unique() {
        let mut inventory = inventory();
        let spec = |name: &str, alias: &str| TargetSpec {
            name: Some(name.to_owned()),
            aliases: vec![alias.to_owned()],
            ..TargetSpec::default()
        };
        for (name, alias) in [
            ("web", "x"),
            ("x", "web"),
            ("x", "web1"),
            ("x", "x"),
            ("a b", "x"),
            ("x", "a*"),
        ] {
            assert!(
                inventory.add_target(spec(name, alias)).is_err(),
                "{name} {alias}"
            );
        }
        assert!(inventory.add_target(TargetSpec::default()).is_err());
    }
}
