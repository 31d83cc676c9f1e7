//! What a person sees while a job runs, line by line, and the summary at its end.

use std::{borrow::Cow, fmt, io::Write, time::Duration};

use anstyle::{AnsiColor, Style};

use super::{cut_cleanup::CutCleanup, json::status_word, result_lines::result_lines};
use crate::{
    event::{Asked, Event, EventKind, EventSink, JobKind, JobStatus, JobView, Reply},
    model::{
        EffectId, Failure, Map, MessageLevel, Status, StepStatus, TargetName, TargetResult,
        format_duration,
    },
};

/// Successes are listed one by one up to this many targets; beyond, they are counted.
const LISTED_MAX: usize = 10;
/// Names that are written out before the rest is counted.
pub(super) const NAMED_MAX: usize = 5;
/// Failures that are told in full before the rest is counted: what the eye takes in. The same for clean-ups.
const FAILURES_MAX: usize = 5;

/// Lines of standard error that are told of one failure: the last ones say why.
const STDERR_LINES_MAX: usize = 10;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const CAREFUL: Style = AnsiColor::Yellow.on_default();
const FAINT: Style = Style::new().dimmed();
const STRONG: Style = Style::new().bold();

/// How much is shown of what targets answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Only that they answered; failures in full.
    Brief,
    /// All that they said.
    Full,
}

/// Writes a job for a person to read. Colours are written always: the stream strips them where they are unwelcome.
pub struct Human<W> {
    out: W,
    detail: Detail,
    view: JobView,
}

impl<W: Write + Send> EventSink for Human<W> {
    fn event(&mut self, event: &Event) {
        self.view.apply(event);
        // A reader that went away (`| head`) is no failure of the job.
        let _ = self.write(event);
        let _ = self.out.flush();
    }
}

impl<W: Write> Human<W> {
    pub fn new(out: W, detail: Detail) -> Self {
        Self {
            out,
            detail,
            view: JobView::default(),
        }
    }

    /// The same for a job that goes on: what it did before is known, and not told again.
    #[must_use]
    pub fn knowing(mut self, view: JobView) -> Self {
        self.view = view;
        self
    }

    fn write(&mut self, event: &Event) -> std::io::Result<()> {
        match &event.kind {
            EventKind::JobStarted { what, object, .. } => self.write_start(*what, object),
            EventKind::JobResumed { flags, .. } => {
                let job = event.job.to_string();
                let words: Vec<&str> = [job.as_str()]
                    .into_iter()
                    .chain(flags.iter().map(String::as_str))
                    .collect();
                writeln!(
                    self.out,
                    "{STRONG}resuming{STRONG:#} job {}",
                    words.join(" ")
                )
            }
            EventKind::JobStopping { .. } => writeln!(
                self.out,
                "{CAREFUL}stopping{CAREFUL:#}: nothing new is started; waiting for what runs"
            ),
            EventKind::StepStarted { name, .. } => {
                writeln!(self.out, "{STRONG}step {name}{STRONG:#}")
            }
            EventKind::StepFinished {
                name,
                status,
                failure,
                ..
            } => self.write_step_end(name, *status, failure.as_ref()),
            EventKind::StepSkipped { name, because, .. } => {
                writeln!(self.out, "{FAINT}step {name} skipped: {because}{FAINT:#}")
            }
            EventKind::EffectStarted { asked, .. } if asked.action.is_some() => {
                self.write_asked(asked)
            }
            EventKind::EffectStarted { asked, .. } => self.write_controller_effect(asked),
            EventKind::EffectReplayed { effect } => self.write_replayed(effect),
            EventKind::EffectFinished { effect, reply } => self.write_reply(effect, reply),
            EventKind::TargetFinished { effect, result } => self.write_result(effect, result),
            EventKind::TargetRetrying {
                target,
                failure,
                delay_ms,
                ..
            } => {
                let delay = format_duration(Duration::from_millis(*delay_ms));
                let message = first_line(&failure.message);
                writeln!(
                    self.out,
                    "  {CAREFUL}↻{CAREFUL:#} {target}  {message}; again in {delay}"
                )
            }
            EventKind::OutputChunk { target, text, .. } => {
                for line in text.lines() {
                    writeln!(self.out, "  {FAINT}{target} |{FAINT:#} {line}")?;
                }
                Ok(())
            }
            EventKind::MessagePrinted { level, text, .. } => self.write_message(*level, text),
            EventKind::ApprovalAsked { message, by, .. } => {
                writeln!(self.out, "{CAREFUL}approval wanted:{CAREFUL:#} {message}")?;
                if !by.is_empty() {
                    writeln!(self.out, "  of {}", by.join(", "))?;
                }
                writeln!(self.out, "  segue job approve {}", event.job)
            }
            EventKind::ApprovalGiven { who, approved, .. } => {
                let verdict = if *approved { "approved" } else { "rejected" };
                writeln!(self.out, "{verdict} by {who}")
            }
            EventKind::JobFinished { .. } => self.write_end(),
            EventKind::TargetStarted { .. } | EventKind::Unknown => Ok(()),
        }
    }

    fn write_start(&mut self, what: JobKind, object: &str) -> std::io::Result<()> {
        let Some(job) = &self.view.job else {
            return Ok(());
        };
        let what = what.as_str();
        writeln!(
            self.out,
            "{STRONG}{what} {}{STRONG:#}  {FAINT}job {job}{FAINT:#}",
            title(object)
        )
    }

    fn write_asked(&mut self, asked: &Asked) -> std::io::Result<()> {
        let what = asked.description.as_ref().unwrap_or(&asked.object);
        let what = if what.is_empty() {
            &asked.function
        } else {
            what
        };
        let targets = Names(&asked.targets);
        // The same words were told when it was started.
        let again = if asked.function == "collect" {
            "collect "
        } else {
            ""
        };
        write!(
            self.out,
            "→ {again}{STRONG}{}{STRONG:#} on {targets}",
            title(what)
        )?;
        if !asked.params.is_empty() {
            write!(self.out, "  {FAINT}{}{FAINT:#}", Params(&asked.params))?;
        }
        writeln!(self.out)
    }

    fn write_controller_effect(&mut self, asked: &Asked) -> std::io::Result<()> {
        // Waiting is worth a line: it explains why nothing moves. The others are over at once.
        if asked.function == "sleep" {
            writeln!(self.out, "{FAINT}→ sleep {}{FAINT:#}", asked.object)?;
        }
        Ok(())
    }

    fn write_replayed(&mut self, effect: &EffectId) -> std::io::Result<()> {
        let Some(view) = self.view.effects.get(effect) else {
            return Ok(());
        };
        if view.asked.action.is_none() {
            return Ok(());
        }
        let targets = Names(&view.asked.targets);
        let object = title(&view.asked.object);
        writeln!(
            self.out,
            "{FAINT}= {object} on {targets}: already done{FAINT:#}"
        )
    }

    fn write_result(&mut self, effect: &EffectId, result: &TargetResult) -> std::io::Result<()> {
        let Some(view) = self.view.effects.get(effect) else {
            return Ok(());
        };
        let many = view.asked.targets.len() > LISTED_MAX;
        let counts = view.counts();
        let bad = counts.total() - counts.succeeded;
        if many && self.detail == Detail::Brief && (result.is_ok() || bad > FAILURES_MAX) {
            return Ok(());
        }
        // Where several actions run at once, the target alone does not say which of them answered.
        let alone = self.view.effects_open <= 1;
        let (style, mark) = mark(result.status);
        write!(self.out, "  {style}{mark}{style:#} {}", result.target)?;
        if !alone && !result.object.is_empty() {
            write!(self.out, "  {}", title(&result.object))?;
        }
        if !matches!(result.status, Status::Unreached | Status::Skipped) {
            let time = format_duration(Duration::from_millis(result.duration_ms));
            write!(self.out, "  {FAINT}{time}{FAINT:#}")?;
        }
        if let Some(failure) = &result.failure {
            write_failure(&mut self.out, failure)?;
        } else if !result.is_ok() {
            write!(self.out, "  {}", status_word(result.status))?;
        }
        writeln!(self.out)?;
        if self.detail == Detail::Full {
            for line in result_lines(result) {
                writeln!(self.out, "    {line}")?;
            }
        }
        Ok(())
    }

    fn write_reply(&mut self, effect: &EffectId, reply: &Reply) -> std::io::Result<()> {
        let Some(view) = self.view.effects.get(effect) else {
            return Ok(());
        };
        let counts = view.counts();
        let total = counts.total();
        match reply {
            Reply::Results if total > LISTED_MAX => {
                let bad = total - counts.succeeded;
                let took = view
                    .finished_at
                    .map(|end| end.duration_since(view.started_at).unsigned_abs())
                    .map(format_duration)
                    .unwrap_or_default();
                let (style, mark) = if bad == 0 {
                    (GOOD, "✓")
                } else {
                    (BAD, "✗")
                };
                write!(
                    self.out,
                    "  {style}{mark}{style:#} {} of {total} ok",
                    counts.succeeded
                )?;
                if bad > 0 {
                    write!(self.out, ", {bad} not")?;
                }
                writeln!(self.out, "  {FAINT}{took}{FAINT:#}")
            }
            Reply::Failed { failure } => {
                write!(self.out, "  {BAD}✗{BAD:#} {}", view.asked.function)?;
                write_failure(&mut self.out, failure)?;
                writeln!(self.out)
            }
            // It was told that it begins.
            Reply::Stopped if total == 0 && view.asked.action.is_some() => {
                writeln!(
                    self.out,
                    "  {FAINT}- not begun: the job was being stopped{FAINT:#}"
                )
            }
            _ => Ok(()),
        }
    }

    fn write_step_end(
        &mut self,
        name: &str,
        status: StepStatus,
        failure: Option<&Failure>,
    ) -> std::io::Result<()> {
        let (style, words) = match status {
            StepStatus::Done => (GOOD, "done"),
            StepStatus::Failed => (BAD, "failed"),
            StepStatus::Skipped => (FAINT, "skipped"),
            StepStatus::Undone => (CAREFUL, "undone"),
            StepStatus::UndoFailed => (BAD, "could not be undone: it needs a human"),
            StepStatus::Unreached => (FAINT, "not reached"),
        };
        write!(self.out, "step {name} {style}{words}{style:#}")?;
        if let Some(failure) = failure {
            write!(self.out, ": {}", first_line(&failure.message))?;
        }
        writeln!(self.out)
    }

    fn write_message(&mut self, level: MessageLevel, text: &str) -> std::io::Result<()> {
        match level {
            MessageLevel::Print | MessageLevel::Info => writeln!(self.out, "{text}"),
            MessageLevel::Warn => writeln!(self.out, "{CAREFUL}warning:{CAREFUL:#} {text}"),
            MessageLevel::Error => writeln!(self.out, "{BAD}error:{BAD:#} {text}"),
            MessageLevel::Debug | MessageLevel::Trace if self.detail == Detail::Full => {
                writeln!(self.out, "{FAINT}{text}{FAINT:#}")
            }
            MessageLevel::Debug | MessageLevel::Trace => Ok(()),
        }
    }

    fn write_end(&mut self) -> std::io::Result<()> {
        let view = &self.view;
        let (style, words) = match view.status {
            JobStatus::Finished => (GOOD, "finished"),
            JobStatus::SomeFailed => (BAD, "finished, but some targets failed"),
            JobStatus::Failed => (BAD, "failed"),
            JobStatus::OverBudget => (BAD, "ended: too many targets failed"),
            JobStatus::Stopped => (CAREFUL, "stopped"),
            JobStatus::Suspended => (CAREFUL, "suspended until it is approved"),
            JobStatus::Running | JobStatus::Stopping => (FAINT, "still running"),
        };
        write!(self.out, "{style}{words}{style:#}")?;
        if let (Some(start), Some(end)) = (view.started_at, view.finished_at) {
            let took = format_duration(end.duration_since(start).unsigned_abs());
            write!(self.out, " in {took}")?;
        }
        let counts = view.target_counts();
        if counts.total() > 0 {
            let plural = if counts.total() == 1 {
                "target"
            } else {
                "targets"
            };
            write!(self.out, ": {} {plural}", counts.total())?;
            for (count, word) in [
                (counts.succeeded, "ok"),
                (counts.failed, "failed"),
                (counts.unreached, "not reached"),
                (counts.skipped, "skipped"),
                (counts.lost, "lost"),
            ] {
                if count > 0 {
                    write!(self.out, ", {count} {word}")?;
                }
            }
        }
        writeln!(self.out)?;
        for cut in view.cut_cleanups().take(FAILURES_MAX) {
            let cut = CutCleanup(cut);
            writeln!(self.out, "{BAD}not cleaned up:{BAD:#} {cut}")?;
        }
        match view.cut_cleanups().count().saturating_sub(FAILURES_MAX) {
            0 => Ok(()),
            more => writeln!(self.out, "{BAD}not cleaned up:{BAD:#} {more} more"),
        }
    }
}

const fn mark(status: Status) -> (Style, &'static str) {
    match status {
        Status::Succeeded => (GOOD, "✓"),
        Status::Failed => (BAD, "✗"),
        Status::Lost => (BAD, "?"),
        Status::Unreached | Status::Skipped => (FAINT, "-"),
    }
}

/// The message on the same line, what follows it indented below, and what to do about it.
fn write_failure(out: &mut impl Write, failure: &Failure) -> std::io::Result<()> {
    let mut lines = failure.message.lines();
    write!(out, "  {}", lines.next().unwrap_or(&failure.kind))?;
    for line in lines {
        write!(out, "\n      {line}")?;
    }
    for line in failure.stderr_lines(STDERR_LINES_MAX) {
        write!(out, "\n      {FAINT}stderr |{FAINT:#} {line}")?;
    }
    if let Some(help) = failure
        .details
        .get("help")
        .and_then(crate::model::Value::as_str)
    {
        write!(out, "\n      {CAREFUL}help:{CAREFUL:#} {help}")?;
    }
    Ok(())
}

/// What is done, on a line that can be read: commands may have lines of megabytes.
pub(super) fn title(text: &str) -> Cow<'_, str> {
    const LENGTH_MAX: usize = 200;
    let line = first_line(text);
    match line.char_indices().nth(LENGTH_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]).into(),
        None if line.len() < text.trim_end().len() => format!("{line} …").into(),
        None => line.into(),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Names of targets: a few written out, many counted.
struct Names<'a>(&'a [TargetName]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("no targets"),
            few if few.len() <= NAMED_MAX => {
                let names: Vec<&str> = few.iter().map(TargetName::as_str).collect();
                f.write_str(&names.join(", "))
            }
            many => write!(f, "{} targets", many.len()),
        }
    }
}

/// Parameters as they would be typed, each cut where a line would get too long to read.
struct Params<'a>(&'a Map);

impl fmt::Display for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LENGTH_MAX: usize = 60;
        for (index, (name, value)) in self.0.iter().enumerate() {
            let text = value.to_string();
            let space = if index == 0 { "" } else { " " };
            let shown: String = first_line(&text).chars().take(LENGTH_MAX).collect();
            let more = if shown.len() < text.len() { "…" } else { "" };
            write!(f, "{space}{name}={shown}{more}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn what_is_done_fits_on_a_line() {
        assert_eq!(title("uptime"), "uptime");
        assert_eq!(title("uptime\n"), "uptime");
        assert_eq!(title("cd /srv\nmake install"), "cd /srv …");
        let long = title(&"é".repeat(100_000)).into_owned();
        assert_eq!(long, format!("{}…", "é".repeat(200)));
    }
}
