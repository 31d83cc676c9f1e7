//! Closures that native functions call: in this branch or in another one.

use std::rc::Rc;

use rhai::{
    Array, Dynamic, EvalAltResult, FnPtr, GlobalRuntimeState, Map, NativeCallContext, Position,
};

use super::{branch::BranchResult, depth, host::Host};

/// A closure, with what it needs to be called when the function that was given it has returned.
#[derive(Clone)]
pub(super) struct Closure {
    pointer: FnPtr,
    caller: Rc<Caller>,
}

/// Where a closure was handed over: its functions and imports are looked up from there.
struct Caller {
    global: GlobalRuntimeState,
    function: String,
    position: Position,
}

impl Closure {
    pub(super) fn new(context: &NativeCallContext<'_>, pointer: FnPtr) -> Self {
        Self {
            pointer,
            caller: Rc::new(Caller {
                global: context.global_runtime_state().clone(),
                function: context.fn_name().to_owned(),
                position: context.call_position(),
            }),
        }
    }

    /// How many arguments it takes, as far as that is known.
    pub(super) fn arity(&self, host: &Host) -> Option<usize> {
        let parameters = host.sources.arity(self.pointer.fn_name())?;
        parameters.checked_sub(self.pointer.curry().len())
    }

    /// What it captured.
    pub(super) fn captured(&self) -> &[Dynamic] {
        self.pointer.curry()
    }

    /// Calls it in the branch of the caller, on the variables that it captured.
    pub(super) fn call(&self, host: &Host, arguments: Vec<Dynamic>) -> BranchResult {
        self.call_pointer(host, &self.pointer, &self.caller.global, arguments)
    }

    /// Calls it as the body of a new branch, on copies of what it captured that can't be written.
    ///
    /// Rhai locks a shared variable during a method call on it, so a branch that waits inside of such a call would make every
    /// other branch that touches the variable fail. Copies of one's own can't be locked by others. They are read-only, because
    /// a write to a copy would be lost in silence.
    pub(super) fn call_isolated(&self, host: &Host, arguments: Vec<Dynamic>) -> BranchResult {
        let mut pointer = self.pointer.clone();
        self.isolate(&mut pointer)?;
        // A branch begins on a stack of its own, so its calls are counted anew.
        let mut global = self.caller.global.clone();
        global.level = 0;
        self.call_pointer(host, &pointer, &global, arguments)
    }

    /// Takes copies of what it captured now, for a branch that begins while the variables may still change.
    pub(super) fn detach(&mut self) -> Result<(), Box<EvalAltResult>> {
        let mut pointer = self.pointer.clone();
        self.isolate(&mut pointer)?;
        self.pointer = pointer;
        Ok(())
    }

    /// Gives a pointer copies of what it captured.
    fn isolate(&self, pointer: &mut FnPtr) -> Result<(), Box<EvalAltResult>> {
        // A closure may have captured itself, and copying that would never come to an end.
        depth::check_captured(pointer, self.caller.position)?;
        isolate_pointer(pointer).map_err(|Locked| self.locked_error())
    }

    fn call_pointer(
        &self,
        host: &Host,
        pointer: &FnPtr,
        global: &GlobalRuntimeState,
        arguments: Vec<Dynamic>,
    ) -> BranchResult {
        let context = NativeCallContext::new_with_all_fields(
            host.engine(),
            &self.caller.function,
            None,
            global,
            self.caller.position,
        );
        let value = pointer.call_raw(&context, None, arguments)?;
        // What calls closures puts together what they give.
        depth::check(&value, self.caller.position)?;
        Ok(value)
    }

    /// The error for a closure that captured what is in use around it.
    fn locked_error(&self) -> Box<EvalAltResult> {
        Box::new(EvalAltResult::ErrorDataRace(
            format!(
                "a variable that the closure given to `{}` captured",
                self.caller.function
            ),
            self.caller.position,
        ))
    }
}

/// A captured variable is in use by a method call around.
struct Locked;

fn isolate_pointer(pointer: &mut FnPtr) -> Result<(), Locked> {
    for captured in pointer.iter_curry_mut() {
        *captured = isolated(captured)?;
    }
    Ok(())
}

/// A read-only copy of a captured variable, in a cell of its own.
fn isolated(captured: &Dynamic) -> Result<Dynamic, Locked> {
    if captured.is_locked() {
        return Err(Locked);
    }
    let was_shared = captured.is_shared();
    let mut copy = captured.flatten_clone();
    isolate_closures(&mut copy)?;
    let copy = copy.into_read_only();
    Ok(if was_shared { copy.into_shared() } else { copy })
}

/// Closures in the copy captured variables too.
fn isolate_closures(value: &mut Dynamic) -> Result<(), Locked> {
    if let Some(mut pointer) = value.write_lock::<FnPtr>() {
        return isolate_pointer(&mut pointer);
    }
    if let Some(mut items) = value.write_lock::<Array>() {
        return items.iter_mut().try_for_each(isolate_closures);
    }
    if let Some(mut map) = value.write_lock::<Map>() {
        return map.values_mut().try_for_each(isolate_closures);
    }
    Ok(())
}
