//! Which file, group, plan or option a setting comes from.

use std::collections::HashSet;

use super::{
    Inventory, ResolveError, SettingOrigin,
    layer::{Layer, Missing},
    tables::{Entry, Named},
};
use crate::model::{Map, Place, Target, Value};

impl Inventory {
    /// Each setting of a target as it holds, and where it comes from: config, vars, facts, then features.
    ///
    /// # Errors
    /// As [`Inventory::resolve_one`].
    pub fn explain(&self, target: &str) -> Result<Vec<SettingOrigin>, ResolveError> {
        let target = self.resolve_one(target)?;
        let tables = &*self.tables;
        let entry = match tables.names.get(target.name.as_str()) {
            Some(Named::Target(index)) => Some(Entry::clone(&tables.entries[*index as usize])),
            _ => tables.address(target.name.as_str()).and_then(Result::ok),
        };
        let Some(entry) = entry else {
            return Ok(Vec::new());
        };
        Ok(self.explain_entry(&target, &entry))
    }

    fn explain_entry(&self, target: &Target, entry: &Entry) -> Vec<SettingOrigin> {
        let tables = &*self.tables;
        let mut explained = Explained::default();
        let overrides = &tables.overrides;
        if let Some(transport) = &overrides.transport {
            explained.add(
                "config.transport",
                &Value::from(transport.as_str()),
                COMMAND_LINE,
                None,
            );
        }
        let from_command_line = overrides.settings(&target.transport);
        let prefix = format!("config.{}", target.transport);
        explained.add_deeply(&prefix, &from_command_line, &|_| {
            (COMMAND_LINE.to_owned(), None)
        });
        for layer in tables.layers(entry) {
            let origin = |setting: &str| (layer.origin.describe(), layer.place_of(setting));
            explained.add_layer(layer, &target.transport, &origin);
            explained.add_unasked(layer, &target.transport, &origin);
        }
        let transport = Value::from(target.transport.as_str());
        explained.add("config.transport", &transport, "the default", None);
        explained
            .settings
            .sort_by_key(|setting| match setting.setting.split('.').next() {
                Some("config") => 0,
                Some("vars") => 1,
                Some("facts") => 2,
                _ => 3,
            });
        explained.settings
    }
}

const COMMAND_LINE: &str = "the command line";

#[derive(Default)]
struct Explained {
    settings: Vec<SettingOrigin>,
    seen: HashSet<String>,
    /// Names below which something was seen.
    above_seen: HashSet<String>,
}

type OriginOf<'a> = dyn Fn(&str) -> (String, Option<Place>) + 'a;

impl Explained {
    fn add(&mut self, setting: &str, value: &Value, origin: &str, place: Option<Place>) {
        // A plain value hides what weaker layers have below it, and a map what they have in its place.
        let above = || {
            std::iter::successors(Some(setting), |name| {
                name.rsplit_once('.').map(|(above, _)| above)
            })
        };
        if self.above_seen.contains(setting) || above().any(|name| self.seen.contains(name)) {
            return;
        }
        self.seen.insert(setting.to_owned());
        self.above_seen.extend(above().skip(1).map(str::to_owned));
        self.settings.push(SettingOrigin {
            setting: setting.to_owned(),
            value: value.clone(),
            origin: origin.to_owned(),
            place,
        });
    }

    fn add_layer(&mut self, layer: &Layer, transport: &str, origin: &OriginOf<'_>) {
        if let Some(chosen) = layer.config.get("transport") {
            let (text, place) = origin("config.transport");
            self.add("config.transport", chosen, &text, place);
        }
        if let Some(settings) = layer.transport_config(transport) {
            self.add_deeply(&format!("config.{transport}"), settings, origin);
        }
        for (key, value) in &layer.vars {
            let setting = format!("vars.{key}");
            let (text, place) = origin(&setting);
            self.add(&setting, value, &text, place);
        }
        self.add_deeply("facts", &layer.facts, origin);
        for feature in &layer.features {
            let setting = format!("features.{feature}");
            let (text, place) = origin("features");
            self.add(&setting, &Value::Bool(true), &text, place);
        }
        for feature in &layer.without_features {
            let setting = format!("features.{feature}");
            let (text, place) = origin("features");
            self.add(&setting, &Value::Bool(false), &text, place);
        }
    }

    /// What nobody has been asked for yet: no password is typed for a list of names.
    fn add_unasked(&mut self, layer: &Layer, transport: &str, origin: &OriginOf<'_>) {
        for deferred in &layer.deferred {
            let Missing::Unasked(question) = &deferred.missing else {
                continue;
            };
            let is_of_another = deferred.path.first().is_some_and(|part| part == "config")
                && deferred.path.get(1).is_some_and(|of| of != transport);
            if !is_of_another {
                let setting = deferred.path.join(".");
                let (text, place) = origin(&setting);
                let value = format!("what {} says when it is needed", question.plugin());
                self.add(&setting, &value.into(), &text, place);
            }
        }
    }

    fn add_deeply(&mut self, prefix: &str, map: &Map, origin: &OriginOf<'_>) {
        for (key, value) in map {
            let setting = format!("{prefix}.{key}");
            match value {
                Value::Map(inner) if !inner.is_empty() => self.add_deeply(&setting, inner, origin),
                plain => {
                    let (text, place) = origin(&setting);
                    self.add(&setting, plain, &text, place);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Overrides;

    #[test]
    fn every_setting_names_who_said_it_and_where() {
        let inventory = Inventory::parse(
            "inventory.yaml",
            "config:
  ssh:
    user: deploy
    password: hunter2
vars: {site: north}
groups:
  - name: web
    facts: {os: {name: Debian}}
    features: [shell]
    targets:
      - name: web1
        uri: ssh://root@10.0.0.1
        config:
          ssh:
            port: 2222
",
        )
        .unwrap()
        .with_overrides(Overrides {
            user: Some("me".to_owned()),
            ..Overrides::default()
        });
        let explained: Vec<String> = inventory
            .explain("web1")
            .unwrap()
            .into_iter()
            .map(|setting| {
                let line = setting.place.map_or(0, |place| place.line);
                format!(
                    "{}={} {} {line}",
                    setting.setting, setting.value, setting.origin
                )
            })
            .collect();
        assert_eq!(
            explained,
            [
                "config.ssh.user=me the command line 0",
                "config.transport=ssh the URI 0",
                "config.ssh.host=10.0.0.1 the URI 0",
                "config.ssh.port=2222 target `web1` 15",
                "config.ssh.password=\"Sensitive [value redacted]\" group `all` 4",
                "vars.site=north group `all` 5",
                "facts.os.name=Debian group `web` 8",
                "features.shell=true group `web` 7",
            ]
        );
    }

    #[test]
    fn what_is_explained_is_what_holds() {
        let inventory = Inventory::parse(
            "inventory.yaml",
            "
vars: {a: {x: 1}, b: 2}
facts: {os: linux, hw: {cpu: 1}}
groups:
  - name: one
    facts: {os: {name: Debian}, hw: 3}
    vars: {a: {y: 2}}
    targets: [t]
",
        )
        .unwrap();
        let target = inventory.resolve_one("t").unwrap();
        for setting in inventory.explain("t").unwrap() {
            let mut path = setting.setting.split('.');
            let mut value = match path.next() {
                Some("vars") => Value::Map(target.vars.clone()),
                Some("facts") => Value::Map(target.facts.clone()),
                _ => continue,
            };
            for key in path {
                value = value.as_map().unwrap()[key].clone();
            }
            assert_eq!(value, setting.value, "{}", setting.setting);
        }
        let count = inventory.explain("t").unwrap().len();
        assert_eq!(count, 5, "{:?}", inventory.explain("t"));
    }
}
