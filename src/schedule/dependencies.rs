//! Who waits for whom, by position. Steps and tiers are both of this shape; the only file that computes on petgraph.

use std::{cmp::Reverse, collections::BinaryHeap, collections::VecDeque};

use petgraph::{
    Direction,
    algo::kosaraju_scc,
    graph::{DiGraph, NodeIndex},
};

/// The most positions that are reduced: the table of who is before whom takes 3 MiB then.
const REDUCED_MAX: usize = 5_000;

/// Positions and their dependencies: an edge goes from what is waited for to what waits.
#[derive(Clone, Debug, Default)]
pub(super) struct Dependencies {
    graph: DiGraph<(), (), u32>,
}

impl Dependencies {
    /// The dependencies of as many positions as `lists` has, each list naming what its position waits for.
    ///
    /// Naming the same twice counts once. Every position in a list is less than the number of lists.
    pub(super) fn new(lists: &[Vec<usize>]) -> Self {
        let mut graph = DiGraph::with_capacity(lists.len(), lists.iter().map(Vec::len).sum());
        for _ in lists {
            graph.add_node(());
        }
        // Who named a position last: finds doubled names in linear time.
        let mut named_by = vec![usize::MAX; lists.len()];
        // petgraph lists the newest edge first, so the order as written comes of adding backwards.
        for (waiting, list) in lists.iter().enumerate().rev() {
            let mut once: Vec<usize> = Vec::with_capacity(list.len());
            for &dependency in list {
                if named_by[dependency] != waiting {
                    named_by[dependency] = waiting;
                    once.push(dependency);
                }
            }
            for dependency in once.into_iter().rev() {
                graph.add_edge(NodeIndex::new(dependency), NodeIndex::new(waiting), ());
            }
        }
        Self { graph }
    }

    pub(super) fn len(&self) -> usize {
        self.graph.node_count()
    }

    pub(super) fn edge_count(&self) -> usize {
        self.graph.edge_count()
    }

    /// What `position` waits for, as written.
    pub(super) fn before(&self, position: usize) -> impl Iterator<Item = usize> {
        self.neighbors(position, Direction::Incoming)
    }

    /// What waits for `position`, as written.
    pub(super) fn after(&self, position: usize) -> impl Iterator<Item = usize> {
        self.neighbors(position, Direction::Outgoing)
    }

    fn neighbors(&self, position: usize, direction: Direction) -> impl Iterator<Item = usize> {
        self.graph
            .neighbors_directed(NodeIndex::new(position), direction)
            .map(NodeIndex::index)
    }

    /// Every position after all that it waits for; among equals, as written. Positions of a cycle,
    /// and those behind one, are missing.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut missing: Vec<usize> = (0..self.len()).map(|at| self.before(at).count()).collect();
        let mut free: BinaryHeap<Reverse<usize>> = (0..self.len())
            .filter(|&at| missing[at] == 0)
            .map(Reverse)
            .collect();
        let mut order = Vec::with_capacity(self.len());
        while let Some(Reverse(position)) = free.pop() {
            order.push(position);
            for waiting in self.after(position) {
                missing[waiting] -= 1;
                if missing[waiting] == 0 {
                    free.push(Reverse(waiting));
                }
            }
        }
        order
    }

    /// For each position, what it waits for as written, without what another of them waits for anyway: the fewest
    /// dependencies that keep the same order. More than [`REDUCED_MAX`] positions are given as they are.
    pub(super) fn reduced(&self) -> Vec<Vec<usize>> {
        let all = |at: usize| self.before(at).collect::<Vec<_>>();
        if self.len() > REDUCED_MAX {
            return (0..self.len()).map(all).collect();
        }
        // For each position, one bit for everything that is somewhere before it.
        let words = self.len().div_ceil(64);
        let mut earlier = vec![vec![0_u64; words]; self.len()];
        let mut lists = vec![Vec::new(); self.len()];
        for position in self.order() {
            let direct = all(position);
            let mut bits = vec![0_u64; words];
            for &before in &direct {
                for (word, other) in bits.iter_mut().zip(&earlier[before]) {
                    *word |= other;
                }
            }
            let is_implied = |before: &usize| bits[before / 64] >> (before % 64) & 1 == 1;
            lists[position] = direct
                .iter()
                .copied()
                .filter(|at| !is_implied(at))
                .collect();
            for before in direct {
                bits[before / 64] |= 1 << (before % 64);
            }
            earlier[position] = bits;
        }
        lists
    }

    /// One cycle of each knot of positions that wait for each other: each waits for the one after it in the list,
    /// the last for the first. It begins with the position that was written first, and is the shortest through it.
    pub(super) fn cycles(&self) -> Vec<Vec<usize>> {
        // `kosaraju_scc`, because `tarjan_scc` recurses: a chain of 10,000 would be too deep for a small stack.
        let mut knots: Vec<Vec<usize>> = kosaraju_scc(&self.graph)
            .into_iter()
            .map(|knot| knot.into_iter().map(NodeIndex::index).collect())
            .filter(|knot: &Vec<usize>| {
                knot.len() > 1 || self.before(knot[0]).any(|before| before == knot[0])
            })
            .collect();
        let mut knot_of = vec![usize::MAX; self.len()];
        for (number, knot) in knots.iter_mut().enumerate() {
            knot.sort_unstable();
            for &position in knot.iter() {
                knot_of[position] = number;
            }
        }
        let mut came_from = vec![usize::MAX; self.len()];
        let mut cycles: Vec<Vec<usize>> = knots
            .iter()
            .map(|knot| self.shortest_cycle(knot[0], &knot_of, &mut came_from))
            .collect();
        cycles.sort_unstable();
        cycles
    }

    /// Breadth first from `first` along "waits for", inside of its knot, until it is reached again.
    fn shortest_cycle(
        &self,
        first: usize,
        knot_of: &[usize],
        came_from: &mut [usize],
    ) -> Vec<usize> {
        let mut queue = VecDeque::from([first]);
        while let Some(position) = queue.pop_front() {
            for before in self.before(position) {
                if before == first {
                    let mut cycle = vec![position];
                    let mut at = position;
                    while at != first {
                        at = came_from[at];
                        cycle.push(at);
                    }
                    cycle.reverse();
                    return cycle;
                }
                if knot_of[before] == knot_of[first] && came_from[before] == usize::MAX {
                    came_from[before] = position;
                    queue.push_back(before);
                }
            }
        }
        unreachable!("every position of a knot lies on a cycle")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_come_in_the_order_as_written() {
        let dependencies = Dependencies::new(&[vec![3], vec![], vec![1], vec![], vec![2, 0, 0]]);
        assert_eq!(dependencies.order(), [1, 2, 3, 0, 4]);
        assert_eq!(dependencies.before(4).collect::<Vec<_>>(), [2, 0]);
        assert_eq!(dependencies.edge_count(), 4);
    }

    #[test]
    fn what_another_dependency_implies_is_not_needed() {
        let dependencies = Dependencies::new(&[
            vec![],
            vec![0],
            vec![0, 1],
            vec![2, 0, 1],
            vec![3, 0],
            vec![],
        ]);
        let fewest: [&[usize]; 6] = [&[], &[0], &[1], &[2], &[3], &[]];
        assert_eq!(dependencies.reduced(), fewest);
        let diamond = Dependencies::new(&[vec![], vec![0], vec![0], vec![2, 1]]);
        assert_eq!(diamond.reduced()[3], [2, 1]);
    }

    #[test]
    fn one_short_cycle_is_shown_for_each_knot() {
        // 0 waits for 1, 1 for 2, 2 for 0 and for 1; 4 and 5 for each other; 3 only stands behind.
        let dependencies = Dependencies::new(&[
            vec![1],
            vec![2],
            vec![0, 1],
            vec![0],
            vec![5],
            vec![4],
            vec![6],
        ]);
        assert_eq!(dependencies.cycles(), [vec![0, 1, 2], vec![4, 5], vec![6]]);
        assert!(dependencies.order().is_empty());
    }

    #[test]
    fn a_long_chain_does_not_recurse() {
        let mut lists: Vec<Vec<usize>> = (0..100_000).map(|at| vec![at + 1]).collect();
        lists.push(vec![0]);
        let small_stack = std::thread::Builder::new().stack_size(256 * 1024);
        let cycles = small_stack
            .spawn(move || Dependencies::new(&lists).cycles())
            .unwrap()
            .join()
            .unwrap();
        assert_eq!(cycles.len(), 1);
        assert_eq!(cycles[0].len(), 100_001);
    }
}
