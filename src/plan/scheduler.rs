//! Who runs next: the branches of one plan take turns on one thread, in the order in which they became ready.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
};

use rhai::{EvalAltResult, Position};
use tokio::{runtime::Handle, task::AbortHandle};

use super::{
    branch::{Body, Branch, BranchResult, Stage},
    by_hand::ByHand,
    effect::{Outcome, Performer, Request},
    ending::Ending,
    fiber::{self, Fiber, Pause, Stacks},
    limits::Limits,
    memory::MemoryWatch,
    meter::Meter,
    plan_stop::PlanStop,
};
use crate::model::{BranchPath, EffectId, Failure, kinds};

/// What comes to the plan's thread from outside.
#[derive(Debug)]
pub(super) enum Arrival {
    Outcome {
        flight: u64,
        outcome: Outcome,
    },
    /// Nothing but a reason to look at the stop signal.
    Nudge,
}

/// An effect that is being performed.
pub(super) struct Flight {
    pub(super) effect: EffectId,
    pub(super) by_hand: Option<ByHand>,
    number: u64,
    branch: Rc<Branch>,
    outcome: RefCell<Option<Outcome>>,
    task: RefCell<Option<AbortHandle>>,
}

impl Flight {
    pub(super) fn has_landed(&self) -> bool {
        self.outcome.borrow().is_some()
    }
}

/// How a branch is ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cancel {
    /// The effect that it waits for is let finish.
    Gently,
    /// The effect that it waits for is dropped.
    Now,
}

/// How a branch belongs to the one that starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BranchKind {
    /// Whoever starts it waits for it.
    Joined,
    /// It may outlive the branch that starts it; the plan waits for it.
    Detached,
    /// As `Joined`, and it runs although the job is being stopped.
    Cleanup,
}

/// The run queue of one plan. Everything but [`Scheduler::run`] is called by branches.
pub(super) struct Scheduler {
    ready: RefCell<VecDeque<Rc<Branch>>>,
    /// Branches whose turn it is, but for which there is no stack.
    stackless: RefCell<VecDeque<Rc<Branch>>>,
    stacks: Stacks,
    alive: Cell<usize>,
    alive_max: Cell<usize>,
    root: RefCell<Option<Rc<Branch>>>,
    current: RefCell<Option<Rc<Branch>>>,
    in_flight: RefCell<HashMap<u64, Rc<Flight>>>,
    next_flight: Cell<u64>,
    /// Work that the current branch wants done on the thread's own, larger stack.
    outside: RefCell<Option<Box<dyn FnOnce()>>>,
    // Not bounded: it never holds more than one outcome for each effect in flight, so no more than there are branches,
    // and a bounded one would block a worker of tokio while the plan computes.
    arrivals: Receiver<Arrival>,
    sender: Sender<Arrival>,
    performer: Arc<dyn Performer>,
    handle: Handle,
    stop: PlanStop,
    meter: Rc<Meter>,
    memory: Rc<MemoryWatch>,
}

impl Scheduler {
    pub(super) fn new(
        performer: Arc<dyn Performer>,
        handle: Handle,
        stop: PlanStop,
        meter: Rc<Meter>,
        memory: Rc<MemoryWatch>,
        limits: &Limits,
    ) -> Self {
        let (sender, arrivals) = channel();
        stop.connect(sender.clone());
        Self {
            ready: RefCell::default(),
            stackless: RefCell::default(),
            stacks: Stacks::default(),
            alive: Cell::new(0),
            alive_max: Cell::new(limits.branches_alive.min(fiber::stacks_max()).max(1)),
            root: RefCell::default(),
            current: RefCell::default(),
            in_flight: RefCell::default(),
            next_flight: Cell::new(0),
            outside: RefCell::default(),
            arrivals,
            sender,
            performer,
            handle,
            stop,
            meter,
            memory,
        }
    }

    /// Runs `body` as the root branch, and all branches that come of it, until the root is over.
    pub(super) fn run(&self, body: Body) -> BranchResult {
        let root = Branch::new(BranchPath::root(), 0, false, body);
        self.root.replace(Some(Rc::clone(&root)));
        self.enqueue(&root);
        while !root.has_ended() {
            while let Ok(arrival) = self.arrivals.try_recv() {
                self.land(arrival);
            }
            if self.stop.is_abandoned() {
                self.abandon(&root);
                return Err(Ending::Stopped.into_error(Position::NONE));
            }
            // One round: those that stand in the queue now. A branch that gives up its turn stands at the end,
            // behind what arrived in the meantime.
            let round = self.ready.borrow().len();
            for _ in 0..round {
                let next = self.ready.borrow_mut().pop_front();
                if let Some(branch) = next {
                    self.resume(&branch);
                }
            }
            if self.ready.borrow().is_empty() && !root.has_ended() {
                self.wait(&root);
            }
        }
        self.root.take();
        root.take_result()
            .unwrap_or_else(|| Err(Ending::Cancelled.into_error(Position::NONE)))
    }

    /// Who performs the effects.
    pub(super) fn performer(&self) -> &dyn Performer {
        &*self.performer
    }

    /// The branch that runs now.
    pub(super) fn current(&self) -> Rc<Branch> {
        let current = self.current.borrow();
        Rc::clone(current.as_ref().expect("natives are called by a branch"))
    }

    /// Starts a branch of the current one. It has its first turn when those before it had theirs.
    pub(super) fn spawn(&self, name: &str, kind: BranchKind, body: Body) -> Rc<Branch> {
        self.spawn_under(&self.current().path, name, kind, body)
    }

    /// Starts a branch of the current one whose path is below another than its own.
    pub(super) fn spawn_under(
        &self,
        path: &BranchPath,
        name: &str,
        kind: BranchKind,
        body: Body,
    ) -> Rc<Branch> {
        let parent = self.current();
        let branch = Branch::new(
            path.child(name),
            parent.depth + 1,
            kind == BranchKind::Cleanup || parent.cleanup,
            body,
        );
        branch
            .step_limits
            .replace(parent.step_limits.borrow().clone());
        let root = self.root.borrow().clone();
        match (kind, root) {
            (BranchKind::Detached, Some(root)) => root.adopt(&branch),
            _ => parent.adopt(&branch),
        }
        self.enqueue(&branch);
        branch
    }

    /// Waits until a branch is over. What it gave is left in it.
    pub(super) fn join(&self, branch: &Rc<Branch>) {
        while !branch.has_ended() {
            self.await_end(branch);
            self.park();
        }
    }

    /// Has the current branch woken when that one is over.
    pub(super) fn await_end(&self, branch: &Rc<Branch>) {
        let current = self.current();
        let mut waiters = branch.waiters.borrow_mut();
        if !waiters.iter().any(|waiter| Rc::ptr_eq(waiter, &current)) {
            waiters.push(current);
        }
    }

    /// Leaves the current branch until something wakes it. It may be woken for no reason.
    pub(super) fn park(&self) {
        debug_assert!(self.current.borrow().is_some(), "only a branch can be left");
        fiber::suspend();
    }

    /// Lets the others have their turn.
    pub(super) fn yield_turn(&self) {
        if fiber::is_running() {
            self.enqueue(&self.current());
            fiber::suspend();
        }
    }

    /// Calls `work` on the thread's own stack, which is large enough to parse on.
    pub(super) fn outside<T: 'static>(&self, work: impl FnOnce() -> T + 'static) -> T {
        if !fiber::is_running() {
            return work();
        }
        let done = Rc::new(Cell::new(None));
        let slot = Rc::clone(&done);
        *self.outside.borrow_mut() = Some(Box::new(move || slot.set(Some(work()))));
        fiber::suspend();
        done.take()
            .expect("the scheduler does the work before it resumes")
    }

    /// Begins to perform an effect and returns at once.
    pub(super) fn begin(&self, request: Request) -> Rc<Flight> {
        let effect = request.id.clone();
        let by_hand = ByHand::of(&request.effect);
        let number = self.next_flight.get();
        self.next_flight.set(number + 1);
        let reply = Reply {
            flight: number,
            sender: self.sender.clone(),
            sent: false,
        };
        // Asked here and not in the task, so that effects begin in the order in which the plan asks for them.
        let asked = AssertUnwindSafe(|| self.performer.perform(request));
        let perform = catch_unwind(asked).unwrap_or_else(|payload| {
            let outcome = panicked(&*payload);
            Box::pin(async move { outcome })
        });
        let task = self.handle.spawn(reply.of(perform));
        let branch = self.current();
        let flight = Rc::new(Flight {
            effect,
            by_hand,
            number,
            branch: Rc::clone(&branch),
            outcome: RefCell::new(None),
            task: RefCell::new(Some(task.abort_handle())),
        });
        branch.flights.borrow_mut().push(Rc::clone(&flight));
        self.in_flight
            .borrow_mut()
            .insert(number, Rc::clone(&flight));
        flight
    }

    /// Waits for the outcome of an effect of the current branch.
    pub(super) fn land_of(&self, flight: &Rc<Flight>) -> Result<Outcome, Ending> {
        while !flight.has_landed() {
            if flight.task.borrow().is_none() {
                break;
            }
            self.park();
        }
        self.forget(flight);
        let outcome = flight.outcome.borrow_mut().take();
        match (flight.branch.ending.get(), outcome) {
            (Some(ending), _) => Err(ending),
            (None, Some(outcome)) => Ok(outcome),
            (None, None) => Err(Ending::Cancelled),
        }
    }

    /// Drops an effect of the current branch that nobody waits for any more.
    pub(super) fn drop_flight(&self, flight: &Rc<Flight>) {
        if let Some(task) = flight.task.borrow_mut().take() {
            task.abort();
        }
        self.forget(flight);
    }

    /// Makes a branch end, and all that it started.
    pub(super) fn cancel(&self, branch: &Rc<Branch>, how: Cancel) {
        if branch.has_ended() {
            return;
        }
        branch.ending.set(Some(Ending::Cancelled));
        if how == Cancel::Now {
            let flights = branch.flights.borrow().clone();
            for flight in &flights {
                if let Some(task) = flight.task.borrow_mut().take() {
                    task.abort();
                }
                self.in_flight.borrow_mut().remove(&flight.number);
            }
        }
        // So that it looks: at its dropped effect, or, without a stack yet, at the fact that it never gets one.
        self.enqueue(branch);
        for child in branch.children() {
            if !child.cleanup || how == Cancel::Now {
                self.cancel(&child, how);
            }
        }
    }

    fn enqueue(&self, branch: &Rc<Branch>) {
        if !branch.queued.replace(true) {
            self.ready.borrow_mut().push_back(Rc::clone(branch));
        }
    }

    fn resume(&self, branch: &Rc<Branch>) {
        branch.queued.set(false);
        let stage = branch.stage.replace(Stage::Running);
        let fiber = match stage {
            Stage::New(_) if branch.ending.get().is_some() => {
                self.finish(branch);
                return;
            }
            Stage::New(body) => match self.begin_fiber(branch, body) {
                Some(fiber) => fiber,
                None => return,
            },
            Stage::Suspended(fiber) => fiber,
            Stage::Running | Stage::Ended => {
                branch.stage.replace(stage);
                return;
            }
        };
        self.meter.begin_turn();
        let outer = self.current.replace(Some(Rc::clone(branch)));
        let pause = self.resume_fiber(fiber);
        self.current.replace(outer);
        match pause {
            Pause::Suspended(fiber) => {
                branch.stage.replace(Stage::Suspended(fiber));
            }
            Pause::Ended => {
                self.alive.set(self.alive.get() - 1);
                self.finish(branch);
            }
            Pause::Panicked(payload) => {
                self.alive.set(self.alive.get() - 1);
                let message = fiber::panic_message(&*payload);
                branch
                    .result
                    .replace(Some(Err(panic_error(&message, Position::NONE))));
                self.finish(branch);
            }
        }
    }

    /// Resumes a fiber, doing on the way what it wants done outside of its stack.
    fn resume_fiber(&self, mut fiber: Fiber) -> Pause {
        loop {
            self.meter.set_floor(fiber.floor());
            let pause = fiber.resume(&self.stacks);
            self.meter.set_floor(0);
            match pause {
                Pause::Suspended(suspended) => {
                    let work = self.outside.borrow_mut().take();
                    let Some(work) = work else {
                        return Pause::Suspended(suspended);
                    };
                    work();
                    fiber = suspended;
                }
                over => return over,
            }
        }
    }

    /// A fiber for a new branch, or none if the branch has to wait for a stack.
    fn begin_fiber(&self, branch: &Rc<Branch>, body: Body) -> Option<Fiber> {
        if self.alive.get() >= self.alive_max.get() {
            branch.stage.replace(Stage::New(body));
            self.stackless.borrow_mut().push_back(Rc::clone(branch));
            return None;
        }
        // Weak, since the branch owns its fiber. Whoever resumes it keeps it alive.
        let weak = Rc::downgrade(branch);
        // In a cell, so that the body is not lost if there is no room for a stack.
        let body = Rc::new(Cell::new(Some(body)));
        let inner = Rc::clone(&body);
        let made = Fiber::new(&self.stacks, move || {
            if let (Some(body), Some(branch)) = (inner.take(), weak.upgrade()) {
                let result = body();
                branch.result.replace(Some(result));
            }
        });
        if let Ok(fiber) = made {
            self.alive.set(self.alive.get() + 1);
            return Some(fiber);
        }
        let body = body.take().expect("a fiber that was not made runs nothing");
        branch.stage.replace(Stage::New(body));
        // No more address space: those that live go on, the others wait for their stacks.
        self.alive_max.set(self.alive.get().max(1));
        self.stackless.borrow_mut().push_back(Rc::clone(branch));
        None
    }

    fn finish(&self, branch: &Rc<Branch>) {
        branch.stage.replace(Stage::Ended);
        if branch.result.borrow().is_none() {
            let ending = branch.ending.get().unwrap_or(Ending::Cancelled);
            branch
                .result
                .replace(Some(Err(ending.into_error(Position::NONE))));
        }
        if let Some((ended, number)) = branch.report.take() {
            ended.borrow_mut().push(number);
        }
        for waiter in branch.waiters.take() {
            self.enqueue(&waiter);
        }
        let next = self.stackless.borrow_mut().pop_front();
        if let Some(next) = next {
            self.enqueue(&next);
        }
    }

    /// Nothing can run: waits for something from outside, or finds out that nothing can come.
    fn wait(&self, root: &Rc<Branch>) {
        if !self.in_flight.borrow().is_empty() {
            self.memory.rest();
            let arrival = self.arrivals.recv();
            self.memory.wake();
            if let Ok(arrival) = arrival {
                self.land(arrival);
            }
            return;
        }
        let ending = if self.stackless.borrow().is_empty() {
            Ending::Deadlock
        } else {
            Ending::TooManyBranches
        };
        self.abandon(root);
        root.result
            .replace(Some(Err(ending.into_error(Position::NONE))));
    }

    fn land(&self, arrival: Arrival) {
        let Arrival::Outcome { flight, outcome } = arrival else {
            return;
        };
        // One that is not known was dropped; its outcome comes too late.
        let flight = self.in_flight.borrow_mut().remove(&flight);
        if let Some(flight) = flight {
            flight.outcome.replace(Some(outcome));
            self.enqueue(&flight.branch);
        }
    }

    fn forget(&self, flight: &Rc<Flight>) {
        self.in_flight.borrow_mut().remove(&flight.number);
        flight
            .branch
            .flights
            .borrow_mut()
            .retain(|other| !Rc::ptr_eq(other, flight));
    }

    /// Drops every fiber and every effect. Stacks are unwound, so all that is on them is dropped.
    fn abandon(&self, root: &Rc<Branch>) {
        for (_, flight) in self.in_flight.take() {
            if let Some(task) = flight.task.borrow_mut().take() {
                task.abort();
            }
        }
        self.ready.take();
        self.stackless.take();
        let mut branches = vec![Rc::clone(root)];
        while let Some(branch) = branches.pop() {
            branches.extend(branch.children());
            let stage = branch.stage.replace(Stage::Ended);
            branch.waiters.take();
            branch.flights.take();
            drop(stage);
        }
    }
}

/// What comes of an effect whose performer panicked.
fn panicked(payload: &(dyn std::any::Any + Send)) -> Outcome {
    let message = fiber::panic_message(payload);
    Outcome::Failed {
        failure: Failure::new(kinds::EFFECT, format!("performing it panicked: {message}")),
    }
}

/// The error of a native function that panicked.
pub(super) fn panic_error(message: &str, position: Position) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorSystem(
        String::new(),
        Box::new(NativePanic {
            message: message.to_owned(),
            position,
        }),
    ))
}

/// A slip of our own: a native function panicked. The script that called it can't catch that.
#[derive(Clone, Debug, thiserror::Error)]
#[error("a function of Segue panicked: {message}")]
pub(super) struct NativePanic {
    pub(super) message: String,
    /// The call in the script.
    pub(super) position: Position,
}

/// Sends the outcome of one effect, or that there will be none, exactly once.
struct Reply {
    flight: u64,
    sender: Sender<Arrival>,
    sent: bool,
}

impl Reply {
    async fn of(mut self, perform: super::effect::Perform) {
        use futures_util::FutureExt;
        let outcome = AssertUnwindSafe(perform)
            .catch_unwind()
            .await
            .unwrap_or_else(|payload| panicked(&*payload));
        self.send(outcome);
    }

    fn send(&mut self, outcome: Outcome) {
        if !std::mem::replace(&mut self.sent, true) {
            let flight = self.flight;
            // The plan is over when nobody receives.
            let _ = self.sender.send(Arrival::Outcome { flight, outcome });
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.send(Outcome::Stopped);
    }
}
