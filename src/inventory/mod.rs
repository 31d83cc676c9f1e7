//! What there is to run on: `inventory.yaml`, groups, tiers, target expressions and the configuration of each target.
//!
//! Pure data once it is loaded. Knows nothing of connections or of plans.

mod config_check;
mod document;
mod draft;
mod edit;
mod error;
mod explain;
mod expression;
mod group;
mod layer;
mod layer_reader;
mod link;
mod mask;
mod names;
mod overrides;
mod plugins;
mod reader;
mod reference;
mod registry;
mod resolve;
mod resolve_error;
mod setting;
mod spec;
mod surroundings;
mod tables;
mod tiers;
mod transport;
mod uri;

pub use self::{
    error::{InventoryError, InventoryErrorKind},
    group::{Group, Tier},
    overrides::Overrides,
    plugins::{PluginFailure, Plugins},
    registry::Inventory,
    resolve_error::{ResolveError, ResolveErrorKind},
    setting::SettingOrigin,
    spec::TargetSpec,
    surroundings::Surroundings,
    transport::TransportSupport,
};

pub(crate) use self::document::{Node, NodeValue, SourceFile, Span};
