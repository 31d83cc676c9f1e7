//! `segue job logs`: what targets wrote, as it came or as their results have it.

use std::collections::HashSet;

use clap::Args;
use serde_json::json;

use super::{
    arguments::Format,
    follow::{self, Reading},
    kept::{self, Kept, KeptArguments},
    output::{print_json, print_json_line, print_text},
    terminal,
};
use crate::{
    error::{Error, Exit},
    event::{Event, EventKind},
    model::{EffectId, OutputStream, TargetName, TargetResult, Value},
};

/// Show what targets wrote
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The job: its id, the beginning of it, or `last`
    #[arg(default_value = "last")]
    job: String,
    /// Only this target
    target: Option<String>,
    /// Go on until the job ends
    #[arg(short, long)]
    follow: bool,
    #[command(flatten)]
    kept: KeptArguments,
}

/// A piece of what a target wrote.
struct Written<'a> {
    target: &'a TargetName,
    object: &'a str,
    stream: OutputStream,
    text: &'a str,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let kept = Kept::open(&arguments.kept)?;
    let job = kept.job(&arguments.job)?.job;
    let target = arguments.target.as_deref().map(TargetName::from);
    let format = arguments.kept.format;
    let mut streamed: HashSet<(EffectId, TargetName)> = HashSet::new();
    let mut all = Vec::new();
    let mut known = target.is_none();
    let reading = Reading::Output(target.clone());
    follow::read(&kept, &job, &reading, arguments.follow, |event| {
        for written in pieces(event, &mut streamed) {
            if target.as_ref().is_some_and(|only| only != written.target) {
                continue;
            }
            known = true;
            match format {
                Format::Human => print_text(&lines(&written)),
                Format::Json => all.push(document(event, &written)),
                Format::Jsonl => print_json_line(&document(event, &written)),
            }
        }
    })?;
    let cuts = kept.store.output_cuts(&job).map_err(kept::store_error)?;
    if format == Format::Json {
        print_json(&json!({ "job_id": job, "output": all, "cuts": cuts }));
    }
    for cut in cuts
        .iter()
        .filter(|cut| target.as_ref().is_none_or(|only| *only == cut.target))
    {
        terminal::tell(&format!(
            "{} bytes of {} were left out",
            cut.bytes, cut.target
        ));
    }
    if let (false, Some(target)) = (known, &target) {
        terminal::tell(&format!(
            "target `{target}` has written nothing in job `{job}`"
        ));
    }
    Ok(Exit::Success)
}

/// What an event tells of output. A result repeats what was streamed, so it counts where nothing was.
fn pieces<'a>(
    event: &'a Event,
    streamed: &mut HashSet<(EffectId, TargetName)>,
) -> Vec<Written<'a>> {
    match &event.kind {
        EventKind::OutputChunk {
            effect,
            target,
            stream,
            text,
        } => {
            streamed.insert((effect.clone(), target.clone()));
            vec![Written {
                target,
                object: "",
                stream: *stream,
                text,
            }]
        }
        EventKind::TargetFinished { effect, result }
            if !streamed.contains(&(effect.clone(), result.target.clone())) =>
        {
            of_result(result)
        }
        _ => Vec::new(),
    }
}

fn of_result(result: &TargetResult) -> Vec<Written<'_>> {
    let keys = [
        ("stdout", OutputStream::Stdout),
        ("_output", OutputStream::Stdout),
        ("stderr", OutputStream::Stderr),
    ];
    let mut pieces: Vec<Written<'_>> = keys
        .into_iter()
        .filter_map(|(key, stream)| {
            let text = result.value.get(key).and_then(Value::as_str)?;
            (!text.is_empty()).then_some(Written {
                target: &result.target,
                object: &result.object,
                stream,
                text,
            })
        })
        .collect();
    // What a task answered with a map is what it wrote.
    if pieces.is_empty() && !result.is_command() && result.value.open_text() != "{}" {
        pieces.push(Written {
            target: &result.target,
            object: &result.object,
            stream: OutputStream::Stdout,
            text: result.value.open_text(),
        });
    }
    pieces
}

fn lines(written: &Written<'_>) -> String {
    let mark = match written.stream {
        OutputStream::Stdout => "|",
        OutputStream::Stderr => "!",
    };
    let mut lines = String::new();
    for line in written.text.lines() {
        for part in [written.target.as_str(), " ", mark, " ", line, "\n"] {
            lines.push_str(part);
        }
    }
    lines
}

fn document(event: &Event, written: &Written<'_>) -> serde_json::Value {
    json!({
        "seq": event.seq,
        "at": event.at,
        "target": written.target,
        "object": written.object,
        "stream": written.stream,
        "text": written.text,
    })
}
