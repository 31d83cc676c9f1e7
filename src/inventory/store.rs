//! The inventory itself.

use std::{path::Path, sync::Arc};

use super::{Group, InventoryError, Overrides, ResolveError, SettingOrigin, TargetSpec, Tier};
use crate::model::{Map, Target, Value};

/// Every target that is known, with groups and configuration.
///
/// Cloning one is cloning an `Arc`. An edit of an inventory that has clones copies its tables first (a few
/// pointers a target), later edits of the same one are in place.
#[derive(Clone, Debug, Default)]
pub struct Inventory;

impl Inventory {
    /// An inventory with no targets. `localhost` and URIs resolve all the same.
    pub fn empty() -> Self {
        Self
    }

    /// Reads an inventory of that text; `name` is the file that messages show.
    pub fn parse(_name: &str, _text: &str) -> Result<Self, InventoryError> {
        unimplemented!()
    }

    /// Reads an inventory file.
    pub fn load(_path: &Path) -> Result<Self, InventoryError> {
        unimplemented!()
    }

    /// The same inventory, with what the command line says applied over everything.
    #[must_use]
    pub fn with_overrides(self, _overrides: Overrides) -> Self {
        unimplemented!()
    }

    /// The targets that an expression names, in the order of the inventory, each once.
    pub fn resolve(&self, _expression: &str) -> Result<Vec<Arc<Target>>, ResolveError> {
        unimplemented!()
    }

    /// The one target of that name, alias or URI.
    pub fn resolve_one(&self, _name: &str) -> Result<Arc<Target>, ResolveError> {
        unimplemented!()
    }

    /// Names of targets and aliases, in the order of the inventory: for did-you-mean and completion.
    pub fn target_names(&self) -> Vec<&str> {
        unimplemented!()
    }

    pub fn group_names(&self) -> Vec<&str> {
        unimplemented!()
    }

    pub fn groups(&self) -> Vec<Group> {
        unimplemented!()
    }

    pub fn group(&self, _name: &str) -> Option<Group> {
        unimplemented!()
    }

    /// The groups that take part in an order: those with `depends_on` and those that are named in one.
    pub fn tiers(&self) -> Vec<Tier> {
        unimplemented!()
    }

    /// Each setting of a target, and where it comes from.
    pub fn explain(&self, _target: &str) -> Result<Vec<SettingOrigin>, ResolveError> {
        unimplemented!()
    }

    pub fn set_var(
        &mut self,
        _target: &str,
        _key: &str,
        _value: Value,
    ) -> Result<(), InventoryError> {
        unimplemented!()
    }

    /// Merges facts into those of the target, deeply.
    pub fn add_facts(&mut self, _target: &str, _facts: Map) -> Result<(), InventoryError> {
        unimplemented!()
    }

    pub fn set_feature(
        &mut self,
        _target: &str,
        _feature: &str,
        _present: bool,
    ) -> Result<(), InventoryError> {
        unimplemented!()
    }

    /// Sets `config.<path>`, such as `["ssh", "user"]` or `["transport"]`.
    pub fn set_config(
        &mut self,
        _target: &str,
        _path: &[&str],
        _value: Value,
    ) -> Result<(), InventoryError> {
        unimplemented!()
    }

    pub fn add_to_group(&mut self, _targets: &[&str], _group: &str) -> Result<(), InventoryError> {
        unimplemented!()
    }

    pub fn remove_from_group(
        &mut self,
        _targets: &[&str],
        _group: &str,
    ) -> Result<(), InventoryError> {
        unimplemented!()
    }

    /// Adds a target, or adds to the one of that name. Gives the target as it is now.
    pub fn add_target(&mut self, _spec: TargetSpec) -> Result<Arc<Target>, InventoryError> {
        unimplemented!()
    }
}
