//! The payloads that move files.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::model::{Failure, Payload, Stdout, kinds};

use super::{
    archive::Archive,
    call::Call,
    carriage::{Carriage, Content},
    shell,
};

/// The entry of an upload's archive that is the file or the directory itself.
pub(super) const CONTENT: &str = "content";
/// The entry that comes last, so that an archive which was cut short is known for one.
pub(super) const DONE: &str = "done";

/// The payload that puts what [`spool_upload`](super::spool_upload) has packed at `destination`.
///
/// A file goes there in one step, so that nobody ever sees half of it; into `destination` under the name of the source
/// if that is a directory. A directory is merged with the one that is there, file by file. Modes are kept.
///
/// # Errors
/// The destination is no path.
pub fn upload_payload(
    spool: Arc<PathBuf>,
    source: &Path,
    destination: &str,
    call: &Call<'_>,
) -> Result<Payload, Failure> {
    let name = source.file_name().and_then(|name| name.to_str());
    let script = upload_script(destination, name)?;
    Carriage::stream(script, Content::File(spool)).payload(call)
}

/// The payload that makes `destination` a file with this content, readable by its owner only if it is new.
///
/// # Errors
/// The destination is no path.
pub fn write_file_payload(
    content: &[u8],
    destination: &str,
    call: &Call<'_>,
) -> Result<Payload, Failure> {
    let script = upload_script(destination, None)?;
    let mut archive = Archive::new(Vec::new());
    let packed = archive
        .add(CONTENT, 0o644, content)
        .and_then(|()| archive.add(DONE, 0o600, b""))
        .and_then(|()| archive.finish())
        .map_err(|error| {
            Failure::new(kinds::FILE, format!("the content can't be packed: {error}"))
        })?;
    Carriage::stream(script, Content::Bytes(packed)).payload(call)
}

/// The payload that writes the file or the directory `source` of the target to the new file `spool`, as an archive
/// that [`unpack_download`](super::unpack_download) reads.
///
/// # Errors
/// The source is no path.
pub fn download_payload(source: &str, spool: PathBuf, call: &Call<'_>) -> Result<Payload, Failure> {
    let source = shell::quote(path(source, "source")?);
    let script = [
        "cd 2>/dev/null",
        &format!("p={source}"),
        r#"[ -e "$p" ]||f read "$p: no such file or directory""#,
        r#"command -v tar >/dev/null 2>&1||f read "there is no tar""#,
        // The links inside stay links; the source itself is what it leads to.
        r#"if [ -d "$p" ];then cd "$p"||exit 2;exec $x tar -cf - .;fi"#,
        r#"case $p in */*)cd "${p%/*}/"||exit 2;;esac"#,
        r#"exec $x tar -chf - "./${p##*/}""#,
    ]
    .join(";");
    let mut carriage = Carriage::stream(script, Content::Bytes(Vec::new()));
    carriage.stdout = Stdout::File(spool);
    carriage.payload(call)
}

fn path<'a>(path: &'a str, what: &str) -> Result<&'a str, Failure> {
    if path.is_empty() || path.contains(['\0', '\n']) {
        return Err(Failure::new(
            kinds::VALIDATION,
            format!("the {what} of a transfer must be a path of one line"),
        ));
    }
    Ok(path)
}

/// Unpacks beside the destination, which is on the same file system, and moves it there.
fn upload_script(destination: &str, name: Option<&str>) -> Result<String, Failure> {
    let destination = shell::quote(path(destination, "destination")?);
    let name = shell::quote(match name {
        Some(name) => path(name, "source")?,
        None => "",
    });
    Ok([
        "cd 2>/dev/null",
        &format!("p={destination};n={name}"),
        // A slash at the end says that it is a directory.
        r#"case $p in */)[ -d "$p" ]||f write "$p: no such directory";;esac"#,
        r#"case $p in /*);;*)p=$PWD/$p;;esac"#,
        r#"p=${p%/}"#,
        r#"if [ -d "$p" ];then q=$p;else q=${p%/*};fi"#,
        r#"q=$q/.segue.$i"#,
        r#"e=$(mkdir -m 700 "$q" 2>&1)||f write "$e""#,
        r#"trap "rm -rf \"\$q\"" EXIT"#,
        r#"trap "exit 143" HUP INT TERM"#,
        r#"command -v tar >/dev/null 2>&1||f write "there is no tar""#,
        r#"e=$(cd "$q"&&tar -xopf - 2>&1)||f write "$e""#,
        &format!(r#"[ -f "$q/{DONE}" ]||f input "the archive ended early""#),
        &format!(
            r#"if [ -d "$q/{CONTENT}" ]&&[ -d "$p" ];then cd "$q/{CONTENT}"||exit;P=$p;export P;{MERGE};exit 0;fi"#
        ),
        r#"if [ -d "$p" ]&&[ "$n" ];then p=$p/$n;fi"#,
        r#"[ -d "$p" ]&&f write "$p: is a directory""#,
        &format!(r#"e=$(mv -f "$q/{CONTENT}" "$p" 2>&1)||f write "$e""#),
    ]
    .join(";"))
}

/// Directories first, then every file by a rename of its own.
const MERGE: &str = concat!(
    r#"e=$(find . -type d -exec /bin/sh -c "for f do [ -d \"\$P/\$f\" ]||mkdir \"\$P/\$f\"||exit;done" sh {} + 2>&1)"#,
    r#"&&e=$(find . \( -type f -o -type l \) -exec /bin/sh -c "for f do mv -f \"\$f\" \"\$P/\$f\"||exit;done" sh {} + 2>&1)"#,
    r#"||f write "$e""#,
);
