//! The JSON file beside a task: what it is for, what it takes, and which of its files run where.

use crate::model::Value;

use super::{
    input_method::InputMethod, metadata_error::MetadataError, metadata_reader,
    parameter::Parameters,
};

/// Everything that the metadata of a task says. The default is that of a task without a file.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the keys of the file, and each stands for itself"
)]
pub struct Metadata {
    pub description: String,
    pub input_method: Option<InputMethod>,
    /// Absent: it takes anything. Empty: it takes nothing.
    pub parameters: Option<Parameters>,
    pub supports_noop: bool,
    /// Not listed, but runnable.
    pub private: bool,
    /// Runs on a proxy and reaches its target by itself.
    pub remote: bool,
    /// `module/mount/path` of files that every implementation needs; a directory ends in `/`.
    pub files: Vec<String>,
    pub implementations: Vec<ImplementationMetadata>,
    pub extensions: Value,
    pub puppet_task_version: Option<i64>,
    /// Running it again does no harm: it is run again when nobody knows what became of it.
    pub idempotent: bool,
    /// What a preview answers in its place.
    pub preview: Option<Value>,
    /// What looks wrong, but keeps nobody from running the task.
    pub warnings: Vec<MetadataWarning>,
}

/// One entry of `implementations`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImplementationMetadata {
    /// A file in the `tasks` directory of the module.
    pub name: String,
    /// The features that a target must have.
    pub requirements: Vec<String>,
    pub input_method: Option<InputMethod>,
    pub files: Vec<String>,
    pub remote: Option<bool>,
}

/// Something in the metadata that looks wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataWarning {
    pub path: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    pub message: String,
    pub help: Option<String>,
}

impl Metadata {
    /// Reads the text of the file `path`, which describes the task `name`. An empty text says nothing.
    ///
    /// # Errors
    /// The text is no JSON, or says something that is not understood; keys that nobody knows are warnings.
    pub fn parse(name: &str, path: &str, text: &str) -> Result<Self, Box<MetadataError>> {
        metadata_reader::read(name, path, text)
    }
}
