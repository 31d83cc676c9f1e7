//! The job that a person means by what they type.

use super::StoreError;
use crate::model::{JobId, nearest};

/// The id, the beginning of one, or `last`. The ids come with the latest first.
pub(super) fn find(typed: &str, ids: &[String]) -> Result<JobId, StoreError> {
    let wanted = typed.trim().to_ascii_lowercase();
    let unknown = || StoreError::UnknownJob {
        job: typed.to_owned(),
        nearest: nearest(&wanted, ids.iter().map(String::as_str)).map(str::to_owned),
    };
    let parse = |id: &String| id.parse().map_err(|_| unknown());
    // No id has an `l`, so the word is free.
    if wanted == "last" {
        return ids.first().ok_or_else(unknown).and_then(parse);
    }
    if let Some(id) = ids.iter().find(|id| **id == wanted) {
        return parse(id);
    }
    let begun: Vec<&String> = ids.iter().filter(|id| id.starts_with(&wanted)).collect();
    match begun.as_slice() {
        [id] if !wanted.is_empty() => parse(id),
        [] | [_] => Err(unknown()),
        many => Err(StoreError::AmbiguousJob {
            job: typed.to_owned(),
            count: many.len(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_may_be_shortened_and_the_last_has_a_name() {
        let ids = [
            "00ab2222".to_owned(),
            "00ab1111".to_owned(),
            "0zz00000".to_owned(),
        ];
        let found = |typed| find(typed, &ids).map(|job| job.to_string());
        assert_eq!(found("last"), Ok("00ab2222".to_owned()));
        assert_eq!(found("00AB1111"), Ok("00ab1111".to_owned()));
        assert_eq!(found("0z"), Ok("0zz00000".to_owned()));
        assert!(matches!(
            found("00ab"),
            Err(StoreError::AmbiguousJob { count: 2, .. })
        ));
        assert!(matches!(
            found("00ab1112"),
            Err(StoreError::UnknownJob { nearest: Some(near), .. }) if near == "00ab1111"
        ));
        assert!(matches!(
            find("last", &[]),
            Err(StoreError::UnknownJob { .. })
        ));
        assert!(find("", &ids).is_err());
    }
}
