//! One call of a native function: its arguments, read as what the function expects, and its errors, placed.

use std::{rc::Rc, sync::Arc, time::Duration};

use rhai::{
    Dynamic, EvalAltResult, FnPtr, ImmutableString, Map as ScriptMap, NativeCallContext, Position,
};

use super::{
    closure::Closure,
    convert, decision,
    effect::{Effect, Outcome},
    functions::Entry,
    host::Host,
    site::Site,
};
use crate::model::{Failure, Place, Target, Value, kinds, parse_duration};

/// What a native function gives, or why not.
pub(super) type CallResult = Result<Dynamic, Box<EvalAltResult>>;

/// The error of a native function.
pub(super) type CallError = Box<EvalAltResult>;

/// A call that a native function answers. For methods, argument 0 is the receiver.
pub(super) struct Call<'a> {
    pub(super) entry: &'static Entry,
    pub(super) context: &'a NativeCallContext<'a>,
    pub(super) arguments: &'a [&'a mut Dynamic],
}

impl Call<'_> {
    pub(super) fn host(&self) -> Rc<Host> {
        Host::of(self.context)
    }

    pub(super) fn position(&self) -> Position {
        self.context.call_position()
    }

    pub(super) fn site(&self) -> Site {
        Site {
            host: self.host(),
            position: self.position(),
        }
    }

    pub(super) fn place(&self) -> Option<Place> {
        self.site().place()
    }

    /// An error of this call that the script can catch.
    pub(super) fn fail(&self, failure: Failure) -> CallError {
        self.site().fail(failure)
    }

    /// An error of this call that says how it has to be written.
    pub(super) fn misuse(&self, message: impl Into<String>) -> CallError {
        self.fail(Failure::new(kinds::VALIDATION, message))
    }

    /// Asks for an effect and waits for its outcome.
    pub(super) fn ask(&self, effect: Effect) -> Result<Outcome, CallError> {
        self.site().ask(effect)
    }

    /// Asks for an effect that is answered by a value.
    pub(super) fn ask_value(&self, effect: Effect) -> Result<Value, CallError> {
        self.site().ask_value(effect)
    }

    /// An error if one more branch would be in too many others.
    pub(super) fn check_depth(&self) -> Result<(), CallError> {
        let host = self.host();
        let most = host.limits.branch_depth;
        if host.scheduler.current().depth >= most {
            return Err(self.misuse(format!(
                "branches, steps and plans are nested more than {most} levels deep"
            )));
        }
        Ok(())
    }

    /// An argument that was given; `()` counts as not given.
    pub(super) fn given(&self, index: usize) -> Option<&Dynamic> {
        let argument = self.arguments.get(index)?;
        (!argument.is_unit()).then_some(&**argument)
    }

    /// An argument that must be there.
    pub(super) fn argument(&self, index: usize) -> &Dynamic {
        self.arguments
            .get(index)
            .map_or(&Dynamic::UNIT, |argument| &**argument)
    }

    /// The object that a method is called on.
    pub(super) fn receiver<T: Clone + 'static>(&self) -> T {
        self.arguments[0]
            .read_lock::<T>()
            .expect("methods are registered for the type of their receiver")
            .clone()
    }

    pub(super) fn text(&self, index: usize) -> Result<ImmutableString, CallError> {
        let text = self.argument(index).read_lock::<ImmutableString>();
        text.map(|text| text.clone())
            .ok_or_else(|| self.wrong_type(index, "a String"))
    }

    pub(super) fn integer(&self, index: usize) -> Result<i64, CallError> {
        let integer = self.argument(index).as_int();
        integer.map_err(|_| self.wrong_type(index, "an Integer"))
    }

    pub(super) fn map(&self, index: usize) -> Result<ScriptMap, CallError> {
        let Some(argument) = self.given(index) else {
            return Ok(ScriptMap::new());
        };
        let map = argument.read_lock::<ScriptMap>();
        map.map(|map| map.clone())
            .ok_or_else(|| self.wrong_type(index, "a Map"))
    }

    /// The data that an argument is.
    pub(super) fn value(&self, index: usize) -> Result<Value, CallError> {
        convert::to_value(self.argument(index))
            .map_err(|error| self.misuse(format!("{}: {error}", self.parameter(index))))
    }

    pub(super) fn closure(&self, index: usize) -> Result<Closure, CallError> {
        let pointer = self.argument(index).read_lock::<FnPtr>();
        pointer
            .map(|pointer| Closure::new(self.context, pointer.clone()))
            .ok_or_else(|| self.wrong_type(index, "a closure"))
    }

    /// A closure that is called right here, once for each of many things.
    pub(super) fn pointer(&self, index: usize) -> Result<FnPtr, CallError> {
        let pointer = self.argument(index).read_lock::<FnPtr>();
        pointer
            .map(|pointer| pointer.clone())
            .ok_or_else(|| self.wrong_type(index, "a closure"))
    }

    /// Calls such a closure.
    pub(super) fn invoke(&self, pointer: &FnPtr, argument: Dynamic) -> CallResult {
        pointer.call_raw(self.context, None, [argument])
    }

    /// The answer of a closure that was asked whether. What a preview can't know is a yes: so it shows what comes of one.
    pub(super) fn yes_or_no(&self, answer: &Dynamic) -> Result<bool, CallError> {
        if decision::may_be_anything(answer) && self.host().scheduler.performer().decides() {
            return Ok(true);
        }
        answer.as_bool().map_err(|_| {
            let name = self.entry.name;
            let actual = convert::type_name(answer);
            self.misuse(format!(
                "the closure given to `{name}` must give a Boolean, but gives {actual}"
            ))
        })
    }

    /// A number of things: 0 or more.
    pub(super) fn count(&self, index: usize) -> Result<usize, CallError> {
        usize::try_from(self.integer(index)?)
            .map_err(|_| self.misuse(format!("{} must not be negative", self.parameter(index))))
    }

    pub(super) fn duration(&self, index: usize) -> Result<Duration, CallError> {
        read_duration(self.argument(index))
            .ok_or_else(|| self.wrong_type(index, "a duration such as \"90s\", or seconds"))
    }

    pub(super) fn targets(&self, index: usize) -> Result<Vec<Arc<Target>>, CallError> {
        super::selection::select(&self.host(), self.argument(index)).map_err(|mut failure| {
            failure.message = format!("{}: {}", self.parameter(index), failure.message);
            self.fail(*failure)
        })
    }

    /// The error for an argument of another type.
    pub(super) fn wrong_type(&self, index: usize, expected: &str) -> CallError {
        let actual = convert::type_name(self.argument(index));
        self.misuse(format!(
            "{} must be {expected}, but is {actual}",
            self.parameter(index)
        ))
    }

    /// An argument as messages name it.
    pub(super) fn parameter(&self, index: usize) -> String {
        let skipped = usize::from(self.entry.receiver.is_some());
        let name = index
            .checked_sub(skipped)
            .and_then(|index| self.entry.params.get(index))
            .map_or("this", |param| param.name);
        format!("`{name}` of `{}`", self.entry.name)
    }
}

/// A duration: text with a unit, or seconds.
pub(super) fn read_duration(value: &Dynamic) -> Option<Duration> {
    if let Ok(seconds) = value.as_int() {
        return u64::try_from(seconds).ok().map(Duration::from_secs);
    }
    if let Ok(seconds) = value.as_float() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let text = value.read_lock::<ImmutableString>()?;
    parse_duration(&text).ok()
}
