//! A report whose source has lines too long to be read: what is drawn of them is the part around the place that is meant.
//!
//! A line that goes on in the next one of the terminal is underlined at the wrong place. Files of machines have lines of
//! megabytes: drawn whole they bury the message, and miette panics where a label begins beyond column 65,535.

use std::{error, fmt, ops::Range};

use miette::{
    Diagnostic, LabeledSpan, MietteError, MietteSpanContents, Severity, SourceCode, SourceSpan,
    SpanContents,
};
use unicode_width::UnicodeWidthChar;

/// Columns of a line that is drawn whole where there is no terminal: two lines of a wide one.
const LINE_MAX: usize = 240;
/// Columns that are kept of a longer one.
const KEPT: usize = 120;
/// The columns of a tab.
const TAB: usize = 4;
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
    /// For a terminal of so many columns, or for none.
    pub(super) fn new(report: &'a dyn Diagnostic, columns: Option<usize>) -> Self {
        Self::within(report, None, columns)
    }

    fn within(
        report: &'a dyn Diagnostic,
        outer: Option<&'a dyn SourceCode>,
        columns: Option<usize>,
    ) -> Self {
        let whole = report.source_code().or(outer);
        let mut labels: Option<Vec<LabeledSpan>> = report.labels().map(Iterator::collect);
        let mut source = None;
        if let (Some(whole), Some(labels)) = (whole, &mut labels) {
            for label in labels.iter_mut() {
                *label = shortened(whole, label);
            }
            if let Some(cropped) = Source::of(whole, labels, columns) {
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
                .map(|related| Self::within(related, whole, columns))
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

/// How many columns of a line are drawn.
#[derive(Clone, Copy, Debug)]
struct Room {
    /// Of a line that is drawn whole.
    whole: usize,
    /// Of one that is wider.
    kept: usize,
}

impl Room {
    /// Beside the numbers of the lines, of which this is the last, and the lines that lead to labels over several lines.
    fn beside(columns: Option<usize>, last: usize, labels: usize) -> Self {
        // The number, with spaces and a bar around it.
        const NUMBER: usize = 4;
        // The arrow at the first line of a label.
        const ARROW: usize = 3;
        // Narrower than this nothing could be read.
        const LEAST: usize = 20;
        let Some(columns) = columns else {
            return Self {
                whole: LINE_MAX,
                kept: KEPT,
            };
        };
        let lead = if labels == 0 { 0 } else { labels + ARROW };
        let digits = last.checked_ilog10().unwrap_or(0) as usize + 1;
        let room = columns.saturating_sub(NUMBER + digits + lead).max(LEAST);
        Self {
            whole: room,
            // Between two ellipses.
            kept: room - 2,
        }
    }

    /// The part of a line to draw: all of it, or that around these places, the first of which matters most.
    fn part(self, line: &str, places: &[Marked]) -> Range<usize> {
        if fits(line, self.whole) {
            return 0..line.len();
        }
        let first = places.iter().map(|place| place.span.start).min();
        let last = places.iter().map(|place| place.span.end).max();
        let all = first.unwrap_or(0)..last.unwrap_or(0);
        let place = if fits(&line[all.clone()], self.kept) {
            all
        } else {
            places
                .first()
                .map(|place| place.span.clone())
                .unwrap_or_default()
        };
        // More stands behind the place than before it: a word is known by what follows.
        let least_before = self.kept / 3;
        let mut start = back(line, place.start, least_before);
        let end = forth(line, start, self.kept);
        if end < place.end && fits(&line[place.clone()], self.kept) {
            start = back(line, place.end, self.kept);
        } else if end == line.len() {
            start = back(line, end, self.kept);
        }
        // What is said of a place begins below its middle.
        let words = places.iter().map(|place| {
            let half = columns_of(&line[place.span.clone()], self.kept) / 2;
            let before = self.kept.saturating_sub(place.words + half);
            back(line, place.span.start, before.max(least_before))
        });
        let start = start.max(words.max().unwrap_or(0)).min(place.start);
        start..forth(line, start, self.kept)
    }
}

/// A place on a line, and how many columns what is said of it takes.
#[derive(Clone, Debug)]
struct Marked {
    span: Range<usize>,
    words: usize,
}

/// How many columns a text takes, counted up to a number.
fn columns_of(text: &str, most: usize) -> usize {
    let mut sum = 0;
    for letter in text.chars() {
        sum += width(letter);
        if sum >= most {
            return most;
        }
    }
    sum
}

fn width(letter: char) -> usize {
    match letter {
        '\t' => TAB,
        letter => letter.width().unwrap_or(0),
    }
}

fn fits(text: &str, columns: usize) -> bool {
    forth(text, 0, columns) == text.len()
}

/// The byte at most so many columns behind another one.
fn forth(text: &str, from: usize, columns: usize) -> usize {
    let mut left = columns;
    let mut end = from;
    for letter in text[from..].chars() {
        match left.checked_sub(width(letter)) {
            Some(rest) => left = rest,
            None => break,
        }
        end += letter.len_utf8();
    }
    end
}

/// The byte at most so many columns before another one.
fn back(text: &str, from: usize, columns: usize) -> usize {
    let mut left = columns;
    let mut start = from;
    for letter in text[..from].chars().rev() {
        match left.checked_sub(width(letter)) {
            Some(rest) => left = rest,
            None => break,
        }
        start -= letter.len_utf8();
    }
    start
}

impl Source {
    /// Nothing if the lines around the labels can be read as they are, and their columns are their bytes.
    fn of(whole: &dyn SourceCode, labels: &[LabeledSpan], columns: Option<usize>) -> Option<Self> {
        let start = labels.iter().map(LabeledSpan::offset).min()?;
        let end = labels.iter().map(end_of).max()?;
        let read = whole.read_span(&(start, end - start).into(), 1, 1).ok()?;
        let text = std::str::from_utf8(read.data()).ok()?;
        let start = read.span().offset();
        let marked: Vec<Marked> = labels
            .iter()
            .map(|label| {
                // The line and the corner that lead to the words.
                const LEAD: usize = 4;
                let at = |offset: usize| text.floor_char_boundary(offset.saturating_sub(start));
                let words = label
                    .label()
                    .map(|words| LEAD + columns_of(words, WORDS_MAX));
                Marked {
                    span: at(label.offset())..at(end_of(label)),
                    words: words.unwrap_or(0),
                }
            })
            .collect();
        let line_end = ['\n', '\r'];
        let is_long = |place: &&Marked| text[place.span.clone()].trim_end().contains(line_end);
        let room = Room::beside(
            columns,
            read.line() + read.line_count(),
            marked.iter().filter(is_long).count(),
        );
        let can_be_read = text.split(line_end).all(|line| fits(line, room.whole));
        if can_be_read && text.is_ascii() {
            return None;
        }
        let mut source = Self {
            text: String::new(),
            name: read.name().map(str::to_owned),
            line: read.line(),
            start,
            pieces: Vec::new(),
            places: Vec::new(),
        };
        let mut at = 0;
        for piece in text.split_inclusive(line_end) {
            let line = piece.trim_end_matches(line_end);
            source.push(
                piece,
                line,
                at,
                room.part(line, &on_line(line, at, &marked)),
            );
            at += piece.len();
        }
        for (label, place) in labels.iter().zip(&marked) {
            if let Ok(real) = whole.read_span(label.inner(), 0, 0) {
                // miette counts bytes.
                let before = &text[..place.span.start];
                let column = before.rfind('\n').map_or(before, |end| &before[end + 1..]);
                let drawn = *source.moved(label).inner();
                let column = column.chars().count();
                source.places.push((drawn, real.line(), column));
            }
        }
        Some(source)
    }

    fn push(&mut self, piece: &str, line: &str, at: usize, kept: Range<usize>) {
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

/// What of these places is on the line that begins at `at`. Of one over several lines it is where it begins or ends.
fn on_line(line: &str, at: usize, places: &[Marked]) -> Vec<Marked> {
    let inside = |offset: usize| (at..=at + line.len()).contains(&offset);
    let parts = places.iter().filter_map(|place| {
        let Range { start, end } = place.span;
        let part = match (inside(start), inside(end)) {
            (true, true) => start..end,
            (true, false) => start..start,
            (false, true) => end..end,
            (false, false) => return None,
        };
        Some(Marked {
            span: part.start - at..part.end - at,
            words: place.words,
        })
    });
    parts.collect()
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
        drawn_on(None, text, labels, message)
    }

    fn drawn_on(
        columns: Option<usize>,
        text: &str,
        labels: &[(usize, usize)],
        message: &str,
    ) -> String {
        let labels = labels
            .iter()
            .map(|span| LabeledSpan::new(Some("here".to_owned()), span.0, span.1));
        let report = miette::Report::new(MietteDiagnostic::new(message).with_labels(labels))
            .with_source_code(NamedSource::new("big.yaml", text.to_owned()));
        let mut drawn = String::new();
        GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
            .render_report(&mut drawn, &Cropped::new(report.as_ref(), columns))
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

    #[test]
    fn no_line_is_wider_than_the_terminal_and_every_label_is_under_its_word() {
        let words = ["wrong", "falsch", "違う", "e\u{301}é"];
        for (index, word) in words.iter().enumerate() {
            for before in [0, 10, 60, 75, 80, 200] {
                for behind in ["", " cd", "\tä"] {
                    let line = format!("{}{word}{}", "日ä b".repeat(before / 5), behind.repeat(30));
                    let text = format!(
                        "{}first\n{line}\n{}\n",
                        "\n".repeat(8 * index),
                        "x".repeat(90)
                    );
                    let start = text.find(word).unwrap();
                    let told = drawn_on(Some(80), &text, &[(start, word.len())], "no such word");
                    for line in told.lines() {
                        assert!(fits(line, 80), "{told}");
                    }
                    let mut lines = told.lines().skip_while(|line| !line.contains(word));
                    let (drawn, marks) = (lines.next().unwrap(), lines.next().unwrap());
                    let column =
                        |text: &str, at: usize| -> usize { text[..at].chars().map(width).sum() };
                    let mark = marks.find(['─', '┬']).unwrap();
                    assert_eq!(
                        column(drawn, drawn.find(word).unwrap()),
                        column(marks, mark),
                        "{told}"
                    );
                    let place = format!("{}:{}]", 8 * index + 2, 4 * (before / 5) + 1);
                    assert!(told.contains(&place), "{place}\n{told}");
                }
            }
        }
    }

    #[test]
    fn labels_on_one_wide_line_are_drawn_together_if_they_can_be() {
        let text = format!(
            "{} run_task(\"web\", \"nginx\", #{{ action: 1 }}); {}",
            "ä ".repeat(50),
            "b".repeat(80)
        );
        let at = |word: &str| (text.find(word).unwrap(), word.len());
        let told = drawn_on(
            Some(80),
            &text,
            &[at("\"nginx\""), at("run_task")],
            "swapped",
        );
        insta::assert_snapshot!(told);
        let far = format!("one {} two", "-".repeat(200));
        let labels = [(far.len() - 3, 3), (0, 3)];
        insta::assert_snapshot!(drawn_on(Some(80), &far, &labels, "far from each other"));
    }
}
