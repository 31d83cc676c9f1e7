//! `known_hosts` files as sshd(8) describes them: plain and hashed names, wildcards, negation, ports, and the
//! markers `@revoked` and `@cert-authority`. A line that can't be read is skipped, as OpenSSH does.

use std::{collections::HashMap, path::PathBuf};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use russh::keys::{Algorithm, PublicKey, parse_public_key_base64};
use sha1::Sha1;

/// One file, parsed and indexed by name.
#[derive(Debug, Default)]
pub(super) struct KnownHosts {
    pub(super) path: PathBuf,
    entries: Vec<Entry>,
    /// Entries whose names are all plain, by name.
    by_name: HashMap<String, Vec<usize>>,
    /// Entries that have to be looked at for every host.
    others: Vec<usize>,
    authorities: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Entry {
    /// The line, counted from one.
    pub(super) line: usize,
    pub(super) marker: Option<Marker>,
    pub(super) key: PublicKey,
    names: Names,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// The key must not be accepted, whatever other lines say.
    Revoked,
    /// The key signs certificates of hosts.
    CertAuthority,
}

#[derive(Debug)]
enum Names {
    Plain(Vec<String>),
    Patterns(Vec<Pattern>),
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
}

#[derive(Debug)]
struct Pattern {
    text: String,
    negated: bool,
}

impl KnownHosts {
    pub(super) fn parse(path: PathBuf, text: &str) -> Self {
        let mut file = Self {
            path,
            ..Self::default()
        };
        for (index, line) in text.lines().enumerate() {
            if let Some(entry) = Entry::parse(index + 1, line) {
                file.add(entry);
            }
        }
        file
    }

    fn add(&mut self, entry: Entry) {
        let index = self.entries.len();
        match &entry.names {
            Names::Plain(names) => {
                for name in names {
                    self.by_name.entry(name.clone()).or_default().push(index);
                }
            }
            Names::Patterns(_) | Names::Hashed { .. } => self.others.push(index),
        }
        if entry.marker == Some(Marker::CertAuthority) {
            self.authorities.push(index);
        }
        self.entries.push(entry);
    }

    /// The entries for a host, named as [`name_of`] does.
    pub(super) fn matching(&self, name: &str) -> impl Iterator<Item = &Entry> {
        let plain = self.by_name.get(name).into_iter().flatten();
        let others = self
            .others
            .iter()
            .filter(|index| self.entries[**index].names.contains(name));
        let mut found: Vec<usize> = plain.chain(others).copied().collect();
        found.sort_unstable();
        found.into_iter().map(|index| &self.entries[index])
    }

    /// The algorithms of the keys that are known for a host without computing the hashes of hashed names:
    /// a hint for what to ask the host for, at the price of a lookup.
    pub(super) fn likely_algorithms(&self, name: &str) -> impl Iterator<Item = Algorithm> {
        let plain = self.by_name.get(name).into_iter().flatten();
        let patterns = self.others.iter().filter(|index| {
            let names = &self.entries[**index].names;
            matches!(names, Names::Patterns(_)) && names.contains(name)
        });
        plain
            .chain(patterns)
            .map(|index| &self.entries[*index])
            .filter(|entry| entry.marker.is_none())
            .map(|entry| entry.key.algorithm())
    }

    /// Whether some authority may sign certificates for a host.
    pub(super) fn has_authority(&self, name: &str) -> bool {
        (self.authorities.iter()).any(|index| self.entries[*index].names.contains(name))
    }
}

impl Entry {
    /// Reads `[@marker] names keytype base64 [comment]`; nothing if the line is empty, a comment or malformed.
    fn parse(line: usize, text: &str) -> Option<Self> {
        let text = text.trim_start();
        if text.starts_with('#') {
            return None;
        }
        let mut fields = text.split_ascii_whitespace();
        let mut names = fields.next()?;
        let marker = match names {
            "@revoked" => Some(Marker::Revoked),
            "@cert-authority" => Some(Marker::CertAuthority),
            _ if names.starts_with('@') => return None,
            _ => None,
        };
        if marker.is_some() {
            names = fields.next()?;
        }
        let _type = fields.next()?;
        let key = parse_public_key_base64(fields.next()?).ok()?;
        Some(Self {
            line,
            marker,
            key,
            names: Names::parse(names)?,
        })
    }
}

impl Names {
    fn parse(text: &str) -> Option<Self> {
        if let Some(hashed) = text.strip_prefix("|1|") {
            let (salt, hash) = hashed.split_once('|')?;
            return Some(Self::Hashed {
                salt: BASE64_STANDARD.decode(salt).ok()?,
                hash: BASE64_STANDARD.decode(hash).ok()?,
            });
        }
        if text.starts_with('|') {
            return None;
        }
        let names = text.split(',').filter(|name| !name.is_empty());
        Some(if text.contains(['*', '?', '!']) {
            let patterns = names.map(|name| Pattern {
                text: name.trim_start_matches('!').to_ascii_lowercase(),
                negated: name.starts_with('!'),
            });
            Self::Patterns(patterns.collect())
        } else {
            Self::Plain(names.map(str::to_ascii_lowercase).collect())
        })
    }

    fn contains(&self, name: &str) -> bool {
        match self {
            Self::Plain(names) => names.iter().any(|known| known == name),
            Self::Patterns(patterns) => {
                let mut found = false;
                for pattern in patterns {
                    if wildcard(pattern.text.as_bytes(), name.as_bytes()) {
                        if pattern.negated {
                            return false;
                        }
                        found = true;
                    }
                }
                found
            }
            Self::Hashed { salt, hash } => Hmac::<Sha1>::new_from_slice(salt)
                .is_ok_and(|mac| mac.chain_update(name).verify_slice(hash).is_ok()),
        }
    }
}

/// A host as `known_hosts` names it: `host`, or `[host]:port` where the port is not 22.
pub(super) fn name_of(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == 22 {
        host
    } else {
        format!("[{host}]:{port}")
    }
}

/// Whether a pattern with `*` and `?` matches a whole name. Takes no more than the product of the two lengths.
pub(super) fn wildcard(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut place) = (0, 0);
    // Where the last `*` stands, and how much of the name it has swallowed.
    let mut star: Option<(usize, usize)> = None;
    while place < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(&letter) if letter == b'?' || letter == name[place] => {
                at += 1;
                place += 1;
            }
            _ => match star {
                Some((star_at, swallowed)) => {
                    star = Some((star_at, swallowed + 1));
                    at = star_at + 1;
                    place = swallowed + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

    fn lines(text: &str, name: &str) -> Vec<usize> {
        let file = KnownHosts::parse(PathBuf::from("known_hosts"), text);
        file.matching(name).map(|entry| entry.line).collect()
    }

    #[test]
    fn plain_names_lists_and_ports_match_whole_and_in_any_case() {
        let text = format!("Web1,10.0.0.1 {KEY}\n[web1]:2222 {KEY} a comment\nweb10 {KEY}\n");
        assert_eq!(lines(&text, &name_of("WEB1", 22)), [1]);
        assert_eq!(lines(&text, &name_of("web1", 2222)), [2]);
        assert_eq!(lines(&text, "10.0.0.1"), [1]);
        assert_eq!(lines(&text, "web"), Vec::<usize>::new());
    }

    #[test]
    fn wildcards_match_unless_negated() {
        let text = format!("*.example.com,!db.example.com {KEY}\nweb? {KEY}\n[*]:2222 {KEY}");
        assert_eq!(lines(&text, "web.example.com"), [1]);
        assert_eq!(lines(&text, "db.example.com"), Vec::<usize>::new());
        assert_eq!(lines(&text, "web7"), [2]);
        assert_eq!(lines(&text, "web77"), Vec::<usize>::new());
        assert_eq!(lines(&text, "[anything]:2222"), [3]);
    }

    #[test]
    fn hashed_names_match() {
        // Written by `ssh-keygen -H` for `web1.example.com`.
        let text = format!(
            "|1|3pN2G5SN2xoEz0wQEtKbWRPhdbc=|{} {KEY}",
            hash_of("web1.example.com")
        );
        assert_eq!(lines(&text, "web1.example.com"), [1]);
        assert_eq!(lines(&text, "web2.example.com"), Vec::<usize>::new());
    }

    fn hash_of(name: &str) -> String {
        let salt = BASE64_STANDARD
            .decode("3pN2G5SN2xoEz0wQEtKbWRPhdbc=")
            .unwrap();
        let mac = Hmac::<Sha1>::new_from_slice(&salt).unwrap();
        BASE64_STANDARD.encode(mac.chain_update(name).finalize().into_bytes())
    }

    #[test]
    fn tabs_separate_and_markers_are_told() {
        let text = format!(
            "@revoked\tweb1\t{}\n@cert-authority *.x {KEY}\n@odd y {KEY}",
            KEY.replace(' ', "\t")
        );
        let file = KnownHosts::parse(PathBuf::new(), &text);
        let revoked = file.matching("web1").next().unwrap();
        assert_eq!(revoked.marker, Some(Marker::Revoked));
        assert!(file.has_authority("a.x") && !file.has_authority("a.y"));
        assert_eq!(lines(&text, "y"), Vec::<usize>::new());
    }

    #[test]
    fn malformed_lines_are_skipped_and_the_others_read() {
        let text = format!(
            "# a comment\n\nweb1\nweb1 ssh-ed25519\nweb1 ssh-ed25519 ????\n|2|x|y {KEY}\n|1|x {KEY}\nweb1 {KEY}"
        );
        assert_eq!(lines(&text, "web1"), [8]);
    }

    #[test]
    fn wildcards_of_many_stars_take_no_exponential_time() {
        let pattern = "a*".repeat(50);
        assert!(!wildcard(pattern.as_bytes(), "a".repeat(49).as_bytes()));
        assert!(wildcard(pattern.as_bytes(), "a".repeat(5000).as_bytes()));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(
            text in "[@|#!*? ,\\[\\]:a-z0-9=ü\n\t]{0,200}",
            name in "[a-z.ü\\[\\]:]{0,20}",
        ) {
            let file = KnownHosts::parse(PathBuf::new(), &format!("{text}\n{name} {KEY}"));
            let _ = file.matching(&name).count();
        }
    }
}
