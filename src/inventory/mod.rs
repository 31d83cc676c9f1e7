//! What there is to run on: `inventory.yaml`, groups, tiers, target expressions and the configuration of each target.
//!
//! Pure data once it is loaded. Knows nothing of connections or of plans.
