//! The steps that may start, and which of them is next under the limits.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, HashMap},
    num::NonZeroUsize,
};

use super::{RunRules, StepGraph, StepIndex};

/// Steps that wait only for a limit. The one that was written first goes first, among those whose resources are free.
///
/// A step takes all its resources at once or none, so steps can't block each other for ever. Steps that use the same
/// resources are a class: either its first can start or none of it can, so a thousand steps that wait for one database
/// cost one look. A class that can't start is parked at one resource that is taken, and woken when that is given back.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    limit: Option<NonZeroUsize>,
    running: usize,
    /// How much of each resource is free.
    free: Vec<usize>,
    classes: Vec<Class>,
    class_of: Vec<u32>,
    /// Classes that are worth a look, by their first step.
    awake: BTreeSet<(StepIndex, u32)>,
    /// Classes that wait, by the resource that they wait for and their first step.
    parked: Vec<BTreeSet<(StepIndex, u32)>>,
}

#[derive(Clone, Debug)]
struct Class {
    uses: Box<[u32]>,
    steps: BinaryHeap<Reverse<StepIndex>>,
    seat: Seat,
}

/// Where a class is to be found. One without steps is nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seat {
    Nowhere,
    Awake,
    ParkedAt(u32),
}

impl Ready {
    pub(super) fn new(graph: &StepGraph, rules: &RunRules) -> Self {
        let mut numbers: HashMap<&[u32], u32> = HashMap::new();
        let mut classes = Vec::new();
        let mut class_of = Vec::with_capacity(graph.len());
        for step in graph.steps() {
            let uses = graph.resource_positions(step);
            class_of.push(*numbers.entry(uses).or_insert_with(|| {
                classes.push(Class {
                    uses: uses.into(),
                    steps: BinaryHeap::new(),
                    seat: Seat::Nowhere,
                });
                u32::try_from(classes.len() - 1).expect("there are no more classes than steps")
            }));
        }
        let capacity = |name: &String| rules.capacities.get(name).map_or(1, |many| many.get());
        Self {
            limit: rules.limit,
            running: 0,
            free: graph.resources().iter().map(capacity).collect(),
            classes,
            class_of,
            awake: BTreeSet::new(),
            parked: vec![BTreeSet::new(); graph.resources().len()],
        }
    }

    /// How many steps have been taken and not been given back.
    pub(super) const fn running(&self) -> usize {
        self.running
    }

    /// Adds a step that may start.
    pub(super) fn push(&mut self, step: StepIndex) {
        let number = self.class_of[step.position()];
        let class = &mut self.classes[number as usize];
        let first = class.steps.peek().map(|first| first.0);
        class.steps.push(Reverse(step));
        if first.is_some_and(|first| first < step) {
            return;
        }
        // The class is found by its first step, which has just changed.
        match (class.seat, first) {
            (Seat::Awake, Some(first)) => {
                self.awake.remove(&(first, number));
            }
            (Seat::ParkedAt(resource), Some(first)) => {
                self.parked[resource as usize].remove(&(first, number));
            }
            _ => {}
        }
        match class.seat {
            Seat::ParkedAt(resource) if self.free[resource as usize] == 0 => {
                self.parked[resource as usize].insert((step, number));
            }
            _ => self.wake(number),
        }
    }

    /// Takes the step that starts next, and with it its resources. `None` if the limits allow no more.
    pub(super) fn take(&mut self) -> Option<StepIndex> {
        while self.limit.is_none_or(|limit| self.running < limit.get()) {
            let (_, number) = self.awake.pop_first()?;
            let class = &mut self.classes[number as usize];
            let taken = class
                .uses
                .iter()
                .copied()
                .find(|&resource| self.free[resource as usize] == 0);
            let first = class
                .steps
                .peek()
                .expect("a class without steps is nowhere");
            if let Some(resource) = taken {
                class.seat = Seat::ParkedAt(resource);
                self.parked[resource as usize].insert((first.0, number));
                self.wake_next_at_free_resources_of(number);
                continue;
            }
            let Reverse(step) = class.steps.pop()?;
            for &resource in &class.uses {
                self.free[resource as usize] -= 1;
            }
            if class.steps.is_empty() {
                class.seat = Seat::Nowhere;
            } else {
                self.wake(number);
            }
            self.running += 1;
            self.wake_next_at_free_resources_of(number);
            return Some(step);
        }
        None
    }

    /// A step that was taken has ended.
    pub(super) fn give_back(&mut self, step: StepIndex) {
        self.running -= 1;
        let number = self.class_of[step.position()];
        for at in 0..self.classes[number as usize].uses.len() {
            let resource = self.classes[number as usize].uses[at];
            self.free[resource as usize] += 1;
        }
        self.wake_next_at_free_resources_of(number);
    }

    /// Drops all steps that wait.
    pub(super) fn clear(&mut self) {
        self.awake.clear();
        self.parked.iter_mut().for_each(BTreeSet::clear);
        for class in &mut self.classes {
            class.steps.clear();
            class.seat = Seat::Nowhere;
        }
    }

    /// One class is enough: when it has been looked at, it wakes the next if there is still something free.
    fn wake_next_at_free_resources_of(&mut self, number: u32) {
        for at in 0..self.classes[number as usize].uses.len() {
            let resource = self.classes[number as usize].uses[at] as usize;
            if self.free[resource] > 0
                && let Some((_, parked)) = self.parked[resource].pop_first()
            {
                self.wake(parked);
            }
        }
    }

    fn wake(&mut self, number: u32) {
        let class = &mut self.classes[number as usize];
        let first = class
            .steps
            .peek()
            .expect("only a class with steps is woken");
        class.seat = Seat::Awake;
        self.awake.insert((first.0, number));
    }
}
