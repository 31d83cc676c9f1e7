//! The types that a `param` line can name, each with what it takes.

/// Name, what is inserted where an editor fills in snippets, and what it takes.
pub(super) const TYPES: [(&str, &str, &str); 22] = [
    ("Any", "Any", "Anything, also nothing."),
    (
        "Array",
        "Array[${1:String}]",
        "A list whose items have one type: `Array[String]`, `Array[Integer, 1]`.",
    ),
    ("Boolean", "Boolean", "`true` or `false`."),
    ("Collection", "Collection", "An array or a hash."),
    ("Data", "Data", "All that JSON can say."),
    (
        "Enum",
        "Enum['${1:a}', '${2:b}']",
        "One of these words: `Enum['start', 'stop']`.",
    ),
    (
        "Float",
        "Float",
        "A number with a fraction, in bounds if they are given: `Float[0.0, 1.0]`.",
    ),
    (
        "Hash",
        "Hash[String, ${1:Any}]",
        "A map whose keys and values have one type each: `Hash[String, Integer]`.",
    ),
    (
        "Integer",
        "Integer",
        "A whole number, in bounds if they are given: `Integer[1, 65535]`.",
    ),
    ("NotUndef", "NotUndef[${1:Any}]", "Anything but nothing."),
    ("Numeric", "Numeric", "A number."),
    (
        "Optional",
        "Optional[${1:String}]",
        "The type, or nothing: the parameter need not be given.",
    ),
    (
        "Pattern",
        "Pattern[/${1:^[a-z]+$}/]",
        "A text that a regular expression matches: `Pattern[/^v\\d+$/]`.",
    ),
    ("Scalar", "Scalar", "A text, a number or a Boolean."),
    (
        "Sensitive",
        "Sensitive[${1:String}]",
        "A value that is never shown, logged or stored in clear.",
    ),
    (
        "String",
        "String",
        "A text, in bounds of its length if they are given: `String[1]`.",
    ),
    (
        "Struct",
        "Struct[{'${1:key}' => ${2:String}}]",
        "A map with these keys: `Struct[{'port' => Integer, Optional['name'] => String}]`.",
    ),
    (
        "TargetSpec",
        "TargetSpec",
        "What names targets: a target expression, or an array of these.",
    ),
    (
        "Timespan",
        "Timespan",
        "A length of time, as text or as a number.",
    ),
    (
        "Timestamp",
        "Timestamp",
        "A point in time, as text or as a number.",
    ),
    (
        "Tuple",
        "Tuple[${1:String}, ${2:Integer}]",
        "A list with a type for each item.",
    ),
    (
        "Variant",
        "Variant[${1:String}, ${2:Integer}]",
        "One of several types: `Variant[Integer[1], Pattern[/^\\d+%$/]]`.",
    ),
];

#[cfg(test)]
mod tests {
    use super::TYPES;
    use crate::task::DataType;

    #[test]
    fn each_is_a_type_as_it_is_inserted() {
        for (name, snippet, _) in TYPES {
            let mut plain = String::new();
            let mut rest = snippet;
            while let Some((before, field)) = rest.split_once("${") {
                let end = field.find('}').unwrap();
                let default = field[..end].split_once(':').unwrap().1;
                plain.push_str(before);
                plain.push_str(default);
                rest = &field[end + 1..];
            }
            plain.push_str(rest);
            assert!(DataType::parse(&plain).is_ok(), "{plain}");
            assert!(plain.starts_with(name));
        }
        assert!(TYPES.is_sorted());
    }
}
