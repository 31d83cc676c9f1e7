//! `segue job approve` and `segue job reject`: the answer that a suspended job waits for.

use clap::Args;
use serde_json::json;

use super::{
    arguments::Format,
    kept::{self, Kept, KeptArguments},
    output::{print_json, print_json_line},
    terminal,
};
use crate::{
    error::{Error, Exit},
    event::{Event, EventKind},
    model::{EffectId, JobId},
    store::{Answered, ApprovalAnswer, NO_LIMIT, answer_approval},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The job: its id, the beginning of it, or `last`
    job: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    comment: String,
    /// Which approval, if the job waits for several: its id, or the beginning of its message
    #[arg(long, value_name = "APPROVAL")]
    of: Option<String>,
    #[command(flatten)]
    kept: KeptArguments,
}

/// An approval that nobody has given yet.
struct Pending {
    effect: EffectId,
    message: String,
    by: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, approved: bool) -> Result<Exit, Error> {
    let kept = Kept::open(&arguments.kept)?;
    let job = kept.job(&arguments.job)?.job;
    let events = kept
        .store
        .events(&job, 0, NO_LIMIT)
        .map_err(kept::store_error)?;
    let pending = one(pending(&events), arguments.of.as_deref(), &job)?;
    let who = kept::user();
    if !pending.by.is_empty() && !pending.by.contains(&who) {
        return Err(Error::usage(
            format!("`{who}` may not answer this: {}", pending.message),
            format!("it is for {} to answer", pending.by.join(", ")),
        ));
    }
    let answer = ApprovalAnswer {
        effect: pending.effect,
        who: who.clone(),
        approved,
        comment: arguments.comment.clone(),
    };
    let answered = answer_approval(kept.store.as_ref(), &job, answer, kept.clock.now())
        .map_err(kept::store_error)?;
    let verdict = if approved { "approved" } else { "rejected" };
    let document = json!({
        "job_id": job,
        "message": pending.message,
        "approved": approved,
        "by": who,
        "recorded": answered == Answered::Recorded,
    });
    match arguments.kept.format {
        Format::Human => terminal::tell(&told(&job, verdict, &pending.message, answered)),
        Format::Json => print_json(&document),
        Format::Jsonl => print_json_line(&document),
    }
    Ok(Exit::Success)
}

fn told(job: &JobId, verdict: &str, message: &str, answered: Answered) -> String {
    match answered {
        Answered::Recorded => {
            format!("{verdict}: {message}\n`segue plan resume {job}` goes on with it")
        }
        Answered::Told => format!(
            "{verdict}: {message}\nthe job still runs; when it is suspended, `segue plan resume {job}` goes on with it"
        ),
    }
}

/// The approvals that were asked for and not given, in the order in which they were asked.
fn pending(events: &[Event]) -> Vec<Pending> {
    let mut pending: Vec<Pending> = Vec::new();
    for event in events {
        match &event.kind {
            EventKind::ApprovalAsked {
                effect,
                message,
                by,
            } => {
                pending.retain(|asked| asked.effect != *effect);
                pending.push(Pending {
                    effect: effect.clone(),
                    message: message.clone(),
                    by: by.clone(),
                });
            }
            EventKind::ApprovalGiven { effect, .. } | EventKind::EffectFinished { effect, .. } => {
                pending.retain(|asked| asked.effect != *effect);
            }
            _ => {}
        }
    }
    pending
}

fn one(pending: Vec<Pending>, of: Option<&str>, job: &JobId) -> Result<Pending, Error> {
    let is_meant = |asked: &Pending| {
        of.is_none_or(|typed| {
            asked.effect.to_string().starts_with(typed) || asked.message.starts_with(typed)
        })
    };
    let mut meant: Vec<Pending> = pending.into_iter().filter(is_meant).collect();
    match meant.len() {
        1 => Ok(meant.remove(0)),
        0 => Err(Error::usage(
            format!("job `{job}` waits for no such answer"),
            format!("`segue job show {job}` shows how it stands"),
        )),
        _ => {
            let lines: Vec<String> = meant
                .iter()
                .map(|asked| format!("--of '{}'  {}", asked.effect, asked.message))
                .collect();
            Err(Error::usage(
                format!("job `{job}` waits for {} answers", lines.len()),
                format!("say which one:\n{}", lines.join("\n")),
            ))
        }
    }
}
