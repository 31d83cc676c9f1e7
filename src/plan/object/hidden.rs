//! `Sensitive`: a value that a script can hand on but not see.

use std::{fmt, rc::Rc};

use crate::model::{Secret, Value};

/// A value that prints redacted.
#[derive(Clone, Debug)]
pub(crate) struct Hidden(Rc<Secret<Value>>);

impl Hidden {
    /// Hides a value. Hiding twice is hiding once.
    pub(crate) fn new(value: Value) -> Self {
        let plain = match value {
            Value::Sensitive(secret) => secret.into_revealed(),
            plain => plain,
        };
        Self(Rc::new(Secret::new(plain)))
    }

    /// What is hidden.
    pub(crate) fn value(&self) -> &Value {
        self.0.reveal()
    }
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
