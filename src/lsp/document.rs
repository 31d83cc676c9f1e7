//! A file that an editor has open: its text as it is on the screen.

use std::path::PathBuf;

use lsp_types::{TextDocumentContentChangeEvent, TextDocumentItem, Uri};

use super::{file_uri, position::Lines};
use crate::plan::Span;

/// An open file.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) uri: Uri,
    /// Without symbolic links; none for what is in no file.
    pub(super) path: Option<PathBuf>,
    /// Something else that an editor has sent, such as an inventory, is kept and not looked at.
    pub(super) is_plan: bool,
    pub(super) version: i32,
    pub(super) text: String,
    pub(super) lines: Lines,
}

impl Document {
    pub(super) fn new(item: TextDocumentItem) -> Self {
        let TextDocumentItem {
            uri,
            language_id,
            version,
            text,
        } = item;
        let path = file_uri::path_of(&uri).map(|path| file_uri::real(&path));
        let ending = path.as_ref().and_then(|path| path.extension());
        Self {
            is_plan: ending.map_or(language_id == "rhai", |ending| ending == "rhai"),
            path,
            uri,
            version,
            lines: Lines::of(&text),
            text,
        }
    }

    /// Makes changes, each in the text that the one before has left. A change without a range is the whole text.
    pub(super) fn apply(&mut self, version: i32, changes: Vec<TextDocumentContentChangeEvent>) {
        self.version = version;
        for change in changes {
            match change.range {
                None => self.text = change.text,
                Some(range) => {
                    let start = self.lines.offset(&self.text, range.start);
                    let end = self.lines.offset(&self.text, range.end).max(start);
                    self.text.replace_range(start..end, &change.text);
                }
            }
            self.lines = Lines::of(&self.text);
        }
    }

    pub(super) fn range(&self, span: Span) -> lsp_types::Range {
        self.lines.range(&self.text, span)
    }
}

#[cfg(test)]
mod tests {
    use lsp_types::{Position, Range};
    use proptest::prelude::*;

    use super::*;

    fn document(text: &str) -> Document {
        let uri = "file:///p/a.rhai".parse().unwrap();
        Document::new(TextDocumentItem::new(
            uri,
            "rhai".to_owned(),
            1,
            text.to_owned(),
        ))
    }

    fn change(from: (u32, u32), to: (u32, u32), text: &str) -> TextDocumentContentChangeEvent {
        TextDocumentContentChangeEvent {
            range: Some(Range::new(
                Position::new(from.0, from.1),
                Position::new(to.0, to.1),
            )),
            range_length: None,
            text: text.to_owned(),
        }
    }

    #[test]
    fn changes_are_made_one_after_the_other() {
        let mut document = document("let é = \"😀\";\r\nlet y = 1;\r\n");
        document.apply(
            2,
            vec![
                change((0, 9), (0, 11), "x"),
                change((1, 4), (1, 5), "zé"),
                change((1, 11), (2, 0), "\n// end"),
            ],
        );
        assert_eq!(document.text, "let é = \"x\";\r\nlet zé = 1;\n// end");
        assert_eq!(document.version, 2);
        document.apply(
            3,
            vec![TextDocumentContentChangeEvent {
                range: None,
                range_length: None,
                text: "new\n".to_owned(),
            }],
        );
        assert_eq!(document.text, "new\n");
        document.apply(4, vec![change((9, 0), (0, 0), "!")]);
        assert_eq!(document.text, "new\n!");
    }

    proptest! {
        #[test]
        fn no_change_is_too_odd(
            text in "([a-c]|é|😀|\n|\r){0,12}",
            changes in prop::collection::vec(((0_u32..5, 0_u32..9), (0_u32..5, 0_u32..9), "(é|😀|\r|\n|x){0,3}"), 0..5),
        ) {
            let mut document = document(&text);
            document.apply(2, changes.iter().map(|(from, to, text)| change(*from, *to, text)).collect());
            prop_assert!(document.text.len() < 200);
        }
    }
}
