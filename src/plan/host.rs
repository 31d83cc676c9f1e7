//! What the native functions of one running plan share: what can be found, who runs, who performs.

use std::{
    cell::{OnceCell, RefCell},
    collections::{HashMap, HashSet},
    rc::{Rc, Weak},
    sync::Arc,
};

use regex::Regex;
use rhai::{Dynamic, Engine, EvalAltResult, NativeCallContext, Position};

use super::{
    blame::Blame,
    diagnostic::ADVICE,
    effect::{Effect, Outcome, Performer, Request, Urgency},
    ending::Ending,
    fiber,
    identity::{Identities, IdentityKey},
    limits::Limits,
    memory::MemoryWatch,
    meter::Meter,
    object::{Fault, Future},
    plan_stop::PlanStop,
    scheduler::{Flight, Scheduler},
    sources::Sources,
    trace::PlanError,
    world::World,
};
use crate::{
    inventory::Inventory,
    model::{BranchPath, Failure, Place, Target, TargetName, kinds},
};

/// Everything that one run of a plan has to itself.
pub(super) struct Host {
    pub(super) world: Arc<dyn World>,
    pub(super) scheduler: Scheduler,
    pub(super) sources: Sources,
    pub(super) identities: Identities,
    pub(super) limits: Limits,
    pub(super) blame: Blame,
    /// Failures that ended nothing: of branches beside the one whose error was thrown, of futures that nobody waited for.
    pub(super) swallowed: RefCell<Vec<PlanError>>,
    /// What was started in the background, until the plan is over.
    pub(super) futures: RefCell<Vec<Rc<Future>>>,
    /// Patterns that were compiled, by their text.
    pub(super) patterns: RefCell<HashMap<String, Regex>>,
    /// The plan's own: its edits are seen by nobody else.
    pub(super) inventory: RefCell<Inventory>,
    /// How often each branch of the plan, and those that it began and waits for, have looked at what nobody knows, by their paths.
    looks: RefCell<HashMap<String, i64>>,
    /// The paths of the branches whose looks are their own: nobody waits for them where they are begun.
    detached: RefCell<HashSet<String>>,
    /// What to type next when the plan has failed.
    pub(super) next_command: Option<String>,
    meter: Rc<Meter>,
    memory: Rc<MemoryWatch>,
    stop: PlanStop,
    engine: OnceCell<Engine>,
}

/// What a host is made of.
pub(super) struct HostParts {
    pub(super) world: Arc<dyn World>,
    pub(super) performer: Arc<dyn Performer>,
    pub(super) handle: tokio::runtime::Handle,
    pub(super) stop: PlanStop,
    pub(super) limits: Limits,
    pub(super) key: IdentityKey,
    pub(super) inventory: Inventory,
    pub(super) next_command: Option<String>,
}

/// The way from the engine to its host: the engine belongs to the host, so it must not keep it alive.
#[derive(Clone)]
struct Link(Weak<Host>);

/// Out of the way of what is done at every operation.
#[cold]
#[inline(never)]
fn look_around(link: &Weak<Host>) -> Option<Dynamic> {
    link.upgrade().and_then(|host| host.look_around())
}

impl Host {
    /// A host with an engine that is linked to it.
    pub(super) fn new(parts: HostParts) -> Rc<Self> {
        let meter = Rc::new(Meter::default());
        let memory = Rc::new(MemoryWatch::new(meter.pace(), parts.limits.memory_bytes));
        let is_test = parts.performer.rehearsal().is_some();
        let decides = parts.performer.decides();
        let scheduler = Scheduler::new(
            parts.performer,
            parts.handle,
            parts.stop.clone(),
            Rc::clone(&meter),
            Rc::clone(&memory),
            &parts.limits,
        );
        let host = Rc::new(Self {
            world: parts.world,
            scheduler,
            sources: Sources::new(decides),
            looks: RefCell::default(),
            detached: RefCell::default(),
            identities: Identities::new(parts.key),
            limits: parts.limits,
            blame: Blame::default(),
            swallowed: RefCell::default(),
            futures: RefCell::default(),
            patterns: RefCell::default(),
            inventory: RefCell::new(parts.inventory),
            next_command: parts.next_command,
            meter: Rc::clone(&meter),
            memory,
            stop: parts.stop,
            engine: OnceCell::new(),
        });
        let mut engine = super::engine::with_functions(&host.limits);
        if is_test {
            super::engine::add_test_functions(&mut engine);
        }
        let link = Rc::downgrade(&host);
        // Shared, since every call of a closure by a native function copies it with the rest of the interpreter's state.
        engine.set_default_tag(Dynamic::from(Link(Weak::clone(&link))).into_shared());
        engine.set_module_resolver(super::import::Importer::new(Weak::clone(&link)));
        let pace = meter.pace();
        engine.on_progress(move |_| {
            if pace.step() {
                look_around(&link)
            } else {
                None
            }
        });
        // A fresh cell takes the first value.
        let _ = host.engine.set(engine);
        host
    }

    /// The branch that runs now looks at what nobody knows. That counts for those that it came from as well.
    pub(super) fn count_look(&self) {
        self.add_looks(1);
    }

    /// What the branch of that path looks at does not count for those that it came from: its value says itself what is unknown.
    pub(super) fn detach_looks(&self, path: &BranchPath) {
        // Nobody looks where everything is known, and there may be very many branches.
        if !self.scheduler.performer().decides() {
            return;
        }
        self.detached.borrow_mut().insert(path.as_str().to_owned());
    }

    /// So many of these looks have no part in what is looked for.
    pub(super) fn forget_looks(&self, count: i64) {
        if count != 0 {
            self.add_looks(-count);
        }
    }

    fn add_looks(&self, added: i64) {
        let current = self.scheduler.current();
        let mut looks = self.looks.borrow_mut();
        let mut path = current.path.as_str();
        loop {
            match looks.get_mut(path) {
                Some(count) => *count += added,
                None => {
                    looks.insert(path.to_owned(), added);
                }
            }
            if path.is_empty() || self.detached.borrow().contains(path) {
                return;
            }
            path = path.rfind('/').map_or("", |end| &path[..end]);
        }
    }

    /// How often the branch that runs now, and those that it began, have looked at what nobody knows.
    pub(super) fn looks(&self) -> i64 {
        let current = self.scheduler.current();
        let looks = self.looks.borrow();
        looks.get(current.path.as_str()).copied().unwrap_or(0)
    }

    /// The host that a native function is called in.
    pub(super) fn of(context: &NativeCallContext<'_>) -> Rc<Self> {
        Self::tagged(context.tag().unwrap_or(&Dynamic::UNIT))
    }

    /// The host that the engine's tag leads to.
    pub(super) fn tagged(tag: &Dynamic) -> Rc<Self> {
        let link = tag.read_lock::<Link>();
        link.and_then(|link| link.0.upgrade())
            .expect("functions of the language are called by a running plan")
    }

    pub(super) fn engine(&self) -> &Engine {
        self.engine
            .get()
            .expect("`new` sets it before anybody else sees the host")
    }

    /// Asks for an effect and waits for its outcome. A failed one is an error that the script can catch.
    pub(super) fn ask(
        &self,
        position: Position,
        effect: Effect,
    ) -> Result<Outcome, Box<EvalAltResult>> {
        let flight = self
            .begin(position, effect)
            .map_err(|ending| ending.into_error(position))?;
        self.land(position, &flight)
    }

    /// Begins an effect without waiting for it.
    pub(super) fn begin(&self, position: Position, effect: Effect) -> Result<Rc<Flight>, Ending> {
        let path = self.scheduler.current().path.clone();
        self.begin_for(&path, position, effect)
    }

    /// As [`Host::begin`], in the name of another branch than the one that waits.
    pub(super) fn begin_for(
        &self,
        branch: &BranchPath,
        position: Position,
        effect: Effect,
    ) -> Result<Rc<Flight>, Ending> {
        let current = self.scheduler.current();
        if let Some(ending) = current.ending.get() {
            return Err(ending);
        }
        // What is begun is still asked for.
        if let Effect::Sleep { duration } = &effect {
            current.spend_sleep(*duration);
        }
        let id = self.identities.of(branch, &effect);
        Ok(self.scheduler.begin(Request {
            id,
            place: self.sources.place(position),
            effect,
            urgency: if current.cleanup {
                Urgency::Cleanup
            } else {
                Urgency::Usual
            },
        }))
    }

    /// Waits for the outcome of an effect that was begun.
    pub(super) fn land(
        &self,
        position: Position,
        flight: &Rc<Flight>,
    ) -> Result<Outcome, Box<EvalAltResult>> {
        match self.scheduler.land_of(flight) {
            Ok(Outcome::Failed { failure }) => {
                let fault = Fault::new(failure, self.place(position));
                Err(fault
                    .of_effects(vec![flight.effect.clone()])
                    .into_error(position))
            }
            Ok(Outcome::Results { results }) => {
                self.blame
                    .note(&flight.effect, &results, flight.by_hand.as_ref());
                Ok(Outcome::Results { results })
            }
            Ok(Outcome::Stopped) => Err(Ending::Stopped.into_error(position)),
            Ok(Outcome::Suspended) => Err(Ending::Suspended.into_error(position)),
            Ok(outcome) => Ok(outcome),
            Err(ending) => Err(ending.into_error(position)),
        }
    }

    /// The targets that an expression names.
    pub(super) fn resolve(&self, expression: &str) -> Result<Vec<Arc<Target>>, Box<Failure>> {
        let resolved = self.inventory.borrow().resolve(expression);
        resolved.map_err(|error| {
            let failure = Failure::new(kinds::VALIDATION, error.to_string());
            Box::new(match error.help_text() {
                Some(help) => failure.with_detail(ADVICE, help),
                None => failure,
            })
        })
    }

    /// The target as the inventory has it now; the same one if the inventory does not know it.
    pub(super) fn target_now(&self, target: &Arc<Target>) -> Arc<Target> {
        let found = self.inventory.borrow().resolve_one(target.name.as_str());
        found.unwrap_or_else(|_| Arc::clone(target))
    }

    /// The target of a result.
    pub(super) fn target_named(&self, name: &TargetName) -> Arc<Target> {
        let found = self.inventory.borrow().resolve_one(name.as_str());
        found.unwrap_or_else(|_| Arc::new(Target::new(name.clone(), "ssh")))
    }

    pub(super) fn place(&self, position: Position) -> Option<Place> {
        self.sources.place(position)
    }

    /// What the engine asks every few operations: whether the branch has to end. Lets others run on the way.
    fn look_around(&self) -> Option<Dynamic> {
        self.meter.begin_stride();
        let ending = self.reason_to_end();
        if ending.is_none() && self.meter.turn_is_over() {
            self.scheduler.yield_turn();
        }
        ending.map(Dynamic::from)
    }

    fn reason_to_end(&self) -> Option<Ending> {
        if fiber::stack_is_short() {
            return Some(Ending::StackUsedUp);
        }
        if self.meter.operations() > self.limits.operations {
            return Some(Ending::TooManyOperations);
        }
        if self.memory.is_exceeded() {
            return Some(Ending::TooMuchMemory);
        }
        if !fiber::is_running() {
            return None;
        }
        let branch = self.scheduler.current();
        if self.stop.is_abandoned() {
            return Some(Ending::Stopped);
        }
        if self.stop.is_stopping() && !branch.cleanup && self.meter.overstays() {
            return Some(Ending::Stopped);
        }
        branch.ending.get()
    }
}
