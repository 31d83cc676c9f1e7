//! What is fed with the texts: three parsers of what people write, none of which may ever panic.

use segue::{
    plan::{CheckWorld, Header, Lookup, Source, TaskView, UnknownTargets, check_file},
    task::DataType,
};

/// The header of a plan: its parameters with their types, defaults and documentation.
pub fn header(text: &str) {
    let source = Source::new("plans/fuzzed.rhai", text);
    let (_, problems) = Header::read(&source);
    for problem in problems {
        for label in &problem.labels {
            assert!(
                text.get(label.span.start..label.span.end).is_some(),
                "{problem:?}"
            );
        }
    }
    let script = source.script();
    assert_eq!(script.len(), text.len(), "declarations are erased in place");
    assert_eq!(script.lines().count(), text.lines().count());
}

/// A data type of Puppet. What is one is the same when its words are read again.
pub fn types(text: &str) {
    if let Ok(data_type) = DataType::parse(text) {
        let shown = data_type.to_string();
        let again = DataType::parse(&shown);
        assert_eq!(again.map(|again| again.to_string()).ok(), Some(shown));
    }
    let _ = DataType::parse_prefix(text);
}

/// The check of a plan.
pub fn check(text: &str) {
    let source = Source::new("plans/fuzzed.rhai", text);
    let nothing_is_known = text.len().is_multiple_of(2);
    for problem in check_file(&World { nothing_is_known }, &source) {
        let inside = problem.source.as_ref().is_none_or(|own| own.is(&source));
        for label in problem.labels.iter().filter(|_| inside) {
            assert!(
                text.get(label.span.start..label.span.end).is_some(),
                "{problem:?}"
            );
        }
        assert!(!problem.to_string().is_empty());
    }
}

/// A world in which every name is known, or none.
struct World {
    nothing_is_known: bool,
}

impl CheckWorld for World {
    fn task_names(&self) -> Vec<String> {
        vec!["service".to_owned()]
    }

    fn task(&self, _: &str) -> Result<Option<TaskView>, String> {
        Ok((!self.nothing_is_known).then(TaskView::default))
    }

    fn plan_names(&self) -> Vec<String> {
        vec!["deploy".to_owned()]
    }

    fn plan(&self, name: &str) -> Result<Option<Source>, String> {
        let source = || Source::new(format!("{name}.rhai"), "param service: String;");
        Ok((!self.nothing_is_known).then(source))
    }

    fn import(&self, _: &Source, path: &str) -> Result<Source, Lookup> {
        Ok(Source::new(
            format!("{path}.rhai"),
            "fn one(x) { x } export const TWO = 2;",
        ))
    }

    fn file(&self, _: &str) -> Result<(), Lookup> {
        Ok(())
    }

    fn targets(&self, _: &str) -> Result<(), UnknownTargets> {
        Ok(())
    }
}
