//! Where the thing under the pointer is declared.

use std::path::Path;

use lsp_types::{Location, Range, Uri};

use super::{
    file_uri,
    file_view::FileView,
    problem::range_in,
    text::{self, Named},
};
use crate::{
    plan::{Place, PlaceKind, Source, Span},
    project::ProjectFile,
};

/// The place where what stands at a byte is declared, if that is in a file.
pub(super) fn definition(view: &FileView<'_>, offset: usize) -> Option<Location> {
    let at = Place::at(&view.source, offset);
    if let PlaceKind::Text { .. } | PlaceKind::ImportPath { .. } = at.kind {
        return of_text(view, &at);
    }
    let word = view.source.word_at(offset)?;
    let name = word.of(view.source.text());
    let place = Place::at(&view.source, word.end);
    match &place.kind {
        PlaceKind::Namespace { name: namespace } => {
            let (source, function) = view.imported_function(namespace, name)?;
            in_source(view, &source, function.name_span)
        }
        PlaceKind::Member { .. } | PlaceKind::Key { .. } => None,
        _ => {
            let variable = place
                .variables
                .iter()
                .find(|variable| variable.name == name);
            let param = view.header.param(name).filter(|_| !place.in_function);
            let span = variable
                .map(|variable| variable.span)
                .or_else(|| param.map(|param| param.span))
                .or_else(|| Some(view.outline.function(name, None)?.name_span));
            match span {
                Some(span) => Some(here(view, span)),
                None => start_of(view, &view.imported(name)?),
            }
        }
    }
}

fn here(view: &FileView<'_>, span: Span) -> Location {
    Location::new(view.document.uri.clone(), view.document.range(span))
}

fn of_text(view: &FileView<'_>, place: &Place) -> Option<Location> {
    let word = place.word.of(view.source.text());
    match text::named(view, place) {
        Named::Task => start_of_path(&view.project()?.task_path(word)?),
        Named::Plan => start_of(view, &view.plan(word)?),
        Named::Import => {
            let mut imports = view.outline.imports.iter();
            let import = imports.find(|import| import.path_span.contains(place.word.start))?;
            start_of(view, &view.imported(&import.alias)?)
        }
        Named::File => match view.project()?.file(word) {
            Ok(ProjectFile::OnDisk(path)) if path.is_file() => start_of_path(&path),
            _ => None,
        },
        Named::Step => {
            let mut steps = view.outline.steps.iter();
            Some(here(view, steps.find(|step| step.name == word)?.name_span))
        }
        Named::Targets | Named::Word(_) | Named::Nothing => None,
    }
}

fn in_source(view: &FileView<'_>, source: &Source, span: Span) -> Option<Location> {
    Some(Location::new(uri_of(view, source)?, range_in(source, span)))
}

fn start_of(view: &FileView<'_>, source: &Source) -> Option<Location> {
    Some(Location::new(uri_of(view, source)?, Range::default()))
}

fn start_of_path(path: &Path) -> Option<Location> {
    Some(Location::new(
        file_uri::uri_of(&file_uri::real(path))?,
        Range::default(),
    ))
}

/// None for what travels in the binary.
fn uri_of(view: &FileView<'_>, source: &Source) -> Option<Uri> {
    if source.name() == view.source.name() {
        return Some(view.document.uri.clone());
    }
    file_uri::uri_of(&view.world.ground.path_of(source.name())?)
}
