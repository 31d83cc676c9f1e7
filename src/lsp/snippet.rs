//! What a completion inserts for a call: the name, and the arguments to fill in where an editor can.

use crate::plan::{Entry, Param};

/// The call of a function or method with a place for each argument that it needs.
pub(super) fn of_entry(entry: &Entry, name: &str) -> String {
    let needed: Vec<String> = entry
        .params
        .iter()
        .filter(|param| !param.optional)
        .enumerate()
        .map(|(index, param)| argument(index + 1, param))
        .collect();
    call(name, &needed)
}

/// The call of a function with these parameters.
pub(super) fn of_params<'a>(name: &str, params: impl Iterator<Item = &'a str>) -> String {
    let needed: Vec<String> = params
        .enumerate()
        .map(|(index, param)| format!("${{{}:{}}}", index + 1, escaped(param)))
        .collect();
    call(name, &needed)
}

fn call(name: &str, arguments: &[String]) -> String {
    format!("{}({})$0", escaped(name), arguments.join(", "))
}

fn argument(number: usize, param: &Param) -> String {
    let name = escaped(param.name);
    match param.kind {
        "TaskName" | "PlanName" | "TargetSpec" | "File" | "String" => {
            format!("\"${{{number}:{name}}}\"")
        }
        "Closure" | "Options | Closure" => match closure_takes(param.name) {
            Some(takes) => format!("|{takes}| ${{{number}:{name}}}"),
            None => format!("|| ${{{number}:{name}}}"),
        },
        "Map" | "Options" => format!("#{{ ${{{number}:{name}}} }}"),
        _ => format!("${{{number}:{name}}}"),
    }
}

/// What a closure gets that is given for the parameter of that name.
fn closure_takes(param: &str) -> Option<&'static str> {
    match param {
        "each" | "change" | "is_meant" | "keep" | "key" | "by" => Some("item"),
        "params" => Some("target"),
        _ => None,
    }
}

/// A text that stands for itself in a snippet.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('$', "\\$")
        .replace('}', "\\}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::catalog;

    #[test]
    fn calls_have_a_place_for_each_argument_that_is_needed() {
        let snippet = |name: &str| {
            let entry = catalog().iter().find(|entry| entry.name == name).unwrap();
            of_entry(entry, name)
        };
        assert_eq!(
            snippet("run_task"),
            "run_task(\"${1:name}\", \"${2:targets}\")$0"
        );
        assert_eq!(snippet("group_by"), "group_by(|item| ${1:key})$0");
        assert_eq!(snippet("background"), "background(|| ${1:body})$0");
        assert_eq!(
            of_params("deploy", ["nodes", "a$"].into_iter()),
            "deploy(${1:nodes}, ${2:a\\$})$0"
        );
    }
}
