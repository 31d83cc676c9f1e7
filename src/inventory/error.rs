//! Why an inventory can't be used, with the places in its files.

use std::{fmt, io, path::PathBuf, sync::Arc};

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use thiserror::Error;

use super::document::{SourceFile, Span};
use crate::model::{Place, unreadable_help};

/// What is wrong with an inventory file, or with an edit of the inventory. Cheap to clone.
#[derive(Clone)]
pub struct InventoryError(Arc<Report>);

struct Report {
    kind: InventoryErrorKind,
    help: Option<String>,
    places: Vec<Labelled>,
    /// The text of the first place's file, secrets masked.
    source: Option<NamedSource<String>>,
    elsewhere: Vec<OtherFile>,
}

/// A place and what is to be said of it.
pub(super) struct Labelled {
    pub(super) file: SourceFile,
    pub(super) span: Span,
    pub(super) text: String,
}

/// The kinds of trouble with an inventory.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InventoryErrorKind {
    #[error("`{path}` could not be read")]
    Read { path: PathBuf, source: io::Error },
    #[error("`{file}` is not YAML that can be read: {message}")]
    Syntax { file: String, message: String },
    #[error("the inventory's version is `{version}`")]
    Version { version: String },
    #[error("{what} is {found}, where {expected} is needed")]
    WrongKind {
        what: String,
        expected: &'static str,
        found: String,
    },
    #[error("{what} has no key `{key}`")]
    UnknownKey {
        what: &'static str,
        key: String,
        nearest: Option<String>,
    },
    #[error("{what} has no {key}")]
    MissingKey {
        what: &'static str,
        key: &'static str,
    },
    #[error("`{name}` can't be the name of {what}: {reason}")]
    BadName {
        what: &'static str,
        name: String,
        reason: &'static str,
    },
    #[error("`{name}` is the name of {first} and of {second}")]
    NameTaken {
        name: String,
        first: String,
        second: String,
    },
    #[error("`{uri}` is not a URI of a target: {reason}")]
    BadUri { uri: String, reason: String },
    #[error("no transport is called `{name}`")]
    UnknownTransport {
        name: String,
        nearest: Option<String>,
    },
    #[error("the transport `{transport}` has no setting `{key}`")]
    UnknownSetting {
        transport: String,
        key: String,
        nearest: Option<String>,
    },
    #[error("no target or alias is called `{name}`")]
    UnknownTarget {
        name: String,
        nearest: Option<String>,
    },
    #[error("no group is called `{name}`")]
    UnknownGroup {
        name: String,
        nearest: Option<String>,
    },
    #[error("`all` holds every target, so it has no place in an order of groups")]
    AllAsTier,
    #[error("the groups depend on each other in a circle: {circle}")]
    TierCircle { circle: String },
    #[error("`{target}` is in two tiers, `{first}` and `{second}`")]
    TwoTiers {
        target: String,
        first: String,
        second: String,
    },
    #[error("no target can leave the group `all`")]
    LeaveAll,
    #[error("`{target}` is in `{group}` because it is in `{inner}`")]
    MemberThroughGroup {
        target: String,
        group: String,
        inner: String,
    },
    #[error("the plugin `{plugin}` is not supported yet")]
    UnsupportedPlugin { plugin: String },
    #[error("no plugin is called `{plugin}`")]
    UnknownPlugin {
        plugin: String,
        nearest: Option<String>,
    },
    #[error("the plugin `{plugin}` gave no answer: {message}")]
    PluginFailed {
        plugin: String,
        message: String,
        help: Option<String>,
    },
    /// Nobody sees this one: who needs the value asks.
    #[error("the plugin `{plugin}` is asked when a target needs it")]
    Unasked { plugin: String },
    #[error("the environment variable `{variable}` is not set")]
    VariableUnset { variable: String },
    #[error("the environment variable `{variable}` holds no JSON that can be read")]
    VariableNotJson {
        variable: String,
        source: Arc<serde_json::Error>,
    },
    #[error("`{path}` is outside of the project")]
    OutsideProject { path: String },
    #[error("references lead to references more than {depth} deep")]
    ReferencesTooDeep { depth: usize },
    #[error("the inventory refers to more than {max} files")]
    TooManyFiles { max: usize },
    #[error("groups are in groups more than {depth} deep")]
    GroupsTooDeep { depth: usize },
}

impl InventoryErrorKind {
    const fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "segue::inventory::read",
            Self::Syntax { .. } => "segue::inventory::syntax",
            Self::Version { .. } => "segue::inventory::version",
            Self::WrongKind { .. } => "segue::inventory::wrong_kind",
            Self::UnknownKey { .. } => "segue::inventory::unknown_key",
            Self::MissingKey { .. } => "segue::inventory::missing_key",
            Self::BadName { .. } => "segue::inventory::bad_name",
            Self::NameTaken { .. } => "segue::inventory::name_taken",
            Self::BadUri { .. } => "segue::inventory::bad_uri",
            Self::UnknownTransport { .. } => "segue::inventory::unknown_transport",
            Self::UnknownSetting { .. } => "segue::inventory::unknown_setting",
            Self::UnknownTarget { .. } => "segue::inventory::unknown_target",
            Self::UnknownGroup { .. } => "segue::inventory::unknown_group",
            Self::AllAsTier => "segue::inventory::all_as_tier",
            Self::TierCircle { .. } => "segue::inventory::tier_circle",
            Self::TwoTiers { .. } => "segue::inventory::two_tiers",
            Self::LeaveAll => "segue::inventory::leave_all",
            Self::MemberThroughGroup { .. } => "segue::inventory::member_through_group",
            Self::UnsupportedPlugin { .. } => "segue::inventory::unsupported_plugin",
            Self::UnknownPlugin { .. } => "segue::inventory::unknown_plugin",
            Self::PluginFailed { .. } => "segue::inventory::plugin_failed",
            Self::Unasked { .. } => "segue::inventory::unasked",
            Self::VariableUnset { .. } => "segue::inventory::variable_unset",
            Self::VariableNotJson { .. } => "segue::inventory::variable_not_json",
            Self::OutsideProject { .. } => "segue::inventory::outside_project",
            Self::ReferencesTooDeep { .. } => "segue::inventory::references_too_deep",
            Self::TooManyFiles { .. } => "segue::inventory::too_many_files",
            Self::GroupsTooDeep { .. } => "segue::inventory::groups_too_deep",
        }
    }

    /// What to type next, where the kind alone tells it.
    fn help(&self) -> Option<String> {
        let did_you_mean = |nearest: &Option<String>| {
            nearest
                .as_ref()
                .map(|name| format!("did you mean `{name}`?"))
        };
        match self {
            Self::UnknownKey { key, nearest, .. }
                if key == "nodes" && nearest.as_deref() == Some("targets") =>
            {
                Some(
                    "this is version 1 of the format: write `targets` for `nodes`, and `uri` where the `name` of a node is its address; `bolt project migrate` does both"
                        .to_owned(),
                )
            }
            Self::UnknownKey { nearest, .. }
            | Self::UnknownTransport { nearest, .. }
            | Self::UnknownSetting { nearest, .. }
            | Self::UnknownTarget { nearest, .. }
            | Self::UnknownGroup { nearest, .. }
            | Self::UnknownPlugin { nearest, .. } => did_you_mean(nearest),
            Self::Read { source, .. } => Some(unreadable_help(source).to_owned()),
            Self::Version { .. } => Some("write `version: 2`, or leave the line out".to_owned()),
            Self::NameTaken { .. } => Some(
                "targets, aliases and groups share one set of names: rename one of the two"
                    .to_owned(),
            ),
            Self::BadUri { .. } => Some(
                "write `[protocol://][user@]host[:port]`, an IPv6 address in brackets".to_owned(),
            ),
            Self::TwoTiers { .. } => Some(
                "take it out of one of them: a target has one place in the order of tiers"
                    .to_owned(),
            ),
            Self::TierCircle { .. } => Some("take one of the names out of `depends_on`".to_owned()),
            Self::UnsupportedPlugin { .. } => {
                Some("the plugins `env_var` and `yaml` are; or write the value itself".to_owned())
            }
            Self::PluginFailed { help, .. } => help.clone(),
            Self::VariableUnset { variable } => Some(format!(
                "set it (`export {variable}=...`), or give the reference a `default:` or `optional: true`"
            )),
            Self::MemberThroughGroup { inner, .. } => Some(format!("remove it from `{inner}`")),
            _ => None,
        }
    }
}

impl InventoryError {
    /// An error that concerns no line of a file.
    pub(super) fn new(kind: InventoryErrorKind) -> Self {
        Self::at(kind, Vec::new())
    }

    /// An error about places, the most important first.
    pub(super) fn at(kind: InventoryErrorKind, places: Vec<Labelled>) -> Self {
        let help = kind.help();
        let first_file = places.first().map(|place| place.span.file);
        let (places, others): (Vec<_>, Vec<_>) = places
            .into_iter()
            .partition(|place| Some(place.span.file) == first_file);
        let source = places.first().map(|place| place.file.to_named_source());
        let elsewhere = others
            .into_iter()
            .map(|place| OtherFile {
                source: place.file.to_named_source(),
                place,
            })
            .collect();
        Self(Arc::new(Report {
            kind,
            help,
            places,
            source,
            elsewhere,
        }))
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &InventoryErrorKind {
        &self.0.kind
    }

    /// What to type next, if that can be told.
    #[must_use]
    pub fn help_text(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// The line that is wrong, if it is one.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.places().next()
    }

    /// Every line that has to do with it, the most important first.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        let elsewhere = self.0.elsewhere.iter().map(|other| &other.place);
        self.0
            .places
            .iter()
            .chain(elsewhere)
            .map(|place| place.file.place(&place.span))
    }
}

impl fmt::Debug for InventoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InventoryError")
            .field("kind", &self.0.kind)
            .field("place", &self.place())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for InventoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.kind.fmt(f)
    }
}

impl std::error::Error for InventoryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0.kind)
    }
}

impl Diagnostic for InventoryError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.0.kind.code()))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0
            .help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.0
            .source
            .as_ref()
            .map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.0.places.is_empty() {
            return None;
        }
        Some(Box::new(
            self.0
                .places
                .iter()
                .enumerate()
                .map(|(index, place)| place.to_label(index == 0)),
        ))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.0.elsewhere.is_empty() {
            return None;
        }
        Some(Box::new(
            self.0
                .elsewhere
                .iter()
                .map(|other| other as &dyn Diagnostic),
        ))
    }
}

impl Labelled {
    fn to_label(&self, primary: bool) -> LabeledSpan {
        let text = (!self.text.is_empty()).then(|| self.text.clone());
        if primary {
            LabeledSpan::new_primary_with_span(text, self.span.range())
        } else {
            LabeledSpan::new_with_span(text, self.span.range())
        }
    }
}

/// A place in another file than the first one's, shown below it.
struct OtherFile {
    place: Labelled,
    source: NamedSource<String>,
}

impl fmt::Debug for OtherFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place.text)
    }
}

impl fmt::Display for OtherFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place.text)
    }
}

impl std::error::Error for OtherFile {}

impl Diagnostic for OtherFile {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.place.to_label(true))))
    }
}
