//! How something is to be run on one target.

use std::{collections::BTreeMap, fmt, num::ParseIntError, str::FromStr, time::Duration};

use super::kept::Keeping;
use crate::model::{Target, Value};

/// One run on one target.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub target: &'a Target,
    /// Never the same twice: it names the directory of the run on the target.
    pub run: &'a RunId,
    /// The user to become. Without it, the one of the target's `run-as` setting.
    pub run_as: Option<&'a str>,
    /// For tasks that support it: say what would change, and change nothing.
    pub noop: bool,
    /// After this time the controller gives up, and the target ends what it runs a little later.
    pub timeout: Duration,
    /// More variables for commands and scripts. Tasks have their parameters instead.
    pub env: &'a BTreeMap<String, Value>,
    /// For a task, a command or a script whose outcome stays on the target until the controller has it.
    pub keeping: Option<&'a Keeping<'a>>,
}

/// Names one run on one target, in 32 hexadecimal digits. Not secret, but not to be guessed before the run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RunId(u128);

impl RunId {
    /// The id made of 128 random bits.
    #[must_use]
    pub fn new(random: u128) -> Self {
        Self(random)
    }
}

impl FromStr for RunId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        u128::from_str_radix(text, 16).map(Self)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Call<'_> {
    /// The user to become, unless it is the one who logs in.
    pub(in crate::task) fn escalates_to(&self) -> Option<&str> {
        let user = self
            .run_as
            .or_else(|| self.target.setting("run-as").and_then(Value::as_str))?;
        let login = self.target.user.as_deref();
        (!user.is_empty() && login != Some(user)).then_some(user)
    }

    /// A setting of the transport that is a text, covered or not.
    pub(super) fn text_setting(&self, key: &str) -> Option<&str> {
        self.target.setting(key)?.revealed().as_str()
    }
}
