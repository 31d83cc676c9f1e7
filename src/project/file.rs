//! A file of the project or of a module, on disk or embedded.

use std::path::PathBuf;

/// Where a file was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProjectFile {
    OnDisk(PathBuf),
    /// Travels in the binary.
    Embedded {
        path: String,
        content: &'static [u8],
    },
}
