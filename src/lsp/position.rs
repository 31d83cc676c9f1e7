//! Positions of the protocol: lines from 0, columns in UTF-16 code units, and the bytes that they stand for.

use lsp_types::{Position, Range};

use crate::plan::Span;

/// Where the lines of a text begin. A line ends with `\n`, `\r\n` or `\r`, as the specification says.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        Self {
            starts: std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect(),
        }
    }

    /// The byte at a position. Beyond the end of a line it is the end of that line, beyond the last line the end
    /// of the text, and in the middle of a character its beginning.
    pub(super) fn offset(&self, text: &str, position: Position) -> usize {
        let line = position.line as usize;
        let Some(start) = self.starts.get(line).copied() else {
            return text.len();
        };
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        let line = text.get(start..end).unwrap_or_default();
        let line = line.trim_end_matches(['\n', '\r']);
        let wanted = position.character as usize;
        let mut units = 0;
        for (at, char) in line.char_indices() {
            units += char.len_utf16();
            if units > wanted {
                return start + at;
            }
        }
        start + line.len()
    }

    /// The position of a byte.
    pub(super) fn position(&self, text: &str, offset: usize) -> Position {
        let offset = text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let before = text.get(self.starts[line]..offset).unwrap_or_default();
        let units: usize = before.chars().map(char::len_utf16).sum();
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position::new(narrow(line), narrow(units))
    }

    pub(super) fn range(&self, text: &str, span: Span) -> Range {
        Range::new(
            self.position(text, span.start),
            self.position(text, span.end.max(span.start)),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_are_counted_in_code_units() {
        let text = "let é = \"😀\"; x\r\nlet y\rz\n";
        let lines = Lines::of(text);
        let at = |line, character| lines.offset(text, Position::new(line, character));
        assert_eq!(at(0, 4), text.find('é').unwrap());
        assert_eq!(at(0, 9), text.find('😀').unwrap());
        // In the middle of the pair it is the beginning of the character.
        assert_eq!(at(0, 10), text.find('😀').unwrap());
        assert_eq!(at(0, 11), text.find("\"; x").unwrap());
        assert_eq!(at(0, 99), text.find('\r').unwrap());
        assert_eq!(at(1, 4), text.find('y').unwrap());
        assert_eq!(at(2, 0), text.find('z').unwrap());
        assert_eq!(at(3, 0), text.len());
        assert_eq!(at(9, 9), text.len());
        assert_eq!(
            lines.position(text, text.find('x').unwrap()),
            Position::new(0, 14)
        );
        assert_eq!(
            lines.position(text, text.find('z').unwrap()),
            Position::new(2, 0)
        );
    }

    proptest! {
        #[test]
        fn every_boundary_is_found_again(text in "([a-c]|é|😀|\n|\r|\r\n|\t){0,30}") {
            let lines = Lines::of(&text);
            for (offset, char) in text.char_indices() {
                // Between `\r` and `\n` there is no position.
                if char == '\n' && text[..offset].ends_with('\r') {
                    continue;
                }
                prop_assert_eq!(lines.offset(&text, lines.position(&text, offset)), offset);
            }
            prop_assert_eq!(lines.offset(&text, lines.position(&text, text.len())), text.len());
        }
    }
}
