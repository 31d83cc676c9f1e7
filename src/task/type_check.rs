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
                Value::String(text) => self.fits_word(words, *ignore_case, text, covered),
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

    fn fits_word(
        &self,
        words: &[String],
        ignore_case: bool,
        text: &str,
        covered: bool,
    ) -> Result<(), Mismatch> {
        let same = |word: &String| {
            word == text || (ignore_case && word.to_lowercase() == text.to_lowercase())
        };
        if words.iter().any(same) {
            return Ok(());
        }
        let actual = described(&Value::from(text), covered);
        let meant = nearest(text, words.iter().map(String::as_str)).filter(|_| !covered);
        Err(Mismatch::new(self.expected(), actual).meant(meant))
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
            let known = names().collect::<Vec<_>>().join(", ");
            Err(Mismatch::new(
                format!("no value (the keys are {known})"),
                described(&map[key], covered),
            )
            .at_key(key)
            .meant(nearest(key, names())))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::task::type_parser::tests::types;

    fn value(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    fn check(data_type: &str, json: &str) -> Result<(), String> {
        DataType::parse(data_type)
            .unwrap()
            .check(&value(json))
            .map_err(|mismatch| mismatch.to_string())
    }

    #[test]
    fn values_of_a_type_pass() {
        for (data_type, json) in [
            ("Any", "null"),
            ("Data", r#"{"a":[1,null]}"#),
            ("Scalar", "1.5"),
            ("String[1,3]", r#""äöü""#),
            ("Integer[1]", "1"),
            ("Float", "1.0"),
            ("Numeric", "1"),
            ("Boolean", "false"),
            ("Boolean[true]", "true"),
            ("Enum[a,b]", r#""b""#),
            ("Enum[a,b,true]", r#""B""#),
            ("Pattern[/^b/]", r#""a\nb""#),
            ("Pattern[/\\A\\h+\\Z/]", r#""BEEF\n""#),
            ("Pattern[/^[\\w-]+$/]", r#""a-b""#),
            ("Optional[String]", "null"),
            ("Optional['latest']", r#""latest""#),
            ("NotUndef", "0"),
            ("Variant[Integer, Enum[all]]", r#""all""#),
            ("Array[Integer,1,2]", "[1,2]"),
            ("Tuple[String,Integer]", r#"["a",1]"#),
            ("Tuple[String,Integer,1,4]", r#"["a",1,2,3]"#),
            ("Hash[String[2],Integer]", r#"{"aa":1}"#),
            ("Hash[Enum[a],Any,1]", r#"{"a":null}"#),
            (
                "Struct[{a=>Integer,Optional[b]=>String,c=>Optional[String]}]",
                r#"{"a":1}"#,
            ),
            ("TargetSpec", r#"["a",["b","c"]]"#),
            ("Collection[2]", "[1,2]"),
            ("Sensitive[Integer]", "1"),
            ("Peadm::Thing", r#"{"any":"thing"}"#),
            ("Timestamp", r#""2026-01-01""#),
        ] {
            assert_eq!(check(data_type, json), Ok(()), "{data_type} and {json}");
        }
    }

    #[test]
    fn mismatches_say_where_and_what() {
        let rendered: Vec<String> = [
            ("String[1]", r#""""#),
            ("String", "5"),
            ("Integer[1,65535]", "70000"),
            ("Integer", "1.5"),
            ("Float", "1"),
            ("Boolean", r#""true""#),
            ("Boolean[true]", "false"),
            ("Enum[start,stop]", r#""strat""#),
            ("Enum[only]", "null"),
            ("Pattern[/^\\d+%$/]", r#""ten""#),
            ("Pattern[/\\A[a-z]+\\z/]", r#""a\n""#),
            ("Optional[Integer]", r#""x""#),
            ("NotUndef", "null"),
            ("Variant[Integer,String[1],Undef]", "[]"),
            ("Variant[Integer,Array[Integer]]", r#"[1,"x"]"#),
            ("Array[String]", r#"["a",1]"#),
            ("Array[String,1]", "[]"),
            ("Tuple[String,Integer]", r#"["a"]"#),
            ("Hash[String,Integer]", r#"{"a":1,"b c":"x"}"#),
            ("Hash[Enum[a],Any]", r#"{"b":1}"#),
            (
                "Struct[{a=>Array[Struct[{port=>Integer}]]}]",
                r#"{"a":[{"port":1},{"port":"x"}]}"#,
            ),
            ("Struct[{a=>Integer}]", "{}"),
            ("Struct[{port=>Integer}]", r#"{"port":1,"prot":2}"#),
            ("Struct[{NotUndef[a]=>Any}]", "{}"),
            (
                "Hash[String,Hash[String,Array[Integer]]]",
                r#"{"x":{"y":[1,2,null]}}"#,
            ),
            ("TargetSpec", "[1]"),
            ("Regexp", r#""x""#),
            ("Sensitive[String[8]]", r#""hunter2""#),
        ]
        .iter()
        .map(|(data_type, json)| {
            format!(
                "{data_type} and {json}:\n  {}",
                check(data_type, json).unwrap_err()
            )
        })
        .collect();
        insta::assert_snapshot!(rendered.join("\n"));
    }

    #[test]
    fn secrets_are_covered_and_stay_out_of_messages() {
        let accept = |text: &str, value: Value| DataType::parse(text).unwrap().accept(value);
        let covered = Value::sensitive("hunter2".into());
        assert_eq!(
            accept("Sensitive[String]", "hunter2".into()),
            Ok(covered.clone())
        );
        assert_eq!(
            accept("Sensitive[String]", covered.clone()),
            Ok(covered.clone())
        );
        assert_eq!(accept("String", covered.clone()), Ok(covered.clone()));
        assert_eq!(
            accept("Optional[Sensitive[String]]", "hunter2".into()),
            Ok(covered.clone())
        );
        assert_eq!(
            accept("Optional[Sensitive[String]]", Value::Null),
            Ok(Value::Null)
        );
        let nested = accept(
            "Hash[String, Sensitive[String]]",
            value(r#"{"k":"hunter2"}"#),
        )
        .unwrap();
        assert_eq!(nested.as_map().unwrap()["k"], covered);
        let either = accept("Variant[String, Sensitive[String]]", "hunter2".into()).unwrap();
        assert_eq!(either, covered);
        for (text, value) in [
            ("Enum[a]", covered),
            ("Sensitive[Enum[a]]", "hunter2".into()),
        ] {
            let mismatch = accept(text, value).unwrap_err();
            assert!(!mismatch.to_string().contains("hunter2"), "{mismatch}");
        }
    }

    #[test]
    fn text_of_the_command_line_becomes_what_the_type_wants() {
        let coerce =
            |data_type: &str, text: &str| DataType::parse(data_type).unwrap().coerce_text(text);
        assert_eq!(coerce("String", "5"), Ok("5".into()));
        assert_eq!(coerce("Integer", "5"), Ok(5.into()));
        assert_eq!(coerce("Boolean", "true"), Ok(true.into()));
        assert_eq!(coerce("Enum[true_ish, '8140']", "8140"), Ok("8140".into()));
        assert_eq!(coerce("Pattern[/^[0-9]+$/]", "007"), Ok("007".into()));
        assert_eq!(coerce("Any", "5"), Ok(5.into()));
        assert_eq!(coerce("Any", "five"), Ok("five".into()));
        assert_eq!(coerce("Array[String]", r#"["a"]"#), Ok(vec!["a"].into()));
        assert_eq!(coerce("Optional[String]", "null"), Ok(Value::Null));
        assert_eq!(coerce("String", r#""quoted""#), Ok("quoted".into()));
        assert_eq!(coerce("TargetSpec", "web1,web2"), Ok("web1,web2".into()));
        assert_eq!(
            coerce("Sensitive[String]", "5"),
            Ok(Value::sensitive("5".into()))
        );
        let wrong = coerce("Integer[1]", "0").unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "expects a value of type Integer[1], got Integer 0"
        );
        let wrong = coerce("Integer", "abc").unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "expects a value of type Integer, got String 'abc'"
        );
    }

    #[test]
    fn aliases_stand_for_what_the_module_says() {
        let meant =
            DataType::parse("Struct[{port => Integer, Optional[next] => My::Config}]").unwrap();
        let find = |name: &str| (name == "My::Config").then_some(&meant);
        let resolved = DataType::parse("Optional[My::Config]")
            .unwrap()
            .resolved(&find);
        assert!(
            resolved
                .check(&value(r#"{"port":1,"next":{"port":2}}"#))
                .is_ok()
        );
        let mismatch = resolved
            .check(&value(r#"{"port":1,"next":{"port":"x"}}"#))
            .unwrap_err();
        assert_eq!(mismatch.path, "next.port");
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            (-9..30_i64).prop_map(Value::Integer),
            (-9.0..9.0_f64).prop_map(Value::Float),
            "\\PC{0,12}".prop_map(Value::String),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                proptest::collection::vec(("\\PC{0,6}", inner.clone()), 0..4)
                    .prop_map(|entries| Value::Map(entries.into_iter().collect())),
                inner.prop_map(Value::sensitive),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_accepted_again_and_reveals_the_same(data_type in types(), value in values()) {
            if let Ok(accepted) = data_type.accept(value.clone()) {
                prop_assert_eq!(accepted.to_revealed_json(), value.to_revealed_json());
                prop_assert_eq!(data_type.accept(accepted.clone()), Ok(accepted));
            }
        }

        #[test]
        fn an_optional_takes_all_that_its_type_takes_and_undef(data_type in types(), value in values()) {
            let optional = DataType::Optional(Box::new(data_type.clone()));
            prop_assert!(optional.check(&Value::Null).is_ok());
            prop_assert!(optional.is_optional());
            if data_type.check(&value).is_ok() {
                prop_assert!(optional.check(&value).is_ok());
            }
        }
    }
}
