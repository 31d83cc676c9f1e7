//! `file:` URIs and the paths that they stand for (RFC 8089).

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use lsp_types::Uri;

/// The path that a URI names; none if it is no file of this machine.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str();
    let scheme_end = rest.find(':')?;
    if !rest[..scheme_end].eq_ignore_ascii_case("file") {
        return None;
    }
    let rest = &rest[scheme_end + 1..];
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let path = &rest[rest.find('/')?..];
            let host = &rest[..rest.len() - path.len()];
            if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
                return None;
            }
            path
        }
        None => rest,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = decoded(path)?;
    // `/C:/x` is a path of Windows with one sign too many.
    let letter = path.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic);
    if cfg!(windows) && letter && path.as_bytes().get(2) == Some(&b':') {
        return Some(PathBuf::from(&path[1..]));
    }
    path.starts_with('/').then(|| PathBuf::from(path))
}

fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let code = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(code).ok()?);
    }
    let path = String::from_utf8(bytes).ok()?;
    (!path.contains('\0')).then_some(path)
}

/// The URI of a path.
pub(super) fn uri_of(path: &Path) -> Option<Uri> {
    let path = path.to_str()?;
    let path = if cfg!(windows) {
        format!("/{}", path.replace('\\', "/"))
    } else {
        path.to_owned()
    };
    let mut uri = "file://".to_owned();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => write!(uri, "%{byte:02X}").ok()?,
        }
    }
    uri.parse().ok()
}

/// The path without symbolic links. A file that is not there yet is in a directory that may be.
pub(super) fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let real = path
            .parent()
            .and_then(|parent| parent.canonicalize().ok())
            .zip(path.file_name());
        real.map_or_else(|| path.to_owned(), |(parent, name)| parent.join(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_spaces_and_letters_of_the_world_come_back() {
        for path in ["/a/b.rhai", "/a b/ünï/100%/x#y?z.rhai", "/😀/[x].rhai"] {
            let uri = uri_of(Path::new(path)).unwrap();
            assert_eq!(path_of(&uri).unwrap(), Path::new(path), "{}", uri.as_str());
        }
    }

    #[test]
    fn editors_write_uris_in_many_ways() {
        for (uri, path) in [
            ("file:///a%20b/c.rhai", Some("/a b/c.rhai")),
            ("file://localhost/a/b", Some("/a/b")),
            ("file:/a/b", Some("/a/b")),
            ("FILE:///a%2Fb", Some("/a/b")),
            ("file:///caf%C3%A9", Some("/café")),
            ("file://other/a", None),
            ("untitled:Untitled-1", None),
            ("file:///%FF", None),
            ("file:///a%00b", None),
            ("http://x/y", None),
        ] {
            let found = path_of(&uri.parse().unwrap());
            assert_eq!(found.as_deref(), path.map(Path::new), "{uri}");
        }
    }
}
