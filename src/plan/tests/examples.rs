//! The catalog: everything in it is registered, documented, and works as its example says.

use std::collections::BTreeSet;

use super::stage::Stage;
use crate::plan::{EntryKind, Limits, PlanEnd, catalog, engine, test_catalog};

#[test]
fn every_example_runs() {
    let mut wrong = Vec::new();
    for entry in catalog() {
        let stage = Stage::new(entry.example)
            .file("restart", "param service: String; service")
            .failing(&[]);
        let played = stage.run();
        // `fail` is there to fail.
        let may_fail = entry.name == "fail" || entry.example.contains("\"false\"");
        match played.outcome.end {
            PlanEnd::Finished(_) => {}
            PlanEnd::Failed(_) if may_fail => {}
            end => wrong.push(format!(
                "{}\n    {}\n    {end:?}",
                entry.signature(),
                entry.example
            )),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_example_of_a_test_passes() {
    let mut wrong = Vec::new();
    for entry in test_catalog() {
        let text = match entry.name {
            "test" => entry.example.to_owned(),
            _ => format!("test(\"example\", || {{ {} }});", entry.example),
        };
        let played = Stage::new(&text).tested().run();
        let is_finished = matches!(played.outcome.end, PlanEnd::Finished(_));
        if !is_finished || !played.problems.is_empty() {
            wrong.push(format!(
                "{text}\n    {:?}\n    {:?}",
                played.outcome.end, played.problems
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_only_tests_know_is_unknown_to_plans() {
    let error = Stage::new("expect_task(\"service\");").error();
    assert_eq!(error.diagnostic.code, "segue::plan::unknown_function");
}

#[test]
fn every_entry_says_what_it_does() {
    for entry in catalog().iter().chain(test_catalog()) {
        let signature = entry.signature();
        assert!(entry.doc.ends_with('.'), "{signature} has no documentation");
        assert!(!entry.example.is_empty(), "{signature} has no example");
        let first_optional = entry.params.iter().position(|param| param.optional);
        let rest = &entry.params[first_optional.unwrap_or(entry.params.len())..];
        assert!(rest.iter().all(|param| param.optional), "{signature}");
    }
}

#[test]
fn the_catalog_and_the_engine_know_the_same() {
    let mut told = BTreeSet::new();
    for entry in catalog() {
        let own = usize::from(entry.receiver.is_some());
        for count in entry.arity() {
            let name = match entry.kind {
                EntryKind::Getter => format!("get${}", entry.name),
                EntryKind::Index => "index$get$".to_owned(),
                _ => entry.name.to_owned(),
            };
            told.insert((name, own + count));
        }
    }
    let plain = engine::without_functions(&Limits::default());
    let full = engine::with_functions(&Limits::default());
    let names = |engine: &rhai::Engine| -> BTreeSet<(String, usize)> {
        let names = engine.collect_fn_metadata(
            None,
            |info| {
                let name = match info.namespace.as_str() {
                    "" => info.metadata.name.to_string(),
                    namespace => format!("{namespace}::{}", info.metadata.name),
                };
                Some((name, info.metadata.num_params))
            },
            true,
        );
        names.into_iter().collect()
    };
    let known = names(&full);
    let missing: Vec<_> = told.difference(&known).collect();
    assert!(
        missing.is_empty(),
        "in the catalog but not registered: {missing:?}"
    );
    let rhais = names(&plain);
    // Rhai's own function for a type would go before one of ours that takes any.
    let hidden: Vec<_> = catalog()
        .iter()
        .filter(|entry| entry.kind == EntryKind::Function)
        .flat_map(|entry| entry.arity().map(|count| (entry.name.to_owned(), count)))
        .filter(|known| rhais.contains(known) && !known.0.contains("::"))
        .filter(|(name, _)| !matches!(name.as_str(), "print" | "debug" | "to_json"))
        .collect();
    assert!(hidden.is_empty(), "behind functions of Rhai's: {hidden:?}");
    let more: Vec<_> = known
        .iter()
        .filter(|known| !rhais.contains(known) && !told.contains(known))
        .filter(|(name, _)| !matches!(name.as_str(), "to_debug" | "replace"))
        .collect();
    assert!(
        more.is_empty(),
        "registered but not in the catalog: {more:?}"
    );
}
