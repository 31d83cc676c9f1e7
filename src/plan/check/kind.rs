//! What is known of the type of a value before a plan runs. Never a guess: `Unknown` accepts everything.

use std::{fmt, rc::Rc};

use crate::task::DataType;

/// The type of a value, as far as it is certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Unknown,
    Unit,
    Boolean,
    Integer,
    Float,
    Character,
    Text,
    Range,
    Array(Box<Kind>),
    Map,
    Closure,
    /// `TargetSet`, `Result`, ...: a type with members of its own.
    Native(Rc<str>),
}

/// The native types that name targets.
const TARGETS: [&str; 4] = ["Target", "TargetSet", "Result", "ResultSet"];

impl Kind {
    pub(super) fn native(name: &str) -> Self {
        Self::Native(Rc::from(name))
    }

    pub(super) fn array(item: Self) -> Self {
        Self::Array(Box::new(item))
    }

    /// The type that a signature names. What is one of several, or may be nothing, is unknown.
    pub(super) fn named(name: &str) -> Self {
        let name = name.trim();
        if name.contains('|') {
            return Self::Unknown;
        }
        match name {
            "()" => Self::Unit,
            "Boolean" => Self::Boolean,
            "Integer" => Self::Integer,
            "Float" => Self::Float,
            "String" => Self::Text,
            "Array" => Self::array(Self::Unknown),
            "Map" => Self::Map,
            "Range" => Self::Range,
            "Closure" => Self::Closure,
            "Target" | "TargetSet" | "Tiers" | "Result" | "ResultSet" | "Error" | "Future"
            | "Graph" | "Sensitive" | "Expectation" => Self::native(name),
            _ => name
                .strip_prefix("Array[")
                .and_then(|rest| rest.strip_suffix(']'))
                .map_or(Self::Unknown, |item| Self::array(Self::named(item))),
        }
    }

    /// The type of the value of a parameter.
    pub(super) fn of_data_type(data_type: &DataType) -> Self {
        match data_type {
            DataType::String(_) | DataType::Enum { .. } | DataType::Pattern(_) => Self::Text,
            DataType::Integer(_) => Self::Integer,
            DataType::Float(_) => Self::Float,
            DataType::Boolean(_) => Self::Boolean,
            DataType::Array { item, .. } => Self::array(Self::of_data_type(item)),
            DataType::Tuple { .. } => Self::array(Self::Unknown),
            DataType::Hash { .. } | DataType::Struct(_) => Self::Map,
            DataType::NotUndef(inner) => Self::of_data_type(inner),
            DataType::Sensitive(_) => Self::native("Sensitive"),
            _ => Self::Unknown,
        }
    }

    /// The type of the items that a loop goes over, if it can.
    pub(super) fn item(&self) -> Option<Self> {
        Some(match self {
            Self::Unknown => Self::Unknown,
            Self::Array(item) => (**item).clone(),
            Self::Range => Self::Integer,
            Self::Text => Self::Character,
            Self::Native(name) => match &**name {
                "TargetSet" => Self::native("Target"),
                "ResultSet" => Self::native("Result"),
                "Tiers" => Self::native("TargetSet"),
                _ => return None,
            },
            _ => return None,
        })
    }

    /// The one type of two values, if it is one.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is what `Iterator::reduce` wants"
    )]
    pub(super) fn join(self, other: Self) -> Self {
        if self == other { self } else { Self::Unknown }
    }

    /// As signatures name it; none if it is not known.
    pub(super) fn type_name(&self) -> Option<String> {
        Some(match self {
            Self::Unknown => return None,
            Self::Unit => "()".to_owned(),
            Self::Boolean => "Boolean".to_owned(),
            Self::Integer => "Integer".to_owned(),
            Self::Float => "Float".to_owned(),
            Self::Character => "Character".to_owned(),
            Self::Text => "String".to_owned(),
            Self::Range => "Range".to_owned(),
            Self::Array(item) => match item.type_name() {
                Some(item) => format!("Array[{item}]"),
                None => "Array".to_owned(),
            },
            Self::Map => "Map".to_owned(),
            Self::Closure => "Closure".to_owned(),
            Self::Native(name) => name.to_string(),
        })
    }

    pub(super) fn is_native(&self, name: &str) -> bool {
        matches!(self, Self::Native(own) if &**own == name)
    }

    /// Whether a value of this type may be given for a parameter of the type that a signature names.
    pub(super) fn fits(&self, wanted: &str) -> bool {
        *self == Self::Unknown || wanted.split('|').any(|one| self.fits_one(one.trim()))
    }

    fn fits_one(&self, wanted: &str) -> bool {
        match wanted {
            "String" | "TaskName" | "PlanName" | "File" | "Pattern" => *self == Self::Text,
            "Integer" => *self == Self::Integer,
            "Float" | "Number" => matches!(self, Self::Integer | Self::Float),
            "Boolean" => *self == Self::Boolean,
            "Map" | "Options" => *self == Self::Map,
            "Array" => matches!(self, Self::Array(_)),
            "Range" => *self == Self::Range,
            "Closure" => *self == Self::Closure,
            "Duration" => matches!(self, Self::Integer | Self::Float | Self::Text),
            "TargetSpec" => match self {
                Self::Text => true,
                Self::Array(item) => item.fits_one("TargetSpec") || **item == Self::Unknown,
                Self::Native(name) => TARGETS.contains(&&**name),
                _ => false,
            },
            "()" => *self == Self::Unit,
            _ => match Self::named(wanted) {
                // An array of what is not known may be one of anything.
                Self::Array(_) => matches!(self, Self::Array(_)),
                Self::Native(name) => self.is_native(&name),
                _ => true,
            },
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = match self {
            Self::Unknown => "any value",
            Self::Unit => "nothing (`()`)",
            Self::Boolean => "a Boolean",
            Self::Integer => "an Integer",
            Self::Float => "a Float",
            Self::Character => "a character",
            Self::Text => "a String",
            Self::Range => "a range",
            Self::Array(_) => "an Array",
            Self::Map => "a Map",
            Self::Closure => "a closure",
            Self::Native(name) => {
                let vowel = name.starts_with(['A', 'E', 'I', 'O', 'U']);
                return write!(f, "{} {name}", if vowel { "an" } else { "a" });
            }
        };
        f.write_str(plain)
    }
}

/// A type of a signature as a message names it.
pub(super) fn wanted_words(wanted: &str) -> String {
    let words: Vec<String> = wanted
        .split('|')
        .map(|one| match one.trim() {
            "TaskName" => "the name of a task".to_owned(),
            "PlanName" => "the name of a plan".to_owned(),
            "TargetSpec" => "targets".to_owned(),
            "Duration" => "a duration (`\"90s\"`, or seconds)".to_owned(),
            "Closure" => "a closure (`|x| ...`)".to_owned(),
            "Number" => "a number".to_owned(),
            "Options" => "a Map of options".to_owned(),
            "File" => "the path of a file".to_owned(),
            "Pattern" => "a regular expression in a String".to_owned(),
            "()" => "nothing".to_owned(),
            other => {
                let vowel = other.starts_with(['A', 'E', 'I', 'O', 'U']);
                format!("{} {other}", if vowel { "an" } else { "a" })
            }
        })
        .collect();
    words.join(" or ")
}
