//! Going over a list with a closure.
//!
//! Rhai's own functions find out how many parameters a closure takes by calling it and looking at the error, for each element,
//! and take an answer that is no Boolean for a no.

use rhai::{Array, Dynamic};

use super::{catalog::Entry, sequence};
use crate::plan::call::{Call, CallError};

const LIST: &str = "Array";
const CLOSURE: &str = "Closure";
const INTEGER: &str = "Integer";

pub(super) fn entries() -> Vec<Entry> {
    vec![
        Entry::method(LIST, "filter", |call| {
            sequence::filter(call, items(call)).map(Dynamic::from_array)
        })
            .takes("keep", CLOSURE)
            .in_place_of(&[&[CLOSURE]])
            .gives(LIST)
            .doc("The elements that the closure says yes to. A closure of two parameters gets the index as well; so it is for the others that go over a list.")
            .example(r#"let busy = ["web1 95%", "web2 10%"].filter(|line| line.contains("95%"));"#),
        Entry::method(LIST, "map", |call| sequence::map(call, items(call)))
            .takes("change", CLOSURE)
            .in_place_of(&[&[CLOSURE]])
            .gives(LIST)
            .doc("What the closure makes of each element.")
            .example(r#"let numbered = targets("web").names.map(|name, index| `${index + 1}. ${name}`);"#),
        Entry::method(LIST, "all", |call| sequence::all(call, items(call)))
            .takes("is", CLOSURE)
            .in_place_of(&[&[CLOSURE]])
            .gives("Boolean")
            .doc("Whether the closure says yes to all elements. It is not asked any more after the first no.")
            .example(r"print([80, 443].all(|port| port < 1024));"),
        Entry::method(LIST, "some", |call| sequence::any(call, items(call)))
            .takes("is", CLOSURE)
            .in_place_of(&[&[CLOSURE]])
            .gives("Boolean")
            .doc("Whether the closure says yes to one of the elements at least. It is not asked any more after the first yes.")
            .example(r"print([80, 8080].some(|port| port > 1023));"),
        Entry::method(LIST, "find", |call| {
            sequence::find(call, items(call), start(call)?)
        })
        .takes("is", CLOSURE)
        .may_take("start", INTEGER)
        .in_place_of(&[&[CLOSURE], &[CLOSURE, INTEGER]])
        .gives("Any")
        .doc("The first element that the closure says yes to, from an index on (or from the end, if negative); `()` if there is none.")
        .example(r#"let spare = ["web1", "web9"].find(|name| name.ends_with("9")) ?? "web1";"#),
        Entry::method(LIST, "find_map", |call| {
            sequence::find_map(call, items(call), start(call)?)
        })
            .takes("change", CLOSURE)
            .may_take("start", INTEGER)
            .in_place_of(&[&[CLOSURE], &[CLOSURE, INTEGER]])
            .gives("Any")
            .doc("The first thing that the closure makes of an element and that is not `()`, from an index on (or from the end, if negative); `()` if there is none.")
            .example(r"let port = [#{}, #{ port: 80 }].find_map(|service| service.port);"),
    ]
}

/// The elements, copied one by one, when it is their turn.
fn items<'c>(call: &'c Call<'_>) -> impl Iterator<Item = Dynamic> + 'c {
    (0..).map_while(|index| {
        let list = call.argument(0).read_lock::<Array>()?;
        list.get(index).cloned()
    })
}

/// The index that was given to begin at.
fn start(call: &Call<'_>) -> Result<usize, CallError> {
    if call.given(2).is_none() {
        return Ok(0);
    }
    let start = call.integer(2)?;
    let list = call.argument(0).read_lock::<Array>();
    let length = list.map_or(0, |list| list.len());
    let behind_all = if start < 0 { 0 } else { length };
    Ok(sequence::position(start, length).unwrap_or(behind_all))
}
