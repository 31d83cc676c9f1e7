//! The functions of Rhai's own packages that plans have, with their documentation.

use std::{collections::BTreeSet, sync::OnceLock};

use serde::Deserialize;

use crate::plan::{check::our_type, engine, limits::Limits};

/// A function of Rhai. What is called as a method has its receiver as its first parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandardFunction {
    pub name: String,
    /// Names and types: `("array", "Array")`.
    pub params: Vec<(String, String)>,
    pub returns: String,
    /// In Markdown; may be empty.
    pub doc: String,
}

impl StandardFunction {
    /// As it is called on a value: `push(item)`.
    #[must_use]
    pub fn method_signature(&self) -> String {
        let names: Vec<&str> = self
            .params
            .iter()
            .skip(1)
            .map(|(name, _)| name.as_str())
            .collect();
        format!("{}({})", self.name, names.join(", "))
    }
}

/// All of them, by name; a name with several ways to call it is there several times.
pub fn standard_functions() -> &'static [StandardFunction] {
    static FUNCTIONS: OnceLock<Vec<StandardFunction>> = OnceLock::new();
    FUNCTIONS.get_or_init(read)
}

#[derive(Deserialize)]
struct Listing {
    functions: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    name: String,
    #[serde(default)]
    params: Vec<ListedParam>,
    #[serde(default)]
    return_type: Option<String>,
    #[serde(default)]
    doc_comments: Vec<String>,
}

#[derive(Deserialize)]
struct ListedParam {
    #[serde(default)]
    name: Option<String>,
    #[serde(rename = "type", default)]
    data_type: Option<String>,
}

/// Rhai tells them as JSON only.
fn read() -> Vec<StandardFunction> {
    let engine = engine::without_functions(&Limits::default());
    let json = engine.gen_fn_metadata_to_json(true).unwrap_or_default();
    let listing = serde_json::from_str(&json).unwrap_or(Listing {
        functions: Vec::new(),
    });
    let mut seen = BTreeSet::new();
    let mut functions: Vec<StandardFunction> = listing
        .functions
        .into_iter()
        .filter(|listed| {
            listed
                .name
                .starts_with(|first: char| first.is_ascii_lowercase())
        })
        .filter(|listed| !listed.name.contains('$'))
        .map(|listed| StandardFunction {
            params: listed
                .params
                .into_iter()
                .enumerate()
                .map(|(index, param)| {
                    let name = param.name.filter(|name| name != "_");
                    (
                        name.unwrap_or_else(|| format!("value{}", index + 1)),
                        our_type(param.data_type.as_deref().unwrap_or("?")),
                    )
                })
                .collect(),
            returns: our_type(listed.return_type.as_deref().unwrap_or("()")),
            doc: doc_text(&listed.doc_comments),
            name: listed.name,
        })
        .filter(|function| {
            let types: Vec<String> = function
                .params
                .iter()
                .map(|(_, kind)| kind.clone())
                .collect();
            seen.insert((function.name.clone(), types))
        })
        .collect();
    functions.sort_by(|one, other| {
        (&one.name, one.params.len()).cmp(&(&other.name, other.params.len()))
    });
    functions
}

fn doc_text(comments: &[String]) -> String {
    let lines = comments.iter().flat_map(|comment| comment.lines());
    let lines: Vec<&str> = lines
        .map(|line| {
            let line = line.trim_start_matches('/');
            line.strip_prefix(' ').unwrap_or(line)
        })
        .collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::standard_functions;

    #[test]
    fn methods_of_arrays_have_signatures_and_documentation() {
        let push = standard_functions()
            .iter()
            .find(|function| function.name == "push" && function.params[0].1 == "Array")
            .unwrap();
        assert_eq!(push.method_signature(), "push(item)");
        assert!(push.doc.contains("Add a new element"), "{}", push.doc);
    }
}
