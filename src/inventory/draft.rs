//! What the files say, read but not yet joined: names are still texts.

use super::{document::Span, layer::Layer, uri::TargetUri};

/// The groups and targets of an inventory in the order in which they are written.
#[derive(Default)]
pub(super) struct Draft {
    /// `all` is the first; a group comes before those that are in it.
    pub(super) groups: Vec<DraftGroup>,
    pub(super) items: Vec<DraftItem>,
}

pub(super) struct DraftGroup {
    pub(super) name: String,
    pub(super) span: Span,
    pub(super) parent: Option<usize>,
    /// Counted when a group ends, so that a group comes after those that are in it. The lower one is the stronger.
    pub(super) rank: usize,
    pub(super) layer: Layer,
    /// None if the key is not there: an empty list makes a tier that depends on nothing.
    pub(super) depends_on: Option<Vec<(String, Span)>>,
}

/// One entry of a `targets:` list.
pub(super) struct DraftItem {
    pub(super) group: usize,
    pub(super) span: Span,
    pub(super) kind: DraftItemKind,
}

pub(super) enum DraftItemKind {
    /// A name, an alias or a URI.
    Text(String),
    Definition(Box<Definition>),
}

/// A target that is written as a map.
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) uri: Option<TargetUri>,
    pub(super) aliases: Vec<(String, Span)>,
    pub(super) layer: Layer,
}
