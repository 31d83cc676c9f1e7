//! Makes a type out of its name and its arguments.

use std::{
    iter::{self, Peekable},
    vec,
};

use crate::model::nearest;

use super::{
    data_type::{Bounds, DataType, Expression, Member},
    type_error::TypeError,
    type_parser::clip,
};

/// The names that are types here, for did-you-mean.
const NAMES: [&str; 27] = [
    "Any",
    "Array",
    "Boolean",
    "Collection",
    "Data",
    "Enum",
    "Float",
    "Hash",
    "Integer",
    "NotUndef",
    "Numeric",
    "Optional",
    "Pattern",
    "Regexp",
    "RichData",
    "Scalar",
    "ScalarData",
    "Sensitive",
    "String",
    "Struct",
    "TargetSpec",
    "Target",
    "Timespan",
    "Timestamp",
    "Tuple",
    "Undef",
    "Variant",
];

/// Puppet's types whose values never reach a task or a plan.
const REFUSED: [&str; 17] = [
    "Binary",
    "Callable",
    "CatalogEntry",
    "Class",
    "Default",
    "Error",
    "Init",
    "Iterable",
    "Iterator",
    "Object",
    "Resource",
    "Runtime",
    "SemVer",
    "SemVerRange",
    "Type",
    "TypeSet",
    "URI",
];

/// One argument between brackets.
pub(super) enum Argument {
    Type(DataType),
    Integer(i64),
    Float(f64),
    Default,
    Bool(bool),
    /// In quotes, or a bare word.
    Text(String),
    Expression(Expression),
    Members(Vec<Member>),
}

/// An argument and where it stands.
pub(super) struct Placed {
    pub argument: Argument,
    pub start: usize,
    pub end: usize,
}

/// A type of which name and arguments have been read.
pub(super) struct Whole<'a> {
    pub name: &'a str,
    pub start: usize,
    pub end: usize,
}

impl Whole<'_> {
    pub(super) fn build(&self, arguments: Option<Vec<Placed>>) -> Result<DataType, TypeError> {
        let mut rest = Rest::of(arguments);
        let built = match self.name {
            "Any" => DataType::Any,
            "Data" => DataType::Data,
            "RichData" => DataType::RichData,
            "Scalar" => DataType::Scalar,
            "ScalarData" => DataType::ScalarData,
            "Numeric" => DataType::Numeric,
            "Undef" => DataType::Undef,
            "TargetSpec" | "Target" | "Boltlib::TargetSpec" => DataType::TargetSpec,
            "String" => DataType::String(rest.sizes(self)?),
            "Integer" => DataType::Integer(rest.integers(self)?),
            "Float" => DataType::Float(rest.floats(self)?),
            "Boolean" => DataType::Boolean(rest.flag()),
            "Collection" => DataType::Collection(rest.sizes(self)?),
            "Array" => DataType::Array {
                item: Box::new(rest.data_type().unwrap_or_default()),
                size: rest.sizes(self)?,
            },
            "Hash" => self.hash(&mut rest)?,
            "Tuple" => self.tuple(&mut rest)?,
            "Struct" => match rest.members() {
                Some(members) => DataType::Struct(members),
                None if rest.is_empty() => any_hash(),
                None => return Err(self.wrong("write its keys as `Struct[{'key' => Type}]`")),
            },
            "Enum" => self.words(&mut rest)?,
            "Pattern" => self.pattern(&mut rest)?,
            "Regexp" => {
                rest.expression();
                rest.text();
                DataType::Regexp
            }
            "Optional" => match rest.type_or_literal() {
                Some(inner) => DataType::Optional(Box::new(inner)),
                None => DataType::Any,
            },
            "NotUndef" => DataType::NotUndef(Box::new(rest.type_or_literal().unwrap_or_default())),
            "Sensitive" => DataType::Sensitive(Box::new(rest.data_type().unwrap_or_default())),
            "Variant" => self.variant(&mut rest)?,
            "Timestamp" | "Timespan" => {
                // Limits on time are for the task to check: JSON has no time to compare.
                rest.clear();
                if self.name == "Timestamp" {
                    DataType::Timestamp
                } else {
                    DataType::Timespan
                }
            }
            name => {
                rest.clear();
                self.named(name)?
            }
        };
        match rest.next() {
            None => Ok(built),
            Some(extra) => Err(TypeError::new(
                extra.start,
                extra.end - extra.start,
                format!("`{}` takes no such argument", self.name),
            )
            .with_help(usage(self.name))),
        }
    }

    fn hash(&self, rest: &mut Rest) -> Result<DataType, TypeError> {
        let key = rest.data_type();
        let value = rest.data_type();
        if key.is_some() && value.is_none() {
            return Err(self.wrong(
                "write the types of its keys and of its values, as in `Hash[String, Data]`",
            ));
        }
        Ok(DataType::Hash {
            key: Box::new(key.unwrap_or_default()),
            value: Box::new(value.unwrap_or_default()),
            size: rest.sizes(self)?,
        })
    }

    fn tuple(&self, rest: &mut Rest) -> Result<DataType, TypeError> {
        let items: Vec<DataType> = iter::from_fn(|| rest.data_type()).collect();
        let size = rest.sizes(self)?;
        if items.is_empty() {
            return Ok(DataType::Array {
                item: Box::default(),
                size,
            });
        }
        Ok(DataType::Tuple { items, size })
    }

    fn words(&self, rest: &mut Rest) -> Result<DataType, TypeError> {
        let words: Vec<String> = iter::from_fn(|| rest.text()).collect();
        let ignore_case = rest.flag();
        match (words.is_empty(), rest.is_empty() && ignore_case.is_none()) {
            (true, true) => Ok(DataType::String(Bounds::default())),
            (true, false) => Err(self.wrong("write its words, as in `Enum[start, stop]`")),
            (false, _) => Ok(DataType::Enum {
                words,
                ignore_case: ignore_case.unwrap_or_default(),
            }),
        }
    }

    fn pattern(&self, rest: &mut Rest) -> Result<DataType, TypeError> {
        let mut expressions = Vec::new();
        loop {
            if let Some(expression) = rest.expression() {
                expressions.push(expression);
            } else if let Some((text, start)) = rest.placed_text() {
                expressions.push(Expression::parse(&text).map_err(|error| TypeError {
                    offset: start,
                    length: text.len() + 2,
                    ..error
                })?);
            } else {
                break;
            }
        }
        match (expressions.is_empty(), rest.is_empty()) {
            (true, true) => Ok(DataType::String(Bounds::default())),
            (true, false) => {
                Err(self.wrong("write regular expressions, as in `Pattern[/^[a-z]+$/]`"))
            }
            (false, _) => Ok(DataType::Pattern(expressions)),
        }
    }

    fn variant(&self, rest: &mut Rest) -> Result<DataType, TypeError> {
        let types: Vec<DataType> = iter::from_fn(|| rest.data_type()).collect();
        if types.is_empty() {
            return Err(
                self.wrong("write the types that it may have, as in `Variant[String, Integer]`")
            );
        }
        Ok(DataType::Variant(types))
    }

    /// An alias, or a word that is no type.
    fn named(&self, name: &str) -> Result<DataType, TypeError> {
        let length = name.len();
        if REFUSED.contains(&name) {
            return Err(TypeError::new(
                self.start,
                length,
                format!("no value of the type `{name}` can reach a task"),
            )
            .with_help("use `Data`, or a type that JSON can carry"));
        }
        let is_alias = name.split("::").all(|part| {
            let mut letters = part.chars();
            letters
                .next()
                .is_some_and(|first| first.is_ascii_uppercase())
                && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        });
        if is_alias && name.contains("::") {
            return Ok(DataType::Alias(name.to_owned()));
        }
        let error = TypeError::new(
            self.start,
            length,
            format!("no type is called `{}`", clip(name)),
        )
        .of_unknown_type(is_alias);
        Err(match synonym(name).or_else(|| nearest(name, NAMES)) {
            Some(meant) => error.with_help(format!("did you mean `{meant}`?")),
            None => error.with_help(
                "the types are String, Integer, Float, Boolean, Array, Hash, Enum, Optional, Variant, ...; \
                 those of modules have `::` in their names",
            ),
        })
    }

    fn wrong(&self, help: &str) -> TypeError {
        TypeError::new(
            self.start,
            self.end - self.start,
            format!("`{}` can't be made of this", self.name),
        )
        .with_help(help)
    }
}

/// What other languages call them.
fn synonym(name: &str) -> Option<&'static str> {
    Some(match name.to_lowercase().as_str() {
        "str" | "text" => "String",
        "int" | "i64" | "number" => "Integer",
        "bool" => "Boolean",
        "list" | "vec" => "Array",
        "map" | "dict" | "object" => "Hash",
        "null" | "nil" | "none" | "unit" => "Undef",
        "regex" => "Pattern",
        "secret" | "password" => "Sensitive",
        "targets" | "targetset" | "nodes" => "TargetSpec",
        "union" | "either" => "Variant",
        "f64" | "double" => "Float",
        _ => return None,
    })
}

fn usage(name: &str) -> String {
    match name {
        "String" | "Collection" => format!("write `{name}[least, greatest]` with whole numbers"),
        "Integer" | "Float" => format!("write `{name}[least, greatest]` with numbers or `default`"),
        "Array" => "write `Array[Type, least, greatest]`".to_owned(),
        "Hash" => "write `Hash[Key, Value, least, greatest]`".to_owned(),
        "Boolean" => "write `Boolean`, `Boolean[true]` or `Boolean[false]`".to_owned(),
        "Optional" | "NotUndef" | "Sensitive" => format!("write `{name}[Type]`"),
        _ => format!("write `{name}` without it"),
    }
}

fn any_hash() -> DataType {
    DataType::Hash {
        key: Box::default(),
        value: Box::default(),
        size: Bounds::default(),
    }
}

/// The arguments that nobody has taken yet. Each method takes the next one if it is of its kind.
struct Rest {
    arguments: Peekable<vec::IntoIter<Placed>>,
}

impl Rest {
    fn of(arguments: Option<Vec<Placed>>) -> Self {
        Self {
            arguments: arguments.unwrap_or_default().into_iter().peekable(),
        }
    }

    fn next(&mut self) -> Option<Placed> {
        self.arguments.next()
    }

    fn is_empty(&mut self) -> bool {
        self.arguments.peek().is_none()
    }

    fn clear(&mut self) {
        self.arguments.by_ref().for_each(drop);
    }

    fn take_if(&mut self, wanted: impl Fn(&Argument) -> bool) -> Option<Placed> {
        self.arguments.next_if(|placed| wanted(&placed.argument))
    }

    fn data_type(&mut self) -> Option<DataType> {
        match self
            .take_if(|argument| matches!(argument, Argument::Type(_)))?
            .argument
        {
            Argument::Type(data_type) => Some(data_type),
            _ => None,
        }
    }

    fn text(&mut self) -> Option<String> {
        self.placed_text().map(|(text, _)| text)
    }

    fn placed_text(&mut self) -> Option<(String, usize)> {
        let placed = self.take_if(|argument| matches!(argument, Argument::Text(_)))?;
        match placed.argument {
            Argument::Text(text) => Some((text, placed.start)),
            _ => None,
        }
    }

    fn type_or_literal(&mut self) -> Option<DataType> {
        self.data_type().or_else(|| {
            self.text().map(|word| DataType::Enum {
                words: vec![word],
                ignore_case: false,
            })
        })
    }

    fn expression(&mut self) -> Option<Expression> {
        match self
            .take_if(|argument| matches!(argument, Argument::Expression(_)))?
            .argument
        {
            Argument::Expression(expression) => Some(expression),
            _ => None,
        }
    }

    fn members(&mut self) -> Option<Vec<Member>> {
        match self
            .take_if(|argument| matches!(argument, Argument::Members(_)))?
            .argument
        {
            Argument::Members(members) => Some(members),
            _ => None,
        }
    }

    fn flag(&mut self) -> Option<bool> {
        match self
            .take_if(|argument| matches!(argument, Argument::Bool(_)))?
            .argument
        {
            Argument::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    fn integers(&mut self, whole: &Whole<'_>) -> Result<Bounds<i64>, TypeError> {
        self.bounds(whole, |argument| match argument {
            Argument::Integer(number) => Some(*number),
            _ => None,
        })
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a whole number as the bound of a float is a small one"
    )]
    fn floats(&mut self, whole: &Whole<'_>) -> Result<Bounds<f64>, TypeError> {
        self.bounds(whole, |argument| match argument {
            Argument::Integer(number) => Some(*number as f64),
            Argument::Float(number) => Some(*number),
            _ => None,
        })
    }

    fn sizes(&mut self, whole: &Whole<'_>) -> Result<Bounds<u64>, TypeError> {
        self.bounds(whole, |argument| match argument {
            Argument::Integer(number) => u64::try_from(*number).ok(),
            _ => None,
        })
    }

    fn bounds<T: PartialOrd>(
        &mut self,
        whole: &Whole<'_>,
        number: impl Fn(&Argument) -> Option<T>,
    ) -> Result<Bounds<T>, TypeError> {
        let mut bound = || {
            let placed = self.take_if(|argument| {
                matches!(argument, Argument::Default) || number(argument).is_some()
            })?;
            Some(number(&placed.argument))
        };
        let bounds = Bounds {
            least: bound().flatten(),
            greatest: bound().flatten(),
        };
        if let (Some(least), Some(greatest)) = (&bounds.least, &bounds.greatest)
            && least > greatest
        {
            return Err(whole.wrong("write the least before the greatest"));
        }
        Ok(bounds)
    }
}
