//! Which names a target, an alias or a group can have, so that every one can be written in a target expression.

use super::uri::TargetUri;

/// Why the name can't be used, if it can't.
pub(super) fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("it is empty");
    }
    if !name.is_ascii() {
        return Err("it has letters beyond ASCII");
    }
    if name
        .bytes()
        .any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control())
    {
        return Err("it has a space in it, which ends a name in target expressions");
    }
    if name.contains(',') {
        return Err("it has a comma in it, which ends a name in target expressions");
    }
    if name.starts_with('!') {
        return Err("it begins with `!`, which excludes a target in target expressions");
    }
    if name.starts_with('@') {
        return Err("it begins with `@`, which names a file of targets");
    }
    if name.starts_with('-') {
        return Err("it begins with `-`, as options do");
    }
    // An IPv6 address has brackets and is no pattern.
    if name.contains(['*', '?', '[', ']', '{', '}', '\\']) && TargetUri::parse(name).is_err() {
        return Err("it has a letter of patterns in it (`*?[]{}\\`)");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names_are_words_that_an_expression_can_hold() {
        for name in ["web1", "007", "a.b-c_d", "ssh://u@[::1]:22", "lb::x"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in [
            "", "wéb", "a b", "a,b", "!a", "@a", "-a", "a*", "a[1]", "{a}", "a\n",
        ] {
            assert!(check_name(name).is_err(), "{name:?} was accepted");
        }
    }
}
