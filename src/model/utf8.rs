//! Text that people save in files, which has to be UTF-8, and what to do about a file that can't be read.

use std::io;

use thiserror::Error;

/// Why bytes are no text, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", self.told())]
struct NotUtf8 {
    /// Counted from 1.
    line: usize,
    /// The byte of the line that is wrong, counted from 1.
    column: usize,
    byte: u8,
    /// It begins as UTF-16 does, which some editors call Unicode.
    is_utf16: bool,
}

impl NotUtf8 {
    fn told(&self) -> String {
        if self.is_utf16 {
            return "it is not UTF-8 but UTF-16 text".to_owned();
        }
        format!(
            "it is not UTF-8 text: byte {} of line {} is 0x{:02x}",
            self.column, self.line, self.byte
        )
    }

    const fn help(&self) -> &'static str {
        if self.is_utf16 {
            "save it as UTF-8; `iconv -f UTF-16 -t UTF-8 FILE` prints it so"
        } else {
            "save it as UTF-8; `iconv -f LATIN1 -t UTF-8 FILE` prints what is in Latin-1 so"
        }
    }
}

impl From<NotUtf8> for io::Error {
    fn from(error: NotUtf8) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// The text that the bytes of a file are.
///
/// # Errors
/// They are no UTF-8. It is an error as one of reading them.
pub fn utf8(bytes: Vec<u8>) -> io::Result<String> {
    Ok(decoded(bytes)?)
}

fn decoded(bytes: Vec<u8>) -> Result<String, NotUtf8> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let before = std::str::from_utf8(&bytes[..at]).expect("it is text so far");
        let newline = before.rfind('\n');
        NotUtf8 {
            line: before.split('\n').count(),
            column: at - newline.map_or(0, |newline| newline + 1) + 1,
            byte: bytes[at],
            is_utf16: bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]),
        }
    })
}

/// What to do about a file that could not be read.
#[must_use]
pub fn unreadable_help(error: &io::Error) -> &'static str {
    let inner = error.get_ref();
    if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<NotUtf8>()) {
        return error.help();
    }
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "check the path",
        io::ErrorKind::PermissionDenied => "`ls -l` tells who may read it",
        io::ErrorKind::IsADirectory => "name a file in it",
        io::ErrorKind::FileTooLarge => "make it shorter",
        _ => "check the disk that it is on, and try again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_named_as_editors_count() {
        let wrong = decoded(b"one\ngr\xfcn\n".to_vec()).unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "it is not UTF-8 text: byte 3 of line 2 is 0xfc"
        );
        let wrong = decoded(b"\xc3".to_vec()).unwrap_err();
        assert_eq!((wrong.line, wrong.column, wrong.byte), (1, 1, 0xc3));
        assert_eq!(utf8("grün".into()).unwrap(), "grün");
    }

    #[test]
    fn what_some_editors_call_unicode_is_named() {
        let text = [0xff, 0xfe, b'a', 0];
        let wrong = decoded(text.to_vec()).unwrap_err();
        assert_eq!(wrong.to_string(), "it is not UTF-8 but UTF-16 text");
        let error = io::Error::from(wrong);
        assert!(unreadable_help(&error).contains("iconv -f UTF-16"));
    }
}
