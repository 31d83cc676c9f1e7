//! From the tree of a file to a draft: which keys there are and what their values must be.

use super::{
    document::{Node, NodeValue, SourceFile, Span},
    draft::{Definition, Draft, DraftGroup, DraftItem, DraftItemKind},
    error::{InventoryError, InventoryErrorKind as Kind, Labelled},
    layer::Origin,
    names::check_name,
    surroundings::Surroundings,
    transport::{TransportSupport, settings, transport_names},
    uri::TargetUri,
};
use crate::model::nearest;

const TOP_KEYS: [&str; 9] = [
    "version",
    "name",
    "targets",
    "groups",
    "config",
    "vars",
    "facts",
    "features",
    "plugin_hooks",
];
const GROUP_KEYS: [&str; 9] = [
    "name",
    "targets",
    "groups",
    "depends_on",
    "config",
    "vars",
    "facts",
    "features",
    "plugin_hooks",
];
const TARGET_KEYS: [&str; 8] = [
    "name",
    "uri",
    "alias",
    "config",
    "vars",
    "facts",
    "features",
    "plugin_hooks",
];
/// As deep as one file can nest them; references to other files could go on for ever.
const GROUP_DEPTH_MAX: usize = 32;
/// Enough for a file for each site of a large company; a bound for files that refer to each other.
const FILES_MAX: usize = 1000;

/// Reads the files of one inventory.
pub(super) struct Reader<'a> {
    pub(super) surroundings: &'a Surroundings,
    pub(super) files: Vec<SourceFile>,
    draft: Draft,
    groups_ended: usize,
    /// Whether plugins are asked for values that could wait until a target needs them.
    pub(super) asks: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(surroundings: &'a Surroundings) -> Self {
        Self {
            surroundings,
            files: Vec::new(),
            draft: Draft::default(),
            groups_ended: 0,
            asks: false,
        }
    }

    /// Reads a whole inventory.
    pub(super) fn read(
        mut self,
        file: &SourceFile,
    ) -> Result<(Draft, Vec<SourceFile>), InventoryError> {
        let root = self.parse_file(file)?;
        let root = self.at_once(&root)?.into_owned();
        self.read_top(&root)?;
        Ok((self.draft, self.files))
    }

    /// Reads one more file into a tree.
    pub(super) fn parse_file(&mut self, file: &SourceFile) -> Result<Node, InventoryError> {
        if self.files.len() >= FILES_MAX {
            return Err(InventoryError::new(Kind::TooManyFiles { max: FILES_MAX }));
        }
        let index =
            u16::try_from(self.files.len()).expect("there are fewer than `FILES_MAX` files");
        let parsed = Node::parse(&file.text, index);
        self.files.push(file.clone());
        parsed.map_err(|error| {
            let places = error.span.map(|span| Labelled {
                file: file.clone(),
                span,
                text: "here".to_owned(),
            });
            InventoryError::at(
                Kind::Syntax {
                    file: file.name.to_string(),
                    message: error.message,
                },
                places.into_iter().collect(),
            )
        })
    }

    fn read_top(&mut self, root: &Node) -> Result<(), InventoryError> {
        if !matches!(root.value, NodeValue::Mapping(_) | NodeValue::Null) {
            return Err(self.wrong_kind("the inventory", "a map", root));
        }
        self.known_keys(root, "an inventory", &TOP_KEYS)?;
        if let Some(version) = root.get("version")
            && !matches!(version.value, NodeValue::Integer(2))
        {
            let kind = Kind::Version {
                version: self.slice(version.span).to_owned(),
            };
            return Err(self.error(kind, version.span, "only version 2 can be read"));
        }
        // Some files have a name there. Bolt reads it of no file that is an inventory of its own: it is a group's where
        // another inventory names the file.
        if let Some(name) = root.get("name") {
            self.text(name, "the name of the outermost group")?;
        }
        let whole = Span {
            end: root.span.start,
            ..root.span
        };
        self.read_group("all", whole, root, None, 0)
    }

    fn read_group(
        &mut self,
        name: &str,
        span: Span,
        node: &Node,
        parent: Option<usize>,
        depth: usize,
    ) -> Result<(), InventoryError> {
        if depth > GROUP_DEPTH_MAX {
            let kind = Kind::GroupsTooDeep {
                depth: GROUP_DEPTH_MAX,
            };
            return Err(self.error(kind, span, ""));
        }
        let layer = self.read_layer(node, Origin::Group(name.to_owned()), span)?;
        let index = self.draft.groups.len();
        self.draft.groups.push(DraftGroup {
            name: name.to_owned(),
            span,
            parent,
            rank: usize::MAX,
            layer,
            depends_on: None,
        });
        // In the order in which the file has them: that is the order of the targets.
        if let NodeValue::Mapping(entries) = &node.value {
            for (key, value) in entries {
                match key.name.as_str() {
                    "targets" => self.read_targets(value, index, 0)?,
                    "groups" => self.read_groups(value, index, depth)?,
                    "depends_on" => {
                        let names = self.names(value, "`depends_on`")?;
                        self.draft.groups[index].depends_on = Some(names);
                    }
                    _ => {}
                }
            }
        }
        self.draft.groups[index].rank = self.groups_ended;
        self.groups_ended += 1;
        Ok(())
    }

    fn read_groups(
        &mut self,
        node: &Node,
        parent: usize,
        depth: usize,
    ) -> Result<(), InventoryError> {
        let node = self.at_once(node)?;
        let groups = match &node.value {
            NodeValue::Sequence(groups) => groups.as_slice(),
            NodeValue::Null => &[],
            NodeValue::Mapping(_) if node.get("name").is_some() => std::slice::from_ref(&*node),
            _ => return Err(self.wrong_kind("`groups`", "a list of groups", &node)),
        };
        for group in groups {
            let group = self.at_once(group)?;
            match &group.value {
                NodeValue::Mapping(_) => {}
                NodeValue::Sequence(_) => {
                    self.read_groups(&group, parent, depth + 1)?;
                    continue;
                }
                _ => return Err(self.wrong_kind("a group", "a map with a `name`", &group)),
            }
            let Some(name_node) = group.get("name") else {
                let kind = Kind::MissingKey {
                    what: "a group",
                    key: "`name`",
                };
                return Err(self.error(kind, first_line(&group), "this group"));
            };
            self.known_keys(&group, "a group", &GROUP_KEYS)?;
            let name = self.name(name_node, "a group")?;
            self.read_group(&name, name_node.span, &group, Some(parent), depth + 1)?;
        }
        Ok(())
    }

    fn read_targets(
        &mut self,
        node: &Node,
        group: usize,
        depth: usize,
    ) -> Result<(), InventoryError> {
        if depth > GROUP_DEPTH_MAX {
            let kind = Kind::ReferencesTooDeep {
                depth: GROUP_DEPTH_MAX,
            };
            return Err(self.error(kind, node.span, ""));
        }
        let node = self.at_once(node)?;
        let targets = match &node.value {
            NodeValue::Sequence(targets) => targets.as_slice(),
            NodeValue::Null => &[],
            // A reference may stand for a single target.
            NodeValue::Mapping(_) if depth > 0 => std::slice::from_ref(&*node),
            // Bolt's own projects have `targets: localhost`.
            NodeValue::String(_) => std::slice::from_ref(&*node),
            _ => return Err(self.wrong_kind("`targets`", "a list of targets", &node)),
        };
        for target in targets {
            let target = self.at_once(target)?;
            let mut span = target.span;
            let kind = match &target.value {
                NodeValue::Mapping(_) => {
                    let name = target.get("name").or_else(|| target.get("uri"));
                    span = name.map_or_else(|| first_line(&target), |name| name.span);
                    DraftItemKind::Definition(Box::new(self.read_target(&target, span)?))
                }
                NodeValue::Sequence(_) => {
                    self.read_targets(&target, group, depth + 1)?;
                    continue;
                }
                _ => DraftItemKind::Text(self.text(&target, "a target")?),
            };
            self.draft.items.push(DraftItem { group, span, kind });
        }
        Ok(())
    }

    fn read_target(&mut self, node: &Node, span: Span) -> Result<Definition, InventoryError> {
        self.known_keys(node, "a target", &TARGET_KEYS)?;
        let uri = match node.get("uri") {
            Some(node) => Some(self.uri(node)?),
            None => None,
        };
        let name = match (node.get("name"), &uri) {
            (Some(node), _) => self.name(node, "a target")?,
            (None, Some(uri)) => uri.text.clone(),
            (None, None) => {
                let kind = Kind::MissingKey {
                    what: "a target",
                    key: "`name` and no `uri`",
                };
                return Err(self.error(kind, first_line(node), "this target"));
            }
        };
        let mut aliases = Vec::new();
        if let Some(node) = node.get("alias") {
            for (alias, span) in self.names(node, "`alias`")? {
                self.check_name("an alias", &alias, span)?;
                aliases.push((alias, span));
            }
        }
        let layer = self.read_layer(node, Origin::Target(name.clone()), span)?;
        Ok(Definition {
            name,
            uri,
            aliases,
            layer,
        })
    }

    pub(super) fn uri(&mut self, node: &Node) -> Result<TargetUri, InventoryError> {
        let node = self.at_once(node)?;
        let text = self.text(&node, "`uri`")?;
        self.parse_uri(&text, node.span)
    }

    pub(super) fn parse_uri(&self, text: &str, span: Span) -> Result<TargetUri, InventoryError> {
        parse_uri(text).map_err(|kind| self.error(kind, span, ""))
    }

    fn name(&mut self, node: &Node, what: &'static str) -> Result<String, InventoryError> {
        let node = self.at_once(node)?;
        let name = self.text(&node, &format!("the name of {what}"))?;
        self.check_name(what, &name, node.span)?;
        Ok(name)
    }

    fn check_name(&self, what: &'static str, name: &str, span: Span) -> Result<(), InventoryError> {
        check_name(name).map_err(|reason| {
            let kind = Kind::BadName {
                what,
                name: name.to_owned(),
                reason,
            };
            self.error(kind, span, "")
        })
    }

    /// One string, or a list of them.
    pub(super) fn names(
        &mut self,
        node: &Node,
        what: &str,
    ) -> Result<Vec<(String, Span)>, InventoryError> {
        let node = self.at_once(node)?;
        match &node.value {
            NodeValue::Null => Ok(Vec::new()),
            NodeValue::Sequence(items) => items
                .iter()
                .map(|item| {
                    let item = self.at_once(item)?;
                    Ok((self.text(&item, what)?, item.span))
                })
                .collect(),
            NodeValue::Mapping(_) => Err(self.wrong_kind(what, "a list of strings", &node)),
            _ => Ok(vec![(self.text(&node, what)?, node.span)]),
        }
    }

    /// A scalar as the text that was written, so that a target can be called `007`.
    pub(super) fn text(&self, node: &Node, what: &str) -> Result<String, InventoryError> {
        match &node.value {
            NodeValue::String(text) => Ok(text.clone()),
            NodeValue::Bool(_) | NodeValue::Integer(_) | NodeValue::Float(_) => {
                let raw = self.slice(node.span);
                Ok(if raw.is_empty() {
                    node.to_value().to_string()
                } else {
                    raw.to_owned()
                })
            }
            _ => Err(self.wrong_kind(what, "a string", node)),
        }
    }

    pub(super) fn slice(&self, span: Span) -> &str {
        self.files[usize::from(span.file)].slice(&span)
    }

    pub(super) fn wrong_kind(
        &self,
        what: &str,
        expected: &'static str,
        node: &Node,
    ) -> InventoryError {
        let kind = Kind::WrongKind {
            what: what.to_owned(),
            expected,
            found: node.kind().to_owned(),
        };
        self.error(
            kind,
            first_line(node),
            &format!("{expected} is needed here"),
        )
    }

    /// An error at one place.
    pub(super) fn error(&self, kind: Kind, span: Span, label: &str) -> InventoryError {
        InventoryError::at(kind, vec![labelled(&self.files, span, label)])
    }
}

/// A place with its file.
pub(super) fn labelled(files: &[SourceFile], span: Span, text: &str) -> Labelled {
    Labelled {
        file: files[usize::from(span.file)].clone(),
        span,
        text: text.to_owned(),
    }
}

/// Takes a URI apart whose transport is known.
pub(super) fn parse_uri(text: &str) -> Result<TargetUri, Kind> {
    let uri = TargetUri::parse(text).map_err(|reason| Kind::BadUri {
        uri: super::mask::mask_secrets(text),
        reason,
    })?;
    if let Some(protocol) = &uri.protocol
        && TransportSupport::of(protocol) == TransportSupport::Unknown
    {
        return Err(unknown_transport(protocol));
    }
    check_name(&uri.text).map_err(|reason| Kind::BadUri {
        uri: uri.text.clone(),
        reason: reason.to_owned(),
    })?;
    Ok(uri)
}

pub(super) fn unknown_transport(name: &str) -> Kind {
    Kind::UnknownTransport {
        name: name.to_owned(),
        nearest: nearest(name, transport_names()).map(str::to_owned),
    }
}

pub(super) fn unknown_setting(transport: &str, key: &str) -> Kind {
    let known = settings(transport).unwrap_or_default();
    // The names of Ansible's and of Rust's habits lead here, too.
    let dashed = key.replace('_', "-");
    Kind::UnknownSetting {
        transport: transport.to_owned(),
        key: key.to_owned(),
        nearest: nearest(&dashed, known.iter().map(|(name, _)| *name)).map(str::to_owned),
    }
}

/// The span of a scalar; of a list or a map only its start, since it may go on for pages.
fn first_line(node: &Node) -> Span {
    match &node.value {
        NodeValue::Mapping(entries) => entries.first().map_or(node.span, |(key, _)| key.span),
        NodeValue::Sequence(items) => items.first().map_or(node.span, first_line),
        _ => node.span,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use miette::{GraphicalReportHandler, GraphicalTheme};
    use proptest::prelude::*;

    use super::*;
    use crate::{inventory::Inventory, model::Value};

    fn error(text: &str) -> InventoryError {
        match Inventory::parse("inventory.yaml", text) {
            Ok(_) => panic!("it was taken: {text}"),
            Err(error) => error,
        }
    }

    fn report(error: &dyn miette::Diagnostic) -> String {
        let mut report = String::new();
        GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
            .with_width(100)
            .render_report(&mut report, error)
            .unwrap();
        report
    }

    #[test]
    fn mistakes_are_shown_where_they_are() {
        let mut reports = String::new();
        for text in [
            "groups:\n  - name: web\n    targts: [a]\n",
            "nodes: [a]\n",
            "config:\n  ssh:\n    user: bob\n    password: hunter2\n    prot: 22\n",
            "config:\n  ssh:\n    host_key_check: false\n",
            "config:\n  ssh:\n    port: many\n",
            "config:\n  shh: {user: bob}\n",
            "config:\n  transport: shh\n",
            "targets:\n  - uri: ssh://bob:hunter2@web1:99999\n",
            "targets: [web 1]\n",
            "targets:\n  - vars: {a: 1}\n",
            "groups: [{targets: [a]}]\n",
            "version: 1\n",
            "targets: 7\n",
            "- web1\n",
            "a: [1\nb: 2\n",
            "vars: {a: 1}\nvars: {b: 1}\n",
            "groups:\n  - name: web\n    targets: [web1]\n  - name: db\n    targets: [db1, web]\n",
            "groups:\n  - {name: a, depends_on: [b]}\n  - {name: b, depends_on: [a]}\n",
            "groups:\n  - {name: a, targets: [t]}\n  - {name: b, targets: [t], depends_on: [a]}\n",
            "targets:\n  - _plugin: teraform\n    dir: x\n",
            "targets:\n  - _plugin: terraform\n    dir: x\n",
            "targets:\n  - {_plugin: yaml, filepath: x.yaml}\n",
        ] {
            let _ = writeln!(reports, "{}", report(&error(text)));
        }
        assert!(!reports.contains("hunter2"));
        insta::assert_snapshot!(reports);
    }

    fn surroundings(root: Option<&std::path::Path>) -> Surroundings {
        Surroundings {
            root: root.map(std::path::Path::to_owned),
            variable: |name| match name {
                "SSH_PASSWORD" => Some("hunter2".to_owned()),
                "LIST" => Some(r#"["a", {"name": "b"}]"#.to_owned()),
                "BAD" => Some("{".to_owned()),
                _ => None,
            },
            plugins: None,
        }
    }

    #[test]
    fn variables_of_the_environment_stand_in_for_values() {
        let text = "
targets: {_plugin: env_var, var: LIST, json: true}
config:
  ssh:
    password: {_plugin: env_var, var: SSH_PASSWORD}
    user: {_plugin: env_var, var: NONE, default: deploy}
    tmpdir: {_plugin: env_var, var: NONE, optional: true}
vars:
  list: [1, {_plugin: env_var, var: LIST, json: true}]
";
        let inventory = Inventory::parse_with("i.yaml", text, &surroundings(None)).unwrap();
        let target = inventory.resolve_one("b").unwrap();
        assert_eq!(
            target.setting("password"),
            Some(&Value::sensitive(Value::from("hunter2")))
        );
        assert_eq!(target.user.as_deref(), Some("deploy"));
        assert_eq!(target.setting("tmpdir"), None);
        assert_eq!(target.vars["list"].to_string(), r#"[1,["a",{"name":"b"}]]"#);
    }

    #[test]
    fn what_is_missing_concerns_only_those_who_need_it() {
        let text = "
groups:
  - name: prod
    config: {ssh: {password: {_plugin: env_var, var: NONE}}}
    vars: {key: {_plugin: vault, path: x}}
    targets:
      - prod1
      - {name: prod2, config: {ssh: {password: own}}, vars: {key: own}}
      - {name: prod3, config: {transport: local}, vars: {key: own}}
  - name: dev
    targets: [dev1]
";
        let inventory = Inventory::parse_with("i.yaml", text, &surroundings(None)).unwrap();
        for name in ["dev1", "prod2", "prod3", "all,!prod1"] {
            assert!(inventory.resolve(name).is_ok(), "{name}");
        }
        let error = inventory.resolve("all").unwrap_err();
        insta::assert_snapshot!(report(&error));
        // Once a plan has given both, it can be used.
        let mut inventory = inventory;
        inventory
            .set_config("prod1", &["ssh", "password"], Value::from("x"))
            .unwrap();
        assert!(inventory.resolve("prod1").is_err());
        inventory.set_var("prod1", "key", Value::Null).unwrap();
        assert!(inventory.resolve("prod1").is_ok());
    }

    #[test]
    fn files_of_the_project_stand_in_for_values_and_no_others() {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("project");
        std::fs::create_dir_all(root.join("data")).unwrap();
        let write = |path: &str, text: &str| std::fs::write(root.join(path), text).unwrap();
        write(
            "data/targets.yaml",
            "- a\n- {name: b, vars: {x: 1}}\n- [c, d]\n",
        );
        write("data/bad.yaml", "- {name: a, uir: x}\n");
        write(
            "data/circle.yaml",
            "- name: g\n  groups: {_plugin: yaml, filepath: data/circle.yaml}\n",
        );
        write(
            "data/self.yaml",
            "{_plugin: yaml, filepath: data/self.yaml}\n",
        );
        std::fs::write(outer.path().join("secret.yaml"), "- x\n").unwrap();
        let parse = |part: &str, path: &str| {
            let text = format!("{part}: {{_plugin: yaml, filepath: {path}}}\n");
            Inventory::parse_with("i.yaml", &text, &surroundings(Some(&root)))
        };
        let inventory = parse("targets", "data/targets.yaml").unwrap();
        assert_eq!(inventory.target_names(), ["a", "b", "c", "d"]);
        let inner = parse("targets", "data/bad.yaml").unwrap_err();
        assert_eq!(inner.place().unwrap().to_string(), "data/bad.yaml:1:13");
        for path in ["../secret.yaml", "/etc/passwd", "data/../../secret.yaml"] {
            let error = parse("targets", path).unwrap_err();
            assert!(
                matches!(error.kind(), Kind::OutsideProject { .. }),
                "{path}: {error:?}"
            );
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outer.path().join("secret.yaml"), root.join("link.yaml"))
                .unwrap();
            let error = parse("targets", "link.yaml").unwrap_err();
            assert!(
                matches!(error.kind(), Kind::OutsideProject { .. }),
                "{error:?}"
            );
        }
        assert!(matches!(
            parse("targets", "none.yaml").unwrap_err().kind(),
            Kind::Read { .. }
        ));
        assert!(matches!(
            parse("groups", "data/circle.yaml").unwrap_err().kind(),
            Kind::GroupsTooDeep { .. }
        ));
        assert!(matches!(
            parse("targets", "data/self.yaml").unwrap_err().kind(),
            Kind::ReferencesTooDeep { .. }
        ));
    }

    #[test]
    fn places_in_two_files_are_shown_in_both() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(
            root.path().join("more.yaml"),
            "- name: web\n  targets: [a]\n",
        )
        .unwrap();
        let text = "targets: [{name: web}]\ngroups: {_plugin: yaml, filepath: more.yaml}\n";
        let error = Inventory::parse_with("inventory.yaml", text, &surroundings(Some(root.path())))
            .unwrap_err();
        insta::assert_snapshot!(report(&error));
    }

    #[test]
    fn paths_of_keys_are_meant_from_the_project() {
        let root = std::path::Path::new("/project");
        let text =
            "config: {ssh: {private-key: keys/id, known-hosts: ~/known, port: 22}}\ntargets: [t]\n";
        let inventory = Inventory::parse_with("i.yaml", text, &surroundings(Some(root))).unwrap();
        let target = inventory.resolve_one("t").unwrap();
        assert_eq!(
            target.setting("private-key"),
            Some(&Value::from("/project/keys/id"))
        );
        assert_eq!(target.setting("known-hosts"), Some(&Value::from("~/known")));
    }

    #[test]
    fn key_data_and_secrets_of_other_transports_are_hidden() {
        let text = "
config:
  ssh: {private-key: {key-data: PEMPEM}, sudo-password: 0123}
  winrm: {password: pwpw, nested: [{token: tktk}]}
vars: {open: yes}
targets: [t]
";
        let inventory = Inventory::parse("i.yaml", text).unwrap();
        let target = inventory.resolve_one("t").unwrap();
        let shown = format!("{target:?}{inventory:?}");
        for secret in ["PEMPEM", "0123", "pwpw", "tktk"] {
            assert!(!shown.contains(secret), "{secret}");
        }
        assert_eq!(
            target.setting("sudo-password"),
            Some(&Value::sensitive(Value::from("0123")))
        );
    }

    #[test]
    fn twenty_thousand_targets_are_read_and_resolved() {
        let mut text =
            String::from("config: {ssh: {user: deploy, port: 22}}\nvars: {site: north}\ngroups:\n");
        for group in 0..20 {
            let _ = write!(
                text,
                "  - name: g{group}\n    vars: {{group: {group}}}\n    targets:\n"
            );
            for target in 0..1000 {
                let _ = writeln!(
                    text,
                    "      - {{name: t{group}x{target}, uri: 'ssh://10.{group}.{}.{}', facts: {{n: {target}}}}}",
                    target / 250,
                    target % 250
                );
            }
        }
        let inventory = Inventory::parse("i.yaml", &text).unwrap();
        let all = inventory.resolve("all").unwrap();
        assert_eq!(all.len(), 20_000);
        assert_eq!(all[19_999].name.as_str(), "t19x999");
        assert_eq!(all[19_999].host, "10.19.3.249");
        assert_eq!(
            inventory.resolve("g1?,!*x1*").unwrap().len(),
            10 * (1000 - 111)
        );
        assert!(inventory.resolve_one("t1x1").unwrap().vars.len() == 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            let _ = Inventory::parse("i.yaml", &text).map_err(|error| report(&error));
        }

        #[test]
        fn any_file_of_our_words_is_read_or_refused(
            words in prop::collection::vec(prop::sample::select(vec![
                "targets:", "groups:", "name:", "uri:", "config:", "ssh:", "vars:", "alias:", "depends_on:", "_plugin:", "env_var",
                "var:", "- ", "\n", "\n  ", "\n    ", "a", "b", "[", "]", "{", "}", ",", " ", "web*", "ssh://a:b@c", "&x", "*x",
                "<<: ", "'", "\"", "é", "#", "|\n", "!x", "22", "port:", "password:", "transport:",
            ]), 0..40)
        ) {
            let text = words.concat();
            match Inventory::parse("i.yaml", &text) {
                Ok(inventory) => { let _ = inventory.resolve("all"); }
                Err(error) => { let _ = report(&error); }
            }
        }
    }
}
