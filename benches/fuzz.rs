//! Feeds the parsers of what people write with texts that are nearly plans, on a stable compiler:
//! `cargo bench --bench fuzz -- check --count 1000000 --seed 1`. Each text comes of the seed and its number alone.

#[path = "../fuzz/src/mutator.rs"]
#[expect(
    unreachable_pub,
    reason = "the package of the fuzz targets uses it too"
)]
mod mutator;
#[path = "../fuzz/src/random.rs"]
#[expect(
    unreachable_pub,
    reason = "the package of the fuzz targets uses it too"
)]
mod random;
#[path = "../fuzz/src/subject.rs"]
#[expect(
    unreachable_pub,
    reason = "the package of the fuzz targets uses it too"
)]
mod subject;

use std::{
    fs,
    io::{Write as _, stdout},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use random::Random;

/// A stack no larger than that of a program's first thread: what needs more would end the process.
const STACK_BYTES: usize = 8 << 20;

/// A text of 20 kB that takes longer than this has found something that is not linear.
const SLOW: Duration = Duration::from_secs(1);

/// What `cargo bench` without a word does: a look.
const COUNT: u64 = 2_000;

type Subject = (&'static str, fn(&str), fn() -> Vec<String>);

const SUBJECTS: [Subject; 3] = [
    ("header", subject::header, plans),
    ("types", subject::types, types),
    ("check", subject::check, plans),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, otherwise: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        let given = at.and_then(|at| arguments.get(at + 1));
        given
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let (seed, first, count) = (
        number("--seed", 1),
        number("--first", 0),
        number("--count", COUNT),
    );
    let mut failed = false;
    for (name, subject, corpus) in SUBJECTS {
        let chosen = SUBJECTS
            .iter()
            .any(|(name, ..)| arguments.iter().any(|word| word == name));
        if chosen && !arguments.iter().any(|argument| argument == name) {
            continue;
        }
        let run = move || feed(name, subject, &corpus(), seed, first..first + count);
        let thread = std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn(run);
        failed |= thread.is_ok_and(|thread| thread.join().is_ok_and(|found| found > 0));
    }
    ExitCode::from(u8::from(failed))
}

/// Gives how many texts made it panic.
fn feed(
    name: &str,
    subject: fn(&str),
    corpus: &[String],
    seed: u64,
    numbers: std::ops::Range<u64>,
) -> usize {
    let begin = Instant::now();
    let count = numbers.end - numbers.start;
    let mut panics = 0;
    let mut slowest = (Duration::ZERO, 0);
    for number in numbers {
        if number.is_multiple_of(50_000) {
            say(&format!(
                "{name}: seed {seed}, at {number}, {panics} panics, {:.0?}",
                begin.elapsed()
            ));
        }
        let mut random = Random::new(seed.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ number);
        let text = mutator::mutated(&mut random, corpus);
        let start = Instant::now();
        let survived = catch_unwind(AssertUnwindSafe(|| subject(&text))).is_ok();
        let taken = start.elapsed();
        if !survived || taken > SLOW {
            panics += 1;
            say(&format!(
                "{name}: seed {seed}, number {number}, {taken:.0?}:\n{text}\n=====\n"
            ));
        }
        slowest = slowest.max((taken, number));
    }
    let (longest, number) = slowest;
    say(&format!(
        "{name}: {count} texts of seed {seed} in {:.0?}, {panics} panics or slow ones; the slowest one is {number} with {longest:.1?}",
        begin.elapsed()
    ));
    panics
}

fn say(text: &str) {
    // Nobody listens: nothing is lost.
    let _ = writeln!(stdout(), "{text}");
}

/// The plans of the repository.
fn plans() -> Vec<String> {
    texts("rhai")
}

/// The types of all parameters of plans and tasks in the repository.
fn types() -> Vec<String> {
    let mut types: Vec<String> = Vec::new();
    for text in texts("rhai") {
        let params = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("param "));
        types.extend(params.filter_map(|line| {
            let (_, rest) = line.split_once(':')?;
            Some(rest.split(['=', ';']).next()?.trim().to_owned())
        }));
    }
    for text in texts("json") {
        let lines = text.lines().filter_map(|line| line.split_once("\"type\":"));
        types.extend(
            lines.map(|(_, rest)| rest.trim().trim_matches([',', '"', '}', ' ']).to_owned()),
        );
    }
    types.extend(
        [
            "Struct[{Optional['a'] => Integer[1, default], 'b' => Array[String, 1, 2]}]",
            "Variant[Pattern[/^\\d+%$/, /x/], Enum['a', 'b'], Tuple[Integer, String, 1, 3]]",
            "Sensitive[Optional[Hash[String[1], Variant[Float[0.5], Boolean], 1]]]",
        ]
        .map(str::to_owned),
    );
    types.sort();
    types.dedup();
    types
}

fn texts(ending: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut directories: Vec<_> = ["plans", "stdlib", "modules", "tests"]
        .iter()
        .map(|name| root.join(name))
        .collect();
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|own| own == ending) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .collect()
}
