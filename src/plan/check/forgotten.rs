//! What is begun and never brought to its end: actions that are detached and never collected, graphs that are
//! never run. Told only where nothing else in the file could do it.

use super::{
    checker::Checker,
    tree::{Call, Expression, ExpressionKind, Name},
};

/// What a plan reads of results without handing them on.
const READ_ONLY: [&str; 5] = ["ok", "names", "len", "is_empty", "to_string"];

impl Checker<'_> {
    /// `run_command("reboot", "web", #{ detach: true });` as a statement.
    pub(super) fn lost_detached(&mut self, statement: &Expression) {
        let ExpressionKind::Call(call) = &statement.kind else {
            return;
        };
        if let Some(detach) = detached(call) {
            let problem = self
                .warning(
                    "segue::plan::never_collected",
                    "nobody asks what came of this action",
                    detach.span,
                    "it is started and left",
                )
                .help("take what it gives, and ask later: `let started = ...;` and `collect(started)`");
            self.tell(problem);
        }
    }

    /// A variable that holds what was detached, or a graph, and is never given to what would end it.
    ///
    /// Gives whether something was told.
    pub(super) fn never_ended(&mut self, name: &Name, value: &Expression) -> bool {
        let ExpressionKind::Call(call) = &value.kind else {
            return false;
        };
        // A name with `_` in front says that it is on purpose.
        if call.namespace.is_some() || name.text.starts_with('_') {
            return false;
        }
        let Some(members) = self.members_read(name) else {
            return false;
        };
        let problem = if let Some(detach) = detached(call) {
            if !members.iter().all(|member| READ_ONLY.contains(member)) {
                return false;
            }
            self.warning(
                "segue::plan::never_collected",
                format!("`{}` is never collected", name.text),
                name.span,
                "nobody asks what came of it",
            )
            .label(detach.span, "it is started and left")
            .help(format!(
                "write `collect({0})` where it has to be over, or call it `_{0}` if nobody wants to know",
                name.text
            ))
        } else if call.name.text == "graph" && members.contains(&"step") {
            if members.contains(&"run") {
                return false;
            }
            self.warning(
                "segue::plan::never_run",
                format!("the steps of `{}` are never run", name.text),
                name.span,
                "they are only written down",
            )
            .help(format!("write `{}.run();` behind the last step", name.text))
        } else {
            return false;
        };
        self.tell(problem);
        true
    }

    /// What is read of a variable in the whole file; none if it is used in any other way.
    fn members_read(&self, name: &Name) -> Option<Vec<&str>> {
        let text = self.source.text();
        let tokens = self.source.tokens();
        let mut members = Vec::new();
        for (index, token) in tokens.all().iter().enumerate() {
            if token.span.of(text) != name.text || token.span == name.span {
                continue;
            }
            let member = tokens.next(index).and_then(|next| {
                let point = tokens.get(next)?.span.of(text);
                let member = tokens.get(tokens.next(next)?)?;
                matches!(point, "." | "?.").then(|| member.span.of(text))
            });
            let is_member = tokens
                .previous(index)
                .and_then(|before| tokens.get(before))
                .is_some_and(|before| matches!(before.span.of(text), "." | "?."));
            if !is_member {
                members.push(member?);
            }
        }
        Some(members)
    }
}

/// The option `detach: true` of a call.
fn detached(call: &Call) -> Option<&Name> {
    if !matches!(
        call.name.text.as_str(),
        "run_task" | "run_task_with" | "run_command" | "run_script"
    ) {
        return None;
    }
    let options = call.arguments.last()?.as_map()?;
    options
        .iter()
        .find(|entry| entry.key.text == "detach" && entry.value.kind.is_true())
        .map(|entry| &entry.key)
}
