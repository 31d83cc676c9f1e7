//! Edits that mend what the check has found, where it says what was meant.

use std::collections::HashMap;

use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, Diagnostic, TextEdit, WorkspaceEdit,
};

use super::document::Document;

/// How the check says what was meant.
const MEANT: (&str, &str) = ("\nhelp: did you mean `", "`?");

/// The edits for problems that an editor asks about.
pub(super) fn code_actions(
    document: &Document,
    problems: Vec<Diagnostic>,
) -> Vec<CodeActionOrCommand> {
    problems
        .into_iter()
        .filter(|problem| problem.source.as_deref() == Some("segue"))
        .filter_map(|problem| {
            let new_text = replacement(document, &problem)?;
            let edit = TextEdit::new(problem.range, new_text.clone());
            Some(CodeActionOrCommand::CodeAction(CodeAction {
                title: format!("Replace with `{}`", new_text.trim_matches('"')),
                kind: Some(CodeActionKind::QUICKFIX),
                is_preferred: Some(true),
                edit: Some(WorkspaceEdit::new(HashMap::from([(
                    document.uri.clone(),
                    vec![edit],
                )]))),
                diagnostics: Some(vec![problem]),
                ..CodeAction::default()
            }))
        })
        .collect()
}

/// What the range of a problem is to be replaced with.
fn replacement(document: &Document, problem: &Diagnostic) -> Option<String> {
    let (_, rest) = problem.message.split_once(MEANT.0)?;
    let meant = rest.strip_suffix(MEANT.1)?;
    let text = &document.text;
    let start = document.lines.offset(text, problem.range.start);
    let end = document.lines.offset(text, problem.range.end);
    let wrong = text.get(start..end)?;
    if wrong.is_empty() || wrong.contains('\n') || meant.contains(['`', '\n']) {
        return None;
    }
    if wrong.starts_with('"') && wrong.ends_with('"') && !meant.starts_with('"') {
        return Some(format!("\"{meant}\""));
    }
    // `lib::fucn` may be underlined in its last part alone.
    let meant = match meant.rsplit_once("::") {
        Some((namespace, name))
            if !wrong.contains("::") && text[..start].ends_with(&format!("{namespace}::")) =>
        {
            name
        }
        _ => meant,
    };
    let is_name = |text: &str| {
        text.chars()
            .all(|char| char.is_alphanumeric() || "_:-./\"".contains(char))
    };
    (is_name(wrong) && is_name(meant)).then(|| meant.to_owned())
}

#[cfg(test)]
mod tests {
    use lsp_types::{Position, Range, TextDocumentItem};

    use super::*;

    #[test]
    fn what_was_meant_replaces_what_is_underlined() {
        let text = "run_task(\"servcie\", \"web\");\nlib::fucn();\nrun_taks(1);\n";
        let uri = "file:///a.rhai".parse().unwrap();
        let item = TextDocumentItem::new(uri, "rhai".to_owned(), 1, text.to_owned());
        let document = Document::new(item);
        let problem = |line, from, to, help: &str| Diagnostic {
            range: Range::new(Position::new(line, from), Position::new(line, to)),
            source: Some("segue".to_owned()),
            message: format!("wrong\nhelp: {help}"),
            ..Diagnostic::default()
        };
        for (problem, wanted) in [
            (
                problem(0, 9, 18, "did you mean `service`?"),
                Some("\"service\""),
            ),
            (
                problem(0, 10, 17, "did you mean `service`?"),
                Some("service"),
            ),
            (problem(1, 5, 9, "did you mean `lib::func`?"), Some("func")),
            (
                problem(1, 0, 9, "did you mean `lib::func`?"),
                Some("lib::func"),
            ),
            (
                problem(2, 0, 8, "did you mean `run_task`?"),
                Some("run_task"),
            ),
            (problem(2, 0, 11, "did you mean `run_task`?"), None),
            (problem(2, 0, 8, "`segue doc` lists all functions"), None),
        ] {
            let actions = code_actions(&document, vec![problem.clone()]);
            let edits: Vec<String> = actions
                .into_iter()
                .filter_map(|action| match action {
                    CodeActionOrCommand::CodeAction(action) => action.edit?.changes,
                    CodeActionOrCommand::Command(_) => None,
                })
                .flat_map(|changes| changes.into_values().flatten())
                .map(|edit| edit.new_text)
                .collect();
            assert_eq!(edits.first().map(String::as_str), wanted, "{problem:?}");
        }
    }
}
