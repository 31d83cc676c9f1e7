//! The codes of all reports about plans, each with what it stands for: what the pages about errors are made of.

/// Every code with a sentence, in order.
pub const CODES: &[(&str, &str)] = &[
    (
        "segue::plan::arithmetic",
        "a calculation has no result, such as a division by zero",
    ),
    (
        "segue::plan::bracket",
        "a bracket is not closed, or closes nothing",
    ),
    (
        "segue::plan::broken_plan",
        "a plan is there but can't be read",
    ),
    (
        "segue::plan::broken_task",
        "a task is there but can't be read",
    ),
    (
        "segue::plan::called_from",
        "a line on the way to a failure in another file",
    ),
    (
        "segue::plan::captured_write",
        "a branch changes a variable of the plan around it",
    ),
    (
        "segue::plan::computed_import",
        "the path of an import is not a string",
    ),
    (
        "segue::plan::converted_otherwise",
        "a part of a YAML plan was converted, and means something a little different",
    ),
    ("segue::plan::cyclic_import", "files import each other"),
    ("segue::plan::cyclic_steps", "steps wait for each other"),
    (
        "segue::plan::default",
        "the default of a parameter uses what it can't",
    ),
    ("segue::plan::duplicate_step", "two steps have one name"),
    ("segue::plan::duration", "a text is no duration"),
    (
        "segue::plan::ended",
        "the plan was ended from outside, or by a limit",
    ),
    (
        "segue::plan::endless",
        "a plan runs itself, and nothing can end it",
    ),
    (
        "segue::plan::failed",
        "the plan failed, and nobody caught it",
    ),
    (
        "segue::plan::forbidden_variable",
        "a variable has a name that it must not have",
    ),
    (
        "segue::plan::gives_nothing",
        "the value of a method is used that changes what it is called on and has none",
    ),
    ("segue::plan::internal", "Segue failed in itself"),
    (
        "segue::plan::invalid",
        "several things are wrong with a plan",
    ),
    (
        "segue::plan::never_collected",
        "nobody asks what came of an action that was detached",
    ),
    (
        "segue::plan::never_equal",
        "values are compared that are never equal",
    ),
    (
        "segue::plan::never_run",
        "the steps of a graph are written down and never run",
    ),
    (
        "segue::plan::not_a_yaml_plan",
        "a file to convert is no YAML plan that Bolt would run",
    ),
    (
        "segue::plan::not_converted",
        "a part of a YAML plan has no twin in Segue",
    ),
    (
        "segue::plan::not_interpolated",
        "a name in a string was meant to be replaced by its value",
    ),
    (
        "segue::plan::option_value",
        "an option has a value that it can't have",
    ),
    ("segue::plan::out_of_bounds", "an index is beyond the end"),
    ("segue::plan::param", "a `param` line is wrong"),
    (
        "segue::plan::read_only",
        "something is changed that can't be",
    ),
    (
        "segue::plan::reserved_name",
        "a name begins with two underscores",
    ),
    (
        "segue::plan::self_capture",
        "a closure uses the value whose method calls it",
    ),
    (
        "segue::plan::shadowed_function",
        "a function has the name of one of the language",
    ),
    ("segue::plan::syntax", "the text is not Rhai"),
    (
        "segue::plan::too_deep",
        "calls or values are nested too deeply",
    ),
    ("segue::plan::too_large", "a value grew larger than it may"),
    (
        "segue::plan::too_many_imports",
        "too many files are imported",
    ),
    (
        "segue::plan::too_many_operations",
        "the plan computed for longer than it may",
    ),
    (
        "segue::plan::too_many_variables",
        "there are too many variables at once",
    ),
    (
        "segue::plan::unbound_this",
        "a function that needs `this` was not called as a method",
    ),
    (
        "segue::plan::unknown_file",
        "a script or a file to upload is not there",
    ),
    ("segue::plan::unknown_function", "no function has this name"),
    (
        "segue::plan::unknown_import",
        "a file to import is not there, or nothing was imported by that name",
    ),
    ("segue::plan::unknown_key", "a map has no such key"),
    (
        "segue::plan::unknown_method",
        "the value has no such method",
    ),
    ("segue::plan::unknown_option", "a call has no such option"),
    ("segue::plan::unknown_plan", "no plan has this name"),
    (
        "segue::plan::unknown_property",
        "the value has no such property",
    ),
    (
        "segue::plan::unknown_step",
        "a step waits for one that is not there",
    ),
    (
        "segue::plan::unknown_targets",
        "a target expression names nothing",
    ),
    ("segue::plan::unknown_task", "no task has this name"),
    (
        "segue::plan::unknown_variable",
        "no variable has this name here",
    ),
    ("segue::plan::unnamed_import", "an import has no name"),
    ("segue::plan::unreachable", "something is never done"),
    (
        "segue::plan::unused_function",
        "a private function is never called",
    ),
    ("segue::plan::unused_import", "an import is never used"),
    (
        "segue::plan::unused_param",
        "a parameter of the plan is never used",
    ),
    ("segue::plan::unused_variable", "a variable is never used"),
    ("segue::plan::variable_exists", "a variable exists already"),
    ("segue::plan::without_effect", "a statement does nothing"),
    (
        "segue::plan::wrong_arguments",
        "a function is called with the wrong number or types of arguments",
    ),
    ("segue::plan::wrong_type", "a value is of the wrong type"),
];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::CODES;

    fn codes_in(directory: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                codes_in(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("code.rs")
            {
                let text = fs::read_to_string(&path).unwrap();
                let quoted = text
                    .split('"')
                    .filter(|part| part.starts_with("segue::plan::"));
                found.extend(quoted.map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_code_is_in_the_table_and_is_used() {
        let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/plan");
        let mut found = BTreeSet::new();
        for room in ["check", "diagnostic", "header", "yaml_plan"] {
            codes_in(&plan.join(room), &mut found);
        }
        let listed: BTreeSet<String> = CODES.iter().map(|(code, _)| (*code).to_owned()).collect();
        assert_eq!(found, listed);
        assert!(CODES.is_sorted());
    }
}
