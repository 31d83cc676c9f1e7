//! A few names and how many more there are, so that a line stays one that can be read.

use std::fmt::{Display, Write as _};

/// The first `most` names, and the number of the others: `web1, web2 and 3 more`.
pub fn a_few(names: impl IntoIterator<Item: Display>, most: usize) -> String {
    let mut names = names.into_iter();
    let mut text = String::new();
    for (number, name) in names.by_ref().take(most).enumerate() {
        let separator = if number == 0 { "" } else { ", " };
        let _ = write!(text, "{separator}{name}");
    }
    match names.count() {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::a_few;

    #[test]
    fn those_beyond_a_few_are_counted() {
        assert_eq!(a_few(["web1", "web2"], 2), "web1, web2");
        assert_eq!(a_few(["web1", "web2", "web3"], 2), "web1, web2 and 1 more");
        assert_eq!(a_few([""; 0], 2), "");
    }
}
