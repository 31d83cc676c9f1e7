//! The Markdown that editors show of tasks, plans, functions, parameters and options.

use std::fmt::Write;

use crate::{
    plan::{Entry, FunctionAt, Header, StandardFunction},
    task::Task,
};

/// Code in the language of plans.
pub(super) fn code(text: &str) -> String {
    format!("```rhai\n{}\n```\n", text.trim_end())
}

pub(super) fn of_entry(entry: &Entry) -> String {
    let mut text = code(&entry.signature());
    let _ = write!(text, "\n{}\n", entry.doc);
    if !entry.options.is_empty() {
        text.push_str("\nOptions:\n");
        for name in &entry.options {
            if let Some(option) = entry.option(name) {
                let _ = writeln!(text, "- `{name}`: {}", option.wanted);
            }
        }
    }
    if !entry.example.is_empty() {
        let _ = write!(text, "\n{}", code(entry.example));
    }
    text
}

pub(super) fn of_standard(function: &StandardFunction) -> String {
    let params: Vec<String> = function
        .params
        .iter()
        .map(|(name, kind)| format!("{name}: {kind}"))
        .collect();
    let signature = format!(
        "{}({}) -> {}",
        function.name,
        params.join(", "),
        function.returns
    );
    format!("{}\n{}\n", code(&signature), function.doc)
}

/// A function of a file; `from` says which, if it is another.
pub(super) fn of_function(function: &FunctionAt, from: Option<&str>) -> String {
    let mut text = code(&format!("fn {}", function.signature()));
    if let Some(doc) = &function.doc {
        let _ = write!(text, "\n{doc}\n");
    }
    if let Some(from) = from {
        let _ = write!(text, "\nOf `{from}`.\n");
    }
    text
}

/// A task; `at` is the file that describes it.
pub(super) fn of_task(task: &Task, at: Option<&str>) -> String {
    let metadata = task.metadata();
    let mut text = format!("**task `{}`**\n", task.name());
    if !metadata.description.is_empty() {
        let _ = write!(text, "\n{}\n", metadata.description);
    }
    match &metadata.parameters {
        None => text.push_str("\nIt has no metadata of parameters, and takes any.\n"),
        Some(parameters) if parameters.is_empty() => text.push_str("\nIt takes no parameters.\n"),
        Some(parameters) => {
            text.push_str(TABLE);
            for (name, parameter) in parameters {
                let default = parameter
                    .default
                    .as_ref()
                    .filter(|_| !parameter.is_sensitive());
                let row = Row {
                    name,
                    data_type: parameter.data_type.to_string(),
                    default: default.map(ToString::to_string),
                    required: parameter.is_required(),
                    doc: &parameter.description,
                };
                row.write(&mut text);
            }
        }
    }
    if metadata.supports_noop {
        text.push_str("\nIt supports `noop`.\n");
    }
    let module = task
        .name()
        .split_once("::")
        .map_or(task.name(), |(module, _)| module);
    let _ = match at {
        Some(at) => write!(text, "\nIn `{at}`.\n"),
        None => write!(
            text,
            "\nOf the module `{module}`, which ships with Segue.\n"
        ),
    };
    text
}

/// The head of a table of parameters.
const TABLE: &str = "\n| parameter | type | default | |\n|---|---|---|---|\n";

/// A parameter in a table.
struct Row<'t> {
    name: &'t str,
    data_type: String,
    default: Option<String>,
    required: bool,
    doc: &'t str,
}

impl Row<'_> {
    fn write(&self, text: &mut String) {
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        let default = match &self.default {
            Some(default) => format!("`{}`", cell(default)),
            None if self.required => "*required*".to_owned(),
            None => String::new(),
        };
        let (name, data_type, doc) = (self.name, cell(&self.data_type), cell(self.doc));
        let _ = writeln!(text, "| `{name}` | `{data_type}` | {default} | {doc} |");
    }
}

/// A plan by its header.
pub(super) fn of_plan(name: &str, header: &Header, at: &str) -> String {
    let mut text = format!("**plan `{name}`**\n");
    if let Some(description) = &header.description {
        let _ = write!(text, "\n{description}\n");
    }
    if !header.params.is_empty() {
        text.push_str(TABLE);
        for param in &header.params {
            let row = Row {
                name: &param.name,
                data_type: param.data_type.to_string(),
                default: param.default.as_ref().map(|default| default.text.clone()),
                required: param.is_required(),
                doc: param.doc.as_deref().unwrap_or_default(),
            };
            row.write(&mut text);
        }
    }
    let _ = write!(text, "\nIn `{at}`.\n");
    text
}
