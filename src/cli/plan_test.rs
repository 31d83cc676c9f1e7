//! `segue plan test`: the tests of a project's plans, each with a world of its own that touches nothing.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use tokio::runtime::Handle;

use super::{
    arguments::{Format, ProjectArguments},
    given_text::text_of,
    launch, output,
    setup::Setup,
    terminal, test_report,
};
use crate::{
    clock::Clock,
    error::{Error, Exit},
    model::Map,
    plan::{
        IdentityKey, Interpreter, Limits, PlanEnd, PlanError, PlanOutcome, PlanStop, Problem,
        Program, Rehearsal, TestCase,
    },
    project::PlanFile,
    run::{PreviewParts, PreviewPerformer},
};

/// Where the tests of a project are.
const DIRECTORY: &str = "tests";
/// How deep directories of tests may be nested: a link to a directory above must not be followed for ever.
const DEPTH_MAX: usize = 16;
/// The time at which every test begins, in seconds since 1970: the first second of 2026.
const BEGIN: i64 = 1_767_225_600;

/// Test plans: run `tests/**/*.rhai` of the project, touching nothing
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files of tests; without them all of `tests/**/*.rhai` of the project
    files: Vec<PathBuf>,
    /// Run only tests whose name contains this
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Write the results as JUnit XML, too
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    #[command(flatten)]
    project: ProjectArguments,
}

/// What came of one test.
pub(super) struct Tested {
    pub(super) file: Arc<str>,
    pub(super) case: TestCase,
    pub(super) problems: Vec<Problem>,
    /// The error that ended it.
    pub(super) error: Option<Box<PlanError>>,
    pub(super) printed: Vec<String>,
}

impl Tested {
    pub(super) fn is_passed(&self) -> bool {
        self.problems.is_empty() && self.error.is_none()
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Error> {
    let setup = Setup::new(&arguments.project)?;
    let files = if arguments.files.is_empty() {
        found(setup.project.root())?
    } else {
        arguments.files.clone()
    };
    let programs = files
        .iter()
        .map(|path| read(setup.project.root(), path))
        .collect::<Result<Vec<Program>, Error>>()?;
    let runtime = launch::runtime()?;
    let troupe = Troupe {
        setup: &setup,
        handle: runtime.handle().clone(),
        filter: arguments.filter.as_deref().unwrap_or_default(),
    };
    let tested = runtime.block_on(troupe.run(&programs));
    runtime.shutdown_background();
    report(arguments, &tested)?;
    if tested.iter().all(Tested::is_passed) {
        Ok(Exit::Success)
    } else {
        Ok(Exit::SomeFailed)
    }
}

fn report(arguments: &Arguments, tested: &[Tested]) -> Result<(), Error> {
    if let Some(path) = &arguments.junit {
        fs::write(path, test_report::junit(tested))
            .map_err(|error| Error::system(format!("write `{}`", path.display()), error))?;
    }
    match arguments.project.format {
        Format::Json | Format::Jsonl => output::print_json(&test_report::json(tested)),
        Format::Human => {
            output::print_text(&test_report::human(tested));
            for error in tested.iter().filter_map(|test| test.error.as_ref()) {
                terminal::print_report(&miette::Report::new(error.diagnostic.clone()));
            }
        }
    }
    Ok(())
}

/// The files of tests below the root of a project, sorted; there may be none.
pub(super) fn test_files(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    let directory = root.join(DIRECTORY);
    if directory.is_dir() {
        collect(&directory, DEPTH_MAX, &mut files)
            .map_err(|error| Error::unreadable(format!("read `{}`", directory.display()), error))?;
    }
    files.sort();
    Ok(files)
}

/// The files of tests, of which there has to be one.
fn found(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let files = test_files(root)?;
    if files.is_empty() {
        let directory = root.join(DIRECTORY);
        return Err(Error::usage(
            format!(
                "there are no tests: `{}` has no `.rhai` file",
                directory.display()
            ),
            "a test is a file such as `tests/deploy.rhai` with `test(\"name\", || { ... })` in it",
        ));
    }
    Ok(files)
}

fn collect(directory: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            if depth > 0 {
                collect(&path, depth - 1, files)?;
            }
        } else if path
            .extension()
            .is_some_and(|extension| extension == "rhai")
        {
            files.push(path);
        }
    }
    Ok(())
}

fn read(root: &Path, path: &Path) -> Result<Program, Error> {
    let text = text_of(path)?;
    let shown = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
    let name = path
        .file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    Program::parse(PlanFile::from_text(&name, &shown, &text))
        .map_err(|errors| Error::new(Exit::InvalidPlan, errors))
}

/// Runs tests side by side, each in an interpreter of its own.
struct Troupe<'a> {
    setup: &'a Setup,
    handle: Handle,
    filter: &'a str,
}

impl Troupe<'_> {
    async fn run(&self, programs: &[Program]) -> Vec<Tested> {
        // Tests compute and wait for nothing, so more threads than processors are of no use.
        let side_by_side = std::thread::available_parallelism().map_or(1, usize::from);
        let mut tested = Vec::new();
        let mut planned = Vec::new();
        for program in programs {
            let listed = self.play(program, None).await;
            if !listed.is_passed() {
                // What stands outside of tests went wrong: no test of the file can run.
                tested.push(listed);
                continue;
            }
            let cases = listed.cases.iter().enumerate();
            planned.extend(
                cases
                    .filter(|(_, case)| case.name.contains(self.filter))
                    .map(|(number, _)| (program, number)),
            );
        }
        let mut tested: Vec<Tested> = tested
            .into_iter()
            .map(|listed| listed.into_tested(None))
            .collect();
        let mut played = stream::iter(planned)
            .map(|(program, number)| async move {
                self.play(program, Some(number))
                    .await
                    .into_tested(Some(number))
            })
            .buffered(side_by_side);
        while let Some(test) = played.next().await {
            tested.push(test);
        }
        tested
    }

    async fn play(&self, program: &Program, selected: Option<usize>) -> Played {
        let begin = Timestamp::from_second(BEGIN).expect("2026 is a year that jiff knows");
        let inner = PreviewPerformer::new(PreviewParts {
            clock: Clock::paused(begin),
            project: self.setup.project.clone(),
            failing: None,
            noop: None,
            said: HashMap::new(),
            ways: HashMap::new(),
        });
        let rehearsal = Rehearsal::new(selected, Arc::new(inner));
        let interpreter = Interpreter {
            world: Arc::new(self.setup.project.clone()),
            performer: Arc::new(rehearsal.clone()),
            handle: self.handle.clone(),
            limits: Limits::default(),
            stop: PlanStop::default(),
            key: IdentityKey::default(),
            inventory: self.setup.inventory.clone(),
            next_command: None,
        };
        let outcome = interpreter.run(program.clone(), Map::new()).await;
        Played {
            file: Arc::from(program.source().name()),
            cases: rehearsal.tests(),
            problems: rehearsal.problems(),
            printed: rehearsal.printed(),
            outcome,
        }
    }
}

/// One run of a file.
struct Played {
    file: Arc<str>,
    cases: Vec<TestCase>,
    problems: Vec<Problem>,
    printed: Vec<String>,
    outcome: PlanOutcome,
}

impl Played {
    fn is_passed(&self) -> bool {
        self.problems.is_empty() && matches!(self.outcome.end, PlanEnd::Finished(_))
    }

    fn into_tested(self, selected: Option<usize>) -> Tested {
        let case = selected.and_then(|number| self.cases.get(number).cloned());
        let case = case.unwrap_or_else(|| TestCase {
            name: "what stands outside of the tests".to_owned(),
            place: None,
        });
        let mut problems = self.problems;
        let error = match self.outcome.end {
            PlanEnd::Finished(_) => None,
            PlanEnd::Failed(error) => Some(error),
            PlanEnd::Stopped | PlanEnd::Suspended => {
                if problems.is_empty() {
                    problems.push(Problem {
                        message: "the test was stopped".to_owned(),
                        place: case.place.clone(),
                        help: None,
                    });
                }
                None
            }
        };
        Tested {
            file: self.file,
            case,
            problems,
            error,
            printed: self.printed,
        }
    }
}
