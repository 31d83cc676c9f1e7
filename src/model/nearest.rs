//! Did-you-mean for every name that a person types.

/// How long a name may be that something near is looked for to. No name that a person types is longer, and the way to
/// tell how far two texts are from each other takes time with the square of their lengths.
const TYPED_MAX: usize = 200;

/// The candidate that was most likely meant by `typed`, if any is near enough to be worth a question.
///
/// Near is a third of the letters wrong by Damerau-Levenshtein distance, or a last segment
/// (after `::`) that is equal.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = typed.chars().count();
    if length > TYPED_MAX {
        return None;
    }
    let wrong_max = (length / 3).max(1);
    let last = |name: &str| name.rsplit("::").next().map(str::to_lowercase);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let distance =
                strsim::damerau_levenshtein(&typed.to_lowercase(), &candidate.to_lowercase());
            let same_end = last(typed) == last(candidate);
            (distance <= wrong_max || same_end).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_a_typo_and_a_forgotten_module() {
        let tasks = ["service", "package", "lb::drain", "http::check"];
        assert_eq!(nearest("servcie", tasks), Some("service"));
        assert_eq!(nearest("drain", tasks), Some("lb::drain"));
        assert_eq!(nearest("PACKAGE", tasks), Some("package"));
        assert_eq!(nearest("kubernetes", tasks), None);
    }
}
