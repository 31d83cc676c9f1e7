//! The files of a running plan, and which of them a position belongs to.
//!
//! Rhai's positions are a line and a column without a file, and the file that it names beside them is wrong when a closure
//! is called from another file. So every file is compiled behind as many empty lines as the files before it
//! have: a line number then belongs to one file only.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use rhai::{AST, Position};

use super::world::SourceFile;
use crate::model::Place;

/// The last line that gets a range of its own. Rhai counts lines in 16 bits.
const LINE_MAX: usize = 60_000;

/// The files that were compiled for one run.
#[derive(Default)]
pub(super) struct Sources {
    files: RefCell<Vec<Loaded>>,
    /// How many parameters each function and closure has, by name: a closure is asked by its arity what it wants to get.
    arities: RefCell<HashMap<String, Vec<usize>>>,
}

struct Loaded {
    file: Arc<SourceFile>,
    /// Lines before its first one.
    offset: usize,
    lines: usize,
}

impl Sources {
    /// Gives the file its range of lines: the number of lines to put before its text.
    ///
    /// When all lines are used up, later files share those of the first one, and their places are less certain.
    pub(super) fn add(&self, file: Arc<SourceFile>) -> usize {
        let mut files = self.files.borrow_mut();
        let lines = file.text.lines().count() + 1;
        let next = files.last().map_or(0, |last| last.offset + last.lines);
        let offset = if next + lines > LINE_MAX { 0 } else { next };
        files.push(Loaded {
            file,
            offset,
            lines,
        });
        offset
    }

    /// Remembers the functions of a file, closures included.
    pub(super) fn index(&self, ast: &AST) {
        let mut arities = self.arities.borrow_mut();
        for function in ast.iter_functions() {
            arities
                .entry(function.name.to_owned())
                .or_default()
                .push(function.params.len());
        }
    }

    /// The number of parameters of that function, if there is exactly one of the name.
    pub(super) fn arity(&self, function: &str) -> Option<usize> {
        match self.arities.borrow().get(function).map(Vec::as_slice) {
            Some([arity]) => Some(*arity),
            _ => None,
        }
    }

    /// The place that a position means.
    pub(super) fn place(&self, position: Position) -> Option<Place> {
        let line = position.line()?;
        let files = self.files.borrow();
        let loaded = files
            .iter()
            .find(|loaded| (loaded.offset + 1..=loaded.offset + loaded.lines).contains(&line))?;
        let own = line - loaded.offset;
        Some(Place {
            file: Arc::clone(&loaded.file.path),
            line: u32::try_from(own).unwrap_or(u32::MAX),
            column: u32::try_from(position.position().unwrap_or(1)).unwrap_or(u32::MAX),
        })
    }

    /// The file that a position is in.
    pub(super) fn file_at(&self, position: Position) -> Option<Arc<SourceFile>> {
        let line = position.line()?;
        self.files
            .borrow()
            .iter()
            .find(|loaded| (loaded.offset + 1..=loaded.offset + loaded.lines).contains(&line))
            .map(|loaded| Arc::clone(&loaded.file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> Arc<SourceFile> {
        Arc::new(SourceFile {
            name: path.to_owned(),
            path: path.into(),
            text: text.into(),
            module: None,
        })
    }

    #[test]
    fn each_line_belongs_to_one_file() {
        let sources = Sources::default();
        assert_eq!(sources.add(file("a", "1\n2\n")), 0);
        let offset = sources.add(file("b", "1"));
        let position = |line: usize| Position::new(u16::try_from(line).unwrap(), 4);
        assert_eq!(sources.place(position(2)).unwrap().to_string(), "a:2:4");
        assert_eq!(
            sources.place(position(offset + 1)).unwrap().to_string(),
            "b:1:4"
        );
        assert_eq!(sources.place(position(offset + 9)), None);
        assert_eq!(sources.place(Position::NONE), None);
    }
}
