//! From target expressions to targets.

use std::sync::Arc;

use super::{
    Inventory, InventoryError, ResolveError, ResolveErrorKind as Kind,
    expression::{Term, glob, is_glob, terms},
    mask::mask_secrets,
    reader::parse_uri,
    tables::{Entry, Named, Tables},
    uri::TargetUri,
};
use crate::model::{Target, TargetName, nearest};

impl Inventory {
    /// The targets that an expression names, in the order of the inventory, each once; those that the inventory
    /// doesn't know come last, in the order of the expression.
    ///
    /// Words are separated by commas and spaces. A word is the name of a target, an alias or a group, `all`, a
    /// pattern over all of these (`*`, `?`, `[ab]`, `{a,b}`, capitals don't matter), or the address of a host that
    /// is not in the inventory (`ssh://h`, `u@h`, `h:22`, an IP address, a name with a dot). `localhost` is always
    /// there. What a word with `!` before it names is left out, wherever it stands.
    ///
    /// # Errors
    /// A word names nothing, a pattern matches nothing, or a value that one of the targets needs can't be had.
    pub fn resolve(&self, expression: &str) -> Result<Vec<Arc<Target>>, ResolveError> {
        let tables = &*self.tables;
        // Plans ask for one name again and again; nothing has to be marked among 20,000 for that.
        if let Some(Named::Target(index)) = tables.names.get(expression) {
            let entry = &tables.entries[*index as usize];
            let target = tables.target(entry);
            return match target {
                Ok(target) => Ok(vec![target]),
                Err(error) => Err(unusable(entry, error, expression)),
            };
        }
        self.select(expression)?.into_targets()
    }

    /// The names of the targets that an expression names, as [`Inventory::resolve`] gives them: for checks that need
    /// no configuration.
    ///
    /// # Errors
    /// A word names nothing, or a pattern matches nothing.
    pub fn resolve_names(&self, expression: &str) -> Result<Vec<TargetName>, ResolveError> {
        let selection = self.select(expression)?;
        Ok(selection
            .entries()
            .map(|entry| entry.name.clone())
            .collect())
    }

    fn select<'s>(&'s self, expression: &'s str) -> Result<Selection<'s>, ResolveError> {
        let mut selection = Selection::new(&self.tables, expression);
        let terms = terms(expression);
        if terms.is_empty() {
            return Err(selection.error(Kind::Empty, 0..expression.len()));
        }
        if terms.iter().all(|term| term.excluded) {
            return Err(selection.error(Kind::OnlyExclusions, 0..expression.len()));
        }
        for term in terms.iter().filter(|term| !term.excluded) {
            selection.add(term)?;
        }
        for term in terms.iter().filter(|term| term.excluded) {
            selection.leave_out(term)?;
        }
        Ok(selection)
    }

    /// The one target that an expression names.
    ///
    /// # Errors
    /// As [`Inventory::resolve`]; or it names several, or none.
    pub fn resolve_one(&self, expression: &str) -> Result<Arc<Target>, ResolveError> {
        let mut targets = self.resolve(expression)?;
        match (targets.pop(), targets.len()) {
            (Some(target), 0) => Ok(target),
            (last, rest) => {
                let kind = Kind::NotOne {
                    expression: mask_secrets(expression),
                    count: rest + usize::from(last.is_some()),
                };
                Err(ResolveError::new(kind, expression, 0..expression.len()))
            }
        }
    }
}

/// What has been chosen so far.
struct Selection<'t> {
    tables: &'t Tables,
    expression: &'t str,
    chosen: Vec<bool>,
    /// Targets that the inventory doesn't know, and whether they are still chosen.
    addresses: Vec<(Entry, bool)>,
}

/// What a word stands for.
enum Meaning {
    Target(u32),
    Group(u32),
    Address(Box<Entry>),
}

impl<'t> Selection<'t> {
    fn new(tables: &'t Tables, expression: &'t str) -> Self {
        Self {
            tables,
            expression,
            chosen: vec![false; tables.entries.len()],
            addresses: Vec::new(),
        }
    }

    fn add(&mut self, term: &Term<'_>) -> Result<(), ResolveError> {
        if is_glob(term.word) && !self.tables.names.contains_key(term.word) {
            let matching = self.matching(term)?;
            for (chosen, matches) in self.chosen.iter_mut().zip(matching) {
                *chosen |= matches;
            }
            return Ok(());
        }
        match self.meaning(term)? {
            Meaning::Target(index) => self.chosen[index as usize] = true,
            Meaning::Group(index) => self.tables.mark_group(index, &mut self.chosen),
            Meaning::Address(entry) => {
                let known = |(known, _): &(Entry, bool)| known.name == entry.name;
                if !self.addresses.iter().any(known) {
                    self.addresses.push((*entry, true));
                }
            }
        }
        Ok(())
    }

    fn leave_out(&mut self, term: &Term<'_>) -> Result<(), ResolveError> {
        if is_glob(term.word) && !self.tables.names.contains_key(term.word) {
            let glob = glob(term.word).ok();
            let matches_address = self.leave_out_addresses(|entry| {
                glob.as_ref()
                    .is_some_and(|glob| glob.is_match(entry.name.as_str()))
            });
            let matching = match self.matching(term) {
                Ok(matching) => matching,
                Err(_) if matches_address => return Ok(()),
                Err(error) => return Err(error),
            };
            for (chosen, matches) in self.chosen.iter_mut().zip(matching) {
                *chosen &= !matches;
            }
            return Ok(());
        }
        match self.meaning(term)? {
            Meaning::Target(index) => self.chosen[index as usize] = false,
            Meaning::Group(index) => {
                let mut left_out = vec![false; self.chosen.len()];
                self.tables.mark_group(index, &mut left_out);
                for (chosen, left_out) in self.chosen.iter_mut().zip(left_out) {
                    *chosen &= !left_out;
                }
            }
            Meaning::Address(entry) => {
                let named = self.leave_out_addresses(|known| known.name == entry.name);
                if !named && entry.name.as_str() != "localhost" {
                    let name = mask_secrets(term.word);
                    return Err(self.error(Kind::LeftOutUnnamed { name }, term.span.clone()));
                }
            }
        }
        Ok(())
    }

    /// Whether there are such addresses. They are chosen no more.
    fn leave_out_addresses(&mut self, such: impl Fn(&Entry) -> bool) -> bool {
        let mut any = false;
        for (entry, chosen) in &mut self.addresses {
            if such(entry) {
                any = true;
                *chosen = false;
            }
        }
        any
    }

    fn meaning(&self, term: &Term<'_>) -> Result<Meaning, ResolveError> {
        match self.tables.names.get(term.word) {
            Some(Named::Target(index) | Named::Alias(index)) => return Ok(Meaning::Target(*index)),
            Some(Named::Group(index)) => return Ok(Meaning::Group(*index)),
            None => {}
        }
        match self.tables.address(term.word) {
            None => Err(self.unknown(term)),
            Some(Err(error)) => Err(self.error(Kind::BadAddress(error), term.span.clone())),
            // The same URI may stand in the inventory without the password.
            Some(Ok(entry)) => match self.tables.names.get(entry.name.as_str()) {
                Some(Named::Target(index)) => Ok(Meaning::Target(*index)),
                _ => Ok(Meaning::Address(Box::new(entry))),
            },
        }
    }

    /// Which targets of the inventory a pattern means, by their own names or by those of groups.
    fn matching(&self, term: &Term<'_>) -> Result<Vec<bool>, ResolveError> {
        let pattern = glob(term.word).map_err(|reason| {
            let kind = Kind::BadGlob {
                glob: term.word.to_owned(),
                reason,
            };
            self.error(kind, term.span.clone())
        })?;
        let mut matching = vec![false; self.chosen.len()];
        let mut any = false;
        for (matches, entry) in matching.iter_mut().zip(&self.tables.entries) {
            *matches = entry.listed
                && (pattern.is_match(entry.name.as_str())
                    || entry.aliases.iter().any(|alias| pattern.is_match(alias)));
            any |= *matches;
        }
        for (index, group) in (0..).zip(&self.tables.groups) {
            if pattern.is_match(&*group.name) {
                any = true;
                self.tables.mark_group(index, &mut matching);
            }
        }
        if any {
            Ok(matching)
        } else {
            let glob = term.word.to_owned();
            Err(self.error(Kind::NothingMatches { glob }, term.span.clone()))
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        let known = self
            .chosen
            .iter()
            .zip(&self.tables.entries)
            .filter_map(|(chosen, entry)| chosen.then_some(&**entry));
        let addresses = self
            .addresses
            .iter()
            .filter_map(|(entry, chosen)| chosen.then_some(entry));
        known.chain(addresses)
    }

    fn into_targets(self) -> Result<Vec<Arc<Target>>, ResolveError> {
        let mut targets = Vec::with_capacity(self.entries().count());
        for entry in self.entries() {
            let target = self.tables.target(entry);
            targets.push(target.map_err(|error| unusable(entry, error, self.expression))?);
        }
        Ok(targets)
    }

    fn unknown(&self, term: &Term<'_>) -> ResolveError {
        let kind = Kind::Unknown {
            name: mask_secrets(term.word),
            nearest: nearest(term.word, self.tables.all_names()).map(str::to_owned),
        };
        self.error(kind, term.span.clone())
    }

    fn error(&self, kind: Kind, span: std::ops::Range<usize>) -> ResolveError {
        ResolveError::new(kind, self.expression, span)
    }
}

fn unusable(entry: &Entry, error: InventoryError, expression: &str) -> ResolveError {
    let kind = Kind::Unusable {
        target: entry.name.to_string(),
        error,
    };
    ResolveError::new(kind, expression, 0..expression.len())
}

impl Tables {
    /// A target that is not in the inventory, if the word can mean one: `localhost`, or an address.
    pub(super) fn address(&self, word: &str) -> Option<Result<Entry, InventoryError>> {
        if word == "localhost" {
            return Some(Ok(self.new_entry(word, None)));
        }
        if !TargetUri::is_address(word) {
            return None;
        }
        Some(match parse_uri(word) {
            Ok(uri) => {
                let name = uri.text.clone();
                Ok(self.new_entry(&name, Some(uri)))
            }
            Err(kind) => Err(InventoryError::new(kind)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::LazyLock};

    use miette::{GraphicalReportHandler, GraphicalTheme};
    use proptest::prelude::*;

    use super::*;
    use crate::{
        inventory::Overrides,
        model::{Secret, Value},
    };

    fn inventory() -> Inventory {
        static INVENTORY: LazyLock<Inventory> = LazyLock::new(read_inventory);
        INVENTORY.clone()
    }

    fn read_inventory() -> Inventory {
        Inventory::parse(
            "inventory.yaml",
            "
targets: [top]
groups:
  - name: web
    targets: [web1, {name: web2, alias: [second, w2]}, web3]
    groups: [{name: edge, targets: [edge1, web1]}]
  - name: db
    targets: ['ssh://root@db1.example.com:22', '[fe80::1]:22']
  - name: none
",
        )
        .unwrap()
    }

    fn names(expression: &str) -> Vec<String> {
        let targets = inventory()
            .resolve(expression)
            .unwrap_or_else(|error| panic!("{error}"));
        targets
            .iter()
            .map(|target| target.name.to_string())
            .collect()
    }

    fn error(expression: &str) -> ResolveError {
        match inventory().resolve(expression) {
            Ok(targets) => panic!("{expression} gave {} targets", targets.len()),
            Err(error) => error,
        }
    }

    #[test]
    fn names_aliases_groups_and_patterns_name_targets_in_the_order_of_the_inventory() {
        assert_eq!(names("web2, top web1 web1"), ["top", "web1", "web2"]);
        assert_eq!(names("second"), ["web2"]);
        assert_eq!(names("web"), ["web1", "web2", "web3", "edge1"]);
        assert_eq!(names("edge"), ["web1", "edge1"]);
        assert_eq!(names("all").len(), 7);
        assert_eq!(names("WEB[12]"), ["web1", "web2"]);
        assert_eq!(
            names("{s,t}*"),
            ["top", "web2", "ssh://root@db1.example.com:22"]
        );
        assert_eq!(names("ed?e"), ["web1", "edge1"]);
        assert_eq!(names("[fe80::1]:22"), ["[fe80::1]:22"]);
        assert_eq!(names("none"), [""; 0]);
    }

    #[test]
    fn what_is_excluded_is_left_out_wherever_it_stands() {
        assert_eq!(names("!web2,web,!edge"), ["web3"]);
        assert_eq!(names("all,!web*,!ssh://*,!top"), ["[fe80::1]:22"]);
        assert_eq!(names("web,!none"), names("web"));
        assert_eq!(names("web,!localhost"), names("web"));
        assert_eq!(names("a.example.com b.example.com !a*"), ["b.example.com"]);
    }

    #[test]
    fn addresses_are_targets_that_need_no_inventory() {
        let target = inventory().resolve_one("ssh://bob:hunter2@h:2222").unwrap();
        assert_eq!(target.name.as_str(), "ssh://bob@h:2222");
        assert_eq!(
            (target.host.as_str(), target.port, target.user.as_deref()),
            ("h", Some(2222), Some("bob"))
        );
        assert_eq!(
            target.setting("password"),
            Some(&Value::sensitive(Value::from("hunter2")))
        );
        assert_eq!(target.groups, ["all"]);
        assert_eq!(names("10.0.0.9,top,h:22"), ["top", "10.0.0.9", "h:22"]);
        assert_eq!(
            names("ssh://root:pw@db1.example.com:22"),
            ["ssh://root@db1.example.com:22"]
        );
        let localhost = Inventory::empty().resolve_one("localhost").unwrap();
        assert_eq!(localhost.transport, "local");
    }

    #[test]
    fn mistakes_are_told_apart_and_point_at_their_word() {
        let unknown = error("web1, wbe3");
        assert!(matches!(unknown.kind, Kind::Unknown { .. }));
        assert_eq!(
            (unknown.span.clone(), unknown.help_text()),
            (6..10, Some("did you mean `web3`?".to_owned()))
        );
        assert!(matches!(error("x*,web1").kind, Kind::NothingMatches { .. }));
        assert!(matches!(error("web,!x*").kind, Kind::NothingMatches { .. }));
        assert!(matches!(error("web,!wbe1").kind, Kind::Unknown { .. }));
        assert!(matches!(
            error("web,!h:22").kind,
            Kind::LeftOutUnnamed { .. }
        ));
        assert!(matches!(error("[a").kind, Kind::BadGlob { .. }));
        assert!(matches!(error(" , ").kind, Kind::Empty));
        assert!(matches!(error("!web1").kind, Kind::OnlyExclusions));
        assert!(matches!(error("shh://h").kind, Kind::BadAddress(_)));
        assert!(matches!(error("h:99999").kind, Kind::BadAddress(_)));
        let several = inventory().resolve_one("web").unwrap_err();
        assert!(matches!(several.kind, Kind::NotOne { count: 4, .. }));
        let secret = error("ssh://u:hunter2@h:x");
        assert!(!format!("{secret:?} {secret}").contains("hunter2"));
    }

    #[test]
    fn mistakes_are_shown_where_they_are() {
        let mut reports = String::new();
        for expression in [
            "web1, wbe3",
            "kubernetes",
            "web*,x*",
            "[a",
            " ",
            "!web1",
            "ssh://bob:hunter2@h:99999",
            "bob:hunter2@h:x",
            "shh://h",
            "web,!db1.example.com",
        ] {
            GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
                .with_width(100)
                .render_report(&mut reports, &error(expression))
                .unwrap();
        }
        assert!(!reports.contains("hunter2"));
        insta::assert_snapshot!(reports);
    }

    #[test]
    fn targets_are_made_once() {
        let inventory = inventory();
        let first = inventory.resolve("all").unwrap();
        let second = inventory.resolve("web,all").unwrap();
        assert!(
            first
                .iter()
                .zip(&second)
                .all(|(one, other)| Arc::ptr_eq(one, other))
        );
    }

    #[test]
    fn the_command_line_wins_over_everything() {
        let overrides = Overrides {
            user: Some("me".to_owned()),
            port: Some(1),
            password: Some(Secret::new("pw".to_owned())),
            ..Overrides::default()
        };
        let inventory = Inventory::parse(
            "inventory.yaml",
            "targets: [{uri: 'ssh://you@h:2', config: {ssh: {user: we, port: 3}}}, {name: l, config: {transport: local}}]",
        )
        .unwrap()
        .with_overrides(overrides);
        let targets = inventory.resolve("all").unwrap();
        assert_eq!(
            (targets[0].user.as_deref(), targets[0].port),
            (Some("me"), Some(1))
        );
        assert_eq!(targets[1].setting("user"), None);
        let moved = inventory.with_overrides(Overrides {
            transport: Some("local".to_owned()),
            ..Overrides::default()
        });
        assert_eq!(
            moved.resolve_one("ssh://you@h:2").unwrap().transport,
            "local"
        );
    }

    fn expression() -> impl Strategy<Value = String> {
        let word = prop::sample::select(vec![
            "all",
            "web",
            "edge",
            "db",
            "web1",
            "web2",
            "second",
            "w*",
            "*1",
            "{web,edge}1",
            "top",
            "none",
            "localhost",
            "h:22",
        ]);
        prop::collection::vec(word, 1..5).prop_map(|words| words.join(","))
    }

    fn set(expression: &str) -> BTreeSet<String> {
        names(expression).into_iter().collect()
    }

    proptest! {
        #[test]
        fn any_text_is_resolved_or_refused(text in "[a-z!*?{}\\[\\]@:,. é/\\\\-]{0,30}") {
            if let Err(error) = inventory().resolve(&text) {
                prop_assert!(error.span.end <= error.expression.len());
                let _ = error.help_text();
            }
        }

        #[test]
        fn exclusion_is_set_difference(left in expression(), right in expression()) {
            // Addresses that nobody named can't be left out.
            let right = right.replace("h:22", "top");
            let excluded: Vec<String> = right.split(',').map(|word| format!("!{word}")).collect();
            // A comma in braces is no end of a word.
            prop_assume!(!right.contains('{'));
            let result = set(&format!("{left},{}", excluded.join(",")));
            let expected: BTreeSet<String> = set(&left).difference(&set(&right)).cloned().collect();
            prop_assert_eq!(result, expected);
        }

        #[test]
        fn a_union_is_a_union_in_any_order_and_each_target_once(left in expression(), right in expression()) {
            let joined = names(&format!("{left} {right}"));
            let union: BTreeSet<String> = set(&left).union(&set(&right)).cloned().collect();
            prop_assert_eq!(joined.len(), union.len());
            prop_assert_eq!(joined.iter().cloned().collect::<BTreeSet<_>>(), union);
            prop_assert_eq!(set(&format!("{right},{left}")), joined.into_iter().collect());
        }

        #[test]
        fn everything_without_everything_is_nothing(expression in expression()) {
            prop_assume!(!expression.contains('{'));
            let excluded: Vec<String> = expression.split(',').map(|word| format!("!{word}")).collect();
            let left = set(&format!("{expression},{}", excluded.join(",")));
            prop_assert!(left.is_empty(), "{:?}", left);
        }
    }
}
