//! What metadata and plan headers say of a parameter, and checking what is given against it: before any target is touched.

use std::fmt;

use indexmap::IndexMap;
use thiserror::Error;

use crate::model::{Failure, Map, Value, kinds, nearest};

use super::{data_type::DataType, mismatch::Mismatch};

/// The parameters of a task or a plan, in the order in which they were written.
pub type Parameters = IndexMap<String, Parameter>;

/// One parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameter {
    pub data_type: DataType,
    pub description: String,
    /// Its value is covered, whatever its type says.
    pub sensitive: bool,
    /// Stands in where it is missing or null.
    pub default: Option<Value>,
}

impl Parameter {
    /// Whether it must be given.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.default.is_none() && !self.data_type.is_optional()
    }

    /// Whether its value must not be seen.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.sensitive || self.data_type.is_sensitive()
    }
}

/// What is wrong with one parameter that was given, or was not.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct ParamError {
    /// Whose parameter it is, as a message names it: ``task `service` ``.
    pub owner: String,
    pub parameter: String,
    pub reason: ParamErrorReason,
}

/// The kinds of trouble with a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamErrorReason {
    /// There is none of that name.
    Unknown {
        nearest: Option<String>,
        known: Vec<String>,
    },
    /// It has no default and was not given.
    Missing { expected: String },
    /// The path in the mismatch leads to the part of the value that is wrong.
    Mismatch(Mismatch),
}

impl fmt::Display for ParamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            owner, parameter, ..
        } = self;
        match &self.reason {
            ParamErrorReason::Unknown { .. } => {
                write!(f, "{owner} has no parameter named `{parameter}`")
            }
            ParamErrorReason::Missing { expected } => write!(
                f,
                "{owner} expects a value of type {expected} for the parameter `{parameter}`"
            ),
            ParamErrorReason::Mismatch(mismatch) => {
                let dot = match mismatch.path.as_str() {
                    "" => "",
                    path if path.starts_with('[') => "",
                    _ => ".",
                };
                write!(
                    f,
                    "{owner}: the parameter `{parameter}{dot}{}` expects {}, got {}",
                    mismatch.path, mismatch.expected, mismatch.actual
                )
            }
        }
    }
}

impl ParamError {
    /// The code for reports.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.reason {
            ParamErrorReason::Unknown { .. } => "segue::task::unknown_parameter",
            ParamErrorReason::Missing { .. } => "segue::task::missing_parameter",
            ParamErrorReason::Mismatch(_) => "segue::task::parameter_type",
        }
    }

    /// What to type next.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match &self.reason {
            ParamErrorReason::Unknown {
                nearest: Some(nearest),
                ..
            } => Some(format!("did you mean `{nearest}`?")),
            ParamErrorReason::Unknown { known, .. } if known.is_empty() => {
                Some("it takes no parameters".to_owned())
            }
            ParamErrorReason::Unknown { known, .. } => {
                Some(format!("its parameters are {}", known.join(", ")))
            }
            ParamErrorReason::Missing { .. } => Some(format!("add `{}`", self.parameter)),
            ParamErrorReason::Mismatch(mismatch) => mismatch.help.clone(),
        }
    }

    /// All that is wrong as one failure: for the result of a target whose own parameters are wrong.
    #[must_use]
    pub fn failure(errors: &[Self]) -> Failure {
        let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::new(kinds::VALIDATION, messages.join("; "))
    }
}

/// Checks what is given for the parameters of `owner`, completes it with defaults and covers what is sensitive.
///
/// The result has the defaults first and then what was given, which is the order that tasks see.
/// Without declared parameters, everything goes.
///
/// # Errors
/// All that is wrong, not only the first.
pub fn check_params(
    owner: &str,
    parameters: Option<&Parameters>,
    given: &Map,
) -> Result<Map, Vec<ParamError>> {
    let Some(parameters) = parameters else {
        return Ok(given.clone());
    };
    let mut errors = Vec::new();
    let mut checked = Map::with_capacity(parameters.len());
    let error = |parameter: &str, reason| ParamError {
        owner: owner.to_owned(),
        parameter: parameter.to_owned(),
        reason,
    };
    for (name, parameter) in parameters {
        let absent = given.get(name).is_none_or(|value| *value == Value::Null);
        match (&parameter.default, absent) {
            (Some(default), true) => {
                checked.insert(name.clone(), parameter.covered(default.clone()));
            }
            (None, true) if parameter.is_required() => errors.push(error(
                name,
                ParamErrorReason::Missing {
                    expected: parameter.data_type.to_string(),
                },
            )),
            _ => {}
        }
    }
    for (name, value) in given {
        let Some(parameter) = parameters.get(name) else {
            let known = || parameters.keys().map(String::as_str);
            errors.push(error(
                name,
                ParamErrorReason::Unknown {
                    nearest: nearest(name, known()).map(str::to_owned),
                    known: known().map(str::to_owned).collect(),
                },
            ));
            continue;
        };
        if *value == Value::Null && (parameter.default.is_some() || parameter.is_required()) {
            continue;
        }
        // Covering first keeps the value of a sensitive parameter out of the message too.
        match parameter.data_type.accept(parameter.covered(value.clone())) {
            Ok(value) => {
                checked.insert(name.clone(), value);
            }
            Err(mismatch) => errors.push(error(name, ParamErrorReason::Mismatch(mismatch))),
        }
    }
    if errors.is_empty() {
        Ok(checked)
    } else {
        Err(errors)
    }
}

/// The value of one `key=value` of a command line, by the type of the parameter of that name.
///
/// A parameter that is not declared takes what the text is as JSON, else the text.
/// What fits neither way is given as the text, so that [`check_params`] says what is wrong.
#[must_use]
pub fn coerce_param(parameters: Option<&Parameters>, name: &str, text: &str) -> Value {
    let any = DataType::Any;
    let data_type = parameters
        .and_then(|parameters| parameters.get(name))
        .map_or(&any, |parameter| &parameter.data_type);
    data_type
        .coerce_text(text)
        .unwrap_or_else(|_| Value::String(text.to_owned()))
}

impl Parameter {
    fn covered(&self, value: Value) -> Value {
        if self.sensitive && value != Value::Null {
            Value::sensitive(value)
        } else {
            self.data_type.accept(value.clone()).unwrap_or(value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(data_type: &str) -> Parameter {
        Parameter {
            data_type: DataType::parse(data_type).unwrap(),
            ..Parameter::default()
        }
    }

    fn parameters() -> Parameters {
        let mut parameters = Parameters::new();
        parameters.insert("action".to_owned(), parameter("Enum[start, stop]"));
        parameters.insert("name".to_owned(), parameter("String[1]"));
        parameters.insert("flags".to_owned(), parameter("Optional[Array[Integer]]"));
        parameters.insert(
            "tries".to_owned(),
            Parameter {
                default: Some(3.into()),
                ..parameter("Integer[1]")
            },
        );
        parameters.insert(
            "password".to_owned(),
            Parameter {
                sensitive: true,
                ..parameter("Optional[String[4]]")
            },
        );
        parameters
    }

    fn check(json: &str) -> Result<Map, Vec<ParamError>> {
        let given = serde_json::from_str(json).unwrap();
        check_params("task `service`", Some(&parameters()), &given)
    }

    #[test]
    fn defaults_come_first_and_secrets_are_covered() {
        let checked =
            check(r#"{"name":"nginx","action":"stop","password":"hunter2","tries":null}"#).unwrap();
        let keys: Vec<_> = checked.keys().map(String::as_str).collect();
        assert_eq!(keys, ["tries", "name", "action", "password"]);
        assert_eq!(checked["tries"], 3.into());
        assert_eq!(checked["password"], Value::sensitive("hunter2".into()));
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let errors = check(
            r#"{"actoin":"stop","flags":[1,"x"],"tries":0,"password":"abc","unheard":1,"name":null}"#,
        )
        .unwrap_err();
        let told: Vec<String> = errors
            .iter()
            .map(|error| format!("{error}\n  {}", error.help().unwrap_or_default()))
            .collect();
        insta::assert_snapshot!(told.join(
            "
"
        ));
        assert!(
            errors
                .iter()
                .all(|error| !error.to_string().contains("abc"))
        );
    }

    #[test]
    fn nothing_declared_takes_all_and_an_empty_list_takes_none() {
        let given: Map = serde_json::from_str(r#"{"x":1}"#).unwrap();
        assert_eq!(check_params("task `t`", None, &given), Ok(given.clone()));
        let errors = check_params("task `t`", Some(&Parameters::new()), &given).unwrap_err();
        assert_eq!(errors[0].help().as_deref(), Some("it takes no parameters"));
    }

    #[test]
    fn command_line_is_read_by_the_declared_type() {
        let parameters = parameters();
        let read = |name: &str, text: &str| coerce_param(Some(&parameters), name, text);
        assert_eq!(read("name", "5"), "5".into());
        assert_eq!(read("tries", "5"), 5.into());
        assert_eq!(read("tries", "many"), "many".into());
        assert_eq!(read("unknown", "[1]"), Value::Array(vec![1.into()]));
        assert_eq!(coerce_param(None, "x", "true"), true.into());
    }
}
