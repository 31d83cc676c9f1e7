//! The files of a running plan, and which of them a position belongs to.
//!
//! Rhai's positions are a line and a column without a file, and the file that it names beside them is wrong when a closure
//! is called from another file. So every file is compiled behind as many empty lines as the files before it
//! have: a line number then belongs to one file only.

use std::{cell::RefCell, collections::HashMap};

use rhai::{AST, Position};

use super::{guard::Guards, source::Source};
use crate::{model::Place, project::PlanFile};

/// The last line that gets a range of its own. Rhai counts lines in 16 bits.
const LINE_MAX: usize = 60_000;

/// The files that were compiled for one run.
#[derive(Default)]
pub(super) struct Sources {
    files: RefCell<Vec<Loaded>>,
    /// Whether the performer is asked which way to go.
    decides: bool,
    /// How many parameters each function and closure has, by name: a closure gets no more arguments than it takes.
    arities: RefCell<HashMap<String, Vec<usize>>>,
}

struct Loaded {
    file: PlanFile,
    source: Source,
    /// What was written into it.
    guards: Guards,
    /// Lines before its first one.
    offset: usize,
    lines: usize,
}

impl Loaded {
    fn has(&self, line: usize) -> bool {
        (self.offset + 1..=self.offset + self.lines).contains(&line)
    }
}

impl Sources {
    pub(super) fn new(decides: bool) -> Self {
        Self {
            decides,
            ..Self::default()
        }
    }

    /// The text of a file that Rhai compiles.
    pub(super) fn script(&self, source: &Source) -> String {
        Guards::of(source, self.decides).put_into(source.script())
    }

    /// Gives the file its range of lines: the number of lines to put before its text.
    ///
    /// When all lines are used up, later files share those of the first one, and their places are less certain.
    pub(super) fn add(&self, file: PlanFile, source: Source) -> usize {
        let mut files = self.files.borrow_mut();
        let known = files
            .iter()
            .find(|loaded| loaded.source.is(&source))
            .map(|loaded| loaded.offset);
        if let Some(offset) = known {
            return offset;
        }
        let lines = file.text.lines().count() + 1;
        let next = files.last().map_or(0, |last| last.offset + last.lines);
        let offset = if next + lines > LINE_MAX { 0 } else { next };
        files.push(Loaded {
            file,
            guards: Guards::of(&source, self.decides),
            source,
            offset,
            lines,
        });
        offset
    }

    /// Remembers the functions of a file, closures included.
    pub(super) fn index(&self, ast: &AST) {
        let mut arities = self.arities.borrow_mut();
        for function in ast.iter_functions() {
            let known = arities.entry(function.name.to_owned()).or_default();
            if !known.contains(&function.params.len()) {
                known.push(function.params.len());
            }
        }
    }

    /// The number of parameters of that function, if there is one answer.
    pub(super) fn arity(&self, function: &str) -> Option<usize> {
        match self.arities.borrow().get(function).map(Vec::as_slice) {
            Some([arity]) => Some(*arity),
            _ => None,
        }
    }

    /// The functions that plans define, closures not among them.
    pub(super) fn function_names(&self) -> Vec<String> {
        let arities = self.arities.borrow();
        arities
            .keys()
            .filter(|name| !name.contains('$'))
            .cloned()
            .collect()
    }

    /// The place that a position means.
    pub(super) fn place(&self, position: Position) -> Option<Place> {
        self.locate(position)
            .map(|(source, offset)| source.place(offset))
    }

    /// The file of a position, and its byte there.
    pub(super) fn locate(&self, position: Position) -> Option<(Source, usize)> {
        let line = position.line()?;
        let files = self.files.borrow();
        let loaded = files.iter().find(|loaded| loaded.has(line))?;
        let line = line - loaded.offset;
        let column = position.position().unwrap_or(1);
        let offset = (loaded.source).offset(line, loaded.guards.column(line, column));
        Some((loaded.source.clone(), offset))
    }

    /// The position of a byte of a file that was added.
    pub(super) fn position(&self, source: &Source, offset: usize) -> Position {
        let files = self.files.borrow();
        let Some(loaded) = files.iter().find(|loaded| loaded.source.is(source)) else {
            return Position::NONE;
        };
        let place = source.place(offset);
        let (line, column) = (place.line as usize, place.column as usize);
        let column = loaded.guards.column_with(line, column);
        let narrow = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        Position::new(narrow(loaded.offset + line), narrow(column))
    }

    /// The file of that path.
    pub(super) fn named(&self, path: &str) -> Option<Source> {
        let files = self.files.borrow();
        let found = files.iter().find(|loaded| loaded.source.name() == path);
        found.map(|loaded| loaded.source.clone())
    }

    /// The file that a position is in.
    pub(super) fn file_at(&self, position: Position) -> Option<PlanFile> {
        let line = position.line()?;
        let files = self.files.borrow();
        let found = files.iter().find(|loaded| loaded.has(line));
        found.map(|loaded| loaded.file.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(sources: &Sources, path: &str, text: &str) -> usize {
        let file = PlanFile::from_text(path, path, text);
        sources.add(file, Source::new(path, text))
    }

    #[test]
    fn each_line_belongs_to_one_file() {
        let sources = Sources::default();
        assert_eq!(add(&sources, "a", "1\n2\n"), 0);
        let offset = add(&sources, "b", "12345");
        assert_eq!(add(&sources, "b", "12345"), offset);
        let position = |line: usize| Position::new(u16::try_from(line).unwrap(), 2);
        assert_eq!(sources.place(position(2)).unwrap().to_string(), "a:2:2");
        assert_eq!(
            sources.place(position(offset + 1)).unwrap().to_string(),
            "b:1:2"
        );
        assert_eq!(sources.place(position(offset + 9)), None);
        assert_eq!(sources.place(Position::NONE), None);
    }
}
