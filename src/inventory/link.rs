//! From a draft to the tables of an inventory: names are made unique, texts become references or new targets, and
//! the order of tiers is checked.

use std::{
    collections::{HashMap, hash_map::Entry as Slot},
    sync::Arc,
};

use super::{
    document::{SourceFile, Span},
    draft::{Definition, Draft, DraftItem, DraftItemKind},
    error::{InventoryError, InventoryErrorKind as Kind, Labelled},
    reader::{labelled, parse_uri},
    tables::{GroupEntry, Named, Tables},
    tiers,
    uri::TargetUri,
};
use crate::model::nearest;

/// Joins what was read.
pub(super) fn link(draft: Draft, files: Vec<SourceFile>) -> Result<Tables, InventoryError> {
    let mut tables = Tables {
        files: files.into(),
        ..Tables::empty()
    };
    let names = Names::of(&draft, &tables.files)?;
    add_groups(&mut tables, &draft, &names)?;
    let ranks: Vec<usize> = draft.groups.iter().map(|group| group.rank).collect();
    let mut layers: Vec<Vec<(usize, Definition)>> = Vec::new();
    for item in draft.items {
        let group = u32::try_from(item.group).expect("groups were counted when they were added");
        let (name, uri) = match &item.kind {
            DraftItemKind::Definition(definition) => (definition.name.clone(), None),
            DraftItemKind::Text(text) => names.of_text(text, item.span, &tables.files)?,
        };
        let index = if let Some(Named::Target(index)) = tables.names.get(name.as_str()) {
            *index
        } else {
            layers.push(Vec::new());
            add_entry(&mut tables, &name)
        };
        let entry = tables.entry_mut(index);
        if let Err(at) = entry.groups.binary_search(&group) {
            entry.groups.insert(at, group);
        }
        match item.kind {
            DraftItemKind::Text(_) => {
                if let Some(uri) = uri {
                    entry.take_uri(uri);
                }
            }
            DraftItemKind::Definition(definition) => {
                layers[index as usize].push((ranks[item.group], *definition));
            }
        }
    }
    for (index, definitions) in (0..).zip(layers) {
        define(&mut tables, index, definitions);
    }
    join_groups(&mut tables);
    tiers::check_circles(&tables, &draft.groups)?;
    tiers::check_members(&tables)?;
    Ok(tables)
}

fn add_groups(tables: &mut Tables, draft: &Draft, names: &Names) -> Result<(), InventoryError> {
    tables.groups.clear();
    for (index, group) in (0..).zip(&draft.groups) {
        let name: Arc<str> = Arc::from(group.name.as_str());
        let depends_on = match &group.depends_on {
            None => None,
            Some(others) => Some(
                others
                    .iter()
                    .map(|(other, span)| names.tier(other, *span, draft, &tables.files))
                    .collect::<Result<Vec<u32>, _>>()?,
            ),
        };
        tables.define(&name, Named::Group(index));
        tables.groups.push(Arc::new(GroupEntry {
            name,
            parent: group.parent.map(|parent| {
                u32::try_from(parent).expect("a group comes after those that it is in")
            }),
            rank: group.rank,
            layer: group.layer.clone(),
            depends_on,
            targets: Vec::new(),
            span: Some(group.span),
        }));
    }
    Ok(())
}

fn add_entry(tables: &mut Tables, name: &str) -> u32 {
    let index = u32::try_from(tables.entries.len())
        .expect("a file of 256 MB has fewer targets than a u32 counts");
    let mut entry = tables.new_entry(name, None);
    entry.listed = true;
    tables.entries.push(Arc::new(entry));
    tables.define(name, Named::Target(index));
    index
}

/// Puts the definitions of a target together, those of the nearest groups first.
fn define(tables: &mut Tables, index: u32, mut definitions: Vec<(usize, Definition)>) {
    definitions.sort_by_key(|(rank, _)| *rank);
    let names = Arc::make_mut(&mut tables.names);
    let entry = Arc::make_mut(&mut tables.entries[index as usize]);
    let mut uri: Option<TargetUri> = None;
    for (_, definition) in definitions {
        uri = uri.or(definition.uri);
        for (alias, _) in definition.aliases {
            if !entry.aliases.contains(&alias) {
                names.insert(Arc::from(alias.as_str()), Named::Alias(index));
                entry.aliases.push(alias);
            }
        }
        if !definition.layer.is_empty() {
            entry.layers.push(Arc::new(definition.layer));
        }
    }
    if let Some(uri) = uri {
        entry.take_uri(uri);
    }
}

/// Lists the targets at their groups, and gives each target its membership.
fn join_groups(tables: &mut Tables) {
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); tables.groups.len()];
    let count =
        u32::try_from(tables.entries.len()).expect("entries were counted when they were added");
    for index in 0..count {
        let direct = std::mem::take(&mut tables.entry_mut(index).groups);
        for group in &direct {
            members[*group as usize].push(index);
        }
        let membership = tables.membership(&direct);
        let entry = tables.entry_mut(index);
        entry.membership = membership;
        entry.groups = direct;
    }
    for (group, members) in tables.groups.iter_mut().zip(members) {
        Arc::make_mut(group).targets = members;
    }
}

/// Every name that is defined in the files, before texts are looked at.
struct Names {
    known: HashMap<String, Defined>,
}

enum Defined {
    Group { index: u32, span: Span },
    Target { span: Span },
    Alias { of: String, span: Span },
}

impl Defined {
    fn describe(&self) -> String {
        match self {
            Self::Group { .. } => "a group".to_owned(),
            Self::Target { .. } => "a target".to_owned(),
            Self::Alias { of, .. } => format!("an alias of `{of}`"),
        }
    }

    const fn span(&self) -> Span {
        match self {
            Self::Group { span, .. } | Self::Target { span } | Self::Alias { span, .. } => *span,
        }
    }
}

impl Names {
    fn of(draft: &Draft, files: &[SourceFile]) -> Result<Self, InventoryError> {
        let mut names = Self {
            known: HashMap::with_capacity(draft.items.len()),
        };
        for (index, group) in (0..).zip(&draft.groups) {
            let span = group.span;
            names.define(&group.name, Defined::Group { index, span }, files)?;
        }
        let definitions = || draft.items.iter().filter_map(DraftItem::definition);
        for (definition, span) in definitions() {
            names.define(&definition.name, Defined::Target { span }, files)?;
        }
        for (definition, _) in definitions() {
            for (alias, span) in &definition.aliases {
                let defined = Defined::Alias {
                    of: definition.name.clone(),
                    span: *span,
                };
                names.define(alias, defined, files)?;
            }
        }
        Ok(names)
    }

    /// Takes a name. A target may be defined again and again; everything else once.
    fn define(
        &mut self,
        name: &str,
        defined: Defined,
        files: &[SourceFile],
    ) -> Result<(), InventoryError> {
        match self.known.entry(name.to_owned()) {
            Slot::Vacant(slot) => {
                slot.insert(defined);
                Ok(())
            }
            Slot::Occupied(slot) => match (slot.get(), &defined) {
                (Defined::Target { .. }, Defined::Target { .. }) => Ok(()),
                (Defined::Alias { of: first, .. }, Defined::Alias { of: second, .. })
                    if first == second =>
                {
                    Ok(())
                }
                (first, second) => Err(taken(name, first, second, files)),
            },
        }
    }

    /// The target that a text of a `targets:` list names, and its URI if it is a new one.
    fn of_text(
        &self,
        text: &str,
        span: Span,
        files: &[SourceFile],
    ) -> Result<(String, Option<TargetUri>), InventoryError> {
        match self.known.get(text) {
            Some(Defined::Target { .. }) => return Ok((text.to_owned(), None)),
            Some(Defined::Alias { of, .. }) => return Ok((of.clone(), None)),
            Some(group @ Defined::Group { .. }) => {
                return Err(taken(text, group, &Defined::Target { span }, files));
            }
            None => {}
        }
        let uri = parse_uri(text)
            .map_err(|kind| InventoryError::at(kind, vec![labelled(files, span, "")]))?;
        let name = uri.text.clone();
        // The same URI may be written with a password here and without one there.
        let new = !self.known.contains_key(name.as_str());
        Ok((name, new.then_some(uri)))
    }

    /// The group of a name in `depends_on`.
    fn tier(
        &self,
        name: &str,
        span: Span,
        draft: &Draft,
        files: &[SourceFile],
    ) -> Result<u32, InventoryError> {
        let kind = match self.known.get(name) {
            Some(Defined::Group { index: 0, .. }) => Kind::AllAsTier,
            Some(Defined::Group { index, .. }) => return Ok(*index),
            _ => {
                let groups = draft.groups.iter().skip(1).map(|group| group.name.as_str());
                Kind::UnknownGroup {
                    name: name.to_owned(),
                    nearest: nearest(name, groups).map(str::to_owned),
                }
            }
        };
        let label = match self.known.get(name) {
            Some(Defined::Target { .. } | Defined::Alias { .. }) => {
                "this is a target, and only groups are tiers"
            }
            _ => "",
        };
        Err(InventoryError::at(kind, vec![labelled(files, span, label)]))
    }
}

impl DraftItem {
    fn definition(&self) -> Option<(&Definition, Span)> {
        match &self.kind {
            DraftItemKind::Definition(definition) => Some((definition, self.span)),
            DraftItemKind::Text(_) => None,
        }
    }
}

fn taken(name: &str, first: &Defined, second: &Defined, files: &[SourceFile]) -> InventoryError {
    let kind = Kind::NameTaken {
        name: name.to_owned(),
        first: first.describe(),
        second: second.describe(),
    };
    let mut places: Vec<Labelled> = vec![labelled(
        files,
        second.span(),
        &format!("here it is {}", second.describe()),
    )];
    // `all` is written nowhere.
    if !matches!(first, Defined::Group { index: 0, .. }) {
        places.push(labelled(
            files,
            first.span(),
            &format!("here {}", first.describe()),
        ));
    }
    InventoryError::at(kind, places)
}

#[cfg(test)]
mod tests {
    use crate::{
        inventory::{Inventory, InventoryError, InventoryErrorKind as Kind},
        model::Value,
    };

    fn parse(text: &str) -> Inventory {
        Inventory::parse("inventory.yaml", text).unwrap_or_else(|error| panic!("{error:?}"))
    }

    fn error(text: &str) -> InventoryError {
        match Inventory::parse("inventory.yaml", text) {
            Ok(_) => panic!("it was taken: {text}"),
            Err(error) => error,
        }
    }

    fn names(inventory: &Inventory, expression: &str) -> Vec<String> {
        let targets = inventory.resolve(expression).unwrap();
        targets
            .iter()
            .map(|target| target.name.to_string())
            .collect()
    }

    #[test]
    fn targets_win_over_groups_and_near_groups_over_far_ones() {
        let inventory = parse(
            "
config: {transport: ssh, ssh: {user: all, port: 1, tmpdir: /all}}
vars: {a: all, b: {x: all}, c: all}
facts: {os: {name: all, arch: all}}
features: [shell]
groups:
  - name: outer
    config: {ssh: {user: outer, port: 2}}
    vars: {a: outer, b: {y: outer}}
    facts: {os: {name: outer}}
    features: [outer]
    groups:
      - name: inner
        config: {ssh: {user: inner}}
        vars: {a: inner}
        targets:
          - name: t
            config: {ssh: {interpreters: {.rb: /ruby}}}
            vars: {a: target}
            features: [own]
",
        );
        let target = inventory.resolve_one("t").unwrap();
        assert_eq!(
            Value::Map(target.config.clone()).to_string(),
            r#"{"interpreters":{".rb":"/ruby"},"user":"inner","port":2,"tmpdir":"/all"}"#
        );
        assert_eq!(
            Value::Map(target.vars.clone()).to_string(),
            r#"{"a":"target","b":{"y":"outer"},"c":"all"}"#
        );
        assert_eq!(
            Value::Map(target.facts.clone()).to_string(),
            r#"{"os":{"name":"outer","arch":"all"}}"#
        );
        assert_eq!(
            target.features.iter().collect::<Vec<_>>(),
            ["outer", "own", "shell"]
        );
        assert_eq!(target.groups, ["inner", "outer", "all"]);
        assert_eq!(
            (target.user.as_deref(), target.port),
            (Some("inner"), Some(2))
        );
    }

    #[test]
    fn of_several_definitions_the_first_in_depth_wins() {
        let inventory = parse(
            "
targets:
  - {name: t, uri: 'ssh://last', vars: {a: all, z: all}}
groups:
  - name: one
    targets: [{name: t, vars: {a: one, b: one}}]
    vars: {g: one}
    groups:
      - {name: deep, targets: [{name: t, uri: 'ssh://first', vars: {a: deep}}], vars: {g: deep}}
  - name: two
    targets: [{name: t, vars: {a: two, b: two, c: two}}]
    vars: {g: two, h: two}
",
        );
        let target = inventory.resolve_one("t").unwrap();
        assert_eq!(
            Value::Map(target.vars.clone()).to_string(),
            r#"{"a":"deep","b":"one","c":"two","z":"all","g":"deep","h":"two"}"#
        );
        assert_eq!(target.host, "first");
        assert_eq!(target.groups, ["deep", "one", "two", "all"]);
    }

    #[test]
    fn texts_are_references_wherever_the_target_is_defined() {
        let inventory = parse(
            "
groups:
  - {name: a, targets: [late, second, plain]}
  - {name: b, targets: [{name: late, alias: [second]}, plain, 'ssh://u:pw@h', 'ssh://u@h', 007]}
",
        );
        assert_eq!(
            names(&inventory, "all"),
            ["late", "plain", "ssh://u@h", "007"]
        );
        assert_eq!(names(&inventory, "a"), ["late", "plain"]);
        let target = inventory.resolve_one("ssh://u@h").unwrap();
        assert_eq!(
            target.setting("password"),
            Some(&Value::sensitive(Value::from("pw")))
        );
        assert!(!format!("{inventory:?}").contains("\"pw\""));
    }

    #[test]
    fn localhost_is_local_unless_its_own_definition_says_otherwise() {
        let inventory =
            parse("{config: {transport: ssh, ssh: {port: 1}}, targets: [localhost, h]}");
        assert_eq!(
            inventory.resolve_one("localhost").unwrap().transport,
            "local"
        );
        assert_eq!(inventory.resolve_one("h").unwrap().port, Some(1));
        let inventory = parse("targets: [{name: localhost, config: {transport: ssh}}]");
        assert_eq!(inventory.resolve_one("localhost").unwrap().transport, "ssh");
    }

    #[test]
    fn one_name_means_one_thing() {
        for (text, first, second) in [
            ("groups: [{name: a}, {name: a}]", (1, 17), (1, 28)),
            ("groups: [{name: a, targets: [a]}]", (1, 17), (1, 30)),
            (
                "{groups: [{name: a}], targets: [{name: a}]}",
                (1, 18),
                (1, 40),
            ),
            (
                "targets: [{name: a, alias: b}, {name: b}]",
                (1, 39),
                (1, 28),
            ),
            (
                "targets: [{name: a, alias: c}, {name: b, alias: c}]",
                (1, 28),
                (1, 49),
            ),
        ] {
            let error = error(text);
            assert!(
                matches!(error.kind(), Kind::NameTaken { .. }),
                "{text}: {error:?}"
            );
            let mut places: Vec<(u32, u32)> = error
                .places()
                .map(|place| (place.line, place.column))
                .collect();
            places.reverse();
            assert_eq!(places, [first, second], "{text}");
        }
        assert!(matches!(
            error("groups: [{name: all}]").kind(),
            Kind::NameTaken { .. }
        ));
    }

    #[test]
    fn tiers_are_ordered_without_circles_and_without_sharing_targets() {
        let inventory = parse(
            "
groups:
  - {name: db, targets: [db1]}
  - {name: app, depends_on: [db], targets: [app1], groups: [{name: app_eu, targets: [app2]}]}
  - {name: web, depends_on: [app, db], targets: [web1]}
  - {name: lonely, depends_on: []}
  - {name: other, targets: [web1, db1]}
",
        );
        let tiers: Vec<(String, usize, Vec<String>)> = inventory
            .tiers()
            .into_iter()
            .map(|tier| (tier.name, tier.targets.len(), tier.depends_on))
            .collect();
        let tier = |name: &str, count, depends_on: &[&str]| {
            (
                name.to_owned(),
                count,
                depends_on
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(
            tiers,
            [
                tier("db", 1, &[]),
                tier("app", 2, &["db"]),
                tier("web", 1, &["app", "db"]),
                tier("lonely", 0, &[])
            ]
        );
        assert_eq!(
            inventory.tiers()[1].place.as_ref().map(|place| place.line),
            Some(4)
        );

        let circle = error(
            "
groups:
  - {name: start, depends_on: a}
  - {name: a, depends_on: [b]}
  - {name: b, depends_on: [c]}
  - {name: c, depends_on: [a]}
",
        );
        assert!(
            matches!(circle.kind(), Kind::TierCircle { circle } if circle == "a → b → c → a"),
            "{circle:?}"
        );
        assert_eq!(
            circle.places().map(|place| place.line).collect::<Vec<_>>(),
            [4, 5, 6]
        );
        assert!(matches!(
            error("groups: [{name: a, depends_on: a}]").kind(),
            Kind::TierCircle { .. }
        ));

        let shared = error(
            "groups: [{name: a, targets: [t]}, {name: b, depends_on: a, groups: [{name: c, targets: [t]}]}]",
        );
        assert!(
            matches!(shared.kind(), Kind::TwoTiers { .. }) && shared.places().count() == 2,
            "{shared:?}"
        );
        let unknown = error("groups: [{name: web}, {name: b, depends_on: wbe}]");
        assert_eq!(unknown.help_text(), Some("did you mean `web`?"));
        assert!(matches!(
            error("groups: [{name: b, depends_on: all}]").kind(),
            Kind::AllAsTier
        ));
    }
}
