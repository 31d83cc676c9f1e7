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
use crate::model::{Target, nearest};

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
        let mut selection = Selection::new(tables, expression);
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
        selection.into_targets()
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
    /// Targets that the inventory doesn't know.
    addresses: Vec<Entry>,
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
                if self.addresses.iter().all(|known| known.name != entry.name) {
                    self.addresses.push(*entry);
                }
            }
        }
        Ok(())
    }

    fn leave_out(&mut self, term: &Term<'_>) -> Result<(), ResolveError> {
        if is_glob(term.word) && !self.tables.names.contains_key(term.word) {
            let glob = glob(term.word).ok();
            let before = self.addresses.len();
            self.addresses.retain(|entry| {
                glob.as_ref()
                    .is_none_or(|glob| !glob.is_match(entry.name.as_str()))
            });
            let matching = match self.matching(term) {
                Ok(matching) => matching,
                // It matched addresses, at least.
                Err(_) if self.addresses.len() < before => return Ok(()),
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
                let before = self.addresses.len();
                self.addresses.retain(|known| known.name != entry.name);
                // Leaving out a stranger that nobody named is a typo, and one that would hit the wrong machine.
                if self.addresses.len() == before && entry.name.as_str() != "localhost" {
                    return Err(self.unknown(term));
                }
            }
        }
        Ok(())
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

    fn into_targets(self) -> Result<Vec<Arc<Target>>, ResolveError> {
        let known = self
            .chosen
            .iter()
            .zip(&self.tables.entries)
            .filter_map(|(chosen, entry)| chosen.then_some(entry));
        let count = known.clone().count() + self.addresses.len();
        let mut targets = Vec::with_capacity(count);
        for entry in known.chain(&self.addresses) {
            targets.push(self.tables.target(entry).map_err(|error| {
                let kind = Kind::Unusable {
                    target: entry.name.to_string(),
                    error,
                };
                self.error(kind, 0..self.expression.len())
            })?);
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
