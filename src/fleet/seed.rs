//! Chance that can be repeated: a number out of a seed and some words, the same on every machine and in every release.

use sha2::{Digest, Sha256};

/// A number that depends on all of `words` and on nothing else.
///
/// SHA-256, because its output is fixed for ever; the hashers and generators of the standard library and of `rand`
/// may change from one version to the next, and a seed in somebody's notes has to keep its meaning.
pub(super) fn draw(seed: u64, words: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    for word in words {
        // The length keeps ["ab", "c"] and ["a", "bc"] apart.
        hash.update((word.len() as u64).to_le_bytes());
        hash.update(word.as_bytes());
    }
    let digest = hash.finalize();
    let (first, _) = digest
        .as_slice()
        .split_first_chunk::<8>()
        .expect("a SHA-256 digest has 32 bytes");
    u64::from_le_bytes(*first)
}

#[cfg(test)]
mod tests {
    use super::draw;

    #[test]
    fn every_word_and_the_seed_count() {
        let one = draw(1, &["hang", "web1"]);
        assert_eq!(one, draw(1, &["hang", "web1"]));
        assert_ne!(one, draw(2, &["hang", "web1"]));
        assert_ne!(one, draw(1, &["hang", "web2"]));
        assert_ne!(one, draw(1, &["hangw", "eb1"]));
    }

    #[test]
    fn a_seed_keeps_its_meaning_for_ever() {
        assert_eq!(draw(7, &["hang", "web1"]), 8_526_751_515_380_598_086);
    }
}
