//! All habits, in the order in which they are looked for: the more certain ones first.

use super::{block, collection, function, name, text};
use crate::plan::{
    diagnostic::{PlanDiagnostic, scene::Scene},
    source::Span,
};

const CODE: &str = "segue::plan::syntax";

/// What the author was used to, if it is one of the usual things.
pub(in crate::plan::diagnostic) fn habit(scene: &Scene<'_>) -> Option<PlanDiagnostic> {
    [
        block::nothing_before_block,
        text::odd_character,
        text::single_quotes,
        text::number_with_unit,
        text::number_with_points,
        text::number_with_commas,
        text::here_document,
        text::joined_with_point,
        collection::slice,
        collection::comprehension,
        collection::spread_in_map,
        collection::map_with_percent,
        collection::semicolon_in_map,
        name::declared_together,
        block::brackets_of_loop,
        block::brackets_of_test,
        block::default_case,
        block::case_of_switch,
        block::finally_block,
        block::catch_without_try,
        block::typed_catch,
        block::let_in_condition,
        block::until_loop,
        block::not_in,
        block::condition_behind,
        block::do_for_block,
        name::another_format,
        name::misspelt_param,
        name::mark_in_name,
        name::several_names,
        name::non_ascii_name,
        function::arrow_after_bars,
        function::arrow_behind_brackets,
        function::anonymous_function,
        function::call_without_brackets,
        block::loop_with_declaration,
        function::parts_of_import,
        name::reserved_word,
        name::dollar_name,
        name::plan_declaration,
        name::name_with_dash,
        text::quote_in_string,
        text::question_mark,
        text::regular_expression,
        text::ternary,
        name::foreign_symbol,
        function::arrow_closure,
        collection::map_without_hash,
        collection::list_in_braces,
        collection::map_entry_with_arrow,
        collection::map_key_with_dash,
        collection::map_key_without_quotes,
        function::named_argument,
        function::typed_parameter,
        name::typed_variable,
        text::formatted_string,
        block::assignment_in_condition,
        block::colon_for_block,
        block::loop_with_counter,
        block::catch_without_brackets,
        name::foreign_word,
    ]
    .iter()
    .find_map(|recognise| recognise(scene))
    .map(|problem| problem.within(scene.source))
}

pub(super) fn problem(
    span: Span,
    message: impl Into<String>,
    label: &str,
    help: impl Into<String>,
) -> PlanDiagnostic {
    PlanDiagnostic::error(CODE, message)
        .label(span, label)
        .help(help)
}
