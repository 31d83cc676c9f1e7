//! Hides secrets in a text that is about to be shown, without moving anything in it.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

// What follows a key that holds a secret, PEM blocks, and passwords in URIs. It errs on the side of hiding; what
// begins with a brace is a map, such as a reference, whose own keys are looked at.
static SECRET: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?xs)
        (?i: [\w-]* (?: password | passphrase | passwd | secret | token | key-data ) )
            (?: ["'] \s* : [\ \t]* | \s* : [\ \t]+ ) (?<value> [^\s\{] [^\n\r]* )
        | (?<pem> -----BEGIN\ [A-Z\ ]*PRIVATE\ KEY----- .*? (?: -----END | \z ) )
        | :// [^\s:/@,"']* : (?<uri> [^\s,"']+ ) @
        | [\w.%+-]+ : (?<login> [^\s:,"'/][^\s,"']* ) @
        "#,
    )
    .expect("the pattern is a constant that a test compiles")
});

/// The same text with every byte of a secret replaced by `*`: offsets and lines stay what they are.
pub(crate) fn mask_secrets(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for found in SECRET.captures_iter(text) {
        let value = found.name("value");
        let secret = ["value", "pem", "uri", "login"]
            .iter()
            .find_map(|name| found.name(name));
        let Some(secret) = secret else { continue };
        let end = if value.is_some() {
            end_of_block(text, secret.range())
        } else {
            secret.end()
        };
        // A block may reach over the next match.
        let start = secret.start().max(done);
        let end = end.max(start);
        masked.push_str(&text[done..start]);
        masked.extend(text[start..end].bytes().map(|byte| match byte {
            b'\n' | b'\r' => char::from(byte),
            _ => '*',
        }));
        done = end;
    }
    masked.push_str(&text[done..]);
    masked
}

/// Where a value ends: at the end of its line, or of the lines that are further in if it is a block (`|`, `>`).
fn end_of_block(text: &str, value: Range<usize>) -> usize {
    if !text[value.clone()].starts_with(['|', '>']) {
        return value.end;
    }
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let line_start = text[..value.start]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    let key_indent = indent(&text[line_start..value.start]);
    let mut end = value.end;
    for line in text[value.end..].split_inclusive('\n').skip(1) {
        if !line.trim().is_empty() && indent(line) <= key_indent {
            break;
        }
        end += line.len();
    }
    // The newline that ended the line of the key was skipped above.
    let rest_of_line = text[value.end..]
        .split_inclusive('\n')
        .next()
        .map_or(0, str::len);
    end + rest_of_line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::mask_secrets;

    #[test]
    fn passwords_keys_and_uris_are_masked_and_nothing_else() {
        let text = "user: bob\npassword: hünter2\nsudo-password: \"x y\"\nuri: ssh://bob:pw@web1:22\nprivate-key:\n  key-data: |\n    -----BEGIN OPENSSH PRIVATE KEY-----\n    abc\n    -----END OPENSSH PRIVATE KEY-----\n";
        let masked = mask_secrets(text);
        for secret in ["nter2", "x y", ":pw@", "abc"] {
            assert!(!masked.contains(secret), "{secret} in {masked}");
        }
        for open in [
            "user: bob\n",
            "ssh://bob:**@web1:22",
            "sudo-password: *****",
        ] {
            assert!(masked.contains(open), "{open} not in {masked}");
        }
    }

    #[test]
    fn passwords_of_addresses_are_masked_to_the_last_at() {
        for (text, masked) in [
            ("ssh://bob:p@ss@web1:22,db", "ssh://bob:****@web1:22,db"),
            ("web,bob:hunter2@h:x", "web,bob:*******@h:x"),
            ("- bob:pw@[::1]", "- bob:**@[::1]"),
            ("bob@h:22 web::x [::1]:22", "bob@h:22 web::x [::1]:22"),
        ] {
            assert_eq!(mask_secrets(text), masked);
        }
    }

    #[test]
    fn blocks_are_masked_to_their_end_and_references_stay_readable() {
        let text = "ssh:\n  password: |\n    one\n\n    two\n  user: bob\n  sudo-password: {_plugin: env_var, var: PW}\n  \"token\":\"abc\"\n";
        let masked = mask_secrets(text);
        for secret in ["one", "two", "abc"] {
            assert!(!masked.contains(secret), "{secret} in {masked}");
        }
        for open in ["  user: bob\n", "{_plugin: env_var, var: PW}"] {
            assert!(masked.contains(open), "{open} not in {masked}");
        }
    }

    proptest! {
        #[test]
        fn masking_moves_nothing(text in "(password: |token: \\|\n|://a:b@|\n|  |é|[a-z ]){0,40}") {
            let masked = mask_secrets(&text);
            prop_assert_eq!(masked.len(), text.len());
            prop_assert_eq!(masked.lines().count(), text.lines().count());
        }
    }
}
