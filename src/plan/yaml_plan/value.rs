//! Values of YAML in Rhai. How a text was written says whether it is code.

use super::{
    function::text_value,
    kind::Kind,
    node::{Node, NodeKind, Style},
    parse, rhai_text,
    rhai_text::{Layout, quoted},
    template,
    token::trouble,
    writer::{Writer, Written},
};

/// Nobody writes more code into one value of YAML; what is longer is made to exhaust the stack.
const CODE_BYTES_MAX: usize = 16 * 1024;

impl Writer<'_> {
    /// A value of a step, in which code is evaluated.
    pub(super) fn node(&mut self, node: &Node) -> Written {
        match &node.kind {
            NodeKind::Scalar { text, style } => self.scalar(node, text, *style),
            NodeKind::List(items) => {
                let items: Vec<Written> = items.iter().map(|item| self.node(item)).collect();
                let layout = Layout::List(items.into_iter().map(|item| item.layout).collect());
                Written::laid_out(layout, Kind::array())
            }
            NodeKind::Map(pairs) => {
                let entries = pairs.iter().map(|(key, value)| {
                    let key = key.text().unwrap_or_default();
                    (rhai_text::key(key), self.node(value).layout)
                });
                Written::laid_out(Layout::Map(entries.collect()), Kind::Map)
            }
        }
    }

    fn scalar(&mut self, node: &Node, text: &str, style: Style) -> Written {
        self.read(text, node.line);
        let is_code = match style {
            Style::Bare => text.starts_with('$'),
            Style::Double => text.contains('$'),
            Style::Literal => true,
            Style::Single | Style::Folded => false,
        };
        if is_code && text.len() > CODE_BYTES_MAX {
            let message = format!("it has more than {CODE_BYTES_MAX} bytes");
            return self.unreadable(&trouble(0, message));
        }
        match style {
            Style::Bare if text.starts_with('$') => self.code(text),
            Style::Literal => self.code(text),
            Style::Double => match template::plain(text) {
                Ok(pieces) => self.template(&pieces),
                Err(trouble) => self.unreadable(&trouble),
            },
            Style::Single => text_value(text),
            Style::Bare => bare(text),
            Style::Folded => bare(text.trim_end_matches('\n')),
        }
    }

    fn code(&mut self, code: &str) -> Written {
        match parse::parse(code) {
            Ok(body) => self.block_value(&body),
            Err(trouble) => self.unreadable(&trouble),
        }
    }
}

/// A value in which nothing is evaluated, such as the default of a parameter.
pub(super) fn data(node: &Node) -> Layout {
    match &node.kind {
        NodeKind::Scalar {
            text,
            style: Style::Bare | Style::Folded,
        } => bare(text.trim_end_matches('\n')).layout,
        NodeKind::Scalar { text, .. } => Layout::Text(quoted(text)),
        NodeKind::List(items) => Layout::List(items.iter().map(data).collect()),
        NodeKind::Map(pairs) => Layout::Map(
            pairs
                .iter()
                .map(|(key, value)| (rhai_text::key(key.text().unwrap_or_default()), data(value)))
                .collect(),
        ),
    }
}

/// A text without quotes, by the rules of the YAML that Bolt reads: 1.1.
fn bare(text: &str) -> Written {
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "" | "~" | "null" => return Written::new("()", Kind::Unknown),
        "true" | "yes" | "on" => return Written::new("true", Kind::Boolean),
        "false" | "no" | "off" => return Written::new("false", Kind::Boolean),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let begins = digits.starts_with(|digit: char| digit.is_ascii_digit());
    let sign = if text.starts_with('-') { "-" } else { "" };
    if begins
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_' || byte == b',')
    {
        let plain = digits.replace(['_', ','], "");
        let is_octal = plain.len() > 1 && plain.starts_with('0');
        if is_octal && plain.bytes().all(|digit| digit < b'8') {
            let octal = plain.trim_start_matches('0');
            return Written::new(format!("{sign}0o{octal}"), Kind::Number);
        }
        if !is_octal && plain.parse::<i64>().is_ok() {
            return Written::new(format!("{sign}{plain}"), Kind::Number);
        }
    }
    let is_decimal = digits.contains('.')
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.ends_with(|digit: char| digit.is_ascii_digit());
    if begins && is_decimal && digits.parse::<f64>().is_ok() {
        return Written::new(format!("{sign}{digits}"), Kind::Number);
    }
    text_value(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_without_quotes_are_what_bolt_takes_them_for() {
        for (text, wanted) in [
            ("hello", "\"hello\""),
            ("yes", "true"),
            ("Off", "false"),
            ("~", "()"),
            ("12", "12"),
            ("-1_000", "-1000"),
            ("0644", "0o644"),
            ("08", "\"08\""),
            ("1.5", "1.5"),
            ("1.2.3", "\"1.2.3\""),
            ("172.21.255.255", "\"172.21.255.255\""),
            ("99999999999999999999", "\"99999999999999999999\""),
            ("1.", "\"1.\""),
        ] {
            assert_eq!(bare(text).text(), wanted, "{text}");
        }
    }
}
