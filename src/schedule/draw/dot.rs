//! A drawing in the language of Graphviz.

use std::fmt;

use super::{Drawing, look};

/// The drawing as DOT, for `dot -Tsvg`.
///
/// Strings are quoted as <https://graphviz.org/doc/info/lang.html> says, with the backslash doubled, for labels
/// have escapes of their own.
pub fn dot(drawing: &Drawing<'_>) -> impl fmt::Display {
    fmt::from_fn(|f| {
        writeln!(f, "digraph {} {{", quoted(&drawing.title))?;
        writeln!(f, "  rankdir=LR;")?;
        writeln!(
            f,
            "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];"
        )?;
        for (number, node) in drawing.nodes.iter().enumerate() {
            let colors = look::colors(node.state);
            let label = quoted(&node.label()).to_string();
            let details = quoted(&node.details.join(" · ")).to_string();
            // The two strings as one of two lines.
            let label = match node.details.len() {
                0 => label,
                _ => format!("{}\\n{}", &label[..label.len() - 1], &details[1..]),
            };
            writeln!(
                f,
                "  s{number} [label={label}, fillcolor=\"{}\", color=\"{}\", fontcolor=\"{}\"];",
                colors.fill, colors.stroke, colors.text
            )?;
        }
        for to in 0..drawing.nodes.len() {
            for from in drawing.dependencies.before(to) {
                writeln!(f, "  s{from} -> s{to};")?;
            }
        }
        f.write_str("}\n")
    })
}

fn quoted(text: &str) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        f.write_str("\"")?;
        for character in text.chars() {
            if matches!(character, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{character}")?;
        }
        f.write_str("\"")
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::drawing::tests::{after_a_run, hostile, release},
        *,
    };

    #[test]
    fn a_plain_graph() {
        let graph = release();
        insta::assert_snapshot!(dot(&Drawing::of_graph("release", &graph)));
    }

    #[test]
    fn a_graph_after_a_run() {
        let graph = release();
        insta::assert_snapshot!(dot(&after_a_run(&graph)));
    }

    #[test]
    fn hostile_names_stay_inside_of_their_quotes() {
        let graph = hostile();
        insta::assert_snapshot!(dot(&Drawing::of_graph("\"} a", &graph)));
    }
}
