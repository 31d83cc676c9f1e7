//! How our types look in columns.

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use crate::model::EffectId;

/// Rows of one job have ids from its number times this.
const JOB_STRIDE: i64 = 1 << 40;

/// The id of the row of an event.
pub(super) fn row_id(job: i64, seq: u64) -> i64 {
    let seq = i64::try_from(seq).unwrap_or(i64::MAX).min(JOB_STRIDE - 1);
    job * JOB_STRIDE + seq
}

/// The largest id that a row of the job can have.
pub(super) fn row_id_last(job: i64) -> i64 {
    job * JOB_STRIDE + (JOB_STRIDE - 1)
}

/// The number of the event in a row.
pub(super) fn seq_of(row_id: i64) -> u64 {
    (row_id % JOB_STRIDE).unsigned_abs()
}

/// Nanoseconds since 1970, until 2262.
pub(super) fn nanoseconds(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX)
}

pub(super) fn timestamp(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or(Timestamp::MAX)
}

/// A count as SQLite keeps it.
pub(super) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The word that serde has for a variant.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The variant that a word stands for; nothing if a later version wrote it.
pub(super) fn variant<T: DeserializeOwned>(word: String) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(word)).ok()
}

/// An effect as a column has it: `branch#hash:occurrence`.
pub(super) fn effect_text(effect: &EffectId) -> String {
    format!("{}#{}:{}", effect.branch, effect.content, effect.occurrence)
}

/// The effect of a column; nothing if it is damaged.
pub(super) fn effect_of(text: &str) -> Option<EffectId> {
    let (branch, rest) = text.rsplit_once('#')?;
    let (content, occurrence) = rest.split_once(':')?;
    Some(EffectId {
        // A path is transparent in JSON; there is no other way in.
        branch: serde_json::from_value(branch.into()).ok()?,
        content: content.parse().ok()?,
        occurrence: occurrence.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{event::JobStatus, store::sample::effect_id};

    #[test]
    fn effects_survive_their_column() {
        for branch in ["", "web1", "a#b:c/d"] {
            let effect = effect_id(branch, 3);
            assert_eq!(effect_of(&effect_text(&effect)), Some(effect));
        }
        for text in ["", "#", "a#zz:1", "a#00:x"] {
            assert_eq!(effect_of(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_survive_their_row() {
        assert_eq!(seq_of(row_id(7, 12)), 12);
        assert!(row_id(7, u64::MAX) <= row_id_last(7));
        assert!(row_id_last(7) < row_id(8, 0));
    }

    #[test]
    fn words_are_those_of_events() {
        assert_eq!(word(&JobStatus::OverBudget), "over_budget");
        assert_eq!(
            variant("over_budget".to_owned()),
            Some(JobStatus::OverBudget)
        );
        assert_eq!(variant::<JobStatus>("frobnicated".to_owned()), None);
    }
}
