//! The files of a run, read and packed once for all targets of an action.

use std::{io, sync::Arc};

use super::{archive::Archive, executable::Nature};
use crate::{
    model::{Failure, Secret, kinds},
    task::{Implementation, Task},
};

/// What goes to every target alike: the file that runs, and those beside it.
#[derive(Clone, Debug)]
pub struct Pack {
    /// Where the file that runs lies in the directory of the run.
    pub(super) path: String,
    /// Its name, of which the extension may choose its interpreter.
    pub(super) file_name: String,
    pub(super) nature: Nature,
    /// Others are beside it, under the installation directory.
    pub(super) has_files: bool,
    /// An archive without its end: what is a target's own comes after it.
    pub(super) archive: Arc<Secret<Vec<u8>>>,
}

impl Pack {
    /// The files of an implementation of a task.
    ///
    /// # Errors
    /// One of them can't be read.
    pub fn of_task(task: &Task, implementation: &Implementation<'_>) -> Result<Self, Failure> {
        let executable = implementation.executable;
        let has_files = !implementation.files.is_empty();
        // Without files of its own, a task lies directly in the directory of the run.
        let path = if has_files {
            executable.path.as_str()
        } else {
            executable.file_name()
        };
        let pack = || -> io::Result<Self> {
            let content = executable.read()?;
            let mut archive = Archive::new(Vec::new());
            archive.add(path, 0o700, &content)?;
            for file in implementation.files {
                archive.add(&file.path, 0o700, &file.read()?)?;
            }
            Ok(Self {
                path: path.to_owned(),
                file_name: executable.file_name().to_owned(),
                nature: Nature::of(&content),
                has_files,
                archive: Arc::new(Secret::new(archive.into_beginning())),
            })
        };
        pack().map_err(|error| {
            Failure::new(
                kinds::FILE,
                format!(
                    "a file of the task `{}` can't be read: {error}",
                    task.name()
                ),
            )
        })
    }

    /// A script of the controller: its name and its content.
    ///
    /// # Errors
    /// It can't be packed.
    pub fn of_script(name: &str, content: &[u8]) -> Result<Self, Failure> {
        let file_name = name
            .rsplit('/')
            .next()
            .filter(|name| !name.is_empty())
            .unwrap_or("script");
        // Ours begin with a dot, and it must not be one of them.
        let file_name = file_name.trim_start_matches('.');
        Self::of_file(file_name, content)
    }

    /// One file.
    pub(super) fn of_file(path: &str, content: &[u8]) -> Result<Self, Failure> {
        let mut archive = Archive::new(Vec::new());
        archive
            .add(path, 0o700, content)
            .map_err(|error| unpackable(&error))?;
        Ok(Self {
            path: path.to_owned(),
            file_name: path.to_owned(),
            nature: Nature::of(content),
            has_files: false,
            archive: Arc::new(Secret::new(archive.into_beginning())),
        })
    }

    /// What comes after it for one target, and ends the archive: the input, and the script that starts it all.
    pub(super) fn own(run: &str, stdin: Option<&Secret<String>>) -> Result<Vec<u8>, Failure> {
        let mut archive = Archive::new(Vec::new());
        (|| {
            if let Some(text) = stdin {
                archive.add(".stdin", 0o600, text.reveal().as_bytes())?;
            }
            // The last, so that half an archive is known for half.
            archive.add(".run", 0o600, run.as_bytes())?;
            archive.finish()
        })()
        .map_err(|error| unpackable(&error))
    }
}

fn unpackable(error: &io::Error) -> Failure {
    Failure::new(
        kinds::FILE,
        format!("the files of the run can't be packed: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::Map,
        task::{FileSource, Metadata, TaskFile, TaskParts, task_payload},
    };

    #[test]
    fn one_pack_serves_every_target() {
        let file = TaskFile {
            path: "mod/tasks/t.sh".to_owned(),
            source: FileSource::Embedded(b"#!/bin/sh -e\n"),
        };
        let task = Task::new(TaskParts {
            name: "mod::t".to_owned(),
            module: "mod".to_owned(),
            metadata: Metadata::parse("mod::t", "t.json", "{}").unwrap(),
            executables: vec![file],
            find: &|_| None,
        })
        .unwrap();
        let asks = [(); 2].map(|()| crate::task::payload::trial::Ask::new());
        let implementation = task.implementation_for(&asks[0].target).unwrap();
        let pack = Pack::of_task(&task, &implementation).unwrap();
        assert_eq!(
            pack.nature,
            Nature::Script(vec!["/bin/sh".to_owned(), "-e".to_owned()])
        );
        let shared = asks.each_ref().map(|ask| {
            let payload =
                task_payload(&task, &implementation, &pack, &Map::new(), &ask.call()).unwrap();
            match payload.stdin {
                crate::model::Stdin::Around { shared, .. } => shared,
                other => panic!("{other:?}"),
            }
        });
        assert!(Arc::ptr_eq(&shared[0], &shared[1]));
    }
}
