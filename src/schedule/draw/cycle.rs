//! A cycle as a person would draw it in a message.

use std::fmt;

/// The cycle of these names, each of which `waits for` (or whatever the verb) the next, the last for the first:
///
/// ```text
/// ┌─> web
/// │   depends on app
/// └── depends on web
/// ```
pub fn cycle(names: &[String], verb: &str) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        let Some((first, later)) = names.split_first() else {
            return Ok(());
        };
        writeln!(f, "┌─> `{first}`")?;
        for name in later {
            writeln!(f, "│   {verb} `{name}`")?;
        }
        write!(f, "└── {verb} `{first}`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_ends_where_it_began() {
        let names = ["web", "app", "db"].map(str::to_owned);
        assert_eq!(
            cycle(&names, "waits for").to_string(),
            "┌─> `web`\n│   waits for `app`\n│   waits for `db`\n└── waits for `web`"
        );
        assert_eq!(
            cycle(&names[..1], "waits for").to_string(),
            "┌─> `web`\n└── waits for `web`"
        );
        assert_eq!(cycle(&[], "waits for").to_string(), "");
    }
}
