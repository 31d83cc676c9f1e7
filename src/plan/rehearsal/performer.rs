//! The mock performer: answers from the expectations of a test, and from nothing else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::expectation::{Expectation, Mismatch, described};
use crate::{
    model::{Map, Place, Value},
    plan::{Action, Effect, Outcome, Perform, Performer, Request, Run},
};

/// One `test(...)` of a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestCase {
    pub name: String,
    pub place: Option<Place>,
}

/// Something that a test finds wrong with a plan, beside its assertions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    pub message: String,
    /// In the plan for what was not expected, in the test for what was not met.
    pub place: Option<Place>,
    pub help: Option<String>,
}

/// One run of a test file: it lists the tests, or it runs one of them. Cloning it gives another handle.
#[derive(Clone)]
pub struct Rehearsal {
    shared: Arc<Shared>,
}

struct Shared {
    selected: Option<usize>,
    /// Answers what needs no expectation: time, messages, files of the project.
    inner: Arc<dyn Performer>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tests: Vec<TestCase>,
    expectations: Vec<Expectation>,
    problems: Vec<Problem>,
    printed: Vec<String>,
}

impl Rehearsal {
    /// `selected` is the number of the test that is run; without it they are only listed.
    #[must_use]
    pub fn new(selected: Option<usize>, inner: Arc<dyn Performer>) -> Self {
        Self {
            shared: Arc::new(Shared {
                selected,
                inner,
                state: Mutex::default(),
            }),
        }
    }

    /// The tests that the file has, in their order.
    #[must_use]
    pub fn tests(&self) -> Vec<TestCase> {
        self.state().tests.clone()
    }

    /// What the test found, beside the error that may have ended it.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        self.state().problems.clone()
    }

    /// What was said on the way.
    #[must_use]
    pub fn printed(&self) -> Vec<String> {
        self.state().printed.clone()
    }

    /// A test of the file. Whether it is the one to run.
    pub(in crate::plan) fn begin(&self, name: &str, place: Option<Place>) -> bool {
        let mut state = self.state();
        state.tests.push(TestCase {
            name: name.to_owned(),
            place,
        });
        self.shared.selected == Some(state.tests.len() - 1)
    }

    /// The test came to its end: what it expected has to have happened.
    pub(in crate::plan) fn finish(&self) {
        let mut state = self.state();
        let unmet: Vec<Problem> = state
            .expectations
            .iter()
            .filter_map(|expectation| {
                Some(Problem {
                    message: expectation.unmet()?,
                    place: expectation.place.clone(),
                    help: None,
                })
            })
            .collect();
        state.problems.extend(unmet);
    }

    /// Adds an expectation and gives its number.
    pub(in crate::plan) fn expect(&self, expectation: Expectation) -> usize {
        let mut state = self.state();
        state.expectations.push(expectation);
        state.expectations.len() - 1
    }

    /// Says more of an expectation.
    pub(in crate::plan) fn change(&self, number: usize, change: impl FnOnce(&mut Expectation)) {
        if let Some(expectation) = self.state().expectations.get_mut(number) {
            change(expectation);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer of the first expectation that means the effect.
    fn answer(&self, request: &Request) -> Outcome {
        let mut state = self.state();
        let mut nearest: Option<(Mismatch, usize)> = None;
        for (number, expectation) in state.expectations.iter_mut().enumerate() {
            match expectation.meets(&request.effect) {
                Ok(()) => {
                    expectation.used += 1;
                    return reply(expectation, &request.effect);
                }
                Err(mismatch) => {
                    if nearest.as_ref().is_none_or(|(known, _)| *known < mismatch) {
                        nearest = Some((mismatch, number));
                    }
                }
            }
        }
        let help =
            nearest.and_then(|(mismatch, number)| hint(&state.expectations[number], &mismatch));
        let help = help.or_else(|| Some(usual_help(&request.effect)));
        state.problems.push(Problem {
            message: format!("nobody expected {}", described(&request.effect)),
            place: request.place.clone(),
            help,
        });
        // No plan can catch this, so nothing that comes of it hides what is wrong.
        Outcome::Stopped
    }
}

impl Performer for Rehearsal {
    fn perform(&self, request: Request) -> Perform {
        match &request.effect {
            // What was started was answered with its outcome already.
            Effect::Run(Run {
                action: Action::Collect { started },
                ..
            }) => {
                let results = started.iter().cloned().collect();
                Box::pin(std::future::ready(Outcome::Results { results }))
            }
            Effect::Run(_)
            | Effect::Prompt { .. }
            | Effect::Menu { .. }
            | Effect::Approve { .. } => {
                let outcome = self.answer(&request);
                Box::pin(std::future::ready(outcome))
            }
            Effect::Print { text, .. } => {
                self.state().printed.push(text.clone());
                Box::pin(std::future::ready(Outcome::Done))
            }
            _ => self.shared.inner.perform(request),
        }
    }

    fn rehearsal(&self) -> Option<Self> {
        Some(self.clone())
    }
}

fn reply(expectation: &Expectation, effect: &Effect) -> Outcome {
    let default = match effect {
        Effect::Run(run) => {
            return Outcome::Results {
                results: expectation.results(run),
            };
        }
        Effect::Approve { .. } => {
            let approved = expectation.answer.clone().unwrap_or(Value::Bool(true));
            return Outcome::Value {
                value: approval(approved),
            };
        }
        Effect::Prompt { default, .. } => default.clone(),
        Effect::Menu {
            choices, default, ..
        } => default.clone().or_else(|| choices.first().cloned()),
        _ => None,
    };
    Outcome::Value {
        value: expectation
            .answer
            .clone()
            .unwrap_or_else(|| default.unwrap_or_default().into()),
    }
}

/// `true`, `false`, or a map that says all of it.
fn approval(answer: Value) -> Value {
    if matches!(answer, Value::Map(_)) {
        return answer;
    }
    Value::Map(Map::from_iter([
        ("approved".to_owned(), answer),
        ("by".to_owned(), "tester".into()),
        ("comment".to_owned(), "".into()),
    ]))
}

fn hint(expectation: &Expectation, mismatch: &Mismatch) -> Option<String> {
    let place = expectation.place.as_ref();
    let place = place.map_or_else(String::new, |place| {
        format!(" at {}:{}", place.file, place.line)
    });
    let why = match mismatch {
        Mismatch::Function => return None,
        Mismatch::Object => "is the only thing of that kind that is still expected".to_owned(),
        Mismatch::Targets(name) => {
            format!("is expected on other targets: `{name}` is none of them")
        }
        Mismatch::Params(what) => format!("is expected with other parameters: {what}"),
        Mismatch::UsedUp(0) => "says that it must not happen".to_owned(),
        Mismatch::UsedUp(1) => "has happened already, and is expected once".to_owned(),
        Mismatch::UsedUp(count) => {
            format!("has happened already as often as expected: {count} times")
        }
    };
    Some(format!("{expectation}{place} {why}"))
}

/// How it is said that something is expected.
fn usual_help(effect: &Effect) -> String {
    let function = match effect.function() {
        "run_task" => "expect_task",
        "run_command" => "expect_command",
        "run_script" => "expect_script",
        "upload" => "expect_upload",
        "download" => "expect_download",
        "write_file" => "expect_write",
        "wait_until_available" => "expect_wait",
        "collect_facts" => "expect_facts",
        "menu" => "expect_menu",
        "approve" => "expect_approval",
        _ => "expect_prompt",
    };
    format!("a test that expects it says so with `{function}` before the plan runs")
}
