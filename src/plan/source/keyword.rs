//! The words of Rhai that can't be names.

/// What Rhai keeps for later, or for itself. Rhai has the list but doesn't give it away; `default` and `debug`,
/// which plans may use, are left out.
const RESERVED: [&str; 33] = [
    "Fn",
    "async",
    "await",
    "call",
    "case",
    "curry",
    "eval",
    "go",
    "goto",
    "is",
    "is_def_var",
    "match",
    "module",
    "new",
    "nil",
    "null",
    "package",
    "print",
    "protected",
    "public",
    "shared",
    "spawn",
    "static",
    "super",
    "sync",
    "this",
    "thread",
    "type_of",
    "use",
    "var",
    "void",
    "with",
    "yield",
];

/// Whether the word is part of the grammar.
pub(in crate::plan) fn is_keyword(word: &str) -> bool {
    rhai::Token::lookup_symbol_from_syntax(word).is_some()
}

/// Whether the word is reserved, though the grammar has no use for it (or only as a function).
pub(in crate::plan) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{engine, limits::Limits};

    #[test]
    fn the_list_is_that_of_rhai() {
        let engine = engine::parser(&Limits::default());
        for word in RESERVED {
            let problem = engine.compile(format!("let {word} = 1;")).unwrap_err();
            assert!(
                problem.to_string().contains("reserved"),
                "{word}: {problem}"
            );
            assert!(!is_keyword(word));
        }
        assert!(is_keyword("loop") && is_keyword("private") && !is_keyword("name"));
    }
}
