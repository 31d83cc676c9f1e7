//! A value that must not be seen.

use std::fmt;

/// Holds a value that no log, event, message or command line may show. `Debug` and `Display` redact it;
/// the one way to it is [`Secret::reveal`], which is easy to search for.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// What is shown in place of the value. The words are Puppet's.
    pub const REDACTED: &'static str = "Sensitive [value redacted]";

    pub const fn new(value: T) -> Self {
        Self(value)
    }

    pub const fn reveal(&self) -> &T {
        &self.0
    }

    pub fn into_revealed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::REDACTED)
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::REDACTED)
    }
}
