//! A YAML file as a tree in which every key and value knows its place, so that any error about it can point there.

use std::{fmt, ops::Range, sync::Arc, thread};

use miette::NamedSource;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Options, Spanned, options::DuplicateKeyPolicy};

use super::mask::mask_secrets;
use crate::model::{Map, Place, Value};

/// One file that was read. Cheap to clone.
#[derive(Clone)]
pub(crate) struct SourceFile {
    /// The path as messages show it.
    pub(crate) name: Arc<str>,
    pub(crate) text: Arc<str>,
}

impl SourceFile {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        Self {
            name: Arc::from(name),
            text: Arc::from(text),
        }
    }

    /// The text for a diagnostic. Passwords and keys in it are masked, because a snippet shows the lines around
    /// the mistake too.
    pub(crate) fn to_named_source(&self) -> NamedSource<String> {
        NamedSource::new(&*self.name, mask_secrets(&self.text)).with_language("yaml")
    }

    /// The line and column of a span's start.
    pub(crate) fn place(&self, span: &Span) -> Place {
        let before = &self.text[..self.floor(span.start as usize)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place {
            file: Arc::clone(&self.name),
            line: span.line,
            column: u32::try_from(before[line_start..].chars().count() + 1).unwrap_or(u32::MAX),
        }
    }

    /// What was written at the span.
    pub(crate) fn slice(&self, span: &Span) -> &str {
        let range = self.floor(span.start as usize)..self.floor(span.end as usize);
        self.text.get(range).unwrap_or_default()
    }

    fn floor(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset)
    }
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SourceFile").field(&self.name).finish()
    }
}

/// Bytes of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Counted from 1.
    pub(crate) line: u32,
    /// Which of the files that were read together.
    pub(crate) file: u16,
}

impl Span {
    pub(crate) fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A value of the file.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: NodeValue,
}

#[derive(Clone, Debug)]
pub(crate) enum NodeValue {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    String(String),
    Sequence(Vec<Node>),
    Mapping(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) span: Span,
}

/// Why a text is no YAML that can be used.
#[derive(Clone, Debug)]
pub(crate) struct SyntaxError {
    pub(crate) message: String,
    pub(crate) span: Option<Span>,
}

// A target with a little configuration of its own is about fifteen nodes: room for 100,000 of them and more.
const NODES_MAX: usize = 10_000_000;
// A node is at most three events (a collection has a start and an end), aliases included.
const EVENTS_MAX: usize = 30_000_000;
// One merged block of defaults in each of 100,000 targets.
const ALIASES_MAX: usize = 200_000;
// What aliases may blow the file up to: an alias bomb ends here, after some 200 MB.
const REPLAYED_EVENTS_MAX: usize = 2_000_000;
// What anchors may hold together, those in anchors counted again: blocks of defaults are small.
const ANCHORED_EVENTS_MAX: usize = 100_000;
// Twenty groups in each other need 40 levels; more would cost stack in debug builds.
const DEPTH_MAX: usize = 64;
// Four times what 100,000 targets need. Spans are 32 bits wide.
const TEXT_BYTES_MAX: usize = 256 * 1024 * 1024;

impl Node {
    /// Reads a YAML file. An empty one is null.
    ///
    /// # Errors
    /// It is no YAML, has a key twice, is too large, or blows up.
    pub(crate) fn parse(text: &str, file: u16) -> Result<Self, SyntaxError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(SyntaxError {
                message: format!("the file has more than {TEXT_BYTES_MAX} bytes"),
                span: None,
            });
        }
        let mut node = parse_on_own_stack(text)
            .map_err(|message| SyntaxError {
                message,
                span: None,
            })?
            .map_err(|error| SyntaxError {
                message: readable(&error),
                span: error
                    .location()
                    .map(|location| pointable(placed(location, text), text, file)),
            })?;
        if file > 0 {
            node.move_to_file(file);
        }
        Ok(node)
    }

    fn move_to_file(&mut self, file: u16) {
        self.span.file = file;
        match &mut self.value {
            NodeValue::Sequence(items) => {
                for item in items {
                    item.move_to_file(file);
                }
            }
            NodeValue::Mapping(entries) => {
                for (key, value) in entries {
                    key.span.file = file;
                    value.move_to_file(file);
                }
            }
            _ => {}
        }
    }

    /// What kind of thing it is, for messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.value {
            NodeValue::Null => "nothing",
            NodeValue::Bool(_) => "a boolean",
            NodeValue::Integer(_) => "an integer",
            NodeValue::Float(_) => "a number",
            NodeValue::String(_) => "a string",
            NodeValue::Sequence(_) => "a list",
            NodeValue::Mapping(_) => "a map",
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            NodeValue::Mapping(entries) => entries
                .iter()
                .find(|(candidate, _)| candidate.name == key)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// The plain value, without places.
    pub(crate) fn to_value(&self) -> Value {
        match &self.value {
            NodeValue::Null => Value::Null,
            NodeValue::Bool(flag) => Value::Bool(*flag),
            NodeValue::Integer(number) => Value::Integer(*number),
            NodeValue::Float(number) => Value::Float(*number),
            NodeValue::String(text) => Value::String(text.clone()),
            NodeValue::Sequence(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            NodeValue::Mapping(entries) => Value::Map(
                entries
                    .iter()
                    .map(|(key, node)| (key.name.clone(), node.to_value()))
                    .collect::<Map>(),
            ),
        }
    }
}

// The deserializer takes some 45 KB of stack a level in debug builds, more than a thread of tokio or of a test has
// for `DEPTH_MAX` levels. Starting a thread costs less than reading the file.
const STACK_BYTES: usize = 8 * 1024 * 1024;

impl Node {
    /// A value that comes from elsewhere, as if it stood at `span`.
    pub(crate) fn from_value(value: Value, span: Span) -> Self {
        let value = match value {
            Value::Null => NodeValue::Null,
            Value::Bool(flag) => NodeValue::Bool(flag),
            Value::Integer(number) => NodeValue::Integer(number),
            Value::Float(number) => NodeValue::Float(number),
            Value::String(text) => NodeValue::String(text),
            Value::Array(items) => NodeValue::Sequence(
                items
                    .into_iter()
                    .map(|item| Self::from_value(item, span))
                    .collect(),
            ),
            Value::Map(map) => NodeValue::Mapping(
                map.into_iter()
                    .map(|(name, value)| (Key { name, span }, Self::from_value(value, span)))
                    .collect(),
            ),
            Value::Sensitive(secret) => return Self::from_value(secret.into_revealed(), span),
        };
        Self { span, value }
    }
}

fn parse_on_own_stack(text: &str) -> Result<Result<Node, serde_saphyr::Error>, String> {
    thread::scope(|scope| {
        thread::Builder::new()
            .name("yaml".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || {
                serde_saphyr::from_str_with_options(text, options())
            })
            .map_err(|error| format!("no thread to read it on: {error}"))?
            .join()
            .map_err(|_| "the YAML reader panicked".to_owned())
    })
}

/// The library's message in words for those who write inventories, without the place, which the label shows.
fn readable(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::{Error, budget::BudgetBreach};
    match error.without_snippet() {
        Error::AliasError { error, .. } => readable(error),
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key `{key}` is there twice")
        }
        Error::MultipleDocuments { .. } => "the file holds more than one YAML document".to_owned(),
        Error::Budget { breach, .. } => match breach {
            BudgetBreach::Depth { .. } => {
                format!("lists and maps are in each other more than {DEPTH_MAX} deep")
            }
            BudgetBreach::RecordedAnchorEvents { .. }
            | BudgetBreach::RecordedAnchorBytes { .. }
            | BudgetBreach::Aliases { .. }
            | BudgetBreach::Anchors { .. } => ALIASES_TOO_MANY.to_owned(),
            _ => "the file is too large".to_owned(),
        },
        Error::AliasReplayLimitExceeded { .. } | Error::AliasReplayStackDepthExceeded { .. } => {
            ALIASES_TOO_MANY.to_owned()
        }
        Error::NullIntoString { .. } => "a key is missing".to_owned(),
        other => {
            let message = other.to_string();
            match message.find(" at line ") {
                Some(place) => message[..place].to_owned(),
                None => message,
            }
        }
    }
}

const ALIASES_TOO_MANY: &str = "its anchors and aliases stand for too much";

/// The span of an error, moved so that it covers at least one byte: those at the end of a file cover none.
fn pointable(span: Span, text: &str, file: u16) -> Span {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let start = span.start.min(length.saturating_sub(1));
    Span {
        start,
        end: span.end.clamp((start + 1).min(length), length.max(start)),
        line: span.line,
        file,
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: NODES_MAX,
            max_events: EVENTS_MAX,
            max_aliases: ALIASES_MAX,
            max_merge_keys: ALIASES_MAX,
            max_depth: DEPTH_MAX,
            max_recorded_anchor_events: ANCHORED_EVENTS_MAX,
            // One anchor of defaults that every target merges is good style, not an attack.
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: REPLAYED_EVENTS_MAX,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        // `0755` is 493, as in Ruby, which reads these files for Bolt.
        legacy_octal_numbers: true,
        with_snippet: false,
    }
}

impl From<serde_saphyr::Location> for Span {
    fn from(location: serde_saphyr::Location) -> Self {
        let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let span = location.span();
        let start = span.byte_offset().unwrap_or(0);
        Self {
            start: narrow(start),
            end: narrow(start + span.byte_len().unwrap_or(0)),
            line: narrow(location.line()),
            file: 0,
        }
    }
}

/// The span of an error. The scanner knows only its line and column, both counted from 1, the column in characters.
fn placed(location: serde_saphyr::Location, text: &str) -> Span {
    let mut span = Span::from(location);
    if location.span().byte_offset().is_none() {
        let narrow = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let (line, column) = (narrow(location.line()), narrow(location.column()));
        let before: usize = text
            .split_inclusive('\n')
            .take(line.saturating_sub(1))
            .map(str::len)
            .sum();
        let inside: usize = text[before..]
            .chars()
            .take_while(|character| *character != '\n')
            .take(column.saturating_sub(1))
            .map(char::len_utf8)
            .sum();
        span.start = u32::try_from(before + inside).unwrap_or(u32::MAX);
        span.end = span.start;
    }
    span
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<NodeValue>::deserialize(deserializer)?;
        Ok(Self {
            span: spanned.defined.into(),
            value: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self {
            span: spanned.defined.into(),
            name: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for NodeValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = NodeValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, number, boolean, list, map or null")
    }

    fn visit_unit<E>(self) -> Result<NodeValue, E> {
        Ok(NodeValue::Null)
    }

    fn visit_none<E>(self) -> Result<NodeValue, E> {
        Ok(NodeValue::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<NodeValue, D::Error> {
        NodeValue::deserialize(deserializer)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<NodeValue, E> {
        Ok(NodeValue::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<NodeValue, E> {
        Ok(NodeValue::Integer(number))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a number beyond i64 is kept as the nearest float, as `Value` does"
    )]
    fn visit_u64<E>(self, number: u64) -> Result<NodeValue, E> {
        Ok(i64::try_from(number).map_or(NodeValue::Float(number as f64), NodeValue::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<NodeValue, E> {
        Ok(NodeValue::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<NodeValue, E> {
        Ok(NodeValue::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<NodeValue, E> {
        Ok(NodeValue::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<NodeValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(NodeValue::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<NodeValue, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(NodeValue::Mapping(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> SyntaxError {
        Node::parse(text, 0).unwrap_err()
    }

    #[test]
    fn every_key_and_value_knows_its_place() {
        let text = "groups:\n  - name: wéb\n    targets: [a, \"b c\"]\n";
        let file = SourceFile::new("inventory.yaml", text);
        let root = Node::parse(text, 0).unwrap();
        let NodeValue::Sequence(groups) = &root.get("groups").unwrap().value else {
            panic!("no list")
        };
        let name = groups[0].get("name").unwrap();
        assert_eq!(file.slice(&name.span), "wéb");
        assert_eq!(file.place(&name.span).to_string(), "inventory.yaml:2:11");
        let NodeValue::Mapping(entries) = &groups[0].value else {
            panic!("no map")
        };
        assert_eq!(file.slice(&entries[1].0.span), "targets");
        let NodeValue::Sequence(targets) = &entries[1].1.value else {
            panic!("no list")
        };
        assert_eq!(file.slice(&targets[1].span), "\"b c\"");
        assert_eq!(
            file.place(&targets[1].span).to_string(),
            "inventory.yaml:3:18"
        );
    }

    #[test]
    fn reads_numbers_and_booleans_as_ruby_does() {
        let root = Node::parse("{a: 0755, b: yes, c: 1.5, d: ~, e: '0755', 7: x}", 0).unwrap();
        assert_eq!(
            root.to_value().to_string(),
            r#"{"a":493,"b":true,"c":1.5,"d":null,"e":"0755","7":"x"}"#
        );
        assert!(matches!(Node::parse("", 0).unwrap().value, NodeValue::Null));
    }

    #[test]
    fn blocks_of_defaults_are_merged_and_a_mark_of_byte_order_is_no_letter() {
        let text = "\u{feff}defaults: &d {user: a, port: 1}\nssh: {<<: *d, port: 2}\n";
        let root = Node::parse(text, 0).unwrap();
        let ssh = root.get("ssh").unwrap().to_value();
        assert_eq!(ssh.as_map().unwrap()["user"], Value::from("a"));
        assert_eq!(ssh.as_map().unwrap()["port"], Value::Integer(2));
        let file = SourceFile::new("i.yaml", text);
        let port = root.get("ssh").unwrap().get("port").unwrap();
        assert_eq!(file.slice(&port.span), "2");
    }

    #[test]
    fn a_key_that_is_there_twice_is_an_error_at_the_second() {
        let error = error("a: 1\nb: 2\na: 3\n");
        assert_eq!(error.span.unwrap().line, 3, "{error:?}");
        assert!(error.message.contains("twice"), "{error:?}");
    }

    #[test]
    fn broken_yaml_is_an_error_with_its_line() {
        for (text, line) in [
            ("a: [1, 2\nb: 3\n", 2),
            ("a:\n\t- b\n", 2),
            ("a: 'x\n", 1),
            ("a: 1\n---\nb: 2\n", 3),
        ] {
            let error = error(text);
            assert_eq!(
                error.span.map(|span| span.line),
                Some(line),
                "{text:?}: {error:?}"
            );
        }
    }

    #[test]
    fn alias_bombs_and_deep_nesting_are_errors() {
        let bomb: String = (0..12)
            .map(|level| match level {
                0 => "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(),
                _ => format!(
                    "a{level}: &a{level} [{}]\n",
                    vec![format!("*a{}", level - 1); 10].join(", ")
                ),
            })
            .collect();
        assert_eq!(error(&bomb).message, ALIASES_TOO_MANY);
        assert!(error(&"- ".repeat(100)).message.contains("64 deep"));
        let _ = error(&"[".repeat(200_000));
        let _ = error(&format!("{}x{}", "[".repeat(70), "]".repeat(70)));
        let _ = error(&"- ".repeat(100_000));
        let deep = format!("{}x{}", "[".repeat(60), "]".repeat(60));
        assert!(Node::parse(&deep, 0).is_ok());
    }
}
