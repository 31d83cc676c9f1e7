//! Reads metadata, and knows for everything in it where it stands in the file.

use std::str::FromStr;

use indexmap::IndexMap;
use miette::NamedSource;
use serde_json::value::RawValue;

use crate::model::{Value, nearest};

use super::{
    data_type::DataType,
    input_method::InputMethod,
    metadata::{ImplementationMetadata, Metadata, MetadataWarning},
    metadata_error::MetadataError,
    parameter::{Parameter, Parameters},
    type_error::TypeError,
};

const KEYS: [&str; 15] = [
    "description",
    "puppet_task_version",
    "input_method",
    "parameters",
    "supports_noop",
    "private",
    "remote",
    "files",
    "implementations",
    "extensions",
    "identifiers",
    "idempotent",
    "preview",
    "moduledir",
    "name",
];
const IMPLEMENTATION_KEYS: [&str; 5] = ["name", "requirements", "input_method", "files", "remote"];
const PARAMETER_KEYS: [&str; 4] = ["type", "description", "sensitive", "default"];

/// The directories of a module that files may be taken from.
pub(super) const MOUNTS: [&str; 4] = ["files", "lib", "scripts", "tasks"];

/// How many words of one type may be unknown. Who has more means another language.
const UNKNOWN_TYPES_MAX: usize = 4;

/// The entries of a JSON object, each as the text that stands for it.
type Object<'a> = IndexMap<String, &'a RawValue>;
type Read<T> = Result<T, Box<MetadataError>>;

pub(super) fn read(task: &str, path: &str, text: &str) -> Read<Metadata> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Ok(Metadata::default());
    }
    let mut reader = Reader {
        task,
        path,
        text,
        warnings: Vec::new(),
    };
    let mut metadata = reader.metadata()?;
    metadata.warnings = reader.warnings;
    Ok(metadata)
}

struct Reader<'a> {
    task: &'a str,
    path: &'a str,
    text: &'a str,
    warnings: Vec<MetadataWarning>,
}

impl<'a> Reader<'a> {
    fn metadata(&mut self) -> Read<Metadata> {
        let whole: &'a RawValue =
            serde_json::from_str(self.text).map_err(|error| self.syntax(&error))?;
        let object = self.object(whole, "the metadata")?;
        let mut metadata = Metadata::default();
        for (key, raw) in &object {
            match key.as_str() {
                "description" => metadata.description = self.text_or_null(raw, key)?,
                "puppet_task_version" => {
                    metadata.puppet_task_version = serde_json::from_str(raw.get()).ok();
                }
                "input_method" => metadata.input_method = self.input_method(raw)?,
                "parameters" => metadata.parameters = self.parameters(raw)?,
                "supports_noop" => metadata.supports_noop = self.flag(raw, key)?,
                "private" => metadata.private = self.flag(raw, key)?,
                "remote" => metadata.remote = self.flag(raw, key)?,
                "idempotent" => metadata.idempotent = self.flag(raw, key)?,
                "files" => metadata.files = self.files(raw)?,
                "implementations" => metadata.implementations = self.implementations(raw)?,
                "extensions" => metadata.extensions = self.value(raw)?,
                "preview" => metadata.preview = Some(self.value(raw)?),
                _ => self.warn_unknown(key, raw, &KEYS),
            }
        }
        Ok(metadata)
    }

    fn parameters(&mut self, raw: &'a RawValue) -> Read<Option<Parameters>> {
        if raw.get() == "null" {
            return Ok(None);
        }
        let mut parameters = Parameters::new();
        for (name, raw) in self.object(raw, "`parameters`")? {
            if !is_parameter_name(&name) {
                self.warn(
                    raw,
                    format!("`{name}` is no name for a parameter"),
                    Some(
                        "use lowercase letters, digits and `_`, beginning with a letter".to_owned(),
                    ),
                );
            }
            let parameter = self.parameter(&name, raw)?;
            parameters.insert(name, parameter);
        }
        Ok(Some(parameters))
    }

    fn parameter(&mut self, name: &str, raw: &'a RawValue) -> Read<Parameter> {
        let mut parameter = Parameter::default();
        let mut default = None;
        if raw.get().starts_with('"') {
            let help = "write `{\"type\": \"String\", \"description\": ...}`".to_owned();
            let message = format!("the parameter `{name}` must be an object");
            return Err(self.at(raw, &message, Some(help)));
        }
        for (key, raw) in self.object(raw, &format!("the parameter `{name}`"))? {
            match key.as_str() {
                "type" => parameter.data_type = self.data_type(raw)?,
                "description" => parameter.description = self.text_or_null(raw, &key)?,
                "sensitive" => parameter.sensitive = self.flag(raw, &key)?,
                "default" => default = Some((self.value(raw)?, raw)),
                _ => self.warn_unknown(&key, raw, &PARAMETER_KEYS),
            }
        }
        if let Some((value, raw)) = default {
            if let Err(mismatch) = parameter.data_type.check(&value) {
                self.warn(
                    raw,
                    format!("the default of `{name}` is not of its type: it {mismatch}"),
                    None,
                );
            }
            parameter.default = Some(value);
        }
        Ok(parameter)
    }

    /// A type. Published metadata has words in it that no version of Puppet knows, and Puppet minds only when such a
    /// parameter is given: here it takes any value.
    fn data_type(&mut self, raw: &'a RawValue) -> Read<DataType> {
        let text = self.string(raw, "type")?;
        let mut known = text.clone();
        let mut unknown = Vec::new();
        for _ in 0..UNKNOWN_TYPES_MAX {
            match DataType::parse(&known) {
                Ok(data_type) => {
                    for error in unknown {
                        self.warn_of_type(raw, error);
                    }
                    return Ok(data_type);
                }
                Err(error) if error.names_no_type => {
                    known.replace_range(error.offset..error.offset + error.length, "Any");
                    unknown.push(error);
                }
                Err(_) => break,
            }
        }
        DataType::parse(&text).map_err(|error| {
            // The offsets of the type are those of the file if nothing before the place is escaped.
            let inside = &raw.get()[1..raw.get().len() - 1];
            let before = escaped_length(inside, &text, error.offset);
            let end = escaped_length(inside, &text, error.offset + error.length);
            let start = self.offset(raw) + 1 + before;
            self.error(
                start,
                end.saturating_sub(before),
                &error.message,
                error.help.clone(),
            )
        })
    }

    fn warn_of_type(&mut self, raw: &RawValue, error: TypeError) {
        let message = format!("{}: any value is taken in its place", error.message);
        self.warn(raw, message, error.help);
    }

    fn implementations(&mut self, raw: &'a RawValue) -> Read<Vec<ImplementationMetadata>> {
        let mut implementations = Vec::new();
        for raw in self.array(raw, "implementations")? {
            let mut one = ImplementationMetadata::default();
            for (key, raw) in self.object(raw, "an implementation")? {
                match key.as_str() {
                    "name" => one.name = self.string(raw, &key)?,
                    "requirements" => one.requirements = self.strings(raw, &key)?,
                    "input_method" => one.input_method = self.input_method(raw)?,
                    "files" => one.files = self.files(raw)?,
                    "remote" => one.remote = Some(self.flag(raw, &key)?),
                    _ => self.warn_unknown(&key, raw, &IMPLEMENTATION_KEYS),
                }
            }
            if one.name.is_empty() || one.name.contains(['/', '\0']) || one.name == ".." {
                return Err(self.at(
                    raw,
                    "an implementation has no usable name",
                    Some(
                        "name a file of the module's `tasks` directory: `\"name\": \"linux.sh\"`"
                            .to_owned(),
                    ),
                ));
            }
            implementations.push(one);
        }
        Ok(implementations)
    }

    fn files(&self, raw: &'a RawValue) -> Read<Vec<String>> {
        let files = self.strings(raw, "files")?;
        for file in &files {
            let mut parts = file.split('/');
            let module = parts.next().unwrap_or_default();
            let mount = parts.next().unwrap_or_default();
            let plain = parts.all(|part| part != ".." && part != ".")
                && !module.is_empty()
                && !module.contains("..")
                && !file.contains('\0');
            if !plain || !MOUNTS.contains(&mount) {
                return Err(self.at(
                    raw,
                    &format!("`{file}` names no file of a module"),
                    Some(
                        "write `module/files/path`; in place of `files` there may be `lib`, `scripts` or `tasks`, and a directory ends in `/`"
                            .to_owned(),
                    ),
                ));
            }
        }
        Ok(files)
    }

    fn input_method(&self, raw: &'a RawValue) -> Read<Option<InputMethod>> {
        if raw.get() == "null" {
            return Ok(None);
        }
        let word = self.string(raw, "input_method")?;
        InputMethod::from_str(&word).map(Some).map_err(|()| {
            let help = match nearest(&word, InputMethod::WORDS) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the input methods are {}", InputMethod::WORDS.join(", ")),
            };
            self.at(raw, &format!("`{word}` is no input method"), Some(help))
        })
    }

    fn object(&self, raw: &'a RawValue, what: &str) -> Read<Object<'a>> {
        serde_json::from_str(raw.get())
            .map_err(|_| self.at(raw, &format!("{what} must be an object"), None))
    }

    fn array(&self, raw: &'a RawValue, key: &str) -> Read<Vec<&'a RawValue>> {
        if raw.get() == "null" {
            return Ok(Vec::new());
        }
        serde_json::from_str(raw.get())
            .map_err(|_| self.at(raw, &format!("`{key}` must be a list"), None))
    }

    fn string(&self, raw: &'a RawValue, key: &str) -> Read<String> {
        serde_json::from_str(raw.get())
            .map_err(|_| self.at(raw, &format!("`{key}` must be a text in quotes"), None))
    }

    fn text_or_null(&self, raw: &'a RawValue, key: &str) -> Read<String> {
        if raw.get() == "null" {
            return Ok(String::new());
        }
        self.string(raw, key)
    }

    fn strings(&self, raw: &'a RawValue, key: &str) -> Read<Vec<String>> {
        self.array(raw, key)?
            .into_iter()
            .map(|item| self.string(item, key))
            .collect()
    }

    fn flag(&self, raw: &'a RawValue, key: &str) -> Read<bool> {
        match raw.get() {
            "true" => Ok(true),
            "false" | "null" => Ok(false),
            _ => Err(self.at(raw, &format!("`{key}` must be true or false"), None)),
        }
    }

    fn value(&self, raw: &'a RawValue) -> Read<Value> {
        serde_json::from_str(raw.get()).map_err(|error| self.at(raw, &error.to_string(), None))
    }

    fn warn_unknown(&mut self, key: &str, raw: &RawValue, known: &[&str]) {
        if matches!(key, "identifiers" | "moduledir") {
            return;
        }
        let help = match nearest(key, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the keys here are {}", known.join(", ")),
        };
        let value_at = self.offset(raw);
        let key_at = self.text[..value_at].rfind(&format!("\"{key}\""));
        self.warn_at(
            key_at.unwrap_or(value_at),
            format!("nobody knows the key `{key}`"),
            Some(help),
        );
    }

    fn warn(&mut self, raw: &RawValue, message: String, help: Option<String>) {
        self.warn_at(self.offset(raw), message, help);
    }

    fn warn_at(&mut self, offset: usize, message: String, help: Option<String>) {
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        self.warnings.push(MetadataWarning {
            path: self.path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message,
            help,
        });
    }

    /// Where a value begins: it is a slice of the text.
    fn offset(&self, raw: &RawValue) -> usize {
        (raw.get().as_ptr() as usize)
            .saturating_sub(self.text.as_ptr() as usize)
            .min(self.text.len())
    }

    fn at(&self, raw: &RawValue, message: &str, help: Option<String>) -> Box<MetadataError> {
        self.error(self.offset(raw), raw.get().len(), message, help)
    }

    fn syntax(&self, error: &serde_json::Error) -> Box<MetadataError> {
        let line_start: usize = self
            .text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1))
            .map(str::len)
            .sum();
        let mut offset = (line_start + error.column().saturating_sub(1)).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        if let Some(comma) = self.trailing_comma(offset) {
            let message = "a comma stands before the end of the list or the object";
            return self.error(comma, 1, message, Some("take the comma out".to_owned()));
        }
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message);
        let message = &message.replace("EOF while parsing", "the file ends inside of");
        let help = if error.is_eof() {
            "the file ends too early: a `}`, a `]` or a quote is missing".to_owned()
        } else {
            format!(
                "mend the JSON at line {}, column {}",
                error.line(),
                error.column()
            )
        };
        self.error(offset, 1, message, Some(help))
    }

    /// The comma with nothing but an end behind it, which a reader of JSON came across at `offset`.
    fn trailing_comma(&self, offset: usize) -> Option<usize> {
        let is_end = self.text[offset..].starts_with(['}', ']']);
        let before = self.text[..offset].trim_end();
        (is_end && before.ends_with(',')).then(|| before.len() - 1)
    }

    fn error(
        &self,
        offset: usize,
        length: usize,
        message: &str,
        help: Option<String>,
    ) -> Box<MetadataError> {
        Box::new(MetadataError {
            task: self.task.to_owned(),
            message: message.to_owned(),
            text: NamedSource::new(self.path, self.text.to_owned()).with_language("json"),
            span: (offset, length).into(),
            label: "here".to_owned(),
            help,
        })
    }
}

fn is_parameter_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

/// How many bytes of the escaped `source` stand for the first `length` bytes of `text`.
fn escaped_length(source: &str, text: &str, length: usize) -> usize {
    let mut at = 0;
    for letter in text[..length.min(text.len())].chars() {
        let rest = &source[at..];
        at += match rest.as_bytes() {
            [b'\\', b'u', ..] if letter.len_utf16() == 2 => 12,
            [b'\\', b'u', ..] => 6,
            [b'\\', ..] => 2,
            _ => letter.len_utf8(),
        };
    }
    at.min(source.len())
}

#[cfg(test)]
mod tests {
    use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
    use proptest::prelude::*;

    use super::*;

    fn report(text: &str) -> String {
        let error = read("service", "modules/service/tasks/init.json", text).unwrap_err();
        let mut report = String::new();
        GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
            .render_report(&mut report, &*error as &dyn Diagnostic)
            .unwrap();
        report
    }

    #[test]
    fn all_keys_are_read() {
        let metadata = read(
            "t",
            "t.json",
            r#"{
                "puppet_task_version": 1, "description": "Does it.", "input_method": "environment",
                "supports_noop": true, "private": true, "remote": true, "idempotent": true,
                "preview": {"changed": true}, "files": ["a/files/x.sh", "b/lib/"],
                "extensions": {"discovery": {"type": ["host"]}}, "identifiers": {},
                "implementations": [
                    {"name": "linux.sh", "requirements": ["shell"], "input_method": "stdin", "files": ["c/tasks/y"]},
                    {"name": "any.rb"}
                ],
                "parameters": {
                    "name": {"type": "String[1]", "description": "Which."},
                    "tries": {"type": "Integer[1]", "default": 3},
                    "password": {"type": "String", "sensitive": true},
                    "any": {}
                }
            }"#,
        )
        .unwrap();
        assert_eq!(metadata.warnings, []);
        assert_eq!(metadata.input_method, Some(InputMethod::Environment));
        assert!(
            metadata.supports_noop && metadata.private && metadata.remote && metadata.idempotent
        );
        assert_eq!(metadata.files, ["a/files/x.sh", "b/lib/"]);
        assert_eq!(
            metadata.implementations[0].input_method,
            Some(InputMethod::Stdin)
        );
        assert_eq!(metadata.implementations[1].requirements, [""; 0]);
        let parameters = metadata.parameters.unwrap();
        assert!(parameters["name"].is_required() && !parameters["tries"].is_required());
        assert!(parameters["password"].is_sensitive() && !parameters["any"].is_required());
    }

    #[test]
    fn nothing_said_is_not_nothing_taken() {
        for text in ["", " \n", "{}", r#"{"parameters": null}"#, "\u{feff}{}"] {
            assert_eq!(
                read("t", "t.json", text).unwrap().parameters,
                None,
                "{text:?}"
            );
        }
        let none = read("t", "t.json", r#"{"parameters": {}}"#).unwrap();
        assert_eq!(none.parameters, Some(Parameters::new()));
    }

    #[test]
    fn unknown_keys_and_wrong_defaults_are_warnings() {
        let text = "{\n  \"desciption\": \"x\",\n  \"parameters\": {\n    \"Name\": {\"typ\": \"String\"},\n    \"n\": {\"type\": \"Integer\", \"default\": \"x\"}\n  }\n}";
        let told: Vec<String> = read("t", "t.json", text)
            .unwrap()
            .warnings
            .into_iter()
            .map(|one| {
                let help = one.help.unwrap_or_default();
                format!(
                    "{}:{}:{} {} ({help})",
                    one.path, one.line, one.column, one.message
                )
            })
            .collect();
        insta::assert_snapshot!(told.join(
            "
"
        ));
    }

    #[test]
    fn type_that_nobody_knows_spoils_one_parameter_and_not_the_task() {
        let text = r#"{"parameters": {"insecure": {"type": "Optional[Bool]"}, "host": {"type": "Optional[String]"}}}"#;
        let metadata = read("t", "t.json", text).unwrap();
        let parameters = metadata.parameters.unwrap();
        assert!(!parameters["insecure"].is_required());
        assert!(parameters["insecure"].data_type.check(&true.into()).is_ok());
        assert!(parameters["host"].data_type.check(&true.into()).is_err());
        assert_eq!(
            metadata.warnings[0].message,
            "no type is called `Bool`: any value is taken in its place"
        );
        assert_eq!(
            metadata.warnings[0].help.as_deref(),
            Some("did you mean `Boolean`?")
        );
        for wrong in ["string", "Optional[String", "Foo Bar"] {
            let text = serde_json::json!({"parameters": {"p": {"type": wrong}}}).to_string();
            assert!(read("t", "t.json", &text).is_err(), "{wrong}");
        }
    }

    #[test]
    fn mistakes_are_shown_in_the_file() {
        let reports: Vec<String> = [
            "{\n  \"description\": \"x\"\n  \"private\": true\n}",
            "{\n  \"description\": \"x\",",
            "{\n  \"description\": \"x\",\n}",
            "{\"files\": [\"a/lib/\", ]}",
            "[]",
            "{\n  \"parameters\": {\n    \"é\\u00e9\": {\"type\": \"Optional[string]\"}\n  }\n}",
            "{\n  \"parameters\": {\"p\": {\"type\": \"Enum[\\\"a\\\", Pattern]x\"}}\n}",
            "{\"input_method\": \"enviroment\"}",
            "{\"supports_noop\": \"yes\"}",
            "{\"files\": [\"service/lib/../../x\"]}",
            "{\"files\": [\"service/common.sh\"]}",
            "{\"implementations\": [{\"requirements\": [\"shell\"]}]}",
            "{\"parameters\": {\"p\": \"String\"}}",
            "{\"description\": 5}",
        ]
        .iter()
        .map(|text| report(text))
        .collect();
        insta::assert_snapshot!(reports.join("\n"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = read("t", "t.json", &text);
        }

        #[test]
        fn no_type_in_it_makes_it_panic(text in "[\\PC\\n\\t\"\\\\]{0,30}") {
            let json = serde_json::json!({"parameters": {"p": {"type": text}}}).to_string();
            if let Err(error) = read("t", "t.json", &json) {
                let start = error.span.offset();
                prop_assert!(json.is_char_boundary(start));
                prop_assert!(json.is_char_boundary(start + error.span.len()));
            }
        }
    }
}
