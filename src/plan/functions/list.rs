//! Lists: those of Rhai's methods that change a list give it too, and those that only look change nothing.
//!
//! Rhai's own sort gives nothing, swallows the errors of its comparer, and stops the unwinding of a branch that waits in one.

use std::{cmp::Ordering, ops::Range};

use rhai::{Array, Dynamic, EvalAltResult, FnPtr, ImmutableString};

use super::{catalog::Entry, sequence};
use crate::plan::{
    call::{Call, CallError, CallResult},
    convert, depth,
    host::Host,
};

const LIST: &str = "Array";
const INTEGER: &str = "Integer";
const CLOSURE: &str = "Closure";

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = orders();
    entries.extend(lengths());
    entries
}

fn orders() -> Vec<Entry> {
    vec![
        Entry::method(LIST, "sort", sort)
            .may_take("by", CLOSURE)
            .in_place_of(&[&[], &[CLOSURE]])
            .changes_receiver()
            .gives(LIST)
            .doc("Sorts the list, and gives it: numbers, texts or Booleans. A closure of one parameter gives what to sort by; one of two compares: it gives a number below, at or above 0, or whether the first one comes first. Equal ones keep their order. `order` leaves the list as it is.")
            .example(r#"let names = targets("web").names.sort(); let by_length = names.sort(|name| name.len());"#),
        Entry::method(LIST, "sort_by", sort)
            .takes("by", CLOSURE)
            .in_place_of(&[&[CLOSURE]])
            .changes_receiver()
            .gives(LIST)
            .doc("The same as `sort` with a closure.")
            .example(r#"let hosts = targets("web").map(|t| t).sort_by(|t| t.name);"#),
        Entry::method(LIST, "sort_desc", |call| sort(call).map(reversed))
            .in_place_of(&[&[]])
            .changes_receiver()
            .gives(LIST)
            .doc("Sorts the list from the largest to the smallest, and gives it.")
            .example(r"print([2, 3, 1].sort_desc());"),
        Entry::method(LIST, "order", sort)
            .may_take("by", CLOSURE)
            .in_place_of(&[&[], &[CLOSURE]])
            .gives(LIST)
            .doc("A sorted copy of the list, which stays as it is; otherwise as `sort`.")
            .example(r"let sizes = [3, 1, 2]; print(`${sizes.order()} of ${sizes}`);"),
        Entry::method(LIST, "order_by", sort)
            .takes("by", CLOSURE)
            .in_place_of(&[&[CLOSURE]])
            .gives(LIST)
            .doc("The same as `order` with a closure.")
            .example(r#"print(["bb", "a"].order_by(|text| text.len()));"#),
        Entry::method(LIST, "order_desc", |call| sort(call).map(reversed))
            .in_place_of(&[&[]])
            .gives(LIST)
            .doc("A copy of the list, sorted from the largest to the smallest.")
            .example(r"print([2, 3, 1].order_desc());"),
        Entry::method(LIST, "reverse", |call| Ok(reversed(Dynamic::from_array(list(call)))))
            .in_place_of(&[&[]])
            .changes_receiver()
            .gives(LIST)
            .doc("Turns the list around, and gives it.")
            .example(r#"for name in targets("web").names.reverse() { print(name); }"#),
        Entry::method(LIST, "dedup", dedup)
            .may_take("same", CLOSURE)
            .in_place_of(&[&[], &[CLOSURE]])
            .changes_receiver()
            .gives(LIST)
            .doc("Takes out what equals the one before it, and gives the list; sort it first to have each only once. A closure of two parameters says what counts as equal.")
            .example(r"print([2, 1, 2].sort().dedup());"),
    ]
}

fn lengths() -> Vec<Entry> {
    vec![
        Entry::method(LIST, "truncate", |call| {
            let mut list = list(call);
            list.truncate(cut(call.integer(1)?));
            Ok(Dynamic::from_array(list))
        })
        .takes("length", INTEGER)
        .in_place_of(&[&[INTEGER]])
        .changes_receiver()
        .gives(LIST)
        .doc("Keeps no more than the first so many, and gives the list.")
        .example(r#"print(targets("web").names.truncate(2));"#),
        Entry::method(LIST, "chop", |call| {
            let mut list = list(call);
            let length = list.len();
            list.drain(..length.saturating_sub(cut(call.integer(1)?)));
            Ok(Dynamic::from_array(list))
        })
        .takes("length", INTEGER)
        .in_place_of(&[&[INTEGER]])
        .changes_receiver()
        .gives(LIST)
        .doc("Keeps no more than the last so many, and gives the list.")
        .example(r#"print(targets("web").names.chop(2));"#),
        Entry::method(LIST, "pad", pad)
            .takes("length", INTEGER)
            .takes("with", "Any")
            .in_place_of(&[&[INTEGER, "Any"]])
            .changes_receiver()
            .gives(LIST)
            .doc("Makes the list at least so long with copies of a value, and gives it.")
            .example(r"print([1].pad(3, 0));"),
        Entry::method(LIST, "extract", |call| {
            let list = list(call);
            let part = part(call, list.len())?;
            Ok(Dynamic::from_array(list[part].to_vec()))
        })
        .takes("start", "Integer | Range")
        .may_take("length", INTEGER)
        .in_place_of(&[
            &[INTEGER],
            &[INTEGER, INTEGER],
            &["Range"],
            &["InclusiveRange"],
        ])
        .gives(LIST)
        .doc("A copy of a part of the list: from an index on (or from the end, if negative), so many or all that follow. A range does as well.")
        .example(r#"print(targets("web").names.extract(1, 2));"#),
        Entry::method(LIST, "join", join)
            .may_take("separator", "String")
            .gives("String")
            .doc("The elements as one text, with another one between them; a comma and a space if none is given.")
            .example(r#"print(`drained: ${targets("web").names.join(", ")}`);"#),
    ]
}

fn list(call: &Call<'_>) -> Array {
    call.receiver()
}

fn reversed(list: Dynamic) -> Dynamic {
    let mut list = list.into_array().unwrap_or_default();
    list.reverse();
    Dynamic::from_array(list)
}

/// A length that was given; none is less than none.
pub(super) fn cut(length: i64) -> usize {
    usize::try_from(length.max(0)).unwrap_or(usize::MAX)
}

/// The part that arguments 1 and 2 mean, of something so long: an index and a length, an index, or a range.
pub(super) fn part(call: &Call<'_>, length: usize) -> Result<Range<usize>, CallError> {
    let given = call.argument(1);
    let (start, end) = if let Some(range) = given.read_lock::<Range<i64>>() {
        (cut(range.start), cut(range.end))
    } else if let Some(range) = given.read_lock::<std::ops::RangeInclusive<i64>>() {
        (cut(*range.start()), cut(range.end().saturating_add(1)))
    } else {
        let start = call.integer(1)?;
        let start = match usize::try_from(start) {
            Ok(start) => start,
            Err(_) => length.saturating_sub(cut(start.saturating_neg())),
        };
        let end = match call.given(2) {
            Some(_) => start.saturating_add(cut(call.integer(2)?)),
            None => length,
        };
        (start, end)
    };
    let start = start.min(length);
    Ok(start..end.clamp(start, length))
}

fn pad(call: &Call<'_>) -> CallResult {
    let mut list = list(call);
    let length = cut(call.integer(1)?);
    if length > call.host().limits.array_items {
        return Err(Box::new(EvalAltResult::ErrorDataTooLarge(
            "Size of array".to_owned(),
            call.position(),
        )));
    }
    if length > list.len() {
        depth::check(call.argument(2), call.position())?;
        list.resize(length, call.argument(2).clone());
    }
    Ok(Dynamic::from_array(list))
}

fn join(call: &Call<'_>) -> CallResult {
    let separator = match call.given(1) {
        Some(_) => call.text(1)?,
        None => ", ".into(),
    };
    let most = call.host().limits.string_bytes;
    let mut text = String::new();
    for (number, item) in list(call).iter().enumerate() {
        if number > 0 {
            text.push_str(&separator);
        }
        text.push_str(&shown(call, item)?);
        if text.len() > most {
            return Err(Box::new(EvalAltResult::ErrorDataTooLarge(
                "Length of string".to_owned(),
                call.position(),
            )));
        }
    }
    Ok(text.into())
}

/// A value as `print` shows it.
fn shown(call: &Call<'_>, item: &Dynamic) -> Result<ImmutableString, CallError> {
    if let Some(text) = item.read_lock::<ImmutableString>() {
        return Ok(text.clone());
    }
    let text = call
        .context
        .call_native_fn_raw("to_string", true, &mut [&mut item.clone()])?;
    Ok(text.into_immutable_string().unwrap_or_default())
}

fn sort(call: &Call<'_>) -> CallResult {
    let list = list(call);
    if call.given(1).is_none() {
        return natural(call, list);
    }
    let by = call.pointer(1)?;
    if parameters(&call.host(), &by) == Some(1) {
        return sequence::sort_by(call, list).map(Dynamic::from_array);
    }
    let sorted = merged(list, &mut |left, right| in_order(call, &by, left, right))?;
    Ok(Dynamic::from_array(sorted))
}

/// How many arguments a closure takes, as far as that is known.
fn parameters(host: &Host, closure: &FnPtr) -> Option<usize> {
    let parameters = host.sources.arity(closure.fn_name())?;
    parameters.checked_sub(closure.curry().len())
}

fn in_order(
    call: &Call<'_>,
    by: &FnPtr,
    left: &Dynamic,
    right: &Dynamic,
) -> Result<bool, CallError> {
    let answer = by.call_raw(call.context, None, [left.clone(), right.clone()])?;
    if let Ok(first) = answer.as_bool() {
        return Ok(first);
    }
    if let Ok(number) = answer.as_int() {
        return Ok(number <= 0);
    }
    if let Ok(number) = answer.as_float() {
        return Ok(number <= 0.0);
    }
    let actual = convert::type_name(&answer);
    Err(call.misuse(format!(
        "the closure given to `{}` must give a number or a Boolean, but gives {actual}",
        call.entry.name
    )))
}

/// Sorts by what may fail, or contradict itself: the standard library's sort can bear neither. Equal ones keep their order.
fn merged(
    list: Array,
    in_order: &mut impl FnMut(&Dynamic, &Dynamic) -> Result<bool, CallError>,
) -> Result<Array, CallError> {
    if list.len() < 2 {
        return Ok(list);
    }
    let mut left = list;
    let right = left.split_off(left.len() / 2);
    let left = merged(left, in_order)?;
    let right = merged(right, in_order)?;
    let mut sorted = Array::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        let next = if in_order(one, other)? {
            left.next()
        } else {
            right.next()
        };
        sorted.extend(next);
    }
    sorted.extend(left);
    sorted.extend(right);
    Ok(sorted)
}

/// The order that values have by themselves.
fn natural(call: &Call<'_>, mut list: Array) -> CallResult {
    let first = list.first().map_or(0, family);
    let odd = list.iter().find(|item| family(item) != first);
    let none = list.first().filter(|item| family(item) == 0);
    if let Some(odd) = odd.or(none).filter(|_| list.len() > 1) {
        let other = list.first().map_or("nothing", convert::type_name);
        let message = if family(odd) == first {
            format!(
                "`{}` has no order for {other}: give it a closure, `|item| item.name`",
                call.entry.name
            )
        } else {
            let odd = convert::type_name(odd);
            format!("`{}` can't compare {other} with {odd}", call.entry.name)
        };
        return Err(call.misuse(message));
    }
    list.sort_by(compare);
    Ok(Dynamic::from_array(list))
}

/// Values of one family can be compared; those of none have no order.
fn family(value: &Dynamic) -> u8 {
    if value.is_int() || value.is_float() {
        1
    } else if value.is_string() || value.is_char() {
        2
    } else if value.is_bool() {
        3
    } else {
        0
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "only beside a float, which is no more precise"
)]
fn compare(left: &Dynamic, right: &Dynamic) -> Ordering {
    if let (Ok(left), Ok(right)) = (left.as_int(), right.as_int()) {
        return left.cmp(&right);
    }
    let number = |value: &Dynamic| {
        let float = value.as_float();
        float.or_else(|_| value.as_int().map(|number| number as f64))
    };
    if let (Ok(left), Ok(right)) = (number(left), number(right)) {
        return left.total_cmp(&right);
    }
    if let (Ok(left), Ok(right)) = (left.as_bool(), right.as_bool()) {
        return left.cmp(&right);
    }
    let text = |value: &Dynamic| {
        value
            .read_lock::<ImmutableString>()
            .map(|text| text.clone())
    };
    match (text(left), text(right)) {
        (Some(left), Some(right)) => left.as_str().cmp(right.as_str()),
        _ => left.to_string().cmp(&right.to_string()),
    }
}

fn dedup(call: &Call<'_>) -> CallResult {
    let mut kept: Array = Array::new();
    for mut item in list(call) {
        let again = match kept.last().cloned() {
            Some(mut last) if call.given(1).is_none() => {
                // Values that can't be compared are not the same.
                let same =
                    (call.context).call_native_fn_raw("==", true, &mut [&mut last, &mut item]);
                same.is_ok_and(|same| same.as_bool().unwrap_or(false))
            }
            Some(last) => {
                let same = call.pointer(1)?;
                let answer = same.call_raw(call.context, None, [last, item.clone()])?;
                answer.as_bool().unwrap_or(false)
            }
            None => false,
        };
        if !again {
            kept.push(item);
        }
    }
    Ok(Dynamic::from_array(kept))
}
