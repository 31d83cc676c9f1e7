//! The YAML of a plan as a tree that remembers how each text was written: Bolt reads `'$x'`, `"$x"` and `$x` as three
//! different things.

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};

/// Deeper than this is no plan, and would only be so to exhaust the stack.
const DEPTH_MAX: usize = 64;

/// One node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    /// The line that it begins on, counted from 1.
    pub(super) line: usize,
    /// The line that it ends on, at the latest.
    pub(super) last_line: usize,
    pub(super) kind: NodeKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum NodeKind {
    Scalar { text: String, style: Style },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// How a text was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Bare,
    Single,
    Double,
    /// `|`: Bolt reads it as code.
    Literal,
    /// `>`: a text as it is.
    Folded,
}

/// A comment, without its `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comment {
    pub(super) line: usize,
    pub(super) text: String,
}

/// What is wrong with the YAML itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct YamlError {
    pub(super) line: usize,
    pub(super) message: String,
}

impl Node {
    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether it is `key:` with nothing behind it, or `null`.
    pub(super) fn is_null(&self) -> bool {
        matches!(
            &self.kind,
            NodeKind::Scalar { text, style: Style::Bare } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
        )
    }

    /// A bare `true` or `false`.
    pub(super) fn boolean(&self) -> Option<bool> {
        match &self.kind {
            NodeKind::Scalar {
                text,
                style: Style::Bare,
            } => match text.as_str() {
                "true" | "True" | "TRUE" => Some(true),
                "false" | "False" | "FALSE" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn pairs(&self) -> Option<&[(Self, Self)]> {
        match &self.kind {
            NodeKind::Map(pairs) => Some(pairs),
            _ => None,
        }
    }
}

/// The tree of the first document of a text, and all comments. None if there is nothing in it.
pub(super) fn parse(text: &str) -> Result<(Option<Node>, Vec<Comment>), YamlError> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        comments: Vec::new(),
        anchors: Vec::new(),
    };
    let mut root = None;
    while let Some((event, span)) = reader.next()? {
        match event {
            // One file is one plan: what comes in a second document is none of it.
            Event::DocumentEnd | Event::StreamEnd if root.is_some() => break,
            Event::StreamStart
            | Event::DocumentStart(..)
            | Event::DocumentEnd
            | Event::StreamEnd => {}
            event => root = Some(reader.node(event, span, 0)?),
        }
    }
    // Comments behind the last node are read with the end of the document.
    while reader.next().is_ok_and(|event| event.is_some()) {}
    Ok((root, reader.comments))
}

struct Reader<'a> {
    events: Parser<'a, granit_parser::StrInput<'a>>,
    comments: Vec<Comment>,
    /// Nodes that an alias may mean, by the number of their anchor.
    anchors: Vec<(usize, Node)>,
}

impl<'a> Reader<'a> {
    /// The next event that is no comment.
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, YamlError> {
        loop {
            match self.events.next() {
                None => return Ok(None),
                Some(Err(error)) => return Err(trouble(&error)),
                Some(Ok((Event::Comment(text, _), span))) => self.comments.push(Comment {
                    line: span.start.line(),
                    text: text.into_owned(),
                }),
                Some(Ok(event)) => return Ok(Some(event)),
            }
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, YamlError> {
        let line = span.start.line();
        if depth > DEPTH_MAX {
            return Err(YamlError {
                line,
                message: format!("this is nested more than {DEPTH_MAX} deep"),
            });
        }
        let mut last_line = span.end.line().max(line);
        let (kind, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                // A block ends where the next line begins.
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) && last_line > line {
                    last_line -= 1;
                }
                let kind = NodeKind::Scalar {
                    text: text.into_owned(),
                    style: written(style),
                };
                (kind, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                while let Some((event, span)) = self.inside(line)? {
                    let item = self.node(event, span, depth + 1)?;
                    last_line = last_line.max(item.last_line);
                    items.push(item);
                }
                (NodeKind::List(items), anchor)
            }
            Event::MappingStart(_, anchor, _) => {
                let mut pairs = Vec::new();
                while let Some((event, span)) = self.inside(line)? {
                    let key = self.node(event, span, depth + 1)?;
                    let Some((event, span)) = self.inside(line)? else {
                        break;
                    };
                    let value = self.node(event, span, depth + 1)?;
                    last_line = last_line.max(value.last_line).max(key.last_line);
                    pairs.push((key, value));
                }
                (NodeKind::Map(pairs), anchor)
            }
            Event::Alias(number) => {
                let known = self.anchors.iter().find(|(anchor, _)| *anchor == number);
                let Some((_, node)) = known else {
                    return Err(YamlError {
                        line,
                        message: "this alias stands for nothing".to_owned(),
                    });
                };
                return Ok(Node {
                    line,
                    last_line,
                    ..node.clone()
                });
            }
            _ => {
                return Err(YamlError {
                    line,
                    message: "a value is missing here".to_owned(),
                });
            }
        };
        let node = Node {
            line,
            last_line,
            kind,
        };
        if anchor != 0 {
            self.anchors.push((anchor, node.clone()));
        }
        Ok(node)
    }

    /// The next event of a list or a map, none at its end.
    fn inside(&mut self, line: usize) -> Result<Option<(Event<'a>, Span)>, YamlError> {
        match self.next()? {
            Some((Event::SequenceEnd | Event::MappingEnd, _)) => Ok(None),
            Some(event) => Ok(Some(event)),
            None => Err(YamlError {
                line,
                message: "this never ends".to_owned(),
            }),
        }
    }
}

fn written(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Bare,
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

fn trouble(error: &ScanError) -> YamlError {
    YamlError {
        line: error.marker().line(),
        message: error.info(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(text: &str, style: Style) -> NodeKind {
        NodeKind::Scalar {
            text: text.to_owned(),
            style,
        }
    }

    #[test]
    fn how_a_text_wunmended_is_remembered_with_its_lines() {
        let text = "a: $x\nb: '$x'\nc: \"$x\"\nd: |\n  $x\n  $y\ne: >\n  $x\n";
        let (root, _) = parse(text).unwrap();
        let root = root.unwrap();
        let values: Vec<_> = root
            .pairs()
            .unwrap()
            .iter()
            .map(|(_, value)| value)
            .collect();
        let kinds: Vec<_> = values.iter().map(|value| value.kind.clone()).collect();
        assert_eq!(
            kinds,
            [
                scalar("$x", Style::Bare),
                scalar("$x", Style::Single),
                scalar("$x", Style::Double),
                scalar("$x\n$y\n", Style::Literal),
                scalar("$x\n", Style::Folded),
            ]
        );
        assert_eq!(
            values.iter().map(|value| value.line).collect::<Vec<_>>(),
            [1, 2, 3, 5, 8]
        );
        assert_eq!((values[3].last_line, root.last_line), (6, 8));
    }

    #[test]
    fn comments_are_kept_with_their_lines_and_aliases_are_what_they_mean() {
        let text = "# first\na: &x [1]  # beside\nb: *x\n# last\n";
        let (root, comments) = parse(text).unwrap();
        let lines: Vec<_> = comments
            .iter()
            .map(|comment| (comment.line, comment.text.as_str()))
            .collect();
        assert_eq!(lines, [(1, " first"), (2, " beside"), (4, " last")]);
        let root = root.unwrap();
        let pairs = root.pairs().unwrap();
        assert_eq!(pairs[0].1.kind, pairs[1].1.kind);
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_line() {
        for (text, line) in [("a: [1\nb: 2\n", 2), ("a: 1\n b: 2\n", 2), ("a: *x\n", 1)] {
            assert_eq!(parse(text).unwrap_err().line, line, "{text:?}");
        }
        assert_eq!(parse("").unwrap().0, None);
        let deep = "[".repeat(1000);
        assert!(parse(&deep).is_err());
    }
}
