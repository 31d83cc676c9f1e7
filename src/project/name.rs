//! Names of modules, tasks and plans.

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

#[cfg(test)]
mod tests {
    use super::*;

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
