//! Texts: regular expressions.

use regex::Regex;
use rhai::{Dynamic, ImmutableString, Map as ScriptMap};

use super::{catalog::Entry, growth};
use crate::plan::call::{Call, CallError, CallResult};

const TEXT: &str = "String";

/// Compiled patterns that are kept. A plan has a handful of them, in loops.
const PATTERNS_MAX: usize = 64;

pub(super) fn entries() -> Vec<Entry> {
    vec![
        Entry::method(TEXT, "matches", |call| {
            Ok(pattern(call)?.is_match(&text(call)).into())
        })
        .takes("pattern", "Pattern")
        .gives("Boolean")
        .doc("Whether a regular expression matches somewhere in the text.")
        .example(r#"if "nginx/1.24.0".matches(`^nginx/\d+`) { print("it is nginx"); }"#),
        Entry::method(TEXT, "find", |call| {
            let text = text(call);
            let found = pattern(call)?.find(&text).map(|found| found.as_str());
            Ok(found.map_or(Dynamic::UNIT, Into::into))
        })
        .takes("pattern", "Pattern")
        .gives("String")
        .doc("The first part of the text that a regular expression matches, or `()`.")
        .example(r#"print("nginx/1.24.0".find(`\d+\.\d+`));"#),
        Entry::method(TEXT, "find_all", |call| {
            let text = text(call);
            let pattern = pattern(call)?;
            let found = pattern.find_iter(&text).map(|found| found.as_str().into());
            Ok(Dynamic::from_array(found.collect()))
        })
        .takes("pattern", "Pattern")
        .gives("Array[String]")
        .doc("All parts of the text that a regular expression matches.")
        .example(r#"print("a1 b22".find_all(`\d+`));"#),
        Entry::method(TEXT, "captures", captures)
            .takes("pattern", "Pattern")
            .gives("Map")
            .doc("What the groups of a regular expression match: a map by name or number, `\"0\"` being all of it; `()` if nothing matches.")
            .example(r#"let version = "nginx/1.24.0".captures(`(?<name>\w+)/(?<major>\d+)`); print(version.major);"#),
        Entry::method(TEXT, "replace_regex", replace_regex)
            .takes("pattern", "Pattern")
            .takes("replacement", "String")
            .gives(TEXT)
            .doc("The text with all that a regular expression matches replaced. `$1` and `$name` are groups.")
            .example(r#"print("10.0.0.1".replace_regex(`\d+$`, "x"));"#),
        Entry::method(TEXT, "split_regex", |call| {
            let text = text(call);
            let pattern = pattern(call)?;
            growth::collected(call.context, pattern.split(&text)).map(Dynamic::from_array)
        })
        .takes("pattern", "Pattern")
        .gives("Array[String]")
        .doc("The parts of the text between what a regular expression matches.")
        .example(r#"print("a, b;c".split_regex(`[,;]\s*`));"#),
    ]
}

fn text(call: &Call<'_>) -> ImmutableString {
    call.receiver()
}

fn pattern(call: &Call<'_>) -> Result<Regex, CallError> {
    let source = call.text(1)?;
    let host = call.host();
    if let Some(known) = host.patterns.borrow().get(source.as_str()) {
        return Ok(known.clone());
    }
    let pattern = Regex::new(&source).map_err(|error| {
        // The last line says what is wrong; the lines before draw it in a fixed-width font.
        let told = error.to_string();
        let reason = told.lines().last().unwrap_or_default();
        call.misuse(format!("`{source}` is no regular expression: {reason}"))
    })?;
    let mut patterns = host.patterns.borrow_mut();
    if patterns.len() >= PATTERNS_MAX {
        patterns.clear();
    }
    patterns.insert(source.to_string(), pattern.clone());
    Ok(pattern)
}

fn captures(call: &Call<'_>) -> CallResult {
    let text = text(call);
    let pattern = pattern(call)?;
    let Some(captures) = pattern.captures(&text) else {
        return Ok(Dynamic::UNIT);
    };
    let mut map = ScriptMap::new();
    for (number, name) in pattern.capture_names().enumerate() {
        let part = captures.get(number);
        let part = part.map_or(Dynamic::UNIT, |part| part.as_str().into());
        if let Some(name) = name {
            map.insert(name.into(), part.clone());
        }
        map.insert(number.to_string().into(), part);
    }
    Ok(Dynamic::from_map(map))
}

fn replace_regex(call: &Call<'_>) -> CallResult {
    let text = text(call);
    let replacement = call.text(2)?;
    let pattern = pattern(call)?;
    // A group may be as long as the text itself.
    let count = pattern.find_iter(&text).count();
    let longest = replacement.len() + replacement.matches('$').count() * text.len();
    let size = count.saturating_mul(longest).saturating_add(text.len());
    if size > call.host().limits.string_bytes {
        return Err(call.misuse(format!(
            "replacing {count} parts would make a text of up to {size} bytes"
        )));
    }
    Ok(pattern
        .replace_all(&text, replacement.as_str())
        .into_owned()
        .into())
}
