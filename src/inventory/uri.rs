//! URIs of targets: `[protocol://][user[:password]@]host[:port]`.

use std::net::{IpAddr, Ipv6Addr};

use crate::model::Secret;

/// A URI, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TargetUri {
    pub(super) protocol: Option<String>,
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret<String>>,
    /// Without brackets.
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// As it was written, but for the password, which is left out: this is what is shown and stored.
    pub(super) text: String,
}

impl TargetUri {
    /// Takes a URI apart. The reason of a refusal quotes nothing that may be a password.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (protocol, rest) = match text.split_once("://") {
            Some((protocol, rest)) => (Some(protocol), rest),
            None => (None, text),
        };
        if protocol.is_some_and(|name| {
            name.is_empty()
                || !name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        }) {
            return Err("what stands before `://` is no name of a transport".to_owned());
        }
        // The last `@` ends the user, so that a password may hold one.
        let (login, address) = match rest.rsplit_once('@') {
            Some((login, address)) => (Some(login), address),
            None => (None, rest),
        };
        let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, "")))
        {
            Some((user, password)) => (
                Some(decode(user)?).filter(|user| !user.is_empty()),
                Some(decode(password)?).filter(|password| !password.is_empty()),
            ),
            None => (None, None),
        };
        let (host, port) = split_port(address)?;
        let shown_login = login.map(|login| login.split_once(':').map_or(login, |(user, _)| user));
        let mut shown = String::with_capacity(text.len());
        if let Some(protocol) = protocol {
            shown.push_str(protocol);
            shown.push_str("://");
        }
        if let Some(login) = shown_login {
            shown.push_str(login);
            shown.push('@');
        }
        shown.push_str(address);
        Ok(Self {
            protocol: protocol.map(str::to_owned),
            user,
            password: password.map(Secret::new),
            host: host.to_owned(),
            port,
            text: shown,
        })
    }

    /// Whether a word that names nothing in the inventory is meant as an address: it has a protocol, a user, a port
    /// or a dot in it, or is an IP address. A bare word is more likely a typo.
    pub(super) fn is_address(word: &str) -> bool {
        if word.contains("://") || word.contains('@') {
            return true;
        }
        if word.parse::<IpAddr>().is_ok() || (word.starts_with('[') && Self::parse(word).is_ok()) {
            return true;
        }
        match word.rsplit_once(':') {
            Some((host, port)) => {
                is_host_name(host)
                    && !port.is_empty()
                    && port.bytes().all(|byte| byte.is_ascii_digit())
            }
            None => word.contains('.') && is_host_name(word),
        }
    }
}

fn split_port(address: &str) -> Result<(&str, Option<u16>), String> {
    if let Some(rest) = address.strip_prefix('[') {
        let (host, after) = rest
            .split_once(']')
            .ok_or_else(|| "the bracket of the address is not closed".to_owned())?;
        let bare = host.split_once('%').map_or(host, |(bare, _zone)| bare);
        if bare.parse::<Ipv6Addr>().is_err() {
            return Err("what stands in brackets is no IPv6 address".to_owned());
        }
        let port = match after.strip_prefix(':') {
            Some(port) => Some(parse_port(port)?),
            None if after.is_empty() => None,
            None => return Err("after the bracket only `:port` can stand".to_owned()),
        };
        return Ok((host, port));
    }
    if address.parse::<Ipv6Addr>().is_ok() {
        return Ok((address, None));
    }
    let (host, port) = match address.split_once(':') {
        Some((host, port)) => (host, Some(parse_port(port)?)),
        None => (address, None),
    };
    if host.is_empty() {
        return Err("it has no host".to_owned());
    }
    if !is_host_name(host) {
        return Err("the host is no host name".to_owned());
    }
    Ok((host, port))
}

fn parse_port(text: &str) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(port) if port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port),
        _ => Err("the port is no number from 1 to 65535".to_owned()),
    }
}

/// Letters, digits, `.`, `-` and `_` (which containers have in their names), beginning and ending well.
fn is_host_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        && !text.starts_with(['.', '-'])
        && !text.ends_with('-')
        && !text.contains("..")
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Result<String, String> {
    let wrong =
        || "a `%` in the user or password is not followed by two hexadecimal digits".to_owned();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || {
                rest.next()
                    .and_then(|digit| char::from(digit).to_digit(16))
                    .ok_or_else(wrong)
            };
            let value = digit()? * 16 + digit()?;
            bytes.push(u8::try_from(value).expect("two hexadecimal digits are a byte"));
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| "the user or password is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_every_part() {
        let uri = TargetUri::parse("ssh://b%40b:p%3Aw@web1.example.com:2222").unwrap();
        assert_eq!(uri.protocol.as_deref(), Some("ssh"));
        assert_eq!(uri.user.as_deref(), Some("b@b"));
        assert_eq!(uri.password, Some(Secret::new("p:w".to_owned())));
        assert_eq!(
            (uri.host.as_str(), uri.port),
            ("web1.example.com", Some(2222))
        );
        assert_eq!(uri.text, "ssh://b%40b@web1.example.com:2222");
    }

    #[test]
    fn takes_addresses_of_both_families() {
        for (text, host, port) in [
            ("[::1]:22", "::1", Some(22)),
            ("ssh://root@[fe80::1%eth0]", "fe80::1%eth0", None),
            ("::1", "::1", None),
            ("10.0.0.1:22", "10.0.0.1", Some(22)),
            ("web1", "web1", None),
            ("docker://my_box", "my_box", None),
        ] {
            let uri = TargetUri::parse(text).unwrap();
            assert_eq!((uri.host.as_str(), uri.port), (host, port), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_uri_without_telling_passwords() {
        for text in [
            "",
            "ssh://",
            "://h",
            "h:",
            "h:0",
            "h:65536",
            "h:+1",
            "[::1",
            "[x]:22",
            "h/path",
            "a b",
            "bob:hunter2@",
            "-oProxyCommand=x",
            "u:hunter2%zz@h",
            "..",
            "h:1:2",
        ] {
            let reason = TargetUri::parse(text).expect_err(text);
            assert!(!reason.contains("hunter2"), "{reason}");
        }
    }

    #[test]
    fn only_words_that_look_like_addresses_are_taken_for_them() {
        for word in [
            "ssh://h",
            "u@h",
            "h:22",
            "10.0.0.1",
            "::1",
            "web1.example.com",
            "[::1]:22",
        ] {
            assert!(TargetUri::is_address(word), "{word}");
        }
        for word in ["web1", "lb::drain", "web*", "!x", ".", "h:", "h:ssh", "..x"] {
            assert!(!TargetUri::is_address(word), "{word}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused(text in "\\PC{0,40}") {
            let _ = TargetUri::parse(&text);
            let _ = TargetUri::is_address(&text);
        }

        #[test]
        fn what_is_shown_holds_no_password(password in "[a-z0-9]{6,12}", host in "[A-Z]{1,5}") {
            let uri = TargetUri::parse(&format!("ssh://U:{password}@{host}")).unwrap();
            let shown = format!("{uri:?}");
            prop_assert!(!shown.contains(&password), "{}", shown);
        }
    }
}
