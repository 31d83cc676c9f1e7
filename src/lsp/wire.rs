//! Messages on a stream: headers, an empty line, JSON. The base protocol of the specification, 3.17.

use std::io::{self, BufRead, Read, Write};

use lsp_server::{ErrorCode, Message};
use serde_json::{Value, json};

/// A message of 64 MiB is no message: sixteen times the largest plan that can be read.
const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A header line of an editor has some 30 bytes.
const HEADER_BYTES_MAX: u64 = 4096;

/// What was read.
#[derive(Debug)]
pub(super) enum Incoming {
    Message(Message),
    /// It was framed well, so that what follows can still be read, but is none of our messages.
    Broken(Broken),
}

/// What is answered to a message that can't be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// The id of the request, as far as it can be told.
    pub(super) id: Value,
    pub(super) code: i32,
    pub(super) message: String,
}

/// Reads the next message; none at the end of the stream.
///
/// # Errors
/// The stream can't be read, or is not framed as the protocol wants: nothing behind that can be understood.
pub(super) fn read(input: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let Some(length) = read_headers(input)? else {
        return Ok(None);
    };
    // Read as it comes, so that nobody reserves memory by a number.
    let mut body = Vec::new();
    input.take(length as u64).read_to_end(&mut body)?;
    if body.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(parse(&body)))
}

fn parse(body: &[u8]) -> Incoming {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return broken(Value::Null, ErrorCode::ParseError, &error),
    };
    let id = value.get("id").cloned().unwrap_or(Value::Null);
    match serde_json::from_value(value) {
        // A request whose id can't be read would be taken for a notification, and whoever sent it would wait for ever.
        Ok(Message::Notification(_)) if !id.is_null() => {
            broken(id, ErrorCode::InvalidRequest, &"its id is none")
        }
        Ok(message) => Incoming::Message(message),
        Err(_) => broken(
            id,
            ErrorCode::InvalidRequest,
            &"it is no request, response or notification",
        ),
    }
}

fn broken(id: Value, code: ErrorCode, message: &dyn std::fmt::Display) -> Incoming {
    Incoming::Broken(Broken {
        id,
        code: code as i32,
        message: message.to_string(),
    })
}

/// The length of the content that follows; none at the end of the stream.
fn read_headers(input: &mut impl BufRead) -> io::Result<Option<usize>> {
    let wrong = |message: String| io::Error::new(io::ErrorKind::InvalidData, message);
    let mut length = None;
    let mut is_first = true;
    loop {
        let mut line = Vec::new();
        input.take(HEADER_BYTES_MAX).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return if is_first {
                Ok(None)
            } else {
                Err(io::ErrorKind::UnexpectedEof.into())
            };
        }
        is_first = false;
        let line = String::from_utf8_lossy(&line);
        if !line.ends_with('\n') {
            return Err(wrong("a header line does not end".to_owned()));
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            return match length {
                Some(length) => Ok(Some(length)),
                None => Err(wrong("a message without `Content-Length`".to_owned())),
            };
        }
        let Some((name, value)) = line.split_once(':') else {
            return Err(wrong(format!("`{line}` is no header")));
        };
        if name.trim().eq_ignore_ascii_case("Content-Length") {
            let value: usize = value
                .trim()
                .parse()
                .map_err(|_| wrong(format!("`{}` is no length", value.trim())))?;
            if value > MESSAGE_BYTES_MAX {
                return Err(wrong(format!("a message of {value} bytes is too long")));
            }
            length = Some(value);
        }
    }
}

/// Writes a message.
///
/// # Errors
/// Nobody reads any longer.
pub(super) fn write(output: &mut impl Write, message: &Message) -> io::Result<()> {
    message.write(output)
}

/// Answers a message that can't be understood.
///
/// # Errors
/// Nobody reads any longer.
pub(super) fn write_broken(output: &mut impl Write, broken: &Broken) -> io::Result<()> {
    let answer = json!({
        "jsonrpc": "2.0",
        "id": broken.id,
        "error": { "code": broken.code, "message": broken.message },
    });
    let text = answer.to_string();
    write!(output, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(body: &str) -> Vec<u8> {
        format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    #[test]
    fn what_is_broken_inside_does_not_end_the_stream() {
        let mut stream = framed("{\"jsonrpc\": \"2.0\", \"method\": ");
        stream.extend(framed(
            "{\"jsonrpc\": \"2.0\", \"id\": 5000000000, \"method\": \"x\"}",
        ));
        stream.extend(framed("[1, 2]"));
        stream.extend(b"content-length:33\r\nContent-Type: x\r\n\r\n");
        stream.extend(b"{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}");
        let mut input = &stream[..];
        let mut codes = Vec::new();
        while let Some(incoming) = read(&mut input).unwrap() {
            codes.push(match incoming {
                Incoming::Broken(broken) => (broken.code, broken.id.to_string()),
                Incoming::Message(Message::Notification(exit)) => (0, exit.method),
                Incoming::Message(other) => panic!("{other:?}"),
            });
        }
        let codes: Vec<(i32, &str)> = codes
            .iter()
            .map(|(code, id)| (*code, id.as_str()))
            .collect();
        assert_eq!(
            codes,
            [
                (-32700, "null"),
                (-32600, "5000000000"),
                (-32600, "null"),
                (0, "exit")
            ]
        );
    }

    #[test]
    fn what_is_framed_wrongly_is_an_error_and_reserves_nothing() {
        for stream in [
            "hello\r\n\r\n",
            "Content-Length: many\r\n\r\n{}",
            "Content-Length: 99999999999\r\n\r\n{}",
            "Content-Length: 50000000\r\n\r\n{}",
            "Content-Type: x\r\n\r\n{}",
            "Content-Length: 2\r\n",
        ] {
            assert!(read(&mut stream.as_bytes()).is_err(), "{stream:?}");
        }
        assert!(read(&mut "x".repeat(9999).as_bytes()).is_err());
        assert!(read(&mut &b""[..]).unwrap().is_none());
    }
}
