//! Target expressions, taken apart: `web*,!web3 db1`.

use std::ops::Range;

use globset::{GlobBuilder, GlobMatcher};

use super::uri::TargetUri;

/// One word of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term<'e> {
    /// Without the `!`.
    pub(super) word: &'e str,
    /// Of the whole word in the expression.
    pub(super) span: Range<usize>,
    /// It begins with `!`: what it names is left out, whatever the other words say.
    pub(super) excluded: bool,
}

/// The words of an expression: separated by spaces and commas, but not by those in braces.
pub(super) fn terms(expression: &str) -> Vec<Term<'_>> {
    let mut terms = Vec::new();
    let mut start = None;
    let mut braces = 0_usize;
    let mut end_word = |start: &mut Option<usize>, end: usize| {
        if let Some(start) = start.take() {
            terms.push(term(expression, start..end));
        }
    };
    for (offset, letter) in expression.char_indices() {
        if braces == 0 && (letter == ',' || letter.is_whitespace()) {
            end_word(&mut start, offset);
            continue;
        }
        match letter {
            '{' => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            _ => {}
        }
        start.get_or_insert(offset);
    }
    end_word(&mut start, expression.len());
    terms
}

fn term(expression: &str, span: Range<usize>) -> Term<'_> {
    let whole = &expression[span.clone()];
    let word = whole.strip_prefix('!');
    Term {
        word: word.unwrap_or(whole),
        span,
        excluded: word.is_some(),
    }
}

/// Whether a word is a pattern and no name. An IPv6 address in brackets is none.
pub(super) fn is_glob(word: &str) -> bool {
    word.contains(['*', '?', '{', '}', '\\'])
        || (word.contains(['[', ']']) && TargetUri::parse(word).is_err())
}

/// A pattern of names, in which capitals don't matter.
///
/// # Errors
/// Why it is no pattern.
pub(super) fn glob(word: &str) -> Result<GlobMatcher, String> {
    // People write `{a, b}`; no name has a space in it.
    let tight: String = word.split_whitespace().collect();
    GlobBuilder::new(&tight)
        .case_insensitive(true)
        .literal_separator(false)
        .backslash_escape(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| error.kind().to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(expression: &str) -> Vec<String> {
        terms(expression)
            .into_iter()
            .map(|term| expression[term.span].to_owned())
            .collect()
    }

    #[test]
    fn words_end_at_spaces_and_commas_outside_of_braces() {
        assert_eq!(words(" a,b  c,\n!d*,"), ["a", "b", "c", "!d*"]);
        assert_eq!(words("web{1, 2},db"), ["web{1, 2}", "db"]);
        assert_eq!(words("{a,b c"), ["{a,b c"]);
        assert_eq!(words(",, ,"), [""; 0]);
    }

    #[test]
    fn addresses_in_brackets_are_no_patterns() {
        assert!(!is_glob("[::1]:22") && !is_glob("ssh://u@[fe80::1]") && !is_glob("web1"));
        assert!(
            is_glob("[ab]*") && is_glob("web[12]") && is_glob("ssh://web*") && is_glob("{a,b}")
        );
    }

    #[test]
    fn patterns_match_whole_names_in_any_case() {
        let matches = |pattern, name| glob(pattern).unwrap().is_match(name);
        assert!(matches("WEB?", "web1") && matches("web{1, 2}", "web2") && matches("*/x", "a/x"));
        assert!(!matches("web", "web1") && !matches("web?", "web10"));
        assert!(glob("{a,b").is_err() && glob("[a").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart_into_words_of_it(text in "\\PC{0,60}") {
            for term in terms(&text) {
                prop_assert!(text[term.span.clone()].ends_with(term.word));
                let _ = (is_glob(term.word), glob(term.word).is_ok());
            }
        }
    }
}
