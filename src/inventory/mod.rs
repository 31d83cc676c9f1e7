//! What there is to run on: `inventory.yaml`, groups, tiers, target expressions and the configuration of each target.
//!
//! Pure data once it is loaded. Knows nothing of connections or of plans.

mod error;
mod group;
mod overrides;
mod resolve_error;
mod setting;
mod spec;
mod store;

pub use self::{
    error::{InventoryError, InventoryErrorKind},
    group::{Group, Tier},
    overrides::Overrides,
    resolve_error::{ResolveError, ResolveErrorKind},
    setting::SettingOrigin,
    spec::TargetSpec,
    store::Inventory,
};
