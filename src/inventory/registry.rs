//! The inventory itself: loading it, and asking it for groups and names.

use std::{fs, path::Path, sync::Arc};

use super::{
    Group, InventoryError, InventoryErrorKind, Overrides, Surroundings, Tier, document::SourceFile,
    link::link, reader::Reader, tables::Tables,
};
use crate::model::{TargetName, utf8};

/// Every target that is known, with groups and configuration.
///
/// Cloning one is cloning an `Arc`. An edit of an inventory that has clones copies its tables first (a pointer a
/// target: some ten nanoseconds each), later edits of the same one are in place.
#[derive(Clone, Debug)]
pub struct Inventory {
    pub(super) tables: Arc<Tables>,
}

impl Default for Inventory {
    fn default() -> Self {
        Self::empty()
    }
}

impl Inventory {
    /// An inventory with no targets. `localhost` and addresses resolve all the same.
    pub fn empty() -> Self {
        Self {
            tables: Arc::new(Tables::empty()),
        }
    }

    /// Reads an inventory of that text; `name` is the file that messages show. References to files are errors.
    ///
    /// # Errors
    /// The text is no YAML, or not what an inventory has to be.
    pub fn parse(name: &str, text: &str) -> Result<Self, InventoryError> {
        Self::parse_with(name, text, &Surroundings::default())
    }

    /// Reads an inventory of that text, whose references are answered by `surroundings`.
    ///
    /// # Errors
    /// The text is no YAML, or not what an inventory has to be.
    pub fn parse_with(
        name: &str,
        text: &str,
        surroundings: &Surroundings,
    ) -> Result<Self, InventoryError> {
        let (draft, files) = Reader::new(surroundings).read(&SourceFile::new(name, text))?;
        Ok(Self {
            tables: Arc::new(link(draft, files)?),
        })
    }

    /// Reads an inventory file of a project that is the file's directory.
    ///
    /// # Errors
    /// The file can't be read, is no YAML, or not what an inventory has to be.
    pub fn load(path: &Path) -> Result<Self, InventoryError> {
        let root = path.parent().filter(|root| !root.as_os_str().is_empty());
        Self::load_with(
            path,
            &Surroundings::of_project(root.unwrap_or(Path::new("."))),
        )
    }

    /// Reads an inventory file, whose references are answered by `surroundings`. Messages show its path from the
    /// project's directory.
    ///
    /// # Errors
    /// The file can't be read, is no YAML, or not what an inventory has to be.
    pub fn load_with(path: &Path, surroundings: &Surroundings) -> Result<Self, InventoryError> {
        let text = fs::read(path).and_then(utf8);
        let text = text.map_err(|source| {
            InventoryError::new(InventoryErrorKind::Read {
                path: path.to_owned(),
                source,
            })
        })?;
        let shown = surroundings
            .root
            .as_deref()
            .and_then(|root| path.strip_prefix(root).ok())
            .unwrap_or(path);
        Self::parse_with(&shown.to_string_lossy(), &text, surroundings)
    }

    /// The same inventory, which asks no plugin for a value of `config`, `vars` or `facts`: such values stay away. For
    /// whoever only looks.
    #[must_use]
    pub fn without_asking(mut self) -> Self {
        Arc::make_mut(&mut self.tables).never_asks = true;
        self
    }

    /// The same inventory, with what the command line says applied over everything.
    #[must_use]
    pub fn with_overrides(mut self, overrides: Overrides) -> Self {
        let tables = Arc::make_mut(&mut self.tables);
        tables.overrides = Arc::new(overrides);
        for entry in &mut tables.entries {
            Arc::make_mut(entry).resolved.take();
        }
        self
    }

    /// Names of targets and aliases, in the order of the inventory: for completion.
    pub fn target_names(&self) -> Vec<&str> {
        let targets = self.tables.entries.iter().filter(|entry| entry.listed);
        targets
            .flat_map(|entry| {
                std::iter::once(entry.name.as_str()).chain(entry.aliases.iter().map(String::as_str))
            })
            .collect()
    }

    /// Names of groups, `all` first, those in a group after it.
    pub fn group_names(&self) -> Vec<&str> {
        self.tables
            .groups
            .iter()
            .map(|group| &*group.name)
            .collect()
    }

    /// All groups, `all` first, those in a group after it.
    pub fn groups(&self) -> Vec<Group> {
        (0..)
            .zip(&self.tables.groups)
            .map(|(index, _)| self.describe_group(index))
            .collect()
    }

    /// The group of that name.
    pub fn group(&self, name: &str) -> Option<Group> {
        match self.tables.names.get(name) {
            Some(super::tables::Named::Group(index)) => Some(self.describe_group(*index)),
            _ => None,
        }
    }

    /// The groups that take part in an order: those with `depends_on` and those that are named in one.
    pub fn tiers(&self) -> Vec<Tier> {
        let tables = &*self.tables;
        tables
            .tier_groups()
            .into_iter()
            .map(|index| {
                let group = self.describe_group(index);
                Tier {
                    name: group.name,
                    targets: group.targets,
                    depends_on: group.depends_on,
                    place: tables.place_of_group(&tables.groups[index as usize]),
                }
            })
            .collect()
    }

    fn describe_group(&self, index: u32) -> Group {
        let tables = &*self.tables;
        let group = &tables.groups[index as usize];
        let name = |index: u32| tables.groups[index as usize].name.to_string();
        Group {
            name: group.name.to_string(),
            targets: tables
                .targets_of(index)
                .into_iter()
                .map(|target| tables.entries[target as usize].name.clone())
                .collect::<Vec<TargetName>>(),
            depends_on: group
                .depends_on
                .iter()
                .flatten()
                .map(|other| name(*other))
                .collect(),
            parents: tables.with_parents(index).skip(1).map(name).collect(),
        }
    }
}
