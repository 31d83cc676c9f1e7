//! `segue plan graph`: the step graphs of a plan and the tiers of the inventory, and a job's graph after its run.

use std::{
    fmt::{Display, Write as _},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, ValueEnum};
use indexmap::IndexMap;

use super::{
    arguments::{Format as Printed, ProjectArguments},
    kept::{self, Kept},
    output::print_text,
    setup::Setup,
    terminal,
};
use crate::{
    error::{Error, Exit},
    event::{JobView, StepView},
    inventory::Inventory,
    model::StepStatus,
    plan::{PlanErrors, ProjectView, WrittenGraph, written_graphs},
    schedule::{
        GraphError, State, StepGraph, StepSpec, TierSpec, Tiers,
        draw::{self, Drawing, StepMark},
    },
    store::{Location, NO_LIMIT},
};

/// Draw the step graphs of a plan, or the tiers of the inventory if it has none; nothing is run
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The name of the plan, or its file
    #[arg(required_unless_present_any = ["job", "tiers"])]
    plan: Option<String>,
    /// Draw the graph of this job with its states and times: its id, the beginning of it, or `last`
    #[arg(long, value_name = "JOB", conflicts_with = "plan")]
    job: Option<String>,
    /// Draw the tiers of the inventory
    #[arg(long, conflicts_with_all = ["plan", "job"])]
    tiers: bool,
    /// Of several graphs, the one of this name
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// How it is drawn
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Write it to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The project's directory; without it the nearest one above the current directory
    #[arg(long, value_name = "DIR", env = "SEGUE_PROJECT")]
    project: Option<PathBuf>,
    /// The inventory file; without it `inventory.yaml` of the project
    #[arg(short = 'i', long, value_name = "FILE", env = "SEGUE_INVENTORY")]
    inventory: Option<PathBuf>,
    /// Where jobs are kept: a path, or `sqlite:PATH`; without it `.segue/` of the project
    #[arg(long, value_name = "URL", env = "SEGUE_STORE")]
    store: Option<String>,
}

/// A way of drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A tree for the terminal
    #[default]
    Text,
    /// For Graphviz
    Dot,
    /// For pages that draw Mermaid
    Mermaid,
    /// A picture
    Svg,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let setup = Setup::new(&ProjectArguments {
        project: arguments.project.clone(),
        inventory: arguments.inventory.clone(),
        format: Printed::Human,
    })?;
    let mut pictures = match (&arguments.plan, &arguments.job) {
        (_, Some(job)) => of_job(arguments, &setup, job)?,
        (Some(plan), None) => of_plan(arguments.format, &setup, plan)?,
        (None, None) => Vec::new(),
    };
    if pictures.is_empty() && arguments.job.is_none() {
        pictures.push(of_tiers(arguments, &setup.inventory)?);
    }
    let text = chosen(arguments, pictures)?;
    match &arguments.output {
        Some(path) => std::fs::write(path, text)
            .map_err(|error| Error::system(format!("write `{}`", path.display()), error))?,
        None => print_text(&text),
    }
    Ok(Exit::Success)
}

/// A graph that was drawn.
struct Picture {
    title: String,
    text: String,
}

impl Picture {
    fn new(format: Format, title: &str, drawing: &Drawing<'_>) -> Self {
        let drawn: Box<dyn Display> = match format {
            Format::Text => Box::new(draw::text(drawing)),
            Format::Dot => Box::new(draw::dot(drawing)),
            Format::Mermaid => Box::new(draw::mermaid(drawing)),
            Format::Svg => Box::new(draw::svg(drawing)),
        };
        Self {
            title: title.to_owned(),
            text: drawn.to_string(),
        }
    }
}

fn chosen(arguments: &Arguments, pictures: Vec<Picture>) -> Result<String, Error> {
    let titles = pictures.iter().fold(String::new(), |mut titles, picture| {
        let separator = if titles.is_empty() { "" } else { ", " };
        let _ = write!(titles, "{separator}`{}`", picture.title);
        titles
    });
    let pictures: Vec<Picture> = match &arguments.only {
        None => pictures,
        Some(only) => {
            let meant = pictures
                .into_iter()
                .filter(|picture| picture.title == *only);
            let meant: Vec<Picture> = meant.collect();
            if meant.is_empty() {
                return Err(Error::usage(
                    format!("there is no graph `{only}`"),
                    format!("there is {titles}"),
                ));
            }
            meant
        }
    };
    // A file holds one picture; texts can stand below each other.
    if arguments.format != Format::Text && pictures.len() > 1 {
        return Err(Error::usage(
            format!("there are several graphs: {titles}"),
            "say which one with `--only NAME`",
        ));
    }
    let texts: Vec<String> = pictures.into_iter().map(|picture| picture.text).collect();
    Ok(texts.join("\n"))
}

fn of_plan(format: Format, setup: &Setup, name: &str) -> Result<Vec<Picture>, Error> {
    let graphs = graphs(setup, name)?;
    for graph in graphs.iter().filter(|graph| graph.has_more) {
        terminal::tell(&format!(
            "`{}` may have more steps than are drawn: only a run knows their names",
            graph.title
        ));
    }
    graphs
        .into_iter()
        .map(|graph| {
            let steps = made(&graph.title, graph.steps)?;
            let drawing = Drawing::of_graph(&graph.title, &steps);
            Ok(Picture::new(format, &graph.title, &drawing))
        })
        .collect()
}

fn graphs(setup: &Setup, name: &str) -> Result<Vec<WrittenGraph>, Error> {
    let file = setup
        .project
        .plan(name)
        .map_err(|error| Error::new(Exit::Usage, error))?;
    let view = ProjectView::new(&setup.project, &setup.inventory);
    let source = view.source(&file);
    // What does not parse has no graphs that could be trusted.
    let (_, problems) = crate::plan::Header::read(&source);
    PlanErrors::check(problems).map_err(|errors| Error::new(Exit::InvalidPlan, errors))?;
    Ok(written_graphs(&view, &source))
}

fn made(title: &str, steps: Vec<StepSpec>) -> Result<StepGraph, Error> {
    StepGraph::new(steps).map_err(|faults| {
        let title = title.to_owned();
        Error::new(Exit::InvalidPlan, WrongGraph { title, faults })
    })
}

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the graph `{title}` can't be drawn: {faults}")]
#[diagnostic(
    code(segue::cli::wrong_graph),
    help("the run of the plan would end with the same error, at its lines")
)]
struct WrongGraph {
    title: String,
    /// Part of the message: it draws the cycle.
    faults: GraphError,
}

fn of_tiers(arguments: &Arguments, inventory: &Inventory) -> Result<Picture, Error> {
    let specs: Vec<TierSpec> = inventory
        .tiers()
        .into_iter()
        .map(|tier| TierSpec {
            name: tier.name,
            targets: tier.targets,
            depends_on: tier.depends_on,
        })
        .collect();
    if specs.is_empty() {
        let message = match &arguments.plan {
            Some(plan) => {
                format!("`{plan}` writes out no step graph, and the inventory has no tiers")
            }
            None => "the inventory has no tiers".to_owned(),
        };
        return Err(Error::usage(
            message,
            "a tier is a group with `depends_on: [other, groups]` in the inventory",
        ));
    }
    let tiers = Tiers::new(specs).map_err(|error| {
        Error::usage(error.to_string(), "correct `depends_on` in the inventory")
    })?;
    if arguments.plan.is_some() {
        terminal::tell("the plan writes out no step graph; these are the tiers of the inventory");
    }
    let drawing = Drawing::of_tiers(TIERS, &tiers);
    Ok(Picture::new(arguments.format, TIERS, &drawing))
}

const TIERS: &str = "tiers";

fn of_job(arguments: &Arguments, setup: &Setup, typed: &str) -> Result<Vec<Picture>, Error> {
    let location = Location::find(arguments.store.as_deref(), Some(setup.project.root()))
        .map_err(kept::store_error)?;
    let kept = Kept::of(&location)?;
    let job = kept.job(typed)?.job;
    let events = kept.store.events(&job, 0, NO_LIMIT);
    let view = JobView::fold(&events.map_err(kept::store_error)?);
    if view.steps.is_empty() {
        return Err(Error::usage(
            format!("the job `{job}` ran no step graph"),
            format!("`segue job show {job}` tells what it did"),
        ));
    }
    let mut graphs = ran(&view);
    // What has not been begun stands in the plan alone, as far as it is written out there.
    for written in graphs_of_plan(setup, &view) {
        let is_known = |graph: &&mut RanGraph<'_>| {
            let mut steps = written.steps.iter();
            steps.any(|step| graph.steps.contains_key(step.name.as_str()))
        };
        if let Some(graph) = graphs.iter_mut().find(is_known) {
            graph.written = written.steps;
        }
    }
    let draw = |graph: RanGraph<'_>| {
        let steps = made(&graph.title, graph.specs())?;
        let mut drawing = Drawing::of_graph(&graph.title, &steps);
        for index in steps.steps() {
            if let Some(step) = graph.steps.get(steps.name(index)) {
                drawing.mark(index, &mark(step, &view));
            }
        }
        Ok(Picture::new(arguments.format, &graph.title, &drawing))
    };
    graphs.into_iter().map(draw).collect()
}

/// The graphs in the plan of a job, if it can still be read.
fn graphs_of_plan(setup: &Setup, view: &JobView) -> Vec<WrittenGraph> {
    if view.finished_at.is_some() {
        return Vec::new();
    }
    graphs(setup, &view.object).unwrap_or_default()
}

/// A graph that a job has run, or runs.
struct RanGraph<'a> {
    title: String,
    /// In the order in which they were first told of.
    steps: IndexMap<&'a str, &'a StepView>,
    /// The same graph as the plan writes it out.
    written: Vec<StepSpec>,
}

impl RanGraph<'_> {
    /// The steps that were told of, and those that are not begun yet.
    fn specs(&self) -> Vec<StepSpec> {
        let is_told = |name: &String| self.steps.contains_key(name.as_str());
        let told = self.steps.iter().map(|(name, step)| StepSpec {
            // All of them ended before it began, and so were told of; but events of another version may say anything.
            after: step
                .after
                .iter()
                .filter(|it| is_told(it))
                .cloned()
                .collect(),
            ..StepSpec::new(*name)
        });
        let waiting = self.written.iter().filter(|step| !is_told(&step.name));
        told.chain(waiting.cloned()).collect()
    }
}

/// The graphs that a job tells of. The branch of a step is one of the branch of its graph.
fn ran(view: &JobView) -> Vec<RanGraph<'_>> {
    let mut graphs: IndexMap<&str, RanGraph<'_>> = IndexMap::new();
    for ((branch, name), step) in &view.steps {
        let (of_graph, _) = branch.as_str().rsplit_once('/').unwrap_or_default();
        let graph = graphs.entry(of_graph).or_insert_with(|| RanGraph {
            title: title_of(of_graph),
            steps: IndexMap::new(),
            written: Vec::new(),
        });
        graph.steps.insert(name, step);
    }
    graphs.into_values().collect()
}

/// The name of the graph whose branch that is.
fn title_of(branch: &str) -> String {
    let name = branch.rsplit('/').next().unwrap_or(branch);
    name.replace("%2F", "/").replace("%25", "%")
}

fn mark(step: &StepView, view: &JobView) -> StepMark {
    let state = match step.status {
        Some(StepStatus::Done) => State::Done,
        Some(StepStatus::Failed) => State::Failed,
        Some(StepStatus::Skipped) => State::Skipped,
        Some(StepStatus::Undone) => State::Undone,
        Some(StepStatus::UndoFailed) => State::UndoFailed,
        Some(StepStatus::Unreached) => State::Unreached,
        None if step.started_at.is_none() => State::Waiting,
        None if view.finished_at.is_some() => State::Unreached,
        None => State::Running,
    };
    let took = match (step.started_at, step.finished_at) {
        (Some(started), Some(finished)) => {
            Duration::try_from(finished.duration_since(started)).ok()
        }
        _ => None,
    };
    let failure = step.failure.as_ref().map(|failure| failure.message.clone());
    StepMark {
        state,
        took,
        because: step.because.clone().or(failure),
    }
}
