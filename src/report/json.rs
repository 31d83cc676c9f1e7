//! One JSON document for a job: the envelope that Bolt's users parse, and what it lacks.

use serde_json::{Value as Json, json};

use crate::{
    event::{JobKind, JobStatus, JobView},
    model::{Status, TargetResult},
};

/// One result with the keys of Bolt's: `target`, `action`, `object`, `status`, `value`.
///
/// `state` tells apart what Bolt's `failure` lumps together.
#[must_use]
pub fn result_document(result: &TargetResult) -> Json {
    json!({
        "target": result.target,
        "action": result.action,
        "object": result.object,
        "status": if result.is_ok() { "success" } else { "failure" },
        "state": result.status,
        "value": result.value,
        "duration_ms": result.duration_ms,
        "attempts": result.attempts,
    })
}

/// The document of a whole job.
///
/// For a task, command, script or transfer: `items`, `target_count`, `elapsed_time` in whole seconds.
/// For a plan: `value`, what it returned. For all: `job_id`, `status`, and `_error` and `not_cleaned_up` where there is one.
#[must_use]
pub fn job_document(view: &JobView) -> Json {
    let mut document = serde_json::Map::new();
    document.insert("job_id".to_owned(), json!(view.job));
    document.insert("status".to_owned(), json!(view.status));
    if view.what == Some(JobKind::Plan) {
        document.insert("value".to_owned(), json!(view.value));
    } else {
        let results: Vec<&TargetResult> = view
            .effects
            .values()
            .flat_map(|effect| {
                // In the order of the targets, whichever answered first.
                let targets = effect.asked.targets.iter();
                targets.filter_map(|target| effect.results.get(target))
            })
            .map(AsRef::as_ref)
            .collect();
        let items: Vec<Json> = results
            .iter()
            .map(|result| result_document(result))
            .collect();
        document.insert("target_count".to_owned(), json!(items.len()));
        document.insert("items".to_owned(), Json::Array(items));
    }
    let counts = view.target_counts();
    document.insert(
        "targets".to_owned(),
        json!({
            "total": counts.total(),
            "succeeded": counts.succeeded,
            "failed": counts.failed,
            "unreached": counts.unreached,
            "skipped": counts.skipped,
            "lost": counts.lost,
        }),
    );
    if let (Some(start), Some(end)) = (view.started_at, view.finished_at) {
        let elapsed = end.duration_since(start);
        document.insert("elapsed_time".to_owned(), json!(elapsed.as_secs()));
        document.insert("elapsed_ms".to_owned(), json!(elapsed.as_millis()));
    }
    let cut: Vec<Json> = view
        .cut_cleanups()
        .map(|effect| json!(effect.asked))
        .collect();
    if !cut.is_empty() {
        document.insert("not_cleaned_up".to_owned(), Json::Array(cut));
    }
    if let Some(failure) = &view.failure {
        document.insert("_error".to_owned(), json!(failure));
    } else if matches!(view.status, JobStatus::Stopped) {
        document.insert(
            "_error".to_owned(),
            json!({ "kind": "segue/stopped", "msg": "the job was stopped" }),
        );
    }
    Json::Object(document)
}

/// The word for a status in lists and lines.
pub const fn status_word(status: Status) -> &'static str {
    match status {
        Status::Succeeded => "ok",
        Status::Failed => "failed",
        Status::Unreached => "not reached",
        Status::Skipped => "skipped",
        Status::Lost => "lost",
    }
}
