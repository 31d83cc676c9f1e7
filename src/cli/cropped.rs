//! A report whose source has lines too long to be read: what is drawn of them is the part around the place that is meant.
//!
//! Files of machines have lines of megabytes. Drawn whole they bury the message, and miette panics where a label
//! begins beyond column 65,535.

use std::{error, fmt, ops::Range};

use miette::{
    Diagnostic, LabeledSpan, MietteError, MietteSpanContents, Severity, SourceCode, SourceSpan,
    SpanContents,
};

/// Bytes of a line that is drawn whole: two lines of a wide terminal.
const LINE_MAX: usize = 240;
/// Bytes that are kept of a longer one.
const KEPT: usize = 120;
/// Bytes of these that stand before the place.
const KEPT_BEFORE: usize = 40;
/// Lines that a label may go over; of a longer one the first line is marked.
const LABEL_LINES_MAX: usize = 12;
/// Bytes of a message, a help or a label: some pages, with room for a list of names.
const WORDS_MAX: usize = 8 * 1024;

/// A report, cut to what can be read.
pub(super) struct Cropped<'a> {
    report: &'a dyn Diagnostic,
    /// The source of the report, or of the report that it belongs to.
    whole: Option<&'a dyn SourceCode>,
    source: Option<Source>,
    labels: Option<Vec<LabeledSpan>>,
    related: Vec<Cropped<'a>>,
}

impl<'a> Cropped<'a> {
    pub(super) fn new(report: &'a dyn Diagnostic) -> Self {
        Self::within(report, None)
    }

    fn within(report: &'a dyn Diagnostic, outer: Option<&'a dyn SourceCode>) -> Self {
        let whole = report.source_code().or(outer);
        let mut labels: Option<Vec<LabeledSpan>> = report.labels().map(Iterator::collect);
        let mut source = None;
        if let (Some(whole), Some(labels)) = (whole, &mut labels) {
            for label in labels.iter_mut() {
                *label = shortened(whole, label);
            }
            if let Some(cropped) = Source::of(whole, labels) {
                *labels = labels.iter().map(|label| cropped.moved(label)).collect();
                source = Some(cropped);
            }
        }
        let related = report.related().into_iter().flatten();
        Self {
            report,
            whole,
            source,
            labels,
            related: related
                .map(|related| Self::within(related, whole))
                .collect(),
        }
    }
}

impl fmt::Debug for Cropped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.report, f)
    }
}

impl fmt::Display for Cropped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&cut(self.report.to_string()))
    }
}

impl error::Error for Cropped<'_> {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.report.source()
    }
}

impl Diagnostic for Cropped<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.report.code()
    }

    fn severity(&self) -> Option<Severity> {
        self.report.severity()
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        let help = self.report.help()?;
        Some(Box::new(cut(help.to_string())))
    }

    fn url<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.report.url()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        match &self.source {
            Some(source) => Some(source),
            None => self.whole,
        }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = self.labels.as_ref()?;
        Some(Box::new(labels.iter().cloned()))
    }

    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn Diagnostic> + 'b>> {
        if self.related.is_empty() {
            return None;
        }
        let related = self.related.iter();
        Some(Box::new(related.map(|one| one as &dyn Diagnostic)))
    }

    fn diagnostic_source(&self) -> Option<&dyn Diagnostic> {
        self.report.diagnostic_source()
    }
}

/// A source whose long lines are cut, and which still knows where the labels really are.
#[derive(Debug)]
struct Source {
    text: String,
    name: Option<String>,
    /// The number of its first line, from 0.
    line: usize,
    /// Where the text begins in the whole source.
    start: usize,
    pieces: Vec<Piece>,
    /// The place in the whole source of each label, by its span in this text.
    places: Vec<(SourceSpan, usize, usize)>,
}

/// A line of the text that was read, with or without its end.
#[derive(Debug)]
struct Piece {
    whole: Range<usize>,
    kept: Range<usize>,
    /// Where the kept part is in the new text.
    at: usize,
}

impl Source {
    /// Nothing if the lines around the labels can be read as they are.
    fn of(whole: &dyn SourceCode, labels: &[LabeledSpan]) -> Option<Self> {
        let start = labels.iter().map(LabeledSpan::offset).min()?;
        let end = labels.iter().map(end_of).max()?;
        let read = whole.read_span(&(start, end - start).into(), 1, 1).ok()?;
        let text = std::str::from_utf8(read.data()).ok()?;
        let line_end = ['\n', '\r'];
        if text.split(line_end).all(|line| line.len() <= LINE_MAX) {
            return None;
        }
        let mut source = Self {
            text: String::new(),
            name: read.name().map(str::to_owned),
            line: read.line(),
            start: read.span().offset(),
            pieces: Vec::new(),
            places: Vec::new(),
        };
        let mut at = 0;
        for piece in text.split_inclusive(line_end) {
            let line = piece.trim_end_matches(line_end);
            let anchor = labels
                .iter()
                .flat_map(|label| [label.offset(), end_of(label)])
                .filter_map(|offset| offset.checked_sub(source.start + at))
                .filter(|offset| *offset <= line.len())
                .min();
            source.push(piece, line, at, anchor.unwrap_or(0));
            at += piece.len();
        }
        for label in labels {
            if let Ok(real) = whole.read_span(label.inner(), 0, 0) {
                let span = *source.moved(label).inner();
                source.places.push((span, real.line(), real.column()));
            }
        }
        Some(source)
    }

    fn push(&mut self, piece: &str, line: &str, at: usize, anchor: usize) {
        let kept = if line.len() <= LINE_MAX {
            0..line.len()
        } else {
            let start = line.floor_char_boundary(anchor.saturating_sub(KEPT_BEFORE));
            start..line.floor_char_boundary(start + KEPT)
        };
        if kept.start > 0 {
            self.text.push('…');
        }
        self.pieces.push(Piece {
            whole: at..at + piece.len(),
            kept: at + kept.start..at + kept.end,
            at: self.text.len(),
        });
        self.text.push_str(&line[kept.clone()]);
        if kept.end < line.len() {
            self.text.push('…');
        }
        self.text.push_str(&piece[line.len()..]);
    }

    /// The label where it is in the cut text: at an edge of what is kept where it lies outside of it.
    fn moved(&self, label: &LabeledSpan) -> LabeledSpan {
        let start = self.position(label.offset());
        let end = self.position(end_of(label)).max(start);
        with_span(label, (start, end - start).into())
    }

    fn position(&self, offset: usize) -> usize {
        let offset = offset.saturating_sub(self.start);
        let piece = self
            .pieces
            .iter()
            .find(|piece| offset < piece.whole.end)
            .or(self.pieces.last());
        piece.map_or(0, |piece| {
            piece.at + offset.clamp(piece.kept.start, piece.kept.end) - piece.kept.start
        })
    }
}

impl SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let read = self.text.read_span(span, lines_before, lines_after)?;
        // Without lines around it, it is asked for where a label begins.
        let place = self
            .places
            .iter()
            .find(|(of, ..)| lines_before == 0 && of == span);
        let (line, column) = match place {
            Some((_, line, column)) => (*line, *column),
            None => (self.line + read.line(), read.column()),
        };
        let (data, span, count) = (read.data(), *read.span(), read.line_count());
        Ok(Box::new(match &self.name {
            Some(name) => {
                MietteSpanContents::new_named(name.clone(), data, span, line, column, count)
            }
            None => MietteSpanContents::new(data, span, line, column, count),
        }))
    }
}

/// A label that goes over no more lines than can be looked at, with words that can be read.
fn shortened(source: &dyn SourceCode, label: &LabeledSpan) -> LabeledSpan {
    let mut span = *label.inner();
    if let Ok(read) = source.read_span(&span, 0, 0) {
        let mut ends = read
            .data()
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n');
        if let Some((first, _)) = ends.next()
            && ends.count() >= LABEL_LINES_MAX
        {
            span = (span.offset(), first).into();
        }
    }
    with_span(label, span)
}

fn with_span(label: &LabeledSpan, span: SourceSpan) -> LabeledSpan {
    let words = label.label().map(|words| cut(words.to_owned()));
    if label.primary() {
        LabeledSpan::new_primary_with_span(words, span)
    } else {
        LabeledSpan::new_with_span(words, span)
    }
}

fn end_of(label: &LabeledSpan) -> usize {
    label.offset() + label.len()
}

/// Words, no longer than anybody reads.
fn cut(mut words: String) -> String {
    if words.len() > WORDS_MAX {
        words.truncate(words.floor_char_boundary(WORDS_MAX));
        words.push('…');
    }
    words
}

#[cfg(test)]
mod tests {
    use miette::{GraphicalReportHandler, GraphicalTheme, MietteDiagnostic, NamedSource};

    use super::*;

    fn drawn(text: &str, labels: &[(usize, usize)], message: &str) -> String {
        let labels = labels
            .iter()
            .map(|span| LabeledSpan::new(Some("here".to_owned()), span.0, span.1));
        let report = miette::Report::new(MietteDiagnostic::new(message).with_labels(labels))
            .with_source_code(NamedSource::new("big.yaml", text.to_owned()));
        let mut drawn = String::new();
        GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
            .render_report(&mut drawn, &Cropped::new(report.as_ref()))
            .unwrap();
        drawn
    }

    #[test]
    fn a_place_far_along_a_line_is_drawn_with_what_is_around_it_and_told_with_its_column() {
        let text = format!(
            "first\n{}wrong{}\nlast\n",
            "ab ".repeat(30_000),
            " cd".repeat(30_000)
        );
        insta::assert_snapshot!(drawn(&text, &[(6 + 90_000, 5)], "no such word"));
    }

    #[test]
    fn a_label_as_long_as_its_line_ends_with_what_is_drawn_of_it() {
        let text = format!("groups: \"{}\"\r\nnext: 1\r\n", "ä".repeat(1_000_000));
        insta::assert_snapshot!(drawn(&text, &[(8, 2_000_002)], "no list"));
    }

    #[test]
    fn a_label_over_very_many_lines_marks_its_first() {
        let text = format!("groups:\n{}", "  - a\n".repeat(1000));
        insta::assert_snapshot!(drawn(&text, &[(0, text.len())], "no map"));
    }

    #[test]
    fn labels_far_from_each_other_and_at_the_end_are_where_they_were() {
        let text = format!(
            "{}\n{}\n{}",
            "a".repeat(300),
            "b\n".repeat(20),
            "c".repeat(70_000)
        );
        let labels = [(299, 1), (text.len(), 0)];
        insta::assert_snapshot!(drawn(&text, &labels, "twice"));
    }

    #[test]
    fn words_have_an_end() {
        let told = drawn("x: 1\n", &[(0, 1)], &"no".repeat(5_000_000));
        assert!(told.len() < 4 * WORDS_MAX, "{}", told.len());
    }

    #[test]
    fn what_can_be_read_is_drawn_as_it_is() {
        let text = "name: x\nlimit: many\nlock: none\n";
        let whole = drawn(text, &[(15, 4)], "no number");
        assert!(whole.contains("2 │ limit: many\n"), "{whole}");
        assert!(whole.contains("[big.yaml:2:8]"), "{whole}");
        assert!(!whole.contains('…'), "{whole}");
    }
}
