//! The archives of transfers on the controller: packing what goes up, unpacking what came down.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Write},
    path::{Component, Path, PathBuf},
};

use miette::Diagnostic;
use tar::{Archive, Builder, EntryType, Header};
use thiserror::Error;

use super::transfer::{CONTENT, DONE};
use crate::task::definition::FileSource;

/// Why an archive could not be packed or unpacked.
#[derive(Debug, Error, Diagnostic)]
pub enum SpoolError {
    #[error("`{path}` can't be read", path = path.display())]
    #[diagnostic(
        code(segue::task::upload_source),
        help("check the path, and that you may read all that is in it")
    )]
    Read { path: PathBuf, source: io::Error },

    #[error("`{path}` can't be written", path = path.display())]
    #[diagnostic(
        code(segue::task::spool),
        help(
            "check that there is room, and that you may write there; `TMPDIR` names the place of temporary files"
        )
    )]
    Write { path: PathBuf, source: io::Error },

    #[error("the target sent `{entry}`, which leads out of the directory for downloads")]
    #[diagnostic(
        code(segue::task::download_escape),
        help("nothing of it was written; do not trust this target")
    )]
    Escape { entry: String },

    #[error("what the target sent is no archive")]
    #[diagnostic(code(segue::task::download_archive))]
    Broken { source: io::Error },
}

/// Packs a file or a directory for an upload to any number of targets.
///
/// # Errors
/// The source can't be read, or the spool can't be written.
pub fn spool_upload(source: &FileSource, spool: &Path) -> Result<(), SpoolError> {
    let write = |source| SpoolError::Write {
        path: spool.to_owned(),
        source,
    };
    let file = File::create(spool).map_err(write)?;
    let mut builder = Builder::new(BufWriter::new(file));
    builder.mode(tar::HeaderMode::Complete);
    builder.follow_symlinks(false);
    match source {
        FileSource::Disk(source) => append_from_disk(&mut builder, source, spool)?,
        FileSource::Embedded(content) => append_embedded(&mut builder, content).map_err(write)?,
    }
    let mut done = Header::new_gnu();
    done.set_size(0);
    done.set_mode(0o600);
    builder
        .append_data(&mut done, DONE, io::empty())
        .map_err(write)?;
    builder
        .into_inner()
        .and_then(|mut output| output.flush())
        .map_err(write)
}

fn append_from_disk<W: Write>(
    builder: &mut Builder<W>,
    source: &Path,
    spool: &Path,
) -> Result<(), SpoolError> {
    // A disk is full for who writes, and nobody reads too much.
    let read = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SpoolError::Write {
            path: spool.to_owned(),
            source: error,
        },
        _ => SpoolError::Read {
            path: source.to_owned(),
            source: error,
        },
    };
    // What the source itself leads to is meant, not the link.
    let original = fs::canonicalize(source).map_err(read)?;
    if fs::metadata(&original).map_err(read)?.is_dir() {
        return builder.append_dir_all(CONTENT, &original).map_err(read);
    }
    builder
        .append_path_with_name(&original, CONTENT)
        .map_err(read)
}

/// A file that travels in the binary has no mode of its own: scripts can be executed, as they could be where they lay.
fn append_embedded<W: Write>(builder: &mut Builder<W>, content: &[u8]) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(if content.starts_with(b"#!") {
        0o755
    } else {
        0o644
    });
    builder.append_data(&mut header, CONTENT, content)
}

/// What came of unpacking a download.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Files and links that were written.
    pub files: usize,
    /// What was left out because it is no plain file, directory or link to inside.
    pub left_out: Vec<String>,
}

/// Unpacks the archive of a download to `destination`, which becomes the file or the directory that was asked for.
///
/// What is there is replaced. Nothing is written outside of it, whatever the target sends: an absolute path or one
/// with `..` is an error, links that lead out and devices are left out, and nothing is written through a link.
///
/// # Errors
/// The spool can't be read, the destination can't be written, or the archive is broken or hostile.
pub fn unpack_download(spool: &Path, destination: &Path) -> Result<Unpacked, SpoolError> {
    let open = || {
        File::open(spool).map_err(|source| SpoolError::Read {
            path: spool.to_owned(),
            source,
        })
    };
    let broken = |source| SpoolError::Broken { source };
    // All names are looked at before the first is written.
    for entry in Archive::new(BufReader::new(open()?))
        .entries()
        .map_err(broken)?
    {
        let entry = entry.map_err(broken)?;
        inside(&entry.path().map_err(broken)?)?;
    }
    let write = |path: &Path| {
        let path = path.to_owned();
        move |source| SpoolError::Write { path, source }
    };
    remove(destination).map_err(write(destination))?;
    if let Some(parent) = destination.parent() {
        fs::create_dir_all(parent).map_err(write(parent))?;
    }
    let mut unpacked = Unpacked::default();
    let mut is_directory = false;
    for entry in Archive::new(BufReader::new(open()?))
        .entries()
        .map_err(broken)?
    {
        let mut entry = entry.map_err(broken)?;
        let path = inside(&entry.path().map_err(broken)?)?;
        let kind = entry.header().entry_type();
        if path.as_os_str().is_empty() {
            is_directory = true;
            fs::create_dir_all(destination).map_err(write(destination))?;
            continue;
        }
        // The archive of a directory begins with itself; that of a file is that file.
        let place = if is_directory {
            destination.join(&path)
        } else {
            destination.to_owned()
        };
        match kind {
            EntryType::Directory if is_directory => {
                make_directory(destination, &path).map_err(write(&place))?;
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                if let Some(parent) = path.parent().filter(|_| is_directory) {
                    make_directory(destination, parent).map_err(write(&place))?;
                }
                remove(&place).map_err(write(&place))?;
                let mut file = File::create_new(&place).map_err(write(&place))?;
                io::copy(&mut entry, &mut file).map_err(write(&place))?;
                set_mode(&file, entry.header().mode().unwrap_or(0o600)).map_err(write(&place))?;
                unpacked.files += 1;
            }
            EntryType::Symlink if is_directory => {
                let link = entry.link_name().map_err(broken)?.unwrap_or_default();
                if leads_inside(&path, &link) {
                    if let Some(parent) = path.parent() {
                        make_directory(destination, parent).map_err(write(&place))?;
                    }
                    remove(&place).map_err(write(&place))?;
                    make_link(&link, &place).map_err(write(&place))?;
                    unpacked.files += 1;
                } else {
                    unpacked.left_out.push(path.display().to_string());
                }
            }
            EntryType::Link if is_directory => {
                let link = inside(&entry.link_name().map_err(broken)?.unwrap_or_default())?;
                let original = destination.join(link);
                let is_plain = fs::symlink_metadata(&original).is_ok_and(|found| found.is_file());
                if is_plain && has_no_links(destination, &original) {
                    if let Some(parent) = path.parent() {
                        make_directory(destination, parent).map_err(write(&place))?;
                    }
                    remove(&place).map_err(write(&place))?;
                    fs::hard_link(&original, &place).map_err(write(&place))?;
                    unpacked.files += 1;
                } else {
                    unpacked.left_out.push(path.display().to_string());
                }
            }
            _ => unpacked.left_out.push(path.display().to_string()),
        }
    }
    Ok(unpacked)
}

/// The path without `.`, if it leads nowhere else.
fn inside(path: &Path) -> Result<PathBuf, SpoolError> {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => {}
            _ => {
                return Err(SpoolError::Escape {
                    entry: path.display().to_string(),
                });
            }
        }
    }
    Ok(plain)
}

/// Whether a link at `path` that says `link` stays in the same directory tree.
///
/// `..` counts only at its beginning: behind a name that is itself a link it would lead somewhere else.
fn leads_inside(path: &Path, link: &Path) -> bool {
    let mut depth = path.components().count().saturating_sub(1);
    let mut is_down = false;
    for component in link.components() {
        match component {
            Component::Normal(_) => is_down = true,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 && !is_down => depth -= 1,
            _ => return false,
        }
    }
    true
}

/// Makes the directories of `path` under `root`. One that is a link or a file is replaced: nothing goes through a link.
fn make_directory(root: &Path, path: &Path) -> io::Result<()> {
    let mut place = root.to_owned();
    for component in path.components() {
        place.push(component);
        match fs::symlink_metadata(&place) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                fs::remove_file(&place)?;
                fs::create_dir(&place)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir(&place)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn has_no_links(root: &Path, path: &Path) -> bool {
    path.ancestors()
        .take_while(|ancestor| *ancestor != root)
        .all(|ancestor| fs::symlink_metadata(ancestor).is_ok_and(|found| !found.is_symlink()))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // No set-user-id on the controller.
    file.set_permissions(fs::Permissions::from_mode(mode & 0o777))
}

#[cfg(not(unix))]
fn set_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn make_link(link: &Path, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(link, place)
}

#[cfg(not(unix))]
fn make_link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive with a name or a link that the `tar` crate itself would refuse to write.
    fn hostile(entries: &[(&str, EntryType, &str)]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (name, kind, link) in entries {
            let mut header = Header::new_gnu();
            let bytes = header.as_old_mut();
            bytes.name[..name.len()].copy_from_slice(name.as_bytes());
            bytes.linkname[..link.len()].copy_from_slice(link.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(0o4755);
            let content: &[u8] = if *kind == EntryType::Regular {
                b"evil"
            } else {
                b""
            };
            header.set_size(content.len() as u64);
            header.set_cksum();
            builder.append(&header, content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn unpack(
        entries: &[(&str, EntryType, &str)],
    ) -> (tempfile::TempDir, Result<Unpacked, SpoolError>) {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("outside")).unwrap();
        let spool = directory.path().join("spool");
        fs::write(&spool, hostile(entries)).unwrap();
        let unpacked = unpack_download(&spool, &directory.path().join("in/place"));
        (directory, unpacked)
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_the_trouble_of_the_spool_and_not_of_the_source() {
        let directory = tempfile::tempdir().unwrap();
        let source = directory.path().join("big");
        fs::write(&source, vec![b'a'; 100_000]).unwrap();
        let full = Path::new("/dev/full");
        let error = spool_upload(&FileSource::Disk(source), full).unwrap_err();
        assert!(
            matches!(&error, SpoolError::Write { path, .. } if path == full),
            "{error:?}"
        );
    }

    #[test]
    fn nothing_is_written_outside() {
        for name in ["../evil", "/tmp/evil", "a/../../evil", "./../evil"] {
            let (directory, unpacked) = unpack(&[
                ("./", EntryType::Directory, ""),
                (name, EntryType::Regular, ""),
            ]);
            assert!(matches!(unpacked, Err(SpoolError::Escape { .. })), "{name}");
            assert!(!directory.path().join("in").exists(), "{name}");
        }
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let (directory, unpacked) = unpack(&[
            ("./", EntryType::Directory, ""),
            ("./up", EntryType::Symlink, "../../outside"),
            ("./up/evil", EntryType::Regular, ""),
            ("./abs", EntryType::Symlink, "/tmp"),
            ("./deep/down", EntryType::Symlink, "../up"),
            ("./deep/down/evil", EntryType::Regular, ""),
            ("./twisted", EntryType::Symlink, "deep/../../outside"),
            ("./hard", EntryType::Link, "twisted"),
            ("./pipe", EntryType::Fifo, ""),
        ]);
        let unpacked = unpacked.unwrap();
        assert_eq!(unpacked.left_out, ["up", "abs", "twisted", "hard", "pipe"]);
        assert_eq!(
            fs::read_dir(directory.path().join("outside"))
                .unwrap()
                .count(),
            0
        );
        let place = directory.path().join("in/place");
        assert_eq!(fs::read(place.join("deep/down/evil")).unwrap(), b"evil");
        assert_eq!(fs::read(place.join("up/evil")).unwrap(), b"evil");
    }

    #[cfg(unix)]
    #[test]
    fn set_user_id_does_not_come_along() {
        use std::os::unix::fs::PermissionsExt;
        let (directory, unpacked) = unpack(&[("./tool", EntryType::Regular, "")]);
        assert_eq!(unpacked.unwrap().files, 1);
        let file = directory.path().join("in/place");
        let mode = fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o755);
    }

    #[test]
    fn noise_is_no_archive() {
        let directory = tempfile::tempdir().unwrap();
        let spool = directory.path().join("spool");
        fs::write(&spool, [7; 3000]).unwrap();
        let error = unpack_download(&spool, &directory.path().join("place")).unwrap_err();
        assert!(matches!(error, SpoolError::Broken { .. }), "{error}");
    }

    #[test]
    fn missing_source_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let source = directory.path().join("none");
        let source = FileSource::Disk(source);
        let error = spool_upload(&source, &directory.path().join("spool")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "`{}` can't be read",
                directory.path().join("none").display()
            )
        );
    }
}
