//! Going over a list with a closure.
//!
//! Rhai's own functions find out how many parameters a closure takes by calling it and looking at the error, for each element,
//! and take an answer that is no Boolean for a no.

use std::ops::RangeFrom;

use rhai::{Array, Dynamic, FnPtr};

use super::{catalog::Entry, sequence};
use crate::plan::{
    call::{Call, CallError, CallResult},
    depth,
};

const LIST: &str = "Array";
const CLOSURE: &str = "Closure";
const INTEGER: &str = "Integer";

pub(super) fn entries() -> Vec<Entry> {
    vec![
        Entry::method(LIST, "filter", filter)
            .takes("keep", CLOSURE)
            .in_place_of(&[&[CLOSURE]])
            .gives(LIST)
            .doc("The elements that the closure says yes to. A closure of two parameters gets the index as well; so it is for the others that go over a list.")
            .example(r#"let busy = ["web1 95%", "web2 10%"].filter(|line| line.contains("95%"));"#),
        Entry::method(LIST, "map", map)
            .takes("change", CLOSURE)
            .in_place_of(&[&[CLOSURE]])
            .gives(LIST)
            .doc("What the closure makes of each element.")
            .example(r#"let numbered = targets("web").names.map(|name, index| `${index + 1}. ${name}`);"#),
        Entry::method(LIST, "all", all)
            .takes("is", CLOSURE)
            .in_place_of(&[&[CLOSURE]])
            .gives("Boolean")
            .doc("Whether the closure says yes to all elements. It is not asked any more after the first no.")
            .example(r"print([80, 443].all(|port| port < 1024));"),
        Entry::method(LIST, "some", some)
            .takes("is", CLOSURE)
            .in_place_of(&[&[CLOSURE]])
            .gives("Boolean")
            .doc("Whether the closure says yes to one of the elements at least. It is not asked any more after the first yes.")
            .example(r"print([80, 8080].some(|port| port > 1023));"),
        Entry::method(LIST, "find", |call| {
            Ok(first_meant(call)?.unwrap_or(Dynamic::UNIT))
        })
        .takes("is", CLOSURE)
        .may_take("start", INTEGER)
        .in_place_of(&[&[CLOSURE], &[CLOSURE, INTEGER]])
        .gives("Any")
        .doc("The first element that the closure says yes to, from an index on (or from the end, if negative); `()` if there is none.")
        .example(r#"let spare = ["web1", "web9"].find(|name| name.ends_with("9")) ?? "web1";"#),
        Entry::method(LIST, "find_map", find_map)
            .takes("change", CLOSURE)
            .may_take("start", INTEGER)
            .in_place_of(&[&[CLOSURE], &[CLOSURE, INTEGER]])
            .gives("Any")
            .doc("The first thing that the closure makes of an element and that is not `()`, from an index on (or from the end, if negative); `()` if there is none.")
            .example(r"let port = [#{}, #{ port: 80 }].find_map(|service| service.port);"),
    ]
}

fn filter(call: &Call<'_>) -> CallResult {
    let walk = Walk::new(call)?;
    let mut kept = Array::new();
    for index in 0.. {
        let Some(item) = walk.item(index) else { break };
        if walk.judge(item.clone(), index)? {
            kept.push(item);
        }
    }
    Ok(Dynamic::from_array(kept))
}

fn map(call: &Call<'_>) -> CallResult {
    let walk = Walk::new(call)?;
    let mut changed = Array::new();
    for index in 0.. {
        let Some(item) = walk.item(index) else { break };
        let value = walk.visit(item, index)?;
        depth::check(&value, call.position())?;
        changed.push(value);
    }
    Ok(Dynamic::from_array(changed))
}

fn all(call: &Call<'_>) -> CallResult {
    let walk = Walk::new(call)?;
    for index in 0.. {
        let Some(item) = walk.item(index) else { break };
        if !walk.judge(item, index)? {
            return Ok(Dynamic::FALSE);
        }
    }
    Ok(Dynamic::TRUE)
}

fn some(call: &Call<'_>) -> CallResult {
    Ok(first_meant(call)?.is_some().into())
}

fn first_meant(call: &Call<'_>) -> Result<Option<Dynamic>, CallError> {
    let walk = Walk::new(call)?;
    for index in walk.start()? {
        let Some(item) = walk.item(index) else { break };
        if walk.judge(item.clone(), index)? {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

fn find_map(call: &Call<'_>) -> CallResult {
    let walk = Walk::new(call)?;
    for index in walk.start()? {
        let Some(item) = walk.item(index) else { break };
        let value = walk.visit(item, index)?;
        if !value.is_unit() {
            return Ok(value);
        }
    }
    Ok(Dynamic::UNIT)
}

/// A list on the way through it. Elements are copied one by one, when it is their turn.
struct Walk<'c> {
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

impl<'c> Walk<'c> {
    fn new(call: &'c Call<'c>) -> Result<Self, CallError> {
        let closure = call.pointer(1)?;
        let arity = call.host().sources.arity(closure.fn_name());
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

    /// The indices from the one that was given on.
    fn start(&self) -> Result<RangeFrom<usize>, CallError> {
        if self.call.given(2).is_none() {
            return Ok(0..);
        }
        let start = self.call.integer(2)?;
        let list = self.call.argument(0).read_lock::<Array>();
        let length = list.map_or(0, |list| list.len());
        let behind_all = if start < 0 { 0 } else { length };
        Ok(sequence::position(start, length).unwrap_or(behind_all)..)
    }

    fn item(&self, index: usize) -> Option<Dynamic> {
        let list = self.call.argument(0).read_lock::<Array>()?;
        list.get(index).cloned()
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
