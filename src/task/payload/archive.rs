//! Tar archives for targets: as plain as they can be, so that every tar there is reads them.

use std::io::{self, Write};

use tar::{Builder, EntryType, Header};

// GNU tar warns of files from 1970-01-01 00:00:00, and of those from the future of a target whose clock is behind.
const MODIFIED_SECONDS: u64 = 1;

/// Writes an archive of files that exist only here.
pub(super) struct Archive<W: Write> {
    builder: Builder<W>,
    /// The directories that are in it.
    directories: Vec<String>,
}

impl<W: Write> Archive<W> {
    pub(super) fn new(output: W) -> Self {
        Self {
            builder: Builder::new(output),
            directories: Vec::new(),
        }
    }

    /// Adds a file, and before it those directories of its path that are not there yet.
    pub(super) fn add(&mut self, path: &str, mode: u32, content: &[u8]) -> io::Result<()> {
        for (end, _) in path.match_indices('/') {
            let directory = &path[..=end];
            if !self.directories.iter().any(|known| known == directory) {
                self.directories.push(directory.to_owned());
                let mut header = header(EntryType::Directory, 0o700, 0);
                self.builder
                    .append_data(&mut header, directory, io::empty())?;
            }
        }
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        let mut header = header(EntryType::Regular, mode, size);
        self.builder.append_data(&mut header, path, content)
    }

    pub(super) fn finish(self) -> io::Result<W> {
        self.builder.into_inner()
    }
}

impl Archive<Vec<u8>> {
    /// What is in it so far, for another archive to go on after it.
    pub(super) fn into_beginning(mut self) -> Vec<u8> {
        std::mem::take(self.builder.get_mut())
    }
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(MODIFIED_SECONDS);
    header.set_uid(0);
    header.set_gid(0);
    header
}
