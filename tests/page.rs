//! A page of the documentation, and the blocks of code in it.

use std::{fs, path::Path};

pub(crate) struct Page {
    path: &'static str,
    pub(crate) text: String,
}

impl Page {
    /// A page by its path in the repository.
    pub(crate) fn read(path: &'static str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let text = fs::read_to_string(file).unwrap();
        Self { path, text }
    }

    /// The blocks of a language, without their fences. There is at least one.
    #[track_caller]
    pub(crate) fn blocks(&self, language: &str) -> Vec<String> {
        let fence = format!("```{language}\n");
        let found: Vec<String> = self
            .text
            .split(&fence)
            .skip(1)
            .map(|rest| rest.split("```").next().unwrap().to_owned())
            .collect();
        assert!(
            !found.is_empty(),
            "{} has no block of {language}",
            self.path
        );
        found
    }
}
