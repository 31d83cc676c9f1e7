//! What the language costs. The aims: at most 5 % slower than plain Rhai in all, 40 µs of CPU and 16 KiB a branch with 10,000 of them alive,
//! 20 ms for the check of 1,000 lines, 15 ms of CPU for the whole process of an empty plan, and 1 µs for each of
//! 10,000 results that are gone through, filtered or grouped, beyond the script's own work.

use std::{
    fmt::Write as _,
    fs,
    io::{Write as _, stdout},
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use divan::{Bencher, black_box};
use rhai::{
    Dynamic, Engine, OptimizationLevel, Scope,
    packages::{CorePackage, Package as _, StandardPackage},
};
use rustix::time::{ClockId, clock_gettime};
use segue::{
    inventory::Inventory,
    model::{Failure, Map, ResultSet, ResultValue, Status, TargetResult, Value},
    plan::{
        CheckWorld, Effect, IdentityKey, Interpreter, Limits, Lookup, Outcome, Perform, Performer,
        PlanEnd, PlanStop, Program, Request, Source, TaskView, UnknownTargets, World, check_file,
    },
    project::PlanFile,
    task::{FileSource, Task},
};
use tokio::{runtime::Runtime, sync::watch};

const BRANCHES: usize = 10_000;
const RESULTS: usize = 10_000;

/// Runs of one kind, of which the best counts: the machine does other things as well.
const RUNS: usize = 7;

fn main() {
    if std::env::args().any(|argument| argument == "--bench") {
        measure();
    }
    divan::main();
}

/// What has to be counted in CPU time and in memory: divan counts time alone.
fn measure() {
    let mut told = String::from("CPU and memory, the best of several runs\n");
    let mut sums = [0; 3];
    for (name, script) in SCRIPTS {
        // In turn, so that all have their best moments at the same time.
        let mut bests = [u64::MAX; 3];
        for _ in 0..3 * RUNS {
            let runs = [ours(script), plain(script, false), plain(script, true)];
            bests = std::array::from_fn(|which| bests[which].min(runs[which]));
        }
        sums = std::array::from_fn(|which| sums[which] + bests[which]);
        let _ = writeln!(told, "  {name:<34}{}", beside_plain(bests));
    }
    let _ = writeln!(told, "  {:<34}{}", "all of these", beside_plain(sums));
    let (cpu, kept) = branches();
    let _ = writeln!(
        told,
        "  a branch of {BRANCHES} that are alive{cpu:>11} ns, {kept} bytes"
    );
    let own = best(|| per_result("for r in items { n += 1; }", true));
    for (name, work, base) in [
        (
            "going through a result",
            "for r in results { if r.ok { n += 1; } }",
            "for r in items { if r.a { n += 1; } }",
        ),
        (
            "filtering a result",
            "n += results.filter(|r| r.ok).len;",
            "n += items.filter(|r| r.a).len;",
        ),
        (
            "grouping a result",
            "n += results.group_by(|r| r.status).len();",
            "n += items.map(|r| r.b).len;",
        ),
    ] {
        let (cost, base) = (
            best(|| per_result(work, false)),
            best(|| per_result(base, true)),
        );
        let _ = writeln!(
            told,
            "  {name:<34}{cost:>12} ns, the same with maps {base} ns, an empty loop {own} ns"
        );
    }
    let (cpu, wall) = process();
    let _ = writeln!(
        told,
        "  the process of an empty plan      {cpu:>12.1} ms of CPU, {wall:.1} ms in all"
    );
    // divan prints what it measures on its own.
    let _ = stdout().write_all(told.as_bytes());
}

/// What a script costs here, in plain Rhai, and in plain Rhai with a hook: what ends a plan needs one.
fn beside_plain([ours, plain, hooked]: [u64; 3]) -> String {
    let share = |cost: u64| 100 * cost / plain.max(1);
    format!(
        "{ours:>12} ns, plain Rhai {plain:>12} ns: {} %, of which an empty hook is {} %",
        share(ours),
        share(hooked).saturating_sub(100)
    )
}

/// What the scripts call. Functions stand at the top of a file.
const FUNCTION: &str = "fn f(x) { x + 1 }";

const SCRIPTS: [(&str, &str); 4] = [
    (
        "200,000 turns of a loop",
        "let s = 0; for i in 0..200000 { s += i; } s",
    ),
    (
        "100,000 calls of a function",
        "let s = 0; for i in 0..100000 { s = f(s); } s",
    ),
    (
        "100,000 branches on a map",
        "let m = #{ a: 1, b: 2 }; let s = 0; for i in 0..100000 { if m.a < m.b { s += m.b; } else { s -= 1; } } s",
    ),
    (
        "20,000 closures in a list",
        "let l = []; for i in 0..2000 { l.push(i); } let s = 0; for i in 0..10 { s += l.filter(|x| x % 2 == 0).len; } s",
    ),
];

fn best(mut run: impl FnMut() -> u64) -> u64 {
    (0..RUNS).map(|_| run()).min().unwrap_or(0)
}

/// Nanoseconds of CPU that this thread has used.
fn thread_cpu() -> u64 {
    cpu_of(ClockId::ThreadCPUTime)
}

/// What `/proc` tells of a thread that runs is as old as the last tick; a clock is not.
fn cpu_of(clock: ClockId) -> u64 {
    let used = clock_gettime(clock);
    u64::try_from(1_000_000_000 * used.tv_sec + used.tv_nsec).unwrap_or(0)
}

/// Milliseconds of CPU that the processes have used that were waited for.
fn children_cpu() -> u64 {
    let told = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the process may have blanks in it.
    let fields = told
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks = fields
        .skip(13)
        .take(2)
        .map(|field| field.parse().unwrap_or(0));
    // A tick is a hundredth of a second on every Linux.
    10 * ticks.sum::<u64>()
}

/// Bytes of memory that the process has.
fn memory() -> u64 {
    let told = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = told.split_whitespace().nth(1);
    4_096
        * pages
            .and_then(|number| number.parse::<u64>().ok())
            .unwrap_or(0)
}

/// The CPU of a script in a plan, between two looks at the clock.
fn ours(script: &str) -> u64 {
    let marks = played(&format!(
        "{FUNCTION}\nnow();\nlet value = {{ {script} }};\nnow();\nvalue"
    ))
    .marks;
    marks[1] - marks[0]
}

/// The same in an engine with the same features and no limits, and with nobody who looks on, or one who does not look.
fn plain(script: &str, is_hooked: bool) -> u64 {
    let mut engine = Engine::new_raw();
    engine.set_optimization_level(OptimizationLevel::None);
    CorePackage::new().register_into_engine(&mut engine);
    StandardPackage::new().register_into_engine(&mut engine);
    if is_hooked {
        engine.on_progress(|_| None);
    }
    let script = format!("{FUNCTION}\n{script}");
    let ast = engine.compile(script).expect("it is a script");
    let begin = thread_cpu();
    let _ = black_box(
        engine
            .eval_ast_with_scope::<Dynamic>(&mut Scope::new(), &ast)
            .expect("it runs"),
    );
    thread_cpu() - begin
}

fn per_result(work: &str, plain: bool) -> u64 {
    let items = if plain {
        format!(
            "let items = []; for i in 0..{RESULTS} {{ items.push(#{{ a: true, b: \"succeeded\" }}); }}"
        )
    } else {
        "let results = run_command(\"uptime\", \"all\");".to_owned()
    };
    let marks = played(&format!(
        "{items}\nlet n = 0;\nnow();\nfor i in 0..5 {{ {work} }}\nnow();\nn"
    ))
    .marks;
    (marks[1] - marks[0]) / (5 * RESULTS as u64)
}

/// The CPU and the memory of one of many branches that all wait at the same time.
fn branches() -> (u64, u64) {
    let text =
        format!("parallel(0..{BRANCHES}, |x| {{ let name = `web${{x}}`; sleep(60); name }}).len");
    let (mut cpu, mut kept) = (u64::MAX, u64::MAX);
    for _ in 0..RUNS {
        let stage = Arc::new(Stage::new(BRANCHES));
        let begin = (cpu_of(ClockId::ProcessCPUTime), memory());
        run(&stage, &text);
        cpu = cpu.min(cpu_of(ClockId::ProcessCPUTime) - begin.0);
        let parked = stage.memory.load(Ordering::Relaxed) as u64;
        kept = kept.min(parked.saturating_sub(begin.1));
    }
    (cpu / BRANCHES as u64, kept / BRANCHES as u64)
}

/// The CPU of `segue plan run` with an empty plan, and how long it takes.
fn process() -> (f64, f64) {
    const TIMES: u32 = 40;
    let directory = tempfile::tempdir().expect("there is room");
    fs::create_dir_all(directory.path().join("plans")).expect("there is room");
    fs::write(directory.path().join("plans/empty.rhai"), "//! Nothing.\n").expect("there is room");
    let (before, begin) = (children_cpu(), Instant::now());
    for _ in 0..TIMES {
        let status = Command::new(env!("CARGO_BIN_EXE_segue"))
            .args(["plan", "run", "empty"])
            .current_dir(directory.path())
            .env("HOME", directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.is_ok_and(|status| status.success()));
    }
    let wall = begin.elapsed().as_secs_f64() * 1000.0 / f64::from(TIMES);
    let cpu = f64::from(u32::try_from(children_cpu() - before).unwrap_or(u32::MAX));
    (cpu / f64::from(TIMES), wall)
}

/// Performs nothing; sleepers wait for each other.
struct Stage {
    /// So many sleep at the same time.
    sleepers: usize,
    asleep: AtomicUsize,
    wake: watch::Sender<bool>,
    memory: AtomicUsize,
    marks: Mutex<Vec<u64>>,
}

impl Stage {
    fn new(sleepers: usize) -> Self {
        Self {
            sleepers,
            asleep: AtomicUsize::new(0),
            wake: watch::Sender::new(false),
            memory: AtomicUsize::new(0),
            marks: Mutex::default(),
        }
    }
}

impl Performer for Stage {
    fn perform(&self, request: Request) -> Perform {
        let outcome = match request.effect {
            Effect::Run(run) => Outcome::Results {
                results: run
                    .targets
                    .iter()
                    .map(|target| TargetResult {
                        target: target.name.clone(),
                        action: run.action.kind(),
                        object: run.action.object().to_owned(),
                        status: Status::Succeeded,
                        value: ResultValue::new(Map::from_iter([(
                            "stdout".to_owned(),
                            Value::from("up"),
                        )])),
                        failure: None,
                        duration_ms: 1,
                        attempts: 1,
                    })
                    .collect::<ResultSet>(),
            },
            Effect::Now => {
                // It is asked on the thread of the plan.
                self.marks
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(thread_cpu());
                Outcome::Value { value: 0.into() }
            }
            Effect::Sleep { .. } => {
                if self.asleep.fetch_add(1, Ordering::Relaxed) + 1 == self.sleepers {
                    let now = usize::try_from(memory()).unwrap_or(usize::MAX);
                    self.memory.store(now, Ordering::Relaxed);
                    self.wake.send_replace(true);
                }
                let mut awake = self.wake.subscribe();
                return Box::pin(async move {
                    // Whoever could wake it is gone: it is awake.
                    let _ = awake.wait_for(|awake| *awake).await;
                    Outcome::Done
                });
            }
            _ => Outcome::Done,
        };
        Box::pin(std::future::ready(outcome))
    }
}

struct Marks {
    marks: Vec<u64>,
}

fn played(text: &str) -> Marks {
    let stage = Arc::new(Stage::new(1));
    run(&stage, text);
    let marks = stage
        .marks
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    Marks { marks }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made")
}

fn inventory(targets: usize) -> Inventory {
    let names: Vec<String> = (0..targets).map(|number| format!("web{number}")).collect();
    let text = format!("targets: [{}]", names.join(", "));
    Inventory::parse("inventory.yaml", &text).expect("it is an inventory")
}

fn program(text: &str) -> Program {
    Program::parse(PlanFile::from_text("bench", "plans/bench.rhai", text)).expect("it is a plan")
}

fn run(stage: &Arc<Stage>, text: &str) {
    let targets = if text.contains("\"all\"") { RESULTS } else { 1 };
    run_with(stage, program(text), inventory(targets));
}

fn run_with(stage: &Arc<Stage>, program: Program, inventory: Inventory) {
    let runtime = runtime();
    let interpreter = Interpreter {
        world: Arc::new(Nowhere),
        performer: Arc::clone(stage) as Arc<dyn Performer>,
        handle: runtime.handle().clone(),
        limits: Limits::default(),
        stop: PlanStop::default(),
        key: IdentityKey::default(),
        inventory,
        next_command: None,
    };
    let outcome = runtime.block_on(interpreter.run(program, Map::new()));
    assert!(
        matches!(outcome.end, PlanEnd::Finished(_)),
        "{:?}",
        outcome.end
    );
}

/// A world in which there is nothing.
struct Nowhere;

fn nothing() -> Box<Failure> {
    Box::new(Failure::new("bench/nothing", "there is nothing"))
}

impl World for Nowhere {
    fn task(&self, _: &str) -> Result<Arc<Task>, Box<Failure>> {
        Err(nothing())
    }

    fn plan(&self, _: &str) -> Result<PlanFile, Box<Failure>> {
        Err(nothing())
    }

    fn import(&self, _: &PlanFile, _: &str) -> Result<PlanFile, Box<Failure>> {
        Err(nothing())
    }

    fn file(&self, _: &str) -> Result<FileSource, Box<Failure>> {
        Err(nothing())
    }

    fn download_directory(&self, _: &str) -> Result<PathBuf, Box<Failure>> {
        Err(nothing())
    }
}

impl CheckWorld for Nowhere {
    fn task_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn task(&self, _: &str) -> Result<Option<TaskView>, String> {
        Ok(Some(TaskView::default()))
    }

    fn plan_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn plan(&self, _: &str) -> Result<Option<Source>, String> {
        Ok(None)
    }

    fn import(&self, _: &Source, path: &str) -> Result<Source, Lookup> {
        Ok(Source::new(format!("{path}.rhai"), ""))
    }

    fn file(&self, _: &str) -> Result<(), Lookup> {
        Ok(())
    }

    fn targets(&self, _: &str) -> Result<(), UnknownTargets> {
        Ok(())
    }
}

/// A plan of about so many lines, as people write them.
fn long_plan(lines: usize) -> String {
    let mut text = String::from(
        "//! A long plan.\n\n/// Where.\nparam nodes: TargetSpec;\n/// How many at once.\nparam batch: Integer[1] = 2;\n\nlet all = targets(nodes);\n",
    );
    let mut number = 0;
    while text.lines().count() + 10 < lines {
        let _ = write!(
            text,
            r#"fn restart_{number}(nodes, batch) {{
    for part in nodes.batches(batch) {{
        let restarted = run_command(`systemctl restart app{number}`, part, #{{ catch_errors: true, timeout: "2m" }});
        if !restarted.ok {{ fail(`${{restarted.failed.names}} did not come back`, restarted); }}
        // The balancer has to see it.
        retry(#{{ attempts: 10, delay: "3s" }}, || run_command("curl -f localhost", part));
    }}
}}
restart_{number}(all, batch);

"#
        );
        number += 1;
    }
    text
}

#[divan::bench(args = [100, 1_000])]
fn check_lines(bencher: Bencher<'_, '_>, lines: usize) {
    let text = long_plan(lines);
    bencher.bench(|| check_file(&Nowhere, &Source::new("plans/long.rhai", text.as_str())).len());
}

#[divan::bench]
fn start_of_an_empty_plan(bencher: Bencher<'_, '_>) {
    let stage = Arc::new(Stage::new(1));
    bencher
        .with_inputs(|| (program("//! Nothing.\n"), inventory(1)))
        .bench_values(|(program, inventory)| run_with(&stage, program, inventory));
}

#[divan::bench(args = [100, 10_000], sample_count = 10)]
fn branches_one_after_the_other(bencher: Bencher<'_, '_>, count: usize) {
    let text = format!("parallel(0..{count}, |x| x, #{{ limit: 100 }}).len");
    let stage = Arc::new(Stage::new(1));
    bencher.bench(|| run(&stage, &text));
}
