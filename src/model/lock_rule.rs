//! What a job does about targets that another one is changing.

use std::str::FromStr;

use super::nearest;

/// What a job does about targets that another one holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockRule {
    /// Waits until they are free.
    Wait,
    /// Leaves all targets of the action alone.
    Fail,
    /// Does not look, and holds nothing itself.
    None,
}

/// Why a text is no such rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a rule for targets that another job holds")]
pub struct ParseLockRuleError {
    pub text: String,
    pub nearest: Option<&'static str>,
}

impl LockRule {
    pub const ALL: [Self; 3] = [Self::Wait, Self::Fail, Self::None];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Fail => "fail",
            Self::None => "none",
        }
    }
}

impl FromStr for LockRule {
    type Err = ParseLockRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|rule| rule.as_str() == text);
        found.ok_or_else(|| ParseLockRuleError {
            text: text.to_owned(),
            nearest: nearest(text, Self::ALL.map(Self::as_str)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_back_as_they_are_written() {
        for rule in LockRule::ALL {
            assert_eq!(rule.as_str().parse(), Ok(rule));
        }
        let error = "wiat".parse::<LockRule>().unwrap_err();
        assert_eq!(error.nearest, Some("wait"));
    }
}
