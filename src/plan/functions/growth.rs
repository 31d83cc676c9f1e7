//! Those of Rhai's functions that put a value into another one, or make many of one, with a look at how much that is.
//!
//! Rhai's own limits would do it, but measure the whole list at each change of it.

use rhai::{
    Array, Dynamic, EvalAltResult, FuncRegistration, ImmutableString, Map, Module,
    NativeCallContext, Position,
};

use super::sequence;
use crate::plan::{depth, host::Host};

type Unit = Result<(), Box<EvalAltResult>>;
type Parts = Result<Array, Box<EvalAltResult>>;

/// Puts them in the place of Rhai's own.
pub(super) fn register(module: &mut Module) {
    let own = |name: &str, info: &[&str]| {
        FuncRegistration::new(name)
            .in_global_namespace()
            .with_purity(false)
            .with_params_info(info)
    };
    own("push", &["array: &mut Array", "item: Dynamic", "()"]).set_into_module(module, push);
    own(
        "insert",
        &["array: &mut Array", "index: i64", "item: Dynamic", "()"],
    )
    .set_into_module(module, insert);
    own(
        "set",
        &["array: &mut Array", "index: i64", "value: Dynamic", "()"],
    )
    .set_into_module(module, set_item);
    own(
        "set",
        &["map: &mut Map", "property: &str", "value: Dynamic", "()"],
    )
    .set_into_module(module, set_entry);
    register_splits(module);
}

fn push(array: &mut Array, item: Dynamic) -> Unit {
    depth::check(&item, Position::NONE)?;
    array.push(item);
    Ok(())
}

/// Before the element at an index; behind all where there is none.
fn insert(array: &mut Array, index: i64, item: Dynamic) -> Unit {
    depth::check(&item, Position::NONE)?;
    let at = match sequence::position(index, array.len()) {
        Some(at) => at,
        None if index < 0 => 0,
        None => array.len(),
    };
    array.insert(at, item);
    Ok(())
}

fn set_item(array: &mut Array, index: i64, value: Dynamic) -> Unit {
    depth::check(&value, Position::NONE)?;
    if let Some(at) = sequence::position(index, array.len()) {
        array[at] = value;
    }
    Ok(())
}

fn set_entry(map: &mut Map, property: &str, value: Dynamic) -> Unit {
    depth::check(&value, Position::NONE)?;
    map.insert(property.into(), value);
    Ok(())
}

/// A text may have 60,000,000 letters, and each part of it takes as much as forty of them.
fn register_splits(module: &mut Module) {
    let own = |name: &str, more: &[&str]| {
        let info = [&["string: &mut ImmutableString"], more, &["Array"]].concat();
        FuncRegistration::new(name)
            .in_global_namespace()
            .with_purity(true)
            .with_params_info(info)
    };
    let (by, letter, count) = ("delimiter: &str", "delimiter: char", "segments: i64");
    own("split", &[]).set_into_module(
        module,
        |context: NativeCallContext<'_>, text: &mut ImmutableString| {
            parts(&context, text, |text| text.split_whitespace())
        },
    );
    own("split", &[by]).set_into_module(
        module,
        |context: NativeCallContext<'_>, text: &mut ImmutableString, by: &str| {
            parts(&context, text, |text| text.split(by))
        },
    );
    own("split", &[letter]).set_into_module(
        module,
        |context: NativeCallContext<'_>, text: &mut ImmutableString, by: char| {
            parts(&context, text, |text| text.split(by))
        },
    );
    own("split", &[by, count]).set_into_module(
        module,
        |context: NativeCallContext<'_>, text: &mut ImmutableString, by: &str, most: i64| {
            parts(&context, text, |text| text.splitn(segments(most), by))
        },
    );
    own("split", &[letter, count]).set_into_module(
        module,
        |context: NativeCallContext<'_>, text: &mut ImmutableString, by: char, most: i64| {
            parts(&context, text, |text| text.splitn(segments(most), by))
        },
    );
    own("split_rev", &[by]).set_into_module(
        module,
        |context: NativeCallContext<'_>, text: &mut ImmutableString, by: &str| {
            parts(&context, text, |text| text.rsplit(by))
        },
    );
    own("split_rev", &[letter]).set_into_module(
        module,
        |context: NativeCallContext<'_>, text: &mut ImmutableString, by: char| {
            parts(&context, text, |text| text.rsplit(by))
        },
    );
    own("split_rev", &[by, count]).set_into_module(
        module,
        |context: NativeCallContext<'_>, text: &mut ImmutableString, by: &str, most: i64| {
            parts(&context, text, |text| text.rsplitn(segments(most), by))
        },
    );
    own("split_rev", &[letter, count]).set_into_module(
        module,
        |context: NativeCallContext<'_>, text: &mut ImmutableString, by: char, most: i64| {
            parts(&context, text, |text| text.rsplitn(segments(most), by))
        },
    );
}

fn segments(most: i64) -> usize {
    usize::try_from(most.max(1)).unwrap_or(usize::MAX)
}

/// The parts of a text, if there are no more than a list may get at once. Of an empty text it is the text.
fn parts<'a, I: Iterator<Item = &'a str>>(
    context: &NativeCallContext<'_>,
    text: &'a ImmutableString,
    cut: impl FnOnce(&'a ImmutableString) -> I,
) -> Parts {
    if text.is_empty() {
        return Ok(vec![text.clone().into()]);
    }
    collected(context, cut(text))
}

/// These texts as a list, if there are no more than a function may give.
pub(super) fn collected<'a>(
    context: &NativeCallContext<'_>,
    texts: impl Iterator<Item = &'a str>,
) -> Parts {
    let most = Host::of(context).limits.array_items;
    let mut list = Array::new();
    for text in texts {
        if list.len() == most {
            return Err(Box::new(EvalAltResult::ErrorDataTooLarge(
                "Size of array".to_owned(),
                context.call_position(),
            )));
        }
        list.push(text.into());
    }
    Ok(list)
}
