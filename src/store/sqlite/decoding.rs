//! Reads events back from their text, the two kinds that make up most of a job without a detour.
//!
//! Serde reads an enum that is tagged inside by keeping all of it in between first, and a result's value is
//! text that nobody may ever look into. A job of ten thousand targets has twenty thousand such events.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    event::EventKind,
    model::{ActionKind, EffectId, Failure, ResultValue, Status, TargetName, TargetResult},
};

const STARTED: &str = r#"{"kind":"target_started","#;
const FINISHED: &str = r#"{"kind":"target_finished","#;

/// Reads the events of one job.
#[derive(Default)]
pub(super) struct Decoder {
    /// The last effect, which is most often the next one too.
    effect: Option<(Box<str>, EffectId)>,
}

#[derive(Deserialize)]
struct Started<'a> {
    #[serde(borrow)]
    effect: &'a RawValue,
    target: TargetName,
    attempt: u32,
    #[serde(default)]
    run: String,
}

#[derive(Deserialize)]
struct Finished<'a> {
    #[serde(borrow)]
    effect: &'a RawValue,
    #[serde(borrow)]
    result: ResultText<'a>,
}

/// [`TargetResult`] with its value as it lies there.
#[derive(Deserialize)]
struct ResultText<'a> {
    target: TargetName,
    action: ActionKind,
    object: String,
    status: Status,
    #[serde(borrow)]
    value: &'a RawValue,
    #[serde(default)]
    failure: Option<Failure>,
    duration_ms: u64,
    attempts: u32,
}

impl Decoder {
    /// The event of this text: the same as serde reads it.
    pub(super) fn decode(&mut self, body: &str) -> serde_json::Result<EventKind> {
        if body.starts_with(STARTED) {
            let started: Started<'_> = serde_json::from_str(body)?;
            return Ok(EventKind::TargetStarted {
                effect: self.effect(started.effect)?,
                target: started.target,
                attempt: started.attempt,
                run: started.run,
            });
        }
        if body.starts_with(FINISHED) {
            let finished: Finished<'_> = serde_json::from_str(body)?;
            let result = finished.result;
            return Ok(EventKind::TargetFinished {
                effect: self.effect(finished.effect)?,
                result: Arc::new(TargetResult {
                    target: result.target,
                    action: result.action,
                    object: result.object,
                    status: result.status,
                    value: value(result.value)?,
                    failure: result.failure,
                    duration_ms: result.duration_ms,
                    attempts: result.attempts,
                }),
            });
        }
        serde_json::from_str(body)
    }

    fn effect(&mut self, text: &RawValue) -> serde_json::Result<EffectId> {
        if let Some((last, effect)) = &self.effect
            && **last == *text.get()
        {
            return Ok(effect.clone());
        }
        let effect: EffectId = serde_json::from_str(text.get())?;
        self.effect = Some((text.get().into(), effect.clone()));
        Ok(effect)
    }
}

/// The value of a result. Its text is kept if it is an object, as it should be; else it is serde's to refuse.
fn value(text: &RawValue) -> serde_json::Result<ResultValue> {
    if text.get().starts_with('{') {
        Ok(ResultValue::from_json_object(text.get().to_owned()))
    } else {
        serde_json::from_str(text.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::every_kind;

    #[test]
    fn the_short_way_reads_what_the_long_way_reads() {
        let mut decoder = Decoder::default();
        for kind in every_kind() {
            let body = serde_json::to_string(&kind).unwrap();
            assert!(!matches!(kind, EventKind::TargetStarted { .. }) || body.starts_with(STARTED));
            assert!(
                !matches!(kind, EventKind::TargetFinished { .. }) || body.starts_with(FINISHED)
            );
            let long: EventKind = serde_json::from_str(&body).unwrap();
            assert_eq!(decoder.decode(&body).unwrap(), long);
            let later = body.replacen('{', r#"{"weather":["wind"],"#, 1);
            assert_eq!(decoder.decode(&later).unwrap(), long);
            let later = format!(r#"{},"weather":["wind"]}}"#, &body[..body.len() - 1]);
            assert_eq!(decoder.decode(&later).unwrap(), long);
            for cut in (0..body.len()).filter(|at| body.is_char_boundary(*at)) {
                assert!(decoder.decode(&body[..cut]).is_err(), "{}", &body[..cut]);
            }
        }
    }

    #[test]
    fn a_value_that_is_no_object_is_refused() {
        let kinds = every_kind();
        let finished = kinds
            .iter()
            .find(|kind| matches!(kind, EventKind::TargetFinished { .. }));
        let mut json = serde_json::to_value(finished).unwrap();
        json["result"]["value"] = "text".into();
        // As serde_json writes it the kind comes first.
        let body = json.to_string();
        assert!(body.starts_with(FINISHED));
        assert!(Decoder::default().decode(&body).is_err());
    }
}
