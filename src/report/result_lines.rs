//! A result's value as indented lines that a person can read.

use crate::model::{TargetResult, Value};

/// The lines of what a target answered, without its failure's message: text as it came, a map as `key: value`.
pub(super) fn result_lines(result: &TargetResult) -> Vec<String> {
    let value = result.value.map();
    let mut lines = Vec::new();
    if result.is_command() {
        for key in ["stdout", "stderr"] {
            if let Some(Value::String(text)) = value.get(key) {
                lines.extend(text.lines().map(str::to_owned));
            }
        }
        return lines;
    }
    for (key, entry) in value {
        match (key.as_str(), entry) {
            ("_error", _) => {}
            ("_output", Value::String(text)) => lines.extend(text.lines().map(str::to_owned)),
            _ => entry_lines(key, entry, 0, &mut lines),
        }
    }
    lines
}

fn entry_lines(key: &str, value: &Value, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Map(map) if !map.is_empty() => {
            lines.push(format!("{indent}{key}:"));
            for (inner, entry) in map {
                entry_lines(inner, entry, depth + 1, lines);
            }
        }
        Value::Array(items) if items.iter().any(is_structured) => {
            lines.push(format!("{indent}{key}:"));
            for item in items {
                item_lines(item, depth + 1, lines);
            }
        }
        Value::String(text) if text.contains('\n') => {
            lines.push(format!("{indent}{key}:"));
            lines.extend(text.lines().map(|line| format!("{indent}  {line}")));
        }
        other => lines.push(format!("{indent}{key}: {other}")),
    }
}

/// Whether a list of such values is hard to read in one line.
fn is_structured(value: &Value) -> bool {
    match value {
        Value::Map(map) => !map.is_empty(),
        Value::String(text) => text.contains('\n'),
        _ => false,
    }
}

/// One item of a list, the first line of it behind a dash.
fn item_lines(item: &Value, depth: usize, lines: &mut Vec<String>) {
    let first = lines.len();
    match item {
        Value::Map(map) if !map.is_empty() => {
            for (inner, entry) in map {
                entry_lines(inner, entry, depth + 1, lines);
            }
        }
        Value::String(text) => {
            let indent = "  ".repeat(depth + 1);
            lines.extend(text.lines().map(|line| format!("{indent}{line}")));
        }
        other => lines.push(format!("{}{other}", "  ".repeat(depth + 1))),
    }
    if let Some(line) = lines.get_mut(first) {
        line.replace_range(depth * 2..=depth * 2, "-");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ActionKind, ResultValue, Status};

    fn result(action: ActionKind, json: &str) -> TargetResult {
        TargetResult {
            target: "web1".into(),
            action,
            object: "facts".to_owned(),
            status: Status::Succeeded,
            value: ResultValue::from_json_object(json.to_owned()),
            failure: None,
            duration_ms: 3,
            attempts: 1,
        }
    }

    #[test]
    fn items_of_a_list_have_dashes_where_one_line_would_be_too_much() {
        let updates = result(
            ActionKind::Task,
            r#"{"names":["a","b"],"updates":[{"name":"apt","to":{"major":2}},{"name":"bash"},7,{}]}"#,
        );
        assert_eq!(
            result_lines(&updates),
            [
                r#"names: ["a","b"]"#,
                "updates:",
                "  - name: apt",
                "    to:",
                "      major: 2",
                "  - name: bash",
                "  - 7",
                "  - {}",
            ]
        );
    }

    #[test]
    fn maps_are_indented_and_text_stays_text() {
        let facts = result(
            ActionKind::Task,
            r#"{"_output":"done","os":{"name":"Debian","release":{"major":"12"}},"up":true}"#,
        );
        assert_eq!(
            result_lines(&facts),
            [
                "done",
                "os:",
                "  name: Debian",
                "  release:",
                "    major: 12",
                "up: true"
            ]
        );
        let command = result(
            ActionKind::Command,
            r#"{"stdout":"a\nb\n","stderr":"c\n","merged_output":"a\nb\nc\n","exit_code":0}"#,
        );
        assert_eq!(result_lines(&command), ["a", "b", "c"]);
    }
}
