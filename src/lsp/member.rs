//! What stands behind a point: the properties and methods of a value, by its type.

use super::file_view::{FileView, base};
use crate::plan::{Entry, EntryKind, StandardFunction, standard_functions};

/// A property or method.
#[derive(Clone, Copy, Debug)]
pub(super) enum MemberOf {
    Own(&'static Entry),
    Standard(&'static StandardFunction),
}

/// The types of which Rhai brings methods along.
const STANDARD_TYPES: [&str; 3] = ["Array", "Map", "String"];

impl MemberOf {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Own(entry) => entry.name,
            Self::Standard(function) => &function.name,
        }
    }
}

/// The members of a type; those of all types if it is not known. Of several ways to call one the first alone.
pub(super) fn members(view: &FileView<'_>, kind: Option<&str>) -> Vec<MemberOf> {
    let owner = kind.map(base);
    let is_owner = |receiver: &str| owner.is_none_or(|owner| owner == receiver);
    let own = view
        .entries()
        .filter(|entry| matches!(entry.kind, EntryKind::Getter | EntryKind::Method))
        .filter(|entry| entry.receiver.is_some_and(is_owner))
        .map(MemberOf::Own);
    let standard = standard_functions()
        .iter()
        .filter(|function| {
            function.params.first().is_some_and(|(_, first)| {
                is_owner(first) && (owner.is_some() || STANDARD_TYPES.contains(&first.as_str()))
            })
        })
        .map(MemberOf::Standard);
    let mut members: Vec<MemberOf> = Vec::new();
    for member in own.chain(standard) {
        let is_known = members.iter().any(|known| match (known, member) {
            (MemberOf::Own(one), MemberOf::Own(other)) => {
                one.name == other.name && one.receiver == other.receiver
            }
            _ => known.name() == member.name(),
        });
        if !is_known {
            members.push(member);
        }
    }
    members
}
