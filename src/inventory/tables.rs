//! The tables of an inventory: targets, groups, and the index of their names.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use super::{
    document::{SourceFile, Span},
    layer::{Deferred, Layer, Missing, Origin},
    overrides::Overrides,
    uri::TargetUri,
};
use crate::model::{Map, Place, Target, TargetName, Value};

/// The transport of a target for which nobody names one.
const DEFAULT_TRANSPORT: &str = "ssh";

/// What a name stands for. Targets, aliases and groups share one set of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Target(u32),
    Alias(u32),
    Group(u32),
}

/// A target as the inventory keeps it. Its parts are put together when it is asked for.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: TargetName,
    pub(super) aliases: Vec<String>,
    /// What plans say of it. Stronger than its URI.
    pub(super) edits: Option<Arc<Layer>>,
    pub(super) uri: Option<String>,
    /// What its URI says, then what its definitions say, the strongest first.
    pub(super) layers: Vec<Arc<Layer>>,
    /// The groups that list it itself, as indices in rising order.
    pub(super) groups: Vec<u32>,
    pub(super) membership: Arc<Membership>,
    /// Part of `all`. A URI that a plan edited without adding it is not.
    pub(super) listed: bool,
    /// The target, once it has been asked for.
    pub(super) resolved: OnceLock<Arc<Target>>,
}

/// A group as the inventory keeps it.
#[derive(Clone, Debug)]
pub(super) struct GroupEntry {
    pub(super) name: Arc<str>,
    pub(super) parent: Option<u32>,
    /// The lower one is the stronger, and comes before the groups that it is in.
    pub(super) rank: usize,
    pub(super) layer: Layer,
    /// None if it says nothing of an order.
    pub(super) depends_on: Option<Vec<u32>>,
    /// The targets that it lists itself, as indices in rising order.
    pub(super) targets: Vec<u32>,
    pub(super) span: Option<Span>,
}

/// The groups that a target is in, shared by all targets that are in the same ones.
#[derive(Debug)]
pub(super) struct Membership {
    /// The nearest and strongest first, `all` last.
    pub(super) groups: Vec<u32>,
    names: Vec<String>,
    /// What the groups say together.
    merged: OnceLock<Layer>,
}

/// Everything that an inventory knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    /// Behind pointers, as are the names, so that a copy of the tables for an edit is quickly made.
    pub(super) entries: Vec<Arc<Entry>>,
    /// `all` is the first; a group comes before those that are in it. Never empty.
    pub(super) groups: Vec<Arc<GroupEntry>>,
    pub(super) names: Arc<HashMap<Arc<str>, Named>>,
    /// By the groups that list a target itself.
    pub(super) memberships: HashMap<Vec<u32>, Arc<Membership>>,
    pub(super) overrides: Arc<Overrides>,
    /// For the places of groups in errors about edits.
    pub(super) files: Arc<[SourceFile]>,
    /// Whether values that plugins would be asked for stay away.
    pub(super) never_asks: bool,
}

impl Tables {
    /// Tables with the group `all` and nothing in it.
    pub(super) fn empty() -> Self {
        let all = GroupEntry {
            name: Arc::from("all"),
            parent: None,
            rank: 0,
            layer: Layer::new(Origin::Group("all".to_owned()), None),
            depends_on: None,
            targets: Vec::new(),
            span: None,
        };
        Self {
            names: Arc::new(HashMap::from([(Arc::clone(&all.name), Named::Group(0))])),
            groups: vec![Arc::new(all)],
            ..Self::default()
        }
    }

    pub(super) fn define(&mut self, name: &str, named: Named) {
        Arc::make_mut(&mut self.names).insert(Arc::from(name), named);
    }

    /// An entry, for a change: the target will be made again.
    pub(super) fn entry_mut(&mut self, index: u32) -> &mut Entry {
        let entry = Arc::make_mut(&mut self.entries[index as usize]);
        entry.resolved.take();
        entry
    }

    pub(super) fn place_of_group(&self, group: &GroupEntry) -> Option<Place> {
        let span = group.span?;
        Some(self.files.get(usize::from(span.file))?.place(&span))
    }

    /// The group and those that it is in, the nearest first.
    pub(super) fn with_parents(&self, group: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(group), |group| self.groups[*group as usize].parent)
    }

    /// The membership of a target that these groups list, in rising order.
    pub(super) fn membership(&mut self, direct: &[u32]) -> Arc<Membership> {
        if let Some(known) = self.memberships.get(direct) {
            return Arc::clone(known);
        }
        let membership = Arc::new(self.new_membership(direct));
        self.memberships
            .insert(direct.to_vec(), Arc::clone(&membership));
        membership
    }

    fn new_membership(&self, direct: &[u32]) -> Membership {
        let mut groups: Vec<u32> = direct
            .iter()
            .flat_map(|group| self.with_parents(*group))
            .chain([0])
            .collect();
        groups.sort_unstable_by_key(|group| self.groups[*group as usize].rank);
        groups.dedup();
        Membership {
            names: groups
                .iter()
                .map(|group| self.groups[*group as usize].name.to_string())
                .collect(),
            groups,
            merged: OnceLock::new(),
        }
    }

    /// What the groups of a membership say together.
    fn merged<'m>(&self, membership: &'m Membership) -> &'m Layer {
        membership.merged.get_or_init(|| {
            let mut merged = Layer::default();
            for group in &membership.groups {
                merged.fill_from(&self.groups[*group as usize].layer);
            }
            merged
        })
    }

    /// An entry for a target that is no part of the inventory: a URI, or `localhost`.
    pub(super) fn new_entry(&self, name: &str, uri: Option<TargetUri>) -> Entry {
        let membership = self
            .memberships
            .get(&[][..])
            .map_or_else(|| Arc::new(self.new_membership(&[])), Arc::clone);
        let mut entry = Entry {
            name: TargetName::from(name),
            aliases: Vec::new(),
            edits: None,
            uri: None,
            layers: Vec::new(),
            groups: Vec::new(),
            membership,
            listed: false,
            resolved: OnceLock::new(),
        };
        if let Some(uri) = uri {
            entry.take_uri(uri);
        }
        entry
    }

    /// The target of an entry, made at the first call.
    ///
    /// # Errors
    /// A value that it needs could not be had.
    pub(super) fn target(&self, entry: &Entry) -> Result<Arc<Target>, super::InventoryError> {
        if let Some(target) = entry.resolved.get() {
            return Ok(Arc::clone(target));
        }
        let target = Arc::new(self.make_target(entry)?);
        Ok(Arc::clone(entry.resolved.get_or_init(|| target)))
    }

    /// Everything that is said of an entry, the strongest first. The overrides are stronger still.
    pub(super) fn layers<'t>(&'t self, entry: &'t Entry) -> Vec<&'t Layer> {
        let mut layers = Self::own_layers(entry);
        let groups = &entry.membership.groups;
        layers.extend(
            groups
                .iter()
                .map(|group| &self.groups[*group as usize].layer),
        );
        layers
    }

    fn own_layers(entry: &Entry) -> Vec<&Layer> {
        let mut layers: Vec<&Layer> = Vec::with_capacity(entry.layers.len() + 4);
        layers.extend(entry.edits.as_deref());
        layers.extend(entry.layers.iter().map(|layer| &**layer));
        if entry.name.as_str() == "localhost" {
            layers.push(localhost());
        }
        layers
    }

    pub(super) fn transport(&self, entry: &Entry) -> String {
        if let Some(transport) = &self.overrides.transport {
            return transport.clone();
        }
        let merged = self.merged(&entry.membership);
        Self::own_layers(entry)
            .into_iter()
            .chain([merged])
            .find_map(Layer::transport)
            .unwrap_or(DEFAULT_TRANSPORT)
            .to_owned()
    }

    fn make_target(&self, entry: &Entry) -> Result<Target, super::InventoryError> {
        let transport = self.transport(entry);
        let mut whole = Layer::default();
        whole.config.insert(
            transport.clone(),
            Value::Map(self.overrides.settings(&transport)),
        );
        let merged = self.merged(&entry.membership);
        for layer in Self::own_layers(entry).into_iter().chain([merged]) {
            whole
                .without_features
                .extend(layer.without_features.iter().cloned());
            whole.fill_for_transport(layer, &transport);
        }
        self.ask_for_the_rest(&mut whole, &transport)?;
        let config = match whole.config.swap_remove(&transport) {
            Some(Value::Map(config)) => config,
            _ => Map::new(),
        };
        let text = |key: &str| config.get(key).and_then(Value::as_str).map(str::to_owned);
        Ok(Target {
            name: entry.name.clone(),
            uri: entry.uri.clone(),
            host: text("host").unwrap_or_else(|| entry.name.as_str().to_owned()),
            port: config
                .get("port")
                .and_then(Value::as_integer)
                .and_then(|port| u16::try_from(port).ok()),
            user: text("user"),
            transport,
            config,
            vars: whole.vars,
            facts: whole.facts,
            features: whole.features,
            aliases: entry.aliases.clone(),
            groups: entry.membership.names.clone(),
        })
    }

    /// Fills in what was not there when the inventory was read and what this target needs.
    fn ask_for_the_rest(
        &self,
        whole: &mut Layer,
        transport: &str,
    ) -> Result<(), super::InventoryError> {
        let mut answered: Vec<Vec<String>> = Vec::new();
        for Deferred { path, missing } in std::mem::take(&mut whole.deferred) {
            let is_needed = match (path.first().map(String::as_str), path.get(1)) {
                (Some("config"), Some(of)) => of == transport || of == "transport",
                _ => true,
            };
            // The strongest that says something of a path comes first.
            if !is_needed || answered.iter().any(|known| path.starts_with(known)) {
                continue;
            }
            match missing {
                Missing::Failed(error) => return Err(error),
                Missing::Unasked(_) if self.never_asks => {}
                Missing::Unasked(later) => whole.put(&path, later.value(&path)?),
            }
            answered.push(path);
        }
        Ok(())
    }

    /// All targets of a group, those of groups in it included: marks them in `chosen`.
    pub(super) fn mark_group(&self, group: u32, chosen: &mut [bool]) {
        if group == 0 {
            for (chosen, entry) in chosen.iter_mut().zip(&self.entries) {
                *chosen |= entry.listed;
            }
            return;
        }
        for (index, entry) in self.groups.iter().enumerate().skip(group as usize) {
            let index = u32::try_from(index).expect("there are fewer groups than a u32 counts");
            if self.with_parents(index).any(|above| above == group) {
                for target in &entry.targets {
                    chosen[*target as usize] = true;
                }
            }
        }
    }

    /// All targets of a group, in the order of the inventory.
    pub(super) fn targets_of(&self, group: u32) -> Vec<u32> {
        let mut chosen = vec![false; self.entries.len()];
        self.mark_group(group, &mut chosen);
        (0..)
            .zip(chosen)
            .filter_map(|(index, chosen)| chosen.then_some(index))
            .collect()
    }

    /// The groups that take part in an order.
    pub(super) fn tier_groups(&self) -> Vec<u32> {
        let mut takes_part = vec![false; self.groups.len()];
        for (index, group) in self.groups.iter().enumerate() {
            if let Some(depends_on) = &group.depends_on {
                takes_part[index] = true;
                for other in depends_on {
                    takes_part[*other as usize] = true;
                }
            }
        }
        (0..)
            .zip(takes_part)
            .filter_map(|(index, takes_part)| takes_part.then_some(index))
            .collect()
    }

    /// Names of targets, aliases and groups, in the order of the inventory.
    pub(super) fn all_names(&self) -> impl Iterator<Item = &str> {
        let targets = self.entries.iter().filter(|entry| entry.listed);
        targets
            .flat_map(|entry| {
                std::iter::once(entry.name.as_str()).chain(entry.aliases.iter().map(String::as_str))
            })
            .chain(self.groups.iter().map(|group| &*group.name))
    }
}

impl Entry {
    /// Lets the target be reached as its URI says.
    pub(super) fn take_uri(&mut self, uri: TargetUri) {
        let says_nothing = uri.protocol.is_none()
            && uri.port.is_none()
            && uri.user.is_none()
            && uri.host == self.name.as_str();
        if says_nothing {
            // A bare host name: the name alone says as much, and takes no memory for each of 20,000 targets.
            self.uri = Some(uri.text);
            return;
        }
        let mut layer = Layer::new(Origin::Uri, None);
        let mut settings = Map::new();
        settings.insert("host".to_owned(), Value::String(uri.host));
        if let Some(port) = uri.port {
            settings.insert("port".to_owned(), Value::Integer(i64::from(port)));
        }
        if let Some(user) = uri.user {
            settings.insert("user".to_owned(), Value::String(user));
        }
        if let Some(password) = uri.password {
            let password = Value::String(password.into_revealed());
            settings.insert("password".to_owned(), Value::sensitive(password));
        }
        if let Some(protocol) = uri.protocol {
            layer
                .config
                .insert("transport".to_owned(), Value::String(protocol));
        }
        // It says where the target is, whatever the transport.
        layer
            .config
            .insert(Layer::ANY.to_owned(), Value::Map(settings));
        self.uri = Some(uri.text);
        self.layers.insert(0, Arc::new(layer));
    }
}

fn localhost() -> &'static Layer {
    static LAYER: OnceLock<Layer> = OnceLock::new();
    LAYER.get_or_init(|| {
        let mut layer = Layer::new(Origin::Localhost, None);
        layer
            .config
            .insert("transport".to_owned(), Value::from("local"));
        layer
    })
}
