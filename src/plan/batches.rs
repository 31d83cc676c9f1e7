//! Sizes of batches as a plan writes them: `2`, `"25%"`, `[1, "10%", "50%"]`.

use rhai::{Array, Dynamic, ImmutableString};

use super::convert;
use crate::schedule::{BatchError, BatchSize, BatchSpec};

/// The sizes that a value stands for, or what to write instead.
pub(super) fn read(value: &Dynamic) -> Result<BatchSpec, String> {
    let spec = if let Some(items) = value.read_lock::<Array>() {
        let sizes: Result<Vec<BatchSize>, String> = items.iter().map(size).collect();
        BatchSpec::growing(sizes?)
    } else if let Some(text) = value.read_lock::<ImmutableString>() {
        text.parse()
    } else {
        return size(value).map(BatchSpec::from);
    };
    spec.map_err(told)
}

fn size(value: &Dynamic) -> Result<BatchSize, String> {
    if let Ok(number) = value.as_int() {
        return BatchSize::try_from(number).map_err(told);
    }
    let text = value.read_lock::<ImmutableString>().ok_or_else(|| {
        let actual = convert::type_name(value);
        format!("the size of a batch is a number such as 2 or a share such as \"25%\", but this is {actual}")
    })?;
    text.parse().map_err(told)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that `map_err` wants"
)]
fn told(error: BatchError) -> String {
    use miette::Diagnostic as _;
    let help = error.help().map(|help| format!(": {help}"));
    format!("{error}{}", help.unwrap_or_default())
}
