//! Parameters as the command line gives them: `name=value`, or one JSON object.

use miette::Diagnostic;

use super::{arguments::ParamArguments, given_text::given_text};
use crate::{
    error::{Error, Exit},
    model::Map,
    task::{ParamError, Parameters, coerce_param},
};

/// Reads the parameters; each value by the type that its parameter declares.
///
/// A name that is not declared is kept, so that whoever checks parameters can tell what was meant.
pub(super) fn read(
    arguments: &ParamArguments,
    declared: Option<&Parameters>,
) -> Result<Map, Error> {
    match &arguments.params {
        Some(source) => from_json(source),
        None => from_pairs(&arguments.pairs, declared),
    }
}

fn from_pairs(pairs: &[String], declared: Option<&Parameters>) -> Result<Map, Error> {
    let mut params = Map::new();
    for pair in pairs {
        let Some((name, text)) = pair.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Error::usage(
                format!("`{pair}` is not a parameter"),
                "write parameters as name=value; targets go to --targets",
            ));
        };
        let value = coerce_param(declared, name, text);
        if params.insert(name.to_owned(), value).is_some() {
            return Err(Error::usage(
                format!("parameter `{name}` is given twice"),
                "give each parameter once; a list is written as JSON: name='[\"a\", \"b\"]'",
            ));
        }
    }
    Ok(params)
}

fn from_json(source: &str) -> Result<Map, Error> {
    let text = given_text(source, "parameters")?;
    let origin = match source {
        "-" => "stdin",
        source => source.strip_prefix('@').unwrap_or("--params"),
    };
    // Some editors begin a file with a byte order mark, as they do those of metadata.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    serde_json::from_str(text).map_err(|error| {
        Error::usage(
            format!("the parameters of {origin} are not a JSON object: {error}"),
            "give one object, such as --params '{\"name\": \"nginx\"}', @file or - for stdin",
        )
    })
}

/// All that is wrong with the parameters of a command line, as one report.
pub(super) fn wrong(errors: Vec<ParamError>, show: &str) -> Error {
    let help = format!("`segue {show}` lists its parameters");
    let related = errors
        .into_iter()
        .map(|error| WrongParam {
            code: error.code(),
            help: error.help(),
            message: error.to_string(),
        })
        .collect();
    Error::new(Exit::Usage, WrongParams { related, help })
}

#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("the parameters don't fit; nothing was run")]
#[diagnostic(code(segue::cli::parameters), help("{help}"))]
struct WrongParams {
    #[related]
    related: Vec<WrongParam>,
    help: String,
}

#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct WrongParam {
    code: &'static str,
    help: Option<String>,
    message: String,
}

impl Diagnostic for WrongParam {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }
}
