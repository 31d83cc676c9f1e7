//! What the scheduler costs at 10,000 steps. The aim: 2 microseconds a transition, linear in steps and edges.

use std::{num::NonZeroUsize, sync::Arc};

use divan::{Bencher, black_box, counter::ItemsCount};
use segue::schedule::{
    Reaction, RunRules, Schedule, StepEvent, StepGraph, StepIndex, StepSpec,
    draw::{Drawing, svg, text},
};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// A step changes its state three times on its way: ready, running, done.
const TRANSITIONS: usize = 3;

fn main() {
    divan::main();
}

/// Layers of 100 steps, each after three of the layer before.
fn layered(steps: usize) -> Vec<StepSpec> {
    let step = |at: usize| {
        let before = at.checked_sub(100).map(|above| above / 100 * 100);
        let after = before.into_iter().flat_map(|layer| {
            [at % 100, (at + 7) % 100, (at * 31) % 100].map(|column| (layer + column).to_string())
        });
        StepSpec::new(at.to_string()).after(after)
    };
    (0..steps).map(step).collect()
}

/// Steps that wait for nothing but two of eight resources.
fn contended(steps: usize) -> Vec<StepSpec> {
    let step = |at: usize| {
        let uses = [at % 8, at / 8 % 8].map(|number| format!("resource {number}"));
        StepSpec::new(at.to_string()).uses(uses)
    };
    (0..steps).map(step).collect()
}

fn run(graph: &Arc<StepGraph>, rules: &RunRules) -> usize {
    let mut schedule = Schedule::new(Arc::clone(graph), rules);
    let mut running: Vec<StepIndex> = Vec::new();
    let mut event = StepEvent::Begin;
    let mut events = 0;
    loop {
        let reactions = schedule
            .handle(event)
            .expect("only what can happen is told");
        events += 1;
        for reaction in reactions {
            match reaction {
                Reaction::Start(step) => running.push(step),
                Reaction::End(_) => return events,
                Reaction::Skip { .. } | Reaction::Undo(_) => {}
            }
        }
        let step = running.pop().expect("something runs until the end");
        event = StepEvent::Finished(step);
    }
}

fn bench_run(bencher: Bencher<'_, '_>, specs: Vec<StepSpec>, limit: Option<usize>) {
    let steps = specs.len();
    let graph = Arc::new(StepGraph::new(specs).expect("the graph has no fault"));
    let rules = RunRules {
        limit: limit.and_then(NonZeroUsize::new),
        ..RunRules::default()
    };
    bencher
        .counter(ItemsCount::new(steps * TRANSITIONS))
        .bench_local(|| black_box(run(&graph, &rules)));
}

#[divan::bench(args = SIZES)]
fn transitions_in_layers(bencher: Bencher<'_, '_>, steps: usize) {
    bench_run(bencher, layered(steps), None);
}

#[divan::bench(args = SIZES)]
fn transitions_under_a_limit(bencher: Bencher<'_, '_>, steps: usize) {
    bench_run(bencher, layered(steps), Some(16));
}

#[divan::bench(args = SIZES)]
fn transitions_for_few_resources(bencher: Bencher<'_, '_>, steps: usize) {
    bench_run(bencher, contended(steps), None);
}

#[divan::bench(args = SIZES)]
fn checking_a_graph(bencher: Bencher<'_, '_>, steps: usize) {
    let specs = layered(steps);
    bencher
        .counter(ItemsCount::new(steps))
        .with_inputs(|| specs.clone())
        .bench_local_values(|specs| black_box(StepGraph::new(specs)));
}

#[divan::bench(args = [200, 1_000])]
fn drawing_as_text(bencher: Bencher<'_, '_>, steps: usize) {
    let graph = StepGraph::new(layered(steps)).expect("the graph has no fault");
    bencher.bench_local(|| black_box(text(&Drawing::of_graph("graph", &graph)).to_string()));
}

#[divan::bench(args = [200, 1_000])]
fn drawing_as_svg(bencher: Bencher<'_, '_>, steps: usize) {
    let graph = StepGraph::new(layered(steps)).expect("the graph has no fault");
    bencher.bench_local(|| black_box(svg(&Drawing::of_graph("graph", &graph)).to_string()));
}
