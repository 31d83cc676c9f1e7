//! Rhai's names of types in the words of the language.

/// A type as a message names it, with its article.
pub(in crate::plan) fn type_word(name: &str) -> String {
    let plain = match name
        .trim()
        .trim_start_matches("&mut ")
        .trim_start_matches('&')
    {
        "i64" | "i32" | "int" | "INT" => "an integer",
        "f64" | "f32" | "float" | "FLOAT" => "a float",
        "str | ImmutableString | String"
        | "ImmutableString"
        | "string"
        | "str"
        | "String"
        | "rhai::types::immutable_string::ImmutableString"
        | "alloc::string::String" => "a string",
        "bool" => "a boolean",
        "char" => "a character",
        "()" => "nothing: `()`",
        "array" | "Array" => "a list",
        "map" | "Map" => "a map",
        "Fn" | "FnPtr" | "rhai::types::fn_ptr::FnPtr" => "a function",
        "range" | "Range<i64>" => "a range",
        "range=" | "RangeInclusive<i64>" => "an inclusive range",
        "blob" | "Blob" => "bytes",
        "Dynamic" | "?" | "_" => "any value",
        other => {
            let last = other.rsplit("::").next().unwrap_or(other);
            if other.contains("Vec<") && other.contains("Dynamic") {
                return "a list".to_owned();
            }
            if other.contains("BTreeMap<") {
                return "a map".to_owned();
            }
            let article = if last.starts_with(['A', 'E', 'I', 'O', 'U', 'a', 'e', 'i', 'o', 'u']) {
                "an"
            } else {
                "a"
            };
            return format!("{article} `{last}`");
        }
    };
    plain.to_owned()
}

/// Words joined with commas and `and`.
pub(super) fn and_list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
