//! Every event as one line of JSON, as it happens.

use std::io::Write;

use crate::event::{Event, EventSink};

/// Writes events to whoever reads them line by line.
pub struct JsonLines<W> {
    out: W,
}

impl<W: Write> JsonLines<W> {
    pub const fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write + Send> EventSink for JsonLines<W> {
    fn event(&mut self, event: &Event) {
        let line = serde_json::to_string(event).expect("events are JSON");
        // A reader that went away (`| head`) is no failure of the job.
        let _ = writeln!(self.out, "{line}");
        let _ = self.out.flush();
    }
}
