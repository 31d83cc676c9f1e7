//! The one table of what Segue adds to the language. The engine, the check, the documentation and the language server
//! all read it.

use std::{
    any::TypeId,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    rc::Rc,
    sync::{Arc, OnceLock},
};

use rhai::{
    Array, Dynamic, Engine, FnPtr, FuncRegistration, ImmutableString, Map, Module,
    NativeCallContext, RhaiFunc, Shared,
};

use crate::{
    model::{Target, TargetResult},
    plan::{
        call::{Call, CallResult},
        fiber,
        object::{Expected, Fault, Future, Graph, Hidden, Results, TargetSet, Tiers},
        options::{OptionEntry, entry_of},
        scheduler::panic_error,
    },
};

/// A function, method, getter or operator of the language.
#[derive(Debug)]
pub struct Entry {
    /// As it is written: `run_task`, `log::info`, `failed`, `-`; `[]` for an index.
    pub name: &'static str,
    pub kind: EntryKind,
    /// The type that a method, getter, index or operator belongs to.
    pub receiver: Option<&'static str>,
    /// Without the receiver. Those that may be left out come last.
    pub params: Vec<Param>,
    /// The names of the options that its map of options may have; [`OPTIONS`] says what each wants.
    pub options: Vec<&'static str>,
    pub returns: &'static str,
    /// A paragraph, in sentences.
    pub doc: &'static str,
    /// A few lines of a plan, which a test runs.
    pub example: &'static str,
    /// It changes its receiver, so it is refused where that can't be written.
    changes: bool,
    /// What it gives is what its receiver becomes.
    becomes: bool,
    /// The types of parameters for which Rhai has a function of its own, which would be found first.
    in_place_of: Vec<&'static [&'static str]>,
    native: fn(&Call<'_>) -> CallResult,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    Function,
    Method,
    Getter,
    Index,
    Operator,
}

/// A parameter of a function or method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    pub name: &'static str,
    /// A type of the language: `String`, `TargetSpec`, `Duration`, `Closure`, `Any`, ...
    pub kind: &'static str,
    pub optional: bool,
}

impl Entry {
    fn new(
        kind: EntryKind,
        receiver: Option<&'static str>,
        name: &'static str,
        native: fn(&Call<'_>) -> CallResult,
    ) -> Self {
        Self {
            name,
            kind,
            receiver,
            params: Vec::new(),
            options: Vec::new(),
            returns: "()",
            doc: "",
            example: "",
            changes: false,
            becomes: false,
            in_place_of: Vec::new(),
            native,
        }
    }

    pub(in crate::plan) fn function(
        name: &'static str,
        native: fn(&Call<'_>) -> CallResult,
    ) -> Self {
        Self::new(EntryKind::Function, None, name, native)
    }

    pub(in crate::plan) fn method(
        receiver: &'static str,
        name: &'static str,
        native: fn(&Call<'_>) -> CallResult,
    ) -> Self {
        Self::new(EntryKind::Method, Some(receiver), name, native)
    }

    pub(in crate::plan) fn getter(
        receiver: &'static str,
        name: &'static str,
        native: fn(&Call<'_>) -> CallResult,
    ) -> Self {
        Self::new(EntryKind::Getter, Some(receiver), name, native)
    }

    pub(in crate::plan) fn index(
        receiver: &'static str,
        native: fn(&Call<'_>) -> CallResult,
    ) -> Self {
        Self::new(EntryKind::Index, Some(receiver), "[]", native)
    }

    pub(in crate::plan) fn operator(
        receiver: &'static str,
        name: &'static str,
        native: fn(&Call<'_>) -> CallResult,
    ) -> Self {
        Self::new(EntryKind::Operator, Some(receiver), name, native)
    }

    pub(in crate::plan) fn takes(mut self, name: &'static str, kind: &'static str) -> Self {
        self.params.push(Param {
            name,
            kind,
            optional: false,
        });
        self
    }

    pub(in crate::plan) fn may_take(mut self, name: &'static str, kind: &'static str) -> Self {
        self.params.push(Param {
            name,
            kind,
            optional: true,
        });
        self
    }

    pub(in crate::plan) fn with_options(mut self, names: &[&'static str]) -> Self {
        self.options.extend(names);
        self
    }

    pub(in crate::plan) const fn changes(mut self) -> Self {
        self.changes = true;
        self
    }

    /// Its receiver becomes what it gives.
    pub(in crate::plan) const fn changes_receiver(mut self) -> Self {
        self.becomes = true;
        self.changes()
    }

    /// Stands in for Rhai's own functions of that name with these types of parameters.
    pub(in crate::plan) fn in_place_of(mut self, types: &[&'static [&'static str]]) -> Self {
        self.in_place_of.extend(types);
        self
    }

    /// May take a map of options as its last argument, with these entries.
    pub(in crate::plan) fn may_take_options(mut self, names: &[&'static str]) -> Self {
        self.options.extend(names);
        self.may_take("options", "Options")
    }

    /// Takes a map of options, with these entries.
    pub(in crate::plan) fn takes_options(mut self, names: &[&'static str]) -> Self {
        self.options.extend(names);
        self.takes("options", "Options")
    }

    pub(in crate::plan) const fn gives(mut self, returns: &'static str) -> Self {
        self.returns = returns;
        self
    }

    pub(in crate::plan) const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    pub(in crate::plan) const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }

    /// How many arguments it takes at least and at most, the receiver not counted.
    #[must_use]
    pub fn arity(&self) -> std::ops::RangeInclusive<usize> {
        let required = self.params.iter().filter(|param| !param.optional).count();
        required..=self.params.len()
    }

    /// What one of its options wants and means.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&'static OptionEntry> {
        entry_of(self.receiver, self.name, name)
    }

    /// As it is written: `run_task(name: String, targets: TargetSpec, [params: Map]) -> ResultSet`.
    #[must_use]
    pub fn signature(&self) -> String {
        let params: Vec<String> = self
            .params
            .iter()
            .map(|param| {
                let text = format!("{}: {}", param.name, param.kind);
                if param.optional {
                    format!("[{text}]")
                } else {
                    text
                }
            })
            .collect();
        let owner = self
            .receiver
            .map(|receiver| format!("{receiver}."))
            .unwrap_or_default();
        match self.kind {
            EntryKind::Getter => format!("{owner}{}: {}", self.name, self.returns),
            EntryKind::Index => format!(
                "{}[{}] -> {}",
                self.receiver.unwrap_or_default(),
                params.join(", "),
                self.returns
            ),
            EntryKind::Operator => format!(
                "{} {} {} -> {}",
                self.receiver.unwrap_or_default(),
                self.name,
                self.params.first().map_or("", |param| param.kind),
                self.returns
            ),
            EntryKind::Function | EntryKind::Method => {
                format!(
                    "{owner}{}({}) -> {}",
                    self.name,
                    params.join(", "),
                    self.returns
                )
            }
        }
    }

    /// The names under which Rhai knows it, without its module.
    fn engine_names(&self) -> Vec<String> {
        match (self.kind, self.name) {
            (EntryKind::Getter, name) => vec![format!("get${name}")],
            (EntryKind::Index, _) => vec!["index$get$".to_owned()],
            // Arrays and maps print what is in them by the second name.
            (EntryKind::Method, "to_string") => ["to_string", "to_debug"].map(str::to_owned).into(),
            (_, name) => {
                let last = name.rsplit("::").next();
                vec![last.unwrap_or(name).to_owned()]
            }
        }
    }

    fn set_into(&'static self, module: &mut Module) {
        for count in self.arity() {
            for first in self.first_types() {
                let mut types: Vec<TypeId> = self.receiver.map(type_id).into_iter().collect();
                types.extend((0..count).map(|_| TypeId::of::<Dynamic>()));
                if let (Some(first), Some(slot)) = (first, types.first_mut()) {
                    *slot = first;
                }
                let shown = self.params.iter().take(count);
                let mut info: Vec<String> = self
                    .receiver
                    .map(|receiver| format!("this: {receiver}"))
                    .into_iter()
                    .chain(shown.map(|param| format!("{}: {}", param.name, param.kind)))
                    .collect();
                info.push(self.returns.to_owned());
                self.set_one(module, &types, &info);
                for exact in self.in_place_of.iter().filter(|exact| exact.len() == count) {
                    let exact = exact.iter().copied().map(type_id);
                    let receiver = self.receiver.map(type_id).into_iter();
                    let types: Vec<TypeId> = receiver.chain(exact).collect();
                    self.set_one(module, &types, &info);
                }
            }
        }
    }

    fn set_one(&'static self, module: &mut Module, types: &[TypeId], info: &[String]) {
        for name in self.engine_names() {
            let registration = FuncRegistration::new(name).with_params_info(info);
            // What is in a namespace is found under it only.
            let registration = if self.name.contains("::") {
                registration
            } else {
                registration.in_global_namespace()
            };
            registration.set_into_module_raw(module, types, self.implementation());
        }
    }

    /// The types of the first argument under which it is registered. Rhai's packages have a `print` for each type and
    /// a `to_json` for maps; one for any type would never be found behind those.
    fn first_types(&self) -> Vec<Option<TypeId>> {
        match self.name {
            "to_json" => vec![Some(TypeId::of::<Map>()), None],
            "print" | "debug" => {
                let types = [
                    TypeId::of::<ImmutableString>(),
                    TypeId::of::<char>(),
                    TypeId::of::<bool>(),
                    TypeId::of::<()>(),
                    TypeId::of::<i64>(),
                    TypeId::of::<f64>(),
                    TypeId::of::<Array>(),
                    TypeId::of::<Map>(),
                ];
                types.into_iter().map(Some).chain([None]).collect()
            }
            _ => vec![None],
        }
    }

    fn implementation(&'static self) -> RhaiFunc {
        let call = move |context: Option<NativeCallContext<'_>>, arguments: &mut [&mut Dynamic]| {
            let context = context.expect("registered as a function with a context");
            let call = Call {
                entry: self,
                context: &context,
                arguments,
            };
            let native = AssertUnwindSafe(|| (self.native)(&call));
            let value = catch_unwind(native).unwrap_or_else(|payload| {
                if fiber::is_panic(&*payload) {
                    let message = fiber::panic_message(&*payload);
                    Err(panic_error(&message, context.call_position()))
                } else {
                    resume_unwind(payload)
                }
            })?;
            if self.becomes {
                become_value(arguments[0], &value);
            }
            Ok(value)
        };
        RhaiFunc::Method {
            func: Shared::new(call),
            has_context: true,
            // What changes nothing works on constants and on captured variables.
            is_pure: !self.changes,
            is_volatile: true,
        }
    }
}

/// Gives the receiver of a method its new value, also where it is a variable that a closure shares.
fn become_value(receiver: &mut Dynamic, value: &Dynamic) {
    if let (Some(mut list), Some(new)) =
        (receiver.write_lock::<Array>(), value.read_lock::<Array>())
    {
        list.clone_from(&new);
    }
}

fn type_id(name: &'static str) -> TypeId {
    match name {
        "Target" => TypeId::of::<Arc<Target>>(),
        "TargetSet" => TypeId::of::<TargetSet>(),
        "Result" => TypeId::of::<Arc<TargetResult>>(),
        "ResultSet" => TypeId::of::<Results>(),
        "Error" => TypeId::of::<Rc<Fault>>(),
        "Future" => TypeId::of::<Rc<Future>>(),
        "Graph" => TypeId::of::<Rc<Graph>>(),
        "Expectation" => TypeId::of::<Expected>(),
        "Tiers" => TypeId::of::<Tiers>(),
        "Sensitive" => TypeId::of::<Hidden>(),
        "String" => TypeId::of::<ImmutableString>(),
        "Array" => TypeId::of::<Array>(),
        "Map" => TypeId::of::<Map>(),
        "Any" => TypeId::of::<Dynamic>(),
        "Character" => TypeId::of::<char>(),
        "Integer" => TypeId::of::<i64>(),
        "Closure" => TypeId::of::<FnPtr>(),
        "Range" => TypeId::of::<std::ops::Range<i64>>(),
        "InclusiveRange" => TypeId::of::<std::ops::RangeInclusive<i64>>(),
        other => unreachable!("`{other}` is no type that functions are registered for"),
    }
}

/// Everything that Segue adds to the language, by theme.
pub fn catalog() -> &'static [Entry] {
    static CATALOG: OnceLock<Vec<Entry>> = OnceLock::new();
    CATALOG.get_or_init(|| {
        let themes = [
            super::run::entries(),
            super::files::entries(),
            super::inventory::entries(),
            super::branching::entries(),
            super::patience::entries(),
            super::graph::entries(),
            super::plan::entries(),
            super::talk::entries(),
            super::controller::entries(),
            super::data::entries(),
            super::text::entries(),
            super::text_change::entries(),
            super::list::entries(),
            super::list_walk::entries(),
            super::target::entries(),
            super::target_set::entries(),
            super::result::entries(),
            super::result_set::entries(),
            super::error::entries(),
        ];
        themes.into_iter().flatten().collect()
    })
}

/// What Segue adds to the language of tests alone.
pub fn test_catalog() -> &'static [Entry] {
    static CATALOG: OnceLock<Vec<Entry>> = OnceLock::new();
    CATALOG.get_or_init(|| {
        let themes = [super::testing::entries(), super::expectation::entries()];
        themes.into_iter().flatten().collect()
    })
}

/// Makes what only tests can use known to an engine.
pub(in crate::plan) fn register_for_tests(engine: &mut Engine) {
    let mut module = Module::new();
    for entry in test_catalog() {
        entry.set_into(&mut module);
    }
    module.build_index();
    engine.register_global_module(module.into());
}

/// Makes the whole catalog known to an engine, but for what is in a namespace.
pub(in crate::plan) fn register(engine: &mut Engine) {
    let mut module = Module::new();
    for entry in catalog().iter().filter(|entry| !entry.name.contains("::")) {
        entry.set_into(&mut module);
    }
    super::text_change::refuse_changes(&mut module);
    super::growth::register(&mut module);
    module.build_index();
    engine.register_global_module(module.into());
}

/// Makes the namespaces known, such as `log`: the parser too has to know that they are there.
pub(in crate::plan) fn register_namespaces(engine: &mut Engine) {
    let mut modules: Vec<(&str, Module)> = Vec::new();
    for entry in catalog() {
        let Some((namespace, _)) = entry.name.split_once("::") else {
            continue;
        };
        let known = modules.iter().position(|(name, _)| *name == namespace);
        let position = known.unwrap_or_else(|| {
            modules.push((namespace, Module::new()));
            modules.len() - 1
        });
        entry.set_into(&mut modules[position].1);
    }
    for (name, mut module) in modules {
        module.build_index();
        engine.register_static_module(name, module.into());
    }
}

/// The names of all functions and methods that an engine knows, for did-you-mean.
pub(in crate::plan) fn names(engine: &Engine) -> Vec<String> {
    let mut names: Vec<String> = catalog()
        .iter()
        .filter(|entry| matches!(entry.kind, EntryKind::Function | EntryKind::Method))
        .map(|entry| entry.name.to_owned())
        .collect();
    let plain = |name: &str| name.starts_with(|first: char| first.is_ascii_lowercase());
    let own = engine.collect_fn_metadata(None, |info| Some(info.metadata.name.to_string()), true);
    names.extend(
        own.into_iter()
            .filter(|name| plain(name) && !name.contains('$')),
    );
    names.sort_unstable();
    names.dedup();
    names
}
