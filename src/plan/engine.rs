//! The interpreter, made of chosen parts: nothing in it touches the world, blocks, or changes from run to run.

use std::{rc::Rc, sync::Arc};

use rhai::{
    Engine, OptimizationLevel, Token, def_package,
    packages::{
        ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage,
        BasicMapPackage, BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage,
        Package as _,
    },
};

use super::{
    decision, functions, guard,
    limits::Limits,
    nesting,
    object::{Expected, Fault, Future, Graph, Hidden, Results, TargetSet, Tiers},
};
use crate::model::{Target, TargetResult};

def_package! {
    /// What plans have of Rhai's own functions. One module, since what a module does not have is looked for in the next.
    ///
    /// Left out are `LanguageCorePackage` (its `sleep` blocks the thread, its reflection has no order), `BasicTimePackage` (the
    /// clock is an effect), `BasicBlobPackage` and `BitFieldPackage` (no plan needs them).
    RhaiFunctions(module):
        ArithmeticPackage,
        LogicPackage,
        BasicStringPackage,
        MoreStringPackage,
        BasicArrayPackage,
        BasicMapPackage,
        BasicMathPackage,
        BasicIteratorPackage,
        BasicFnPackage
    {}
}

/// An engine that parses plans as they are parsed to be run, and has no functions.
#[must_use]
pub(super) fn parser(limits: &Limits) -> Engine {
    let mut engine = Engine::new_raw();
    limits.apply(&mut engine);
    engine
        .set_optimization_level(OptimizationLevel::None)
        .set_strict_variables(true)
        .disable_symbol("eval");
    functions::register_namespaces(&mut engine);
    // `default` is a parameter of half the functions of the world, and a reserved word in Rhai, as is `debug` in `log::debug`.
    #[expect(
        deprecated,
        reason = "it is not deprecated but called volatile; the version is pinned"
    )]
    engine.on_parse_token(|token, _, _| match token {
        Token::Reserved(word) if matches!(word.as_str(), "default" | "debug") => {
            Token::Identifier(word)
        }
        token => token,
    });
    engine
}

/// An engine that parses the text that is run: with what is written into it.
#[must_use]
pub(super) fn compiler(limits: &Limits) -> Engine {
    let mut engine = parser(limits);
    guard::register(&mut engine);
    nesting::register(&mut engine);
    decision::register(&mut engine);
    // The blocks that are written into a text nest as deeply as those that were there.
    let depth = 5 * limits.expression_depth;
    engine.set_max_expr_depths(depth, depth);
    engine
}

/// An engine with Rhai's own functions, as far as they touch nothing.
#[must_use]
pub(super) fn without_functions(limits: &Limits) -> Engine {
    let mut engine = parser(limits);
    RhaiFunctions::new().register_into_engine(&mut engine);
    engine
}

/// An engine with all functions of the language.
#[must_use]
pub(super) fn with_functions(limits: &Limits) -> Engine {
    let mut engine = without_functions(limits);
    engine
        .register_type_with_name::<Arc<Target>>("Target")
        .register_type_with_name::<TargetSet>("TargetSet")
        .register_type_with_name::<Arc<TargetResult>>("Result")
        .register_type_with_name::<Results>("ResultSet")
        .register_type_with_name::<Rc<Fault>>("Error")
        .register_type_with_name::<Rc<Future>>("Future")
        .register_type_with_name::<Rc<Graph>>("Graph")
        .register_type_with_name::<Hidden>("Sensitive")
        .register_type_with_name::<Tiers>("Tiers")
        .register_iterator::<Tiers>()
        .register_iterator::<TargetSet>()
        .register_iterator::<Results>();
    functions::register(&mut engine);
    guard::register(&mut engine);
    nesting::register(&mut engine);
    decision::register(&mut engine);
    engine
}

/// Adds what only the files of tests can use.
pub(super) fn add_test_functions(engine: &mut Engine) {
    engine.register_type_with_name::<Expected>("Expectation");
    functions::register_for_tests(engine);
}
