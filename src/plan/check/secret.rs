//! Secret values where they are not what a person takes them for: in a text stand the words that hide them.

use super::{
    checker::Checker,
    kind::Kind,
    tree::{Expression, ExpressionKind, Operator, StatementKind},
};

impl<'t> Checker<'t> {
    /// A command or a file into which a secret was to be put.
    pub(super) fn secret_in_text(&mut self, function: &str, given: &'t Expression) {
        let resolved = self.resolved(given);
        let Some(part) = self.secret_part(resolved) else {
            return;
        };
        let name = part.span.of(self.source.text()).to_owned();
        let help = match (function, &part.kind) {
            ("run_command", ExpressionKind::Variable(_)) => format!(
                "hand it over as `env: #{{ SECRET: {name} }}`, and write `$SECRET` in the command"
            ),
            _ => format!(
                "`reveal({name})` gives what is hidden: from there on it is seen by whoever looks"
            ),
        };
        let problem = self
            .warning(
                "segue::plan::wrong_arguments",
                format!("`{name}` is secret, and its value is not put into this text"),
                part.span,
                "`Sensitive [value redacted]` stands here",
            )
            .help(help);
        self.tell(problem);
    }

    /// The secret that is a part of a text.
    fn secret_part(&self, text: &'t Expression) -> Option<&'t Expression> {
        let parts: &'t [Expression] = match &text.kind {
            ExpressionKind::Template(parts) => parts,
            ExpressionKind::Operator {
                operator: Operator::Other(symbol),
                operands,
            } if symbol == "+" => operands,
            _ => return None,
        };
        parts.iter().map(bare).find_map(|part| {
            let kind: Kind = self.kind_of(part, &part.kind);
            if kind.is_native("Sensitive") {
                Some(part)
            } else {
                self.secret_part(part)
            }
        })
    }
}

/// What stands in a text is a block there.
fn bare(part: &Expression) -> &Expression {
    if let ExpressionKind::Statement(statement) = &part.kind
        && let StatementKind::Block(block) = &statement.kind
        && let [only] = block.statements.as_slice()
        && let StatementKind::Expression(inner) = &only.kind
    {
        return inner;
    }
    part
}
