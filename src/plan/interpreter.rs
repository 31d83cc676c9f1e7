//! Running a plan: one thread, one engine, the branches of one plan.

use std::{io, rc::Rc, sync::Arc};

use rhai::Dynamic;
use tokio::{runtime::Handle, sync::oneshot};

use super::{
    branch::{Body, BranchResult},
    branches, convert,
    effect::Performer,
    ending::Ending,
    host::{Host, HostParts},
    identity::IdentityKey,
    limits::Limits,
    plan_stop::PlanStop,
    program::Program,
    trace::PlanError,
    world::World,
};
use crate::{
    inventory::Inventory,
    model::{Failure, Map, Value, kinds},
};

/// The stack of a plan's thread. Only parsing happens on it: at most 64 nested expressions of up to 36 KiB (in debug builds).
const THREAD_STACK_BYTES: usize = 16 << 20;

/// All that a plan needs to be run once.
pub struct Interpreter {
    pub world: Arc<dyn World>,
    pub performer: Arc<dyn Performer>,
    /// Where effects are performed.
    pub handle: Handle,
    pub limits: Limits,
    pub stop: PlanStop,
    /// What secrets are digested with in the ids of effects.
    pub key: IdentityKey,
    pub inventory: Inventory,
    /// What to type next when the plan has failed, such as the command that resumes the job.
    pub next_command: Option<String>,
}

/// How a plan ended.
#[derive(Clone, Debug)]
pub enum PlanEnd {
    /// It came to its end and gave this.
    Finished(Value),
    Failed(Box<PlanError>),
    /// The job was stopped.
    Stopped,
    /// An answer comes after this process is gone; the plan goes on when it is resumed.
    Suspended,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct PlanOutcome {
    pub end: PlanEnd,
    /// Errors that ended nothing but a branch: beside the one that was thrown, or in a future that nobody waited for.
    pub swallowed: Vec<PlanError>,
}

impl Interpreter {
    /// Runs a plan on a thread of its own. Dropping the future abandons the plan.
    pub async fn run(self, program: Program, params: Map) -> PlanOutcome {
        let guard = AbandonOnDrop(Some(self.stop.clone()));
        let (sender, receiver) = oneshot::channel();
        let spawned = std::thread::Builder::new()
            .name("plan".to_owned())
            .stack_size(THREAD_STACK_BYTES)
            .spawn(move || {
                let outcome = self.run_here(&program, params);
                // Nobody waits for an abandoned plan.
                let _ = sender.send(outcome);
            });
        let outcome = match spawned {
            Ok(_) => receiver.await.unwrap_or_else(|_| died()),
            Err(error) => no_thread(&error),
        };
        guard.disarm();
        outcome
    }

    fn run_here(self, program: &Program, params: Map) -> PlanOutcome {
        let host = Host::new(HostParts {
            world: self.world,
            performer: self.performer,
            handle: self.handle,
            stop: self.stop,
            limits: self.limits,
            key: self.key,
            inventory: self.inventory,
            next_command: self.next_command,
        });
        let end = match begin(&host, program, params) {
            Ok(body) => end_of(&host, host.scheduler.run(body)),
            Err(error) => PlanEnd::Failed(error),
        };
        // The last first: what one gave may be the one before it, and that one the one before, and so on.
        loop {
            let last = host.futures.borrow_mut().pop();
            if last.is_none() {
                break;
            }
        }
        PlanOutcome {
            end,
            swallowed: host.swallowed.take(),
        }
    }
}

/// Binds the parameters and compiles the text, here on the thread's own stack.
fn begin(host: &Rc<Host>, program: &Program, params: Map) -> Result<Body, Box<PlanError>> {
    let mut scope = program.bind(host, params)?;
    let ast = program
        .compile(host, &scope)
        .map_err(|error| PlanError::new(&error, host))?;
    let inside = Rc::clone(host);
    Ok(Box::new(move || {
        let result = inside
            .engine()
            .eval_ast_with_scope::<Dynamic>(&mut scope, &ast);
        branches::settle_background(&inside, result.is_err());
        result
    }))
}

fn end_of(host: &Host, result: BranchResult) -> PlanEnd {
    match result {
        Ok(value) => match convert::to_value(&value) {
            Ok(value) => PlanEnd::Finished(value),
            Err(error) => PlanEnd::Failed(Box::new(PlanError::of_failure(Failure::new(
                "bolt/invalid-plan-result",
                format!("the plan gave something that is no data: {error}"),
            )))),
        },
        Err(error) => match Ending::of(&error) {
            Some(Ending::Stopped | Ending::Cancelled) => PlanEnd::Stopped,
            Some(Ending::Suspended) => PlanEnd::Suspended,
            _ => PlanEnd::Failed(Box::new(PlanError::new(&error, host))),
        },
    }
}

fn died() -> PlanOutcome {
    failed(Failure::new(
        kinds::PLAN_FAILURE,
        "the interpreter panicked",
    ))
}

fn no_thread(error: &io::Error) -> PlanOutcome {
    failed(Failure::new(
        kinds::PLAN_FAILURE,
        format!("start a thread for the plan: {error}"),
    ))
}

fn failed(failure: Failure) -> PlanOutcome {
    PlanOutcome {
        end: PlanEnd::Failed(Box::new(PlanError::of_failure(failure))),
        swallowed: Vec::new(),
    }
}

/// Abandons the plan when nobody waits for it any more.
struct AbandonOnDrop(Option<PlanStop>);

impl AbandonOnDrop {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        if let Some(stop) = &self.0 {
            stop.abandon();
        }
    }
}
