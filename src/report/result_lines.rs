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
        Value::String(text) if text.contains('\n') => {
            lines.push(format!("{indent}{key}:"));
            lines.extend(text.lines().map(|line| format!("{indent}  {line}")));
        }
        other => lines.push(format!("{indent}{key}: {other}")),
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
