//! One job as a JSON document with all that is known of it: for scripts that look at a job of the past.

use serde_json::{Value as Json, json};

use super::json::{job_document, result_document};
use crate::{
    event::{EffectView, JobView},
    model::TargetName,
};

/// The document of [`job_document`] and, beside it, who ran what from where, every step, and every effect with its
/// results. `state` is how the job stands, which its events alone can't tell.
#[must_use]
pub fn job_record(view: &JobView, state: &str) -> Json {
    let mut record = job_document(view);
    let effects: Vec<Json> = view
        .effects
        .iter()
        .map(|(id, effect)| effect_record(&id.to_string(), effect))
        .collect();
    let steps: Vec<Json> = view
        .steps
        .iter()
        .map(|((branch, name), step)| {
            json!({
                "name": name,
                "branch": branch,
                "status": step.status,
                "started_at": step.started_at,
                "finished_at": step.finished_at,
                "because": step.because,
                "_error": step.failure,
            })
        })
        .collect();
    let resumes: Vec<Json> = view
        .resumes
        .iter()
        .map(|resume| json!({ "at": resume.at, "origin": resume.origin, "flags": resume.flags }))
        .collect();
    let more = json!({
        "state": state,
        "type": view.what,
        "object": view.object,
        "params": view.params,
        "origin": view.origin,
        "started_at": view.started_at,
        "finished_at": view.finished_at,
        "resumes": resumes,
        "steps": steps,
        "effects": effects,
    });
    if let (Json::Object(record), Json::Object(more)) = (&mut record, more) {
        record.extend(more);
    }
    record
}

fn effect_record(id: &str, effect: &EffectView) -> Json {
    let results: Vec<Json> = effect
        .results
        .values()
        .map(|result| result_document(result))
        .collect();
    let running: Vec<&TargetName> = effect.running.keys().collect();
    json!({
        "id": id,
        "function": effect.asked.function,
        "object": effect.asked.object,
        "description": effect.asked.description,
        "params": effect.asked.params,
        "targets": effect.asked.targets,
        "started_at": effect.started_at,
        "finished_at": effect.finished_at,
        "reply": effect.reply,
        "running": running,
        "results": results,
    })
}
