//! A drawing in the language of Mermaid, which Markdown pages of many forges show.

use std::fmt;

use super::{Drawing, look};

/// The drawing as a Mermaid flow chart.
///
/// In labels, every character that Mermaid or Markdown could read is written as `#code;`, see
/// <https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters>.
pub fn mermaid(drawing: &Drawing<'_>) -> impl fmt::Display {
    fmt::from_fn(|f| {
        // The header is YAML, where a JSON string is a string.
        let title = serde_json::Value::from(drawing.title.as_str());
        writeln!(f, "---\ntitle: {title}\n---\nflowchart LR")?;
        for (number, node) in drawing.nodes.iter().enumerate() {
            write!(f, "  s{number}(\"{}", escaped(&node.label()))?;
            if !node.details.is_empty() {
                write!(f, "<br/>{}", escaped(&node.details.join(" · ")))?;
            }
            f.write_str("\")")?;
            if let Some(state) = node.state {
                write!(f, ":::{}", look::class(state))?;
            }
            f.write_str("\n")?;
        }
        for to in 0..drawing.nodes.len() {
            for from in drawing.dependencies.before(to) {
                writeln!(f, "  s{from} --> s{to}")?;
            }
        }
        for (state, _) in drawing.counts() {
            let colors = look::colors(Some(state));
            writeln!(
                f,
                "  classDef {} fill:{},stroke:{},color:{}",
                look::class(state),
                colors.fill,
                colors.stroke,
                colors.text
            )?;
        }
        Ok(())
    })
}

fn escaped(text: &str) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        for (position, character) in text.chars().enumerate() {
            let is_plain = character.is_alphanumeric()
                || !character.is_ascii()
                || matches!(character, ' ' | '_' | ',' | ':' | '/' | '=' | '+')
                // At the beginning they would make a list.
                || position > 0 && matches!(character, '-' | '.');
            if is_plain {
                write!(f, "{character}")?;
            } else {
                write!(f, "#{};", u32::from(character))?;
            }
        }
        Ok(())
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
        insta::assert_snapshot!(mermaid(&Drawing::of_graph("release", &graph)));
    }

    #[test]
    fn a_graph_after_a_run() {
        let graph = release();
        insta::assert_snapshot!(mermaid(&after_a_run(&graph)));
    }

    #[test]
    fn hostile_names_stay_inside_of_their_quotes() {
        let graph = hostile();
        let drawing = mermaid(&Drawing::of_graph("title: \"x\"", &graph)).to_string();
        for line in drawing.lines().filter(|line| line.contains('(')) {
            assert_eq!(line.matches('"').count(), 2, "{line}");
        }
        insta::assert_snapshot!(drawing);
    }
}
