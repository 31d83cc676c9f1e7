//! What an inventory of 20,000 targets costs: to read, to resolve, to edit.

use std::fmt::Write;

use divan::{Bencher, black_box, counter::ItemsCount};
use segue::{inventory::Inventory, model::Value};

const GROUPS: usize = 20;
const TARGETS: usize = 20_000;

fn main() {
    divan::main();
}

/// Groups with variables, targets with a URI and a fact.
fn text() -> String {
    let mut text =
        String::from("config: {ssh: {user: deploy, port: 22}}\nvars: {site: north}\ngroups:\n");
    for group in 0..GROUPS {
        let _ = write!(
            text,
            "  - name: g{group}\n    vars: {{group: {group}}}\n    targets:\n"
        );
        for target in 0..TARGETS / GROUPS {
            let _ = writeln!(
                text,
                "      - {{name: t{group}x{target}, uri: 'ssh://10.{group}.{}.{}', facts: {{n: {target}}}}}",
                target / 250,
                target % 250
            );
        }
    }
    text
}

fn inventory() -> Inventory {
    Inventory::parse("inventory.yaml", &text()).expect("the text is an inventory")
}

#[divan::bench(sample_count = 10)]
fn read(bencher: Bencher<'_, '_>) {
    let text = text();
    bencher
        .counter(ItemsCount::new(TARGETS))
        .bench_local(|| Inventory::parse("inventory.yaml", black_box(&text)));
}

#[divan::bench(sample_count = 10)]
fn resolve_all_for_the_first_time(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(TARGETS))
        .with_inputs(inventory)
        .bench_local_values(|inventory| inventory.resolve("all").map(|targets| targets.len()));
}

#[divan::bench(args = ["all", "g1?,!*x1*", "t7x7", "g3,g5,!t3x*"])]
fn resolve_again(bencher: Bencher<'_, '_>, expression: &str) {
    let inventory = inventory();
    let _ = inventory.resolve("all");
    bencher.bench_local(|| inventory.resolve(black_box(expression)));
}

#[divan::bench]
fn edit_after_a_clone(bencher: Bencher<'_, '_>) {
    let inventory = inventory();
    bencher.bench_local(|| {
        let mut copy = inventory.clone();
        copy.set_var("t7x7", "colour", Value::from("blue"))
    });
}
