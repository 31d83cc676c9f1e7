//! What targets print, on a terminal: text and colours pass, what moves the cursor, clears the screen or talks to the
//! terminal does not. A machine that was broken into must not write over what Segue says of it.

use std::io::{self, Write};

/// Bytes of a colour's sequence; there is no use for a longer one.
const COLOUR_MAX: usize = 64;
const ESCAPE: u8 = 0x1b;
const BELL: u8 = 0x07;
/// The first byte of what UTF-8 makes of U+0080 to U+00BF: half of them are control characters (ECMA-48, 8.3).
const TWO_BYTES: u8 = 0xc2;

/// A writer that lets nothing through but text and colours (SGR sequences of ECMA-48); a colour ends with its line.
pub(super) struct Tame<W> {
    out: W,
    state: State,
    /// A colour is on.
    is_coloured: bool,
}

enum State {
    Text,
    /// After [`TWO_BYTES`].
    TwoBytes,
    /// After the byte that begins a sequence.
    Escape,
    /// In a control sequence, with what came of it.
    Control(Vec<u8>),
    /// In a string for the terminal itself, such as a title: until a bell, an escape or the end of the line.
    Title,
}

impl<W: Write> Tame<W> {
    pub(super) const fn new(out: W) -> Self {
        Self {
            out,
            state: State::Text,
            is_coloured: false,
        }
    }

    fn take(&mut self, byte: u8, tamed: &mut Vec<u8>) {
        // No sequence goes over the end of a line, so one that is never ended hides no more than that.
        if byte == b'\n' {
            self.state = State::Text;
            if std::mem::take(&mut self.is_coloured) {
                tamed.extend_from_slice(b"\x1b[0m");
            }
            tamed.push(byte);
            return;
        }
        if byte == ESCAPE {
            self.state = State::Escape;
            return;
        }
        let state = std::mem::replace(&mut self.state, State::Text);
        self.state = match state {
            State::Text => match byte {
                TWO_BYTES => State::TwoBytes,
                byte if is_plain(byte) => {
                    tamed.push(byte);
                    State::Text
                }
                _ => State::Text,
            },
            State::TwoBytes => {
                if !(0x80..0xa0).contains(&byte) {
                    tamed.extend_from_slice(&[TWO_BYTES, byte]);
                }
                State::Text
            }
            State::Escape => match byte {
                b'[' => State::Control(Vec::new()),
                b']' | b'P' | b'X' | b'^' | b'_' => State::Title,
                0x20..0x30 => State::Escape,
                _ => State::Text,
            },
            State::Control(mut sequence) => match byte {
                b'm' if is_colour(&sequence) => {
                    self.is_coloured = !matches!(sequence.as_slice(), b"" | b"0");
                    tamed.extend_from_slice(b"\x1b[");
                    tamed.append(&mut sequence);
                    tamed.push(b'm');
                    State::Text
                }
                0x20..0x40 => {
                    // One that is too long is not a colour, and stays none.
                    if sequence.len() <= COLOUR_MAX {
                        sequence.push(byte);
                    }
                    State::Control(sequence)
                }
                _ => State::Text,
            },
            State::Title if byte == BELL => State::Text,
            State::Title => State::Title,
        };
    }
}

/// Text, whatever stands before it.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x20..=0x7e | 0x80..=0xc1 | 0xc3..)
}

fn is_colour(sequence: &[u8]) -> bool {
    sequence.len() <= COLOUR_MAX
        && sequence
            .iter()
            .all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':'))
}

impl<W: Write> Write for Tame<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut tamed = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some((first, after)) = rest.split_first() {
            if matches!(self.state, State::Text) {
                let plain = rest.iter().take_while(|byte| is_plain(**byte)).count();
                if plain > 0 {
                    tamed.extend_from_slice(&rest[..plain]);
                    rest = &rest[plain..];
                    continue;
                }
            }
            self.take(*first, &mut tamed);
            rest = after;
        }
        self.out.write_all(&tamed)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole, and byte by byte: a sequence may come in two pieces.
    fn tamed(text: &[u8]) -> String {
        let mut whole = Tame::new(Vec::new());
        whole.write_all(text).unwrap();
        let mut pieces = Tame::new(Vec::new());
        for byte in text {
            pieces.write_all(&[*byte]).unwrap();
        }
        assert_eq!(whole.out, pieces.out);
        String::from_utf8(whole.out).unwrap()
    }

    #[test]
    fn text_and_colours_pass() {
        let text = "→ é\u{a0}\u{bf}\u{c0} 漢字\t1\n\x1b[1;31mred\x1b[0m\n";
        assert_eq!(tamed(text.as_bytes()), text);
    }

    #[test]
    fn a_colour_ends_with_its_line() {
        assert_eq!(
            tamed(b"\x1b[8mhidden\nshown\n"),
            "\x1b[8mhidden\x1b[0m\nshown\n"
        );
    }

    #[test]
    fn what_talks_to_the_terminal_is_dropped() {
        for text in [
            "\x1b[2Ja",
            "\x1b[1A\x1b[Ka",
            "\x1b]0;owned\x07a",
            "\x1b]52;c;b3duZWQ=\x1b\\a",
            "\x1bPq\x1b\\a",
            "\x1bca",
            "\x1b(0a",
            "\u{9b}a",
            "\x08\x7f\ra",
            "\x1b[>4;1ma",
        ] {
            assert_eq!(tamed(text.as_bytes()), "a", "{text:?}");
        }
    }

    #[test]
    fn one_that_is_never_ended_hides_its_line_alone() {
        for text in ["\x1b]0;hidden\nshown", "\x1b[1;1\nshown", "\x1b\nshown"] {
            assert_eq!(tamed(text.as_bytes()), "\nshown", "{text:?}");
        }
        let long = format!("\x1b[{}mshown", "1;".repeat(100));
        assert_eq!(tamed(long.as_bytes()), "shown");
    }
}
