//! Stackful coroutines: every branch of a plan is one, so that a native function can wait in the middle of a script.
//!
//! The only file of the crate with `unsafe` code, and it knows nothing of scripts, effects or branches.

#![expect(
    unsafe_code,
    reason = "a function deep in the interpreter reaches the coroutine that it runs on through a pointer"
)]

use std::{
    any::Any,
    cell::{Cell, RefCell},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr::NonNull,
};

use corosensei::{
    Coroutine, CoroutineResult, Yielder,
    stack::{DefaultStack, Stack as _},
};

/// Address space of one stack; memory is taken only for pages that are touched.
///
/// 64 levels of script calls through a closure need 512 KiB in release builds. Debug builds need four times as much.
const STACK_BYTES: usize = if cfg!(debug_assertions) {
    4 << 20
} else {
    1 << 20
};

/// What must be left of a stack when the interpreter looks: enough for the native functions between two looks,
/// for printing a panic, and for unwinding.
const RESERVE_BYTES: usize = STACK_BYTES / 8;

/// Stacks kept for later branches. Most plans have no more branches than this alive, and 512 stacks
/// of the usual 10 to 30 KiB of touched pages are a few megabytes.
const FREE_STACKS_MAX: usize = 512;

/// How many stacks there is address space for, if somebody has limited it: half of it, the rest being for everything else.
/// Without this the stacks would take all of it, and the next small allocation would end the process.
pub(super) fn stacks_max() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::As).current;
    let limit = limit.and_then(|bytes| usize::try_from(bytes).ok());
    limit.map_or(usize::MAX, |bytes| bytes / 2 / STACK_BYTES)
}

/// Stacks that may be used again.
#[derive(Default)]
pub(super) struct Stacks {
    free: RefCell<Vec<DefaultStack>>,
}

impl Stacks {
    fn take(&self) -> io::Result<DefaultStack> {
        let free = self.free.borrow_mut().pop();
        free.map_or_else(|| DefaultStack::new(STACK_BYTES), Ok)
    }

    fn give_back(&self, stack: DefaultStack) {
        let mut free = self.free.borrow_mut();
        if free.len() < FREE_STACKS_MAX {
            free.push(stack);
        }
    }
}

/// A call that can be left in its middle and gone on with later, on a stack of its own.
///
/// Dropping one that has not ended unwinds its stack, so that everything on it is dropped too.
pub(super) struct Fiber {
    coroutine: Coroutine<(), (), ()>,
    floor: usize,
    /// What [`RUNNING`] holds while this fiber runs; known once it has begun.
    running: Option<Running>,
}

/// How a fiber came back from [`Fiber::resume`].
pub(super) enum Pause {
    /// It called [`suspend`].
    Suspended(Fiber),
    /// Its function returned.
    Ended,
    /// Its function panicked; this is the payload.
    Panicked(Box<dyn Any + Send>),
}

/// The fiber that runs on this thread now.
#[derive(Clone, Copy)]
struct Running {
    yielder: NonNull<Yielder<(), ()>>,
    /// Below this address the stack counts as used up.
    floor: usize,
}

thread_local! {
    static RUNNING: Cell<Option<Running>> = const { Cell::new(None) };
}

impl Fiber {
    /// A fiber that calls `body` when it is first resumed.
    ///
    /// # Errors
    /// There is no address space for another stack.
    pub(super) fn new(stacks: &Stacks, body: impl FnOnce() + 'static) -> io::Result<Self> {
        let stack = stacks.take()?;
        let floor = stack.limit().get() + RESERVE_BYTES;
        let coroutine = Coroutine::with_stack(stack, move |yielder: &Yielder<(), ()>, ()| {
            let yielder = NonNull::from(yielder);
            RUNNING.set(Some(Running { yielder, floor }));
            body();
        });
        Ok(Self {
            coroutine,
            floor,
            running: None,
        })
    }

    /// The address below which its stack counts as used up.
    pub(super) const fn floor(&self) -> usize {
        self.floor
    }

    /// Runs the fiber until it suspends itself or ends. Its stack goes back to `stacks` when it ends.
    pub(super) fn resume(mut self, stacks: &Stacks) -> Pause {
        let outer = RUNNING.replace(self.running);
        let result = catch_unwind(AssertUnwindSafe(|| self.coroutine.resume(())));
        self.running = RUNNING.replace(outer);
        match result {
            Ok(CoroutineResult::Yield(())) => Pause::Suspended(self),
            Ok(CoroutineResult::Return(())) => {
                stacks.give_back(self.coroutine.into_stack());
                Pause::Ended
            }
            Err(payload) => {
                stacks.give_back(self.coroutine.into_stack());
                Pause::Panicked(payload)
            }
        }
    }
}

/// Leaves the running fiber until it is resumed. Returns at once where there is no fiber.
pub(super) fn suspend() {
    if let Some(running) = RUNNING.get() {
        // SAFETY: `yielder` was made from the reference that corosensei lends to the body of the fiber for as long
        // as the body runs. `RUNNING` holds it only between the entry and the return of `resume` of that same
        // fiber (or from the first line of its body on), so the body is running now: this is code that it called.
        // The cell is local to the thread, and a fiber can't change threads, because `Coroutine` is not `Send`.
        let yielder = unsafe { running.yielder.as_ref() };
        yielder.suspend(());
    }
}

/// Whether code runs on a fiber.
pub(super) fn is_running() -> bool {
    RUNNING.get().is_some()
}

/// Where the stack of whoever calls it has come to.
#[inline]
pub(super) fn stack_address() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(&here).addr()
}

/// Whether so little is left of the running fiber's stack that the script has to be ended.
#[inline]
pub(super) fn stack_is_short() -> bool {
    let address = stack_address();
    RUNNING.get().is_some_and(|running| address < running.floor)
}

/// Whether a panic is one of a program, and not the unwinding of a dropped fiber, which nobody may stop.
pub(super) fn is_panic(payload: &(dyn Any + Send)) -> bool {
    payload.is::<&'static str>() || payload.is::<String>()
}

/// What a panic said.
pub(super) fn panic_message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&'static str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic that says nothing".to_owned())
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn fibers_take_turns_and_keep_their_place() {
        let stacks = Stacks::default();
        let told = Rc::new(RefCell::new(Vec::new()));
        let mut waiting: Vec<Fiber> = ["a", "b"]
            .into_iter()
            .map(|name| {
                let told = Rc::clone(&told);
                let body = move || {
                    for turn in 0..3 {
                        told.borrow_mut().push(format!("{name}{turn}"));
                        suspend();
                    }
                };
                Fiber::new(&stacks, body).unwrap()
            })
            .collect();
        while !waiting.is_empty() {
            waiting = waiting
                .into_iter()
                .filter_map(|fiber| match fiber.resume(&stacks) {
                    Pause::Suspended(fiber) => Some(fiber),
                    Pause::Ended | Pause::Panicked(_) => None,
                })
                .collect();
        }
        assert_eq!(*told.borrow(), ["a0", "b0", "a1", "b1", "a2", "b2"]);
        assert_eq!(stacks.free.borrow().len(), 2);
        assert!(!is_running());
    }

    #[test]
    fn dropping_a_suspended_fiber_drops_what_is_on_its_stack() {
        let stacks = Stacks::default();
        let owned = Rc::new(());
        let on_stack = Rc::clone(&owned);
        let fiber = Fiber::new(&stacks, move || {
            suspend();
            drop(on_stack);
            unreachable!("it is never resumed");
        })
        .unwrap();
        let Pause::Suspended(fiber) = fiber.resume(&stacks) else {
            panic!("it did not suspend")
        };
        assert_eq!(Rc::strong_count(&owned), 2);
        drop(fiber);
        assert_eq!(Rc::strong_count(&owned), 1);
    }

    #[test]
    fn a_panic_ends_one_fiber_and_gives_its_stack_back() {
        let stacks = Stacks::default();
        let fiber = Fiber::new(&stacks, || panic!("lost a wheel")).unwrap();
        let Pause::Panicked(payload) = fiber.resume(&stacks) else {
            panic!("it did not panic")
        };
        assert!(is_panic(&*payload));
        assert_eq!(panic_message(&*payload), "lost a wheel");
        assert_eq!(stacks.free.borrow().len(), 1);
    }

    #[test]
    fn deep_recursion_is_seen_before_the_stack_ends() {
        fn deeper(levels: &Cell<u32>) {
            let padding = std::hint::black_box([0_u8; 512]);
            if !stack_is_short() {
                levels.set(levels.get() + 1);
                deeper(levels);
            }
            std::hint::black_box(padding);
        }
        let stacks = Stacks::default();
        let levels = Rc::new(Cell::new(0));
        let counted = Rc::clone(&levels);
        let fiber = Fiber::new(&stacks, move || deeper(&counted)).unwrap();
        assert!(matches!(fiber.resume(&stacks), Pause::Ended));
        assert!(levels.get() > 100);
    }
}
