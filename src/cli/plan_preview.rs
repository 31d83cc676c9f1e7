//! `segue plan preview`: what a plan would do, as far as that can be known before it does it.

use std::{
    collections::HashMap, future::Future, num::NonZeroUsize, pin::Pin, sync::Arc, time::Duration,
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
    event::Stream,
    model::{EffectId, JobId, Map, ResultSet},
    plan::{IdentityKey, Interpreter, Limits, Performer, PlanEnd, PlanStop, Program},
    run::{
        DEFAULT_TIMEOUT, Difference, Gate, LiveOptions, LiveParts, LivePerformer, NoOperator,
        PreviewParts, PreviewPerformer, PreviewRecord, StopHandle, ways,
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
        let parts = |failing, noop, said| PreviewParts {
            clock: Clock::paused(begin),
            project: self.setup.project.clone(),
            failing,
            noop,
            said,
        };
        let live = live.map(|live| Arc::new(live) as Arc<dyn Performer>);
        let usual = self.walk(parts(None, live, HashMap::new())).await;
        let said: HashMap<EffectId, ResultSet> = usual
            .record
            .effects
            .iter()
            .filter_map(|effect| Some((effect.id.clone(), effect.results.clone()?)))
            .collect();
        let (calls, not_followed) = ways(&usual.record, WAYS_MAX);
        let mut failing = Vec::with_capacity(calls.len());
        for call in calls {
            let parts = parts(Some(call.id.clone()), None, said.clone());
            failing.push((call.id.clone(), self.walk(parts).await));
        }
        Preview {
            plan: self.program.name().to_owned(),
            noop,
            usual,
            failing,
            not_followed,
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
            Vec::new(),
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
        },
    })
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
