//! A project in a temporary directory, and a binary that ships next to nothing: for the tests of this room.

use std::{fs, path::Path};

use include_dir::{Dir, DirEntry, File};
use tempfile::TempDir;

use super::{Project, embedded::Embedded};

static MODULES: Dir<'static> = Dir::new(
    "",
    &[DirEntry::Dir(Dir::new(
        "service",
        &[
            DirEntry::Dir(Dir::new(
                "service/tasks",
                &[
                    DirEntry::File(File::new(
                        "service/tasks/init.json",
                        b"{\"description\": \"Shipped\"}",
                    )),
                    DirEntry::File(File::new("service/tasks/init.sh", b"echo shipped")),
                    DirEntry::File(File::new("service/tasks/stop.sh", b"echo stop")),
                ],
            )),
            DirEntry::Dir(Dir::new(
                "service/files",
                &[DirEntry::File(File::new(
                    "service/files/common.sh",
                    b"shipped common",
                ))],
            )),
        ],
    ))],
);
static PLANS: Dir<'static> = Dir::new(
    "",
    &[
        DirEntry::File(File::new("rolling.rhai", b"// shipped rolling")),
        DirEntry::File(File::new("failover.rhai", b"// shipped failover")),
    ],
);
static STDLIB: Dir<'static> = Dir::new(
    "",
    &[
        DirEntry::File(File::new("rolling.rhai", b"// std rolling")),
        DirEntry::File(File::new("healthy.rhai", b"// std healthy")),
    ],
);

/// A project that is removed when it is dropped.
pub(super) struct Sample {
    pub(super) directory: TempDir,
}

impl Sample {
    /// A project of these files, given as paths and contents.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("the temporary directory can be written to");
        let sample = Self { directory };
        for (path, content) in files {
            sample.write(path, content);
        }
        sample
    }

    pub(super) fn write(&self, path: &str, content: &str) {
        let full = self.path().join(path);
        fs::create_dir_all(full.parent().expect("it is below the root")).expect("it can be made");
        fs::write(full, content).expect("it can be written");
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn open(&self) -> Project {
        let embedded = Embedded {
            modules: &MODULES,
            plans: &PLANS,
            stdlib: &STDLIB,
        };
        Project::at_with(self.path(), embedded).unwrap_or_else(|error| panic!("{error}"))
    }
}
