//! Hides secrets in a text that is about to be shown, without moving anything in it.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

// What follows a key that holds a secret, PEM blocks, and passwords in URIs. It errs on the side of hiding.
static SECRET: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?xs)
        (?i: [\w-]* (?: password | passphrase | passwd | secret | token | key-data ) ["']? \s* : [\ \t]+ ) (?<value> [^\n\r]+ )
        | (?<pem> -----BEGIN\ [A-Z\ ]*PRIVATE\ KEY----- .*? (?: -----END | \z ) )
        | :// [^\s:/@,"']* : (?<uri> [^\s@,"']+ ) @
        "#,
    )
    .expect("the pattern is a constant that a test compiles")
});

/// The same text with every byte of a secret replaced by `*`: offsets and lines stay what they are.
pub(crate) fn mask_secrets(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for found in SECRET.captures_iter(text) {
        let secret: Option<Range<usize>> = ["value", "pem", "uri"]
            .iter()
            .find_map(|name| found.name(name))
            .map(|secret| secret.range());
        let Some(secret) = secret else { continue };
        masked.push_str(&text[done..secret.start]);
        masked.extend(text[secret.clone()].bytes().map(|byte| match byte {
            b'\n' | b'\r' => char::from(byte),
            _ => '*',
        }));
        done = secret.end;
    }
    masked.push_str(&text[done..]);
    masked
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

    proptest! {
        #[test]
        fn masking_moves_nothing(text in "(password: |://a:b@|\n|é|[a-z ]){0,40}") {
            let masked = mask_secrets(&text);
            prop_assert_eq!(masked.len(), text.len());
            prop_assert_eq!(masked.lines().count(), text.lines().count());
        }
    }
}
