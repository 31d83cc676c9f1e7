//! What a string names: a task, a plan, targets, a file to import, a step, one of a few words.

use super::{file_view::FileView, key};
use crate::plan::{Place, PlaceKind};

/// What a string at a place names.
#[derive(Clone, Debug)]
pub(super) enum Named {
    Task,
    Plan,
    Targets,
    Import,
    File,
    Step,
    /// One of these words, as they are written.
    Word(Vec<String>),
    Nothing,
}

/// What the string at a place names, or would name if one were written there.
pub(super) fn named(view: &FileView<'_>, place: &Place) -> Named {
    if matches!(place.kind, PlaceKind::ImportPath { .. }) {
        return Named::Import;
    }
    let Some(call) = &place.call else {
        return Named::Nothing;
    };
    if !place.path.is_empty() {
        let Some(key) = key::key_around(view, place) else {
            return Named::Nothing;
        };
        return if key.names_targets() {
            Named::Targets
        } else if key.name == "after" && key.values.is_empty() {
            Named::Step
        } else if key.values.is_empty() {
            Named::Nothing
        } else {
            Named::Word(key.values)
        };
    }
    let Some(entry) = view.called(call, place.word) else {
        return Named::Nothing;
    };
    let kind = entry.params.get(call.index).map_or("", |param| param.kind);
    match kind {
        "TaskName" => Named::Task,
        "PlanName" => Named::Plan,
        "File" => Named::File,
        kind if kind.split(" | ").any(|one| one == "TargetSpec") => Named::Targets,
        _ if entry.name == "expect_task" => Named::Task,
        _ => Named::Nothing,
    }
}
