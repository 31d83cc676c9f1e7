//! Puppet's data types: what the metadata of a task and the `param` lines of a plan say of a value.
//!
//! The reference is the Puppet language specification, "Types"; only what a task or a plan can be given is here.

use std::fmt;

use regex::Regex;

use super::{mismatch::quoted, type_error::TypeError, type_parser};

/// The type of a parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum DataType {
    /// Everything, `undef` too.
    #[default]
    Any,
    /// What JSON can say.
    Data,
    /// `Data`, and what is sensitive.
    RichData,
    /// A string, number or boolean.
    Scalar,
    /// As `Scalar`: the difference is in types that JSON has not.
    ScalarData,
    Numeric,
    /// By its length in characters.
    String(Bounds<u64>),
    Integer(Bounds<i64>),
    Float(Bounds<f64>),
    /// Either of the two, or this one.
    Boolean(Option<bool>),
    Array {
        item: Box<DataType>,
        size: Bounds<u64>,
    },
    /// The last type stands for all that follow, as far as the size allows.
    Tuple {
        items: Vec<DataType>,
        size: Bounds<u64>,
    },
    Hash {
        key: Box<DataType>,
        value: Box<DataType>,
        size: Bounds<u64>,
    },
    Struct(Vec<Member>),
    Enum {
        words: Vec<String>,
        ignore_case: bool,
    },
    Pattern(Vec<Expression>),
    /// A regular expression itself. No value that reaches a task is one.
    Regexp,
    Optional(Box<DataType>),
    NotUndef(Box<DataType>),
    Undef,
    Variant(Vec<DataType>),
    Sensitive(Box<DataType>),
    /// What names targets: a string, or an array of these, nested as one likes.
    TargetSpec,
    /// A point in time, as text or as a number.
    Timestamp,
    /// A length of time, as text or as a number.
    Timespan,
    /// An array or a hash.
    Collection(Bounds<u64>),
    /// A type that a module defines. Anything fits while nobody has said what it stands for.
    Alias(String),
}

/// The least and the greatest that is allowed, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds<T> {
    pub least: Option<T>,
    pub greatest: Option<T>,
}

impl<T> Default for Bounds<T> {
    fn default() -> Self {
        Self {
            least: None,
            greatest: None,
        }
    }
}

impl<T: PartialOrd> Bounds<T> {
    #[must_use]
    pub fn contains(&self, value: &T) -> bool {
        self.least.as_ref().is_none_or(|least| value >= least)
            && self.greatest.as_ref().is_none_or(|most| value <= most)
    }
}

impl<T> Bounds<T> {
    const fn is_open(&self) -> bool {
        self.least.is_none() && self.greatest.is_none()
    }
}

/// A key of a `Struct`.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub name: String,
    pub presence: Presence,
    pub data_type: DataType,
}

/// Whether a key of a `Struct` has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Unless its value may be `undef`.
    ByType,
    Optional,
    Required,
}

impl Member {
    #[must_use]
    pub fn is_required(&self) -> bool {
        match self.presence {
            Presence::ByType => !self.data_type.is_optional(),
            Presence::Optional => false,
            Presence::Required => true,
        }
    }
}

/// A regular expression as it was written, and as it is matched.
#[derive(Clone, Debug)]
pub struct Expression {
    /// Between the slashes, in Ruby's syntax.
    pub source: String,
    pub(super) regex: Regex,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl DataType {
    /// Reads a type as metadata and plans write it.
    ///
    /// # Errors
    /// Says what is wrong where, in bytes of `text`, and what was probably meant.
    pub fn parse(text: &str) -> Result<Self, TypeError> {
        type_parser::parse(text)
    }

    /// Reads the type that stands at the beginning of `text`, and how many bytes of it that is.
    ///
    /// For places where more follows, as in the `param` lines of a plan.
    ///
    /// # Errors
    /// As [`DataType::parse`].
    pub fn parse_prefix(text: &str) -> Result<(Self, usize), TypeError> {
        type_parser::parse_prefix(text)
    }

    /// Whether a value of this type may be left out, which is giving `undef`.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        match self {
            Self::Any
            | Self::Data
            | Self::RichData
            | Self::Undef
            | Self::Optional(_)
            | Self::Alias(_) => true,
            Self::Sensitive(inner) => inner.is_optional(),
            Self::Variant(types) => types.iter().any(Self::is_optional),
            _ => false,
        }
    }

    /// Whether it asks for something sensitive, at any depth.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        match self {
            Self::Sensitive(_) => true,
            Self::Optional(inner) | Self::NotUndef(inner) => inner.is_sensitive(),
            Self::Variant(types) | Self::Tuple { items: types, .. } => {
                types.iter().any(Self::is_sensitive)
            }
            Self::Array { item, .. } => item.is_sensitive(),
            Self::Hash { value, .. } => value.is_sensitive(),
            Self::Struct(members) => members.iter().any(|member| member.data_type.is_sensitive()),
            _ => false,
        }
    }

    /// Whether a value of this type can name targets.
    #[must_use]
    pub fn names_targets(&self) -> bool {
        match self {
            Self::TargetSpec => true,
            Self::Optional(inner) | Self::NotUndef(inner) => inner.names_targets(),
            Self::Variant(types) => types.iter().any(Self::names_targets),
            _ => false,
        }
    }

    /// The same type with every alias that `find` knows put in its place.
    ///
    /// An alias that stands for itself, however indirectly, stays an alias.
    #[must_use]
    pub fn resolved<'a>(&self, find: &dyn Fn(&str) -> Option<&'a Self>) -> Self {
        self.resolved_within(find, ALIASES_MAX)
    }

    fn resolved_within<'a>(&self, find: &dyn Fn(&str) -> Option<&'a Self>, left: usize) -> Self {
        let again = |inner: &Self| inner.resolved_within(find, left);
        let boxed = |inner: &Self| Box::new(again(inner));
        let all = |types: &[Self]| types.iter().map(again).collect();
        match self {
            Self::Alias(name) => match find(name) {
                Some(meant) if left > 0 => meant.resolved_within(find, left - 1),
                _ => self.clone(),
            },
            Self::Array { item, size } => Self::Array {
                item: boxed(item),
                size: *size,
            },
            Self::Hash { key, value, size } => Self::Hash {
                key: boxed(key),
                value: boxed(value),
                size: *size,
            },
            Self::Tuple { items, size } => Self::Tuple {
                items: all(items),
                size: *size,
            },
            Self::Variant(types) => Self::Variant(all(types)),
            Self::Optional(inner) => Self::Optional(boxed(inner)),
            Self::NotUndef(inner) => Self::NotUndef(boxed(inner)),
            Self::Sensitive(inner) => Self::Sensitive(boxed(inner)),
            Self::Struct(members) => Self::Struct(
                members
                    .iter()
                    .map(|member| Member {
                        data_type: again(&member.data_type),
                        ..member.clone()
                    })
                    .collect(),
            ),
            plain => plain.clone(),
        }
    }
}

// Aliases of published modules lead at most two steps further; a recursive one has to end somewhere,
// and each step may multiply the size.
const ALIASES_MAX: usize = 4;

impl fmt::Display for DataType {
    /// The canonical form: `parse` gives the same type for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("Any"),
            Self::Data => f.write_str("Data"),
            Self::RichData => f.write_str("RichData"),
            Self::Scalar => f.write_str("Scalar"),
            Self::ScalarData => f.write_str("ScalarData"),
            Self::Numeric => f.write_str("Numeric"),
            Self::String(length) => written(f, "String", &[], length),
            Self::Integer(range) => written(f, "Integer", &[], range),
            Self::Float(range) => written(f, "Float", &[], range),
            Self::Boolean(None) => f.write_str("Boolean"),
            Self::Boolean(Some(only)) => write!(f, "Boolean[{only}]"),
            Self::Array { item, size } if **item == Self::Any && size.is_open() => {
                f.write_str("Array")
            }
            Self::Array { item, size } => written(f, "Array", &[item], size),
            Self::Tuple { items, size } => {
                written(f, "Tuple", &items.iter().collect::<Vec<_>>(), size)
            }
            Self::Hash { key, value, size }
                if **key == Self::Any && **value == Self::Any && size.is_open() =>
            {
                f.write_str("Hash")
            }
            Self::Hash { key, value, size } => written(f, "Hash", &[key, value], size),
            Self::Struct(members) => {
                f.write_str("Struct[{")?;
                separated(f, members, |f, member| {
                    let name = quoted(&member.name);
                    match member.presence {
                        Presence::ByType => write!(f, "{name} => {}", member.data_type),
                        Presence::Optional => {
                            write!(f, "Optional[{name}] => {}", member.data_type)
                        }
                        Presence::Required => {
                            write!(f, "NotUndef[{name}] => {}", member.data_type)
                        }
                    }
                })?;
                f.write_str("}]")
            }
            Self::Enum { words, ignore_case } => {
                f.write_str("Enum[")?;
                separated(f, words, |f, word| f.write_str(&quoted(word)))?;
                f.write_str(if *ignore_case { ", true]" } else { "]" })
            }
            Self::Pattern(expressions) => {
                f.write_str("Pattern[")?;
                separated(f, expressions, |f, expression| {
                    write!(f, "/{}/", expression.source)
                })?;
                f.write_str("]")
            }
            Self::Regexp => f.write_str("Regexp"),
            Self::Optional(inner) => write!(f, "Optional[{inner}]"),
            Self::NotUndef(inner) if **inner == Self::Any => f.write_str("NotUndef"),
            Self::NotUndef(inner) => write!(f, "NotUndef[{inner}]"),
            Self::Undef => f.write_str("Undef"),
            Self::Variant(types) => {
                f.write_str("Variant[")?;
                separated(f, types, |f, one| write!(f, "{one}"))?;
                f.write_str("]")
            }
            Self::Sensitive(inner) if **inner == Self::Any => f.write_str("Sensitive"),
            Self::Sensitive(inner) => write!(f, "Sensitive[{inner}]"),
            Self::TargetSpec => f.write_str("TargetSpec"),
            Self::Timestamp => f.write_str("Timestamp"),
            Self::Timespan => f.write_str("Timespan"),
            Self::Collection(size) => written(f, "Collection", &[], size),
            Self::Alias(name) => f.write_str(name),
        }
    }
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    mut write: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write(f, item)?;
    }
    Ok(())
}

/// `Name[types, least, greatest]`, with no brackets around nothing.
fn written<T: fmt::Debug>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    types: &[&DataType],
    bounds: &Bounds<T>,
) -> fmt::Result {
    let mut arguments: Vec<String> = types.iter().map(ToString::to_string).collect();
    // `Debug` writes a whole float with its `.0`, which keeps it a float.
    if !bounds.is_open() {
        arguments.push(match &bounds.least {
            Some(least) => format!("{least:?}"),
            None => "default".to_owned(),
        });
    }
    if let Some(greatest) = &bounds.greatest {
        arguments.push(format!("{greatest:?}"));
    }
    f.write_str(name)?;
    if !arguments.is_empty() {
        write!(f, "[{}]", arguments.join(", "))?;
    }
    Ok(())
}
