//! Going over the elements of a list or a set with a closure.

use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map as ScriptMap};

use crate::plan::{
    call::{Call, CallError, CallResult},
    convert, depth,
};

/// The elements that the closure says yes to.
pub(super) fn filter(
    call: &Call<'_>,
    items: impl IntoIterator<Item = Dynamic>,
) -> Result<Vec<Dynamic>, CallError> {
    let visitor = Visitor::new(call)?;
    let mut kept = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        if visitor.judge(item.clone(), index)? {
            kept.push(item);
        }
    }
    Ok(kept)
}

/// What the closure makes of each element.
pub(super) fn map(call: &Call<'_>, items: impl IntoIterator<Item = Dynamic>) -> CallResult {
    let visitor = Visitor::new(call)?;
    let mut changed = Array::new();
    for (index, item) in items.into_iter().enumerate() {
        let value = visitor.visit(item, index)?;
        depth::check(&value, call.position())?;
        changed.push(value);
    }
    Ok(Dynamic::from_array(changed))
}

/// The first element from an index on that the closure says yes to, else `()`.
pub(super) fn find(
    call: &Call<'_>,
    items: impl IntoIterator<Item = Dynamic>,
    start: usize,
) -> CallResult {
    Ok(first_meant(call, items, start)?.unwrap_or(Dynamic::UNIT))
}

/// The first thing that the closure makes of an element from an index on and that is not `()`, else `()`.
pub(super) fn find_map(
    call: &Call<'_>,
    items: impl IntoIterator<Item = Dynamic>,
    start: usize,
) -> CallResult {
    let visitor = Visitor::new(call)?;
    for (index, item) in items.into_iter().enumerate().skip(start) {
        let value = visitor.visit(item, index)?;
        if !value.is_unit() {
            return Ok(value);
        }
    }
    Ok(Dynamic::UNIT)
}

/// How many elements the closure says yes to.
pub(super) fn count(call: &Call<'_>, items: impl IntoIterator<Item = Dynamic>) -> CallResult {
    let kept = filter(call, items)?.len();
    Ok(Dynamic::from_int(i64::try_from(kept).unwrap_or(i64::MAX)))
}

/// Whether the closure says yes to one of the elements. It is not asked any more after the first yes.
pub(super) fn any(call: &Call<'_>, items: impl IntoIterator<Item = Dynamic>) -> CallResult {
    Ok(first_meant(call, items, 0)?.is_some().into())
}

/// Whether the closure says yes to all elements. It is not asked any more after the first no.
pub(super) fn all(call: &Call<'_>, items: impl IntoIterator<Item = Dynamic>) -> CallResult {
    let visitor = Visitor::new(call)?;
    for (index, item) in items.into_iter().enumerate() {
        if !visitor.judge(item, index)? {
            return Ok(Dynamic::FALSE);
        }
    }
    Ok(Dynamic::TRUE)
}

fn first_meant(
    call: &Call<'_>,
    items: impl IntoIterator<Item = Dynamic>,
    start: usize,
) -> Result<Option<Dynamic>, CallError> {
    let visitor = Visitor::new(call)?;
    for (index, item) in items.into_iter().enumerate().skip(start) {
        if visitor.judge(item.clone(), index)? {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

/// A closure that is called with one element after the other.
struct Visitor<'c> {
    call: &'c Call<'c>,
    closure: FnPtr,
    takes: Takes,
}

/// What a closure wants of an element.
enum Takes {
    Item,
    ItemAndIndex,
    /// It has no parameters, and the element is its `this`.
    This,
}

impl<'c> Visitor<'c> {
    fn new(call: &'c Call<'c>) -> Result<Self, CallError> {
        let closure = call.pointer(1)?;
        // Only lists offer the index and `this`.
        let is_list = call.argument(0).is_array();
        let arity = (call.host().sources.arity(closure.fn_name())).filter(|_| is_list);
        let takes = match arity.map(|arity| arity.saturating_sub(closure.curry().len())) {
            Some(0) => Takes::This,
            Some(2) => Takes::ItemAndIndex,
            _ => Takes::Item,
        };
        Ok(Self {
            call,
            closure,
            takes,
        })
    }

    fn visit(&self, mut item: Dynamic, index: usize) -> CallResult {
        let (context, closure) = (self.call.context, &self.closure);
        match self.takes {
            Takes::Item => closure.call_raw(context, None, [item]),
            Takes::ItemAndIndex => {
                let index = i64::try_from(index).unwrap_or(i64::MAX);
                closure.call_raw(context, None, [item, index.into()])
            }
            Takes::This => closure.call_raw(context, Some(&mut item), []),
        }
    }

    fn judge(&self, item: Dynamic, index: usize) -> Result<bool, CallError> {
        let answer = self.visit(item, index)?;
        self.call.yes_or_no(&answer)
    }
}

/// The elements by what the closure makes of them, as text.
pub(super) fn group_by(
    call: &Call<'_>,
    items: Vec<Dynamic>,
    collect: impl Fn(Vec<Dynamic>) -> Dynamic,
) -> CallResult {
    let key_of = call.pointer(1)?;
    let mut groups: Vec<(ImmutableString, Vec<Dynamic>)> = Vec::new();
    let mut positions = std::collections::HashMap::new();
    for item in items {
        let key: ImmutableString = call.invoke(&key_of, item.clone())?.to_string().into();
        let position = *positions.entry(key.clone()).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[position].1.push(item);
    }
    let map: ScriptMap = groups
        .into_iter()
        .map(|(key, items)| (key.as_str().into(), collect(items)))
        .collect();
    Ok(Dynamic::from_map(map))
}

/// The elements in the order of what the closure makes of them: numbers, or texts. Equal ones keep their order.
pub(super) fn sort_by(call: &Call<'_>, items: Vec<Dynamic>) -> Result<Vec<Dynamic>, CallError> {
    let key_of = call.pointer(1)?;
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        let key = call.invoke(&key_of, item.clone())?;
        keyed.push((sort_key(call, &key)?, item));
    }
    keyed.sort_by(|(left, _), (right, _)| left.compare(right));
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}

enum SortKey {
    Number(f64),
    Text(String),
}

impl SortKey {
    fn compare(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => left.total_cmp(right),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (Self::Number(_), Self::Text(_)) => std::cmp::Ordering::Less,
            (Self::Text(_), Self::Number(_)) => std::cmp::Ordering::Greater,
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "order of numbers beyond 2^53 is of no use to anybody"
)]
fn sort_key(call: &Call<'_>, key: &Dynamic) -> Result<SortKey, CallError> {
    if let Ok(number) = key.as_int() {
        return Ok(SortKey::Number(number as f64));
    }
    if let Ok(number) = key.as_float() {
        return Ok(SortKey::Number(number));
    }
    if let Some(text) = key.read_lock::<ImmutableString>() {
        return Ok(SortKey::Text(text.to_string()));
    }
    let actual = convert::type_name(key);
    Err(call.misuse(format!(
        "the closure given to `{}` must give a number or a String, but gives {actual}",
        call.entry.name
    )))
}

/// The element at an index that may count from the end, as in Rhai's arrays: -1 is the last one.
pub(in crate::plan) fn position(index: i64, length: usize) -> Option<usize> {
    let position = if index < 0 {
        length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?
    } else {
        usize::try_from(index).ok()?
    };
    (position < length).then_some(position)
}
