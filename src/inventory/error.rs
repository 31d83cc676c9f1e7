//! Why an inventory can't be used, with the places in its files.

use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

/// What is wrong with an inventory file, or with an edit of the inventory.
#[derive(Debug, Error, Diagnostic)]
#[error("{kind}")]
pub struct InventoryError {
    pub kind: InventoryErrorKind,
}

/// The kinds of trouble with an inventory.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InventoryErrorKind {
    #[error("read the inventory `{path}`")]
    Read { path: PathBuf },
}
