//! What stands in a target's directory: services, packages, pools, roles. Looked at after every command.

use std::{collections::BTreeMap, fs, io, io::Read, path::Path};

/// The folders whose files are state: one thing a file, its first line says how it is.
const FOLDERS: [&str; 4] = ["packages", "pool", "roles", "services"];
/// How much of a file is looked at: states are a word or a version.
const LINE_BYTES_MAX: u64 = 256;

/// `services/nginx` → `running`.
pub(super) type State = BTreeMap<String, String>;

/// One thing that is no longer as it was.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) item: String,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// Reads the state of a target. What can't be read is not there: a command may be just writing it.
pub(super) fn read(directory: &Path) -> State {
    let mut state = State::new();
    for folder in FOLDERS {
        let Ok(files) = fs::read_dir(directory.join(folder)) else {
            continue;
        };
        for file in files.flatten() {
            if let (Ok(line), Some(name)) = (first_line(&file.path()), file.file_name().to_str()) {
                state.insert(format!("{folder}/{name}"), line);
            }
        }
    }
    state
}

/// What became different between two looks.
pub(super) fn changes(before: &State, after: &State) -> Vec<Change> {
    let items: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    items
        .into_iter()
        .filter(|&item| before.get(item) != after.get(item))
        .map(|item| Change {
            item: item.clone(),
            from: before.get(item).cloned(),
            to: after.get(item).cloned(),
        })
        .collect()
}

/// Puts the files in place that are not there yet.
pub(super) fn lay_out(directory: &Path, files: &BTreeMap<String, String>) -> io::Result<()> {
    for (path, content) in files {
        let path = directory.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        if !path.exists() {
            fs::write(&path, content)?;
        }
    }
    Ok(())
}

fn first_line(path: &Path) -> io::Result<String> {
    let mut head = Vec::new();
    fs::File::open(path)?
        .take(LINE_BYTES_MAX)
        .read_to_end(&mut head)?;
    let text = String::from_utf8_lossy(&head);
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_what_came_went_and_turned() {
        let state = |pairs: &[(&str, &str)]| -> State {
            pairs
                .iter()
                .map(|(item, line)| ((*item).to_owned(), (*line).to_owned()))
                .collect()
        };
        let before = state(&[
            ("pool/web1", "in"),
            ("pool/web2", "in"),
            ("services/nginx", "running"),
        ]);
        let after = state(&[
            ("pool/web1", "out"),
            ("pool/web2", "in"),
            ("packages/nginx", "1.2"),
        ]);
        let told: Vec<String> = changes(&before, &after)
            .iter()
            .map(|it| {
                format!(
                    "{} {:?} {:?}",
                    it.item,
                    it.from.as_deref(),
                    it.to.as_deref()
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                r#"packages/nginx None Some("1.2")"#,
                r#"pool/web1 Some("in") Some("out")"#,
                r#"services/nginx Some("running") None"#,
            ]
        );
    }

    #[test]
    fn state_is_laid_out_once_and_read_by_its_first_line() {
        let directory = tempfile::tempdir().unwrap();
        let file = |line: &str| BTreeMap::from([("services/nginx".to_owned(), line.to_owned())]);
        lay_out(directory.path(), &file("running\nsince monday\n")).unwrap();
        lay_out(directory.path(), &file("stopped\n")).unwrap();
        assert_eq!(
            read(directory.path()),
            State::from([("services/nginx".to_owned(), "running".to_owned())])
        );
    }
}
