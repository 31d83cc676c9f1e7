//! Reads the text of a data type: recursive descent over bytes, with the place of every mistake.

use std::str::FromStr;

use super::{
    data_type::{DataType, Expression, Member, Presence},
    type_builder::{Argument, Placed, Whole},
    type_error::TypeError,
};

// The deepest type among all published tasks has 4 levels. Reading, printing, checking and dropping a type recurse,
// and this is far from the end of any stack.
const NESTING_MAX: usize = 32;
// The longest type among all published tasks has 400 bytes.
const LENGTH_MAX: usize = 16 << 10;

pub(super) fn parse(text: &str) -> Result<DataType, TypeError> {
    let (data_type, end) = parse_prefix(text)?;
    let rest = text[end..].trim();
    if rest.is_empty() {
        return Ok(data_type);
    }
    let offset = end + text[end..].len() - text[end..].trim_start().len();
    let message = format!("`{}` stands after the end of the type", clip(rest));
    let error = TypeError::new(offset, rest.len(), message);
    Err(if rest.starts_with('|') {
        error.with_help("write alternatives as `Variant[A, B]`")
    } else {
        error
    })
}

pub(super) fn parse_prefix(text: &str) -> Result<(DataType, usize), TypeError> {
    let mut parser = Parser {
        // Where a plan follows, the rest is none of our business.
        text: &text[..text.floor_char_boundary(LENGTH_MAX)],
        at: 0,
        depth: 0,
    };
    let data_type = parser.data_type()?;
    Ok((data_type, parser.at))
}

struct Parser<'a> {
    text: &'a str,
    /// The next byte; always between two characters.
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Takes `wanted` and the blanks before it, or neither.
    fn eat(&mut self, wanted: &str) -> bool {
        let found = self.rest().trim_start().starts_with(wanted);
        if found {
            self.blank();
            self.at += wanted.len();
        }
        found
    }

    fn expect(&mut self, wanted: &str, inside: &str) -> Result<(), TypeError> {
        if self.eat(wanted) {
            return Ok(());
        }
        self.blank();
        Err(match self.peek() {
            None => TypeError::new(self.at, 0, format!("the type ends inside of `{inside}`"))
                .with_help(format!("add the missing `{wanted}`")),
            Some(letter) => TypeError::new(
                self.at,
                letter.len_utf8(),
                format!("`{letter}` where `{wanted}` was expected in `{inside}`"),
            )
            .maybe_help(
                (wanted == "]" && (letter.is_alphanumeric() || matches!(letter, '\'' | '"')))
                    .then_some("what stands in the brackets is separated by `,`"),
            ),
        })
    }

    /// A name with `::` in it, or nothing.
    fn word(&mut self) -> &str {
        let start = self.at;
        let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | ':');
        let rest = self.rest();
        self.at += rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        &self.text[start..self.at]
    }

    fn data_type(&mut self) -> Result<DataType, TypeError> {
        self.blank();
        let start = self.at;
        let name = self.word().to_owned();
        if name.is_empty() {
            return Err(match self.peek() {
                None => TypeError::new(start, 0, "a type is missing here")
                    .with_help("write the name of a type, such as `String` or `Integer[1]`"),
                Some(letter) => TypeError::new(
                    start,
                    letter.len_utf8(),
                    format!("`{letter}` where a type was expected"),
                ),
            });
        }
        self.typed(&name, start)
    }

    /// The type of that name, which has just been read, with the arguments that follow.
    fn typed(&mut self, name: &str, start: usize) -> Result<DataType, TypeError> {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err(TypeError::new(
                start,
                name.len(),
                format!("types are nested more than {NESTING_MAX} deep"),
            ));
        }
        let arguments = if self.eat("[") {
            Some(self.arguments(name)?)
        } else {
            None
        };
        self.depth -= 1;
        let whole = Whole {
            name,
            start,
            end: self.at,
        };
        whole.build(arguments)
    }

    fn arguments(&mut self, name: &str) -> Result<Vec<Placed>, TypeError> {
        let mut arguments = Vec::new();
        loop {
            self.blank();
            let start = self.at;
            if self.eat("]") {
                if arguments.is_empty() {
                    return Err(TypeError::new(
                        start.saturating_sub(1),
                        2,
                        format!("`{name}[]` has nothing between its brackets"),
                    )
                    .with_help(format!("write `{name}` alone, or say what is in it")));
                }
                return Ok(arguments);
            }
            let argument = self.argument(name)?;
            arguments.push(Placed {
                argument,
                start,
                end: self.at,
            });
            if !self.eat(",") {
                self.expect("]", name)?;
                return Ok(arguments);
            }
        }
    }

    fn argument(&mut self, owner: &str) -> Result<Argument, TypeError> {
        let start = self.at;
        match self.peek() {
            Some('\'' | '"') => self.quoted().map(Argument::Text),
            Some('/') => self.expression().map(Argument::Expression),
            Some('{') => self.members().map(Argument::Members),
            Some(letter) if letter.is_ascii_digit() || matches!(letter, '-' | '+' | '.') => {
                self.number()
            }
            Some(letter) if letter.is_alphanumeric() || letter == '_' => {
                // A bare word of an enum may have a dash or a dot in it: `pe-master`.
                if owner == "Enum" {
                    return Ok(self.enum_word());
                }
                let name = self.word().to_owned();
                match name.as_str() {
                    "default" => Ok(Argument::Default),
                    "true" => Ok(Argument::Bool(true)),
                    "false" => Ok(Argument::Bool(false)),
                    "undef" => Ok(Argument::Type(DataType::Undef)),
                    _ => self.typed(&name, start).map(Argument::Type),
                }
            }
            Some(letter) => Err(TypeError::new(
                start,
                letter.len_utf8(),
                format!("`{letter}` can't stand in `{owner}[...]`"),
            )
            .maybe_help(
                (owner == "Pattern")
                    .then_some("a regular expression stands between slashes: `Pattern[/^\\d+$/]`"),
            )),
            None => Err(
                TypeError::new(start, 0, format!("the type ends inside of `{owner}`"))
                    .with_help("add the missing `]`"),
            ),
        }
    }

    fn enum_word(&mut self) -> Argument {
        let start = self.at;
        let rest = self.rest();
        let ends = |letter: char| letter.is_whitespace() || matches!(letter, ',' | ']');
        self.at += rest.find(ends).unwrap_or(rest.len());
        let word = self.text[start..self.at].trim_end();
        self.at = start + word.len();
        match word {
            "true" => Argument::Bool(true),
            "false" => Argument::Bool(false),
            word => Argument::Text(word.to_owned()),
        }
    }

    fn number(&mut self) -> Result<Argument, TypeError> {
        let start = self.at;
        let rest = self.rest();
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "+-._".contains(letter);
        self.at += rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        let text = &self.text[start..self.at];
        integer(text)
            .map(Argument::Integer)
            .or_else(|| {
                let float = f64::from_str(text).ok()?;
                (float.is_finite() && text.contains(['.', 'e', 'E']))
                    .then_some(Argument::Float(float))
            })
            .ok_or_else(|| {
                let what = if text.bytes().all(|byte| byte.is_ascii_digit()) {
                    "does not fit into 64 bits"
                } else {
                    "is no number"
                };
                let range = text.split_once("..");
                let help = range.map(|(least, most)| {
                    format!("write `{least}, {}`", most.trim_start_matches('='))
                });
                TypeError::new(start, text.len(), format!("`{}` {what}", clip(text)))
                    .maybe_help(help)
            })
    }

    fn quoted(&mut self) -> Result<String, TypeError> {
        let start = self.at;
        let mut letters = self.rest().char_indices();
        let quote = letters.next().map_or('\'', |(_, letter)| letter);
        let mut text = String::new();
        while let Some((index, letter)) = letters.next() {
            match letter {
                '\\' => match letters.clone().next() {
                    Some((_, escaped)) if escaped == quote || escaped == '\\' => {
                        letters.next();
                        text.push(escaped);
                    }
                    // Puppet keeps a backslash that escapes nothing.
                    _ => text.push('\\'),
                },
                _ if letter == quote => {
                    self.at = start + index + quote.len_utf8();
                    return Ok(text);
                }
                other => text.push(other),
            }
        }
        Err(
            TypeError::new(start, self.text.len() - start, "this text has no end")
                .with_help(format!("add the missing `{quote}`")),
        )
    }

    fn expression(&mut self) -> Result<Expression, TypeError> {
        let start = self.at + 1;
        let mut escaped = false;
        for (index, letter) in self.text[start..].char_indices() {
            match letter {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '/' => {
                    self.at = start + index + 1;
                    return Expression::parse(&self.text[start..start + index]).map_err(|error| {
                        TypeError {
                            offset: start + error.offset,
                            ..error
                        }
                    });
                }
                _ => {}
            }
        }
        Err(TypeError::new(
            start - 1,
            self.text.len() - start + 1,
            "this regular expression has no end",
        )
        .with_help("add the missing `/`; a slash inside is written `\\/`"))
    }

    /// `{'a' => T, Optional['b'] => T}`.
    fn members(&mut self) -> Result<Vec<Member>, TypeError> {
        let mut members: Vec<Member> = Vec::new();
        self.expect("{", "Struct")?;
        while !self.eat("}") {
            self.blank();
            let start = self.at;
            let (name, presence) = self.member_key()?;
            if members.iter().any(|member| member.name == name) {
                return Err(TypeError::new(
                    start,
                    self.at - start,
                    format!("the key `{name}` occurs twice"),
                ));
            }
            self.expect("=>", "Struct")?;
            let data_type = self.data_type()?;
            members.push(Member {
                name,
                presence,
                data_type,
            });
            if !self.eat(",") {
                self.expect("}", "Struct")?;
                break;
            }
        }
        Ok(members)
    }

    fn member_key(&mut self) -> Result<(String, Presence), TypeError> {
        let start = self.at;
        if matches!(self.peek(), Some('\'' | '"')) {
            return Ok((self.quoted()?, Presence::ByType));
        }
        let word = self.word().to_owned();
        let presence = match word.as_str() {
            "Optional" => Presence::Optional,
            "NotUndef" => Presence::Required,
            "" => {
                let length = self.peek().map_or(0, char::len_utf8);
                return Err(TypeError::new(start, length, "a key is missing here")
                    .with_help("write the key in quotes: `'name' => String`"));
            }
            _ => return Ok((word, Presence::ByType)),
        };
        // A key may itself be called `Optional`.
        if !self.eat("[") {
            return Ok((word, Presence::ByType));
        }
        self.blank();
        let name = if matches!(self.peek(), Some('\'' | '"')) {
            self.quoted()?
        } else {
            self.word().to_owned()
        };
        self.expect("]", &word)?;
        Ok((name, presence))
    }
}

/// Decimal, hexadecimal (`0x1F`) and octal (`0755`) as Puppet reads them.
fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = if let Some(hex) = digits.strip_prefix("0x") {
        (16, hex)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, &digits[1..])
    } else {
        (10, digits)
    };
    if digits.starts_with(['-', '+']) {
        return None;
    }
    let sign = if negative { "-" } else { "" };
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

pub(super) fn clip(text: &str) -> String {
    const CHARS_MAX: usize = 40;
    if text.chars().count() <= CHARS_MAX {
        text.to_owned()
    } else {
        text.chars().take(CHARS_MAX - 1).chain(['…']).collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::task::Bounds;

    fn canonical(text: &str) -> String {
        match parse(text) {
            Ok(data_type) => data_type.to_string(),
            Err(error) => panic!("`{text}`: {error} at {}", error.offset),
        }
    }

    #[test]
    fn reads_the_types_of_published_tasks() {
        for text in [
            "String",
            "String[1]",
            "Integer",
            "Integer[1]",
            "Integer[3]",
            "Numeric",
            "Boolean",
            "Array",
            "Array[String]",
            "Array[String[1]]",
            "Hash",
            "Hash[String, String]",
            "Data",
            "Any",
            "Sensitive",
            "Optional[Sensitive[String[1]]]",
            "Variant[String[1], Array[String[1]]]",
            "TargetSpec",
            "Pattern[/^[^|&]*$/]",
            "Optional[Variant[Pattern[/^[0-9]*$/], Integer]]",
            "Boolean[true]",
            "Peadm::Ldap_config",
            "Float[0.0, 1.5]",
            "Integer[default, 5]",
            "Collection[1]",
            "NotUndef",
            "Tuple[String, Integer, 1, 4]",
            "Hash[String, Data, 1, 9]",
            "Array[Integer, 0, 3]",
            "Regexp",
            "Struct[{'a' => String, Optional['b'] => Integer, NotUndef['c'] => Any}]",
            "Timestamp",
            "Timespan",
            "Pattern[/\\/etc\\/[a-z]+/, /x/]",
            "Enum['it\\'s', 'b']",
            "Integer[-5, -1]",
        ] {
            assert_eq!(canonical(text), text);
        }
    }

    #[test]
    fn other_ways_of_writing_mean_the_same() {
        for (text, meant) in [
            (" Optional [ String [ 1 , 5 ] ] ", "Optional[String[1, 5]]"),
            (
                "Enum[start,stop, \"re start\"]",
                "Enum['start', 'stop', 're start']",
            ),
            ("Enum[all, ca, pe-master]", "Enum['all', 'ca', 'pe-master']"),
            ("Enum['8140', '8143']", "Enum['8140', '8143']"),
            ("Enum[a, b, true]", "Enum['a', 'b', true]"),
            ("Optional['latest']", "Optional[Enum['latest']]"),
            ("Integer[0x10, 010]", "Integer[16, 8]"),
            ("Integer[default, default]", "Integer"),
            ("Optional", "Any"),
            ("Target", "TargetSpec"),
            ("Array[Any]", "Array"),
            ("Struct[{a => String,}]", "Struct[{'a' => String}]"),
            ("Struct", "Hash"),
            ("Pattern['^a']", "Pattern[/^a/]"),
            ("Array[String,]", "Array[String]"),
            ("Float[1, 2]", "Float[1.0, 2.0]"),
            ("Timestamp['2000-01-01']", "Timestamp"),
        ] {
            if text.contains("010") {
                // 010 is octal in Puppet, so this is a least above the greatest.
                assert!(parse(text).is_err());
                continue;
            }
            assert_eq!(canonical(text), meant, "{text}");
        }
    }

    #[test]
    fn mistakes_are_placed_and_explained() {
        let rendered: Vec<String> = [
            "string",
            "int",
            "Optional[Strng]",
            "Array[String",
            "Array[]",
            "",
            "Enum[]",
            "Variant",
            "Integer[5, 1]",
            "String[-1]",
            "Integer['a']",
            "Hash[String]",
            "String | Integer",
            "Callable",
            "Pattern[/(?=x)y/]",
            "Pattern[/a(/]",
            "Pattern[/a",
            "Enum['a]",
            "Struct[{'a' = String}]",
            "Struct[{'a' => String, 'a' => String}]",
            "Boolean[1]",
            "Array[String] Integer",
            "Ünicode",
            "Array[;]",
            "Pattern[/a++/]",
            "Pattern[/(a)\\1/]",
            "Integer[99999999999999999999]",
        ]
        .iter()
        .map(|text| {
            let error = parse(text).unwrap_err();
            let end = (error.offset + error.length).min(text.len());
            let help = error.help.as_deref().unwrap_or("-");
            format!(
                "{text}\n  `{}`: {error}\n  {help}",
                &text[error.offset..end]
            )
        })
        .collect();
        insta::assert_snapshot!(rendered.join("\n"));
    }

    #[test]
    fn type_in_front_of_something_else_is_read() {
        for (text, rest) in [
            ("String[1] = \"nginx\";", " = \"nginx\";"),
            ("Variant[Integer[1], Pattern[/^[=;]\\d+%$/]] = 2;", " = 2;"),
            ("TargetSpec;", ";"),
            ("String = 1", " = 1"),
            ("Enum[a, b], more", ", more"),
        ] {
            let (_, end) = parse_prefix(text).unwrap();
            assert_eq!(&text[end..], rest);
        }
    }

    #[test]
    fn nesting_ends_in_an_error() {
        let deep = format!("{}String{}", "Optional[".repeat(10_000), "]".repeat(10_000));
        assert!(parse(&deep).is_err());
        let deep = "Array[".repeat(2_000);
        assert!(parse(&deep).unwrap_err().message.contains("deep"));
        let deep = "Struct[{a=>".repeat(1_000);
        assert!(parse(&deep).unwrap_err().message.contains("deep"));
    }

    fn bounds() -> impl Strategy<Value = Bounds<u64>> {
        (
            proptest::option::of(0..9_u64),
            proptest::option::of(9..20_u64),
        )
            .prop_map(|(least, greatest)| Bounds { least, greatest })
    }

    fn leaf() -> impl Strategy<Value = DataType> {
        let integers = (
            proptest::option::of(-9..0_i64),
            proptest::option::of(0..9_i64),
        )
            .prop_map(|(least, greatest)| Bounds { least, greatest });
        let floats = (
            proptest::option::of(-9.5..0.0_f64),
            proptest::option::of(0.0..1e300_f64),
        )
            .prop_map(|(least, greatest)| Bounds { least, greatest });
        let words = proptest::collection::vec("\\PC{0,8}", 1..4);
        prop_oneof![
            Just(DataType::Any),
            Just(DataType::Data),
            Just(DataType::Scalar),
            Just(DataType::Undef),
            Just(DataType::TargetSpec),
            Just(DataType::Timespan),
            Just(DataType::Alias("Peadm::Ldap_config".to_owned())),
            proptest::option::of(any::<bool>()).prop_map(DataType::Boolean),
            bounds().prop_map(DataType::String),
            bounds().prop_map(DataType::Collection),
            integers.prop_map(DataType::Integer),
            floats.prop_map(DataType::Float),
            (words, any::<bool>())
                .prop_map(|(words, ignore_case)| DataType::Enum { words, ignore_case }),
            "[a-z^$.]{0,6}"
                .prop_map(|source| DataType::Pattern(vec![Expression::parse(&source).unwrap()])),
        ]
    }

    pub(in crate::task) fn types() -> impl Strategy<Value = DataType> {
        leaf().prop_recursive(4, 24, 4, |inner| {
            let boxed = || inner.clone().prop_map(Box::new);
            let members =
                proptest::collection::btree_map("\\PC{0,6}", (inner.clone(), 0..3_u8), 0..4);
            prop_oneof![
                // `Optional` and `NotUndef` of any are those words alone.
                inner
                    .clone()
                    .prop_map(|one| DataType::Optional(Box::new(one))),
                boxed().prop_map(DataType::NotUndef),
                boxed().prop_map(DataType::Sensitive),
                proptest::collection::vec(inner.clone(), 1..4).prop_map(DataType::Variant),
                (boxed(), bounds()).prop_map(|(item, size)| DataType::Array { item, size }),
                (proptest::collection::vec(inner.clone(), 1..4), bounds())
                    .prop_map(|(items, size)| DataType::Tuple { items, size }),
                (boxed(), boxed(), bounds()).prop_map(|(key, value, size)| DataType::Hash {
                    key,
                    value,
                    size
                }),
                members.prop_map(|members| DataType::Struct(
                    members
                        .into_iter()
                        .map(|(name, (data_type, presence))| Member {
                            name,
                            data_type,
                            presence: match presence {
                                0 => Presence::ByType,
                                1 => Presence::Optional,
                                _ => Presence::Required,
                            },
                        })
                        .collect()
                )),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_as_the_same(data_type in types()) {
            let text = data_type.to_string();
            prop_assert_eq!(parse(&text), Ok(data_type), "{}", text);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn no_near_miss_makes_it_panic(text in "([A-Z][a-z]{2,8}|Optional|Struct|Enum|Pattern|[\\[\\]{}',/\"=> 0-9.|-]){0,24}") {
            if let Err(error) = parse(&text) {
                prop_assert!(text.is_char_boundary(error.offset));
                prop_assert!(text.is_char_boundary((error.offset + error.length).min(text.len())));
            }
        }
    }
}
