//! Values that stand elsewhere: `_plugin: env_var`, `_plugin: yaml`, and those that plugins answer.

use std::{borrow::Cow, fs, path::Path, sync::Arc};

use super::{
    document::{Key, Node, NodeValue, SourceFile, Span},
    error::{InventoryError, InventoryErrorKind as Kind},
    layer::{Deferred, Missing},
    plugins::{Later, PluginFailure},
    reader::Reader,
};
use crate::model::{Map, Value, nearest, utf8};

const ENV_VAR_KEYS: [&str; 6] = ["_plugin", "_cache", "var", "default", "optional", "json"];
const YAML_KEYS: [&str; 3] = ["_plugin", "_cache", "filepath"];
/// Bolt's others, which an inventory may name but which nothing here answers.
const NOT_YET: [&str; 12] = [
    "prompt",
    "task",
    "puppetdb",
    "puppet_connect_data",
    "pkcs7",
    "vault",
    "terraform",
    "aws_inventory",
    "azure_inventory",
    "gcloud_inventory",
    "azure_key_vault",
    "gcp_secret",
];
/// A reference may lead to a file with references, and so on. More than a few steps is a circle.
const DEPTH_MAX: usize = 8;

impl Reader<'_> {
    /// The node with every reference in it replaced by what it stands for, or none if that can't be had: then the
    /// error is kept in `deferred` with the path of the value that is missing.
    pub(super) fn resolved<'n>(
        &mut self,
        node: &'n Node,
        path: &mut Vec<String>,
        deferred: &mut Vec<Deferred>,
    ) -> Option<Cow<'n, Node>> {
        if !has_reference(node) {
            return Some(Cow::Borrowed(node));
        }
        match self.resolved_deeply(node, path, deferred, 0) {
            Ok(node) => node.map(Cow::Owned),
            Err(error) => {
                deferred.push(self.missing(path, node, error));
                None
            }
        }
    }

    fn missing(&self, path: &[String], node: &Node, error: InventoryError) -> Deferred {
        let missing = match error.kind() {
            Kind::Unasked { .. } => Missing::Unasked(Later::new(node.clone(), self)),
            _ => Missing::Failed(error),
        };
        Deferred {
            path: path.to_vec(),
            missing,
        }
    }

    /// The node with every reference in it answered, whoever has to be asked.
    pub(super) fn answered(&mut self, node: &Node) -> Result<Node, InventoryError> {
        let before = std::mem::replace(&mut self.asks, true);
        let mut deferred = Vec::new();
        let answered = self.resolved_deeply(node, &mut Vec::new(), &mut deferred, 0);
        self.asks = before;
        let answered = answered?;
        for deferred in deferred {
            if let Missing::Failed(error) = deferred.missing {
                return Err(error);
            }
        }
        Ok(answered.unwrap_or(Node {
            span: node.span,
            value: NodeValue::Null,
        }))
    }

    fn resolved_deeply(
        &mut self,
        node: &Node,
        path: &mut Vec<String>,
        deferred: &mut Vec<Deferred>,
        depth: usize,
    ) -> Result<Option<Node>, InventoryError> {
        if is_reference(node) {
            // The parts themselves and a transport's settings as a whole decide what else there is.
            let may_wait = match path.split_first() {
                Some((part, inward)) if part == "config" => inward.len() > 1,
                Some((_, inward)) => !inward.is_empty(),
                None => false,
            };
            let found = self.look_up(node, depth, !may_wait)?;
            return self.resolved_deeply(&found, path, deferred, depth + 1);
        }
        let value = match &node.value {
            NodeValue::Mapping(entries) => {
                let mut resolved = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    path.push(key.name.clone());
                    match self.resolved_deeply(value, path, deferred, depth) {
                        Ok(Some(value)) => resolved.push((key.clone(), value)),
                        Ok(None) => {}
                        Err(error) => deferred.push(self.missing(path, value, error)),
                    }
                    path.pop();
                }
                NodeValue::Mapping(resolved)
            }
            NodeValue::Sequence(items) => {
                let mut resolved = Vec::with_capacity(items.len());
                for item in items {
                    resolved.extend(self.resolved_deeply(item, path, deferred, depth)?);
                }
                NodeValue::Sequence(resolved)
            }
            plain => plain.clone(),
        };
        Ok(Some(Node {
            span: node.span,
            value,
        }))
    }

    /// The node itself, or what it refers to if it is a reference: for what has to be there at once.
    pub(super) fn at_once<'n>(&mut self, node: &'n Node) -> Result<Cow<'n, Node>, InventoryError> {
        let mut node = Cow::Borrowed(node);
        let mut depth = 0;
        while is_reference(&node) {
            node = Cow::Owned(self.look_up(&node, depth, true)?);
            depth += 1;
        }
        Ok(node)
    }

    fn look_up(
        &mut self,
        node: &Node,
        depth: usize,
        at_once: bool,
    ) -> Result<Node, InventoryError> {
        if depth >= DEPTH_MAX {
            return Err(self.error(
                Kind::ReferencesTooDeep { depth: DEPTH_MAX },
                node.span,
                "one of these leads back to itself",
            ));
        }
        let plugin_node = node.get("_plugin").unwrap_or(node);
        let plugin = self.text(plugin_node, "the name of a plugin")?;
        match plugin.as_str() {
            "env_var" => self.look_up_variable(node),
            "yaml" => self.look_up_file(node),
            _ if self.surroundings.plugins.is_some() => {
                if !(at_once || self.asks) {
                    return Err(self.error(Kind::Unasked { plugin }, plugin_node.span, ""));
                }
                self.ask(&plugin, plugin_node, node)
            }
            known if NOT_YET.contains(&known) => Err(self.error(
                Kind::UnsupportedPlugin { plugin },
                plugin_node.span,
                "nothing here can answer this",
            )),
            _ => {
                let nearest = nearest(&plugin, ["env_var", "yaml"].into_iter().chain(NOT_YET));
                Err(self.error(
                    Kind::UnknownPlugin {
                        nearest: nearest.map(str::to_owned),
                        plugin: plugin.clone(),
                    },
                    plugin_node.span,
                    "",
                ))
            }
        }
    }

    fn ask(
        &mut self,
        plugin: &str,
        plugin_node: &Node,
        node: &Node,
    ) -> Result<Node, InventoryError> {
        let Some(plugins) = self.surroundings.plugins.clone() else {
            return Ok(node.clone());
        };
        let mut options = Map::new();
        if let NodeValue::Mapping(entries) = &node.value {
            for (key, value) in entries {
                if !matches!(key.name.as_str(), "_plugin" | "_cache") {
                    let value = self.answered(value)?.to_value();
                    options.insert(key.name.clone(), value);
                }
            }
        }
        match plugins.resolve(plugin, &options) {
            Ok(value) => Ok(Node::from_value(value, generated(node.span))),
            Err(PluginFailure::Unknown { known }) => {
                let names = known.iter().map(String::as_str);
                let nearest = nearest(plugin, names.chain(["env_var", "yaml"]).chain(NOT_YET));
                let kind = Kind::UnknownPlugin {
                    nearest: nearest.map(str::to_owned),
                    plugin: plugin.to_owned(),
                };
                Err(self.error(kind, plugin_node.span, ""))
            }
            Err(PluginFailure::Failed { message, help }) => {
                let kind = Kind::PluginFailed {
                    plugin: plugin.to_owned(),
                    message,
                    help,
                };
                Err(self.error(kind, plugin_node.span, "asked for here"))
            }
        }
    }

    fn look_up_variable(&mut self, node: &Node) -> Result<Node, InventoryError> {
        self.known_keys(node, "a reference to `env_var`", &ENV_VAR_KEYS)?;
        let Some(name_node) = node.get("var") else {
            return Err(self.error(
                Kind::MissingKey {
                    what: "a reference to `env_var`",
                    key: "`var`",
                },
                node.span,
                "",
            ));
        };
        let name = self.text(name_node, "the name of a variable")?;
        let flag = |key| {
            matches!(
                node.get(key).map(|node| &node.value),
                Some(NodeValue::Bool(true))
            )
        };
        let Some(text) = (self.surroundings.variable)(&name) else {
            return match node.get("default") {
                Some(default) => Ok(default.clone()),
                None if flag("optional") => Ok(Node {
                    span: node.span,
                    value: NodeValue::Null,
                }),
                None => Err(self.error(
                    Kind::VariableUnset { variable: name },
                    name_node.span,
                    "this is needed",
                )),
            };
        };
        if !flag("json") {
            return Ok(Node::from_value(Value::String(text), generated(node.span)));
        }
        match serde_json::from_str::<Value>(&text) {
            Ok(value) => Ok(Node::from_value(value, generated(node.span))),
            Err(source) => Err(self.error(
                Kind::VariableNotJson {
                    variable: name,
                    source: Arc::new(source),
                },
                name_node.span,
                "",
            )),
        }
    }

    fn look_up_file(&mut self, node: &Node) -> Result<Node, InventoryError> {
        self.known_keys(node, "a reference to `yaml`", &YAML_KEYS)?;
        let Some(path_node) = node.get("filepath") else {
            return Err(self.error(
                Kind::MissingKey {
                    what: "a reference to `yaml`",
                    key: "`filepath`",
                },
                node.span,
                "",
            ));
        };
        let path = self.text(path_node, "the path of a file")?;
        let outside = |reader: &Self| {
            reader.error(
                Kind::OutsideProject { path: path.clone() },
                path_node.span,
                "write a path that starts at the directory of the project",
            )
        };
        let Some(root) = self.surroundings.root.as_deref() else {
            return Err(outside(self));
        };
        let unreadable = |reader: &Self, source| {
            reader.error(
                Kind::Read {
                    path: path.clone().into(),
                    source,
                },
                path_node.span,
                "named here",
            )
        };
        if Path::new(&path).is_absolute() {
            return Err(outside(self));
        }
        let root = root
            .canonicalize()
            .map_err(|source| unreadable(self, source))?;
        // Canonical on both sides, so that neither `..` nor a symbolic link leads out.
        let full = root
            .join(&path)
            .canonicalize()
            .map_err(|source| unreadable(self, source))?;
        if !full.starts_with(&root) {
            return Err(outside(self));
        }
        let text = fs::read(&full).and_then(utf8);
        let text = text.map_err(|source| unreadable(self, source))?;
        self.parse_file(&SourceFile::new(&path, &text))
    }

    /// Every key of a mapping is one of those.
    pub(super) fn known_keys(
        &self,
        node: &Node,
        what: &'static str,
        known: &[&'static str],
    ) -> Result<(), InventoryError> {
        let NodeValue::Mapping(entries) = &node.value else {
            return Ok(());
        };
        match entries
            .iter()
            .find(|(key, _)| !known.contains(&key.name.as_str()))
        {
            Some((key, _)) => Err(self.unknown_key(key, what, known)),
            None => Ok(()),
        }
    }

    pub(super) fn unknown_key(
        &self,
        key: &Key,
        what: &'static str,
        known: &[&'static str],
    ) -> InventoryError {
        // What version 1 of the format called targets.
        let nearest = if key.name == "nodes" && known.contains(&"targets") {
            Some("targets")
        } else {
            nearest(&key.name, known.iter().copied())
        };
        let kind = Kind::UnknownKey {
            what,
            key: key.name.clone(),
            nearest: nearest.map(str::to_owned),
        };
        let label = format!("known here: {}", known.join(", "));
        self.error(kind, key.span, &label)
    }
}

/// The span of a value that does not stand in the file: it begins where the reference does and covers nothing, so
/// that nobody takes the reference's text for the value's.
const fn generated(span: Span) -> Span {
    Span {
        end: span.start,
        ..span
    }
}

fn is_reference(node: &Node) -> bool {
    node.get("_plugin").is_some()
}

fn has_reference(node: &Node) -> bool {
    match &node.value {
        NodeValue::Mapping(entries) => entries
            .iter()
            .any(|(key, value)| key.name == "_plugin" || has_reference(value)),
        NodeValue::Sequence(items) => items.iter().any(has_reference),
        _ => false,
    }
}
