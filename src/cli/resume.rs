//! `segue job resume` and `segue plan resume`: a job goes on from what is recorded; only what is missing or failed is done.

use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::{
    action_resume,
    arguments::{ConnectionArguments, Format, ParamArguments, ProjectArguments, RunArguments},
    kept::{self, Kept},
    launch::{GoingOn, JobContext, JobEnd, JobOptions, Launch, Launched},
    output::{print_json, print_text},
    plan_resume,
    setup::Setup,
    terminal,
};
use crate::{
    error::{Error, Exit},
    event::{Asked, Event, JobKind},
    model::a_few,
    report::Detail,
    run::{Journal, LostRule, PreviewLine, ResumePreview, ResumeRules},
    store::{JobState, JobSummary, NO_LIMIT},
};

/// Go on with a job that failed, was stopped, waits for an approval, or whose process died
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The job: its id, the beginning of it, or `last`
    job: String,
    /// Only say what would be answered from the record, and what would be done
    #[arg(long)]
    preview: bool,
    /// Do this step of a plan again, and all that was first begun after it
    #[arg(long, value_name = "STEP")]
    from: Option<String>,
    /// Do this again on all its targets: the id of an effect, or the name of what was run; repeatable
    #[arg(long, value_name = "EFFECT")]
    redo: Vec<String>,
    /// Run again what was under way when the controller went away, and can't be found out about
    #[arg(long, conflicts_with = "assume_lost")]
    rerun_lost: bool,
    /// Take what was under way when the controller went away for done, or for failed
    #[arg(long, value_enum, value_name = "HOW")]
    assume_lost: Option<AssumeLost>,
    /// Go on even if `plan check` finds errors in the plan
    #[arg(long)]
    pub(super) no_check: bool,
    /// Parameters of a plan that was mended and wants more than it was given
    #[command(flatten)]
    pub(super) params: ParamArguments,
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    pub(super) connection: ConnectionArguments,
    #[command(flatten)]
    run: RunArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum AssumeLost {
    Ok,
    Failed,
}

/// Names that a line of the preview writes out before it counts the rest.
const NAMES_MAX: usize = 10;

/// A job that is about to be taken up again.
pub(super) struct Resuming<'a> {
    pub(super) arguments: &'a Arguments,
    pub(super) setup: Setup,
    pub(super) summary: JobSummary,
    /// All that was recorded when it was looked at.
    pub(super) events: Vec<Event>,
    options: JobOptions,
    kept: Kept,
    rules: ResumeRules,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let setup = Setup::new(&arguments.project)?.with_connection(&arguments.connection)?;
    let kept = Kept::of(&arguments.run.store.location(&setup.project)?)?;
    let summary = kept.job(&arguments.job)?;
    let Some(what) = summary.what else {
        return Err(Error::usage(
            format!("job `{}` ended before it began", summary.job),
            "nothing was done; run it anew",
        ));
    };
    let detail = match what {
        JobKind::Plan => Detail::Brief,
        _ => Detail::Full,
    };
    let options = JobOptions::new(&setup, arguments.project.format, detail, &arguments.run)?;
    let events = kept
        .store
        .events(&summary.job, 0, NO_LIMIT)
        .map_err(kept::store_error)?;
    let rules = rules(arguments, &Journal::from_events(&events))?;
    if arguments.preview {
        preview(arguments, &events, &rules, what);
        return Ok(Exit::Success);
    }
    check_state(&summary, &rules)?;
    let resuming = Resuming {
        arguments,
        setup,
        summary,
        events,
        options,
        kept,
        rules,
    };
    match what {
        JobKind::Plan => plan_resume::go_on(&resuming),
        _ => action_resume::go_on(&resuming),
    }
}

impl Resuming<'_> {
    /// Takes the job up and runs it to its end.
    pub(super) fn run<B, F>(&self, plan_hash: &str, body: B) -> Result<Exit, Error>
    where
        B: Fn(JobContext) -> F,
        F: Future<Output = JobEnd>,
    {
        loop {
            let launch = Launch::resume(
                &self.setup,
                &self.options,
                Arc::clone(&self.kept.store),
                &self.summary.job,
                GoingOn {
                    rules: self.rules.clone(),
                    plan_hash: plan_hash.to_owned(),
                    flags: flags(self.arguments),
                },
            )?;
            let launched = launch.run(&self.setup, &self.options, &body)?;
            if !launched.replayed_failure {
                tell_unused(&launched);
                return Ok(launched.exit);
            }
            // The controller had gone away before it could record that this was the end.
            // Now it is on record, so the next life does it again.
            terminal::tell(
                "that failure was recorded before the controller went away; going on after it",
            );
        }
    }
}

/// A job that came to its end has nothing to go on with, unless something is to be done again.
fn check_state(summary: &JobSummary, rules: &ResumeRules) -> Result<(), Error> {
    if summary.state != JobState::Finished || !rules.redo.is_empty() {
        return Ok(());
    }
    Err(Error::usage(
        format!("job `{}` has finished; nothing is left to do", summary.job),
        format!(
            "`segue job show {0}` shows what it did, `segue job resume {0} --redo NAME` does a part of it again",
            summary.job
        ),
    ))
}

/// The decisions of the command line, as they are kept with the job.
fn flags(arguments: &Arguments) -> Vec<String> {
    let redo = arguments.redo.iter().map(|what| format!("--redo {what}"));
    let from = arguments.from.iter().map(|step| format!("--from {step}"));
    let lost = match arguments.assume_lost {
        Some(AssumeLost::Ok) => Some("--assume-lost ok"),
        Some(AssumeLost::Failed) => Some("--assume-lost failed"),
        None if arguments.rerun_lost => Some("--rerun-lost"),
        None => None,
    };
    redo.chain(from).chain(lost.map(str::to_owned)).collect()
}

fn rules(arguments: &Arguments, journal: &Journal) -> Result<ResumeRules, Error> {
    let mut rules = ResumeRules {
        lost: match arguments.assume_lost {
            Some(AssumeLost::Ok) => LostRule::AssumeSucceeded,
            Some(AssumeLost::Failed) => LostRule::AssumeFailed,
            None if arguments.rerun_lost => LostRule::Rerun,
            None => LostRule::Decide,
        },
        ..ResumeRules::default()
    };
    for typed in &arguments.redo {
        rules
            .redo_named(journal, typed)
            .map_err(|error| Error::new(Exit::Usage, error))?;
    }
    if let Some(step) = &arguments.from {
        rules
            .redo_from_step(journal, step)
            .map_err(|error| Error::new(Exit::Usage, error))?;
    }
    Ok(rules)
}

fn preview(arguments: &Arguments, events: &[Event], rules: &ResumeRules, what: JobKind) {
    let preview = ResumePreview::new(&Journal::from_events(events), rules);
    if arguments.project.format == Format::Human {
        print_text(&preview_text(&preview, what));
    } else {
        let document = serde_json::to_value(&preview).expect("a preview is JSON");
        print_json(&document);
    }
}

fn preview_text(preview: &ResumePreview, what: JobKind) -> String {
    let mut text: String = preview.lines.iter().map(preview_line).collect();
    if preview.has_lost() {
        text.push_str(
            "\nWhat is lost was under way when the controller went away. Those targets are asked what became of it; for where\n\
             that can't be known, look at them, then give --rerun-lost, --assume-lost ok or --assume-lost failed.\n",
        );
    }
    if what == JobKind::Plan {
        text.push_str("\nWhat the plan asks for after that is not on record yet.\n");
    }
    text
}

fn preview_line(line: &PreviewLine) -> String {
    let asked = &line.asked;
    let what = named(asked);
    if line.answered {
        return format!("answered   {what}  {}\n", line.effect);
    }
    let mut told = vec![format!("performed  {what}")];
    for (word, names) in [
        ("on", &line.performed),
        ("kept", &line.kept),
        ("lost", &line.lost),
    ] {
        if !names.is_empty() {
            told.push(format!("{word} {}", a_few(names, NAMES_MAX)));
        }
    }
    format!("{}  {}\n", told.join("; "), line.effect)
}

fn named(asked: &Asked) -> String {
    let object = asked.object.lines().next().unwrap_or_default();
    format!("{} {object}", asked.function).trim_end().to_owned()
}

/// What was done in earlier lives and is not asked for any more, because the plan was changed.
fn tell_unused(launched: &Launched) {
    if launched.unused.is_empty() {
        return;
    }
    let lines: Vec<String> = launched
        .unused
        .iter()
        .map(|asked| match asked.targets.as_slice() {
            [] => format!("  {}", named(asked)),
            targets => format!("  {} on {}", named(asked), a_few(targets, NAMES_MAX)),
        })
        .collect();
    terminal::tell(&format!(
        "the plan no longer asks for what was done before:\n{}",
        lines.join("\n")
    ));
}
