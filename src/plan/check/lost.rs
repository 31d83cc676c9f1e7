//! Statements that call a method and lose what it does: the new text that nobody takes, the change of a copy.

use super::{
    checker::Checker,
    kind::Kind,
    survey::is_changing,
    tree::{Call, Expression, ExpressionKind},
};

/// Methods of texts that give a new one. Of these, some are methods of lists too.
const TEXT_AND_LIST: [&str; 5] = ["append", "pad", "remove", "set", "truncate"];
const TEXT_ONLY: [&str; 12] = [
    "crop",
    "make_lower",
    "make_upper",
    "replace",
    "replace_regex",
    "split_regex",
    "sub_string",
    "to_lower",
    "to_upper",
    "trim",
    "trim_end",
    "trim_start",
];

/// Whether the method changes a list or a map, and gives a new value of anything else.
pub(super) fn is_of_both(method: &str) -> bool {
    TEXT_AND_LIST.contains(&method)
}

impl Checker<'_> {
    /// `text.trim();`, `targets.names.push("web1");` as statements.
    pub(super) fn lost(&mut self, receiver: &Expression, call: &Call, statement: &Expression) {
        let method = call.name.text.as_str();
        let kind = self.kind_of(receiver, &receiver.kind);
        let own = self.functions.named(method);
        if !own.is_empty() || self.survey.keys.contains(method) {
            return;
        }
        let is_text = match kind {
            Kind::Text => TEXT_ONLY.contains(&method) || TEXT_AND_LIST.contains(&method),
            Kind::Unknown => TEXT_ONLY.contains(&method),
            _ => false,
        };
        let shown = receiver.span.of(self.source.text()).to_owned();
        let whole = statement.span.of(self.source.text());
        if is_text {
            let help = match &receiver.kind {
                ExpressionKind::Variable(_) => {
                    format!("a text is never changed: write `{shown} = {whole};`")
                }
                _ => format!("take what it gives: `let text = {whole};`"),
            };
            let problem = self
                .error(
                    "segue::plan::without_effect",
                    format!("`{method}` gives a new text, and nobody takes it"),
                    statement.span,
                    "this does nothing",
                )
                .help(help);
            self.tell(problem);
        } else if is_changing(method) && !matches!(kind, Kind::Native(_)) && self.is_copy(receiver)
        {
            let problem = self
                .error(
                    "segue::plan::without_effect",
                    format!("`{method}` changes a copy, which nobody keeps"),
                    statement.span,
                    "this does nothing",
                )
                .help(format!(
                    "take it into a variable first: `let list = {shown};`, then `list.{method}(...);`"
                ));
            self.tell(problem);
        }
    }

    /// Whether an expression gives a value that no variable holds.
    fn is_copy(&self, expression: &Expression) -> bool {
        match &expression.kind {
            ExpressionKind::Property { receiver, .. } | ExpressionKind::Index { receiver, .. } => {
                matches!(self.kind_of(receiver, &receiver.kind), Kind::Native(_))
                    || self.is_copy(receiver)
            }
            ExpressionKind::Method { .. } | ExpressionKind::Call(_) => true,
            _ => false,
        }
    }
}
