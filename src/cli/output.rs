//! Which reporter a job has, and the document at its end.

use std::io::Write;

use super::{arguments::Format, standard_output::StandardOutput, terminal};
use crate::{
    event::{EventSink, JobView},
    report::{Detail, Human, JsonLines, job_document},
};

/// The reporter for a format: lines for people and events go out as they come, a document comes at the end.
/// `view` is what is known of the job before: nothing of a new one.
pub(super) fn reporter(
    format: Format,
    detail: Detail,
    view: &JobView,
) -> Option<Box<dyn EventSink>> {
    match format {
        Format::Human => Some(Box::new(
            Human::new(terminal::stdout(), detail).knowing(view.clone()),
        )),
        Format::Jsonl => Some(Box::new(JsonLines::new(StandardOutput(std::io::stdout())))),
        Format::Json => None,
    }
}

/// Prints the document of a job that ended, where the format has one.
pub(super) fn finish(format: Format, view: &JobView) {
    if format == Format::Json {
        print_json(&job_document(view));
    }
}

/// Prints a JSON document on stdout.
pub(super) fn print_json(document: &serde_json::Value) {
    let text = serde_json::to_string_pretty(document).expect("a JSON value is JSON");
    // A reader that went away (`| head`) is no failure.
    let _ = writeln!(StandardOutput(std::io::stdout()), "{text}");
}

/// Prints a JSON document on one line of stdout.
pub(super) fn print_json_line(document: &serde_json::Value) {
    let _ = writeln!(StandardOutput(std::io::stdout()), "{document}");
}

/// Prints text on stdout, colours stripped where they are unwelcome.
pub(super) fn print_text(text: &str) {
    let _ = terminal::stdout().write_all(text.as_bytes());
}
