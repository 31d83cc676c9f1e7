//! `segue plan resume`: a job goes on from what is recorded; only what is missing or failed is done.

use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::{
    arguments::{ConnectionArguments, ParamArguments, ProjectArguments, RunArguments},
    kept::{self, Kept},
    launch::{GoingOn, JobOptions, Launch, Launched},
    output::{print_json, print_text},
    params, plan_check, plan_run, plan_show,
    setup::Setup,
    terminal,
};
use crate::{
    error::{Error, Exit},
    event::{Asked, Event, EventKind, JobKind},
    model::{Map, TargetName, Value},
    plan::Header,
    report::Detail,
    run::{Journal, LostRule, PreviewLine, ResumePreview, ResumeRules},
    store::{JobState, JobSummary, NO_LIMIT},
};

/// Go on with a plan that failed, was stopped, waits for an approval, or whose process died
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The job: its id, the beginning of it, or `last`
    job: String,
    /// Only say what would be answered from the record, and what would be done
    #[arg(long)]
    preview: bool,
    /// Do this step again, and all that was first begun after it
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
    no_check: bool,
    #[command(flatten)]
    params: ParamArguments,
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    connection: ConnectionArguments,
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

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let setup = Setup::new(&arguments.project)?.with_connection(&arguments.connection)?;
    let options = JobOptions::new(
        &setup,
        arguments.project.format,
        Detail::Brief,
        &arguments.run,
    )?;
    let kept = Kept::of(&options.store)?;
    let summary = kept.job(&arguments.job)?;
    check_kind(&summary)?;
    let events = kept
        .store
        .events(&summary.job, 0, NO_LIMIT)
        .map_err(kept::store_error)?;
    let rules = rules(arguments, &Journal::from_events(&events))?;
    if arguments.preview {
        preview(arguments, &events, &rules);
        return Ok(Exit::Success);
    }
    check_state(&summary, &rules)?;
    let program = plan_run::load(&setup, &summary.object)?;
    if !arguments.no_check {
        plan_check::before_run(&setup, program.file())?;
    }
    let params = given(&arguments.params, &events, program.header())?;
    plan_run::check(&program, &params)?;
    loop {
        let launch = Launch::resume(
            &setup,
            &options,
            Arc::clone(&kept.store),
            &summary.job,
            GoingOn {
                rules: rules.clone(),
                plan_hash: plan_run::hash(program.source().text()),
                flags: flags(arguments),
            },
        )?;
        let launched = launch.run(&setup, &options, |context| {
            plan_run::interpret(&setup, program.clone(), params.clone(), context)
        })?;
        if !launched.replayed_failure {
            tell_unused(&launched);
            return Ok(launched.exit);
        }
        // The controller had gone away before it could record that this was the end of the plan.
        // Now it is on record, so the next life does it again.
        terminal::tell(
            "that failure was recorded before the controller went away; going on after it",
        );
    }
}

fn check_kind(summary: &JobSummary) -> Result<(), Error> {
    match summary.what {
        Some(JobKind::Plan) => Ok(()),
        Some(other) => Err(Error::usage(
            format!(
                "job `{}` ran a {}, and only plans are resumed",
                summary.job,
                other.as_str()
            ),
            format!(
                "`segue job rerun {0} --failed` does it again where it failed, `segue job rerun {0}` everywhere",
                summary.job
            ),
        )),
        None => Err(Error::usage(
            format!("job `{}` ended before it began", summary.job),
            "nothing was done; run the plan anew",
        )),
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
            "`segue job show {0}` shows what it did, `segue plan resume {0} --redo NAME` does a part of it again",
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

/// The parameters that the job began with, and those that are given now: a mended plan may want more.
fn given(arguments: &ParamArguments, events: &[Event], header: &Header) -> Result<Map, Error> {
    let begun = events.iter().find_map(|event| match &event.kind {
        EventKind::JobStarted { params, .. } => Some(params),
        _ => None,
    });
    let mut given: Map = begun
        .into_iter()
        .flatten()
        // A parameter that the plan no longer has is of no use to it.
        .filter(|(name, _)| header.param(name).is_some())
        .map(|(name, value)| (name.clone(), uncovered(name, value, header)))
        .collect();
    given.extend(params::read(
        arguments,
        Some(&plan_show::parameters(header)),
    )?);
    Ok(given)
}

/// The value as it was given: whoever binds a sensitive parameter covers it anew.
fn uncovered(name: &str, value: &Value, header: &Header) -> Value {
    if header.param(name).is_some_and(|param| param.sensitive) {
        value.revealed().clone()
    } else {
        value.clone()
    }
}

fn preview(arguments: &Arguments, events: &[Event], rules: &ResumeRules) {
    let preview = ResumePreview::new(&Journal::from_events(events), rules);
    if arguments.project.format == super::arguments::Format::Human {
        print_text(&preview_text(&preview));
    } else {
        let document = serde_json::to_value(&preview).expect("a preview is JSON");
        print_json(&document);
    }
}

fn preview_text(preview: &ResumePreview) -> String {
    let mut text: String = preview.lines.iter().map(preview_line).collect();
    if preview.has_lost() {
        text.push_str(
            "\nSome targets were started when the controller went away, and nobody knows what became of them.\n\
             Look at them, then give --rerun-lost, --assume-lost ok or --assume-lost failed.\n",
        );
    }
    text.push_str("\nWhat the plan asks for after that is not on record yet.\n");
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
            told.push(format!("{word} {}", listed(names)));
        }
    }
    format!("{}  {}\n", told.join("; "), line.effect)
}

fn named(asked: &Asked) -> String {
    let object = asked.object.lines().next().unwrap_or_default();
    format!("{} {object}", asked.function).trim_end().to_owned()
}

fn listed(names: &[TargetName]) -> String {
    let shown: Vec<&str> = names
        .iter()
        .take(NAMES_MAX)
        .map(TargetName::as_str)
        .collect();
    match names.len().saturating_sub(NAMES_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
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
            targets => format!("  {} on {}", named(asked), listed(targets)),
        })
        .collect();
    terminal::tell(&format!(
        "the plan no longer asks for what was done before:\n{}",
        lines.join("\n")
    ));
}
