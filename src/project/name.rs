//! Names of modules, tasks and plans.

use crate::model::nearest;

/// Whether a word can be the name of a module, a task or a plan: a small letter, then small letters, digits and `_`.
pub(super) fn is_name(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_lowercase())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The nearest thing to a name that the last element of a path has.
pub(super) fn name_from(text: &str) -> String {
    let name: String = text
        .chars()
        .map(|letter| match letter.to_ascii_lowercase() {
            letter if letter.is_ascii_lowercase() || letter.is_ascii_digit() => letter,
            _ => '_',
        })
        .collect();
    if is_name(&name) {
        name
    } else {
        "project".to_owned()
    }
}

/// The name of what lies in `module` under the stem or the path `inner`: `init` is the module itself, and what
/// belongs to no module is called as it is.
pub(super) fn qualified(module: Option<&str>, inner: &str) -> String {
    let inner = inner.replace('/', "::");
    match module {
        None => inner,
        Some(module) if inner == "init" => module.to_owned(),
        Some(module) => format!("{module}::{inner}"),
    }
}

/// The name that was most likely meant: near as a whole, or near in its last element when the module was forgotten.
pub(super) fn nearest_name(typed: &str, names: &[String]) -> Option<String> {
    let last = |name: &str| name.rsplit("::").next().map(str::to_owned);
    if let Some(found) = nearest(typed, names.iter().map(String::as_str)) {
        return Some(found.to_owned());
    }
    let ends: Vec<String> = names.iter().filter_map(|name| last(name)).collect();
    let end = nearest(&last(typed)?, ends.iter().map(String::as_str))?;
    let at = ends.iter().position(|candidate| candidate == end)?;
    names.get(at).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_found_even_without_its_module() {
        let names = ["web::reload".to_owned(), "deploy".to_owned()];
        let nearest = |typed| nearest_name(typed, &names);
        assert_eq!(nearest("relaod").as_deref(), Some("web::reload"));
        assert_eq!(nearest("wbe::relaod").as_deref(), Some("web::reload"));
        assert_eq!(nearest("kubernetes::apply"), None);
    }

    #[test]
    fn names_are_puppets() {
        for name in ["a", "web_2", "nginx"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "2a", "Web", "a-b", "a.b", "_a", "é"] {
            assert!(!is_name(name), "{name}");
        }
        assert_eq!(name_from("My-App.2"), "my_app_2");
        assert_eq!(name_from("2024"), "project");
    }
}
