//! What came of a transfer.

use crate::model::{ActionKind, Failure, Map, Output, ResultValue, TargetResult, kinds};

use super::{attempt::Attempt, talk::own_stderr};

/// The result of an upload of `source` to `destination`.
#[must_use]
pub fn upload_result(
    attempt: &Attempt<'_>,
    source: &str,
    destination: &str,
    output: &Output,
) -> TargetResult {
    let host = &attempt.call.target.host;
    let said = format!("Uploaded '{source}' to '{host}:{destination}'");
    transferred(attempt, ActionKind::Upload, output, "WRITE_ERROR", || {
        outputs(said)
    })
}

/// The result of writing a file.
#[must_use]
pub fn write_file_result(
    attempt: &Attempt<'_>,
    destination: &str,
    output: &Output,
) -> TargetResult {
    let host = &attempt.call.target.host;
    let said = format!("Wrote '{host}:{destination}'");
    transferred(
        attempt,
        ActionKind::WriteFile,
        output,
        "WRITE_ERROR",
        || outputs(said),
    )
}

/// The result of a download of `source` that has been unpacked to `path`.
#[must_use]
pub fn download_result(
    attempt: &Attempt<'_>,
    source: &str,
    path: &str,
    output: &Output,
) -> TargetResult {
    let host = &attempt.call.target.host;
    let said = format!("Downloaded '{host}:{source}' to '{path}'");
    transferred(
        attempt,
        ActionKind::Download,
        output,
        "DOWNLOAD_ERROR",
        || {
            let mut map = Map::from_iter([("path".to_owned(), path.into())]);
            map.extend(outputs(said));
            map
        },
    )
}

fn outputs(said: String) -> Map {
    Map::from_iter([("_output".to_owned(), said.into())])
}

fn transferred(
    attempt: &Attempt<'_>,
    action: ActionKind,
    output: &Output,
    issue_code: &str,
    value: impl FnOnce() -> Map,
) -> TargetResult {
    let stderr = match own_stderr(attempt.call, output) {
        Ok(stderr) => stderr,
        Err(failure) => return attempt.failed(action, failure),
    };
    let code = output.exit.code();
    if code == 0 {
        return attempt.result(action, ResultValue::new(value()), None);
    }
    let said = stderr.trim();
    let message = if said.is_empty() {
        format!("the transfer failed with exit code {code}")
    } else {
        format!("the transfer failed: {said}")
    };
    let failure = Failure::new(kinds::FILE, message)
        .with_issue_code(issue_code)
        .with_detail("exit_code", i64::from(code));
    attempt.failed(action, failure)
}
