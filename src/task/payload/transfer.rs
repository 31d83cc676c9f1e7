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
        concat!(
            r#"if [ -d "$p" ];then cd "$p"||exit 2;set -- -cf - .;"#,
            r#"else case $p in */*)cd "${p%/*}/"||exit 2;;esac;set -- -chf - "./${p##*/}";fi"#,
        ),
        &format!(r#"exec $x /bin/sh -c "{TAR}" sh "$@""#),
    ]
    .join(";");
    let mut carriage = Carriage::stream(script, Content::Bytes(Vec::new()));
    carriage.stdout = Stdout::File(spool);
    carriage.payload(call)
}

// GNU tar has a code of its own for files that grew while they were read, as logs do. That is no failure.
const TAR: &str = r#"tar \"\$@\";r=\$?;if [ \$r = 1 ];then case \$(tar --version) in *GNU*)r=0;;esac;fi;exit \$r"#;

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
        r"case $p in /*);;*)p=$PWD/$p;;esac",
        r"p=${p%/}",
        r#"if [ -d "$p" ];then q=$p;else q=${p%/*};fi"#,
        r"q=$q/.segue.$i",
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

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;
    use crate::{
        model::{Output, Stdin, TargetResult},
        task::{
            Attempt, FileSource, download_result,
            payload::{
                spool_upload,
                trial::{Ask, Trial, shells},
                unpack_download,
            },
            upload_result, write_file_result,
        },
    };

    fn upload(trial: &Trial, source: &Path, destination: &str) -> TargetResult {
        let ask = Ask::new();
        let call = ask.call();
        let spool = Arc::new(trial.directory.path().join("spool"));
        spool_upload(&FileSource::Disk(source.to_owned()), &spool).unwrap();
        let payload = upload_payload(spool, source, destination, &call).unwrap();
        let output = trial.run(&payload);
        let attempt = Attempt {
            call: &call,
            object: destination,
            duration_ms: 0,
            attempts: 1,
        };
        upload_result(&attempt, "source", destination, &output)
    }

    fn said(result: &TargetResult) -> &str {
        match &result.failure {
            Some(failure) => &failure.message,
            None => "",
        }
    }

    #[test]
    fn uploaded_file_keeps_content_and_mode() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let source = trial.directory.path().join("it's a.bin");
            let content: Vec<u8> = (0..=255).cycle().take(100_000).collect();
            fs::write(&source, &content).unwrap();
            fs::set_permissions(&source, fs::Permissions::from_mode(0o751)).unwrap();
            let home = trial.home();
            fs::write(home.join("b"), "old").unwrap();
            for (destination, place) in [("a b", "a b"), ("b", "b"), (".", "it's a.bin")] {
                let result = upload(&trial, &source, destination);
                assert_eq!(said(&result), "", "{shell:?} {destination}");
                let place = home.join(place);
                assert_eq!(
                    fs::read(&place).unwrap(),
                    content,
                    "{shell:?} {destination}"
                );
                let mode = fs::metadata(&place).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o751, "{shell:?} {destination}");
            }
            let left: Vec<_> = fs::read_dir(&home)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .filter(|name| name.starts_with('.'))
                .collect();
            assert_eq!(left, Vec::<String>::new(), "{shell:?}");
        }
    }

    #[test]
    fn uploaded_directory_is_merged_file_by_file() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let source = trial.directory.path().join("site");
            fs::create_dir_all(source.join("deep er/empty")).unwrap();
            fs::write(source.join("deep er/x'y"), "new").unwrap();
            fs::write(source.join("top"), "top").unwrap();
            std::os::unix::fs::symlink("top", source.join("link")).unwrap();
            let home = trial.home();
            let result = upload(&trial, &source, "www");
            assert_eq!(said(&result), "", "{shell:?}");
            fs::write(home.join("www/deep er/x'y"), "changed").unwrap();
            fs::write(home.join("www/kept"), "kept").unwrap();
            let result = upload(&trial, &source, "www/");
            assert_eq!(said(&result), "", "{shell:?}");
            let read = |name: &str| fs::read_to_string(home.join("www").join(name)).unwrap();
            assert_eq!(read("deep er/x'y"), "new", "{shell:?}");
            assert_eq!(
                (read("kept"), read("link")),
                ("kept".to_owned(), "top".to_owned())
            );
            assert!(home.join("www/deep er/empty").is_dir(), "{shell:?}");
        }
    }

    #[test]
    fn upload_says_why_it_failed() {
        let trial = Trial::new();
        let source = trial.directory.path().join("x");
        fs::write(&source, "x").unwrap();
        let result = upload(&trial, &source, "no/such/place");
        assert!(
            said(&result).contains("No such file or directory"),
            "{}",
            said(&result)
        );
        let failure = result.failure.as_ref().unwrap();
        assert_eq!(failure.issue_code.as_deref(), Some("WRITE_ERROR"));
        let result = upload(&trial, &source, "missing/");
        assert!(
            said(&result).contains("no such directory"),
            "{}",
            said(&result)
        );
    }

    #[test]
    fn upload_that_was_cut_short_changes_nothing() {
        let trial = Trial::new();
        let home = trial.home();
        fs::write(home.join("x"), "old").unwrap();
        let ask = Ask::new();
        let mut payload = write_file_payload(&[b'n'; 2000], "x", &ask.call()).unwrap();
        let whole = payload.stdin.head().to_vec();
        let cuts = (0..whole.len() - 1100)
            .step_by(256)
            .chain([whole.len() - 1600]);
        for cut in cuts {
            let bytes = crate::model::Secret::new(whole[..cut].to_vec());
            payload.stdin = Stdin::Bytes(Arc::new(bytes));
            let output = trial.run(&payload);
            assert_ne!(output.exit.code(), 0, "cut at {cut}");
            assert_eq!(
                fs::read_to_string(home.join("x")).unwrap(),
                "old",
                "cut at {cut}"
            );
        }
        assert_eq!(fs::read_dir(&home).unwrap().count(), 1);
    }

    #[test]
    fn file_is_written_with_any_content() {
        let trial = Trial::new();
        let ask = Ask::new();
        let call = ask.call();
        let content = b"nul \0 and no newline";
        let payload = write_file_payload(content, "new file", &call).unwrap();
        let output = trial.run(&payload);
        assert_eq!(fs::read(trial.home().join("new file")).unwrap(), content);
        let attempt = Attempt {
            call: &call,
            object: "new file",
            duration_ms: 0,
            attempts: 1,
        };
        let result = write_file_result(&attempt, "new file", &output);
        assert_eq!(
            result.value.open_text(),
            r#"{"_output":"Wrote 'web1:new file'"}"#
        );
    }

    fn download(trial: &Trial, source: &str) -> (TargetResult, PathBuf) {
        let ask = Ask::new();
        let call = ask.call();
        let spool = trial.directory.path().join("spool");
        let payload = download_payload(source, spool.clone(), &call).unwrap();
        let mut output: Output = trial.run(&payload);
        // What a transport does for an output that is a file.
        fs::write(&spool, std::mem::take(&mut output.stdout)).unwrap();
        let destination = trial.directory.path().join("down/web1/it");
        if output.exit.code() == 0 {
            unpack_download(&spool, &destination).unwrap();
        }
        let attempt = Attempt {
            call: &call,
            object: source,
            duration_ms: 0,
            attempts: 1,
        };
        (
            download_result(&attempt, source, "down/web1/it", &output),
            destination,
        )
    }

    #[test]
    fn files_and_directories_come_down() {
        for shell in shells() {
            let trial = Trial::with_shell(&shell);
            let home = trial.home();
            fs::create_dir_all(home.join("d/sub dir")).unwrap();
            fs::write(home.join("d/sub dir/-f"), b"\0\xff").unwrap();
            std::os::unix::fs::symlink("sub dir/-f", home.join("d/inside")).unwrap();
            std::os::unix::fs::symlink("/etc/passwd", home.join("d/outside")).unwrap();
            std::os::unix::fs::symlink("d/sub dir/-f", home.join("link")).unwrap();
            let (result, place) = download(&trial, "d");
            assert_eq!(said(&result), "", "{shell:?}");
            assert_eq!(
                fs::read(place.join("sub dir/-f")).unwrap(),
                b"\0\xff",
                "{shell:?}"
            );
            assert_eq!(
                fs::read(place.join("inside")).unwrap(),
                b"\0\xff",
                "{shell:?}"
            );
            assert!(
                place.join("outside").symlink_metadata().is_err(),
                "{shell:?}"
            );
            for file in ["link", "d/sub dir/-f"] {
                let absolute = home.join(file);
                let (result, place) = download(&trial, absolute.to_str().unwrap());
                assert_eq!(said(&result), "", "{shell:?} {file}");
                assert_eq!(fs::read(&place).unwrap(), b"\0\xff", "{shell:?} {file}");
            }
            let (result, _) = download(&trial, "nothing");
            assert!(
                said(&result).contains("no such file"),
                "{shell:?} {}",
                said(&result)
            );
        }
    }

    #[test]
    fn paths_that_are_none_are_refused() {
        let ask = Ask::new();
        for path in ["", "a\nb", "a\0b"] {
            assert!(write_file_payload(b"", path, &ask.call()).is_err());
            assert!(download_payload(path, PathBuf::new(), &ask.call()).is_err());
        }
    }
}
