//! References that neither the environment nor a file of the project answers: somebody outside of this room does.

use std::sync::{Arc, OnceLock};

use super::{
    document::{Node, SourceFile},
    error::InventoryError,
    reader::Reader,
    surroundings::Surroundings,
};
use crate::model::{Map, Value};

/// Answers references, such as `_plugin: prompt` or those that a module's task answers.
pub trait Plugins: Send + Sync {
    /// What a reference stands for. `options` are its keys but `_plugin` and `_cache`.
    ///
    /// # Errors
    /// Nobody answers to that name, or the one who does could not answer.
    fn resolve(&self, plugin: &str, options: &Map) -> Result<Value, PluginFailure>;
}

/// Why a reference has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginFailure {
    /// No plugin is called that; there are these.
    Unknown { known: Vec<String> },
    /// It could not answer.
    Failed {
        message: String,
        help: Option<String>,
    },
}

/// Plugins whose answers are secret, wherever they stand.
const SECRET_KEEPERS: [&str; 5] = ["prompt", "pkcs7", "vault", "azure_key_vault", "gcp_secret"];

/// A value that is asked for when the first target needs it: nobody types a password for a list of names. It is asked
/// for once.
pub(super) struct Later {
    node: Node,
    surroundings: Surroundings,
    files: Vec<SourceFile>,
    answer: OnceLock<Result<Node, InventoryError>>,
}

impl Later {
    pub(super) fn new(node: Node, reader: &Reader<'_>) -> Arc<Self> {
        Arc::new(Self {
            node,
            surroundings: reader.surroundings.clone(),
            files: reader.files.clone(),
            answer: OnceLock::new(),
        })
    }

    /// Who is asked.
    pub(super) fn plugin(&self) -> String {
        let name = self.node.get("_plugin").map(Node::to_value);
        name.map_or_else(|| "a plugin".to_owned(), |name| format!("`{name}`"))
    }

    /// The value for this setting.
    pub(super) fn value(&self, path: &[String]) -> Result<Value, InventoryError> {
        let mut reader = Reader::new(&self.surroundings);
        reader.files.clone_from(&self.files);
        let answer = self.answer.get_or_init(|| reader.answered(&self.node));
        let node = answer.as_ref().map_err(Clone::clone)?;
        let value = match path {
            [part, transport, key] if part == "config" => {
                reader.setting_value(transport, key, node)?
            }
            _ => node.to_value(),
        };
        let plugin = self.node.get("_plugin").map(Node::to_value);
        let is_secret = plugin
            .as_ref()
            .and_then(Value::as_str)
            .is_some_and(|plugin| SECRET_KEEPERS.contains(&plugin));
        Ok(match value {
            value @ Value::Sensitive(_) => value,
            value if is_secret => Value::sensitive(value),
            value => value,
        })
    }
}

impl std::fmt::Debug for Later {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Later").finish_non_exhaustive()
    }
}
