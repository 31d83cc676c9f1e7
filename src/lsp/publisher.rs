//! What has been told of which file, so that nothing is told twice and nothing stays that is mended.

use std::collections::BTreeMap;

use lsp_types::{Diagnostic, PublishDiagnosticsParams, Uri};

/// The problems of all files, by the open file whose check found them.
#[derive(Debug, Default)]
pub(super) struct Publisher {
    /// By the file that was checked, then by the file that the problems are in.
    found: BTreeMap<String, BTreeMap<String, Vec<Diagnostic>>>,
    told: BTreeMap<String, Vec<Diagnostic>>,
}

impl Publisher {
    /// Takes what a check of the file `by` has found, by file, in place of what it found before.
    pub(super) fn set(&mut self, by: &str, problems: BTreeMap<String, Vec<Diagnostic>>) {
        self.found.insert(by.to_owned(), problems);
    }

    /// The file is checked no longer.
    pub(super) fn forget(&mut self, by: &str) {
        self.found.remove(by);
    }

    /// What an editor has to be told now: of the file `checked` in any case, since the editor has moved what it
    /// knew of it with the text; of others if something changed. A file that is checked itself is told of by its own
    /// check alone, any other by all that found something in it.
    pub(super) fn news(
        &mut self,
        checked: Option<&str>,
        version: &dyn Fn(&str) -> Option<i32>,
    ) -> Vec<PublishDiagnosticsParams> {
        let mut now: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
        for (by, files) in &self.found {
            for (file, problems) in files {
                if by != file && self.found.contains_key(file) {
                    continue;
                }
                let all = now.entry(file.clone()).or_default();
                for problem in problems {
                    if !all.contains(problem) {
                        all.push(problem.clone());
                    }
                }
            }
        }
        let mut news = Vec::new();
        for file in self.told.keys() {
            if !now.contains_key(file) {
                news.push((file.clone(), Vec::new()));
            }
        }
        for (file, problems) in &now {
            if checked == Some(file.as_str()) || self.told.get(file) != Some(problems) {
                news.push((file.clone(), problems.clone()));
            }
        }
        self.told = now;
        news.into_iter()
            .filter_map(|(file, problems)| {
                let uri: Uri = file.parse().ok()?;
                Some(PublishDiagnosticsParams::new(uri, problems, version(&file)))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use lsp_types::Range;

    use super::*;

    fn problem(message: &str) -> Diagnostic {
        Diagnostic::new_simple(Range::default(), message.to_owned())
    }

    fn found(files: &[(&str, &str)]) -> BTreeMap<String, Vec<Diagnostic>> {
        files
            .iter()
            .map(|(file, message)| ((*file).to_owned(), vec![problem(message)]))
            .collect()
    }

    fn news(publisher: &mut Publisher) -> Vec<(String, Vec<String>)> {
        let news = publisher.news(None, &|_| None);
        news.into_iter()
            .map(|news| {
                let messages = news.diagnostics.into_iter().map(|one| one.message);
                (news.uri.as_str().to_owned(), messages.collect())
            })
            .collect()
    }

    fn told(file: &str, messages: &[&str]) -> (String, Vec<String>) {
        (
            file.to_owned(),
            messages.iter().map(|text| (*text).to_owned()).collect(),
        )
    }

    #[test]
    fn a_file_is_told_of_once_and_cleared_when_nobody_finds_anything() {
        let mut publisher = Publisher::default();
        publisher.set(
            "file:///a",
            found(&[("file:///a", "x"), ("file:///lib", "y")]),
        );
        publisher.set(
            "file:///b",
            found(&[("file:///lib", "y"), ("file:///a", "old")]),
        );
        assert_eq!(
            news(&mut publisher),
            [told("file:///a", &["x"]), told("file:///lib", &["y"])]
        );
        assert_eq!(news(&mut publisher), []);
        publisher.set("file:///a", BTreeMap::new());
        assert_eq!(news(&mut publisher), [told("file:///a", &[])]);
        publisher.forget("file:///b");
        publisher.forget("file:///a");
        assert_eq!(news(&mut publisher), [told("file:///lib", &[])]);
    }
}
