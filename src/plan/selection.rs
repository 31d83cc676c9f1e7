//! What names targets: an expression in a string, a target, a set, a result, a result set, and arrays of these.

use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString};

use super::{
    convert,
    host::Host,
    object::{Results, TargetSet},
};
use crate::model::{Failure, Target, TargetName, TargetResult, kinds};

/// How deep arrays of targets may be nested.
const DEPTH_MAX: usize = 16;

/// The targets that a value names, each once, in the order in which they are named, as the inventory has them now.
pub(super) fn select(host: &Host, value: &Dynamic) -> Result<Vec<Arc<Target>>, Box<Failure>> {
    let mut targets = Vec::new();
    collect(host, value, 0, &mut targets)?;
    let set: TargetSet = targets.into_iter().collect();
    Ok(set.to_vec())
}

fn collect(
    host: &Host,
    value: &Dynamic,
    depth: usize,
    targets: &mut Vec<Arc<Target>>,
) -> Result<(), Box<Failure>> {
    if let Some(expression) = value.read_lock::<ImmutableString>() {
        targets.extend(host.resolve(&expression)?);
    } else if let Some(target) = value.read_lock::<Arc<Target>>() {
        targets.push(host.target_now(&target));
    } else if let Some(set) = value.read_lock::<TargetSet>() {
        targets.extend(set.iter().map(|target| host.target_now(target)));
    } else if let Some(result) = value.read_lock::<Arc<TargetResult>>() {
        targets.push(host.target_named(&result.target));
    } else if let Some(results) = value.read_lock::<Results>() {
        let names = results.set().iter().map(|result| &result.target);
        targets.extend(names.map(|name: &TargetName| host.target_named(name)));
    } else if let Some(items) = value.read_lock::<Array>()
        && depth < DEPTH_MAX
    {
        for item in items.iter() {
            collect(host, item, depth + 1, targets)?;
        }
    } else {
        let actual = convert::type_name(value);
        return Err(Box::new(Failure::new(
            kinds::VALIDATION,
            format!("must name targets, but is {actual}"),
        )));
    }
    Ok(())
}
