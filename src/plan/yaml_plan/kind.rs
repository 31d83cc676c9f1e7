//! What is known of the type of a value while Puppet is read: the same word means other things on other values.

use crate::task::DataType;

/// The type of a value, as far as it is certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Unknown,
    Text,
    Number,
    Boolean,
    Array(Box<Kind>),
    Map,
    /// What names targets, and is none yet.
    TargetSpec,
    TargetSet,
    Target,
    ResultSet,
    Result,
    Error,
}

impl Kind {
    pub(super) fn of_data_type(data_type: &DataType) -> Self {
        match data_type {
            DataType::TargetSpec => Self::TargetSpec,
            DataType::String(_) | DataType::Enum { .. } | DataType::Pattern(_) => Self::Text,
            DataType::Integer(_) | DataType::Float(_) => Self::Number,
            DataType::Boolean(_) => Self::Boolean,
            DataType::Array { item, .. } => Self::Array(Box::new(Self::of_data_type(item))),
            DataType::Hash { .. } | DataType::Struct(_) => Self::Map,
            _ => Self::Unknown,
        }
    }

    /// The type of one item of it.
    pub(super) fn item(&self) -> Self {
        match self {
            Self::Array(item) => (**item).clone(),
            Self::TargetSet | Self::TargetSpec => Self::Target,
            Self::ResultSet => Self::Result,
            _ => Self::Unknown,
        }
    }

    pub(super) fn array() -> Self {
        Self::Array(Box::new(Self::Unknown))
    }

    /// Whether it is a set that knows its length and its first by properties.
    pub(super) fn is_set(&self) -> bool {
        matches!(self, Self::TargetSet | Self::ResultSet)
    }
}
