//! What a group or a target says of configuration, variables, facts and features.

use super::{
    document::{Key, Node, NodeValue, Span},
    error::{InventoryError, InventoryErrorKind as Kind},
    layer::{Layer, Origin},
    reader::{Reader, unknown_setting, unknown_transport},
    transport::{
        TransportSupport, check, hide_secrets, is_secret, setting, settings, transport_names,
    },
};
use crate::model::{Map, Value, nearest};

impl Reader<'_> {
    pub(super) fn read_layer(
        &mut self,
        node: &Node,
        origin: Origin,
        span: Span,
    ) -> Result<Layer, InventoryError> {
        let file = self.files[usize::from(span.file)].clone();
        let mut layer = Layer::new(origin, Some(file.place(&span)));
        let NodeValue::Mapping(entries) = &node.value else {
            return Ok(layer);
        };
        for (key, value) in entries {
            match key.name.as_str() {
                "config" => self.read_config(value, &mut layer)?,
                "vars" => layer.vars = self.read_map(key, value, &mut layer)?,
                "facts" => layer.facts = self.read_map(key, value, &mut layer)?,
                "features" => {
                    layer.features = self
                        .names(value, "`features`")?
                        .into_iter()
                        .map(|(name, _)| name)
                        .collect();
                }
                _ => {}
            }
        }
        Ok(layer)
    }

    /// `vars` and `facts`: names with any values.
    fn read_map(
        &mut self,
        part: &Key,
        node: &Node,
        layer: &mut Layer,
    ) -> Result<Map, InventoryError> {
        let mut path = vec![part.name.clone()];
        let Some(node) = self.resolved(node, &mut path, &mut layer.deferred) else {
            return Ok(Map::new());
        };
        match &node.value {
            NodeValue::Null => Ok(Map::new()),
            NodeValue::Mapping(entries) => {
                for (key, _) in entries {
                    let setting = format!("{}.{}", part.name, key.name);
                    layer.lines.push((setting.into(), key.span.line));
                }
                match node.to_value() {
                    Value::Map(map) => Ok(map),
                    _ => unreachable!("a mapping is a map"),
                }
            }
            _ => Err(self.wrong_kind(&format!("`{}`", part.name), "a map", &node)),
        }
    }

    fn read_config(&mut self, node: &Node, layer: &mut Layer) -> Result<(), InventoryError> {
        let mut path = vec!["config".to_owned()];
        let Some(node) = self.resolved(node, &mut path, &mut layer.deferred) else {
            return Ok(());
        };
        let entries = match &node.value {
            NodeValue::Mapping(entries) => entries.as_slice(),
            NodeValue::Null => &[],
            _ => return Err(self.wrong_kind("`config`", "a map", &node)),
        };
        for (key, value) in entries {
            if matches!(value.value, NodeValue::Null) {
                continue;
            }
            if key.name == "transport" {
                let transport = self.text(value, "`transport`")?;
                self.known_transport(&transport, value.span)?;
                layer.lines.push(("config.transport".into(), key.span.line));
                layer
                    .config
                    .insert(key.name.clone(), Value::String(transport));
                continue;
            }
            if TransportSupport::of(&key.name) == TransportSupport::Unknown {
                let nearest = nearest(&key.name, transport_names().chain(["transport"]));
                let kind = Kind::UnknownKey {
                    what: "`config`",
                    key: key.name.clone(),
                    nearest: nearest.map(str::to_owned),
                };
                let label = "settings stand below the name of their transport";
                return Err(self.error(kind, key.span, label));
            }
            let settings = self.read_settings(&key.name, value, &mut layer.lines)?;
            layer.config.insert(key.name.clone(), Value::Map(settings));
        }
        Ok(())
    }

    fn read_settings(
        &self,
        transport: &str,
        node: &Node,
        lines: &mut Vec<(Box<str>, u32)>,
    ) -> Result<Map, InventoryError> {
        let NodeValue::Mapping(entries) = &node.value else {
            return Err(self.wrong_kind(&format!("`{transport}`"), "a map of settings", node));
        };
        let mut map = Map::with_capacity(entries.len());
        for (key, node) in entries {
            if matches!(node.value, NodeValue::Null) {
                continue;
            }
            lines.push((
                format!("config.{transport}.{}", key.name).into(),
                key.span.line,
            ));
            if settings(transport).is_some() && setting(transport, &key.name).is_none() {
                return Err(self.error(unknown_setting(transport, &key.name), key.span, ""));
            }
            let value = self.setting_value(transport, &key.name, node)?;
            map.insert(key.name.clone(), value);
        }
        Ok(map)
    }

    /// The value of one setting, as the transport takes it.
    pub(super) fn setting_value(
        &self,
        transport: &str,
        key: &str,
        node: &Node,
    ) -> Result<Value, InventoryError> {
        let mut value = node.to_value();
        if is_secret(key) {
            value = Value::sensitive(value);
        }
        let value = match setting(transport, key) {
            Some(kind) => check(kind, value, Some(self.slice(node.span))).map_err(|_| {
                self.wrong_kind(&format!("`{transport}.{key}`"), kind.expected(), node)
            })?,
            None => hide_secrets(value),
        };
        Ok(self.path_from_root(key, value))
    }

    /// A path in a setting is meant from the directory of the project, wherever Segue is called.
    fn path_from_root(&self, key: &str, value: Value) -> Value {
        match (&self.surroundings.root, value) {
            (Some(root), Value::String(path))
                if matches!(key, "private-key" | "known-hosts") && !path.starts_with('~') =>
            {
                Value::String(root.join(path).to_string_lossy().into_owned())
            }
            (_, value) => value,
        }
    }

    fn known_transport(&self, name: &str, span: Span) -> Result<(), InventoryError> {
        if TransportSupport::of(name) == TransportSupport::Unknown {
            return Err(self.error(unknown_transport(name), span, ""));
        }
        Ok(())
    }
}
