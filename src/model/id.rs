//! Ids: of jobs, targets, branches of a plan, and effects.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The name of a target in the inventory: unique in a job, cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TargetName(Arc<str>);

impl TargetName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for TargetName {
    fn from(name: &str) -> Self {
        Self(Arc::from(name))
    }
}

impl From<String> for TargetName {
    fn from(name: String) -> Self {
        Self(Arc::from(name))
    }
}

impl Borrow<str> for TargetName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a job: short enough to say aloud, sortable by start, unique in a store.
///
/// Eight characters of Crockford's base 32 (no `i`, `l`, `o`, `u`): five of the time, three of chance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(Arc<str>);

/// Why a text is no job id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is not a job id")]
pub struct ParseJobIdError {
    pub text: String,
}

impl JobId {
    const DIGITS: &'static [u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    /// Longer than any id we make, so that ids of a later version still parse.
    const LENGTH_MAX: usize = 32;

    /// The id for a job started at `seconds` since 1970, told apart from others of that time by `chance`.
    #[must_use]
    pub fn new(seconds: u64, chance: u32) -> Self {
        let digit = |number: u64| char::from(Self::DIGITS[(number % 32) as usize]);
        // 25 bits of 32-second slots: ids sort by start for 34 years, then begin again.
        let slot = seconds / 32;
        let mut text = String::with_capacity(8);
        for place in (0..5).rev() {
            text.push(digit(slot >> (5 * place)));
        }
        for place in (0..3).rev() {
            text.push(digit(u64::from(chance) >> (5 * place)));
        }
        Self(Arc::from(text))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JobId {
    type Err = ParseJobIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = text.to_ascii_lowercase();
        let valid = !lower.is_empty()
            && lower.len() <= Self::LENGTH_MAX
            && lower.bytes().all(|byte| Self::DIGITS.contains(&byte));
        if valid {
            Ok(Self(Arc::from(lower)))
        } else {
            Err(ParseJobIdError {
                text: text.to_owned(),
            })
        }
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The way from the root of a plan to one of its branches: names of steps, keys of `parallel`, plans called.
///
/// The root is the empty path; elements are joined by `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BranchPath(Arc<str>);

impl BranchPath {
    #[must_use]
    pub fn root() -> Self {
        Self(Arc::from(""))
    }

    /// The branch `name` of this branch. A `/` in the name is written `%2F`, so paths can't be confused.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        let name = name.replace('%', "%25").replace('/', "%2F");
        if self.0.is_empty() {
            Self(Arc::from(name))
        } else {
            Self(Arc::from(format!("{}/{name}", self.0)))
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BranchPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A hash of what an effect asks: the first 128 bits of SHA-256 over its canonical text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 16]);

impl ContentHash {
    /// The hash of a canonical text.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        let digest = Sha256::digest(text);
        let mut first = [0; 16];
        first.copy_from_slice(&digest[..16]);
        Self(first)
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

impl FromStr for ContentHash {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(u128::from_str_radix(text, 16)?.to_be_bytes()))
    }
}

impl Serialize for ContentHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The id of an effect that a second run of the plan computes again, wherever its line has moved:
/// the branch, a hash of what is asked, and how many times this branch has asked the same before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EffectId {
    pub branch: BranchPath,
    pub content: ContentHash,
    pub occurrence: u32,
}

impl fmt::Display for EffectId {
    /// `branch#hash:occurrence`, with as much of the hash as a person needs to tell effects apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = self.content.to_string();
        write!(f, "{}#{}:{}", self.branch, &hash[..8], self.occurrence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_ids_sort_by_start_and_parse_back() {
        let earlier = JobId::new(1_795_000_000, 77);
        let later = JobId::new(1_795_000_064, 3);
        assert!(earlier < later);
        assert_eq!(earlier.as_str().len(), 8);
        assert_eq!(earlier.as_str().to_uppercase().parse(), Ok(earlier));
        assert!("nope!".parse::<JobId>().is_err());
    }

    #[test]
    fn branches_with_a_slash_in_their_name_stay_apart() {
        let root = BranchPath::root();
        assert_ne!(root.child("a/b"), root.child("a").child("b"));
        assert_eq!(root.child("a").child("b").as_str(), "a/b");
    }

    #[test]
    fn content_hashes_survive_json() {
        let hash = ContentHash::of(b"restart nginx");
        let json = serde_json::to_string(&hash).unwrap();
        assert_eq!(serde_json::from_str::<ContentHash>(&json).unwrap(), hash);
    }
}
