//! A file whose mistakes are mended one by one, so that what stands behind them can be read too, and the way back
//! to where all of it was written.

use super::{Source, Span};

/// Another text in place of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plan) struct Mend {
    pub(in crate::plan) span: Span,
    pub(in crate::plan) text: String,
}

impl Mend {
    pub(in crate::plan) fn new(span: Span, text: impl Into<String>) -> Self {
        Self {
            span,
            text: text.into(),
        }
    }
}

/// A file, and what became of it.
#[derive(Debug)]
pub(in crate::plan) struct Mended {
    original: Source,
    current: Source,
    /// What was done at once, in the order of the text, in the coordinates of the text that it was done to.
    steps: Vec<Vec<Mend>>,
}

impl Mended {
    pub(in crate::plan) fn of(source: &Source) -> Self {
        Self {
            original: source.clone(),
            current: source.clone(),
            steps: Vec::new(),
        }
    }

    pub(in crate::plan) fn original(&self) -> &Source {
        &self.original
    }

    /// The file as it is now.
    pub(in crate::plan) fn current(&self) -> &Source {
        &self.current
    }

    /// Mends parts of the current text. One that overlaps the one before it is left out.
    pub(in crate::plan) fn mend(&mut self, mut mends: Vec<Mend>) {
        mends.sort_by_key(|mend| mend.span);
        let mut end = 0;
        mends.retain(|mend| {
            let fits =
                mend.span.start >= end && self.current.text().get(mend.span.range()).is_some();
            if fits {
                end = mend.span.end;
            }
            fits
        });
        let mut text = String::with_capacity(self.current.text().len());
        let mut from = 0;
        for mend in &mends {
            text.push_str(&self.current.text()[from..mend.span.start]);
            text.push_str(&mend.text);
            from = mend.span.end;
        }
        text.push_str(&self.current.text()[from..]);
        self.current = Source::new(self.original.name(), text);
        self.steps.push(mends);
    }

    /// Where a part of the current text was written. What was put in place of something stands for all of that.
    pub(in crate::plan) fn written(&self, span: Span) -> Span {
        let written = self.steps.iter().rev().fold(span, |span, mends| {
            let start = back(mends, span.start, false);
            let end = if span.is_empty() {
                start
            } else {
                back(mends, span.end, true)
            };
            Span::new(start, end.max(start))
        });
        // A part of what was put in place of a letter is the whole letter.
        let text = self.original.text();
        Span::new(
            text.floor_char_boundary(written.start),
            text.ceil_char_boundary(written.end),
        )
    }
}

/// The byte of the text before the mends.
fn back(mends: &[Mend], offset: usize, is_end: bool) -> usize {
    let mut added = 0;
    let mut removed = 0;
    for mend in mends {
        let start = mend.span.start + added - removed;
        let end = start + mend.text.len();
        if offset < start || (is_end && offset == start) {
            break;
        }
        if offset < end {
            // Quotes in place of quotes: what is between them stays where it is.
            if mend.text.len() == mend.span.len() {
                return offset + removed - added;
            }
            return if is_end {
                mend.span.end
            } else {
                mend.span.start
            };
        }
        added += mend.text.len();
        removed += mend.span.len();
    }
    offset + removed - added
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(source: &Source, needle: &str) -> Span {
        let start = source.text().find(needle).unwrap();
        Span::new(start, start + needle.len())
    }

    #[test]
    fn what_was_mended_is_found_where_it_was_written() {
        let source = Source::new("a.rhai", "if $a and 'b' { c() }");
        let mut mended = Mended::of(&source);
        mended.mend(vec![
            Mend::new(find(&source, "and"), "&&"),
            Mend::new(find(&source, "$"), ""),
        ]);
        assert_eq!(mended.current().text(), "if a && 'b' { c() }");
        let current = mended.current().clone();
        mended.mend(vec![
            Mend::new(find(&current, "'b'"), "\"b\""),
            Mend::new(Span::empty(current.text().len() - 2), ";"),
        ]);
        assert_eq!(mended.current().text(), "if a && \"b\" { c(); }");
        for (now, before) in [("a", "a"), ("&&", "and"), ("\"b\"", "'b'"), ("c()", "c()")] {
            let span = mended.written(find(mended.current(), now));
            assert_eq!(span.of(source.text()), before, "{now}");
        }
        let end = mended.written(Span::empty(mended.current().text().len()));
        assert_eq!(end, Span::empty(source.text().len()));
    }

    #[test]
    fn what_stands_for_a_part_of_a_letter_stands_for_all_of_it() {
        let source = Source::new("a.rhai", "a\u{65a5}b");
        let mut mended = Mended::of(&source);
        mended.mend(vec![Mend::new(find(&source, "\u{65a5}"), "   ")]);
        let span = mended.written(Span::new(2, 3));
        assert_eq!(span.of(source.text()), "\u{65a5}");
    }

    #[test]
    fn mends_that_overlap_are_not_both_done() {
        let source = Source::new("a.rhai", "abcd");
        let mut mended = Mended::of(&source);
        mended.mend(vec![
            Mend::new(Span::new(0, 3), "x"),
            Mend::new(Span::new(2, 4), "y"),
        ]);
        assert_eq!(mended.current().text(), "xd");
    }
}
