//! `segue plan preview`: what a plan would do, as far as that can be known before it does it.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    future::Future,
    num::NonZeroUsize,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use clap::Args;
use serde_json::json;
use tokio::runtime::Handle;

use super::{
    arguments::{ConnectionArguments, Format, ParamArguments, ProjectArguments, TargetArguments},
    launch, output, plan_run, preview_text,
    setup::Setup,
    terminal,
};
use crate::{
    clock::Clock,
    error::{Error, Exit},
    event::{Event, EventKind, Stream},
    model::{EffectId, JobId, Map, MessageLevel, Place, ResultSet},
    plan::{IdentityKey, Interpreter, Limits, Performer, PlanEnd, PlanStop, Program},
    run::{
        Connections, DEFAULT_TIMEOUT, Decision, Difference, Gate, LiveOptions, LiveParts,
        LivePerformer, NoOperator, PreviewParts, PreviewPerformer, PreviewRecord, StopHandle, ways,
    },
    transport::{ControllerUser, Ssh, Transports},
};

/// Each way is a run of the whole plan without its waiting, which takes a few milliseconds: more than this many calls
/// in one plan would make a person wait, and read for longer.
const WAYS_MAX: usize = 50;

/// How long connections may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// Show what a plan would do, without doing it
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The name of the plan, such as `rolling_restart` or `mymodule::deploy`, or its file
    plan: String,
    #[command(flatten)]
    params: ParamArguments,
    #[command(flatten)]
    targets: TargetArguments,
    #[command(flatten)]
    project: ProjectArguments,
    #[command(flatten)]
    connection: ConnectionArguments,
    /// Run tasks that support it in noop mode on their targets; without this nothing is contacted
    #[arg(long)]
    noop: bool,
}

/// As many decisions are followed the other way, for the same reason.
const CHOICES_MAX: usize = 50;

/// A plan that was run without touching anything: on one way, with what came of it there.
pub(super) struct Way {
    pub(super) record: PreviewRecord,
    pub(super) end: PlanEnd,
}

/// All that is known before a plan runs.
pub(super) struct Preview {
    pub(super) plan: String,
    pub(super) noop: bool,
    /// The way where everything succeeds.
    pub(super) usual: Way,
    /// For each call of an action the way where it fails.
    pub(super) failing: Vec<(EffectId, Way)>,
    /// How many calls were not followed that way.
    pub(super) not_followed: usize,
    /// For each decision on what nobody knows the ways that the usual one does not take.
    pub(super) chosen: Vec<Chosen>,
    /// How many of those were not followed.
    pub(super) not_chosen: usize,
}

/// A way on which the plan decides otherwise.
pub(super) struct Chosen {
    /// What it decides otherwise than the usual way does, the last one being what is new.
    pub(super) decisions: Vec<Decision>,
    /// The way that it leaves there: the number of another one, or none for the usual one.
    pub(super) parent: Option<usize>,
    pub(super) way: Way,
}

impl Preview {
    /// What a way is compared with: the one that it leaves.
    pub(super) fn base(&self, chosen: &Chosen) -> &PreviewRecord {
        let parent = chosen.parent.and_then(|parent| self.chosen.get(parent));
        parent.map_or(&self.usual.record, |parent| &parent.way.record)
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let setup = Setup::new(&arguments.project)?.with_connection(&arguments.connection)?;
    let program = plan_run::load(&setup, &arguments.plan)?;
    let params = plan_run::given(&arguments.params, &arguments.targets, program.header())?;
    plan_run::check(&program, &params)?;
    let runtime = launch::runtime()?;
    let live = arguments.noop.then(|| live(&setup));
    let walk = Walk {
        setup: &setup,
        program,
        params,
        handle: runtime.handle().clone(),
    };
    let preview = runtime.block_on(async {
        let preview = walk.preview(live.clone()).await;
        if let Some(live) = live {
            live.settle().await;
            let _ = tokio::time::timeout(GOODBYE, live.close()).await;
        }
        preview
    });
    runtime.shutdown_background();
    match arguments.project.format {
        Format::Human => output::print_text(&preview_text::tree(&preview)),
        Format::Json | Format::Jsonl => output::print_json(&document(&preview)),
    }
    match preview.usual.end {
        PlanEnd::Failed(error) => {
            terminal::print_report(&miette::Report::new(error.diagnostic));
            Ok(Exit::PlanFailed)
        }
        PlanEnd::Finished(_) | PlanEnd::Stopped | PlanEnd::Suspended => Ok(Exit::Success),
    }
}

/// Goes through a plan, again and again.
struct Walk<'a> {
    setup: &'a Setup,
    program: Program,
    params: Map,
    handle: Handle,
}

impl Walk<'_> {
    async fn preview(&self, live: Option<LivePerformer>) -> Preview {
        let noop = live.is_some();
        // Every way begins at the same time, so that they differ in nothing but what fails.
        let begin = Clock::System.now();
        let parts = |failing, noop, said, ways| PreviewParts {
            clock: Clock::paused(begin),
            project: self.setup.project.clone(),
            failing,
            noop,
            said,
            ways,
        };
        let usually = HashMap::new;
        let live = live.map(|live| Arc::new(live) as Arc<dyn Performer>);
        let usual = self
            .walk(parts(None, live, HashMap::new(), usually()))
            .await;
        let said: HashMap<EffectId, ResultSet> = usual
            .record
            .effects
            .iter()
            .filter_map(|effect| Some((effect.id.clone(), effect.results.clone()?)))
            .collect();
        let (calls, not_followed) = ways(&usual.record, WAYS_MAX);
        let mut failing = Vec::with_capacity(calls.len());
        for call in calls {
            let parts = parts(Some(call.id.clone()), None, said.clone(), usually());
            failing.push((call.id.clone(), self.walk(parts).await));
        }
        let mut other_ways = OtherWays::of(&usual.record);
        let mut chosen: Vec<Chosen> = Vec::new();
        while let Some((parent, decisions)) = other_ways.next(chosen.len()) {
            let ways = decisions.iter().map(|one| (one.place.clone(), one.taken));
            let way = self
                .walk(parts(None, None, said.clone(), ways.collect()))
                .await;
            other_ways.found(Some(chosen.len()), &decisions, &way.record);
            chosen.push(Chosen {
                decisions,
                parent,
                way,
            });
        }
        Preview {
            plan: self.program.name().to_owned(),
            noop,
            usual,
            failing,
            not_followed,
            chosen,
            not_chosen: other_ways.left(),
        }
    }

    async fn walk(&self, parts: PreviewParts) -> Way {
        let performer = PreviewPerformer::new(parts);
        let interpreter = Interpreter {
            world: Arc::new(self.setup.project.clone()),
            performer: Arc::new(performer.clone()),
            handle: self.handle.clone(),
            limits: Limits::default(),
            stop: PlanStop::default(),
            key: IdentityKey::default(),
            inventory: self.setup.inventory.clone(),
            next_command: None,
        };
        let outcome = interpreter
            .run(self.program.clone(), self.params.clone())
            .await;
        Way {
            record: performer.record(),
            end: outcome.end,
        }
    }
}

/// The decisions that are still to be followed the other way.
struct OtherWays {
    /// What a way decides otherwise than the usual one, and the way that it leaves.
    waiting: VecDeque<(Option<usize>, Vec<Decision>)>,
    /// The places whose decisions are in the queue, or were.
    known: HashSet<Place>,
}

impl OtherWays {
    fn of(usual: &PreviewRecord) -> Self {
        let mut ways = Self {
            waiting: VecDeque::new(),
            known: HashSet::new(),
        };
        ways.found(None, &[], usual);
        ways
    }

    /// Takes up the decisions that a way came upon first.
    fn found(&mut self, way: Option<usize>, before: &[Decision], record: &PreviewRecord) {
        for decision in &record.decisions {
            if !self.known.insert(decision.place.clone()) {
                continue;
            }
            for taken in (0..decision.ways.len()).filter(|other| *other != decision.taken) {
                let mut decisions = before.to_vec();
                decisions.push(Decision {
                    taken,
                    ..decision.clone()
                });
                self.waiting.push_back((way, decisions));
            }
        }
    }

    /// The next one, unless so many were followed that it is enough.
    fn next(&mut self, followed: usize) -> Option<(Option<usize>, Vec<Decision>)> {
        (followed < CHOICES_MAX)
            .then(|| self.waiting.pop_front())
            .flatten()
    }

    fn left(&self) -> usize {
        self.waiting.len()
    }
}

/// For noop mode: targets are reached as in a run, but nothing is told and nothing is kept.
fn live(setup: &Setup) -> LivePerformer {
    let clock = Clock::System;
    let stream_clock = clock.clone();
    let (_, stop) = StopHandle::new();
    LivePerformer::new(LiveParts {
        transport: Arc::new(Transports::new(Ssh::new(
            ControllerUser::of_process(),
            clock.clone(),
        ))),
        stream: Stream::new(
            JobId::new(0, 0),
            0,
            Arc::new(move || stream_clock.now()),
            vec![Box::new(tell_warning)],
        ),
        gate: Arc::new(NothingIsKept),
        stop,
        locks: None,
        clock,
        project: setup.project.clone(),
        operator: Arc::new(NoOperator),
        options: LiveOptions {
            concurrency: NonZeroUsize::new(launch::DEFAULT_CONCURRENCY)
                .unwrap_or(NonZeroUsize::MIN),
            timeout: setup.project.settings().timeout.unwrap_or(DEFAULT_TIMEOUT),
            stream_output: false,
            connections: Connections::KeptWarm,
        },
    })
}

/// A preview has no report that tells what is wrong with targets.
fn tell_warning(event: &Event) {
    if let EventKind::MessagePrinted {
        level: MessageLevel::Warn,
        text,
        ..
    } = &event.kind
    {
        terminal::tell(&format!("warning: {text}"));
    }
}

/// A preview has no job, so there is nothing to wait for.
struct NothingIsKept;

impl Gate for NothingIsKept {
    fn kept(&self, _seq: u64) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

fn document(preview: &Preview) -> serde_json::Value {
    let usual = &preview.usual.record;
    let choices: Vec<serde_json::Value> = preview
        .chosen
        .iter()
        .map(|chosen| {
            let difference = Difference::new(preview.base(chosen), &chosen.way.record);
            json!({
                "if": chosen.decisions,
                "then": difference.follows,
                "left_out": difference.left_out.iter().map(|effect| effect.id.to_string()).collect::<Vec<_>>(),
                "end": end(&chosen.way.end),
            })
        })
        .collect();
    let ways: Vec<serde_json::Value> = preview
        .failing
        .iter()
        .map(|(id, way)| {
            let difference = Difference::new(usual, &way.record);
            json!({
                "if_fails": id.to_string(),
                "then": difference.follows,
                "left_out": difference.left_out.iter().map(|effect| effect.id.to_string()).collect::<Vec<_>>(),
                "end": end(&way.end),
            })
        })
        .collect();
    json!({
        "plan": preview.plan,
        "noop": preview.noop,
        "effects": usual.effects,
        "end": end(&preview.usual.end),
        "unknown": usual.unknown,
        "ways": ways,
        "ways_not_followed": preview.not_followed,
        "decisions": usual.decisions,
        "choices": choices,
        "choices_not_followed": preview.not_chosen,
    })
}

fn end(end: &PlanEnd) -> serde_json::Value {
    match end {
        PlanEnd::Finished(value) => json!({ "status": "finished", "value": value }),
        PlanEnd::Failed(error) => json!({ "status": "failed", "failure": error.failure }),
        PlanEnd::Stopped => json!({ "status": "stopped" }),
        PlanEnd::Suspended => json!({ "status": "suspended" }),
    }
}
