//! Whether a value fits a type, and what becomes of it when it does.

use crate::model::{Map, Value, nearest};

use super::{
    data_type::{Bounds, DataType, Member},
    mismatch::{Mismatch, described, quoted},
};

impl DataType {
    /// Whether a value is of this type. A covered value is judged by what it covers.
    ///
    /// # Errors
    /// Says which part of the value does not fit.
    pub fn check(&self, value: &Value) -> Result<(), Mismatch> {
        self.fits(value, false)
    }

    /// Checks a value, and covers each part of it for which the type says `Sensitive`.
    ///
    /// # Errors
    /// Says which part of the value does not fit.
    pub fn accept(&self, value: Value) -> Result<Value, Mismatch> {
        self.check(&value)?;
        Ok(if self.is_sensitive() {
            self.covered(value)
        } else {
            value
        })
    }

    /// The value that a text on the command line stands for: what it is as JSON, if that fits, else the text.
    ///
    /// # Errors
    /// Neither fits.
    pub fn coerce_text(&self, text: &str) -> Result<Value, Mismatch> {
        let raw = Value::String(text.to_owned());
        let parsed = serde_json::from_str::<Value>(text).ok();
        let wrong = match parsed {
            Some(value) => match self.check(&value) {
                Ok(()) => return self.accept(value),
                Err(mismatch) => mismatch,
            },
            None => match self.check(&raw) {
                Ok(()) => return self.accept(raw),
                Err(mismatch) => return Err(mismatch),
            },
        };
        match self.check(&raw) {
            Ok(()) => self.accept(raw),
            // What it is as JSON tells more than that it is a text.
            Err(_) => Err(wrong),
        }
    }

    fn fits(&self, value: &Value, covered: bool) -> Result<(), Mismatch> {
        if let Value::Sensitive(secret) = value {
            return self.fits(secret.reveal(), true);
        }
        let wrong = || Err(Mismatch::new(self.expected(), described(value, covered)));
        let judged = |fits: bool| if fits { Ok(()) } else { wrong() };
        match self {
            Self::Any | Self::Data | Self::RichData | Self::Alias(_) => Ok(()),
            Self::Scalar | Self::ScalarData => judged(matches!(
                value,
                Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::String(_)
            )),
            Self::Numeric => judged(matches!(value, Value::Integer(_) | Value::Float(_))),
            Self::Undef => judged(*value == Value::Null),
            Self::String(length) => match value {
                Value::String(text) => judged(has_size(length, text.chars().count())),
                _ => wrong(),
            },
            Self::Integer(range) => match value {
                Value::Integer(number) => judged(range.contains(number)),
                _ => wrong(),
            },
            Self::Float(range) => match value {
                Value::Float(number) => judged(range.contains(number)),
                _ => wrong(),
            },
            Self::Boolean(only) => match value {
                Value::Bool(flag) => judged(only.is_none_or(|only| only == *flag)),
                _ => wrong(),
            },
            Self::Enum { words, ignore_case } => match value {
                Value::String(text) => judged(words.iter().any(|word| {
                    word == text || (*ignore_case && word.to_lowercase() == text.to_lowercase())
                })),
                _ => wrong(),
            },
            Self::Pattern(expressions) => match value {
                Value::String(text) => {
                    judged(expressions.iter().any(|one| one.regex.is_match(text)))
                }
                _ => wrong(),
            },
            Self::Regexp => wrong(),
            Self::Timestamp | Self::Timespan => judged(matches!(
                value,
                Value::Integer(_) | Value::Float(_) | Value::String(_)
            )),
            Self::Optional(inner) => match value {
                Value::Null => Ok(()),
                _ => inner.fits(value, covered).map_err(|mismatch| {
                    if mismatch.path.is_empty() {
                        Mismatch {
                            expected: self.expected(),
                            ..mismatch
                        }
                    } else {
                        mismatch
                    }
                }),
            },
            Self::NotUndef(inner) => match value {
                Value::Null => wrong(),
                _ => inner.fits(value, covered),
            },
            Self::Sensitive(inner) => inner.fits(value, true),
            Self::Variant(types) => self.fits_one(types, value, covered),
            Self::TargetSpec => fits_targets(value, covered),
            Self::Collection(size) => match value {
                Value::Array(items) => judged(has_size(size, items.len())),
                Value::Map(map) => judged(has_size(size, map.len())),
                _ => wrong(),
            },
            Self::Array { item, size } => match value {
                Value::Array(items) if has_size(size, items.len()) => {
                    fits_items(items, covered, |_| Some(item))
                }
                _ => wrong(),
            },
            Self::Tuple { items: types, size } => match value {
                Value::Array(items) if tuple_size(types, size, items.len()) => {
                    fits_items(items, covered, |index| types.get(index).or(types.last()))
                }
                _ => wrong(),
            },
            Self::Hash {
                key,
                value: entry,
                size,
            } => match value {
                Value::Map(map) if has_size(size, map.len()) => {
                    fits_entries(map, key, entry, covered)
                }
                _ => wrong(),
            },
            Self::Struct(members) => match value {
                Value::Map(map) => fits_members(map, members, covered),
                _ => wrong(),
            },
        }
    }

    /// The reason of the one alternative that came furthest, or that none is like it.
    fn fits_one(&self, types: &[Self], value: &Value, covered: bool) -> Result<(), Mismatch> {
        let mut deepest: Option<Mismatch> = None;
        for one in types {
            match one.fits(value, covered) {
                Ok(()) => return Ok(()),
                Err(mismatch) if mismatch.path.is_empty() => {}
                Err(mismatch) => deepest = deepest.or(Some(mismatch)),
            }
        }
        Err(deepest.unwrap_or_else(|| Mismatch::new(self.expected(), described(value, covered))))
    }

    fn covered(&self, value: Value) -> Value {
        match (self, value) {
            (_, hidden @ Value::Sensitive(_)) => hidden,
            (Self::Sensitive(_), plain) => Value::sensitive(plain),
            (Self::Optional(_), Value::Null) => Value::Null,
            (Self::Optional(inner) | Self::NotUndef(inner), plain) => inner.covered(plain),
            (Self::Variant(types), plain) => {
                // A value that a sensitive alternative would take is sensitive: the safe side.
                let taker = types
                    .iter()
                    .filter(|one| one.check(&plain).is_ok())
                    .max_by_key(|one| one.is_sensitive());
                match taker {
                    Some(one) => one.covered(plain),
                    None => plain,
                }
            }
            (Self::Array { item, .. }, Value::Array(items)) => {
                Value::Array(items.into_iter().map(|one| item.covered(one)).collect())
            }
            (Self::Tuple { items: types, .. }, Value::Array(items)) => Value::Array(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(index, one)| match types.get(index).or(types.last()) {
                        Some(item) => item.covered(one),
                        None => one,
                    })
                    .collect(),
            ),
            (Self::Hash { value: entry, .. }, Value::Map(map)) => Value::Map(
                map.into_iter()
                    .map(|(key, one)| (key, entry.covered(one)))
                    .collect(),
            ),
            (Self::Struct(members), Value::Map(map)) => Value::Map(
                map.into_iter()
                    .map(|(key, one)| {
                        let member = members.iter().find(|member| member.name == key);
                        let one = match member {
                            Some(member) => member.data_type.covered(one),
                            None => one,
                        };
                        (key, one)
                    })
                    .collect(),
            ),
            (_, plain) => plain,
        }
    }

    /// What a message says that a value should have been.
    fn expected(&self) -> String {
        match self {
            Self::Enum { words, .. } => {
                let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                match words.as_slice() {
                    [only] => only.clone(),
                    _ => format!("one of {}", words.join(", ")),
                }
            }
            Self::Pattern(_) => format!("a match for {self}"),
            Self::TargetSpec => "a TargetSpec (a target, a group, a list of these)".to_owned(),
            Self::Optional(inner) => format!("a value of type Undef or {inner}"),
            Self::Variant(types) => {
                let names: Vec<String> = types.iter().map(ToString::to_string).collect();
                match names.split_last() {
                    Some((last, rest)) if !rest.is_empty() => {
                        format!("a value of type {} or {last}", rest.join(", "))
                    }
                    _ => format!("a value of type {}", names.concat()),
                }
            }
            Self::Struct(_) => "a Hash".to_owned(),
            other => format!("a value of type {other}"),
        }
    }
}

fn has_size(bounds: &Bounds<u64>, size: usize) -> bool {
    bounds.contains(&u64::try_from(size).unwrap_or(u64::MAX))
}

fn tuple_size(types: &[DataType], size: &Bounds<u64>, length: usize) -> bool {
    if size.least.is_none() && size.greatest.is_none() {
        return length == types.len();
    }
    has_size(size, length)
}

fn fits_items<'a>(
    items: &[Value],
    covered: bool,
    type_at: impl Fn(usize) -> Option<&'a DataType>,
) -> Result<(), Mismatch> {
    items.iter().enumerate().try_for_each(|(index, one)| {
        type_at(index).map_or(Ok(()), |item| {
            item.fits(one, covered)
                .map_err(|mismatch| mismatch.at_index(index))
        })
    })
}

fn fits_entries(
    map: &Map,
    key_type: &DataType,
    entry_type: &DataType,
    covered: bool,
) -> Result<(), Mismatch> {
    map.iter().try_for_each(|(key, one)| {
        key_type
            .fits(&Value::String(key.clone()), covered)
            .map_err(|mismatch| Mismatch {
                expected: format!("{} as key", mismatch.expected),
                ..mismatch.at_key(key)
            })?;
        entry_type
            .fits(one, covered)
            .map_err(|mismatch| mismatch.at_key(key))
    })
}

fn fits_members(map: &Map, members: &[Member], covered: bool) -> Result<(), Mismatch> {
    for member in members {
        match map.get(&member.name) {
            Some(one) => member
                .data_type
                .fits(one, covered)
                .map_err(|mismatch| mismatch.at_key(&member.name))?,
            None if member.is_required() => {
                return Err(Mismatch::new(
                    format!("a value for the key `{}`", member.name),
                    "none",
                ));
            }
            None => {}
        }
    }
    let names = || members.iter().map(|member| member.name.as_str());
    match map.keys().find(|key| names().all(|name| name != *key)) {
        None => Ok(()),
        Some(key) => {
            let known = match nearest(key, names()) {
                Some(meant) => format!("no such key (did you mean `{meant}`?)"),
                None => format!(
                    "no other key than {}",
                    names().collect::<Vec<_>>().join(", ")
                ),
            };
            Err(Mismatch::new(known, "one").at_key(key))
        }
    }
}

fn fits_targets(value: &Value, covered: bool) -> Result<(), Mismatch> {
    match value {
        Value::Sensitive(secret) => fits_targets(secret.reveal(), true),
        Value::String(text) if !text.is_empty() => Ok(()),
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, one)| {
            fits_targets(one, covered).map_err(|mismatch| mismatch.at_index(index))
        }),
        other => Err(Mismatch::new(
            DataType::TargetSpec.expected(),
            described(other, covered),
        )),
    }
}
