//! Running a job: its stream, its readers, its signals and its end are the same whatever it runs.

use std::{
    future::Future,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    runtime::{Handle, Runtime},
    sync::mpsc,
};

use super::{
    arguments::{Format, RunArguments},
    output, setup,
    setup::Setup,
    terminal,
};
use crate::{
    clock::Clock,
    error::{Error, Exit},
    event::{
        Event, EventKind, EventSink, JobKind, JobOrigin, JobStatus, JobView, StopReason, Stream,
    },
    model::{Failure, JobId, Map, TargetName, Value},
    plan::Performer,
    report::Detail,
    run::{
        DEFAULT_TIMEOUT, Journal, JournalParts, JournalPerformer, LiveOptions, LiveParts,
        LivePerformer, NoOperator, Operator, ResumeRules, StopHandle, StopSignal, StopStage,
    },
    store::{Access, Call, Holder, Keeper, Location, Request, StoreError, StoreSink},
    transport::{ControllerUser, Ssh, Transports},
};

/// How long connections may take to say goodbye: a target that is gone must not hold the prompt back.
const GOODBYE: Duration = Duration::from_secs(2);

/// What is run, as its first event tells it.
pub(super) struct JobSpec {
    pub(super) what: JobKind,
    pub(super) object: String,
    pub(super) params: Map,
    pub(super) targets: Vec<TargetName>,
    pub(super) plan_hash: String,
}

/// How it ended.
pub(super) struct JobEnd {
    pub(super) status: JobStatus,
    pub(super) failure: Option<Failure>,
    pub(super) value: Value,
    /// Shown on stderr after everything else: where in the plan it went wrong.
    pub(super) diagnostic: Option<miette::Report>,
}

/// What a job's body works with.
pub(super) struct JobContext {
    pub(super) performer: Arc<dyn Performer>,
    pub(super) handle: Handle,
    pub(super) stop: StopSignal,
}

/// How a job is run and shown.
pub(super) struct JobOptions {
    pub(super) store: Location,
    pub(super) format: Format,
    pub(super) detail: Detail,
    pub(super) live: LiveOptions,
}

impl JobOptions {
    /// From the command line, else from the project's settings, else the defaults.
    pub(super) fn new(
        setup: &Setup,
        format: Format,
        detail: Detail,
        run: &RunArguments,
    ) -> Result<Self, Error> {
        let settings = setup.project.settings();
        let timeout = match &run.timeout {
            Some(text) => setup::duration(text)?,
            None => settings.timeout.unwrap_or(DEFAULT_TIMEOUT),
        };
        let concurrency = run
            .concurrency
            .or(settings.limit)
            .unwrap_or(DEFAULT_CONCURRENCY);
        let Some(concurrency) = NonZeroUsize::new(concurrency) else {
            return Err(Error::usage(
                "nothing can be done with a concurrency of 0",
                "give how many targets are worked on at the same time, such as `--concurrency 50`",
            ));
        };
        Ok(Self {
            store: run.store.location(&setup.project)?,
            format,
            detail: if run.verbose { Detail::Full } else { detail },
            live: LiveOptions {
                concurrency,
                timeout,
                stream_output: run.stream,
            },
        })
    }
}

/// Beyond about 300 connections in flight the processor's caches are lost and each costs a fifth more,
/// while a link that is not slow is full already.
const DEFAULT_CONCURRENCY: usize = 300;

/// Runs a job to its end, tells it as it goes, and gives the exit code.
pub(super) fn launch<B, F>(
    setup: &Setup,
    options: &JobOptions,
    spec: JobSpec,
    body: B,
) -> Result<Exit, Error>
where
    B: FnOnce(JobContext) -> F,
    F: Future<Output = JobEnd>,
{
    let runtime = runtime()?;
    let clock = Clock::System;
    let store = options.store.open(Access::Write).map_err(store_error)?;
    let lease = store
        .create_job(&Holder::here(), clock.now())
        .map_err(store_error)?;
    let (sink, durable) = StoreSink::new(Arc::clone(&store), lease.clone());
    let view = Arc::new(Mutex::new(JobView::default()));
    // The store comes first: nothing is told that is not on its way to be kept.
    let mut sinks: Vec<Box<dyn EventSink>> = vec![Box::new(sink), keep_view(&view)];
    sinks.extend(output::reporter(options.format, options.detail));
    let stream = stream(lease.job.clone(), lease.seq_last, &clock, sinks);
    let (handle, stop) = StopHandle::new();
    let live = LivePerformer::new(LiveParts {
        transport: Arc::new(Transports::new(Ssh::new(
            ControllerUser::of_process(),
            clock.clone(),
        ))),
        stream: stream.clone(),
        gate: Arc::new(durable.clone()),
        stop: stop.clone(),
        clock: clock.clone(),
        project: setup.project.clone(),
        operator: operator(),
        options: options.live,
    });
    let performer = JournalPerformer::new(JournalParts {
        journal: Journal::default(),
        rules: ResumeRules::default(),
        inner: Arc::new(live.clone()),
        stream: stream.clone(),
        clock: clock.clone(),
        inquiry: Arc::new(live.clone()),
        idempotent: |task| task.metadata().idempotent,
    });
    stream.emit(EventKind::JobStarted {
        what: spec.what,
        object: spec.object,
        params: spec.params,
        targets: spec.targets,
        origin: origin(setup, spec.plan_hash),
    });
    let context = JobContext {
        performer: Arc::new(performer),
        handle: runtime.handle().clone(),
        stop: stop.clone(),
    };
    let end = runtime.block_on(async {
        let (_keeper, calls) = Keeper::start(Arc::clone(&store), lease.clone(), clock);
        let heeding = tokio::spawn(heed(handle, stream.clone(), calls));
        let end = tokio::select! {
            end = body(context) => end,
            () = stop.reached(StopStage::Abandon) => JobEnd::stopped(),
        };
        heeding.abort();
        // Whoever does not answer in time is left behind: the job is over.
        let _ = tokio::time::timeout(GOODBYE, live.close()).await;
        end
    });
    stream.emit(EventKind::JobFinished {
        status: end.status,
        failure: end.failure,
        value: end.value,
        failed_effects: Vec::new(),
    });
    // A thread that still waits for a terminal or a name server must not keep the process.
    runtime.shutdown_background();
    let kept = store.release(&lease);
    let view = view.lock().unwrap_or_else(PoisonError::into_inner);
    output::finish(options.format, &view);
    if let Some(report) = end.diagnostic {
        terminal::print_report(&report);
    }
    if let Some(failure) = durable.failure() {
        return Err(store_error(failure));
    }
    kept.map_err(store_error)?;
    Ok(exit_of(end.status))
}

fn store_error(error: StoreError) -> Error {
    Error::new(Exit::Store, error)
}

impl JobEnd {
    pub(super) const fn stopped() -> Self {
        Self {
            status: JobStatus::Stopped,
            failure: None,
            value: Value::Null,
            diagnostic: None,
        }
    }
}

/// The exit code for how a job ended.
pub(super) const fn exit_of(status: JobStatus) -> Exit {
    match status {
        JobStatus::Finished => Exit::Success,
        JobStatus::SomeFailed => Exit::SomeFailed,
        JobStatus::Failed => Exit::PlanFailed,
        JobStatus::OverBudget => Exit::OverBudget,
        JobStatus::Stopped => Exit::Interrupted,
        JobStatus::Suspended => Exit::Waiting,
        JobStatus::Running | JobStatus::Stopping => Exit::Unexpected,
    }
}

/// One thread does all the waiting: it serves some 2,000 targets a second, at a tenth less cost than two.
fn runtime() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::system("start the runtime", error))
}

fn keep_view(view: &Arc<Mutex<JobView>>) -> Box<dyn EventSink> {
    let view = Arc::clone(view);
    Box::new(move |event: &Event| {
        let mut view = view.lock().unwrap_or_else(PoisonError::into_inner);
        view.apply(event);
    })
}

fn stream(job: JobId, seq_last: u64, clock: &Clock, sinks: Vec<Box<dyn EventSink>>) -> Stream {
    let clock = clock.clone();
    Stream::new(job, seq_last, Arc::new(move || clock.now()), sinks)
}

fn operator() -> Arc<dyn Operator> {
    if terminal::Terminal.is_present() {
        Arc::new(terminal::Terminal)
    } else {
        Arc::new(NoOperator)
    }
}

fn origin(setup: &Setup, plan_hash: String) -> JobOrigin {
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    JobOrigin {
        user: std::env::var("USER").unwrap_or_default(),
        host,
        process: std::process::id(),
        segue: env!("CARGO_PKG_VERSION").to_owned(),
        plan_hash,
        project: setup.project.root().to_string_lossy().into_owned(),
    }
}

/// Each Ctrl-C, SIGTERM or `job stop` asks for the next stage of stopping.
async fn heed(handle: StopHandle, stream: Stream, mut calls: mpsc::Receiver<Call>) {
    use tokio::signal::unix::{SignalKind, signal};

    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        // Without handlers the signals end the process, as they do by default.
        return;
    };
    loop {
        let reason = tokio::select! {
            _ = interrupt.recv() => StopReason::Interrupted,
            _ = terminate.recv() => StopReason::Terminated,
            Some(call) = calls.recv() => match call {
                Call::Asked(Request::Stop { by }) => StopReason::Asked { by },
                Call::Asked(Request::AnswerApproval { effect, who, approved, comment }) => {
                    // Whoever asked is on its way to be suspended; the answer waits for the resume.
                    stream.emit(EventKind::ApprovalGiven { effect, who, approved, comment });
                    continue;
                }
                Call::LeaseLost(error) => {
                    terminal::tell(&format!("{error}: stopping, since nothing more can be recorded"));
                    handle.raise(StopStage::End);
                    continue;
                }
            },
        };
        match handle.escalate() {
            StopStage::Drain => {
                stream.emit(EventKind::JobStopping { reason });
            }
            StopStage::End => {
                terminal::tell("ending what runs on the targets; once more leaves it");
            }
            StopStage::Run | StopStage::Abandon => {}
        }
    }
}
