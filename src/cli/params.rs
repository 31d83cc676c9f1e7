//! Parameters as the command line gives them: `name=value`, or one JSON object.

use std::io::Read;

use super::arguments::ParamArguments;
use crate::{
    error::Error,
    model::{Map, Value},
    task::DataType,
};

/// Reads the parameters. `declared` gives the type that a parameter declares; a value is read by it.
///
/// A name that is not declared is kept, so that whoever checks parameters can tell what was meant.
pub(super) fn read<'a>(
    arguments: &ParamArguments,
    declared: impl Fn(&str) -> Option<&'a DataType>,
) -> Result<Map, Error> {
    match &arguments.params {
        Some(source) => from_json(source),
        None => from_pairs(&arguments.pairs, declared),
    }
}

fn from_pairs<'a>(
    pairs: &[String],
    declared: impl Fn(&str) -> Option<&'a DataType>,
) -> Result<Map, Error> {
    let mut params = Map::new();
    for pair in pairs {
        let Some((name, text)) = pair.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Error::usage(
                format!("`{pair}` is not a parameter"),
                "write parameters as name=value; targets go to --targets",
            ));
        };
        let value = match declared(name) {
            Some(data_type) => data_type.coerce_text(text),
            None => untyped(text),
        };
        if params.insert(name.to_owned(), value).is_some() {
            return Err(Error::usage(
                format!("parameter `{name}` is given twice"),
                "give each parameter once; a list is written as JSON: name='[\"a\", \"b\"]'",
            ));
        }
    }
    Ok(params)
}

/// A value without a declared type is JSON if it reads as JSON, and else the text itself, as Bolt has it.
fn untyped(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

fn from_json(source: &str) -> Result<Map, Error> {
    let (text, origin) = if source == "-" {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| Error::system("read parameters from stdin", error))?;
        (text, "stdin")
    } else if let Some(path) = source.strip_prefix('@') {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::system(format!("read parameters from `{path}`"), error))?;
        (text, path)
    } else {
        (source.to_owned(), "--params")
    };
    serde_json::from_str(&text).map_err(|error| {
        Error::usage(
            format!("the parameters of {origin} are not a JSON object: {error}"),
            "give one object, such as --params '{\"name\": \"nginx\"}', @file or - for stdin",
        )
    })
}
