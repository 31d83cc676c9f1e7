//! Reads `segue.yaml`, and of a `bolt-project.yaml` what means the same here.

use std::{path::Path, time::Duration};

use miette::SourceSpan;

use super::{
    Settings,
    error::{ProjectError, SettingError},
    name::is_name,
};
use crate::{
    inventory::{Node, NodeValue, SourceFile, Span},
    model::{LockRule, ParseDurationError, ParseLockRuleError, Value, nearest, parse_duration},
};

const KEYS: [&str; 6] = [
    "name",
    "modulepath",
    "inventory",
    "limit",
    "timeout",
    "lock",
];

/// What Bolt calls its settings, in any of its versions. Those that mean nothing here are passed over: how Bolt logs,
/// colours, applies manifests and installs modules.
const BOLT_KEYS: [&str; 43] = [
    "analytics",
    "apply-settings",
    "apply_settings",
    "color",
    "compile-concurrency",
    "concurrency",
    "disable-warnings",
    "docker",
    "format",
    "future",
    "hiera-config",
    "inventory-config",
    "inventoryfile",
    "jail",
    "local",
    "log",
    "lxd",
    "module-install",
    "modulepath",
    "modules",
    "name",
    "pcp",
    "plans",
    "plugin-cache",
    "plugin-hooks",
    "plugin_hooks",
    "plugins",
    "podman",
    "policies",
    "puppetdb",
    "puppetdb-instances",
    "puppetfile",
    "remote",
    "rerunfile",
    "save-rerun",
    "spinner",
    "ssh",
    "stream",
    "tasks",
    "trace",
    "transport",
    "trusted-external-command",
    "winrm",
];
/// Those that mean something here.
const BOLT_KEYS_USED: [&str; 6] = [
    "concurrency",
    "inventoryfile",
    "modulepath",
    "modules",
    "name",
    "plugins",
];
/// Where Bolt installs the modules of a project. It is always on the module path.
const MANAGED_MODULES: &str = ".modules";

/// Which file the settings are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SettingsFile {
    Segue,
    /// Bolt's. Its many other keys are left alone.
    Bolt,
}

impl SettingsFile {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Segue => "segue.yaml",
            Self::Bolt => "bolt-project.yaml",
        }
    }
}

/// Reads the settings of the project at `root`.
pub(super) fn read_settings(
    kind: SettingsFile,
    text: &str,
    root: &Path,
) -> Result<Settings, ProjectError> {
    let file = SourceFile::new(kind.name(), text);
    let reader = Reader { file: &file, root };
    let node = Node::parse(text, 0)
        .map_err(|error| reader.error(error.span.unwrap_or_default(), error.message, None))?;
    let entries = match &node.value {
        NodeValue::Mapping(entries) => entries.as_slice(),
        NodeValue::Null => &[],
        _ => {
            return Err(reader.error(
                node.span,
                "the file must be a map of settings".to_owned(),
                None,
            ));
        }
    };
    let mut settings = Settings::default();
    for (key, value) in entries {
        if matches!(value.value, NodeValue::Null) {
            continue;
        }
        match (key.name.as_str(), kind) {
            ("name", _) => settings.name = Some(reader.name(value)?),
            ("modulepath", _) => settings.modulepath = Some(reader.paths(value)?),
            ("inventory", SettingsFile::Segue) | ("inventoryfile", SettingsFile::Bolt) => {
                settings.inventory = Some(root.join(reader.text(value)?));
            }
            ("limit", SettingsFile::Segue) | ("concurrency", SettingsFile::Bolt) => {
                settings.limit = Some(reader.count(value)?);
            }
            ("timeout", SettingsFile::Segue) => settings.timeout = Some(reader.duration(value)?),
            ("lock", SettingsFile::Segue) => settings.lock = Some(reader.lock(value)?),
            ("plugins", SettingsFile::Bolt) => {
                if let Value::Map(plugins) = value.to_value() {
                    settings.plugins = plugins;
                }
            }
            ("modules", SettingsFile::Bolt) => settings.modules = module_names(value),
            (unknown, SettingsFile::Bolt) => {
                let meant = (!BOLT_KEYS.contains(&unknown))
                    .then(|| nearest(unknown, BOLT_KEYS))
                    .flatten();
                // Bolt warns of every unknown key. Here it is an error where it matters, and nothing elsewhere.
                if let Some(meant) = meant.filter(|meant| BOLT_KEYS_USED.contains(meant)) {
                    let message = format!("there is no setting `{unknown}`");
                    let help = format!("did you mean `{meant}`?");
                    return Err(reader.error(key.span, message, Some(help)));
                }
            }
            (unknown, SettingsFile::Segue) => {
                let help = match (unknown, nearest(unknown, KEYS)) {
                    ("concurrency", _) => {
                        "what Bolt calls `concurrency` is `limit` here".to_owned()
                    }
                    (_, Some(nearest)) => format!("did you mean `{nearest}`?"),
                    (_, None) => format!("the settings are {}", KEYS.join(", ")),
                };
                let message = format!("there is no setting `{unknown}`");
                return Err(reader.error(key.span, message, Some(help)));
            }
        }
    }
    if let (SettingsFile::Bolt, Some(modulepath)) = (kind, &mut settings.modulepath) {
        let managed = root.join(MANAGED_MODULES);
        if !modulepath.contains(&managed) {
            modulepath.push(managed);
        }
    }
    Ok(settings)
}

/// The modules that `modules` lists: `author/name`, `author-name`, or a map with a `name` or the address of a repository.
fn module_names(node: &Node) -> Vec<String> {
    let Value::Array(modules) = node.to_value() else {
        return Vec::new();
    };
    let name_of = |module: &Value| {
        let named = match module {
            Value::Map(map) => map.get("name").or_else(|| map.get("git"))?,
            other => other,
        };
        let name = named.as_str()?.trim_end_matches(".git");
        let name = name.rsplit('/').next().unwrap_or(name);
        Some(name.rsplit('-').next().unwrap_or(name).to_owned())
    };
    modules.iter().filter_map(name_of).collect()
}

struct Reader<'a> {
    file: &'a SourceFile,
    root: &'a Path,
}

impl Reader<'_> {
    fn name(&self, node: &Node) -> Result<String, ProjectError> {
        let name = self.text(node)?;
        if is_name(&name) {
            return Ok(name);
        }
        let message = format!("`{name}` can't be the name of a project");
        let help = "a name is a small letter, then small letters, digits and `_`".to_owned();
        Err(self.error(node.span, message, Some(help)))
    }

    fn text(&self, node: &Node) -> Result<String, ProjectError> {
        match &node.value {
            NodeValue::String(text) if !text.is_empty() => Ok(text.clone()),
            _ => Err(self.wrong(node, "a text")),
        }
    }

    /// A list of paths, or one text with `:` between them.
    fn paths(&self, node: &Node) -> Result<Vec<std::path::PathBuf>, ProjectError> {
        let texts = match &node.value {
            NodeValue::Sequence(items) => items
                .iter()
                .map(|item| self.text(item))
                .collect::<Result<Vec<_>, _>>()?,
            _ => self.text(node)?.split(':').map(str::to_owned).collect(),
        };
        Ok(texts.iter().map(|path| self.root.join(path)).collect())
    }

    fn count(&self, node: &Node) -> Result<usize, ProjectError> {
        match node.value {
            NodeValue::Integer(count) if count > 0 => {
                usize::try_from(count).map_err(|_| self.wrong(node, "a smaller number"))
            }
            _ => Err(self.wrong(node, "a number from 1 up")),
        }
    }

    fn duration(&self, node: &Node) -> Result<Duration, ProjectError> {
        let text = match &node.value {
            NodeValue::Integer(seconds) => seconds.to_string(),
            NodeValue::String(text) => text.clone(),
            _ => return Err(self.wrong(node, "a duration")),
        };
        match parse_duration(&text) {
            Ok(duration) if !duration.is_zero() => Ok(duration),
            Ok(_) => Err(self.wrong(node, "a time longer than none")),
            Err(error) => {
                let help = ParseDurationError::HELP.to_owned();
                Err(self.error(node.span, error.to_string(), Some(help)))
            }
        }
    }

    fn lock(&self, node: &Node) -> Result<LockRule, ProjectError> {
        let parsed: Result<LockRule, ParseLockRuleError> = self.text(node)?.parse();
        parsed.map_err(|error| {
            let help = match error.nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "the rules are `wait`, `fail` and `none`".to_owned(),
            };
            self.error(node.span, error.to_string(), Some(help))
        })
    }

    fn wrong(&self, node: &Node, expected: &str) -> ProjectError {
        let message = format!("{expected} is needed here, and {} is there", node.kind());
        self.error(node.span, message, None)
    }

    fn error(&self, span: Span, message: String, help: Option<String>) -> ProjectError {
        ProjectError::Setting(Box::new(SettingError {
            file: self.file.name.to_string(),
            message,
            help,
            span: SourceSpan::from(span.range()),
            text: self.file.to_named_source(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, ProjectError> {
        read_settings(SettingsFile::Segue, text, Path::new("/p"))
    }

    #[test]
    fn reads_every_setting() {
        let settings = read("name: shop\nmodulepath: [modules, /opt/modules]\ninventory: prod.yaml\nlimit: 50\ntimeout: 5m\nlock: fail\n").unwrap();
        assert_eq!(
            settings,
            Settings {
                name: Some("shop".to_owned()),
                modulepath: Some(vec!["/p/modules".into(), "/opt/modules".into()]),
                inventory: Some("/p/prod.yaml".into()),
                limit: Some(50),
                timeout: Some(Duration::from_mins(5)),
                lock: Some(LockRule::Fail),
                ..Settings::default()
            }
        );
        assert_eq!(read("").unwrap(), Settings::default());
    }

    #[test]
    fn takes_from_bolt_what_means_the_same() {
        let text = "name: shop\nmodulepath: a:b\nconcurrency: 7\nanalytics: false\nlimit: x\n";
        let settings = read_settings(SettingsFile::Bolt, text, Path::new("/p")).unwrap();
        assert_eq!(settings.limit, Some(7));
        assert_eq!(
            settings.modulepath,
            Some(vec!["/p/a".into(), "/p/b".into(), "/p/.modules".into()])
        );
    }

    #[test]
    fn modules_and_plugins_of_bolt_are_known_by_name() {
        let text = "modules:\n  - puppetlabs/stdlib\n  - puppet-systemd\n  - {name: puppetlabs/facts, version_requirement: '1.x'}\n  - git: https://github.com/puppetlabs/puppetlabs-docker.git\nplugins: {pkcs7: {keysize: 1024}}\n";
        let settings = read_settings(SettingsFile::Bolt, text, Path::new("/p")).unwrap();
        assert_eq!(settings.modules, ["stdlib", "systemd", "facts", "docker"]);
        assert!(settings.plugins.contains_key("pkcs7"));
    }

    #[test]
    fn slips_in_a_file_of_bolt_are_told_and_its_own_settings_are_not() {
        let read = |text: &str| read_settings(SettingsFile::Bolt, text, Path::new("/p"));
        for key in BOLT_KEYS {
            if !["name", "concurrency", "modulepath", "inventoryfile"].contains(&key) {
                assert!(read(&format!("{key}: {{}}\n")).is_ok(), "{key}");
            }
        }
        assert!(read("zzz_of_a_later_version: 1\n").is_ok());
        assert!(read("hiera-configkey: ./hiera.yaml\n").is_ok());
        let Err(ProjectError::Setting(error)) = read("modulpath: x\n") else {
            panic!("a slip was taken");
        };
        assert_eq!(error.help.as_deref(), Some("did you mean `modulepath`?"));
    }

    #[test]
    fn mistakes_point_at_their_place() {
        for (text, marked) in [
            ("nmae: x\n", "nmae"),
            ("name: My Shop\n", "My Shop"),
            ("limit: 0\n", "0"),
            ("limit: many\n", "many"),
            ("timeout: 0\n", "0"),
            ("timeout: soon\n", "soon"),
            ("concurrency: 3\n", "concurrency"),
            ("modulepath: [{}]\n", "{"),
        ] {
            let Err(ProjectError::Setting(error)) = read(text) else {
                panic!("{text:?} was taken");
            };
            let range = error.span.offset()..error.span.offset() + error.span.len().max(1);
            assert_eq!(&text[range], marked, "{error}");
        }
        assert!(read("a: [").is_err() && read("- x").is_err());
    }
}
