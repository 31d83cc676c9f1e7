//! A text that is being written, made whole enough to be read.

use super::walk::Walk;
use crate::plan::{
    check::parses_at,
    source::{Bracket, Source, Span},
};

/// Stands where the writer has not written on yet. A name that nobody gives to anything.
const STAND_IN: &str = "cursor_stands_here";

/// The text with a name in place of the word at the cursor, and with as much added or left out behind it as it takes
/// until the statement around can be parsed. Everything in front of the word stays where it is.
#[must_use]
pub fn mended(source: &Source, word: Span) -> Option<Source> {
    let text = source.text();
    let before = text.get(..word.start)?;
    let after = text.get(word.end..)?;
    let closers = closers(before);
    let candidates = [
        format!("{before}{STAND_IN}{after}"),
        format!("{before}{STAND_IN};{after}"),
        format!("{before}{STAND_IN}{closers}"),
        format!("{before}{STAND_IN} {{}}{closers}"),
    ];
    candidates
        .into_iter()
        .map(|text| Source::new(source.name(), text))
        .find(|candidate| parses_at(candidate, word.start))
}

/// What closes all that is open at the end of a text.
fn closers(text: &str) -> String {
    let source = Source::new("", text);
    let walk = Walk::over(&source);
    walk.frames()
        .iter()
        .rev()
        .map(|frame| match frame.bracket {
            Some(Bracket::Round) => ")",
            Some(Bracket::Square) => "]",
            Some(Bracket::Curly | Bracket::Map) => "}",
            Some(Bracket::Interpolation) => "}`",
            None => "",
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_being_written_can_be_read_with_a_stand_in() {
        for text in [
            "let r = 1;\nr.^",
            "let r = 1;\nr.^\nlet y = 2;",
            "for x in [1] {\n    f(x.^\n}\nlet y = 1;",
            "g(|x| x.^",
            "if x.^\n",
            "let t = `a ${x.^",
            "fn f(a) {\n a.^\n}\nf(1);",
            "run_task(\"a\", [x.^, \"b\"], #{ c: d });",
        ] {
            let at = text.find('^').unwrap();
            let source = Source::new("a.rhai", text.replacen('^', "", 1));
            let mended = mended(&source, Span::empty(at)).unwrap_or_else(|| panic!("{text}"));
            assert!(mended.text().starts_with(&text[..at]), "{text}");
        }
        let hopeless = Source::new("a.rhai", ") ) let = = x.");
        assert!(mended(&hopeless, Span::empty(14)).is_none());
    }
}
