//! The keys that a map can have where it is given to a call: parameters of a task or plan, or options.

use super::file_view::FileView;
use crate::{
    plan::{CallAt, Entry, Header, OPTIONS, Place},
    task::{DataType, Parameters},
};

/// A key that a map can have.
#[derive(Clone, Debug)]
pub(super) struct KnownKey {
    pub(super) name: String,
    /// Its type, or what its value has to be, in words.
    pub(super) wanted: String,
    pub(super) doc: String,
    pub(super) required: bool,
    /// All values that it can have, as they are written; empty if there are too many.
    pub(super) values: Vec<String>,
    data_type: Option<DataType>,
}

/// The keys that the map at a place can have; `depth` of the keys around it are followed.
pub(super) fn keys_at(view: &FileView<'_>, place: &Place, depth: usize) -> Vec<KnownKey> {
    let Some(call) = &place.call else {
        return Vec::new();
    };
    let mut keys = keys_of_argument(view, place, call);
    for around in place.path.iter().take(depth) {
        let Some(key) = keys.into_iter().find(|key| key.name == *around) else {
            return Vec::new();
        };
        keys = key.inner();
    }
    keys
}

/// The key whose value is being written at a place.
pub(super) fn key_around(view: &FileView<'_>, place: &Place) -> Option<KnownKey> {
    let (last, around) = place.path.split_last()?;
    let keys = keys_at(view, place, around.len());
    keys.into_iter().find(|key| key.name == *last)
}

impl KnownKey {
    fn option(name: &'static str, entry: &Entry) -> Option<Self> {
        let option = entry.option(name)?;
        let of_steps = entry.receiver == Some("Graph");
        let values: &[&str] = match name {
            "on_failure" if of_steps => &[
                "\"skip_dependents\"",
                "\"stop\"",
                "\"continue\"",
                "\"rollback\"",
            ],
            "on_failure" => &["\"stop\"", "\"survivors\""],
            _ if option.wanted == "a Boolean" => &["true", "false"],
            _ => &[],
        };
        Some(Self {
            name: name.to_owned(),
            wanted: option.wanted.to_owned(),
            doc: option.doc.to_owned(),
            required: false,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            data_type: None,
        })
    }

    fn typed(name: &str, data_type: &DataType, doc: &str, required: bool) -> Self {
        Self {
            name: name.to_owned(),
            wanted: data_type.to_string(),
            doc: doc.to_owned(),
            required,
            values: values_of(data_type),
            data_type: Some(data_type.clone()),
        }
    }

    /// What its value has to be, in Markdown: a type is code, words are words.
    pub(super) fn wanted_told(&self) -> String {
        match self.data_type {
            Some(_) => format!("`{}`", self.wanted),
            None => self.wanted.clone(),
        }
    }

    /// Whether its value names targets.
    pub(super) fn names_targets(&self) -> bool {
        self.data_type.as_ref().is_some_and(DataType::names_targets)
    }

    /// What the map that is its value can have.
    fn inner(&self) -> Vec<Self> {
        let plain = |name: &str, wanted: &str, doc: &str| Self {
            name: name.to_owned(),
            wanted: wanted.to_owned(),
            doc: doc.to_owned(),
            required: false,
            values: Vec::new(),
            data_type: None,
        };
        match &self.data_type {
            Some(data_type) => members_of(data_type),
            None if self.name == "retry" => ["attempts", "delay", "backoff"]
                .iter()
                .filter_map(|name| OPTIONS.iter().find(|option| option.name == *name))
                .map(|option| plain(option.name, option.wanted, option.doc))
                .collect(),
            None => Vec::new(),
        }
    }
}

fn keys_of_argument(view: &FileView<'_>, place: &Place, call: &CallAt) -> Vec<KnownKey> {
    let Some(entry) = view.called(call, place.word) else {
        return Vec::new();
    };
    let Some(param) = entry.params.get(call.index) else {
        return Vec::new();
    };
    if param.kind.split(" | ").any(|kind| kind == "Options") {
        let options = entry.options.iter();
        return options
            .filter_map(|name| KnownKey::option(name, entry))
            .collect();
    }
    match (entry.name, param.name) {
        ("run_task" | "run_task_with", "params") => call
            .text_argument(&view.source, 0)
            .map_or_else(Vec::new, |name| of_task(view, name)),
        ("run_plan", "params") => {
            let plan = call.text_argument(&view.source, 0);
            let plan = plan.and_then(|name| view.plan(name));
            plan.map_or_else(Vec::new, |source| of_header(&Header::read(&source).0))
        }
        ("with_params", _) => call
            .receiver
            .and_then(|receiver| expected_task(receiver.of(view.source.text())))
            .map_or_else(Vec::new, |name| of_task(view, name)),
        _ => Vec::new(),
    }
}

/// The task of `expect_task("name")...`.
fn expected_task(receiver: &str) -> Option<&str> {
    let rest = receiver.strip_prefix("expect_task(\"")?;
    rest.split_once('"').map(|(name, _)| name)
}

fn of_task(view: &FileView<'_>, name: &str) -> Vec<KnownKey> {
    let Some(task) = view.task(name) else {
        return Vec::new();
    };
    let parameters: &Parameters = match &task.metadata().parameters {
        Some(parameters) => parameters,
        None => return Vec::new(),
    };
    parameters
        .iter()
        .map(|(name, parameter)| {
            KnownKey::typed(
                name,
                &parameter.data_type,
                &parameter.description,
                parameter.is_required(),
            )
        })
        .collect()
}

fn of_header(header: &Header) -> Vec<KnownKey> {
    let params = header.params.iter();
    params
        .map(|param| {
            let doc = param.doc.as_deref().unwrap_or_default();
            KnownKey::typed(&param.name, &param.data_type, doc, param.is_required())
        })
        .collect()
}

fn members_of(data_type: &DataType) -> Vec<KnownKey> {
    match data_type {
        DataType::Struct(members) => members
            .iter()
            .map(|member| {
                KnownKey::typed(&member.name, &member.data_type, "", member.is_required())
            })
            .collect(),
        DataType::Optional(inner) | DataType::NotUndef(inner) | DataType::Sensitive(inner) => {
            members_of(inner)
        }
        DataType::Array { item, .. } => members_of(item),
        DataType::Variant(types) => types.iter().flat_map(members_of).collect(),
        _ => Vec::new(),
    }
}

/// All values of a type, if they can be told.
fn values_of(data_type: &DataType) -> Vec<String> {
    match data_type {
        DataType::Enum { words, .. } => words.iter().map(|word| format!("{word:?}")).collect(),
        DataType::Boolean(None) => vec!["true".to_owned(), "false".to_owned()],
        DataType::Boolean(Some(only)) => vec![only.to_string()],
        DataType::Optional(inner) | DataType::NotUndef(inner) => values_of(inner),
        DataType::Array { item, .. } => values_of(item),
        DataType::Variant(types) => types.iter().flat_map(values_of).collect(),
        _ => Vec::new(),
    }
}
